package domain_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"giftline/domain"
)

// readerOf reads from a shelf on which the story stands. What is stored of the subject carries a mark, so that a test
// sees whether the cache was asked or the events.
func readerOf(rows []domain.Recorded) (*domain.Reader, *shelf) {
	s := &shelf{rows: rows, bodies: map[int64][]byte{}}
	c := domain.Refold(twoRegions, gift, "snappy", slices.Clone(rows))
	c.Attributes.Reference = "from the cache"
	s.known = []domain.Current{c}
	data := func(e domain.Event, body []byte) json.RawMessage { return json.RawMessage(body) }
	return &domain.Reader{Store: s, Machines: machines{}, Data: data}, s
}

func timeline(t *testing.T, r *domain.Reader, v domain.View) domain.Timeline {
	t.Helper()
	c, err := r.Find(t.Context(), gift)
	if err != nil {
		t.Fatal(err)
	}
	line, err := r.Timeline(t.Context(), c, v)
	if err != nil {
		t.Fatal(err)
	}
	return line
}

func TestReader_Find(t *testing.T) {
	send := domain.Subject{Provider: domain.Sendoso, Kind: domain.Send, ID: gift.ID}
	for _, c := range []struct {
		name  string
		known []domain.Current
		code  domain.Code
		says  string
	}{
		{"nobody", nil, domain.CodeNotFound, "/unresolved"},
		{"one", []domain.Current{{Subject: send, Events: 3}}, "", ""},
		{"one at each of two providers", []domain.Current{{Subject: gift}, {Subject: send}}, domain.CodeAmbiguous, "snappy and sendoso: add ?provider="},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := domain.Reader{Store: &shelf{known: c.known}}
			found, err := r.Find(t.Context(), gift, send)
			if c.code == "" {
				wantSame(t, found, c.known[0])
				wantSame(t, err, nil)
				return
			}
			wantCode(t, err, c.code)
			if err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("the message does not say %q: %v", c.says, err)
			}
		})
	}
	r := domain.Reader{Store: &shelf{fail: domain.Errorf(domain.CodeBusy, "locked")}}
	_, err := r.Find(t.Context(), gift)
	wantCode(t, err, domain.CodeBusy)
}

// history: that it was opened became known at 12:30 only, after the claim.
var history = []string{
	"09:00 status unopened", "10:00 status opened joined 12:30", "11:00 status claimed", "12:00 delivery shipped", "12:00 note",
}

func TestReader_Timeline_looksBack(t *testing.T) {
	at := func(s string) *domain.Instant { i := clock(s); return &i }
	unopened, opened, claimed := "status moved new -> unopened", "status moved unopened -> opened", "status moved opened -> claimed"
	skipped, shipped, note := "status gap unopened -> claimed", "delivery moved new -> shipped", "note note"
	for _, c := range []struct {
		name string
		view domain.View
		want []string
	}{
		{"now", domain.View{}, []string{unopened, opened, claimed, shipped, note}},
		{"as of a time between", domain.View{AsOf: at("10:30")}, []string{unopened, opened}},
		{"as of an instant, all of it", domain.View{AsOf: at("12:00")}, []string{unopened, opened, claimed, shipped, note}},
		{"as known before the late one", domain.View{KnownAt: at("12:15")}, []string{unopened, skipped, shipped, note}},
		{"as known at its arrival", domain.View{KnownAt: at("12:30")}, []string{unopened, opened, claimed, shipped, note}},
		{"both", domain.View{AsOf: at("11:00"), KnownAt: at("12:15")}, []string{unopened, skipped}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, _ := readerOf(story(history...))
			line := timeline(t, r, c.view)
			wantSame(t, told(line.Entries), c.want)
			wantSame(t, line.Counts, domain.Counts{Events: int64(len(c.want))})
			now := c.view == domain.View{}
			if cached := line.Subject.Reference != nil; cached != now {
				t.Errorf("answered from the cache: %v", cached)
			}
			for _, e := range line.Entries {
				if shown := e.Received != nil; shown != (c.view.KnownAt == nil) {
					t.Errorf("arrival facts shown: %v", shown)
				}
			}
			wantSame(t, line.Next, (*string)(nil))
		})
	}
}

func TestReader_Timeline_stateOfThatTime(t *testing.T) {
	r, _ := readerOf(story(history...))
	early := clock("10:30")
	line := timeline(t, r, domain.View{AsOf: &early})
	wantSame(t, line.State.Status, domain.RegionState{
		State: "opened", Since: ptr(clock("10:00")), Reported: ptr("opened"), DueAt: ptr(clock("11:00")),
	})
	wantSame(t, *line.State.Delivery, domain.RegionState{State: domain.New})
	wantSame(t, line.Phase, ptr(domain.Waiting))
	wantSame(t, timeline(t, r, domain.View{}).State.Status.State, "claimed")
}

func ptr[T any](v T) *T { return &v }

func TestReader_Timeline_nothingYet(t *testing.T) {
	r, s := readerOf(story(history...))
	early, late := clock("08:59"), clock("23:00")
	for _, v := range []domain.View{{AsOf: &early}, {KnownAt: &early}, {AsOf: &early, KnownAt: &late}} {
		_, err := r.Timeline(t.Context(), s.known[0], v)
		wantCode(t, err, domain.CodeNotFoundAt)
	}
}

