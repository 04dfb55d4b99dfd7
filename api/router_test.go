package api

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"giftline/domain"
)

// needsNoKey lists the open routes; every other one, whenever it is added, must refuse.
func needsNoKey(path string) bool {
	switch path {
	case "/", "/healthz", "/readyz", "/openapi.json", "/docs", "/docs/style.css", "/problems", "/problems/:code":
		return true
	}
	return strings.HasPrefix(path, "/webhooks/")
}

// pathValue is where gin's paths have a value.
var pathValue = regexp.MustCompile(`:(\w+)`)

func TestRouter_everyRouteNeedsAKey(t *testing.T) {
	w := newWorld(t)
	key, _, hash := Mint()
	if err := w.disk.AddKey(t.Context(), domain.Key{ID: "test", Name: "test", Hash: hash, Scopes: domain.Scopes(), Personal: true}); err != nil {
		t.Fatal(err)
	}
	unknown, _, _ := Mint()
	keys := []struct {
		name, header string
		ok           bool
	}{
		{"none", "", false}, {"bootstrap", "Bearer " + testKey, true}, {"lower-case scheme", "bearer " + testKey, true},
		{"stored", "Bearer " + key, true}, {"unknown", "Bearer " + unknown, false}, {"basic", "Basic " + testKey, false},
		{"prefix of a key", "Bearer " + testKey[:20], false}, {"mistyped", "Bearer " + key[:len(key)-1] + "!", false},
		{"empty", "Bearer ", false}, {"bare", testKey, false},
	}
	for _, route := range w.engine.Routes() {
		path := pathValue.ReplaceAllString(route.Path, "x")
		for _, k := range keys {
			out := w.do(route.Method, path, "", "Authorization", k.header)
			if refused := out.Code == 401 && !strings.HasPrefix(path, "/webhooks"); refused == (k.ok || needsNoKey(route.Path)) {
				t.Errorf("%s %s with key %s: %d", route.Method, path, k.name, out.Code)
			}
			if out.Code >= 500 {
				t.Errorf("%s %s: %d %s", route.Method, path, out.Code, out.Body)
			}
		}
	}
	out := w.do(http.MethodGet, "/gifts/x", "", "Authorization", "")
	wantProblem(t, out, 401, "unauthorized")
	if out.Header().Get("WWW-Authenticate") != "Bearer" {
		t.Error("no WWW-Authenticate")
	}
}

func TestRouter_nothingThere(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		method, path string
		status       int
		code         string
	}{
		{"GET", "/nowhere", 404, "no_route"},
		{"GET", "/gifts/x/", 404, "no_route"},
		{"GET", "/gifts/", 404, "no_route"},
		{"GET", "/gifts//timeline", 404, "no_route"},
		{"GET", "//", 404, "no_route"},
		{"GET", "/gifts/x/timeline/", 404, "no_route"},
		{"GET", "/Gifts/x", 404, "no_route"},
		{"GET", "/machines/", 404, "no_route"},
		{"GET", "/../gifts/x", 404, "no_route"},
		{"POST", "/webhooks", 404, "no_route"},
		{"POST", "/webhooks/", 404, "no_route"},
		{"POST", "/webhooks/snappy/", 404, "no_route"},
		{"POST", "/webhooks//x", 404, "no_route"},
		{"POST", "/webhooks/snappy/x/y", 404, "no_route"},
		{"GET", "/webhooks/snappy", 405, "method_not_allowed"},
		{"HEAD", "/gifts/x", 405, "method_not_allowed"},
		{"DELETE", "/gifts/x", 405, "method_not_allowed"},
		{"OPTIONS", "/webhooks/snappy", 405, "method_not_allowed"},
		{"POST", "/healthz", 405, "method_not_allowed"},
		{"CONNECT", "/healthz", 405, "method_not_allowed"},
		{strings.Repeat("X", 500), "/healthz", 405, "method_not_allowed"},
	} {
		t.Run(c.method[:3]+" "+c.path, func(t *testing.T) {
			out := w.do(c.method, c.path, "")
			wantProblem(t, out, c.status, c.code)
			if out.Header().Get("Location") != "" {
				t.Error("redirected")
			}
			if c.status == 405 && out.Header().Get("Allow") == "" {
				t.Error("no Allow")
			}
		})
	}
}

