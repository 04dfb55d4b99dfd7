package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"giftline/store/storetest"
)

// TestMain puts a giftline on the path that is this test binary, for the scripts and for tests that start processes.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) != "giftline" { // there the settings are the test's
		forgetSettings()
	}
	testscript.Main(besideServer{m}, map[string]func(){"giftline": main})
}

// besideServer ends the PostgreSQL server of the tests with them.
type besideServer struct{ *testing.M }

// Run runs the tests.
func (m besideServer) Run() int {
	defer storetest.StopServer()
	return m.M.Run()
}

// forgetSettings keeps the settings of whoever runs the tests out of them, but for the tests' own.
func forgetSettings() {
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "GIFTLINE_") && !strings.HasPrefix(name, "GIFTLINE_TEST_") {
			os.Unsetenv(name)
		}
	}
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Deadline:            time.Now().Add(2 * time.Minute), // a server that should not have started ends here
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"serve": scriptServe,
			"exits": scriptExits,
		},
	})
}

// scriptExits runs a command and compares its exit code: exits 3 giftline timeline nobody.
func scriptExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits code command [arg...]")
	}
	code := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}
