package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

func TestPrintable(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"plain: é 漢 ●":          "plain: é 漢 ●",
		"\x1b[31mred":           `\u001b[31mred`,
		"a\x00b\x7f":            `a\u0000b\u007f`,
		"left\u202eright":       `left\u202eright`,
		"bad \xff byte":         "bad � byte",
		"two\nlines\tand a tab": `two\nlines\tand a tab`,
	} {
		if got := oneLine(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	if got := printable("two\nlines"); got != "two\nlines" {
		t.Errorf("got %q", got)
	}
}

func TestColorsFor_onlyTerminals(t *testing.T) {
	t.Parallel()
	p := &program{getenv: func(string) string { return "" }}
	file, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if p.colorsFor(&bytes.Buffer{}) || p.colorsFor(file) {
		t.Error("colour in a file")
	}
	if got := colors(true).red("x"); got != "\x1b[31mx\x1b[0m" {
		t.Errorf("got %q", got)
	}
	if got := colors(false).red("x"); got != "x" {
		t.Errorf("got %q", got)
	}
}

func TestHelped(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", "help": "--help", "help keys list": "keys list --help", "list gifts": "list gifts", "timeline help": "timeline help",
	} {
		if got := strings.Join(helped(strings.Fields(in)), " "); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}
