//go:build unix

package store_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"giftline/domain"
	"giftline/statemachines"
	"giftline/store"
	"giftline/store/storetest"
)

// tellGifts records some gifts of n events each.
func tellGifts(t testing.TB, s domain.Store, gifts, n int) {
	t.Helper()
	for g := range gifts {
		for i := range n {
			if _, err := s.Record(context.Background(), gift(fmt.Sprint("gift-", g), i)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func listedIDs(t testing.TB, s domain.Store, ctx context.Context) (ids []string) {
	t.Helper()
	page, err := s.List(ctx, domain.ListQuery{})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range page.Subjects {
		ids = append(ids, l.Subject.ID)
	}
	slices.Sort(ids)
	return ids
}

// What a lap wrote before it failed is gone with it, and the next one does all of it.
func TestFollow_lapFails(t *testing.T) {
	t.Parallel()
	s := temp(t)
	tellGifts(t, s, 3, 2)
	for _, table := range []string{"listings", "postings", "names", "shelves", "follower"} {
		for _, event := range []string{"INSERT", "UPDATE"} {
			name := "broken_" + table + event
			store.Spoil(t, s, "CREATE TRIGGER "+name+" AFTER "+event+" ON "+table+" BEGIN SELECT RAISE(ABORT, 'lost'); END")
			tellGifts(t, s, 6, 3)
			if page, err := s.List(t.Context(), domain.ListQuery{}); err != nil {
				t.Errorf("a list behind the feed: %d subjects, error %v", len(page.Subjects), err)
			}
			store.Spoil(t, s, "DROP TRIGGER "+name)
			store.AuditIndex(t, s)
			store.Spoil(t, s, "DELETE FROM labels") // as a write in between
		}
	}
}

// An index of older rules, or of another history of the feed, is made anew; one of newer rules is left alone.
func TestFollow_anew(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, s *store.Store) {
		tellGifts(t, s, 5, 2)
		store.AuditIndex(t, s)
		for _, spoil := range []string{
			"UPDATE follower SET rules = 0", "UPDATE follower SET position = 'other.0.1.00000000'", "UPDATE follower SET position = 'nonsense'",
			"UPDATE feed SET epoch = 'another'",
		} {
			store.Spoil(t, s, spoil)
			store.Spoil(t, s, "DELETE FROM postings")
			tellGifts(t, s, 6, 3)
			store.AuditIndex(t, s)
			if got := listedIDs(t, s, t.Context()); len(got) != 6 {
				t.Errorf("%s: %q are listed", spoil, got)
			}
		}
		store.Spoil(t, s, "DELETE FROM names")
		if err := s.Reindex(t.Context()); err != nil {
			t.Error(err)
		}
		store.AuditIndex(t, s)
		store.Spoil(t, s, "UPDATE follower SET rules = 1000000")
		tellGifts(t, s, 7, 1)
		if page, err := s.List(t.Context(), domain.ListQuery{}); err != nil || len(page.Subjects) != 6 || page.UpTo == nil {
			t.Errorf("beside a newer version: %d subjects up to %v, error %v", len(page.Subjects), page.UpTo, err)
		}
		store.Spoil(t, s, "UPDATE follower SET rules = 1")
	})
}

// One row that cannot be read does not keep the others off the lists.
func TestFollow_damagedRow(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, s *store.Store) {
		tellGifts(t, s, 3, 1)
		store.AuditIndex(t, s)
		store.Spoil(t, s, "UPDATE subjects SET digest = ? WHERE subject_id = 'gift-1'", []byte("short"))
		tellGifts(t, s, 1, 2)
		tellGifts(t, s, 6, 1)
		if err := s.FollowAll(t.Context()); err != nil {
			t.Error(err)
		}
		if got := listedIDs(t, s, t.Context()); len(got) < 5 {
			t.Errorf("%q are listed", got)
		}
		store.Spoil(t, s, "DELETE FROM events WHERE subject IN (SELECT id FROM subjects WHERE length(digest) = 5)")
		store.Spoil(t, s, "DELETE FROM subjects WHERE length(digest) = 5")
	})
}

// However many events a subject has, each source that it came by counts for who may see it.
func TestFollow_manyEvents(t *testing.T) {
	t.Parallel()
	s := temp(t)
	var all []store.Driven
	for i := range 2100 {
		all = append(all, store.Driven{Parsed: gift("gift", i)})
	}
	store.Together(t, s, all[:1500]...)
	store.Together(t, s, all[1500:]...)
	store.AuditIndex(t, s)
	snappy, both := domain.Within(t.Context(), []string{"snappy"}), domain.Within(t.Context(), []string{"snappy", "other"})
	if got := listedIDs(t, s, snappy); len(got) != 1 {
		t.Errorf("before: %q", got)
	}
	late := gift("gift", 3000)
	late.Source = "other"
	store.Together(t, s, store.Driven{Parsed: late})
	if one, two := listedIDs(t, s, snappy), listedIDs(t, s, both); len(one) != 1 || len(two) != 1 {
		t.Errorf("after another source: %q and %q", one, two)
	}
	store.AuditIndex(t, s)
}

