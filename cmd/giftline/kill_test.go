package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"giftline/api/webhooks"
	"giftline/domain"
)

// TestKill is the promise "answered means on disk": a server under load is killed at a random moment, twenty times on
// one database, and afterwards every event that was answered with 2xx is there exactly once, and none that was not
// sent. What was not answered is sent again, as a provider would, and is then there exactly once as well.
func TestKill(t *testing.T) {
	t.Parallel()
	rounds := 20
	if testing.Short() {
		rounds = 4
	}
	db := filepath.Join(t.TempDir(), "giftline.db")
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	var all []*sender
	answered := 0
	p := serving(t, "--db", db, "--log-level", "error")
	for round := range rounds {
		senders := load(t, p, round, time.Duration(random.Int64N(int64(250*time.Millisecond))))
		p = serving(t, "--db", db, "--log-level", "error")
		for _, s := range senders {
			answered += len(s.answered)
			s.check(t, p)
			s.sendAgain(t, p)
			s.check(t, p)
		}
		all = append(all, senders...)
	}
	sent := 0
	for _, s := range all {
		s.check(t, p)
		sent += len(s.sent)
	}
	t.Logf("%d rounds: %d webhooks sent, %d answered before the kills", rounds, sent, answered)
	if answered < rounds*5 || answered == sent {
		t.Errorf("%d of %d webhooks were answered: the kills did not come during the load", answered, sent)
	}
}

// load sends from several connections and kills the server after a while.
func load(t *testing.T, p *process, round int, after time.Duration) []*sender {
	t.Helper()
	var senders []*sender
	var wg sync.WaitGroup
	for i := range 8 {
		s := newSender(round, i)
		senders = append(senders, s)
		wg.Go(func() { s.run(t.Context(), p) })
	}
	// Everybody has had an answer first, so that the kill hits the load and not its beginning.
	for _, s := range senders {
		select {
		case <-s.first:
		case <-time.After(patience):
			t.Fatalf("no webhook was answered:\n%s", p.err)
		}
	}
	time.Sleep(after)
	p.kill()
	wg.Wait()
	return senders
}

// sender reports on one subject, over one connection, until the server is gone.
type sender struct {
	source   webhooks.Source
	subject  domain.Subject
	body     func(n int) string
	path     string
	start    time.Time
	sent     []int          // numbers of the events
	answered map[int]string // their ids, of those that were answered with 2xx
	first    chan struct{}  // closed with the first answer
}

func newSender(round, i int) *sender {
	id := fmt.Sprintf("kill-%d-%d", round, i)
	s := &sender{start: time.Now().Add(-24 * time.Hour).UTC(), answered: map[int]string{}, first: make(chan struct{})}
	at := func(n int) string { return s.start.Add(time.Duration(n) * time.Second).Format(time.RFC3339) }
	switch i % 3 {
	case 0:
		s.subject = domain.Subject{Provider: domain.Resend, Kind: domain.Email, ID: id}
		s.body = func(n int) string {
			return fmt.Sprintf(`{"type":"email.opened","created_at":%q,"data":{"email_id":%q}}`, at(n), id)
		}
	case 1:
		s.subject = domain.Subject{Provider: domain.Snappy, Kind: domain.Gift, ID: id}
		s.body = func(n int) string {
			return fmt.Sprintf(`{"webhookData":{"id":"wh_%d","eventType":"gift-status-changed","triggeredAt":%q},"eventData":{"giftId":%q,"status":"opened"}}`, n, at(n), id)
		}
	default:
		s.subject = domain.Subject{Provider: domain.Sendoso, Kind: domain.Send, ID: id}
		s.path = "send.fulfilling"
		s.body = func(n int) string { return fmt.Sprintf(`{"send_gid":%q,"status_changed_at":%q}`, id, at(n)) }
	}
	s.source = sourceOf(s.subject.Provider)
	return s
}

func (s *sender) run(ctx context.Context, p *process) {
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	for n := 0; ; n++ {
		s.sent = append(s.sent, n)
		id, err := s.post(ctx, transport, p, n)
		if err != nil {
			return // the server is gone; whether the event is recorded is unknown
		}
		s.answered[n] = id
		if n == 0 {
			close(s.first)
		}
	}
}

// send sends event n and gives the answer, whatever it is.
func (s *sender) send(ctx context.Context, transport *http.Transport, p *process, n int) (*http.Response, error) {
	body := []byte(s.body(n))
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+webhookPath(s.source, s.path), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header = s.source.Sign(fmt.Sprintf("msg_%s_%d", s.subject.ID, n), time.Now(), body)
	return transport.RoundTrip(req)
}

// post sends event n and gives its id once it is answered with 2xx.
func (s *sender) post(ctx context.Context, transport *http.Transport, p *process, n int) (string, error) {
	res, err := s.send(ctx, transport, p, n)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	raw, _ := io.ReadAll(res.Body) // the status is what counts; without a body there is no id to compare
	if res.StatusCode/100 != 2 {
		return "", fmt.Errorf("answer %d: %s", res.StatusCode, raw)
	}
	var answer struct {
		EventID string `json:"event_id"`
	}
	_ = json.Unmarshal(raw, &answer)
	return answer.EventID, nil
}

// check reads the timeline through the API and compares it with what was sent and answered.
func (s *sender) check(t *testing.T, p *process) {
	t.Helper()
	doc, err := p.client().timeline(t.Context(), s.subject, url.Values{})
	if err != nil {
		t.Fatalf("%s: %v", s.subject, err)
	}
	there := map[string]int{}
	for _, raw := range doc.Entries {
		var e struct{ ID string }
		if err := json.Unmarshal(raw, &e); err != nil {
			t.Fatal(err)
		}
		there[e.ID]++
	}
	for n, id := range s.answered {
		if id != "" && there[id] != 1 {
			t.Errorf("%s: event %d was answered and is there %d times", s.subject, n, there[id])
		}
	}
	var counts struct{ Events int }
	if err := json.Unmarshal(doc.Counts, &counts); err != nil {
		t.Fatal(err)
	}
	if counts.Events != len(doc.Entries) || len(there) != len(doc.Entries) {
		t.Errorf("%s: counts.events is %d, the timeline has %d entries, %d of them different", s.subject, counts.Events, len(doc.Entries), len(there))
	}
	if counts.Events < len(s.answered) || counts.Events > len(s.sent) {
		t.Errorf("%s: %d events, but %d were sent and %d answered", s.subject, counts.Events, len(s.sent), len(s.answered))
	}
}

// sendAgain is the provider's retry of what was not answered.
func (s *sender) sendAgain(t *testing.T, p *process) {
	t.Helper()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	for _, n := range slices.Clone(s.sent) {
		if _, ok := s.answered[n]; ok {
			continue
		}
		id, err := s.post(t.Context(), transport, p, n)
		if err != nil {
			t.Fatalf("%s: sending event %d again: %v", s.subject, n, err)
		}
		s.answered[n] = id
	}
}
