package api

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"giftline/domain"
)

// send44 is how Sendoso writes gid://sendoso/Send/44.
const send44 = "Z2lkOi8vc2VuZG9zby9TZW5kLzQ0"

// withStories has a few subjects at four providers, a minute between them.
func withStories(t *testing.T) *world {
	w := newWorld(t)
	for _, webhook := range []struct{ path, body string }{
		{"snappy", snappyGift("gft_1", "unopened", "2025-01-15T09:00:00Z", "com_1", `{"internalReferenceId":"REF-1","team":"a"}`)},
		{"snappy", snappyGift("gft_2", "claimed", "2025-01-15T10:00:00Z", "com_2", `{"internalReferenceId":"REF-2","team":"b"}`)},
		{"snappy", snappyGift("gft_3", "claimed", "2025-01-15T11:00:00Z", "com_1", `{"team":"a","n":7}`)},
		{"snappy", snappyGift("gft_3", "unopened", "2025-01-15T12:00:00Z", "com_1", `{"team":"a","n":7}`)},
		{"typed/send.shipped", `{"send_gid":"` + send44 + `","status_changed_at":"2025-01-15T12:00:00Z"}`},
		{"resend", `{"type":"email.delivered","created_at":"2025-01-15T10:00:00Z","data":{"email_id":"eml_1","to":["ann@example.com"],"tags":{"reference":"REF-1"}}}`},
		{"opensend", `{"type":"email.sent","created_at":"2025-01-15T13:00:00Z","data":{"email_id":"eml_2","to":["Ben@example.com"]}}`},
	} {
		w.receive("/webhooks/"+webhook.path, webhook.body)
		w.pass(time.Minute)
	}
	return w
}

func snappyGift(id, status, when, company, metadata string) string {
	deliveries++
	return fmt.Sprintf(`{"webhookData":{"id":"wh_%d","eventType":"gift-status-changed","triggeredAt":%q},`+
		`"eventData":{"giftId":%q,"status":%q,"companyId":%q,"metadata":%s}}`, deliveries, when, id, status, company, metadata)
}

// listedIDs are a page's ids, in its order.
func listedIDs(page map[string]any) string {
	var ids []string
	for _, s := range page["subjects"].([]any) {
		ids = append(ids, at(s, "subject.id").(string))
	}
	return strings.Join(ids, " ")
}

func TestList_filters(t *testing.T) {
	w := withStories(t)
	w.putLabels("/gifts/gft_2/labels", `{"expires_at":"2025-01-20T00:00:00Z"}`)
	w.pass(time.Minute)
	w.putLabels("/sends/"+send44+"/labels", `{"reference":"REF-1"}`)
	all := "gft_1 gft_2 gft_3 " + send44
	for target, want := range map[string]string{
		"/gifts?":    all,
		"/sends?":    send44,
		"/emails?":   "eml_1 eml_2",
		"/contacts?": "", "/domains?": "", "/products?": "", "/invoices?": "", "/suppressions?": "", "/inbound-emails?": "",

		"/gifts?provider=snappy":                             "gft_1 gft_2 gft_3",
		"/gifts?provider=snappy&provider=sendoso":            all,
		"/emails?provider=opensend":                          "eml_2",
		"/gifts?phase=waiting":                               "gft_1",
		"/gifts?phase=waiting&phase=claimed":                 "gft_1 gft_2 gft_3",
		"/gifts?status=claimed":                              "gft_2 gft_3",
		"/gifts?status=claimed&illegal=true":                 "gft_3",
		"/gifts?illegal=false":                               "gft_1 gft_2 " + send44,
		"/gifts?delivery=shipped":                            send44,
		"/gifts?delivery=new&status=unopened&status=claimed": "gft_1 gft_2 gft_3",
		"/gifts?company_id=com_1":                            "gft_1 gft_3",
		"/gifts?company_id=com_1&company_id=com_2":           "gft_1 gft_2 gft_3",
		"/gifts?reference=REF-1":                             "gft_1 " + send44,
		"/emails?reference=REF-1":                            "eml_1",
		"/gifts?metadata[team]=a":                            "gft_1 gft_3",
		"/gifts?metadata[team]=a&metadata[n]=7":              "gft_3",
		"/gifts?metadata[team]=a&metadata[team]=b":           "gft_1 gft_2 gft_3",
		"/gifts?metadata[team]=nobody":                       "",
		"/gifts?q=GFT_":                                      "gft_1 gft_2 gft_3",
		"/gifts?q=ref-2":                                     "gft_2",
		"/gifts?q=44":                                        send44,
		"/emails?q=ben@":                                     "eml_2",
		"/gifts?id=gft_3&id=nobody&id=gft_1":                 "gft_1 gft_3",
		"/gifts?updated[gte]=2025-02-01T12:01:00Z&updated[lt]=2025-02-01T12:03:00Z": "gft_2",
		"/gifts?updated[gt]=2025-02-01T12:01:00Z&updated[lte]=2025-02-01T12:03:00Z": "gft_3",
		"/gifts?stuck=true&company_id=com_2":                                        "gft_2",
		"/gifts?stuck=false&company_id=com_2":                                       "",
	} {
		page := w.get(target + "&order_by=created&dir=asc&count=true")
		if got := listedIDs(page); got != want {
			t.Errorf("%s lists %q, want %q", target, got, want)
		}
		if n := len(strings.Fields(want)); fmt.Sprint(page["count"]) != fmt.Sprint(n) {
			t.Errorf("%s counts %v, want %d", target, page["count"], n)
		}
	}
}

