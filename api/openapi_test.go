package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestOpenAPI_isReviewed holds the committed document to the served one.
func TestOpenAPI_isReviewed(t *testing.T) {
	w := newWorld(t)
	if *update {
		w = rerecorded(t)
	}
	var got bytes.Buffer
	if err := json.Indent(&got, w.do(http.MethodGet, "/openapi.json", "", "Authorization", "").Body.Bytes(), "", "  "); err != nil {
		t.Fatal(err)
	}
	got.WriteByte('\n')
	if *update {
		if err := os.WriteFile("openapi.json", got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if line := firstDifference(got.String(), string(want)); line != "" {
		t.Errorf("the served document is not api/openapi.json: %s\nIf the change is meant, run: go test ./api -run OpenAPI -update; then read its diff", line)
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(g), len(w)) {
		switch {
		case i >= len(g):
			return fmt.Sprintf("line %d is no longer served: %s", i+1, w[i])
		case i >= len(w):
			return fmt.Sprintf("line %d is new: %s", i+1, g[i])
		case g[i] != w[i]:
			return fmt.Sprintf("line %d says\n%s\nand is served as\n%s", i+1, w[i], g[i])
		}
	}
	return ""
}

// TestOpenAPI_everythingHasWords lists what a reader of the document would have to guess, and where to write it down.
func TestOpenAPI_everythingHasWords(t *testing.T) {
	missing := map[string][]string{} // what lacks words, by where to write them
	lacks := func(what, where string) { missing[where] = append(missing[where], what) }
	document := newWorld(t).get("/openapi.json")
	for key, op := range operations(document) {
		method, path, _ := strings.Cut(key, " ")
		if at(op, "summary") == nil {
			lacks(key+": a summary", "the route's registration")
		}
		if at(op, "description") == nil {
			lacks(key+": a description", fmt.Sprintf("operationWords[%q]", method+" "+general(path)))
		}
		parameters, _ := at(op, "parameters").([]any)
		for _, p := range parameters {
			name := at(p, "name").(string)
			if at(p, "description") == nil {
				lacks(key+": parameter "+name, fmt.Sprintf("a doc tag or parameterWords[%q]", name))
			}
			for _, v := range wordless(at(p, "schema")) {
				lacks(fmt.Sprintf("%s: value %s of parameter %s", key, v, name), fmt.Sprintf("valueWords[%q]", name))
			}
		}
		if !hasExample(op) {
			lacks(key+": an example answer", "examples.json (go test ./api -run OpenAPI -update), or example tags on its fields")
		}
	}
	for name, schema := range at(document, "components.schemas").(map[string]any) {
		properties, _ := at(schema, "properties").(map[string]any)
		for property, s := range properties {
			if at(s, "description") == nil {
				lacks(name+"."+property+": words", fmt.Sprintf("a doc tag or fieldWords[%q]", name+"."+property))
			}
			for _, v := range wordless(s) {
				lacks(fmt.Sprintf("%s.%s: value %s", name, property, v), fmt.Sprintf("valueWords[its type, or %q]", property))
			}
		}
	}
	for _, where := range slices.Sorted(maps.Keys(missing)) {
		slices.Sort(missing[where])
		t.Errorf("write %s, for %s", where, strings.Join(missing[where], ", "))
	}
}

// wordless lists the values of a closed list, or of a list's items, that nothing is said of.
func wordless(schema any) []string {
	var values []string
	if items := at(schema, "items"); items != nil {
		values = wordless(items)
	}
	enum, _ := at(schema, "enum").([]any)
	words, _ := at(schema, "x-enum-descriptions").([]any)
	for i, v := range enum {
		if i >= len(words) || words[i] == "" {
			values = append(values, fmt.Sprint(v))
		}
	}
	return values
}

func hasExample(op any) bool {
	responses, _ := at(op, "responses").(map[string]any)
	for status, r := range responses {
		if content, _ := at(r, "content").(map[string]any); status[0] == '2' {
			for _, media := range content {
				if at(media, "example") != nil {
					return true
				}
			}
			if len(content) == 0 { // nothing to show
				return true
			}
		}
	}
	return false
}

// operations are those of a document by method and path.
func operations(document map[string]any) map[string]any {
	all := map[string]any{}
	for path, item := range document["paths"].(map[string]any) {
		for method, op := range item.(map[string]any) {
			all[strings.ToUpper(method)+" "+path] = op
		}
	}
	return all
}

// Examples of what no longer is would go on unnoticed.
func TestOpenAPI_noExamplesAreLeftOver(t *testing.T) {
	document := newWorld(t).get("/openapi.json")
	for _, key := range slices.Sorted(maps.Keys(recordedExamples())) {
		if operations(document)[key] == nil {
			t.Errorf("examples.json, %s: there is no such operation; run go test ./api -run OpenAPI -update", key)
		}
	}
}
