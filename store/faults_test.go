package store_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"giftline/domain"
	"giftline/statemachines"
	"giftline/store"
)

func gift(id string, n int) domain.Parsed {
	e := domain.Event{
		Subject:     domain.Subject{Provider: domain.Snappy, Kind: domain.Gift, ID: id},
		Fingerprint: domain.Fingerprint{byte(n), byte(n >> 8), byte(n >> 16)}, Type: "gift-status-changed", Target: "unopened",
		At: 1_760_000_000_000_000 + domain.Instant(n)*1_000_000, Quality: domain.TimeExact,
	}
	m, _ := statemachines.All().For(domain.Snappy, domain.Gift)
	m.Read(&e)
	return domain.Parsed{
		Inbound: domain.Inbound{Source: "snappy", Provider: domain.Snappy, ReceivedAt: e.At, Body: fmt.Appendf(nil, `{"n":%d}`, n)},
		Events:  []domain.Event{e},
	}
}

// open opens a file, or a database at an address, for the length of a test.
func open(t testing.TB, db string, o store.Options) *store.Store {
	t.Helper()
	if o.Machines == nil {
		o.Machines = statemachines.All()
	}
	s, err := store.Open(t.Context(), db, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// poisoned opens a file that refuses the subject "poison".
func poisoned(t *testing.T) *store.Store {
	t.Helper()
	path := filepath.Join(t.TempDir(), "giftline.db")
	if err := open(t, path, store.Options{}).Close(); err != nil {
		t.Fatal(err)
	}
	store.Alter(t, path, `CREATE TRIGGER poison BEFORE INSERT ON subjects WHEN new.subject_id = 'poison'
		BEGIN SELECT RAISE(ABORT, 'poison'); END`)
	return open(t, path, store.Options{})
}

// A delivery that the database will not take must not take the others of its batch with it, and is not lost.
func TestRecord_poison(t *testing.T) {
	s := poisoned(t)
	results := make([]domain.Receipt, 100)
	var wg sync.WaitGroup
	for i := range results {
		wg.Go(func() {
			id := fmt.Sprint("gift-", i)
			if i == 42 {
				id = "poison"
			}
			var err error
			if results[i], err = s.Record(context.Background(), gift(id, i)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for i, r := range results {
		want := domain.ResultRecorded
		if i == 42 {
			want = domain.ResultQuarantined
		}
		if r.Result != want {
			t.Errorf("delivery %d: %s, want %s", i, r.Result, want)
		}
	}
	list, _, err := s.ParkedList(t.Context(), domain.ResultQuarantined, "", 10)
	if err != nil || len(list) != 1 || list[0].Code != domain.ParkRefused {
		t.Fatalf("quarantine: %+v, error %v", list, err)
	}
	if p, err := s.ParkedDelivery(t.Context(), list[0].ID); err != nil || string(p.Body) != `{"n":42}` {
		t.Errorf("the body is not kept: %q, error %v", p.Body, err)
	}
}

// A queue that is full says so at once, and nothing of what it refuses is recorded.
func TestRecord_fullQueue(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "giftline.db"), store.Options{Queue: 1})
	var mu sync.Mutex
	var wg sync.WaitGroup
	recorded, busy := 0, 0
	for i := range 300 {
		wg.Go(func() {
			_, err := s.Record(context.Background(), gift(fmt.Sprint("gift-", i), i))
			mu.Lock()
			defer mu.Unlock()
			switch domain.CodeOf(err) {
			case "":
				recorded++
			case domain.CodeBusy:
				busy++
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	counts, err := s.SourceCounts(t.Context())
	if err != nil || busy == 0 || recorded+busy != 300 || counts[0].Received != int64(recorded) {
		t.Errorf("%d recorded, %d refused, counted %+v, error %v", recorded, busy, counts, err)
	}
}

// What was answered before Close is there after opening again; what comes after it is refused.
func TestClose_keepsWhatWasAnswered(t *testing.T) {
	path := filepath.Join(t.TempDir(), "giftline.db")
	s := open(t, path, store.Options{})
	var mu sync.Mutex
	var answered []string
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			id := fmt.Sprint("gift-", i)
			if _, err := s.Record(context.Background(), gift(id, i)); err == nil {
				mu.Lock()
				answered = append(answered, id)
				mu.Unlock()
			}
		})
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	if _, err := s.Record(t.Context(), gift("after", 1)); domain.CodeOf(err) != domain.CodeBusy {
		t.Errorf("after Close: %v", err)
	}
	s = open(t, path, store.Options{})
	for _, id := range answered {
		found, err := s.Current(t.Context(), domain.Subject{Provider: domain.Snappy, Kind: domain.Gift, ID: id})
		if err != nil || len(found) != 1 || found[0].Events != 1 {
			t.Errorf("%s was answered, and is now %+v, error %v", id, found, err)
		}
	}
}

// A caller that gives up is told that nothing is known; its delivery may still be recorded, once.
func TestRecord_callerGone(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "giftline.db"), store.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _ = s.Record(ctx, gift("gift", 1))
	r, err := s.Record(t.Context(), gift("gift", 1))
	if err != nil || r.Result != domain.ResultDuplicate {
		t.Errorf("sent again: %+v, error %v", r, err)
	}
}

// A database limited to few pages behaves as a full disk: refused deliveries are not there, answered ones are.
func TestRecord_diskFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "giftline.db")
	s := open(t, path, store.Options{})
	store.LimitPages(t, s, 80)
	recorded, refused := 0, 0
	for i := range 2000 {
		_, err := s.Record(t.Context(), gift(fmt.Sprint("gift-", i), i))
		switch domain.CodeOf(err) {
		case "":
			if refused > 0 {
				continue
			}
			recorded++
		case domain.CodeBusy:
			refused++
		default:
			t.Fatal(err)
		}
		if refused > 20 {
			break
		}
	}
	if refused == 0 || recorded == 0 {
		t.Fatalf("%d recorded, %d refused", recorded, refused)
	}
	store.LimitPages(t, s, 100_000)
	if r, err := s.Record(t.Context(), gift("gift-0", 0)); err != nil || r.Result != domain.ResultDuplicate {
		t.Errorf("an answered delivery after the disk was full: %+v, error %v", r, err)
	}
	if r, err := s.Record(t.Context(), gift("new", 1)); err != nil || r.Result != domain.ResultRecorded {
		t.Errorf("a new delivery once there is room: %+v, error %v", r, err)
	}
}
