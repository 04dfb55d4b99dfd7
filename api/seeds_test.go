package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"giftline/api/webhooks"
	"giftline/domain"
)

// The providers' own samples, verbatim, in testdata/seeds: every one goes in over HTTP, signed by its provider's
// scheme, each with an id of its own, and testdata/seeds.txt says on which timeline it comes out and with which
// verdict. Where a page shows a schema only, the filled-in bodies of webhooks.Samples go the same way. At the end
// Resend's samples once more as they stand: they share one e-mail id, and most of them one millisecond.
func TestSeeds(t *testing.T) {
	w, sign := signedWorld(t)
	w.clock = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC) // after every sample
	var out strings.Builder
	for _, s := range seeds(t) {
		s.body = ownID(t, s.body, strings.ReplaceAll(s.name, "/", "-"))
		w.tell(t, &out, s, sign)
	}
	fmt.Fprintln(&out, "\n# Resend's samples as they stand")
	for _, s := range seeds(t) {
		if strings.HasPrefix(s.name, "resend-event-types/") {
			w.send(t, s, sign)
		}
	}
	for _, path := range []string{
		"/emails/56761188-7520-42d8-8898-ff6fc54ce618", "/inbound-emails/56761188-7520-42d8-8898-ff6fc54ce618",
		"/contacts/e169aa45-1ecf-4183-9955-b1499d5701d3", "/domains/d91cd9bd-1176-453e-8fc1-35364d380206",
	} {
		fmt.Fprintf(&out, "%s\n", path)
		w.print(t, &out, path)
	}
	golden(t, "seeds.txt", out.String())
}

type seed struct {
	name     string
	provider domain.Provider
	pathType string
	body     []byte
}

func seeds(t *testing.T) []seed {
	t.Helper()
	files, err := filepath.Glob("testdata/seeds/*/*.json")
	if err != nil || len(files) != 33 {
		t.Fatalf("%d seeds, want 33; error %v", len(files), err)
	}
	var all []seed
	for _, f := range files {
		body, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(strings.TrimSuffix(filepath.ToSlash(f), ".json"), "testdata/seeds/")
		all = append(all, seed{name, domain.Provider(name[:strings.IndexByte(name, '-')]), "", body})
	}
	for _, s := range webhooks.Samples() {
		all = append(all, seed{string(s.Provider) + "/" + s.Type, s.Provider, s.PathType, s.Body})
	}
	return all
}

// ownID gives a sample's subject an id of its own, wherever its provider keeps it.
func ownID(t *testing.T, body []byte, id string) []byte {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatal(err)
	}
	for _, where := range []struct{ object, field string }{
		{"", "send_gid"}, {"eventData", "giftId"}, {"eventData", "invoiceId"}, {"eventData", "id"},
		{"data", "email_id"}, {"data", "id"},
	} {
		object := v
		if where.object != "" {
			object, _ = v[where.object].(map[string]any)
		}
		if _, ok := object[where.field]; ok {
			object[where.field] = id
		}
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// signedWorld has every provider's default scheme, with secrets.
func signedWorld(t *testing.T) (*world, map[domain.Provider]*webhooks.Source) {
	t.Helper()
	sources := map[domain.Provider]*webhooks.Source{}
	var list []webhooks.Source
	for provider, secret := range map[domain.Provider]string{
		domain.Sendoso: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", domain.Resend: "whsec_plJ3nmyCDGBKInavdOK15jslMfKQ9r8G",
		domain.OpenSend: "whsec_-_rawTextNotBase64-_0123456789ab", domain.Snappy: testToken,
	} {
		s, err := webhooks.Open(webhooks.Source{Name: string(provider), Provider: provider, Secrets: []webhooks.Secret{{Value: secret}}})
		if err != nil {
			t.Fatal(err)
		}
		sources[provider] = s
		list = append(list, *s)
	}
	return newWorld(t, func(c *Config) { c.Sources = list }), sources
}

func (w *world) send(t *testing.T, s seed, sign map[domain.Provider]*webhooks.Source) map[string]any {
	t.Helper()
	path := "/webhooks/" + string(s.provider)
	if s.pathType != "" {
		path += "/" + s.pathType
	}
	deliveries++
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(string(s.body)))
	for name, values := range sign[s.provider].Sign(fmt.Sprintf("whd_%d_1", deliveries), w.time(), s.body) {
		r.Header[name] = values
	}
	out := httptest.NewRecorder()
	w.ServeHTTP(out, r)
	if out.Code != http.StatusOK {
		t.Fatalf("%s: %d %s", s.name, out.Code, out.Body)
	}
	return decoded(t, out)
}

func (w *world) tell(t *testing.T, out *strings.Builder, s seed, sign map[domain.Provider]*webhooks.Source) {
	t.Helper()
	answer := w.send(t, s, sign)
	fmt.Fprintf(out, "%s: %v", s.name, answer["result"])
	subject, ok := answer["subject"].(string)
	if !ok {
		fmt.Fprintln(out)
		return
	}
	fmt.Fprintf(out, " %s\n", subject)
	parts := strings.SplitN(subject, "/", 3)
	path := "/" + strings.ReplaceAll(parts[1], "_", "-") + "s/" + url.PathEscape(parts[2])
	w.print(t, out, path)
}

// print writes a timeline, a line each entry.
func (w *world) print(t *testing.T, out *strings.Builder, path string) {
	t.Helper()
	timeline := w.get(path + "/timeline")
	for _, e := range timeline["entries"].([]any) {
		entry := e.(map[string]any)
		fmt.Fprintf(out, "  %v %v", entry["at"], entry["event"])
		if entry["region"] != nil {
			fmt.Fprintf(out, " | %v %v -> %v", entry["region"], entry["from"], entry["to"])
		}
		fmt.Fprintf(out, " | %v", entry["verdict"])
		for _, extra := range []string{"reason", "inferred", "flags"} {
			if v := entry[extra]; v != nil && fmt.Sprint(v) != "[]" {
				fmt.Fprintf(out, " %s=%v", extra, v)
			}
		}
		fmt.Fprintln(out)
	}
	fmt.Fprintf(out, "  = status %v, delivery %v, phase %v\n", at(timeline, "state.status.state"), at(timeline, "state.delivery.state"), timeline["phase"])
}
