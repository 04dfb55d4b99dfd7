package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// imported is what `go list` says of one package.
type imported struct {
	ImportPath string
	Imports    []string
}

// mayImport holds, per top-level folder, what of this module its packages may import. cmd may import everything.
var mayImport = map[string][]string{
	"domain":        {},
	"statemachines": {"domain"},
	"migrations":    {},
	"store":         {"domain", "migrations", "store"},
	"api":           {"domain", "api"},
	"cmd":           {"domain", "statemachines", "migrations", "store", "api", "cmd"},
}

// onlyIn holds the modules that one folder keeps to itself.
var onlyIn = map[string]string{
	"github.com/gin-gonic/":         "api",
	"github.com/danielgtaylor/huma": "api",
	"gorm.io/":                      "store",
	"github.com/mattn/go-sqlite3":   "store",
	"modernc.org/sqlite":            "store",
	"github.com/jackc/pgx/":         "store",
	"github.com/looplab/fsm":        "statemachines",
}

// foreignIn holds the modules of others that a folder may import; a folder that is not named may import any.
var foreignIn = map[string][]string{
	"domain":        {},
	"migrations":    {},
	"statemachines": {"github.com/looplab/fsm"},
}

// within holds all that a package inside a folder may import beside the standard library, where that is less than its
// folder may: the senders know what alerts are, and how webhooks are signed, but of no route, and of no database.
var within = map[string][]string{
	"giftline/api/notify": {"giftline/domain", "giftline/api/webhooks"},
}

func TestLayering_imports(t *testing.T) {
	t.Parallel()
	packages := listPackages(t)
	if len(packages) < len(mayImport) {
		t.Fatalf("go list found %d packages, fewer than there are folders", len(packages))
	}
	for _, p := range packages {
		folder := strings.Split(p.ImportPath, "/")[1]
		for _, path := range p.Imports {
			if wrong := wrongImport(folder, path) + wrongWithin(p.ImportPath, path); wrong != "" {
				t.Errorf("%s imports %s: %s", p.ImportPath, path, wrong)
			}
		}
	}
}

// wrongImport says what is wrong with an import, if anything.
func wrongImport(folder, path string) string {
	if ours, ok := strings.CutPrefix(path, "giftline/"); ok {
		if !slices.Contains(mayImport[folder], strings.Split(ours, "/")[0]) {
			return folder + " may import of this module only: " + strings.Join(mayImport[folder], ", ")
		}
		return ""
	}
	if first, _, _ := strings.Cut(path, "/"); !strings.Contains(first, ".") {
		return "" // the standard library
	}
	for prefix, home := range onlyIn {
		if strings.HasPrefix(path, prefix) && folder != home {
			return "only " + home + " may"
		}
	}
	allowed, limited := foreignIn[folder]
	if limited && !slices.ContainsFunc(allowed, func(a string) bool { return strings.HasPrefix(path, a) }) {
		return folder + " needs no module of others but " + strings.Join(allowed, ", ")
	}
	return ""
}

// wrongWithin is wrongImport for a package that may import less than its folder.
func wrongWithin(importing, path string) string {
	allowed, limited := within[importing]
	first, _, _ := strings.Cut(path, "/")
	if !limited || first != "giftline" && !strings.Contains(first, ".") || slices.Contains(allowed, path) {
		return ""
	}
	return importing + " needs nothing but " + strings.Join(allowed, " and ")
}

// TestLayering_rules makes sure that the rules above can fail.
func TestLayering_rules(t *testing.T) {
	t.Parallel()
	for _, wrong := range []struct{ folder, path string }{
		{"domain", "github.com/google/uuid"}, {"domain", "giftline/store"}, {"statemachines", "gorm.io/gorm"},
		{"store", "giftline/statemachines"}, {"store", "github.com/gin-gonic/gin"}, {"api", "giftline/store"},
		{"api", "gorm.io/gorm/clause"}, {"api", "github.com/looplab/fsm"}, {"cmd", "github.com/danielgtaylor/huma/v2"},
		{"cmd", "github.com/gin-gonic/gin"}, {"migrations", "giftline/domain"},
	} {
		if wrongImport(wrong.folder, wrong.path) == "" {
			t.Errorf("%s may import %s", wrong.folder, wrong.path)
		}
	}
	for _, wrong := range []string{"giftline/api", "github.com/gin-gonic/gin", "gorm.io/gorm", "giftline/store", "github.com/google/uuid"} {
		if wrongWithin("giftline/api/notify", wrong) == "" {
			t.Errorf("api/notify may import %s", wrong)
		}
	}
	for _, right := range []string{"giftline/domain", "giftline/api/webhooks", "net/smtp"} {
		if wrong := wrongWithin("giftline/api/notify", right); wrong != "" {
			t.Errorf("api/notify may not import %s: %s", right, wrong)
		}
	}
	for _, right := range []struct{ folder, path string }{
		{"domain", "encoding/json"}, {"statemachines", "github.com/looplab/fsm"}, {"store", "gorm.io/gorm"},
		{"api", "giftline/api/webhooks"}, {"cmd", "giftline/store"},
	} {
		if wrong := wrongImport(right.folder, right.path); wrong != "" {
			t.Errorf("%s may not import %s: %s", right.folder, right.path, wrong)
		}
	}
}

// TestLayering_folders keeps the top level as it is: a new concern finds its room inside a folder.
func TestLayering_folders(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir(moduleRoot(t))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"api", "cmd", "domain", "migrations", "statemachines", "store"}
	var got []string
	for _, e := range entries {
		switch {
		case strings.HasPrefix(e.Name(), "."):
		case e.IsDir():
			got = append(got, e.Name())
		case filepath.Ext(e.Name()) == ".go":
			t.Errorf("%s stands at the top level; Go files have their room in a folder", e.Name())
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("top-level folders are %v, want exactly %v", got, want)
	}
	for _, name := range []string{"go.mod", "go.sum", "README.md"} {
		if _, err := os.Stat(filepath.Join(moduleRoot(t), name)); err != nil {
			t.Error(err)
		}
	}
}

// listPackages asks go list, for both ways of building: with cgo and without.
func listPackages(t *testing.T) []imported {
	t.Helper()
	var packages []imported
	for _, cgo := range []string{"0", "1"} {
		cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
		cmd.Dir = moduleRoot(t)
		cmd.Env = append(os.Environ(), "CGO_ENABLED="+cgo)
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		for d := json.NewDecoder(strings.NewReader(string(out))); ; {
			var p imported
			if err := d.Decode(&p); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			packages = append(packages, p)
		}
	}
	return packages
}

// moduleRoot is the folder with go.mod; tests run in the folder of their package.
func moduleRoot(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	return root
}
