package domain_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"giftline/domain"
)

// Next is the row behind the one held, in each region.
func (l lamp) Next(s domain.State) []domain.Step {
	steps := []domain.Step{}
	for _, r := range l.Regions() {
		if i := slices.Index(l.rows[r], s.In(r)) + 1; i < len(l.rows[r]) {
			steps = append(steps, domain.Step{Region: r, State: l.rows[r][i], Meaning: "it is " + l.rows[r][i], Usual: true})
		}
	}
	return steps
}

func (l lamp) Name() string { return "lamp" }

func (l lamp) Quiet(domain.State) []string { return nil }

func (l lamp) Missing(_ domain.State, _ *domain.Event, o domain.Outcome) []string {
	if o.Verdict == domain.Gap {
		return []string{"the lamp flickered"}
	}
	return nil
}

func (l lamp) View() domain.MachineView {
	v := domain.MachineView{}
	for _, r := range l.Regions() {
		one := domain.RegionView{Region: r}
		for i, state := range l.rows[r] {
			from := []string{domain.New}
			if i > 0 {
				from = []string{l.rows[r][i-1]}
			}
			one.States = append(one.States, domain.StateView{State: state, From: from})
		}
		v.Regions = append(v.Regions, one)
	}
	return v
}

func explain(t *testing.T, r *domain.Reader, v domain.View, now string) domain.Explanation {
	t.Helper()
	c, err := r.Find(t.Context(), gift)
	if err != nil {
		t.Fatal(err)
	}
	x, err := r.Explain(t.Context(), c, v, clock(now).Time())
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestReader_Explain(t *testing.T) {
	rows := story("09:00 status opened", "09:30 status opened", "09:40 status unopened", "09:50 note", "10:00 status broken")
	r, _ := readerOf(rows)
	x := explain(t, r, domain.View{}, "10:30")
	wantSame(t, x.Regions[0].DecidedBy.ID, rows[0].ID())
	wantSame(t, x.Regions[0].DecidedBy.Inferred, []string{"unopened"})
	wantSame(t, *x.Regions[0].Differs, domain.Difference{
		ID: rows[4].ID(), At: clock("10:00"), Why: "Nobody has heard of the status broken: a newer version may know it. Until then status stays opened.",
	})
	var why []string
	for _, u := range x.Unmoved {
		why = append(why, u.Why)
	}
	holds := "status is opened since 2025-01-15 09:00 UTC by " + rows[0].ID() + "."
	wantSame(t, why, []string{
		"It says again what is known: " + holds,
		"unopened comes before opened: " + holds + " unopened can only come first.",
		"Events of this type report a state, but this one names none.",
		x.Regions[0].Differs.Why,
	})
	wantSame(t, x.Missing, []domain.Unheard{{
		ID: rows[0].ID(), At: nine, Region: domain.Status, From: domain.New, To: "opened", Steps: []string{"unopened"}, Means: []string{"the lamp flickered"},
	}})
	wantSame(t, *x.Deadline, domain.Due{
		At: clock("10:00"), Region: ptr(domain.Status), State: ptr("opened"), Why: "the lamp burns for an hour", Passed: true,
	})
	for _, words := range []string{
		"snappy gift gft_12345: waiting\n", "Overdue: something should have happened by 2025-01-15 10:00 UTC, 30 minutes ago (our default: the lamp burns for an hour).",
		"- status claimed: it is claimed.\n", "4 events moved nothing:\n", "\n  Probably: the lamp flickered.\n",
	} {
		if !strings.Contains(x.Text, words) {
			t.Errorf("the text lacks %q:\n%s", words, x.Text)
		}
	}
}

// Of a story that is too long the newest events are read, and those that decided what is still held.
func TestReader_Explain_longStories(t *testing.T) {
	lines := []string{"09:00 status opened", "09:30 delivery shipped"}
	for i := range domain.ExplainRead + 10 {
		lines = append(lines, fmt.Sprintf("%02d:%02d status opened", 10+i/600, i/10%60))
	}
	rows := story(lines...)
	slices.SortFunc(rows, func(a, b domain.Recorded) int { return a.Place().Compare(b.Place()) })
	r, _ := readerOf(rows)
	for name, view := range map[string]domain.View{"now": {}, "folded": {AsOf: ptr(clock("23:00"))}} {
		t.Run(name, func(t *testing.T) {
			x := explain(t, r, view, "23:00")
			wantSame(t, x.Counts, domain.ExplainCounted{
				Events: int64(len(rows)), Read: domain.ExplainRead, Unmoved: domain.ExplainRead,
			})
			wantSame(t, len(x.Unmoved), domain.ExplainList)
			wantSame(t, x.Regions[0].DecidedBy.ID, rows[0].ID())
			wantSame(t, x.Regions[0].DecidedBy.Verdict, domain.Gap)
			wantSame(t, x.Regions[1].DecidedBy.ID, rows[1].ID())
			for _, u := range x.Unmoved {
				wantSame(t, u.RefersTo, []string{rows[0].ID()})
			}
			if want := "only the last 5000 of 5012 events were looked at"; !strings.Contains(x.Text, want) {
				t.Errorf("the text does not say %q:\n%.300s", want, x.Text)
			}
		})
	}
}

// What moved before the part that was read cannot be named, and is said so.
func TestExplain_holderOutOfSight(t *testing.T) {
	rows := story("09:00 status unopened", "09:10 status unopened", "09:20 status opened")
	c := domain.Refold(twoRegions, gift, "snappy", rows)
	x := domain.Explain(twoRegions, domain.Account{
		Current: c, Page: domain.Page{Before: rows[0].Outcome.After, Rows: rows[1:], More: true}, Now: clock("09:20"),
	})
	wantSame(t, x.Unmoved[0].Why, "It says again what is known: status was unopened, by an event before those looked at here.")
	wantSame(t, x.Regions[0].DecidedBy.ID, rows[2].ID())
}

func TestReader_Explain_fails(t *testing.T) {
	r, s := readerOf(story("09:00 status opened"))
	c := s.known[0]
	_, err := r.Explain(t.Context(), c, domain.View{AsOf: ptr(clock("08:00"))}, nine.Time())
	wantCode(t, err, domain.CodeNotFoundAt)
	_, err = r.Explain(t.Context(), domain.Current{Subject: domain.Subject{Kind: domain.Invoice}}, domain.View{}, nine.Time())
	wantCode(t, err, domain.CodeNewerMachine)
	s.fail = domain.Errorf(domain.CodeBusy, "locked")
	for _, v := range []domain.View{{}, {AsOf: ptr(nine)}} {
		_, err = r.Explain(t.Context(), c, v, nine.Time())
		wantCode(t, err, domain.CodeBusy)
	}
}

// Every flag has a sentence for who does not know the list.
func TestExplain_everyFlagHasWords(t *testing.T) {
	for _, f := range flags {
		rows := story("09:00 status opened")
		rows[0].Outcome.Flags = f.flag
		c := domain.Refold(twoRegions, gift, "snappy", slices.Clone(rows))
		x := domain.Explain(twoRegions, domain.Account{Current: c, Page: domain.Page{Before: twoRegions.Start(), Rows: rows}})
		if said := x.Regions[0].DecidedBy.Remarks; len(said) != 1 || !strings.HasSuffix(said[0], ".") {
			t.Errorf("%s is told as %q", f.name, said)
		}
	}
}

func TestReader_Expected(t *testing.T) {
	r, s := readerOf(story("09:00 status opened"))
	stays := domain.Dwell{Region: domain.Status, State: "opened", Count: 1, Buckets: make([]int64, len(domain.DwellBuckets)+1)}
	stays.Buckets[domain.BucketOf(time.Minute)]++
	other := stays
	other.State = "claimed"
	r.Dwells = func(_ context.Context, machine string) ([]domain.Dwell, error) {
		wantSame(t, machine, "lamp")
		return []domain.Dwell{other, stays}, nil
	}
	for now, late := range map[string]*int64{"09:30": nil, "10:00": nil, "10:01": ptr(int64(60))} {
		x, err := r.Expected(t.Context(), s.known[0], clock(now).Time())
		if err != nil {
			t.Fatal(err)
		}
		wantSame(t, *x, domain.Expected{
			Next: twoRegions.Next(s.known[0].State), DueAt: ptr(clock("10:00")), OverdueBy: late,
			Regions: []domain.ExpectedIn{
				{Region: domain.Status, State: "opened", DueAt: ptr(clock("10:00")), Usual: &domain.Usual{Count: 1, P50Seconds: 60, P90Seconds: 60}},
				{Region: domain.Delivery, State: domain.New},
			},
		})
	}
}
