package main

import (
	"errors"
	"testing"
)

func TestSetPath(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ doc, path, value, want string }{
		{`{"a":1}`, "a", "2", `{"a":2}`},
		{`{"a":1}`, "a", "two", `{"a":"two"}`},
		{`{"a":1}`, "a", `"2"`, `{"a":"2"}`},
		{`{"a":1}`, "a", "null", `{"a":null}`},
		{`{"a":1}`, "a", `{"b":[1]}`, `{"a":{"b":[1]}}`},
		{`{"a":1}`, "a", "1 2", `{"a":"1 2"}`},
		{`{"a":1}`, "a", "", `{"a":""}`},
		{`{"a":1}`, "a", "a=b", `{"a":"a=b"}`},
		{`{"a":12345678901234567890}`, "b", "1.10", `{"a":12345678901234567890,"b":1.10}`},
		{`{"a":{"b":1}}`, "a.b", "2", `{"a":{"b":2}}`},
		{`{}`, "a.b.c", "<1>", `{"a":{"b":{"c":"<1>"}}}`},
		{`{"a":null}`, "a.b", "1", `{"a":{"b":1}}`},
		{`{"to":["x","y"]}`, "to.1", "z", `{"to":["x","z"]}`},
		{`{"to":[{"n":1}]}`, "to.0.n", "2", `{"to":[{"n":2}]}`},
	} {
		doc, err := decodeJSON([]byte(c.doc))
		if err != nil {
			t.Fatal(err)
		}
		if doc, err = setPath(doc, c.path, jsonOrText(c.value)); err != nil {
			t.Errorf("%s %s=%s: %v", c.doc, c.path, c.value, err)
			continue
		}
		if got, err := encodeJSON(doc); err != nil || string(got) != c.want {
			t.Errorf("%s %s=%s: got %s, want %s (error %v)", c.doc, c.path, c.value, got, c.want, err)
		}
	}
}

func TestSetPath_errors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ doc, path string }{
		{`{"a":1}`, ""}, {`{"a":1}`, "a..b"}, {`{"a":1}`, "a.b"}, {`{"to":["x"]}`, "to.1"}, {`{"to":["x"]}`, "to.-1"},
		{`{"to":["x"]}`, "to.x"}, {`7`, "a"},
	} {
		doc, err := decodeJSON([]byte(c.doc))
		if err != nil {
			t.Fatal(err)
		}
		var usage usageError
		if got, err := setPath(doc, c.path, "v"); !errors.As(err, &usage) {
			t.Errorf("%s %q: got %v, error %v", c.doc, c.path, got, err)
		}
	}
}
