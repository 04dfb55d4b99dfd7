package main

import (
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// composeFile is what the tests look at in compose.yaml.
type composeFile struct {
	Services map[string]composeService
	Configs  map[string]struct{ Content string }
}

type composeService struct {
	Image       string
	Build       string
	Environment map[string]string
	DependsOn   any `yaml:"depends_on"`
	Ports       []string
	Configs     []struct{ Source, Target string }
}

func compose(t *testing.T) (string, composeFile) {
	t.Helper()
	text := rootFile(t, "compose.yaml")
	var f composeFile
	if err := yaml.Unmarshal([]byte(text), &f); err != nil {
		t.Fatal(yaml.FormatError(err, false, true))
	}
	return text, f
}

func rootFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(moduleRoot(t), name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// replicas are the names of the services that run giftline.
func (f composeFile) replicas() []string {
	var names []string
	for name, s := range f.Services {
		if s.Image == "giftline" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func TestCompose_settings(t *testing.T) {
	t.Parallel()
	text, _ := compose(t)
	sources, err := (&program{getenv: func(string) string { return "" }}).sources()
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`GIFTLINE_[A-Z_]+`).FindAllString(text, -1)
	if stray := strayVariables(names, sources); len(names) == 0 || len(stray) > 0 {
		t.Errorf("compose.yaml sets what the program does not know: %v", stray)
	}
}

// TestCompose_database: every replica waits for the database and finds it, by its name, user and password.
func TestCompose_database(t *testing.T) {
	t.Parallel()
	_, f := compose(t)
	if names := f.replicas(); len(names) != 3 {
		t.Errorf("replicas are %v, want three", names)
	}
	for _, name := range f.replicas() {
		s := f.Services[name]
		address, err := url.Parse(s.Environment["GIFTLINE_DB"])
		if err != nil {
			t.Fatal(err)
		}
		db := f.Services[address.Hostname()]
		if !strings.HasPrefix(db.Image, "postgres:") || db.Environment["POSTGRES_USER"] != address.User.Username() ||
			"/"+db.Environment["POSTGRES_DB"] != address.Path || db.Environment["POSTGRES_PASSWORD"] != s.Environment["PGPASSWORD"] {
			t.Errorf("%s: GIFTLINE_DB is %s, and that service is %+v", name, address, db)
		}
		if _, waits := s.DependsOn.(map[string]any)[address.Hostname()]; !waits {
			t.Errorf("%s does not wait for the database", name)
		}
	}
}

// TestCompose_proxy: the one service with a published port leads to every replica that is ready.
func TestCompose_proxy(t *testing.T) {
	t.Parallel()
	_, f := compose(t)
	var want []string
	for _, name := range f.replicas() {
		_, port, err := net.SplitHostPort(f.Services[name].Environment["GIFTLINE_ADDR"])
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, net.JoinHostPort(name, port))
	}
	for name, s := range f.Services {
		if len(s.Ports) == 0 {
			continue
		}
		if name != "proxy" || len(s.Configs) != 1 {
			t.Fatalf("%s has a published port and %d configurations", name, len(s.Configs))
		}
		content := f.Configs[s.Configs[0].Source].Content
		if !strings.Contains(content, "reverse_proxy "+strings.Join(want, " ")+" {") || !strings.Contains(content, "health_uri /readyz\n") {
			t.Errorf("the proxy does not lead to %v, by their /readyz:\n%s", want, content)
		}
	}
}

// TestDockerfile builds the release, with the version of Go that go.mod asks for, from every folder that has code.
func TestDockerfile(t *testing.T) {
	t.Parallel()
	text := rootFile(t, "Dockerfile")
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(rootFile(t, "go.mod"))[1]
	for _, want := range []string{"FROM golang:" + version + " ", "-tags nomsgpack -trimpath", "\nUSER nonroot\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("the Dockerfile lacks %q", want)
		}
	}
	for folder := range mayImport {
		if !strings.Contains(rootFile(t, ".dockerignore"), "\n!"+folder+"\n") {
			t.Errorf(".dockerignore keeps %s out of the image", folder)
		}
	}
}
