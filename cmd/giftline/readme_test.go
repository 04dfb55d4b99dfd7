package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

	"giftline/api"
	"giftline/store"
	"giftline/store/storetest"
)

// block is a fenced block of the README.
type block struct{ language, text string }

func readme(t *testing.T) (string, []block) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(moduleRoot(t), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	var blocks []block
	for _, m := range regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$").FindAllStringSubmatch(string(raw), -1) {
		blocks = append(blocks, block{m[1], strings.TrimSpace(m[2])})
	}
	return string(raw), blocks
}

// TestReadme_answers does what the README says, in its order, and compares what comes out with what it shows.
func TestReadme_answers(t *testing.T) {
	t.Parallel()
	_, blocks := readme(t)
	db := filepath.Join(t.TempDir(), "giftline.db")
	var p *process
	compared := 0
	for i, b := range blocks {
		command, ok := strings.CutPrefix(b.text, "go run ./cmd/giftline ")
		switch {
		case b.language != "sh":
		case strings.HasPrefix(b.text, "GIFTLINE_") && strings.HasSuffix(b.text, " go run ./cmd/giftline serve"):
			p = readmeServer(t, b.text, db)
		case p == nil: // before the walk through
		case strings.HasPrefix(b.text, "curl "):
			if strings.Contains(b.text, "/alerts/") {
				awaitAlert(t, p.url)
			}
			status, got := curl(t, strings.ReplaceAll(b.text, "http://127.0.0.1:8080", p.url))
			if status != 200 {
				t.Errorf("%s\nanswers %d", b.text, status)
			}
			compareJSON(t, blocks[i+1], got)
			compared++
		case strings.HasPrefix(command, "migrate-store "):
			awaitAlert(t, p.url)
			p.stop() // as the README says
			t.Run("move", func(t *testing.T) { compareMove(t, blocks[i+1], db, strings.Fields(command)) })
			compared++
		case ok:
			compareText(t, blocks[i+1], append(strings.Fields(command), "--db", db))
			compared++
		}
	}
	if compared != 6 {
		t.Errorf("%d answers of the README were compared, want 6", compared)
	}
}

// readmeServer starts the server with the README's settings, on a free port.
func readmeServer(t *testing.T, line, db string) *process {
	t.Helper()
	env := os.Environ()
	for _, word := range strings.Fields(line) {
		if strings.HasPrefix(word, "GIFTLINE_") {
			env = append(env, word)
		}
	}
	p, err := startProcess(env, "--db", db)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	return p
}

// awaitAlert waits for the alert of the walk, whose parcel is on its way since January.
func awaitAlert(t *testing.T, url string) {
	t.Helper()
	c := &client{url, "any-text-of-24-characters-or-more", http.DefaultTransport, nil}
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		var list api.AlertList
		raw, err := c.get(t.Context(), "/alerts", nil)
		if err == nil {
			err = json.Unmarshal(raw, &list)
		}
		if err == nil && list.Count == 1 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("no alert: %s %v", raw, err)
		}
	}
}

func compareJSON(t *testing.T, want block, got string) {
	t.Helper()
	var a, b bytes.Buffer
	if err := json.Compact(&a, []byte(want.text)); err != nil || want.language != "json" {
		t.Fatalf("not the JSON of an answer: %s (%v)", want.text, err)
	}
	if err := json.Compact(&b, []byte(got)); err != nil {
		t.Fatal(err)
	}
	if a.String() != b.String() {
		t.Errorf("the README shows\n%s\nthe server answers\n%s", a.String(), b.String())
	}
}

func compareText(t *testing.T, want block, args []string) {
	t.Helper()
	out, err := exec.Command("giftline", args...).Output()
	if err != nil || want.language != "text" {
		t.Fatalf("%v: %v", args, err)
	}
	if diff := cmp.Diff(want.text, strings.TrimSpace(string(out))); diff != "" {
		t.Errorf("%v (-README +program):\n%s", args, diff)
	}
}

