package webhooks

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func nested(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }

// Bodies that parsers are known to disagree about are refused, with a reason and without repeating them.
func TestCanonical_Refuses(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"nothing", "", "is empty"},
		{"white space", " \n", "is empty"},
		{"a word", "secret", "is not JSON near byte 0"},
		{"a byte order mark", "\ufeff{}", "is not JSON"},
		{"a cut body", `{"a": "b`, "ends before"},
		{"something behind it", `{"a":1} {"b":2}`, "is not JSON near byte 8"},
		{"a missing comma", `{"a":1 "b":2}`, "is not JSON"},
		{"a trailing comma", `{"a":1,}`, "is not JSON"},
		{"a comment", `{/**/}`, "is not JSON"},
		{"single quotes", `{'a':1}`, "is not JSON"},
		{"NaN", `{"a":NaN}`, "is not JSON"},
		{"a leading zero", `{"a":01}`, "is not JSON"},
		{"a control character", "{\"a\":\"\n\"}", "is not JSON"},
		{"a key twice", `{"secret":1,"secret":2}`, "the same key twice"},
		{"a key twice, once escaped", `{"secret":1,"\u0073ecret":2}`, "the same key twice"},
		{"a key twice, deep down", `{"a":[{"secret":1,"secret":1}]}`, "the same key twice"},
		{"Latin-1", "{\"a\":\"\xe9\"}", "is not UTF-8"},
		{"an overlong encoding", "{\"a\":\"\xc0\xaf\"}", "is not UTF-8"},
		{"half a surrogate pair", `{"a":"\ud800"}`, "is not JSON"},
		{"the pair the wrong way round", `{"a":"\udc00\ud800"}`, "is not JSON"},
		{"65 levels", nested(65), "deeper than 64"},
		{"a million levels", strings.Repeat("[", 1e6), "deeper than 64"},
		{"65 levels of objects", strings.Repeat(`{"a":`, 65) + "1" + strings.Repeat("}", 65), "deeper than 64"},
	} {
		t.Run(c.name, func(t *testing.T) {
			form, err := canonical([]byte(c.body))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("canonical = %q, %v, want an error with %q", form, err, c.want)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("%v repeats the body", err)
			}
		})
	}
}

func TestCanonical(t *testing.T) {
	for body, want := range map[string]string{
		" {\t\"b\" : 1 ,\n \"a\":[ true , null ] } ": `{"a":[true,null],"b":1}`,
		`{"b":{"d":1,"c":2},"a":[{"f":1,"e":2}]}`:    `{"a":[{"e":2,"f":1}],"b":{"c":2,"d":1}}`,
		`"\u0041\u00e9\/\u003c"`:                     `"Aé/<"`,
		`"\u0000\u001f\b\"\\"`:                       `"\u0000\u001f\b\"\\"`,
		`"\ud83d\ude00"`:                             `"😀"`,
		// Exact: float64 would make the first two equal, and the third infinite.
		`[9007199254740993,9007199254740992,1e400]`: `[9007199254740993,9007199254740992,1e400]`,
		`[1.0,1,-0,1E5]`:                        `[1.0,1,-0,1E5]`,
		nested(64):                              nested(64),
		`"` + strings.Repeat("[", 100) + `\"{"`: `"` + strings.Repeat("[", 100) + `\"{"`,
	} {
		got, err := canonical([]byte(body))
		if err != nil || got != want {
			t.Errorf("canonical(%s) = %s, %v, want %s", body, got, err, want)
		}
		if again, _ := canonical([]byte(got)); again != got {
			t.Errorf("canonical(%s) = %s: not stable", got, again)
		}
	}
}

