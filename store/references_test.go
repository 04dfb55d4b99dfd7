//go:build unix

package store_test

import (
	"context"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"giftline/domain"
	"giftline/statemachines"
	"giftline/store"
	"giftline/store/storetest"
)

// What links a subject changes with the keys that the store is opened with, for what was recorded before too; replicas
// follow by the same ones.
func TestReferenceKeys(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		referenceKeys(t, filepath.Join(t.TempDir(), "giftline.db"))
	})
	t.Run("postgres", func(t *testing.T) { referenceKeys(t, ownSchema(t, storetest.Server(t))) })
}

func referenceKeys(t *testing.T, db string) {
	for i, c := range []struct {
		keys         []string
		order, named string // who is found by these references
	}{
		{nil, "", "named"},
		{[]string{"order", "po"}, "both order", "named"},
		{nil, "both order", "named"}, // a command that was told no keys
		{[]string{"po", "order"}, "order", "named"},
		{[]string{}, "", "named"},
	} {
		s, err := store.Open(t.Context(), db, store.Options{Machines: statemachines.All(), ReferenceKeys: c.keys})
		must(t, err)
		if i == 0 {
			for n, m := range map[string]string{
				"order": `{"order":"7"}`, "both": `{"order":"7","po":"8"}`, "named": `{"order":"7","po":"8"}`, "plain": "",
			} {
				p := gift(n, len(n))
				p.Events[0].Attributes.Metadata = m
				if n == "named" {
					p.Events[0].Attributes.Reference = "REF"
				}
				_, err := s.Record(t.Context(), p)
				must(t, err)
			}
		}
		for reference, want := range map[string]string{"7": c.order, "REF": c.named} {
			if got := referring(t, s, reference); got != want {
				t.Errorf("with the keys %q, %s leads to %q, want %q", c.keys, reference, got, want)
			}
		}
		r, err := store.OpenReader(t.Context(), db, statemachines.All())
		must(t, err)
		if got := referring(t, r, "7"); got != c.order {
			t.Errorf("a reader finds %q, want %q", got, c.order)
		}
		must(t, r.Close())
		must(t, s.Close())
	}
}

// referring lists the ids that a reference leads to, once the index is up to date.
func referring(t *testing.T, s *store.Store, reference string) string {
	t.Helper()
	for {
		page, err := s.List(t.Context(), domain.ListQuery{References: []string{reference}, Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		if page.UpTo != nil {
			time.Sleep(10 * time.Millisecond)
			continue
		}
		var ids []string
		for _, l := range page.Subjects {
			if l.Reference != reference {
				t.Errorf("%s is listed with the reference %q, not %q", l.Subject, l.Reference, reference)
			}
			ids = append(ids, l.Subject.ID)
		}
		return sorted(strings.Join(ids, " "))
	}
}

func sorted(words string) string {
	list := strings.Fields(words)
	slices.Sort(list)
	return strings.Join(list, " ")
}

// Replicas that start at the same time with other keys than before do not end each other.
func TestReferenceKeys_together(t *testing.T) {
	t.Parallel()
	dsn := ownSchema(t, storetest.Server(t))
	tellGifts(t, open(t, dsn, store.Options{}), 3, 2)
	for i := range 8 {
		var starting sync.WaitGroup
		for range 4 {
			starting.Go(func() {
				s, err := store.Open(context.Background(), dsn, store.Options{Machines: statemachines.All(), ReferenceKeys: []string{"key" + strconv.Itoa(i)}})
				if err != nil {
					t.Error(err)
					return
				}
				_ = s.Close()
			})
		}
		starting.Wait()
	}
}
