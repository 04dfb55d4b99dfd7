package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
)

// mistake is what is wrong with a request; hostile ones may be right by accident.
type mistake string

const (
	noMistake     mistake = "nothing wrong"
	noKey         mistake = "no key"
	hostilePath   mistake = "hostile path value"
	hostileQuery  mistake = "hostile query value"
	badQuery      mistake = "query value against its schema"
	extraQuery    mistake = "unknown query parameter"
	repeatedQuery mistake = "repeated query parameter"
	badBody       mistake = "body against its schema"
	hostileBody   mistake = "hostile body"
)

// marker stands in what we make up, so that an answer that repeats it is noticed.
const marker = "zQ7x"

func mistakesOf(o *operation) []mistake {
	all := []mistake{noMistake, noMistake, noMistake}
	if !o.open() {
		all = append(all, noKey, extraQuery)
	}
	if strings.Contains(o.path, "{") {
		all = append(all, hostilePath)
	}
	if len(o.query()) > 0 {
		all = append(all, hostileQuery, hostileQuery, badQuery, badQuery, repeatedQuery)
	}
	if _, _, ok := o.body(); ok {
		all = append(all, badBody, badBody, hostileBody)
	}
	return all
}

func (o *operation) query() []map[string]any {
	return slices.DeleteFunc(slices.Clone(o.parameters), func(p map[string]any) bool { return p["in"] != "query" })
}

// values makes values for the document's schemas, and remembers those that answers show.
type values struct {
	*rand.Rand
	document map[string]any
	subjects map[string][]string // ids by plural
	found    map[string][]string // by field name, and by noun and field name
}

const foundKept = 60

// learn keeps the texts of an answer: ids and cursors that no schema could make up.
func (v *values) learn(path string, body []byte) {
	var answer any
	if json.Unmarshal(body, &answer) == nil {
		v.learnFrom(strings.Split(path, "/")[1], "", answer)
	}
}

func (v *values) learnFrom(noun, name string, x any) {
	switch x := x.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(x)) {
			v.learnFrom(noun, key, x[key])
		}
	case []any:
		for _, e := range x {
			v.learnFrom(noun, name, e)
		}
	case string:
		for _, key := range []string{name, noun + "." + name} {
			if list := v.found[key]; !slices.Contains(list, x) {
				if len(list) >= foundKept {
					list = slices.Delete(list, 0, 1)
				}
				v.found[key] = append(list, x)
			}
		}
	}
}

func (v *values) pick(from ...string) string { return from[v.IntN(len(from))] }