func TestReader_Timeline_omitsReceived(t *testing.T) {
	r, _ := readerOf(story(history...))
	got, err := json.Marshal(timeline(t, r, domain.View{OmitReceived: true}))
	if err != nil || strings.Contains(string(got), "received") {
		t.Errorf("%s, %v", got, err)
	}
}

// TestReader_Timeline_pages: pages follow each other without a seam, whichever way the past is looked at.
func TestReader_Timeline_pages(t *testing.T) {
	var lines []string
	for i := range 1001 {
		lines = append(lines, fmt.Sprintf("%02d:%02d note", i/120, i/2%60)) // two of an instant
	}
	lines[0], lines[500], lines[1000] = "00:00 status unopened", "04:10 status opened", "08:20 status claimed" // each heads its page
	rows := story(lines...)
	slices.SortFunc(rows, func(a, b domain.Recorded) int { return a.Place().Compare(b.Place()) })
	domain.Refold(twoRegions, gift, "snappy", rows)
	late := clock("23:59")
	for name, c := range map[string]struct {
		rows  []domain.Recorded
		sizes []int
	}{
		"one":                 {rows[:1], []int{1}},
		"a page to the brim":  {rows[:500], []int{500}},
		"one more":            {rows[:501], []int{500, 1}},
		"two pages and a bit": {rows, []int{500, 500, 1}},
	} {
		for view, v := range map[string]domain.View{"now": {}, "as of": {AsOf: &late}, "known at": {KnownAt: &late}} {
			t.Run(name+", "+view, func(t *testing.T) {
				r, _ := readerOf(slices.Clone(c.rows))
				var sizes []int
				var entries []domain.Entry
				for {
					line := timeline(t, r, v)
					wantSame(t, line.Counts.Events, int64(len(c.rows)))
					sizes, entries = append(sizes, len(line.Entries)), append(entries, line.Entries...)
					if line.Next == nil {
						break
					}
					v.Cursor = *line.Next
				}
				wantSame(t, sizes, c.sizes)
				wantSame(t, told(entries), told(domain.EntriesOf(twoRegions, twoRegions.Start(), c.rows)))
			})
		}
	}
}

func TestReader_Timeline_pastTheEnd(t *testing.T) {
	r, _ := readerOf(story(history...))
	end := base64.RawURLEncoding.EncodeToString(append([]byte{0x7f}, make([]byte, 27)...))
	late := clock("23:59")
	for _, v := range []domain.View{{Cursor: end}, {Cursor: end, AsOf: &late}} {
		line := timeline(t, r, v)
		if line.Entries == nil || len(line.Entries) > 0 || line.Next != nil || line.Counts.Events != 5 {
			t.Errorf("%d entries, next %v, counts %v", len(line.Entries), line.Next, line.Counts)
		}
	}
}

func TestReader_Timeline_foreignCursor(t *testing.T) {
	r, s := readerOf(story(history...))
	for _, cursor := range []string{
		"x", "%%%", " ", "null", base64.RawURLEncoding.EncodeToString(make([]byte, 27)),
		base64.RawURLEncoding.EncodeToString(make([]byte, 44)), base64.URLEncoding.EncodeToString(make([]byte, 28)),
		base64.RawStdEncoding.EncodeToString(slices.Repeat([]byte{255}, 28)),
	} {
		_, err := r.Timeline(t.Context(), s.known[0], domain.View{Cursor: cursor})
		wantCode(t, err, domain.CodeInvalid)
	}
}

// TestReader_Timeline_data: erased bodies leave null; damaged ones are told, not served.
func TestReader_Timeline_data(t *testing.T) {
	r, s := readerOf(story("09:00 status unopened", "10:00 note"))
	s.bodies[2] = []byte(`{"status":"unopened"}`)
	late := clock("23:59")
	for _, v := range []domain.View{{}, {AsOf: &late}} {
		line := timeline(t, r, v)
		wantWire(t, line.Entries[0].Data, `null`)
		wantWire(t, line.Entries[1].Data, `{"status":"unopened"}`)
		wantSame(t, line.Counts.Events, int64(2))
	}
	s.bodies[1] = []byte("damaged")
	for _, v := range []domain.View{{}, {AsOf: &late}} {
		line, err := r.Timeline(t.Context(), s.known[0], v)
		wantCode(t, err, domain.CodeDamaged)
		wantSame(t, line, domain.Timeline{})
	}
}

func TestReader_Timeline_whenItCannot(t *testing.T) {
	r, s := readerOf(story(history...))
	unknown := s.known[0]
	unknown.Subject.Kind = domain.Invoice // folded by a version that knew it
	_, err := r.Timeline(t.Context(), unknown, domain.View{})
	wantCode(t, err, domain.CodeNewerMachine)

	s.fail = errors.New("the connection is gone")
	late := clock("23:59")
	for _, v := range []domain.View{{}, {AsOf: &late}} {
		if _, err := r.Timeline(t.Context(), s.known[0], v); !errors.Is(err, s.fail) {
			t.Errorf("the error became %v", err)
		}
	}
}
