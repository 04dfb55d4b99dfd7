package domain_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"giftline/domain"
)

// TestMain keeps the property tests short; -rapid.checks=10000 makes them thorough. A failure prints its seed.
func TestMain(m *testing.M) {
	_ = flag.Set("rapid.nofailfile", "true")
	os.Exit(m.Run())
}

var (
	gift = domain.Subject{Provider: domain.Snappy, Kind: domain.Gift, ID: "gft_12345"}
	nine = clock("09:00")
)

// clock is a time of the day on which all stories here happen.
func clock(s string) domain.Instant {
	t, err := time.Parse("2006-01-02 15:04", "2025-01-15 "+s)
	if err != nil {
		panic(err)
	}
	return domain.InstantOf(t)
}

// lamp is the smallest machine with everything a timeline shows: per region a row of states, one step is direct, more
// are a gap, and nothing leads back.
type lamp struct {
	domain.Machine // what no use case here may ask for
	rows           map[domain.Region][]string
}

var (
	twoRegions = lamp{rows: map[domain.Region][]string{
		domain.Status: {"unopened", "opened", "claimed"}, domain.Delivery: {"shipped", "delivered"},
	}}
	oneRegion = lamp{rows: map[domain.Region][]string{domain.Status: {"created", "deleted"}}}
)

func (l lamp) Regions() []domain.Region {
	if len(l.rows) == 1 {
		return []domain.Region{domain.Status}
	}
	return []domain.Region{domain.Status, domain.Delivery}
}

func (l lamp) Start() (s domain.State) {
	for _, r := range l.Regions() {
		s = s.With(r, domain.New)
	}
	return s
}

func (l lamp) Read(e *domain.Event) {
	e.Region, e.Rank = domain.NoRegion, 99
	for r, states := range l.rows {
		if e.Type == string(r) {
			e.Region, e.Rank = r, slices.Index(states, e.Target)
		}
	}
	if e.Region == domain.NoRegion && e.Type != "note" {
		e.Flags |= domain.UnknownType
	}
}

func (l lamp) Fold(held domain.State, events []domain.Event) []domain.Outcome {
	out := make([]domain.Outcome, len(events))
	for i := range events {
		out[i] = l.step(held, &events[i])
		held = out[i].After
	}
	return out
}

func (l lamp) step(held domain.State, e *domain.Event) domain.Outcome {
	o := domain.Outcome{Verdict: domain.Note, Flags: e.Flags, After: held}
	if e.Region == domain.NoRegion {
		return o
	}
	from, to := slices.Index(l.rows[e.Region], held.In(e.Region)), slices.Index(l.rows[e.Region], e.Target)
	switch {
	case to < 0:
		o.Verdict, o.Reason = domain.Illegal, domain.UnknownState
	case to < from:
		o.Verdict, o.Reason = domain.Illegal, domain.Backward
	case to == from:
		o.Verdict = domain.Repeat
	case to == from+1:
		o.Verdict = domain.Moved
	default:
		o.Verdict = domain.Gap
	}
	if o.Verdict.Moves() {
		o.After = held.With(e.Region, e.Target)
		o.After.Phase = domain.Waiting
	}
	return o
}

func (l lamp) Inferred(before domain.State, e *domain.Event) []string {
	states := l.rows[e.Region]
	return states[slices.Index(states, before.In(e.Region))+1 : slices.Index(states, e.Target)]
}

func (l lamp) Final(r domain.Region, state string) bool {
	return state == l.rows[r][len(l.rows[r])-1]
}

// Limit gives whoever has to claim an hour.
func (l lamp) Limit(r domain.Region, state string) (domain.DwellLimit, bool) {
	return domain.DwellLimit{For: time.Hour, Why: "the lamp burns for an hour"}, state == "opened"
}

func (l lamp) Expiry(string) (domain.ExpiryWindow, bool) { return domain.ExpiryWindow{}, false }

func (l lamp) MeaningOf(e *domain.Event) string {
	if e.Region == domain.NoRegion || slices.Index(l.rows[e.Region], e.Target) < 0 {
		return ""
	}
	return "it is " + e.Target
}

// machines knows gifts and sends in two regions, contacts in one.
type machines struct{ domain.Machines }

func (machines) For(_ domain.Provider, k domain.Kind) (domain.Machine, bool) {
	switch k {
	case domain.Gift, domain.Send:
		return twoRegions, true
	case domain.Contact:
		return oneRegion, true
	}
	return nil, false
}

// shelf is a store that holds one story and one parked delivery, and remembers what it was asked to keep.
type shelf struct {
	domain.Store
	known    []domain.Current
	rows     []domain.Recorded
	bodies   map[int64][]byte
	parked   domain.Parked
	lists    map[domain.Result][]string // ids of parked deliveries
	recorded []domain.Parsed
	resolved []string
	fail     error
}