// anyJSON draws a value as encoding/json knows it.
func anyJSON(depth int) *rapid.Generator[any] {
	leaves := []*rapid.Generator[any]{
		rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.String().AsAny(),
		rapid.Float64Range(-1e9, 1e9).AsAny(), rapid.SampledFrom([]string{`"`, `\`, `{[`, "a,b", `\u0041`, ""}).AsAny(),
	}
	if depth == 0 {
		return rapid.OneOf(leaves...)
	}
	inner := anyJSON(depth - 1)
	return rapid.OneOf(append(leaves,
		rapid.SliceOfN(inner, 0, 4).AsAny(), rapid.MapOfN(rapid.String(), inner, 0, 4).AsAny())...)
}

// rebuild reads a canonical value with our walker only.
func rebuild(t *rapid.T, v value) any {
	switch v.kind() {
	case "an object":
		m := map[string]any{}
		for _, f := range v.members() {
			m[value(`"`+f.name+`"`).text()] = rebuild(t, f.value)
		}
		return m
	case "an array":
		list := []any{}
		for _, e := range v.elements() {
			list = append(list, rebuild(t, e))
		}
		return list
	case "a string":
		return v.text()
	}
	var x any
	if err := json.Unmarshal([]byte(v), &x); err != nil {
		t.Fatalf("%q is no literal: %v", v, err)
	}
	return x
}

func TestValue_WalksWhatEncodingJSONReads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		drawn := anyJSON(3).Draw(t, "value")
		var buf bytes.Buffer
		if err := json.NewEncoder(&buf).Encode(drawn); err != nil {
			t.Fatal(err)
		}
		form, err := canonical(buf.Bytes())
		if err != nil {
			t.Fatalf("%s: %v", buf.Bytes(), err)
		}
		var want any
		if err := json.Unmarshal(buf.Bytes(), &want); err != nil {
			t.Fatal(err)
		}
		if got := rebuild(t, value(form)); !reflect.DeepEqual(got, want) {
			t.Fatalf("walked %#v, want %#v", got, want)
		}
	})
}

func TestObject(t *testing.T) {
	const body = `{"id":"a\"b","n":5,"null":null,"list":["x",{"y":1}],"own":{"K":"v"},"Type":"x","own2":{"in":7}}`
	for _, c := range []struct {
		name, want, fault string
		read              func(o object) string
	}{
		{"a string", `a"b`, "", func(o object) string { return o.text("id") }},
		{"no field", "", "", func(o object) string { return o.text("other") }},
		{"null is no field", "", "", func(o object) string { return o.text("null") }},
		{"a number is no string", "", "n is a number, a string was expected", func(o object) string { return o.text("n") }},
		{"an array", "2", "", func(o object) string { return string(rune('0' + len(o.list("list")))) }},
		{"a string is no array", "", "id is a string, an array was expected", func(o object) string { o.list("id"); return "" }},
		{"an array is no object", "", "list is an array, an object was expected", func(o object) string { return string(o.object("list").value) }},
		{"a path", "", "own2.in is a number, a string was expected", func(o object) string { return o.object("own2").text("in") }},
		{"a key in another case", "", "type is written in another case", func(o object) string { return o.text("type") }},
		{"an object without fields", "{}", "", func(o object) string { return o.object("none").without() }},
		{"own names are exact", "", "", func(o object) string { return o.object("own").exact("k").text() }},
		{"own names", "v", "", func(o object) string { return o.object("own").exact("K").text() }},
		{"without", `{"in":7}`, "", func(o object) string { return o.object("own2").without("x") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, err := decode([]byte(body))
			if err != nil {
				t.Fatal(err)
			}
			if got := c.read(o); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if !strings.HasPrefix(*o.fault, c.fault) || c.fault == "" && *o.fault != "" {
				t.Errorf("fault %q, want %q", *o.fault, c.fault)
			}
		})
	}
}

func TestDecode_RootMustBeAnObject(t *testing.T) {
	for body, want := range map[string]string{
		`[]`: "an array", `"x"`: "a string", `5`: "a number", `null`: "null", `true`: "true",
	} {
		if _, err := decode([]byte(body)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("decode(%s) = %v", body, err)
		}
	}
}
