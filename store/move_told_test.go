//go:build unix

package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"giftline/domain"
	"giftline/statemachines"
	"giftline/store"
)

// noon is when the tests of moves happen.
var noon = time.Date(2026, 11, 16, 12, 0, 0, 0, time.UTC)

func at(now time.Time) store.Options {
	return store.Options{Machines: statemachines.All(), Now: func() time.Time { return now }}
}

// fill makes a database with some of everything: by two versions of the machines, with bodies of the last gift erased.
func fill(t *testing.T, path string) {
	t.Helper()
	set := &older{Machines: statemachines.All(), old: true}
	s, err := store.Open(t.Context(), path, store.Options{Machines: set, Now: at(noon).Now})
	if err != nil {
		t.Fatal(err)
	}
	var all []store.Driven
	for _, p := range mixed() {
		all = append(all, store.Driven{Parsed: p})
	}
	store.Together(t, s, all[:3]...)
	set.old = false
	store.Together(t, s, all[3:]...)
	list, _, err := s.ParkedList(t.Context(), domain.ResultUnresolved, "", 10)
	if err != nil {
		t.Fatal(err)
	}
	lost := list[slices.IndexFunc(list, func(p domain.Parked) bool { return p.Code == domain.ParkNoSubject })]
	for _, err := range []error{
		resolved(s, lost.ID), s.AddKey(t.Context(), domain.Key{ID: "admin", Name: "admin", Hash: [32]byte{7}, Scopes: domain.Scopes(), Personal: true}),
		s.AddKey(t.Context(), domain.Key{
			ID: "tenant", Name: "tenant", Hash: [32]byte{8}, Scopes: []domain.Scope{domain.ScopeRead}, Sources: []string{"snappy"},
			CreatedAt: 1, ExpiresAt: new(domain.Instant(5)), RevokedAt: new(domain.Instant(3)), LastUsedAt: new(domain.Instant(2)),
		}),
		s.Reject(t.Context(), []domain.Rejection{{Source: "resend", Reason: "bad signature", At: 5, Count: 3}}),
		alarmed(t, s), s.Plan(t.Context(), "test", "a", 3000), s.Plan(t.Context(), "test", "b", 2000), claimed(s), s.Close(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	store.Alter(t, path, "UPDATE follower SET alerting_since = 11")
	for _, row := range outboxRows {
		store.Alter(t, path, "INSERT INTO "+row)
	}
	store.Alter(t, path, "DELETE FROM bodies WHERE id = (SELECT max(id) FROM bodies)")
}

// outboxRows are rows of the tables that only what is told fills.
var outboxRows = []string{
	`items VALUES (7, 'ops', 'stuck/ä', 'alt_1', 'opened', 1, '["snappy"]', '', '', 'ntf_1'), (9, 'ops', 'move', '', '', 2, '[]', '{}', 'snoozed', NULL)`,
	`notifications VALUES ('ntf_1', 'ops', 'stuck/ä', 'alerts', 'dead', 1, 2, NULL, 3, 'no', '{"opened":1}', '["snappy"]')`,
	"told VALUES ('ops', 'stuck/ä', 3)", "channels VALUES ('ops', 4, 'gone', NULL, 'no', 3)",
}

// alarmed leaves alerts of all sorts, and an outage that lasts.
func alarmed(t *testing.T, s *store.Store) error {
	subject := domain.Subject{Provider: domain.Snappy, Kind: domain.Gift, ID: "gft_1"}
	changes := make([]domain.AlertChange, 3)
	for i := range changes {
		changes[i].Alert = domain.Alert{ID: fmt.Sprint("alt_", i), Rule: domain.RuleStuck, Severity: domain.Info, Subject: &subject, Source: "snappy", Sources: []string{"snappy"}, Detail: "ä"}
		changes[i].Step = &domain.AlertStep{Kind: domain.StepOpened, At: 5}
	}
	store.ChangeAlerts(t, s, 5, changes...)
	snooze := domain.AlertAction{Step: domain.StepSnoozed, Until: new(domain.Instant(90)), By: "admin", Note: "later", At: 6}
	_, err1 := s.Act(t.Context(), domain.AlertQuery{IDs: []string{"alt_1"}}, snooze, 1)
	_, err2 := s.Act(t.Context(), domain.AlertQuery{IDs: []string{"alt_2"}}, domain.AlertAction{Step: domain.StepResolved, By: "admin", At: 7}, 1)
	busy := domain.Trouble{Rule: domain.RuleBusy, Since: 4, Detail: "3 webhooks"}
	return errors.Join(err1, err2, s.Raise(t.Context(), []domain.Rule{domain.RuleBusy}, []domain.Trouble{busy}, 8),
		s.Pulse(t.Context(), 1, nil), s.Pulse(t.Context(), 100_000_000, []domain.Silence{{Source: "resend", Since: 9}}))
}

func resolved(s *store.Store, id string) error {
	p := copyOf("order_received")
	p.Events[0].Fingerprint[1]++
	_, err := s.Resolve(context.Background(), id, settled(p))
	return err
}

func claimed(s *store.Store) error {
	_, err := s.Claim(context.Background(), "test", 2500, time.Minute, 1)
	return err
}

// mixed are deliveries of every sort: late ones, copies, conflicts, illegal ones and what clears them, copies without a
// type or with two, several events in one, bodies and ids that are odd.
func mixed() []domain.Parsed {
	const delivery = "gift-delivery-status-changed"
	odd, empty, many, broken := gift("gft/1 +=%ü\"'", 7), gift("gft_empty", 8), gift("gft_many", 9), gift("", 1)
	odd.Body, odd.Events[0].Attributes = []byte("\x00\xff\"\r\n\\"), domain.Attributes{CompanyID: "ä", Metadata: `{"a":"\u0000"}`}
	empty.Body = nil
	for i := range 5 {
		many.Events = append(many.Events, gift(fmt.Sprint("gft_many_", i), 10+i).Events...)
	}
	broken.Events, broken.Body = nil, []byte{0, 1, 2}
	broken.Parked = &domain.Parking{Result: domain.ResultQuarantined, Code: domain.ParkUndecodable, Key: domain.ParkKeyOf("broken")}
	all := []domain.Parsed{
		said("gft_1", "gift-status-changed", "unopened", 1), said("gft_1", "gift-status-changed", "claimed", 4),
		said("gft_1", delivery, "delivered", 6), said("gft_1", "gift-status-changed", "opened", 2), // late
		said("gft_1", "gift-status-changed", "claimed", 4), meant(said("gft_1", "gift-status-changed", "claimed", 4), 9),
		said("gft_1", delivery, "processing", 7), said("gft_2", delivery, "delivered", 1), said("gft_2", delivery, "processing", 2),
		odd, empty, many, broken, broken, astray("shipped"), copyOf(""), copyOf("shipped"), copyOf("delivered"),
	}
	cure := said("gft_2", delivery, "outForDelivery", 2)
	cure.Events[0].Fingerprint[4] = 1
	for n := range 12 {
		all = append(all, gift(strings.Repeat("x", 512-n), 20+n))
	}
	return append(all, cure)
}

// tale is everything that a store tells by domain.Store.
type tale struct {
	lines   []string
	changes int // in the feed
}

// unnamed leaves out the random names of what was parked since.
func (x tale) unnamed() tale {
	x.lines = slices.DeleteFunc(x.lines, func(line string) bool { return strings.HasPrefix(line, "parked ") })
	return x
}

// told asks a store for everything. The feed is waited for until it has the given number of changes: on PostgreSQL every
// transaction of the server that has begun before must end.
func told(t testing.TB, s *store.Store, changes int) tale {
	t.Helper()
	ctx := t.Context()
	var x tale
	add := func(what string, v any, err error) {
		t.Helper()
		if err != nil && domain.CodeOf(err) != domain.CodeNotFound {
			t.Fatalf("%s: %v", what, err)
		}
		x.lines = append(x.lines, asJSON(what, v))
	}
	r := &domain.Reader{Store: s, Machines: statemachines.All(), Data: func(_ domain.Event, body []byte) json.RawMessage {
		return json.RawMessage(asJSON("", fmt.Sprintf("%x", body))) // drivers differ in what an empty one is
	}}
	for _, subject := range store.Subjects(t, s) {
		current, err := s.Current(ctx, subject)
		add("current", current, err)
		page, err := s.Events(ctx, subject, domain.Range{})
		for i := range page.Rows {
			page.Rows[i].Body = 0 // a number of no meaning: what it leads to is part of the timeline
		}
		add("events", page, err)
		for _, c := range current {
			timeline, err := r.Timeline(ctx, c, domain.View{})
			add("timeline", timeline, err)
		}
		cleared, err := s.Cleared(ctx, &subject, 0)
		add("cleared of one", cleared, err)
	}
	illegal, _, err := s.Illegal(ctx, "", 1000)
	add("illegal", illegal, err)
	cleared, err := s.Cleared(ctx, nil, 1000)
	add("cleared", cleared, err)
	for _, result := range []domain.Result{domain.ResultUnresolved, domain.ResultConflict, domain.ResultQuarantined} {
		list, _, err := s.ParkedList(ctx, result, "", 1000)
		add("parked list", list, err)
		for _, p := range list {
			p, err := s.ParkedDelivery(ctx, p.ID)
			add("parked delivery", p, err)
		}
	}
	list, err := s.Alerts(ctx, domain.AlertQuery{})
	add("alerts", list, err)
	for _, a := range list.Alerts {
		_, steps, err := s.Alert(ctx, a.ID)
		add("steps", steps, err)
	}
	outages, err := s.Outages(ctx, 0)
	add("outages", outages, err)
	counts, err := s.SourceCounts(ctx)
	add("sources", counts, err)
	feed := feedOf(t, s, changes)
	x.changes = len(feed)
	add("feed", feed, nil)
	return x
}

func feedOf(t testing.TB, s *store.Store, n int) []domain.Change {
	t.Helper()
	all, after := []domain.Change{}, ""
	for begin := time.Now(); ; {
		list, next, err := s.Changes(t.Context(), after, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 && (len(all) >= n || time.Since(begin) > 10*time.Second) {
			return all
		}
		for _, c := range list {
			c.Position = ""
			all = append(all, c)
		}
		after = next
	}
}

func asJSON(what string, v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return strings.TrimSpace(what + " " + string(b))
}
