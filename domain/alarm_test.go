package domain_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"giftline/domain"
)

func TestPolicy_Alarms(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what    string
		machine string
		lines   []string
		want    []string
	}{
		{"nothing", "snappy.gift", nil, nil},
		{"nobody waits", "snappy.gift", []string{"08:00 delivery delivered"}, nil},
		{"a limited stay", "snappy.gift", []string{"08:00 status claimed"}, []string{"stuck 2025-01-29T08:00:00.000000Z"}},
		{"delivery counts from where it is", "snappy.gift", []string{"08:00 status claimed", "09:00 delivery inTransit"}, []string{"stuck 2025-01-25T09:00:00.000000Z"}},
		{"a state that alarms, and lasts", "snappy.gift", []string{"08:00 status claimed", "09:00 delivery out_of_stock"},
			[]string{"out_of_stock 2025-01-15T09:00:00.000000Z", "stuck 2025-01-18T09:00:00.000000Z"}},
		{"an end", "sendoso.send", []string{"08:00 status initiated", "09:00 status failed"}, []string{"failed 2025-01-15T09:00:00.000000Z"}},
		{"an end in the warehouse", "sendoso.send", []string{"08:00 delivery order_received", "09:00 delivery out_of_stock", "10:00 status canceled"}, nil},
		{"what was refunded", "sendoso.send", []string{"08:00 delivery shipped", "09:00 delivery undeliverable", "10:00 status refunded"}, nil},
		{"both regions", "resend.email", []string{"08:00 delivery sent", "09:00 delivery bounced"}, []string{"bounced 2025-01-15T09:00:00.000000Z"}},
		{"only the complaint", "resend.email", []string{"08:00 delivery sent", "09:00 delivery bounced", "10:00 status complained"}, []string{"complained 2025-01-15T10:00:00.000000Z"}},
		{"what does not add up, an hour after it came", "snappy.gift", []string{"08:00 status expired", "09:00 status claimed joined 12:00"},
			[]string{"expired 2025-01-15T08:00:00.000000Z", "illegal_transition 2025-01-15T13:00:00.000000Z"}},
	} {
		t.Run(c.what, func(t *testing.T) { wantSame(t, alarmsOf(watched(t, c.machine, c.lines...), nil, nil), c.want) })
	}
}

// TestPolicy_Alarms_blind: while nothing is heard, nothing can be cured, and nothing can be late.
func TestPolicy_Alarms_blind(t *testing.T) {
	t.Parallel()
	w := watched(t, "snappy.gift", "08:00 status expired", "09:00 status claimed joined 12:00")
	b := domain.Blind{
		{Source: "", From: clock("12:30"), Until: clock("13:30")},
		{Source: "main", From: clock("13:00"), Until: clock("14:00")},
		{Source: "other", From: clock("12:00"), Until: clock("20:00")},
	}
	wantSame(t, alarmsOf(w, nil, b), []string{"expired 2025-01-15T08:00:00.000000Z", "illegal_transition 2025-01-15T14:30:00.000000Z"})
	w.Sources = []string{"main", "other"}
	wantSame(t, alarmsOf(w, nil, b)[1:], []string{"illegal_transition 2025-01-15T21:00:00.000000Z"})
	w.Sources, w.Current.Source = nil, "other"
	wantSame(t, alarmsOf(w, nil, b)[1:], []string{"illegal_transition 2025-01-15T21:00:00.000000Z"})
}

// TestPolicy_Alarms_illegalAtMost: a subject of which everything is wrong tells of the first ten events.
func TestPolicy_Alarms_illegalAtMost(t *testing.T) {
	t.Parallel()
	lines := []string{"00:00 delivery delivered"}
	for i := range 30 {
		lines = append(lines, fmt.Sprintf("%02d:%02d delivery inTransit", 1+i/10, i%10))
	}
	w := watched(t, "snappy.gift", lines...)
	alarms := (*domain.Policy)(nil).Alarms(w, nil)
	wantSame(t, len(alarms), 10)
	wantInstant(t, "the last of them", alarms[9].At, clock("02:09"))
	ids := map[string]bool{}
	for _, a := range alarms {
		ids[a.Event], ids[domain.AlertID(&w.Current.Subject, "", a)] = true, true
	}
	wantSame(t, len(ids), 20)
}

// TestPolicy_Alarms_inOrder: whoever looks next finds the first alarm first; and what was never heard makes none of them
// come earlier.
func TestPolicy_Alarms_inOrder(t *testing.T) {
	t.Parallel()
	lines := []string{"status unopened", "status opened", "status claimed", "delivery orderReceived", "delivery out_of_stock", "status expired", "note gift-notification-expiration-sent"}
	rapid.Check(t, func(rt *rapid.T) {
		var told []string
		for hour := range rapid.IntRange(1, 12).Draw(rt, "events") {
			told = append(told, fmt.Sprintf("%02d:00 %s", hour, rapid.SampledFrom(lines).Draw(rt, "line")))
		}
		w := watched(t, "snappy.gift", told...)
		b := drawBlind(rt, clock("09:00"))
		plain, held := (*domain.Policy)(nil).Alarms(w, nil), (*domain.Policy)(nil).Alarms(w, b)
		if !slices.IsSortedFunc(held, func(x, y domain.Alarm) int { return int(x.At - y.At) }) {
			rt.Errorf("%+v", held)
		}
		for _, h := range held {
			i := slices.IndexFunc(plain, func(p domain.Alarm) bool { return p.Rule == h.Rule && p.State == h.State && p.Event == h.Event })
			if i < 0 || plain[i].At > h.At || plain[i].Since != h.Since {
				rt.Errorf("%+v in %v, of %+v", h, b, plain)
			}
		}
	})
}
