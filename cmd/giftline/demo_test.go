package main

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"giftline/api"
	"giftline/domain"
)

// TestDemo runs serve --demo as somebody would, pastes what it prints and looks at what it shows.
func TestDemo(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	p, err := startProcess(append(os.Environ(), "TMPDIR="+temp), "--demo")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	key, err := p.waitFor(`Admin key: (gl_\S+)`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.waitFor(`timeline --url \S+ \S+\n`); err != nil { // the last line
		t.Fatal(err)
	}
	c := &client{p.url, key[1], http.DefaultTransport, nil}
	t.Run("curl lines", func(t *testing.T) { pasteLines(t, p.out.String()) })
	t.Run("counts", func(t *testing.T) { demoCounts(t, c) })
	t.Run("unresolved", func(t *testing.T) { demoUnresolved(t, c, p.out.String()) })
	t.Run("verdicts", func(t *testing.T) { demoVerdicts(t, c) })
	t.Run("sound", func(t *testing.T) { demoSound(t, temp) })
	if code := p.stop(); code != 0 {
		t.Errorf("exit code %d:\n%s", code, p.err)
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) != 0 {
		t.Errorf("the demo leaves %v behind, error %v", left, err)
	}
	if strings.Contains(p.err.String(), key[1]) || strings.Contains(p.err.String(), "whsec_") {
		t.Error("the log shows a secret")
	}
}

// pasteLines runs the lines as they are printed.
func pasteLines(t *testing.T, printed string) {
	lines := regexp.MustCompile(`(?m)^  (curl .*)$`).FindAllStringSubmatch(printed, -1)
	wants := []string{`"verdict":"gap"`, `"reason":"after_final"`, demoStuck, `"state":{"status":"claimed","delivery":"delivered"}`}
	if len(lines) != len(wants) {
		t.Fatalf("%d curl lines:\n%s", len(lines), printed)
	}
	for i, line := range lines {
		if wants[i] == demoStuck { // it was found stuck by now, or will be in a moment
			waitUntil(t, func() bool { _, body := curl(t, line[1]); return strings.Contains(body, demoStuck) })
		}
		if status, body := curl(t, line[1]); status != http.StatusOK || !strings.Contains(body, wants[i]) {
			t.Errorf("%s\nanswers %d, without %s:\n%s", line[1], status, wants[i], body)
		}
	}
}

// demoCounts: what became of the webhooks adds up, and every way for one to end is shown.
func demoCounts(t *testing.T, c *client) {
	raw, err := c.get(t.Context(), "/sources", nil)
	if err != nil {
		t.Fatal(err)
	}
	var list api.SourceList
	if err := json.Unmarshal(raw, &list); err != nil {
		t.Fatal(err)
	}
	var sum api.SourceResults
	var rejected int64
	for _, s := range list.Sources {
		r := s.Results
		if r.Recorded+r.Duplicate+r.Conflict+r.Unresolved+r.Quarantined != s.Received || s.Received == 0 {
			t.Errorf("%s received %d, which are %+v", s.Name, s.Received, r)
		}
		sum.Recorded, sum.Duplicate = sum.Recorded+r.Recorded, sum.Duplicate+r.Duplicate
		sum.Unresolved, sum.Quarantined = sum.Unresolved+r.Unresolved, sum.Quarantined+r.Quarantined
		rejected += s.Rejected
	}
	if sum.Recorded < 40 || sum.Duplicate == 0 || sum.Unresolved == 0 || sum.Quarantined == 0 || rejected == 0 {
		t.Errorf("the story lacks something: %+v, %d refused", sum, rejected)
	}
}

// demoUnresolved: as many as the demo says were not resolved since are listed.
func demoUnresolved(t *testing.T, c *client, printed string) {
	said := regexp.MustCompile(`, (\d+) unresolved,(?s:.*), (\d+) was resolved by a later copy.* lists the other (\d+)\.`).FindStringSubmatch(printed)
	if said == nil {
		t.Fatalf("nothing of the unresolved in\n%s", printed)
	}
	raw, err := c.get(t.Context(), "/unresolved", nil)
	if err != nil {
		t.Fatal(err)
	}
	var list api.ParkedList
	if err := json.Unmarshal(raw, &list); err != nil {
		t.Fatal(err)
	}
	if got := strconv.Itoa(len(list.Deliveries)); got != said[3] || said[1] != "3" || said[2] != "1" {
		t.Errorf("%s are listed; the demo says %v", got, said[1:])
	}
}

// demoVerdicts: the story has every verdict but repeat, and each of its subjects is where it should be.
func demoVerdicts(t *testing.T, c *client) {
	seen := map[domain.Verdict]int{}
	late, flags := 0, 0
	for path, want := range map[string]string{
		"snappy/gift/" + demoGift: "claimed delivered", "snappy/gift/" + demoExpired: "expired new",
		"snappy/gift/" + demoStuck:  "claimed new",
		"sendoso/send/" + demoEGift: "redeemed new", "sendoso/send/" + demoParcel: "confirming_address delivered",
		"resend/email/" + demoEmail: "clicked delivered", "resend/email/" + demoBounced: "new bounced",
		"opensend/email/" + demoOpenSend: "opened scheduled", "resend/contact/" + demoContact: "active",
		"resend/domain/" + demoDomain: "verified", "snappy/product/" + demoProduct: "in_stock",
	} {
		parts := strings.SplitN(path, "/", 3)
		doc, err := c.timeline(t.Context(), domain.Subject{Provider: domain.Provider(parts[0]), Kind: domain.Kind(parts[1]), ID: parts[2]}, map[string][]string{})
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		var s story
		raw, _ := json.Marshal(doc)
		if err := json.Unmarshal(raw, &s); err != nil {
			t.Fatal(err)
		}
		got := s.State.Status.State
		if s.State.Delivery != nil {
			got += " " + s.State.Delivery.State
		}
		if got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
		for _, e := range s.Entries {
			seen[e.Verdict]++
			flags += len(e.Flags)
			if e.Received.Late {
				late++
			}
		}
	}
	for _, v := range []domain.Verdict{domain.Moved, domain.Gap, domain.Illegal, domain.Note} {
		if seen[v] == 0 {
			t.Errorf("nothing in the story is %s", v)
		}
	}
	if late == 0 || flags == 0 {
		t.Errorf("%d late, %d flags", late, flags)
	}
}