func TestList_orders(t *testing.T) {
	w := withStories(t)
	w.receive("/webhooks/snappy", snappyGift("gft_1", "opened", "2025-01-15T09:30:00Z", "com_1", `{}`))
	for query, want := range map[string]string{
		"":                          "gft_1 " + send44 + " gft_3 gft_2",
		"dir=asc":                   "gft_2 gft_3 " + send44 + " gft_1",
		"order_by=created":          send44 + " gft_3 gft_2 gft_1",
		"order_by=created&dir=asc":  "gft_1 gft_2 gft_3 " + send44,
		"order_by=updated&dir=desc": "gft_1 " + send44 + " gft_3 gft_2",
	} {
		if got := listedIDs(w.get("/gifts?" + query)); got != want {
			t.Errorf("%s lists %s, want %s", query, got, want)
		}
	}
}

// A row says what the subject's own page says, and what only a list knows.
func TestList_row(t *testing.T) {
	w := withStories(t)
	w.putLabels("/gifts/gft_3/labels", `{"labels":{"owner":"ann"}}`)
	row := w.get("/gifts?id=gft_3")["subjects"].([]any)[0].(map[string]any)
	alone := w.get("/gifts/gft_3")
	for _, part := range []string{"subject", "phase", "state", "counts", "labels"} {
		if diff := cmp.Diff(alone[part], row[part]); diff != "" {
			t.Errorf("%s (-alone +listed):\n%s", part, diff)
		}
	}
	wantAt(t, row, "updated_at", "2025-02-01T12:03:00.000000Z")
	wantAt(t, row, "reference", nil)
	wantAt(t, w.get("/gifts?id=gft_1"), "subjects.0.reference", "REF-1")
	text := w.do(http.MethodGet, "/gifts?id=gft_3", "").Body.String()
	last := 0
	for _, key := range []string{`{"subjects":[{"subject":`, `"phase":`, `"state":`, `"counts":`, `"reference":null,"updated_at"`, `"stuck":`, `"labels":`, `"next":null,"prev":null,"count":null,"up_to":`} {
		here := strings.Index(text[last:], key)
		if here < 0 {
			t.Fatalf("%s does not stand behind the others in %s", key, text)
		}
		last += here
	}
}

// The limits of a row are the configuration's, as on the subject's own page.
func TestList_policy(t *testing.T) {
	w := newWorld(t, func(c *Config) {
		c.Reader.Policy = &domain.Policy{Dwell: []domain.DwellRule{{State: "claimed", Limit: time.Hour}}}
	})
	w.receive("/webhooks/snappy", gift("g1", "claimed", "2025-02-01T12:00:00Z"))
	for _, place := range []string{"/gifts/g1", "/gifts?id=g1"} {
		answer := w.get(place)
		if list, ok := answer["subjects"].([]any); ok {
			answer = list[0].(map[string]any)
		}
		wantAt(t, answer, "state.status.due_at", "2025-02-01T13:00:00.000000Z")
	}
}

func TestList_pages(t *testing.T) {
	w := withStories(t)
	query := "/gifts?limit=3&metadata%5Bteam%5D=a&metadata%5Bteam%5D=b&order_by=created"
	first := w.do(http.MethodGet, strings.Replace(query, "limit=3", "limit=2", 1), "")
	page := decoded(t, first)
	if got := listedIDs(page); got != "gft_3 gft_2" {
		t.Errorf("first page %s", got)
	}
	wantAt(t, page, "prev", nil)
	link := first.Header().Get("Link")
	target, _, _ := strings.Cut(strings.TrimPrefix(link, "<"), ">")
	if !strings.HasSuffix(link, `>; rel="next"`) || !strings.Contains(target, url.QueryEscape(page["next"].(string))) {
		t.Fatalf("Link %s", link)
	}
	second := w.do(http.MethodGet, target, "")
	page = decoded(t, second)
	if got := listedIDs(page); got != "gft_1" {
		t.Errorf("second page %s", got)
	}
	wantAt(t, page, "next", nil)
	link = second.Header().Get("Link")
	target, _, _ = strings.Cut(strings.TrimPrefix(link, "<"), ">")
	if !strings.HasSuffix(link, `>; rel="prev"`) {
		t.Fatalf("Link %s", link)
	}
	if got := listedIDs(w.get(target)); got != "gft_3 gft_2" {
		t.Errorf("back on the first page: %s", got)
	}
	whole := w.do(http.MethodGet, query, "")
	if link := whole.Header().Get("Link"); link != "" {
		t.Errorf("a whole list has the Link %s", link)
	}
}

func TestList_foreignCursors(t *testing.T) {
	w := withStories(t)
	cursor := url.QueryEscape(w.get("/gifts?limit=1")["next"].(string))
	for _, target := range []string{
		"/gifts?cursor=SECRET", "/gifts?cursor=" + strings.Repeat("A", 80), "/gifts?order_by=created&cursor=" + cursor,
		"/gifts?dir=asc&cursor=" + cursor,
	} {
		p := wantProblem(t, w.do(http.MethodGet, target, ""), 422, "invalid")
		if strings.Contains(fmt.Sprint(p), "SECRET") {
			t.Errorf("%s: echoed: %v", target, p)
		}
	}
}
