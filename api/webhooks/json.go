package webhooks

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

const maxDepth = 64

// canonicalForm sorts keys, drops white space and writes every string in its shortest form. Numbers stay as they were
// written: RFC 8785 would round them to float64, and then two different amounts could share a fingerprint. A sender
// that writes 1 first and 1.0 on its retry would make two events of one; none is known to.
var canonicalForm = []jsontext.Options{jsontext.ReorderRawObjects(true)}

// canonical checks that the body is one JSON value, strictly, and gives its canonical form: equal for bodies that say
// the same. It refuses what readers are known to disagree about: repeated keys, bytes that are not UTF-8, lone
// surrogates, anything after the value; and nesting that no provider sends.
func canonical(body []byte) (string, error) {
	if tooDeep(body) {
		return "", fmt.Errorf("the body is nested deeper than %d levels", maxDepth)
	}
	form, err := jsontext.AppendFormat(make([]byte, 0, len(body)), body, canonicalForm...)
	if err != nil {
		return "", errors.New(explain(body, err))
	}
	return string(form), nil
}

// explain says why without repeating any of the body, as jsontext's own messages would.
func explain(body []byte, err error) string {
	where := ""
	if at := (*jsontext.SyntacticError)(nil); errors.As(err, &at) {
		where = fmt.Sprintf(" near byte %d", at.ByteOffset)
	}
	switch {
	case len(bytes.TrimSpace(body)) == 0:
		return "the body is empty"
	case !utf8.Valid(body):
		return "the body is not UTF-8" + where
	case errors.Is(err, jsontext.ErrDuplicateName):
		return "an object of the body has the same key twice" + where
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "the body ends before its JSON does"
	}
	return "the body is not JSON" + where
}

// tooDeep looks before the parser does, so that nesting costs nothing.
func tooDeep(body []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// value is one JSON value in canonical form, a piece of the canonical body; empty where there is none. That form has no
// white space and is known to be valid, so walking it needs no parser.
type value string

// absent holds for null too: providers write either.
func (v value) absent() bool { return v == "" || v == "null" }

func (v value) kind() string {
	switch {
	case v == "":
		return "nothing"
	case v[0] == '{':
		return "an object"
	case v[0] == '[':
		return "an array"
	case v[0] == '"':
		return "a string"
	case v == "null", v == "true", v == "false":
		return string(v)
	}
	return "a number"
}

// text decodes a string; anything else is given as it is written.
func (v value) text() string {
	switch {
	case v == "" || v[0] != '"':
		return string(v)
	case !strings.Contains(string(v), `\`):
		return string(v[1 : len(v)-1])
	}
	text, _ := jsontext.AppendUnquote(nil, string(v)) // valid, so it cannot fail
	return string(text)
}

// elements gives an array's values.
func (v value) elements() []value {
	if len(v) < 2 || v[0] != '[' {
		return nil
	}
	var list []value
	for rest := v[1 : len(v)-1]; rest != ""; {
		n := size(rest)
		list = append(list, rest[:n])
		rest = rest[min(n+1, len(rest)):]
	}
	return list
}

type member struct {
	name  string // as written, without its quotes
	value value
}

func (v value) members() []member {
	if len(v) < 2 || v[0] != '{' {
		return nil
	}
	list := make([]member, 0, 16)
	for rest := v[1 : len(v)-1]; rest != ""; {
		n := size(rest)
		name := string(rest[1 : n-1])
		rest = rest[n+1:]
		n = size(rest)
		list = append(list, member{name, rest[:n]})
		rest = rest[min(n+1, len(rest)):]
	}
	return list
}

// size is the length of the value at the start of canonical text.
func size(v value) int {
	switch v[0] {
	case '"':
		return stringSize(v)
	case '{', '[':
		return nestSize(v)
	}
	for i := range len(v) {
		if c := v[i]; c == ',' || c == '}' || c == ']' {
			return i
		}
	}
	return len(v)
}

func stringSize(v value) int {
	for i := 1; i < len(v); i++ {
		switch v[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(v)
}

func nestSize(v value) int {
	depth := 0
	for i := 0; i < len(v); i++ {
		switch v[i] {
		case '"':
			i += stringSize(v[i:]) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(v)
}
