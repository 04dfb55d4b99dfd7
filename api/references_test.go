package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestReferences(t *testing.T) {
	w := withStories(t)
	w.putLabels("/sends/"+send44+"/labels", `{"reference":"REF-1"}`)
	w.receive("/webhooks/resend", `{"type":"email.sent","created_at":"2025-01-15T09:00:00Z","data":{"email_id":"eml_1","to":["ann@example.com"]}}`)

	related := w.get("/references/REF-1")
	wantAt(t, related, "reference", "REF-1")
	wantAt(t, related, "truncated", false)
	for i, want := range []string{"resend email eml_1 shipping", "sendoso send " + send44 + " shipping", "snappy gift gft_1 waiting"} {
		lane := related["lanes"].([]any)[i]
		wantAt(t, lane, "lane", i+1)
		got := fmt.Sprint(at(lane, "subject.provider"), " ", at(lane, "subject.kind"), " ", at(lane, "subject.id"))
		if !strings.HasPrefix(want, got) {
			t.Errorf("lane %d is %s, want %s", i+1, got, want)
		}
	}
	wantAt(t, related, "lanes.1.labels.reference", "REF-1")
	wantAt(t, related, "lanes.2.labels", nil)

	story := w.get("/references/REF-1/timeline")
	var told []string
	for _, e := range story["entries"].([]any) {
		told = append(told, fmt.Sprintf("%v %v %v %v", at(e, "lane"), at(e, "subject.id"), at(e, "event"), at(e, "verdict")))
	}
	want := []string{
		"1 eml_1 email.sent moved", "3 gft_1 gift-status-changed moved", "1 eml_1 email.delivered moved", "2 " + send44 + " send.shipped gap",
	}
	if !slices.Equal(told, want) {
		t.Errorf("the story is\n%s\nwant\n%s", strings.Join(told, "\n"), strings.Join(want, "\n"))
	}
	if a, b := fmt.Sprint(story["lanes"]), fmt.Sprint(related["lanes"]); a != b {
		t.Errorf("lanes of the story\n%s\nand alone\n%s", a, b)
	}
	wantAt(t, story, "next", nil)
}

// Each lane's entries are those of the subject's own timeline, from every view.
func TestReferences_views(t *testing.T) {
	w := withStories(t)
	w.receive("/webhooks/snappy", snappyGift("gft_1", "opened", "2025-01-15T09:30:00Z", "com_1", `{"internalReferenceId":"REF-1"}`))
	for query, lanes := range map[string]int{
		"": 2, "omit=received": 2, "as_of=2025-01-15T09:30:00Z": 1, "known_at=2025-02-01T12:06:00Z": 2, "known_at=2025-02-01T12:00:00Z": 1,
	} {
		story := w.get("/references/REF-1/timeline?" + query)
		if n := len(story["lanes"].([]any)); n != lanes {
			t.Errorf("%s: %d lanes, want %d", query, n, lanes)
		}
		for _, lane := range story["lanes"].([]any) {
			path := fmt.Sprintf("/%vs/%v/timeline?%s", at(lane, "subject.kind"), at(lane, "subject.id"), query)
			alone := w.get(path)
			var entries []any
			for _, e := range story["entries"].([]any) {
				entry := e.(map[string]any)
				if entry["lane"] == at(lane, "lane") {
					delete(entry, "lane")
					delete(entry, "subject")
					entries = append(entries, entry)
				}
			}
			if fmt.Sprint(entries) != fmt.Sprint(alone["entries"]) {
				t.Errorf("%s is\n%v\nin the story\n%v", path, alone["entries"], entries)
			}
			for _, part := range []string{"subject", "phase", "state", "counts", "labels"} {
				if fmt.Sprint(at(lane, part)) != fmt.Sprint(alone[part]) {
					t.Errorf("%s has the %s %v, in the story %v", path, part, alone[part], at(lane, part))
				}
			}
		}
	}
	wantProblem(t, w.do(http.MethodGet, "/references/REF-1/timeline?as_of=2024-01-01T00:00:00Z", ""), 404, "not_found_at")
}

func TestReferences_pages(t *testing.T) {
	w := newWorld(t)
	const events = 520
	for i := range events {
		at := fmt.Sprintf("2025-01-15T10:%02d:%02dZ", i/60%60, i%60)
		w.receive("/webhooks/snappy", snappyGift(fmt.Sprint("g", i%3), "opened", at, "", `{"internalReferenceId":"a/b"}`))
	}
	first := w.get("/references/a%2Fb/timeline")
	second := w.get("/references/a%2Fb/timeline?cursor=" + first["next"].(string))
	if a, b := len(first["entries"].([]any)), len(second["entries"].([]any)); a != 500 || b != events-500 {
		t.Errorf("pages of %d and %d", a, b)
	}
	wantAt(t, second, "next", nil)
	for _, cursor := range []string{"x", first["next"].(string)[:20]} {
		wantProblem(t, w.do(http.MethodGet, "/references/a%2Fb/timeline?cursor="+cursor, ""), 422, "invalid")
	}
}

func TestReferences_boundedLanes(t *testing.T) {
	w := newWorld(t)
	for i := range maxLanes + 1 {
		w.receive("/webhooks/snappy", snappyGift(fmt.Sprintf("g%03d", i), "opened", "2025-01-15T10:00:00Z", "", `{"internalReferenceId":"R"}`))
	}
	for _, target := range []string{"/references/R", "/references/R/timeline"} {
		v := w.get(target)
		wantAt(t, v, "truncated", true)
		wantAt(t, v, "lanes.99.subject.id", "g099")
		wantAt(t, v, "lanes.100", nil)
	}
}

func TestReferences_unknown(t *testing.T) {
	w := withStories(t)
	for _, reference := range []string{"nobody", "%00", "%ff", strings.Repeat("x", 600)} {
		for _, rest := range []string{"", "/timeline"} {
			wantProblem(t, w.do(http.MethodGet, "/references/"+reference+rest, ""), 404, "not_found")
		}
	}
}
