//go:build unix

package store_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"giftline/api/webhooks"
	"giftline/domain"
	"giftline/store"
)

// spoiled is a column that is wrong, and what is to be said of it. The statement is about the row of sick.
type spoiled struct {
	column string
	set    string
	args   []any
	heals  bool             // a rebuild does
	is     domain.Condition // Damaged if empty
}

// subjectDamage has every column of subjects.
var subjectDamage = []spoiled{
	{column: "digest", set: "digest = ?", args: []any{bytes.Repeat([]byte{1}, 16)}, heals: true},
	{column: "digest", set: "digest = ?", args: []any{bytes.Repeat([]byte{1}, 15)}},
	{column: "source", set: "source = 'sendoso'", heals: true},
	{column: "status", set: "status = 'unopened'", heals: true},
	{column: "delivery", set: "delivery = ''", heals: true},
	{column: "phase", set: "phase = 'expired'", heals: true},
	{column: "permanent", set: "permanent = NOT permanent", heals: true},
	{column: "status_since", set: "status_since = status_since + 1", heals: true},
	{column: "status_since", set: "status_since = NULL", heals: true},
	{column: "delivery_since", set: "delivery_since = -5", heals: true},
	{column: "last_at", set: "last_at = last_at + 1", heals: true},
	{column: "last_at", set: "last_at = 0", heals: true},
	{column: "joined_at", set: "joined_at = joined_at + 1", heals: true},
	{column: "joined_at", set: "joined_at = 0", heals: true},
	{column: "company_id", set: "company_id = 'com_2'", heals: true},
	{column: "reference", set: "reference = ''", heals: true},
	{column: "recipient", set: "recipient = 'x@example.com'", heals: true},
	{column: "metadata", set: "metadata = '{}'", heals: true},
	{column: "status_reported", set: "status_reported = 'opened'", heals: true},
	{column: "delivery_reported", set: "delivery_reported = ''", heals: true},
	{column: "places", set: "places = ?", args: []any{[]byte{1, 2, 3}}, heals: true},
	{column: "places", set: "places = (SELECT places FROM subjects WHERE subject_id = 'gid_1')", heals: true},
	{column: "events", set: "events = 7", heals: true},
	{column: "events", set: "events = 9", heals: true},
	{column: "illegal", set: "illegal = 3", heals: true},
	{column: "machine_hash", set: "machine_hash = 'other'", heals: true, is: domain.Outdated},
	{column: "machine_revision", set: "machine_revision = 0", heals: true, is: domain.Outdated},
	{column: "machine_revision", set: "machine_revision = 99", is: domain.Newer},
}

// eventDamage has every column of events. Where it does not say which, the row is that of the claim.
var eventDamage = []spoiled{
	{column: "region", set: "region = 'delivery'", heals: true},
	{column: "rank", set: "rank = 99", heals: true},
	{column: "given_flags", set: "given_flags = 8192", heals: true}, // unknown_type, which the machine decides
	{column: "verdict", set: "verdict = 'gap'", heals: true},
	{column: "verdict", set: "verdict = 'illegal'", heals: true},
	{column: "verdict", set: "verdict = ''", heals: true},
	{column: "reason", set: "reason = 'guard'", heals: true},
	{column: "flags", set: "flags = 1", heals: true},
	{column: "status", set: "status = 'opened'", heals: true},
	{column: "delivery", set: "delivery = 'delivered'", heals: true},
	{column: "phase", set: "phase = ''", heals: true},
	{column: "permanent", set: "permanent = NOT permanent", heals: true},
	{column: "at", set: "at = at + 1"},
	{column: "at", set: "at = -at"},
	{column: "fp", set: "fp = ?", args: []any{bytes.Repeat([]byte{9}, 12)}},
	{column: "fp", set: "fp = ?", args: []any{bytes.Repeat([]byte{9}, 11)}},
	{column: "type", set: "type = 'gift-status-chanted'"},
	{column: "target", set: "target = 'clammed'"},
	{column: "previous", set: "previous = 'opened'"},
	{column: "at_text", set: "at_text = '2025-01-15T11:00:01Z'"},
	{column: "quality", set: "quality = 'approximate'"},
	{column: "facts", set: "facts = facts + 1"},
	{column: "given_flags", set: "given_flags = 1"},
	{column: "company_id", set: "company_id = ''"},
	{column: "reference", set: "reference = 'REF-2'"},
	{column: "recipient", set: "recipient = 'x@example.com'"},
	{column: "metadata", set: "metadata = ''"},
	{column: "meaning", set: "meaning = ?", args: []any{bytes.Repeat([]byte{9}, 16)}},
	{column: "source", set: "source = 'nobody'"},
	{column: "received_at", set: "received_at = last_at + 1"},
	{column: "last_at", set: "last_at = 0"},
	{column: "seen", set: "seen = 0"},
	{column: "delivery_ids", set: `delivery_ids = '["a","b"]'`},
	{column: "delivery_ids", set: `delivery_ids = '["a'`},
	{column: "body", set: "body = body + 1"},
	{column: "body", set: "body = 99999"},
}

