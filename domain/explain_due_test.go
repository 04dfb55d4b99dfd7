package domain_test

import (
	"strings"
	"testing"
	"time"

	"giftline/domain"
)

// TestExplain_deadline: the time that was found when somebody looked last comes from the limit that it was made of, though
// it need not be the limit's own: outages hold it back, and a wait began before its last state.
func TestExplain_deadline(t *testing.T) {
	t.Parallel()
	opened := []string{"08:00 status unopened", "09:00 status opened"}
	labeled := func(at string) *domain.Labels { return &domain.Labels{ExpiresAt: ptr(clock(at))} }
	watch := func(at string) *domain.Watch { return &domain.Watch{DueAt: ptr(clock(at))} }
	for _, c := range []struct {
		what   string
		lines  []string
		beside domain.Beside
		at     string // empty: none
		why    string
	}{
		{"the limit's own", opened, domain.Beside{}, "10:00", "the lamp burns for an hour"},
		{"held back", opened, domain.Beside{Watch: watch("12:00")}, "12:00", "the lamp burns for an hour"},
		{"of the labels", opened, domain.Beside{Watch: watch("09:30"), Labels: labeled("09:30")}, "09:30", "expires_at of its labels"},
		{"not of labels that say later", opened, domain.Beside{Watch: watch("12:00"), Labels: labeled("13:00")}, "12:00", "the lamp burns for an hour"},
		{"of labels, held back", []string{"08:00 status unopened"}, domain.Beside{Watch: watch("14:00"), Labels: labeled("13:00")}, "14:00", "expires_at of its labels"},
		{"by the configuration", opened, domain.Beside{Policy: &domain.Policy{Dwell: []domain.DwellRule{{State: "opened", Limit: 3 * 60 * 60 * 1e9}}}}, "12:00", "the configuration says so"},
		{"none", []string{"08:00 status unopened"}, domain.Beside{}, "", ""},
	} {
		rows := story(c.lines...)
		x := domain.Explain(twoRegions, domain.Account{
			Current: domain.Refold(twoRegions, gift, "snappy", rows), Page: domain.Page{Before: twoRegions.Start(), Rows: rows},
			Beside: c.beside, Now: clock("12:00"),
		})
		switch {
		case x.Deadline == nil && c.at == "":
		case x.Deadline == nil || c.at == "":
			t.Errorf("%s: %+v", c.what, x.Deadline)
		default:
			wantInstant(t, c.what, x.Deadline.At, clock(c.at))
			wantSame(t, x.Deadline.Why, c.why)
		}
	}
}

// What the configuration says is no default of ours.
func TestExplain_deadlineSetByPeople(t *testing.T) {
	rows := story("09:00 status opened")
	x := domain.Explain(twoRegions, domain.Account{
		Current: domain.Refold(twoRegions, gift, "snappy", rows), Page: domain.Page{Before: twoRegions.Start(), Rows: rows},
		Beside: domain.Beside{Policy: &domain.Policy{Dwell: []domain.DwellRule{{State: "opened", Limit: 3 * time.Hour}}}}, Now: clock("10:00"),
	})
	if want := "until 2025-01-15 12:00 UTC (set by people: the configuration says so).\n"; !strings.Contains(x.Text, want) {
		t.Errorf("the text lacks %q:\n%s", want, x.Text)
	}
}
