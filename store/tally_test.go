package store_test

import (
	"strings"
	"testing"

	"giftline/domain"
	"giftline/statemachines"
	"giftline/store"
)

// What statistics count is compared with the events like the rest of the index, and a subject whose former count cannot
// be taken back has everything counted anew.
func TestTallies_damaged(t *testing.T) {
	t.Parallel()
	for what, spoil := range map[string]string{
		"event_tallies counts 4":  "UPDATE event_tallies SET n = n + 1",
		"stay_tallies counts 3":   "UPDATE stay_tallies SET n = n + 2",
		"funnel_tallies counts 5": "UPDATE funnel_tallies SET n = 5",
		"counts none of":          "DELETE FROM funnel_tallies",
		"it is counted as":        "UPDATE listings SET counted = x'01'",
	} {
		s := open(t, t.TempDir()+"/giftline.db", store.Options{Machines: statemachines.All()})
		for n, status := range []string{"unopened", "opened", "claimed"} {
			give(t, s, status, n)
		}
		follow(t, s)
		if wrong := check(t, s); wrong != "" {
			t.Fatalf("nothing is spoilt: %s", wrong)
		}
		store.Spoil(t, s, spoil)
		if wrong := check(t, s); !strings.Contains(wrong, what) {
			t.Errorf("%s: %q", spoil, wrong)
		}
		if what == "it is counted as" {
			give(t, s, "claimed", 3)
			follow(t, s)
			if wrong := check(t, s); wrong != "" {
				t.Errorf("not counted anew: %s", wrong)
			}
		}
	}
}

// give records that a gift has come to a status.
func give(t *testing.T, s *store.Store, status string, n int) {
	t.Helper()
	p := gift("g", n)
	p.Events[0].Target = status
	m, _ := statemachines.All().For(domain.Snappy, domain.Gift)
	m.Read(&p.Events[0])
	if _, err := s.Record(t.Context(), p); err != nil {
		t.Fatal(err)
	}
}

func follow(t *testing.T, s *store.Store) {
	t.Helper()
	if err := s.FollowAll(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func check(t *testing.T, s *store.Store) string {
	t.Helper()
	wrong, err := s.CheckIndex(t.Context(), domain.Instant(0))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(wrong, "\n")
}