func TestRouter_open(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/healthz", "/readyz"} {
		if out := w.do(http.MethodHead, path, "", "Authorization", ""); out.Code != 200 {
			t.Errorf("HEAD %s: %d", path, out.Code)
		}
		wantAt(t, w.get(path), "status", "ok")
	}
	wantAt(t, w.get("/"), "openapi", "/openapi.json")
}

func TestRouter_documentsEveryRoute(t *testing.T) {
	w := newWorld(t)
	document := w.get("/openapi.json")
	wantAt(t, document, "openapi", "3.1.0")
	paths := document["paths"].(map[string]any)
	for _, route := range w.engine.Routes() {
		path := pathValue.ReplaceAllString(route.Path, "{$1}")
		op, ok := at(paths[path], strings.ToLower(route.Method)).(map[string]any)
		switch {
		case path == "/openapi.json" || strings.HasPrefix(path, "/docs") || route.Method == http.MethodHead:
		case !ok:
			t.Errorf("%s %s is not documented", route.Method, path)
		case needsNoKey(route.Path) != (fmt.Sprint(op["security"]) == "[map[]]"):
			t.Errorf("%s %s: security %v", route.Method, path, op["security"])
		}
	}
	wantAt(t, document, "paths./webhooks/{source}.post.operationId", "post-webhooks-source")
	for i, parameter := range []string{"source path true", "event_type path true", "token query false", "X-Webhook-Token header false", "X-Event-Type header false"} {
		p := at(paths["/webhooks/{source}/{event_type}"], fmt.Sprintf("post.parameters.%d", i))
		if got := fmt.Sprint(at(p, "name"), " ", at(p, "in"), " ", at(p, "required") == true); got != parameter {
			t.Errorf("parameter %d of a webhook is %s, want %s", i, got, parameter)
		}
	}
	wantAt(t, paths["/webhooks/{source}"], "post.requestBody.required", true)
	wantAt(t, document, "components.schemas.Entry.properties.at.format", "date-time")
	wantAt(t, document, "components.schemas.RegionState.properties.since.format", "date-time")
	wantAt(t, document, "components.schemas.RegionState.properties.since.type.1", "null")
	wantAt(t, document, "components.schemas.Settle.properties.subject_id.minLength", 1)
	wantAt(t, document, "components.schemas.Entry.properties.flags.type", "array")
	wantAt(t, document, "components.schemas.AnswerState.type.1", "null")
	wantAt(t, document, "components.schemas.Timeline.additionalProperties", true)
	wantAt(t, document, "components.schemas.Settle.additionalProperties", false)
	text := w.do(http.MethodGet, "/openapi.json", "").Body.String()
	if strings.Contains(text, "$schema") {
		t.Error("answers carry $schema")
	}
	if at(document, "components.schemas.Timeline.properties.entries.type") != "array" {
		t.Errorf("entries may be null: %v", at(document, "components.schemas.Timeline.properties.entries"))
	}
}

// TestDocument_closedLists compares the lists in the document with the constants of domain.
func TestDocument_closedLists(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../domain/words.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	declared := map[string][]any{}
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && v.Type != nil {
			name := v.Type.(*ast.Ident).Name
			if word, _ := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value); word != "" {
				declared[name] = append(declared[name], word)
			}
		}
		return true
	})
	document := newWorld(t).get("/openapi.json")
	for property, c := range map[string]struct {
		typeName string
		null     bool
	}{
		"Entry.properties.verdict": {"Verdict", false}, "Answer.properties.result": {"Result", false}, "Answer.properties.verdict": {"Verdict", true},
		"Entry.properties.reason": {"Reason", true}, "Entry.properties.time_quality": {"TimeQuality", false}, "LedgerEntry.properties.verdict": {"Verdict", false},
		"Entry.properties.region": {"Region", true}, "RegionView.properties.region": {"Region", false}, "Timeline.properties.phase": {"Phase", true},
		"ParkedBody.properties.result": {"Result", false},
	} {
		want := declared[c.typeName]
		if c.null {
			want = append(slices.Clone(want), nil)
		}
		if diff := cmp.Diff(want, at(document, "components.schemas."+property+".enum")); diff != "" {
			t.Errorf("%s (-declared +documented):\n%s", property, diff)
		}
	}
}

