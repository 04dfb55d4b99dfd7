package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"

	"github.com/mattn/go-isatty"
)

// printable makes text that others sent safe for a terminal: control and direction characters come out as escapes.
func printable(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	plain := func(r rune) bool { return unicode.IsGraphic(r) || r == '\n' || r == '\t' }
	if strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if plain(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// oneLine is printable text for a cell of a table.
func oneLine(s string) string {
	return strings.NewReplacer("\n", `\n`, "\t", `\t`).Replace(printable(s))
}

// colors paints text, or leaves it alone where nobody would see the colour.
type colors bool

// colorsFor says whether w shows colour: a terminal, unless NO_COLOR asks for none.
func (p *program) colorsFor(w io.Writer) colors {
	f, ok := w.(*os.File)
	return colors(ok && isatty.IsTerminal(f.Fd()) && p.getenv("NO_COLOR") == "" && p.getenv("TERM") != "dumb")
}

func (c colors) paint(code, s string) string {
	if !c || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (c colors) bold(s string) string   { return c.paint("1", s) }
func (c colors) dim(s string) string    { return c.paint("2", s) }
func (c colors) red(s string) string    { return c.paint("31", s) }
func (c colors) green(s string) string  { return c.paint("32", s) }
func (c colors) yellow(s string) string { return c.paint("33", s) }