// nasty are texts that break programs.
func (v *values) nasty() string {
	return v.pick("", " ", "\x00", "a\x00b", "\xff\xfe", "\xed\xa0\x80", "' OR 1=1; --", `"; DROP TABLE events; --`, "%", "_", `\`, "../../etc/passwd", "..", ".",
		"%2F", "%00", "a/b", "a+b=", "<script>alert(1)</script>", "ä€😀\u202e", "\u0130ıẞ", "null", "undefined", "NaN", "-1", "0", "1e309", "9223372036854775808",
		"2025-02-30T00:00:00Z", "0000-00-00T00:00:00Z", "9999-12-31T23:59:59.999999999Z", "{{7*7}}", "${x}", "\r\nX-Injected: 1", "*", "()", "[", "a]b", ":", "~",
		strings.Repeat("x", 513), strings.Repeat("ä", 300), strings.Repeat("9", 400), strings.Repeat("(", 2000), "evt_", "prk_", "gl_", "evt_"+strings.Repeat("a", 45), marker)
}

// pathValue is an escaped value that is known, mostly.
func (v *values) pathValue(o *operation, name string, p map[string]any) string {
	noun := strings.Split(o.path, "/")[1]
	known := v.found[noun+"."+name]
	if subjects := v.subjects[noun]; name == "id" && len(subjects) > 0 && v.IntN(4) > 0 {
		known = subjects
	}
	if len(known) == 0 {
		known = v.found[name]
	}
	if id, ok := exampleIDs[name]; ok {
		known = append(slices.Clone(known), id)
	}
	if len(known) == 0 || v.IntN(20) == 0 {
		return escaped(v.text(p))
	}
	return escaped(known[v.IntN(len(known))])
}

func escaped(s string) string {
	if s == "" {
		s = "x"
	}
	return strings.ReplaceAll(url.PathEscape(s), ".", "%2E")
}

// fill adds a query parameter that fits.
func (v *values) fill(query url.Values, name string, p map[string]any) {
	schema := v.resolved(p["schema"])
	switch schema["type"] {
	case "array":
		for range 1 + v.IntN(3) {
			if item := fmt.Sprint(v.valid(name, schema["items"])); p["explode"] == true {
				query.Add(name, item)
			} else {
				query.Set(name, strings.Trim(query.Get(name)+","+item, ","))
			}
		}
	case "object":
		properties, _ := schema["properties"].(map[string]any)
		for key, s := range properties {
			if v.IntN(2) == 0 {
				query.Set(name+"["+key+"]", fmt.Sprint(v.valid(name, s)))
			}
		}
		if extra, ok := schema["additionalProperties"].(map[string]any); ok {
			query.Set(name+"[key]", fmt.Sprint(v.valid(name, extra)))
		}
	default:
		query.Set(name, v.text(p))
	}
}

// text is a parameter's value that fits its schema.
func (v *values) text(p map[string]any) string {
	if example := p["example"]; example != nil && v.IntN(2) == 0 {
		return fmt.Sprint(example)
	}
	return fmt.Sprint(v.valid(p["name"].(string), p["schema"]))
}

func (v *values) resolved(schema any) map[string]any {
	if ref, ok := at(schema, "$ref").(string); ok {
		schema = at(v.document, strings.ReplaceAll(strings.TrimPrefix(ref, "#/"), "/", "."))
	}
	s, _ := schema.(map[string]any)
	return s
}

// valid makes a value that fits a schema.
func (v *values) valid(name string, schema any) any {
	s := v.resolved(schema)
	if enum, _ := s["enum"].([]any); len(enum) > 0 {
		if e := enum[v.IntN(len(enum))]; e != nil {
			return e
		}
		return enum[0]
	}
	kind, _ := s["type"].(string)
	if kinds, ok := s["type"].([]any); ok {
		kind = kinds[0].(string)
	}
	switch kind {
	case "integer", "number":
		low, high := number(s["minimum"], 0), number(s["maximum"], 1000)
		return []int{low, high, low + v.IntN(high-low+1)}[v.IntN(3)]
	case "boolean":
		return v.IntN(2) == 0
	case "array":
		var list []any
		for range max(number(s["minItems"], 0), v.IntN(3)) {
			list = append(list, v.valid(name, s["items"]))
		}
		return append([]any{}, list...)
	case "object":
		return v.object(s)
	case "string":
		return v.validText(name, s)
	}
	return map[string]any{"any": "JSON"}
}

func (v *values) object(s map[string]any) map[string]any {
	object := map[string]any{}
	properties, _ := s["properties"].(map[string]any)
	required, _ := s["required"].([]any)
	for _, key := range slices.Sorted(maps.Keys(properties)) {
		if slices.Contains(required, any(key)) || v.IntN(2) == 0 {
			object[key] = v.valid(key, properties[key])
		}
	}
	if extra, ok := s["additionalProperties"].(map[string]any); ok && len(properties) == 0 {
		object["key"] = v.valid("", extra)
	}
	return object
}

func (v *values) validText(name string, s map[string]any) any {
	if s["format"] == "date-time" {
		return v.pick("2025-01-15T14:44:00Z", "2024-02-22T23:41:12.126000Z", "2026-11-30T23:59:59Z", "2000-01-01T00:00:00Z", "2099-12-31T23:59:59Z", "2026-12-01T13:00:00+01:00")
	}
	if examples, _ := s["examples"].([]any); len(examples) > 0 && (v.IntN(2) == 0 || s["pattern"] != nil) {
		return examples[v.IntN(len(examples))]
	}
	if known := v.found[name]; len(known) > 0 && v.IntN(3) > 0 && s["pattern"] == nil {
		return known[v.IntN(len(known))]
	}
	text := v.pick("x", "snappy", "a b", "ä€😀", "o'neil", "50%", marker)
	for len(text) < number(s["minLength"], 1) {
		text += "x"
	}
	return text[:min(len(text), number(s["maxLength"], len(text)))]
}

func number(v any, otherwise int) int {
	if f, ok := v.(float64); ok {
		return int(f)
	}
	return otherwise
}

// spoil puts the request's mistake in.
func (v *values) spoil(r *request, query url.Values, path *string) {
	switch r.mistake {
	case noKey:
		r.headers = append(r.headers, "Authorization", v.pick("", "Bearer x", "Basic "+testKey, "Bearer "+testKey[1:], testKey))
	case hostilePath:
		parts := strings.Split(r.path, "/")
		for i, part := range parts {
			if strings.HasPrefix(part, "{") {
				parts[i] = escaped(v.nasty())
			}
		}
		*path = strings.Join(parts, "/")
	case hostileQuery:
		all := r.query()
		query.Set(all[v.IntN(len(all))]["name"].(string), v.nasty())
	case badQuery, repeatedQuery:
		v.spoilQuery(r, query)
	case badBody, hostileBody:
		v.spoilBody(r)
	}
}

// spoilQuery breaks a parameter that can be broken; where none can, the request stays as it is.
func (v *values) spoilQuery(r *request, query url.Values) {
	all := r.query()
	v.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for _, p := range all {
		name, schema := p["name"].(string), v.resolved(p["schema"])
		if r.mistake == repeatedQuery {
			if schema["type"] != "array" && schema["type"] != "object" {
				query[name] = []string{v.text(p), v.text(p)}
				return
			}
			continue
		}
		if schema["type"] == "array" {
			schema = v.resolved(schema["items"])
		}
		if bad := v.against(schema); bad != "" {
			query.Del(name)
			query.Set(name, bad)
			return
		}
	}
	r.mistake = hostileQuery
}

// against is a text that a schema forbids; empty where it forbids none.
func (v *values) against(s map[string]any) string {
	switch {
	case s["enum"] != nil:
		return v.pick(marker, "RECEIVED", "1 ", "nobody", "\x00")
	case s["format"] == "date-time":
		return v.pick("yesterday", marker, "2025-13-01T00:00:00Z", "2025-02-30T00:00:00Z", "2025-01-15", "2025-01-15T14:44:00", "1736952240", "\x00", "2025-01-15T14:44:00Zx")
	case s["type"] == "integer":
		bad := []string{marker, "1.5", "1e2", "0x10", "99999999999999999999", "--1", "١", "\x00"}
		if s["minimum"] != nil {
			bad = append(bad, fmt.Sprint(number(s["minimum"], 0)-1), "-9223372036854775808")
		}
		if s["maximum"] != nil {
			bad = append(bad, fmt.Sprint(number(s["maximum"], 0)+1))
		}
		return v.pick(bad...)
	case s["type"] == "boolean":
		return v.pick(marker, "yes", "2", "\x00")
	case s["maxLength"] != nil:
		return strings.Repeat("x", number(s["maxLength"], 0)+1)
	}
	return ""
}

// json is a body that fits.
func (v *values) json(schema any) string {
	b, _ := json.Marshal(v.valid("", schema))
	return string(b)
}

func (v *values) spoilBody(r *request) {
	schema, required, _ := r.operation.body()
	fits := v.json(schema)
	if r.mistake == hostileBody {
		r.body = strings.Replace(fits, `":"`, `":"`+strings.Trim(quoted(v.nasty()), `"`), 1)
		r.headers = append(r.headers, "Content-Type", v.pick("application/json", "application/json; charset=utf-8", "text/plain", ";+", "application/problem+json", "multipart/form-data", ""))
		return
	}
	r.headers = append(r.headers, "Content-Type", "application/json")
	bad := []string{"[]", `"` + marker + `"`, "1", "true", "{", fits + "{}", fits[:len(fits)-1], `{"` + marker + `":1`, marker, strings.Repeat("[", 20_000), "\x00", "\xff",
		`{"x":"` + strings.Repeat("x", 64<<10) + `"}`}
	s := v.resolved(schema)
	if s["additionalProperties"] == false {
		bad = append(bad, `{"`+marker+`":1}`, `{"":null}`)
	}
	properties, _ := s["properties"].(map[string]any)
	for _, key := range slices.Sorted(maps.Keys(properties)) {
		if kind := v.resolved(properties[key])["type"]; kind != nil {
			bad = append(bad, fmt.Sprintf(`{%q:%s}`, key, map[bool]string{true: "1", false: `"` + marker + `"`}[kind == "string"]), fmt.Sprintf(`{%q:{%q:[%q]}}`, key, marker, marker))
		}
	}
	if required {
		bad = append(bad, "", "null")
	}
	r.body = v.pick(bad...)
}
