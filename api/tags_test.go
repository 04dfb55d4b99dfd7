package api

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Who has an answer is told that it stands as long as its bytes would be the same, on any replica, and no longer.
func TestTags(t *testing.T) {
	w := newWorld(t)
	w.receive("/webhooks/snappy", gift("g", "unopened", "2025-01-15T10:00:00Z"))
	n := 0
	replica := New(Config{Tracker: w.tracker, Reader: w.reader, Store: w.disk, Machines: w.machines, BootstrapKey: testKey, Now: w.time})
	for _, path := range []string{
		"/gifts/g", "/gifts/g/timeline", "/gifts/g/transitions", "/gifts/g/illegal-transitions", "/gifts/g?as_of=2025-01-15T12:00:00Z", "/events",
	} {
		t.Run(path, func(t *testing.T) {
			first := w.do(http.MethodGet, path, "")
			tag := first.Header().Get("ETag")
			if first.Code != 200 || !strings.HasPrefix(tag, `W/"`) || first.Header().Get("Cache-Control") != "private, no-cache" || first.Header().Get("Vary") != "Authorization" {
				t.Fatalf("%d %v", first.Code, first.Header())
			}
			for _, same := range []string{tag, strings.TrimPrefix(tag, "W/"), `"x", ` + tag + `,W/"y"`, "*"} {
				r := httptest.NewRequest(http.MethodGet, path, nil)
				r.Header = http.Header{"Authorization": {"Bearer " + testKey}, "If-None-Match": {same}}
				out := httptest.NewRecorder()
				replica.ServeHTTP(out, r)
				if out.Code != 304 || out.Body.Len() > 0 || out.Header().Get("ETag") != tag || out.Header().Get("Content-Type") != "" {
					t.Errorf("%s: %d %q %v", same, out.Code, out.Body, out.Header())
				}
			}
			for _, other := range []string{"", `W/"x"`, "x", `"` + tag} {
				if out := w.do(http.MethodGet, path, "", "If-None-Match", other); out.Code != 200 || out.Body.String() != first.Body.String() {
					t.Errorf("%q: %d", other, out.Code)
				}
			}
			n++
			w.receive("/webhooks/snappy", gift("g", "claimed", fmt.Sprintf("2025-01-15T09:00:%02dZ", n))) // illegal, or a note
			fresh := w.do(http.MethodGet, path, "").Body.String()
			want := map[bool]int{true: 304, false: 200}[fresh == first.Body.String()]
			if out := w.do(http.MethodGet, path, "", "If-None-Match", tag); out.Code != want {
				t.Errorf("after another event: %d, want %d", out.Code, want)
			}
			if want == 304 && !strings.HasSuffix(path, "transitions") {
				t.Error("the event changed nothing")
			}
		})
	}
	out := w.do(http.MethodGet, "/gifts/nobody", "", "If-None-Match", "*")
	wantProblem(t, out, 404, "not_found")
	if out.Header().Get("ETag") != "" || out.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("a problem may be kept: %v", out.Header())
	}
	document := w.get("/openapi.json")
	wantAt(t, document["paths"].(map[string]any)["/gifts/{id}/timeline"], "get.responses.304.headers.ETag.schema.type", "string")
}
