package domain_test

import (
	"strings"
	"testing"

	"giftline/domain"
)

// aged is a lamp of some revision.
type aged struct {
	lamp
	revision int
	hash     string
}

func (a aged) Revision() int { return a.revision }
func (a aged) Hash() string  { return a.hash }

type onlyAged struct {
	domain.Machines
	machine domain.Machine
}

func (o onlyAged) For(domain.Provider, domain.Kind) (domain.Machine, bool) { return o.machine, true }

// stored is a story as a store would have it, with the row that it adds up to.
func stored() (domain.SubjectRow, []domain.Recorded) {
	rows := story("09:00 status unopened", "10:00 status opened", "11:00 delivery shipped")
	c := refold(rows)
	row := domain.SubjectRow{Current: c, Digest: gift.Digest(), Places: &domain.Places{}, Revision: 2, Hash: "two"}
	for i := range rows {
		rows[i].Joined, rows[i].Source = rows[i].At, "snappy"
		rows[i].Received = domain.Received{At: rows[i].At, LastAt: rows[i].At, Seen: 1}
		row.LastAt, row.JoinedAt, row.Places.Last = rows[i].At, rows[i].At, rows[i].Place()
		if rows[i].Region == domain.Status {
			row.Places.StatusReported = rows[i].Place()
		} else {
			row.Places.DeliveryReported = rows[i].Place()
		}
	}
	return row, rows
}

// TestVerifier_machines: what another version has folded is judged only where a rebuild asks what it would change.
func TestVerifier_machines(t *testing.T) {
	for _, c := range []struct {
		name     string
		revision int
		hash     string
		spoil    bool
		upgrade  bool
		want     domain.Condition
		heals    bool
		damage   int
	}{
		{"sound", 2, "two", false, false, domain.Sound, false, 0},
		{"damaged", 2, "two", true, false, domain.Damaged, true, 1},
		{"folded by an older table", 3, "three", false, false, domain.Outdated, true, 0},
		{"and not as today's would", 3, "three", true, false, domain.Outdated, true, 0},
		{"which a rebuild would change", 3, "three", true, true, domain.Outdated, true, 1},
		{"by an older revision of the same table", 3, "two", false, false, domain.Outdated, true, 0},
		{"damaged as well", 3, "two", true, false, domain.Damaged, true, 1},
		{"by another fold", 2, "other", true, false, domain.Outdated, true, 0},
		{"by a newer table", 1, "one", true, true, domain.Newer, false, 0},
	} {
		row, rows := stored()
		if c.spoil {
			row.State.Status = "claimed"
		}
		v := domain.Verifier{Machines: onlyAged{machine: aged{twoRegions, c.revision, c.hash}}, Upgrade: c.upgrade}
		check := v.Begin(row)
		for i := range rows {
			check.Instant(rows[i : i+1])
		}
		f := check.End()
		if f.Condition != c.want || f.Heals() != c.heals || len(f.Damage) != c.damage {
			t.Errorf("%s: %s, heals %v, %+v", c.name, f.Condition, f.Heals(), f.Damage)
		}
	}
}

// TestCheck_changes: a history is a chain that ends in how the event stands.
func TestCheck_changes(t *testing.T) {
	change := func(at int, was, verdict domain.Verdict) domain.VerdictChange {
		return domain.VerdictChange{At: domain.Instant(at), Was: was, Verdict: verdict, ByEvent: true}
	}
	illegal := func(at, since int, verdict domain.Verdict) domain.VerdictChange {
		c := change(at, domain.Illegal, verdict)
		c.Region, c.From, c.To, c.Reason, c.BelievedAt = domain.Status, "a", "b", domain.Backward, domain.Instant(since)
		return c
	}
	rebuilt := change(9, domain.Note, domain.Moved)
	rebuilt.ByEvent = false
	stands := func(v domain.Verdict) *domain.Standing { return &domain.Standing{Verdict: v, Joined: 1} }
	for _, c := range []struct {
		name string
		all  []domain.VerdictChange
		now  *domain.Standing
		says string
	}{
		{"a chain", []domain.VerdictChange{illegal(2, 1, domain.Gap), change(3, domain.Gap, domain.Illegal), illegal(4, 3, domain.Moved)}, stands(domain.Moved), ""},
		{"taken off", []domain.VerdictChange{change(2, domain.Gap, "")}, nil, ""},
		{"taken off and recorded again", []domain.VerdictChange{change(0, domain.Gap, ""), illegal(2, 1, domain.Gap)}, stands(domain.Gap), ""},
		{"a rebuild that found something else", []domain.VerdictChange{change(2, domain.Gap, domain.Illegal), rebuilt}, stands(domain.Moved), ""},
		{"an event that is gone", []domain.VerdictChange{change(2, domain.Gap, domain.Moved)}, nil, "not there"},
		{"another end", []domain.VerdictChange{change(2, domain.Gap, domain.Moved)}, stands(domain.Gap), "ends in moved, it is gap"},
		{"a broken chain", []domain.VerdictChange{change(2, domain.Gap, domain.Moved), change(3, domain.Note, domain.Gap)}, stands(domain.Gap), "and then that it was note"},
		{"out of order", []domain.VerdictChange{change(3, domain.Gap, domain.Moved), change(2, domain.Moved, domain.Gap)}, stands(domain.Gap), "order of time"},
		{"a belief from nowhere", []domain.VerdictChange{illegal(3, 2, domain.Moved)}, stands(domain.Moved), "since when"},
		{"a belief of another change", []domain.VerdictChange{change(2, domain.Gap, domain.Illegal), illegal(4, 3, domain.Gap)}, stands(domain.Gap), "since when"},
		{"no change", []domain.VerdictChange{change(2, domain.Gap, domain.Gap)}, stands(domain.Gap), "from gap to gap"},
	} {
		row, _ := stored()
		v := domain.Verifier{Machines: onlyAged{machine: aged{twoRegions, 2, "two"}}}
		check := v.Begin(row)
		check.Changes(c.all, c.now)
		f := check.End()
		said := f.Has(domain.PartHistory)
		if said != (c.says != "") || said && !strings.Contains(f.Damage[0].What, c.says) {
			t.Errorf("%s: %+v", c.name, f.Damage)
		}
	}
}
