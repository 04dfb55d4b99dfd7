package api

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

var link = regexp.MustCompile(`(?:href|src)="([^"]*)"`)

// Pages work offline and under the strictest policy: no script, no style in the text, nothing from elsewhere.
func TestPages_needNothingFromElsewhere(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/docs", "/problems", "/problems/invalid"} {
		out := w.do(http.MethodGet, path, "", "Accept", "text/html", "Authorization", "")
		text := out.Body.String()
		if out.Code != 200 || out.Header().Get("Content-Type") != "text/html; charset=utf-8" {
			t.Fatalf("%s: %d %s", path, out.Code, out.Header().Get("Content-Type"))
		}
		if policy := out.Header().Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'; style-src 'self';") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %q", path, policy)
		}
		for _, forbidden := range []string{"<script", "<style", " style=", "javascript:", " onclick", "<iframe", "<img"} {
			if strings.Contains(strings.ToLower(text), forbidden) {
				t.Errorf("%s holds %s", path, forbidden)
			}
		}
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			anchor, local := strings.CutPrefix(m[1], "#")
			switch {
			case local && !strings.Contains(text, `id="`+anchor+`"`):
				t.Errorf("%s links to %s, which it does not have", path, m[1])
			case !local && w.do(http.MethodGet, m[1], "", "Authorization", "").Code != 200:
				t.Errorf("%s links to %s, which is not there", path, m[1])
			}
		}
	}
}

func TestDocs_showEverything(t *testing.T) {
	w := newWorld(t)
	wantAt(t, w.get("/"), "docs", "/docs")
	text := w.do(http.MethodGet, "/docs", "", "Authorization", "").Body.String()
	document := w.get("/openapi.json")
	for key, op := range operations(document) {
		if !strings.Contains(text, `<details id="`+at(op, "operationId").(string)+`">`) {
			t.Errorf("%s is not shown", key)
		}
	}
	for name := range at(document, "components.schemas").(map[string]any) {
		if !strings.Contains(text, `<section id="schema-`+name+`">`) {
			t.Errorf("schema %s is not shown", name)
		}
	}
	for _, want := range []string{
		"curl -sS -H &#34;Authorization: Bearer $GIFTLINE_API_KEY&#34; &#39;https://hooks.example.com/gifts/",
		"&#39;https://hooks.example.com/stats/funnel?machine=snappy.gift&#39;", "&#39;https://hooks.example.com/stats/dwell?machine=snappy.gift&#39;",
		"X-Webhook-Token: $GIFTLINE_SNAPPY_SECRET", "giftline trigger sendoso.send.shipped", "-d &#39;{}&#39;",
		"<dt><code>order_unknown</code></dt>", "<dt><code>after_final</code></dt>", "at most 1000", "null",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}

// What the page shows to paste is taken as it is.
func TestDocs_examplesAreTaken(t *testing.T) {
	w := newWorld(t)
	w.receive("/webhooks/snappy", gift("gft_12345", "claimed", "2025-01-15T14:44:00Z"))
	document := operations(w.get("/openapi.json"))
	for key, target := range map[string]string{
		"POST /keys": "/keys", "PUT /gifts/{id}/labels": "/gifts/gft_12345/labels",
		"POST /webhooks/{source}": "/webhooks/snappy",
	} {
		sent, err := json.Marshal(at(document[key], "requestBody.content.application/json.example"))
		method, _, _ := strings.Cut(key, " ")
		if out := w.do(method, target, string(sent)); err != nil || out.Code/100 != 2 {
			t.Errorf("%s with %s: %d %s", key, sent, out.Code, out.Body)
		}
	}
}

func TestPages_style(t *testing.T) {
	out := newWorld(t).do(http.MethodGet, "/docs/style.css", "", "Authorization", "")
	if out.Code != 200 || out.Header().Get("Content-Type") != "text/css; charset=utf-8" || out.Body.Len() == 0 {
		t.Errorf("%d %s", out.Code, out.Header().Get("Content-Type"))
	}
}