func TestServer_isHardened(t *testing.T) {
	s := Server(":0", http.NotFoundHandler(), nil)
	for name, d := range map[string]time.Duration{
		"header": s.ReadHeaderTimeout, "read": s.ReadTimeout, "write": s.WriteTimeout, "idle": s.IdleTimeout,
	} {
		if d <= 0 {
			t.Errorf("no %s timeout", name)
		}
	}
	if s.WriteTimeout <= trackTime {
		t.Error("a delivery may take longer than its answer")
	}
	if s.MaxHeaderBytes != 32<<10 {
		t.Errorf("headers of %d bytes", s.MaxHeaderBytes)
	}
}

func TestEdge_logsWithoutSecrets(t *testing.T) {
	w := newWorld(t)
	w.receive("/webhooks/snappy?token="+testToken+"&x=query-secret", gift("body-secret", "opened", "2025-01-15T14:44:00Z"))
	w.do(http.MethodGet, "/gifts/path-secret?provider=query-secret", "")
	w.do(http.MethodPost, "/webhooks/snappy", "x", "X-Webhook-Token", "wrong-secret")
	log := w.logs.String()
	for _, secret := range []string{testToken, testKey, "body-secret", "path-secret", "query-secret", "wrong-secret"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %s:\n%s", secret, log)
		}
	}
	for _, want := range []string{
		`"route":"/webhooks/:source"`, `"route":"/gifts/:id"`, `"source":"snappy"`, `"status":200`, `"status":401`, `"request_id":"req_`, `bad_signature`, `"took_ms":`,
	} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s:\n%s", want, log)
		}
	}
}

func TestEdge_doesNotHonourForeignRequestIDs(t *testing.T) {
	w := newWorld(t)
	out := w.do(http.MethodGet, "/healthz", "", "X-Request-Id", "forged")
	if id := out.Header().Get("X-Request-Id"); !strings.HasPrefix(id, "req_") {
		t.Errorf("request id %q", id)
	}
}

func TestStrict_refusesWhatWouldBeIgnored(t *testing.T) {
	w := newWorld(t)
	w.receive("/webhooks/snappy", gift("g", "opened", "2025-01-15T14:44:00Z"))
	for _, query := range []string{
		"unknown=1", "as_of=", "as_of", "as_of=yesterday", "as_of=2025-01-15T14:44:00+02:00", "as_of=%zz", "a;b",
		"provider=snappy&provider=sendoso", "provider=nobody", "known_at=2025-13-01T00:00:00Z", "provider=snappy&x=%00",
	} {
		p := wantProblem(t, w.do(http.MethodGet, "/gifts/g?"+query, ""), 422, "invalid")
		if errs, ok := p["errors"].([]any); ok {
			for _, e := range errs {
				if e.(map[string]any)["value"] != nil {
					t.Errorf("%s: the value is echoed: %v", query, e)
				}
			}
		}
	}
	for _, query := range []string{"omit=everything", "cursor=foreign", "cursor=%FF", "limit=1"} {
		wantProblem(t, w.do(http.MethodGet, "/gifts/g/timeline?"+query, ""), 422, "invalid")
	}
	for _, query := range []string{"limit=0", "limit=1001", "limit=x", "cursor=foreign", "history=2"} {
		wantProblem(t, w.do(http.MethodGet, "/illegal-transitions?"+query, ""), 422, "invalid")
	}
}

// huma's negotiation runs out of the header's bounds on some of these.
func TestStrict_anyAcceptHeader(t *testing.T) {
	w := newWorld(t)
	for _, accept := range []string{"a;,b", ";", ",", "a;", "application/json;,", "text/html", "application/cbor", "*/*;q=", "\xff;,\xff"} {
		if out := w.do(http.MethodGet, "/machines", "", "Accept", accept); out.Code != 200 || out.Header().Get("Content-Type") != "application/json" {
			t.Errorf("Accept %q: %d %s", accept, out.Code, out.Header().Get("Content-Type"))
		}
	}
}
