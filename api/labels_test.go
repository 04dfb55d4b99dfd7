package api

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// putLabels sets labels that must be taken.
func (w *world) putLabels(path, body string) map[string]any {
	w.t.Helper()
	out := w.do(http.MethodPut, path, body)
	if out.Code != http.StatusOK {
		w.t.Fatalf("PUT %s: %d %s", path, out.Code, out.Body)
	}
	return decoded(w.t, out)
}

func TestLabels(t *testing.T) {
	w := withStories(t)
	path := "/gifts/gft_1/labels"
	wantAt(t, w.get(path), "subject.id", "gft_1")
	for _, target := range []string{path, "/gifts/gft_1", "/gifts/gft_1/timeline", "/gifts?id=gft_1"} {
		v := w.get(target)
		if subjects, list := v["subjects"].([]any); list {
			v = subjects[0].(map[string]any)
		}
		if l, has := v["labels"]; !has || l != nil {
			t.Errorf("%s shows labels %v where there are none", target, l)
		}
	}
	set := w.putLabels(path, `{"reference":"MINE","labels":{"owner":"ann","team":"x","none":""},"expires_at":"2025-03-01T01:00:00+01:00"}`)
	for _, v := range []map[string]any{set, w.get(path), w.get("/gifts/gft_1"), w.get("/gifts/gft_1/timeline"), w.get("/gifts?reference=MINE")["subjects"].([]any)[0].(map[string]any)} {
		wantAt(t, v, "labels.reference", "MINE")
		wantAt(t, v, "labels.labels", "map[owner:ann team:x]")
		wantAt(t, v, "labels.expires_at", "2025-03-01T00:00:00.000000Z")
		wantAt(t, v, "labels.updated_at", "2025-02-01T12:07:00.000000Z")
		wantAt(t, v, "labels.by", "bootstrap")
	}
	for _, target := range []string{"/gifts/gft_1", "/gifts/gft_1/timeline"} {
		wantAt(t, w.get(target), "subject.reference", "REF-1") // what the events tell stays
		past := w.get(target + "?known_at=2025-02-01T12:06:59Z")
		wantAt(t, past, "labels", nil)
		wantAt(t, w.get(target+"?known_at=2025-02-01T12:07:00Z"), "labels.reference", "MINE")
	}
	wantAt(t, w.get("/gifts?reference=REF-1"), "subjects", "[]")

	w.pass(time.Minute)
	w.putLabels(path, `{"reference":null,"labels":{"team":"y"}}`)
	v := w.get(path)
	wantAt(t, v, "labels.reference", nil)
	wantAt(t, v, "labels.labels", "map[team:y]")
	wantAt(t, v, "labels.expires_at", nil)
	wantAt(t, w.get("/gifts?reference=REF-1"), "subjects.0.subject.id", "gft_1")
	if v := w.putLabels(path, `{}`); v["labels"] != nil {
		t.Errorf("removed, and still there: %v", v)
	}
}

func TestLabels_whoIsMeant(t *testing.T) {
	w := newWorld(t)
	w.receive("/webhooks/snappy", gift("twice", "opened", "2025-01-15T14:44:00Z"))
	w.receive("/webhooks/typed/send.shipped", `{"send_gid":"twice","status_changed_at":"2025-01-15T14:44:00Z"}`)
	for _, method := range []string{http.MethodGet, http.MethodPut} {
		p := wantProblem(t, w.do(method, "/gifts/twice/labels", "{}"), 409, "ambiguous")
		wantAt(t, p, "providers", "[snappy sendoso]")
		wantProblem(t, w.do(method, "/gifts/nobody/labels", "{}"), 404, "not_found")
	}
	w.putLabels("/gifts/twice/labels?provider=sendoso", `{"reference":"R"}`)
	wantAt(t, w.get("/sends/twice/labels"), "labels.reference", "R")
	wantAt(t, w.get("/gifts/twice/labels?provider=snappy"), "labels", nil)
}

func TestLabels_refuses(t *testing.T) {
	w := withStories(t)
	long, many := strings.Repeat("x", 513), ""
	for i := range 51 {
		many += `"k` + strings.Repeat("i", i) + `":"v",`
	}
	for _, c := range []struct {
		name, body string
		status     int
	}{
		{"not JSON", `{`, 400},
		{"nothing", ``, 400},
		{"a list", `[]`, 422},
		{"unknown field", `{"note":"SECRET"}`, 422},
		{"reference too long", `{"reference":"` + long + `"}`, 422},
		{"reference of too many bytes", `{"reference":"` + strings.Repeat("é", 300) + `"}`, 422},
		{"reference with NUL", `{"reference":"SECRET\u0000"}`, 422},
		{"labels that are no texts", `{"labels":{"a":1}}`, 422},
		{"nameless label", `{"labels":{"":"SECRET"}}`, 422},
		{"label's name too long", `{"labels":{"` + strings.Repeat("n", 65) + `":"SECRET"}}`, 422},
		{"label too long", `{"labels":{"a":"` + long + `"}}`, 422},
		{"label with NUL", `{"labels":{"a":"SECRET\u0000"}}`, 422},
		{"too many labels", `{"labels":{` + strings.TrimSuffix(many, ",") + `}}`, 422},
		{"no time", `{"expires_at":"SECRET"}`, 422},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := w.do(http.MethodPut, "/gifts/gft_1/labels", c.body)
			wantProblem(t, out, c.status, "invalid")
			if strings.Contains(out.Body.String(), "SECRET") || strings.Contains(out.Body.String(), "xxxx") {
				t.Errorf("echoed: %s", out.Body)
			}
		})
	}
	wantAt(t, w.get("/gifts/gft_1/labels"), "labels", nil)
}