func (s *shelf) Record(_ context.Context, p domain.Parsed) (domain.Receipt, error) {
	s.recorded = append(s.recorded, p)
	return domain.Receipt{Result: domain.ResultRecorded}, s.fail
}

func (s *shelf) Resolve(ctx context.Context, id string, p domain.Parsed) (domain.Receipt, error) {
	s.resolved = append(s.resolved, id)
	return s.Record(ctx, p)
}

func (s *shelf) ParkedDelivery(_ context.Context, id string) (domain.Parked, error) {
	if id != s.parked.ID {
		return domain.Parked{}, domain.Errorf(domain.CodeNotFound, "nothing parked has this id")
	}
	return s.parked, s.fail
}

// ParkedList gives one delivery a page.
func (s *shelf) ParkedList(_ context.Context, r domain.Result, cursor string, _ int) ([]domain.Parked, string, error) {
	ids := s.lists[r]
	if cursor != "" {
		ids = ids[slices.Index(ids, cursor)+1:]
	}
	if len(ids) == 0 {
		return nil, "", s.fail
	}
	page := []domain.Parked{{ID: ids[0]}}
	if len(ids) == 1 {
		return page, "", s.fail
	}
	return page, ids[0], s.fail
}

func (s *shelf) Current(_ context.Context, asked ...domain.Subject) (found []domain.Current, err error) {
	for _, subject := range asked {
		for _, c := range s.known {
			if c.Subject == subject {
				found = append(found, c)
			}
		}
	}
	return found, s.fail
}

func (s *shelf) Events(_ context.Context, subject domain.Subject, r domain.Range) (domain.Page, error) {
	p := domain.Page{Current: s.known[0], Before: twoRegions.Start()}
	for _, row := range s.rows {
		switch {
		case r.UpTo != nil && row.At > *r.UpTo || r.Known != nil && row.Joined > *r.Known:
		case r.After != nil && row.Place().Compare(*r.After) <= 0:
			p.Before = row.Outcome.After
		case r.Limit > 0 && len(p.Rows) == r.Limit && r.Last:
			p.Before, p.More = p.Rows[0].Outcome.After, true
			p.Rows = append(p.Rows[1:], row)
		case r.Limit > 0 && len(p.Rows) == r.Limit:
			p.More = true
		default:
			p.Rows = append(p.Rows, row)
		}
	}
	return p, s.fail
}

func (s *shelf) Bodies(_ context.Context, ids []int64) (map[int64][]byte, error) {
	found := map[int64][]byte{}
	for _, id := range ids {
		body, ok := s.bodies[id]
		if string(body) == "damaged" {
			return found, domain.Errorf(domain.CodeDamaged, "1 stored body is not what was received")
		}
		if ok {
			found[id] = body
		}
	}
	return found, nil
}

// story gives the rows of a gift from lines like "09:00 status opened", folded; the n-th has the body n, and joined
// when it happened unless the line ends in "joined 12:00".
func story(lines ...string) []domain.Recorded {
	var rows []domain.Recorded
	for i, line := range lines {
		word := append(strings.Fields(line), "", "", "")
		r := domain.Recorded{Source: "snappy", Body: int64(i + 1), Joined: clock(word[0])}
		r.Event = domain.Event{
			Subject: gift, Type: word[1], Target: word[2], At: clock(word[0]), Quality: domain.TimeExact,
			Fingerprint: domain.FingerprintOf("story/1", gift, fmt.Sprint(i)),
		}
		if word[3] == "joined" {
			r.Joined = clock(word[4])
		}
		r.Received = domain.Received{At: r.Joined, LastAt: r.Joined, Seen: 1, DeliveryIDs: []string{fmt.Sprint("wh_", i+1)}}
		twoRegions.Read(&r.Event)
		rows = append(rows, r)
	}
	domain.Refold(twoRegions, gift, "snappy", rows)
	return rows
}

// told puts what entries tell into lines.
func told(entries []domain.Entry) (lines []string) {
	for _, e := range entries {
		line := e.Event + " " + string(e.Verdict)
		if e.Region != nil {
			line += " " + *e.From + " -> " + *e.To
		}
		lines = append(lines, line)
	}
	return lines
}

// wantWire compares the JSON of v with one that was broken into lines.
func wantWire(t *testing.T, v any, want string) {
	t.Helper()
	got, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	want = strings.NewReplacer("\n", "", "\t", "").Replace(want)
	wantSame(t, strings.ReplaceAll(string(got), ",", ",\n"), strings.ReplaceAll(want, ",", ",\n"))
}

func wantSame(t *testing.T, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("not what was wanted (-want +got):\n%s", diff)
	}
}

func wantCode(t *testing.T, err error, want domain.Code) {
	t.Helper()
	if got := domain.CodeOf(err); err == nil || got != want {
		t.Errorf("error %v has the code %q, want %q", err, got, want)
	}
}
