package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"giftline/api/notify"
	"giftline/api/webhooks"
	"giftline/domain"
	"giftline/statemachines"
)

// ownProviders have a source each, named after them, without any configuration; it is closed until it has a secret.
// They are the providers of the machines, so that a new one needs no line here.
var ownProviders = func() []domain.Provider {
	var all []domain.Provider
	for _, m := range statemachines.All().All() {
		if p := m.View().Provider; !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	return all
}()

// minKey is the shortest API key we take from outside: our own are longer.
const minKey = 24

// apiKey gives the bootstrap admin key, or "" when none is configured.
func (p *program) apiKey() (string, error) {
	key, err := p.secretText("GIFTLINE_API_KEY")
	if key == "" && err == nil {
		key, err = secretOf("api_key", p.file.APIKey, "api_key_file", p.file.path(p.file.APIKeyFile))
	}
	if err == nil && key != "" && len(key) < minKey {
		err = fmt.Errorf("GIFTLINE_API_KEY (or api_key) has %d characters: use at least %d, for example what openssl rand -hex 24 prints", len(key), minKey)
	}
	return key, err
}

// sources gives the webhook endpoints: one per provider, then those of the file. All that is wrong with them is said at
// once; secrets are checked here and never later.
func (p *program) sources() ([]webhooks.Source, error) {
	var opened []webhooks.Source
	var errs []error
	for _, entry := range p.sourceEntries() {
		s, err := p.openSource(entry)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if slices.ContainsFunc(opened, func(o webhooks.Source) bool { return o.Name == s.Name }) {
			errs = append(errs, fmt.Errorf("source %q is configured twice: give each its own name", s.Name))
			continue
		}
		opened = append(opened, *s)
	}
	return opened, errors.Join(errs...)
}

// sourceEntries are the file's sources, behind those that exist without it and that it does not name.
func (p *program) sourceEntries() []fileSource {
	var entries []fileSource
	for _, provider := range ownProviders {
		named := func(s fileSource) bool { return s.Name == string(provider) }
		if !slices.ContainsFunc(p.file.Sources, named) {
			entries = append(entries, fileSource{Name: string(provider)})
		}
	}
	return append(entries, p.file.Sources...)
}

// Names stand in paths and, in capitals, in the names of variables.
var sourceName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

func (p *program) openSource(f fileSource) (*webhooks.Source, error) {
	if !sourceName.MatchString(f.Name) {
		return nil, fmt.Errorf("source %q: a name is made of small letters, digits, - and _, and starts with a letter or digit", f.Name)
	}
	own := slices.Contains(ownProviders, domain.Provider(f.Name))
	if own && f.Provider == "" {
		f.Provider = f.Name
	}
	if !slices.Contains(ownProviders, domain.Provider(f.Provider)) || own && f.Provider != f.Name {
		return nil, fmt.Errorf("source %q: provider is %q: give one of %s; a source named after one is that one's", f.Name, f.Provider, listed(ownProviders))
	}
	setting := variableFor(f.Name)
	list, err := p.secretText(setting)
	if list == "" && err == nil {
		list, err = secretOf("secrets", strings.Join(f.Secrets, ","), "secret_file", p.file.path(f.SecretFile))
		setting = "secrets"
	}
	if err != nil {
		return nil, fmt.Errorf("source %q: %w", f.Name, err)
	}
	secrets, err := webhooks.ParseSecrets(oneList(list))
	if err != nil {
		return nil, fmt.Errorf("source %q: %s: %w", f.Name, setting, err)
	}
	s, err := webhooks.Open(webhooks.Source{
		Name: f.Name, Provider: domain.Provider(f.Provider), Scheme: webhooks.Scheme(f.Scheme), Secrets: secrets,
		Header: f.Header, Hash: f.Hash, Encoding: f.Encoding, TimestampHeader: f.TimestampHeader,
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w (look at %s or %s)", err, variableFor(f.Name), "secrets in the settings file")
	case len(secrets) == 0 && s.Scheme != webhooks.None && !own:
		return nil, fmt.Errorf("source %q has no secret: give secrets or secret_file, or set %s", f.Name, variableFor(f.Name))
	}
	return s, nil
}

// variableFor names the environment variable that holds a source's secrets.
func variableFor(source string) string {
	return "GIFTLINE_" + strings.ToUpper(strings.ReplaceAll(source, "-", "_")) + "_SECRET"
}

// oneList makes one comma-separated list of what may stand a line each in a file.
func oneList(text string) string {
	lines := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' })
	return strings.Join(lines, ",")
}

// secretText gives the value of a variable, or what is in the file that the variable with _FILE behind its name names.
func (p *program) secretText(name string) (string, error) {
	return secretOf(name, p.getenv(name), name+"_FILE", p.getenv(name+"_FILE"))
}

// secretOf gives the value itself, or the text of the file. Both at once is an error: one of them would be forgotten.
func secretOf(name, value, fileName, file string) (string, error) {
	if file == "" {
		return strings.TrimSpace(value), nil
	}
	if value != "" {
		return "", fmt.Errorf("both %s and %s are given: remove one", name, fileName)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("reading the file that %s names: %w", fileName, err)
	}
	if strings.TrimSpace(string(text)) == "" {
		return "", fmt.Errorf("the file %s, which %s names, is empty", file, fileName)
	}
	return strings.TrimSpace(string(text)), nil
}

// strayVariables lists variables that look like settings and are none: a misspelt secret leaves a source closed.
func strayVariables(environ []string, sources []webhooks.Source, channels ...notify.Channel) []string {
	known := []string{"GIFTLINE_CONFIG", "GIFTLINE_ADDR", "GIFTLINE_DB", "GIFTLINE_PUBLIC_URL", "GIFTLINE_LOG_LEVEL", "GIFTLINE_LOG_FORMAT", "GIFTLINE_API_KEY", "GIFTLINE_API_KEY_FILE",
		"GIFTLINE_RATE_LIMIT", "GIFTLINE_CORS_ORIGINS", "GIFTLINE_REFERENCE_KEYS"}
	for _, s := range sources {
		known = append(known, variableFor(s.Name), variableFor(s.Name)+"_FILE")
	}
	for _, c := range channels {
		known = append(known, channelVariables(c.Name)...)
	}
	var stray []string
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "GIFTLINE_") && !strings.HasPrefix(name, "GIFTLINE_TEST_") && !slices.Contains(known, name) {
			stray = append(stray, name)
		}
	}
	return stray
}

// binding is a secret that is bound to an event type.
type binding struct {
	source    string
	provider  domain.Provider
	eventType string
}

// strayBindings lists the bindings to types that no machine of the provider knows. They are allowed, because a provider
// may have more types than its pages list; but with a misspelt one the webhooks of an endpoint are refused.
func strayBindings(sources []webhooks.Source) []binding {
	var stray []binding
	for _, s := range sources {
		known := knownTypes(s.Provider)
		for _, secret := range s.Secrets {
			// Sendoso's types may be given without their prefix.
			if secret.EventType != "" && !slices.Contains(known, secret.EventType) && !slices.Contains(known, "send."+secret.EventType) {
				stray = append(stray, binding{s.Name, s.Provider, secret.EventType})
			}
		}
	}
	return stray
}

// knownTypes are the event types in the tables of a provider.
func knownTypes(p domain.Provider) []string {
	var types []string
	for _, m := range statemachines.All().All() {
		v := m.View()
		if v.Provider != p {
			continue
		}
		for _, r := range v.Regions {
			for _, state := range r.States {
				types = append(types, state.Events...)
			}
		}
		for _, n := range v.Notes {
			types = append(types, n.Event)
		}
	}
	return types
}