// cannotTell are the columns of which nothing else tells what they should be.
var cannotTell = map[string][]string{
	"subjects": {"id", "provider", "kind", "subject_id"}, // TestVerify_anotherName
	"events":   {"subject", "joined_at", "late"},         // TestVerify_eventsOfAnother; facts of the arrival that nothing repeats
}

func TestVerify_everyColumn(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		tell(t, s)
		for table, all := range map[string][]spoiled{"subjects": subjectDamage, "events": eventDamage} {
			for _, column := range store.Columns(t, s, table) {
				if !slices.Contains(cannotTell[table], column) && !slices.ContainsFunc(all, func(d spoiled) bool { return d.column == column }) {
					t.Errorf("nothing spoils %s.%s", table, column)
				}
			}
			store.Spoil(t, s, "CREATE TABLE kept_"+table+" AS SELECT * FROM "+table)
			where := map[string]string{
				"subjects": " WHERE subject_id = 'gft_sick'",
				"events":   " WHERE target = 'claimed' AND subject = (SELECT id FROM subjects WHERE subject_id = 'gft_sick')",
			}[table]
			for _, d := range all {
				store.Spoil(t, s, "UPDATE "+table+" SET "+d.set+where, d.args...)
				d.judge(t, s)
				if !d.heals {
					store.Spoil(t, s, "DELETE FROM "+table)
					store.Spoil(t, s, "INSERT INTO "+table+" SELECT * FROM kept_"+table)
				}
			}
		}
		wantSound(t, s)
	})
}

// judge wants exactly the sick one named, and healed if it can be; what cannot be is left as it is.
func (d spoiled) judge(t *testing.T, s *store.Store) {
	t.Helper()
	want := string(domain.Damaged) + " " + sick
	if d.is != "" {
		want = string(d.is) + " " + sick
	}
	_, f := verify(t, s, store.Verification{})
	if f.names() != want || d.is == "" && len(f[sick].Damage) == 0 {
		t.Errorf("%s: found %v, want %s", d.set, f, want)
	}
	dry := rebuild(t, s, store.Verification{DryRun: true})
	if one := dry[sick]; one.Heals() != d.heals {
		t.Errorf("%s: a dry run says %+v", d.set, one)
	}
	if _, again := verify(t, s, store.Verification{}); again.names() != want {
		t.Errorf("%s: a dry run changed it to %s", d.set, again.names())
	}
	healed := rebuild(t, s, store.Verification{})
	if !d.heals {
		if healed.names() != want {
			t.Errorf("%s: a rebuild says %v", d.set, healed)
		}
		return
	}
	if healed.names() != "rebuilt "+sick {
		t.Errorf("%s: a rebuild says %v", d.set, healed)
	}
	if _, left := verify(t, s, store.Verification{}); len(left) > 0 {
		t.Errorf("%s: after the rebuild %v", d.set, left)
	}
}

// Whoever is told may be as slow as a person who reads.
func TestVerify_slowListener(t *testing.T) {
	bothWith(t, store.Options{Lazy: true}, func(t *testing.T, s *store.Store) {
		tell(t, s)
		store.Spoil(t, s, "UPDATE subjects SET illegal = 5")
		store.Impatient(s, time.Second)
		told := 0
		sum, err := s.Verify(t.Context(), store.Verification{Parsers: webhooks.Parsers(), Found: func(domain.Finding) error {
			time.Sleep(400 * time.Millisecond)
			told++
			return nil
		}})
		if err != nil || told < 3 || int64(told) != sum.Findings[domain.Damaged] {
			t.Errorf("told %d times, %+v, error %v", told, sum, err)
		}
	})
}