// compareMove moves the database of the walk to a PostgreSQL of the test's.
func compareMove(t *testing.T, want block, db string, args []string) {
	to := storetest.Schema(t, storetest.Server(t))
	for file, is := range map[string]string{"giftline.db": db, args[len(args)-1]: to} {
		want.text = strings.ReplaceAll(want.text, file, store.Name(is))
		args[slices.Index(args, file)] = is
	}
	compareText(t, want, args)
}

// TestReadme_settings: every variable, flag and key that exists is in the README, and nothing else is.
func TestReadme_settings(t *testing.T) {
	t.Parallel()
	text, blocks := readme(t)
	known := []string{"GIFTLINE_API_KEY", "GIFTLINE_SNAPPY_EU_SECRET", "GIFTLINE_CHANNEL_OPS_URL"}
	for _, provider := range ownProviders {
		known = append(known, variableFor(string(provider)))
	}
	parser, err := newParser(&cli{}, &program{})
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range parser.Model.Children {
		if !strings.Contains(text, "| `"+command.Name) {
			t.Errorf("the README does not tell of %s", command.Name)
		}
		for _, flag := range slices.Concat(parser.Model.Flags, command.Flags) {
			known = append(known, flag.Envs...)
			if len(flag.Envs) > 0 {
				mentions(t, text, flag)
			}
		}
	}
	for _, name := range regexp.MustCompile(`GIFTLINE_[A-Z_]+`).FindAllString(text, -1) {
		if !slices.Contains(known, name) && !strings.HasPrefix(name, "GIFTLINE_TEST_") { // those are the tests' own
			t.Errorf("the README has %s, the program has not", name)
		}
	}
	for _, b := range blocks {
		if b.language == "yaml" {
			if _, err := readSettings(writeFile(t, "readme.yaml", b.text)); err != nil {
				t.Errorf("the README's settings file: %v", err)
			}
		}
	}
}

func mentions(t *testing.T, text string, flag *kong.Flag) {
	t.Helper()
	row := regexp.MustCompile("(?m)^\\| `" + flag.Envs[0] + "` \\| `--" + flag.Name + "`(?:, `" + strings.ReplaceAll(flag.Name, "-", "_") + "`)? \\| (\\S+)").FindStringSubmatch(text)
	if row == nil {
		t.Errorf("the README's table lacks %s, --%s", flag.Envs[0], flag.Name)
	} else if flag.HasDefault && row[1] != "`"+flag.Default+"`" {
		t.Errorf("the README gives %s the default %s, the program %q", flag.Envs[0], row[1], flag.Default)
	}
}

// TestReadme_names: tests, files and folders that the README names exist.
func TestReadme_names(t *testing.T) {
	t.Parallel()
	text, _ := readme(t)
	tests := testNames(t)
	for _, m := range regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(text, -1) {
		if !slices.Contains(tests, m[1]) {
			t.Errorf("the README names %s; there is no such test", m[1])
		}
	}
	_, folders, _ := strings.Cut(text, "## Folders")
	folders, _, _ = strings.Cut(folders, "## ")
	named := regexp.MustCompile("(?m)^\\| `([^`]+)` \\||\\]\\(([^):]+)\\)").FindAllStringSubmatch(folders, -1)
	if len(named) != 7 { // six folders and a link
		t.Errorf("the README names %d folders and files, want 7", len(named))
	}
	for _, m := range named {
		if _, err := os.Stat(filepath.Join(moduleRoot(t), m[1]+m[2])); err != nil {
			t.Errorf("the README names what is not there: %v", err)
		}
	}
}

func testNames(t *testing.T) []string {
	t.Helper()
	var names []string
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	err := filepath.WalkDir(moduleRoot(t), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		raw, err := os.ReadFile(path)
		for _, m := range declared.FindAllSubmatch(raw, -1) {
			names = append(names, string(m[1]))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
