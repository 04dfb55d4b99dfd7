package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// setPath puts a value into a decoded JSON document: "data.to.0" names the first element of the array "to" in "data".
// Objects on the way are made, arrays are not: their length is the sample's business.
func setPath(doc any, path string, value any) (any, error) {
	name, rest, more := strings.Cut(path, ".")
	if name == "" {
		return nil, usagef("--set %q: a part of the path is empty", path)
	}
	if !more {
		return setField(doc, name, func(any) (any, error) { return value, nil })
	}
	return setField(doc, name, func(inner any) (any, error) { return setPath(inner, rest, value) })
}

// setField replaces what doc holds under name by what change makes of it.
func setField(doc any, name string, change func(any) (any, error)) (any, error) {
	switch d := doc.(type) {
	case nil:
		return setField(map[string]any{}, name, change)
	case map[string]any:
		inner, err := change(d[name])
		d[name] = inner
		return d, err
	case []any:
		i, err := strconv.Atoi(name)
		if err != nil || i < 0 || i >= len(d) {
			return nil, usagef("--set: %q is not an index of an array of %d", name, len(d))
		}
		d[i], err = change(d[i])
		return d, err
	}
	return nil, usagef("--set: %q is not inside an object", name)
}

// getPath gives what is under a path of objects.
func getPath(doc any, path string) (any, bool) {
	name, rest, more := strings.Cut(path, ".")
	object, ok := doc.(map[string]any)
	if !ok {
		return nil, false
	}
	inner, ok := object[name]
	if !ok || !more {
		return inner, ok
	}
	return getPath(inner, rest)
}

// jsonOrText reads a value given on the command line: JSON if it is some, else the text itself.
func jsonOrText(s string) any {
	if v, err := decodeJSON([]byte(s)); err == nil {
		return v
	}
	return s
}

// decodeJSON keeps numbers as they are written.
func decodeJSON(b []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("more after the end of the JSON value")
	}
	return v, nil
}

// encodeJSON writes compact JSON without HTML escapes, as the API does.
func encodeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimRight(b.Bytes(), "\n"), err
}
