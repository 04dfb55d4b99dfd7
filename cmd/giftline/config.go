package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/goccy/go-yaml"
)

// word is a setting that is one of a few words, in letters of any size.
type word string

// UnmarshalText takes the small letters.
func (w *word) UnmarshalText(b []byte) error {
	*w = word(strings.ToLower(string(b)))
	return nil
}

// number is a setting that counts something.
type number int

// UnmarshalText takes nothing for none: a variable that is set but empty gets its default later.
func (n *number) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	i, err := strconv.Atoi(string(b))
	*n = number(i)
	if err != nil {
		return fmt.Errorf("%q is no whole number", b)
	}
	return nil
}

// settingsFile is the YAML file. Every key may be left out; an unknown one is an error, because a misspelt setting
// that is silently ignored is found out too late.
type settingsFile struct {
	Addr       string       `yaml:"addr"`
	DB         string       `yaml:"db"`
	PublicURL  string       `yaml:"public_url"`
	LogLevel   string       `yaml:"log_level"`
	LogFormat  string       `yaml:"log_format"`
	APIKey     string       `yaml:"api_key"`
	APIKeyFile string       `yaml:"api_key_file"`
	RateLimit  string       `yaml:"rate_limit"`
	CORS       string       `yaml:"cors_origins"` // commas between them
	Sources    []fileSource `yaml:"sources"`

	ReferenceKeys string `yaml:"reference_keys"` // with commas between them

	Alerting fileAlerting `yaml:",inline"`

	dir  string // relative paths in the file start here
	name string // as it was given
	text []byte // for lines of what is wrong; never shown
}

// fileSource is a further source, or a change to one of the four that exist without it.
type fileSource struct {
	Name       string   `yaml:"name"`
	Provider   string   `yaml:"provider"`
	Scheme     string   `yaml:"scheme"`
	Secrets    []string `yaml:"secrets"`
	SecretFile string   `yaml:"secret_file"`
	Header     string   `yaml:"header"`
	Hash       string   `yaml:"hash"`
	Encoding   string   `yaml:"encoding"`

	TimestampHeader string `yaml:"timestamp_header"`
}

// value gives what the file says for a flag; empty when it says nothing, known when it could.
func (f *settingsFile) value(flag string) (value string, known bool) {
	switch flag {
	case "addr":
		return f.Addr, true
	case "db":
		return f.path(f.DB), true
	case "public-url":
		return f.PublicURL, true
	case "reference-keys":
		return f.ReferenceKeys, true
	case "log-level":
		return f.LogLevel, true
	case "log-format":
		return f.LogFormat, true
	case "rate-limit":
		return f.RateLimit, true
	case "cors-origins":
		return f.CORS, true
	}
	return "", false
}

// path resolves a path that the file names.
func (f *settingsFile) path(name string) string {
	if name == "" || filepath.IsAbs(name) || isURL(name) {
		return name
	}
	return filepath.Join(f.dir, name)
}

// BeforeResolve reads the file before flags get their values. Commands without settings never open it.
func (*cli) BeforeResolve(k *kong.Context, p *program) error {
	var path string
	var wanted bool
	for _, flag := range k.Flags() {
		if flag.Name == "config" {
			path, _ = k.FlagValue(flag).(string)
		}
		_, known := p.file.value(flag.Name)
		wanted = wanted || known
	}
	if path != "" && wanted {
		file, err := readSettings(path)
		if err != nil {
			return err
		}
		p.file = file
	}
	k.AddResolver(kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		return p.resolve(flag), nil
	}))
	return nil
}

// resolve gives a flag that the command line does not set its value. kong would let a file beat the environment, so
// the file is silent here where the environment speaks. A variable that is set but empty counts as not set: that is
// what a compose file makes of one that nobody filled in.
func (p *program) resolve(flag *kong.Flag) any {
	for _, env := range flag.Envs {
		if p.getenv(env) != "" {
			return nil
		}
	}
	if value, _ := p.file.value(flag.Name); value != "" {
		return value
	}
	if len(flag.Envs) > 0 && flag.HasDefault {
		return flag.Default
	}
	return nil
}

// readSettings reads the YAML file. Errors name the line but never show it: it may hold a secret.
func readSettings(path string) (settingsFile, error) {
	f := settingsFile{dir: filepath.Dir(path), name: path}
	text, err := os.ReadFile(path)
	if err != nil {
		return f, fmt.Errorf("reading the settings file (--config or GIFTLINE_CONFIG): %w", err)
	}
	f.text = text
	err = yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(&f)
	if err != nil && !errors.Is(err, io.EOF) {
		text := yaml.FormatError(err, false, false)
		if strings.Contains(text, "unknown field") {
			text += ": the README shows the keys that there are"
		}
		return f, fmt.Errorf("%s: %s", path, text)
	}
	return f, nil
}
