package store_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"giftline/domain"
	"giftline/statemachines"
	"giftline/store"
)

const hour = domain.Instant(3600_000_000)

func temp(t testing.TB) *store.Store {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "giftline.db"), store.Options{})
}

// said gives a delivery of one event of a gift, at an hour of its own.
func said(id, event, target string, n int) domain.Parsed {
	p := gift(id, n)
	e := &p.Events[0]
	e.Type, e.Target, e.At = event, target, gift(id, 0).Events[0].At+hour*domain.Instant(n)
	p.ReceivedAt = e.At
	m, _ := statemachines.All().For(domain.Snappy, domain.Gift)
	m.Read(e)
	return p
}

// copyOf gives one copy of a message of Sendoso's; kind is empty for an untyped one.
func copyOf(kind string) domain.Parsed {
	subject := domain.Subject{Provider: domain.Sendoso, Kind: domain.Send, ID: "gid"}
	e := domain.Event{
		Subject: subject, Fingerprint: domain.Fingerprint{7}, Type: "send." + kind, At: gift("", 0).Events[0].At,
		Quality: domain.TimeExact, Facts: domain.ClaimedType,
	}
	p := domain.Parsed{Inbound: domain.Inbound{
		Source: "sendoso", Provider: domain.Sendoso, DeliveryID: "msg_1", ReceivedAt: e.At, Body: []byte(`{"send_gid":"gid"}`),
		Claims: domain.Claims{Path: kind},
	}}
	if kind == "" {
		e.Type, e.Facts = "", 0
		p.Parked = &domain.Parking{
			Result: domain.ResultUnresolved, Code: domain.ParkNoType, Event: &e, Key: domain.EventParkKey(subject, e.Fingerprint),
		}
		return p
	}
	m, _ := statemachines.All().For(domain.Sendoso, domain.Send)
	m.Read(&e)
	p.Events = []domain.Event{e}
	return p
}

// astray is a copy that does not say whose it is.
func astray(kind string) domain.Parsed {
	p := copyOf(kind)
	p.Events = nil
	p.Parked = &domain.Parking{Result: domain.ResultUnresolved, Code: domain.ParkNoSubject, Key: domain.ParkKeyOf("astray")}
	return p
}

func meant(p domain.Parsed, meaning byte) domain.Parsed {
	p.Events = append([]domain.Event{}, p.Events...)
	p.Events[0].Meaning[0] = meaning
	return p
}

func settled(p domain.Parsed) domain.Parsed {
	p.Events = append([]domain.Event{}, p.Events...)
	p.Events[0].Facts |= domain.SettledType
	return p
}

func keep(t testing.TB, s *store.Store, want domain.Result, p domain.Parsed) domain.Receipt {
	t.Helper()
	r, err := s.Record(t.Context(), p)
	if err != nil || r.Result != want {
		t.Fatalf("recorded as %+v, want %s; error %v", r, want, err)
	}
	return r
}

func resolve(t *testing.T, s *store.Store, id string, want domain.Result, p domain.Parsed) {
	t.Helper()
	r, err := s.Resolve(t.Context(), id, p)
	if err != nil || r.Result != want {
		t.Fatalf("resolved as %+v, want %s; error %v", r, want, err)
	}
}

func parkedOnly(t *testing.T, s *store.Store, r domain.Result, want int) []domain.Parked {
	t.Helper()
	list, _, err := s.ParkedList(t.Context(), r, "", 100)
	if err != nil || len(list) != want {
		t.Fatalf("%d %s, want %d; error %v\n%+v", len(list), r, want, err, list)
	}
	return list
}

// wantCounts checks the counts of the only source, that none is below zero, and that they add up.
func wantCounts(t *testing.T, s *store.Store, recorded, duplicate, conflict, unresolved, quarantined int64) {
	t.Helper()
	counts, err := s.SourceCounts(t.Context())
	if err != nil || len(counts) != 1 {
		t.Fatalf("%d sources, error %v", len(counts), err)
	}
	c := counts[0].Counts
	got := [5]int64{c[domain.ResultRecorded], c[domain.ResultDuplicate], c[domain.ResultConflict], c[domain.ResultUnresolved], c[domain.ResultQuarantined]}
	if want := [5]int64{recorded, duplicate, conflict, unresolved, quarantined}; got != want {
		t.Errorf("recorded, duplicate, conflict, unresolved, quarantined: %v, want %v", got, want)
	}
	if sum := got[0] + got[1] + got[2] + got[3] + got[4]; sum != counts[0].Received {
		t.Errorf("the results add up to %d of %d received", sum, counts[0].Received)
	}
}

// A copy that a person gives its subject may turn out to contradict what is recorded.
// A delivery that is still without a type once its subject is known waits for a typed copy like any other.
// A parked delivery may turn out to say something else than what is recorded, or than another conflict.
// Twice in one batch: the first takes it, the second finds nothing.
// One delivery that names an event twice is one delivery that was seen.
func TestRecord_eventTwiceInADelivery(t *testing.T) {
	s := temp(t)
	p := gift("gift", 1)
	p.Events = append(p.Events, p.Events[0])
	keep(t, s, domain.ResultRecorded, p)
	keep(t, s, domain.ResultDuplicate, p)
	page, err := s.Events(t.Context(), p.Events[0].Subject, domain.Range{})
	if err != nil || len(page.Rows) != 1 || page.Rows[0].Received.Seen != 2 {
		t.Errorf("%+v, error %v", page.Rows, err)
	}
	wantCounts(t, s, 1, 1, 0, 0, 0)
}

