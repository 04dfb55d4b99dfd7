package api

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"giftline/api/webhooks"
	"giftline/domain"
)

func TestMaskJSON(t *testing.T) {
	for in, want := range map[string]string{
		`{"recipient":"jane@example.com","n":1.50,"a":[],"b":{},"c":null,"d":true}`: `{"recipient":"j***@example.com","n":1.50,"a":[],"b":{},"c":null,"d":true}`,
		`{"recipient":"Jane Doe"}`: `{"recipient":"***"}`,
		`{"recipient":null}`:       `{"recipient":null}`,
		`{"id":"jane@example.com","name":"dashboard","from":"opened","to":"claimed"}`: `{"id":"j***@example.com","name":"dashboard","from":"opened","to":"claimed"}`,
		`"550 5.1.1 <jane.doe@example.com>: unknown"`:                                 `"550 5.1.1 <j***@example.com>: unknown"`,
		`"https://x.example/u/1?e=jane%40example.com&t=2"`:                            `"https://x.example/u/1?e=j***%40example.com&t=2"`,
		`"a@example.com, élise@exämple.com; \"jane doe\"@example.com"`:                `"***@example.com, é***@exämple.com; j***@example.com"`,
		`"a/b=c@example.com"`:    `"a***@example.com"`,
		`"@jane 100% of it"`:     `"@jane 100% of it"`,
		`{"jane@example.com":1}`: `{"j***@example.com":1}`,
		`{"data":{"to":["Jane Doe <jane@example.com>","Jane"],"subject":"hello"}}`:                                `{"data":{"to":["j***@example.com","***"],"subject":"hello"}}`,
		`{"data":{"name":"example.com","records":[{"name":"send","value":"p=1"}]}}`:                               `{"data":{"name":"example.com","records":[{"name":"send","value":"p=1"}]}}`,
		`{"data":{"name":"Jane Doe","contact":{"first_name":"Jane","name":"J","id":"c1"}}}`:                       `{"data":{"name":"***","contact":{"first_name":"***","name":"***","id":"c1"}}}`,
		`{"data":{"click":{"ipAddress":"203.0.113.7","userAgent":"Mozilla","link":"https://x"}}}`:                 `{"data":{"click":{"ipAddress":"***","userAgent":"***","link":"https://x"}}}`,
		`{"data":{"ip":"203.0.113.7","user_agent":"Mozilla","phone":123,"email_id":"e1"}}`:                        `{"data":{"ip":"***","user_agent":"***","phone":"***","email_id":"e1"}}`,
		`{"data":{"shippingAddress":{"line1":"1 Road","floor":3,"ok":true,"deep":[{"x":"y"}]}}}`:                  `{"data":{"shippingAddress":{"line1":"***","floor":"***","ok":true,"deep":[{"x":"***"}]}}}`,
		`{"metadata":{"internalReferenceId":"REF","Recipient_Name":"Jane","mail":"jane@example.com"}}`:            `{"metadata":{"internalReferenceId":"REF","Recipient_Name":"***","mail":"j***@example.com"}}`,
		`{"labels":{"labels":{"owner":"ann","phone":"1","recipient_name":"Jane"},"by":"k1"}}`:                     `{"labels":{"labels":{"owner":"ann","phone":"***","recipient_name":"***"},"by":"k1"}}`,
		`{"data":{"recipients":[{"email":"jane@example.com","reason":"bounced"}],"thankYouNote":"Thanks, Jane"}}`: `{"data":{"recipients":[{"email":"j***@example.com","reason":"bounced"}],"thankYouNote":"***"}}`,
	} {
		got, err := maskJSON([]byte(in))
		if string(got) != want || err != nil {
			t.Errorf("%s\n%s, error %v, want\n%s", in, got, err, want)
		}
	}
	for _, broken := range []string{"", "{", `{"a"`, `[1,`, `{"a":tru}`} {
		if got, err := maskJSON([]byte(broken)); err == nil {
			t.Errorf("%q is passed as %s", broken, got)
		}
	}
}

