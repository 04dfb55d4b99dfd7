package api

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// declaredCodes are the constants in a folder whose type is the named one, or whose name begins with a prefix.
func declaredCodes(t *testing.T, folder, typeName, prefix string) []string {
	t.Helper()
	files, err := filepath.Glob(folder + "/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in %s: %v", folder, err)
	}
	var codes []string
	for _, file := range files {
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok || len(v.Values) != 1 || strings.HasSuffix(file, "_test.go") {
				return !ok
			}
			of, typed := v.Type.(*ast.Ident)
			text, _ := v.Values[0].(*ast.BasicLit)
			if text != nil && text.Kind == token.STRING && (typed && of.Name == typeName || !typed && prefix != "" && strings.HasPrefix(v.Names[0].Name, prefix)) {
				code, _ := strconv.Unquote(text.Value)
				codes = append(codes, code)
			}
			return true
		})
	}
	return codes
}

func TestProblems_everyCodeHasAPage(t *testing.T) {
	var declared []string
	declared = append(declared, declaredCodes(t, "../domain", "Code", "")...)
	declared = append(declared, declaredCodes(t, ".", "", "code")...)
	declared = append(declared, declaredCodes(t, "webhooks", "Refused", "")...)
	w := newWorld(t)
	for _, code := range declared {
		p := problemPages[code]
		if p.Status < 400 || p.Title == "" || p.What == "" || p.Do == "" {
			t.Errorf("problemPages[%q] is missing or lacks a status, a title, what happened or what to do", code)
			continue
		}
		page := decoded(t, w.do(http.MethodGet, "/problems/"+code, "", "Authorization", ""))
		for path, want := range map[string]any{"code": code, "type": "/problems/" + code, "status": p.Status, "title": p.Title, "what": p.What, "do": p.Do} {
			wantAt(t, page, path, want)
		}
	}
	wantProblem(t, w.do(http.MethodGet, "/problems/nobody", ""), 404, "not_found")
	if n := len(w.get("/problems")["problems"].([]any)); n != len(problemPages) {
		t.Errorf("%d problems listed, want %d", n, len(problemPages))
	}
}

func TestProblems_browsersGetAPage(t *testing.T) {
	w := newWorld(t)
	for accept, page := range map[string]bool{
		"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": true, "text/html": true,
		"": false, "*/*": false, "application/json": false, "application/json, text/html": false, "\xff;,": false,
	} {
		for path, says := range map[string]string{"/problems": "no_secret", "/problems/not_found": "What to do"} {
			out := w.do(http.MethodGet, path, "", "Accept", accept, "Authorization", "")
			if page != strings.HasPrefix(out.Header().Get("Content-Type"), "text/html") || out.Header().Get("Vary") != "Accept" {
				t.Errorf("%s, Accept %q: %s", path, accept, out.Header().Get("Content-Type"))
			}
			if page && !strings.Contains(out.Body.String(), says) {
				t.Errorf("%s lacks %q", path, says)
			}
		}
	}
}

// What a request holds is not repeated in the answer that refuses it: not the values of a body nor its names, and no
// parameter's value.
func TestProblems_repeatNothing(t *testing.T) {
	w := newWorld(t)
	w.receive("/webhooks/snappy", gift("g", "opened", "2025-01-15T14:44:00Z"))
	w.receive("/webhooks/typed", `{"send_gid":"s1","status_changed_at":"2025-01-15T14:44:00Z"}`)
	retry := "/unresolved/" + at(w.get("/unresolved"), "deliveries.0.id").(string) + "/retry"
	for _, c := range []struct{ method, target, body string }{
		{"POST", retry, `{"sEcReT":1}`}, {"POST", retry, `{"event_type":{"sEcReT":1}}`}, {"POST", retry, `{"event_type":"sEcReT\u0000"}`},
		{"POST", retry, `sEcReT`}, {"POST", retry, `{"a":sEcReT}`}, {"POST", retry, `["sEcReT"]`},
		{"GET", "/gifts/g?as_of=sEcReT", ""}, {"GET", "/gifts/g?provider=sEcReT", ""}, {"GET", "/gifts/g?unknown=sEcReT", ""},
		{"GET", "/gifts/g?omit=sEcReT", ""}, {"GET", "/gifts/g/timeline?cursor=sEcReT", ""}, {"GET", "/illegal-transitions?limit=sEcReT", ""},
		{"GET", "/gifts/sEcReT", ""}, {"GET", "/machines/sEcReT", ""}, {"GET", "/problems/sEcReT", ""}, {"GET", "/sEcReT", ""},
		{"POST", "/webhooks/sEcReT", ""},
	} {
		out := w.do(c.method, c.target, c.body)
		if out.Code < 400 || strings.Contains(out.Body.String(), "sEcReT") {
			t.Errorf("%s %s %s: %d %s", c.method, c.target, c.body, out.Code, out.Body)
		}
	}
}