// Bodies are kept once per delivery, whoever else writes to the same subjects, and whatever they hold.
func TestRecord_bodiesOfManyEvents(t *testing.T) {
	s := temp(t)
	many := func(from int) domain.Parsed {
		p := gift("gift-0", from)
		for i := 1; i < 3; i++ {
			p.Events = append(p.Events, gift(fmt.Sprint("gift-", i), from+i).Events...)
		}
		p.Body = fmt.Appendf(nil, "body %d", from)
		return p
	}
	empty := gift("gift-0", 0)
	empty.Body = nil
	store.Together(t, s, store.Driven{Parsed: empty}, store.Driven{Parsed: many(10)}, store.Driven{Parsed: many(20)})
	var n int
	if store.Scan(t, s, &n, "SELECT count(*) FROM bodies"); n != 3 {
		t.Errorf("%d bodies kept for 3 deliveries", n)
	}
	for i := range 3 {
		page, err := s.Events(t.Context(), gift(fmt.Sprint("gift-", i), 1).Events[0].Subject, domain.Range{})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Rows {
			bodies, err := s.Bodies(t.Context(), []int64{r.Body})
			want := fmt.Sprint("body ", int(r.Fingerprint[0])/10*10)
			if r.Fingerprint[0] == 0 {
				want = ""
			}
			if err != nil || string(bodies[r.Body]) != want {
				t.Errorf("body of event %d of gift-%d: %q, error %v", r.Fingerprint[0], i, bodies[r.Body], err)
			}
		}
	}
}

// A delivery that says nothing at all is not lost.
func TestRecord_nothing(t *testing.T) {
	s := temp(t)
	p := gift("gift", 1)
	p.Events = nil
	keep(t, s, domain.ResultUnresolved, p)
	parkedOnly(t, s, domain.ResultUnresolved, 1)
	wantCounts(t, s, 0, 0, 0, 1, 0)
}

// One damaged subject must not keep the deliveries of others from being recorded.
func TestRecord_besideADamagedSubject(t *testing.T) {
	path := filepath.Join(t.TempDir(), "giftline.db")
	s := open(t, path, store.Options{})
	keep(t, s, domain.ResultRecorded, gift("damaged", 1))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	store.Alter(t, path, "UPDATE subjects SET places = x'00'")
	s = open(t, path, store.Options{})
	errs := store.TogetherErrors(s, store.Driven{Parsed: gift("b", 3)}, store.Driven{Parsed: gift("damaged", 2)}, store.Driven{Parsed: gift("c", 4)})
	if errs[0] != nil || domain.CodeOf(errs[1]) != domain.CodeDamaged || errs[2] != nil {
		t.Errorf("%v", errs)
	}
}

// The ledger remembers what was believed of an event that moved or was taken off, and what ended the belief.
// A subject that lost its only event is made known anew by the next one.
// The numbers of bodies that were erased are never another body's.
func TestOpen_afterErasure(t *testing.T) {
	path := filepath.Join(t.TempDir(), "giftline.db")
	s := open(t, path, store.Options{})
	keep(t, s, domain.ResultRecorded, gift("gift", 1))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	store.Alter(t, path, "DELETE FROM bodies")
	s = open(t, path, store.Options{})
	keep(t, s, domain.ResultRecorded, gift("gift", 2))
	page, err := s.Events(t.Context(), gift("gift", 1).Events[0].Subject, domain.Range{})
	if err != nil || len(page.Rows) != 2 || page.Rows[0].Body == page.Rows[1].Body {
		t.Errorf("%+v, error %v", page.Rows, err)
	}
}

// A batch that is tried again counts, parks and closes what it would have the first time.
func TestRecord_triedAgain(t *testing.T) {
	s := poisoned(t)
	keep(t, s, domain.ResultUnresolved, copyOf(""))
	all := []store.Driven{{Parsed: copyOf("shipped")}, {Parsed: copyOf("")}, {Parsed: copyOf("delivered")}, {Parsed: copyOf("shipped")}, {Parsed: astray("")}}
	poison := gift("poison", 1)
	poison.Source = "sendoso"
	all = append(all, store.Driven{Parsed: poison}, store.Driven{Parsed: astray("")})
	store.Together(t, s, all...)
	wantCounts(t, s, 0, 0, 0, 7, 1)
	parkedOnly(t, s, domain.ResultUnresolved, 2)
	parkedOnly(t, s, domain.ResultQuarantined, 1)
	store.Audit(t, s)
}

// How an event came is told of it: late or not, how often, and by the first and last eight deliveries.
func TestReceived(t *testing.T) {
	s := temp(t)
	first := said("gift", "gift-status-changed", "unopened", 2)
	var all []store.Driven
	for i := range 20 {
		p := first
		p.DeliveryID = fmt.Sprint("wh_", i)
		all = append(all, store.Driven{Parsed: p})
	}
	all = append(all, store.Driven{Parsed: said("gift", "gift-status-changed", "opened", 3)}, store.Driven{Parsed: said("gift", "gift-status-changed", "unwrapped", 1)})
	store.Together(t, s, all...)
	page, err := s.Events(t.Context(), first.Events[0].Subject, domain.Range{})
	if err != nil || len(page.Rows) != 3 {
		t.Fatal(page, err)
	}
	for i, late := range []bool{true, false, false} {
		if page.Rows[i].Received.Late != late {
			t.Errorf("event %d: late %v", i, !late)
		}
	}
	got := page.Rows[1].Received
	want := "[wh_0 wh_1 wh_2 wh_3 wh_4 wh_5 wh_6 wh_7 wh_12 wh_13 wh_14 wh_15 wh_16 wh_17 wh_18 wh_19]"
	if fmt.Sprint(got.DeliveryIDs) != want || got.Seen != 20 {
		t.Errorf("seen %d by %v", got.Seen, got.DeliveryIDs)
	}
}