// Behind the feed, a list still shows nobody what came by a source that is not his.
func TestFollow_reachBehind(t *testing.T) {
	t.Parallel()
	s := temp(t)
	tellGifts(t, s, 2, 1)
	ctx := domain.Within(t.Context(), []string{"snappy"})
	if got := listedIDs(t, s, ctx); len(got) != 2 {
		t.Fatalf("%q are listed", got)
	}
	store.Spoil(t, s, "UPDATE follower SET rules = 1000000") // nobody follows
	other := gift("gift-1", 5)
	other.Source = "other"
	store.Together(t, s, store.Driven{Parsed: other})
	if got := listedIDs(t, s, ctx); !slices.Equal(got, []string{"gift-0"}) {
		t.Errorf("%q are listed", got)
	}
	store.Spoil(t, s, "UPDATE follower SET rules = 1")
}

// Opened for reading only, a database is listed as it was last followed, and says so.
func TestFollow_readOnly(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "giftline.db")
	s := open(t, path, store.Options{})
	tellGifts(t, s, 2, 1)
	store.AuditIndex(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := store.OpenReader(t.Context(), path, statemachines.All())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if page, err := r.List(t.Context(), domain.ListQuery{Count: true}); err != nil || *page.Count != 2 || page.UpTo != nil {
		t.Errorf("%+v, error %v", page, err)
	}
}

// Replicas that follow at the same time make one index, while all of them record and list.
func TestFollow_replicas(t *testing.T) {
	t.Parallel()
	r := openReplicas(t, ownSchema(t, storetest.Server(t)), store.Options{})
	var wg sync.WaitGroup
	for w := range 6 {
		wg.Go(func() {
			for i := range 40 {
				if _, err := r.Record(context.Background(), gift(fmt.Sprint("gift-", (w*7+i)%50), i)); err != nil {
					t.Error(err)
				}
				if _, err := r.all[i%3].List(context.Background(), domain.ListQuery{Limit: 5}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for _, s := range r.all {
		wg.Go(func() {
			if err := s.FollowAll(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	store.AuditIndex(t, r.all[2])
}

// What people say moves with a database, and the index is made anew where it comes to.
func TestFollow_moved(t *testing.T) {
	t.Parallel()
	path, dsn := filepath.Join(t.TempDir(), "giftline.db"), ownSchema(t, storetest.Server(t))
	s := open(t, path, store.Options{})
	tellGifts(t, s, 3, 2)
	subject := gift("gift-1", 0).Events[0].Subject
	if err := s.SetLabels(t.Context(), subject, domain.Labels{Reference: "PO-7", By: "key_1"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := (store.Move{From: path, To: dsn}).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	moved := open(t, dsn, store.Options{})
	store.AuditIndex(t, moved)
	page, err := moved.List(t.Context(), domain.ListQuery{References: []string{"PO-7"}})
	if err != nil || len(page.Subjects) != 1 || page.Subjects[0].Subject != subject || page.Subjects[0].Labels.By != "key_1" {
		t.Errorf("%+v, error %v", page, err)
	}
}

// A list does not wait for the writer for longer than a moment, whatever keeps it.
func TestFollow_writerIsBusy(t *testing.T) {
	t.Parallel()
	var now atomic.Int64
	now.Store(1_760_000_000_000_000)
	s := open(t, filepath.Join(t.TempDir(), "giftline.db"), store.Options{Now: func() time.Time { return time.UnixMicro(now.Load()) }})
	tellGifts(t, s, 3, 1)
	store.AuditIndex(t, s)
	release := store.HoldWriter(t, s)
	letGo := time.AfterFunc(5*time.Second, release)
	now.Add((10_000 * time.Hour).Microseconds()) // deadlines pass
	began := time.Now()
	page, err := s.List(t.Context(), domain.ListQuery{})
	if took := time.Since(began); err != nil || len(page.Subjects) != 3 || page.UpTo == nil || took > 2*time.Second {
		t.Errorf("%d subjects up to %v after %v, error %v", len(page.Subjects), page.UpTo, took, err)
	}
	if letGo.Stop() {
		release()
	}
}

// Who reads while the index is emptied is not told that an empty list is all there is.
func TestFollow_emptied(t *testing.T) {
	t.Parallel()
	dsn := ownSchema(t, storetest.Server(t))
	s := open(t, dsn, store.Options{})
	tellGifts(t, s, 3, 2)
	store.AuditIndex(t, s)
	reader, err := store.OpenReader(t.Context(), dsn, statemachines.All())
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if _, err := reader.List(t.Context(), domain.ListQuery{}); err != nil {
		t.Fatal(err)
	}
	emptied := make(chan struct{})
	go func() {
		defer close(emptied)
		store.Spoil(t, s, `DO $$ BEGIN
			LOCK TABLE follower IN ACCESS EXCLUSIVE MODE; TRUNCATE postings, members, names, listings, shelves;
			UPDATE follower SET position = '', up_to = 0; PERFORM pg_sleep(1); END $$`)
	}()
	time.Sleep(300 * time.Millisecond)
	page, err := reader.List(t.Context(), domain.ListQuery{})
	if err != nil || len(page.Subjects) != 3 && page.UpTo == nil {
		t.Errorf("%d subjects, and nothing is said to be missing, error %v", len(page.Subjects), err)
	}
	<-emptied
}