// Whatever a provider's samples hold, nothing that tells of a person reaches a key without the grant, by any route.
func TestMask_everySample(t *testing.T) {
	w := newWorld(t)
	for _, s := range webhooks.Samples() {
		path := "/webhooks/" + string(s.Provider)
		if s.Provider == domain.Sendoso {
			path = "/webhooks/typed/" + s.PathType
		}
		w.receive(path, string(s.Body))
	}
	masked := w.key(domain.Key{Scopes: domain.Scopes()})
	granted := w.key(domain.Key{Scopes: domain.Scopes(), Personal: true})
	traces := []string{"steve", "wozniak", "alex@", "blocked@", "delivered@", "support@", "203.0.113.7", "122.115.53.11", "mozilla", "i love it"}
	seen := map[string]bool{}
	for _, route := range guardedRoutes(w) {
		_, path, _ := strings.Cut(route, " ")
		if !strings.HasPrefix(route, "GET ") || strings.Contains(path, "/machines") {
			continue
		}
		for _, path := range everyPath(w, path) {
			hidden, shown := w.do("GET", path, "", "Authorization", masked), w.do("GET", path, "", "Authorization", granted)
			if hidden.Code != shown.Code || hidden.Code >= 500 {
				t.Errorf("%s: %d and %d", path, hidden.Code, shown.Code)
			}
			for _, trace := range traces {
				seen[trace] = seen[trace] || strings.Contains(strings.ToLower(shown.Body.String()), trace)
				if strings.Contains(strings.ToLower(hidden.Body.String()), trace) {
					t.Errorf("%s shows %q: %s", path, trace, hidden.Body)
				}
			}
		}
	}
	for _, trace := range traces {
		if !seen[trace] {
			t.Errorf("no answer holds %q at all", trace)
		}
	}
}

// everyPath fills a route's parameter with every subject and every parked delivery there is.
func everyPath(w *world, path string) (paths []string) {
	segment, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if !strings.Contains(path, ":") {
		return []string{path}
	}
	for _, id := range w.everyID(segment) {
		paths = append(paths, strings.Replace(path, ":id", id, 1)+"?provider="+string(domain.Resend), strings.Replace(path, ":id", id, 1))
	}
	return paths
}

func (w *world) everyID(segment string) (ids []string) {
	w.t.Helper()
	for _, p := range w.parkedRoutes() {
		found, _, err := w.disk.ParkedList(w.t.Context(), p.result, "", 0)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, d := range found {
			if p.name == segment {
				ids = append(ids, d.ID)
			}
		}
	}
	changes, _, err := w.disk.Changes(w.t.Context(), "", 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, s := range w.subjectRoutes() {
		for _, c := range changes {
			for _, candidate := range s.candidates {
				if s.plural == segment && c.Subject.Provider == candidate.Provider && c.Subject.Kind == candidate.Kind {
					ids = append(ids, strings.ReplaceAll(c.Subject.ID, "/", "%2F"))
				}
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// Who knows an address may ask what became of it, and is shown it masked.
func TestMask_suppressionByAddress(t *testing.T) {
	w := newWorld(t)
	w.receive("/webhooks/resend", `{"type":"suppression.added","created_at":"2025-01-15T14:44:00Z","data":{"email":"jane@example.com","origin":"bounce"}}`)
	masked := w.key(domain.Key{Scopes: []domain.Scope{"read"}})
	v := decoded(t, w.do("GET", "/suppressions/jane@example.com/timeline", "", "Authorization", masked))
	want := map[string]any{
		"provider": "resend", "kind": "suppression", "id": "j***@example.com", "source": "resend", "company_id": nil, "reference": nil,
		"recipient": "j***@example.com", "metadata": nil,
	}
	if diff := cmp.Diff(want, v["subject"]); diff != "" {
		t.Error(diff)
	}
	wantProblem(t, w.do("GET", "/suppressions/j***@example.com", "", "Authorization", masked), 404, "not_found")
}

// A search does not tell letter by letter what is masked.
func TestMask_search(t *testing.T) {
	w := newWorld(t)
	w.receive("/webhooks/snappy", gift("jane@example.com", "opened", "2025-01-15T14:44:00Z"))
	masked, granted := w.key(domain.Key{Scopes: domain.Scopes()}), w.key(domain.Key{Scopes: domain.Scopes(), Personal: true})
	for _, one := range []struct {
		key, q string
		found  bool
	}{{granted, "ja", true}, {masked, "ja", false}, {masked, "jane@example.com", true}} {
		out := w.do("GET", "/gifts?q="+one.q, "", "Authorization", one.key)
		if strings.Contains(out.Body.String(), "gift-status") || strings.Contains(out.Body.String(), `"phase"`) != one.found {
			t.Errorf("q=%s: %s", one.q, out.Body)
		}
	}
}
