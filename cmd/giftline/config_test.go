package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// parse gives the command line as a command would see it.
func parse(t *testing.T, args ...string) (*cli, *program, error) {
	t.Helper()
	c := &cli{}
	p := &program{ctx: t.Context(), out: &bytes.Buffer{}, errs: &bytes.Buffer{}, getenv: os.Getenv}
	parser, err := newParser(c, p)
	if err != nil {
		t.Fatal(err)
	}
	_, err = parser.Parse(args)
	return c, p, err
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestConfig_precedence goes through every setting and every way of giving it: flag, environment, file, default.
func TestConfig_precedence(t *testing.T) {
	settings := []struct {
		flag, env, key       string
		byFlag, byEnv, byKey string
		byDefault            string
		get                  func(*cli) string
	}{
		{"addr", "GIFTLINE_ADDR", "addr", ":1", ":2", ":3", "127.0.0.1:8080", func(c *cli) string { return c.Serve.Addr }},
		{"db", "GIFTLINE_DB", "db", "/flag.db", "/env.db", "/file.db", "giftline.db", func(c *cli) string { return c.Serve.DB }},
		{"public-url", "GIFTLINE_PUBLIC_URL", "public_url", "https://flag", "https://env", "https://file", "", func(c *cli) string { return c.Serve.PublicURL }},
		{"reference-keys", "GIFTLINE_REFERENCE_KEYS", "reference_keys", "order,po", "b", "c", "", func(c *cli) string { return strings.Join(c.Serve.ReferenceKeys, ",") }},
		{"log-level", "GIFTLINE_LOG_LEVEL", "log_level", "DEBUG", "Warn", "error", "info", func(c *cli) string { return string(c.Serve.LogLevel) }},
		{"log-format", "GIFTLINE_LOG_FORMAT", "log_format", "json", "json", "json", "text", func(c *cli) string { return string(c.Serve.LogFormat) }},
		{"rate-limit", "GIFTLINE_RATE_LIMIT", "rate_limit", "1", "0", "3", "50", func(c *cli) string { return fmt.Sprint(c.Serve.RateLimit) }},
		{"cors-origins", "GIFTLINE_CORS_ORIGINS", "cors_origins", "https://a,https://b", "*", "https://c", "", func(c *cli) string { return strings.Join(c.Serve.CORSOrigins, ",") }},
	}
	for _, s := range settings {
		for ways := range 16 {
			flag, env, file, empty := ways&8 != 0, ways&4 != 0, ways&2 != 0, ways&1 != 0
			if env && empty {
				continue // a variable is either set or empty
			}
			t.Run(fmt.Sprintf("%s/flag=%v,env=%v,file=%v,empty=%v", s.flag, flag, env, file, empty), func(t *testing.T) {
				args, want := []string{"serve"}, s.byDefault
				if empty {
					t.Setenv(s.env, "")
				}
				if file {
					args, want = append(args, "--config", writeFile(t, "g.yaml", s.key+": '"+s.byKey+"'\n")), s.byKey
				}
				if env {
					t.Setenv(s.env, s.byEnv)
					want = s.byEnv
				}
				if flag {
					args, want = append(args, "--"+s.flag, s.byFlag), s.byFlag
				}
				c, _, err := parse(t, args...)
				if err != nil {
					t.Fatal(err)
				}
				if strings.HasPrefix(s.flag, "log-") { // letters of any size
					want = strings.ToLower(want)
				}
				if got := s.get(c); got != want {
					t.Errorf("got %q, want %q", got, want)
				}
			})
		}
	}
}

func TestConfig_fileByEnvironment(t *testing.T) {
	t.Setenv("GIFTLINE_CONFIG", writeFile(t, "g.yaml", "addr: :3\n"))
	c, _, err := parse(t, "trigger", "resend.email.sent")
	if err != nil || c.Trigger.Addr != ":3" {
		t.Errorf("addr %q, error %v", c.Trigger.Addr, err)
	}
	if _, _, err := parse(t, "serve", "--config", "/nowhere/g.yaml"); err == nil || !strings.Contains(err.Error(), "--config or GIFTLINE_CONFIG") {
		t.Errorf("error %v", err)
	}
	t.Setenv("GIFTLINE_CONFIG", "/nowhere/g.yaml")
	if _, _, err := parse(t, "machines"); err != nil {
		t.Errorf("a command without settings reads the file: %v", err)
	}
}

func TestConfig_relativePathsStartAtTheFile(t *testing.T) {
	file := writeFile(t, "g.yaml", "db: data/g.db\napi_key_file: key\nsources: [{name: resend, secret_file: resend}]\n")
	dir := filepath.Dir(file)
	for name, text := range map[string]string{"key": "an admin key of twenty-four\n", "resend": svixSecret + "\n" + otherSvixSecret + "\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, p, err := parse(t, "serve", "--config", file)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(dir, "data", "g.db"); c.Serve.DB != want {
		t.Errorf("db %q, want %q", c.Serve.DB, want)
	}
	if key, err := p.apiKey(); key != "an admin key of twenty-four" || err != nil {
		t.Errorf("key %q, error %v", key, err)
	}
	sources, err := p.sources()
	if err != nil {
		t.Fatal(err)
	}
	s, err := sourceNamed(sources, "resend")
	if err != nil || len(s.Secrets) != 2 {
		t.Errorf("resend %+v, error %v", s, err)
	}
}

func TestConfig_addressOfADatabaseIsNoPath(t *testing.T) {
	c, _, err := parse(t, "serve", "--config", writeFile(t, "g.yaml", "db: postgres://u:hush@h/d\n"))
	if err != nil || c.Serve.DB != "postgres://u:hush@h/d" {
		t.Errorf("db %q, error %v", c.Serve.DB, err)
	}
}

func TestConfig_badFiles(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"unknown key":           {"adr: :1\n", `unknown field "adr": the README shows the keys`},
		"unknown key of source": {"sources: [{name: x, secret: hush-hush-hush}]\n", `unknown field "secret"`},
		"key twice":             {"addr: :1\naddr: :2\n", "addr"},
		"wrong type":            {"sources: 7\n", "[1:10]"},
		"not yaml":              {"sources: [\n", "[1:"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := parse(t, "serve", "--config", writeFile(t, "g.yaml", c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want one with %q", err, c.want)
			}
			if strings.Contains(err.Error(), "hush") {
				t.Errorf("the error shows a secret: %v", err)
			}
		})
	}
	if _, _, err := parse(t, "serve", "--config", writeFile(t, "empty.yaml", "# nothing\n")); err != nil {
		t.Errorf("a file of comments: %v", err)
	}
	if _, _, err := parse(t, "serve", "--config", writeFile(t, "g.yaml", "log_level: loud\n")); err == nil {
		t.Error("log_level: loud is taken")
	}
}

func TestConfig_callers(t *testing.T) {
	for args, want := range map[string]string{
		"--rate-limit=-1": "GIFTLINE_RATE_LIMIT", "--rate-limit=0": "", "--cors-origins=*": "", "--cors-origins=https://a.example.com:8443,http://localhost:3000": "",
		"--cors-origins=https://a.example.com/": "is not an origin", "--cors-origins=a.example.com": "is not an origin",
		"--cors-origins=https://a.example.com,https://*.example.com/x": "is not an origin", "--cors-origins=https://u@a.example.com": "is not an origin",
	} {
		c, _, err := parse(t, "serve", args)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Serve.checkCallers(); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %q", args, err, want)
		}
	}
}
