package domain_test

import (
	"slices"
	"testing"

	"giftline/domain"
)

// watched tells a story of a real machine, from lines like "09:00 status opened" and "09:00 note TYPE".
func watched(t *testing.T, machine string, lines ...string) *domain.Watched {
	t.Helper()
	m := machineNamed(t, machine)
	rows := story(lines...)
	subject := domain.Subject{Provider: m.View().Provider, Kind: m.View().Kind, ID: "1"}
	for i := range rows {
		e := &rows[i].Event
		e.Subject = subject
		if e.Type == "note" {
			e.Type, e.Target = e.Target, ""
		} else {
			e.Type = eventOf(t, m, domain.Region(e.Type), e.Target)
		}
		m.Read(e)
	}
	inOrder(rows)
	w := &domain.Watched{Machine: m, Sources: []string{"main"}, Current: domain.Refold(m, subject, "main", rows)}
	for _, r := range rows {
		w.Past = append(w.Past, domain.Judged{
			At: r.At, Region: r.Region, Verdict: r.Outcome.Verdict, Target: r.Target, Type: r.Type,
			Fingerprint: r.Fingerprint, Joined: r.Joined, Phase: r.Outcome.After.Phase,
		})
	}
	return w
}

// eventOf gives a type that reports a state.
func eventOf(t *testing.T, m domain.Machine, r domain.Region, state string) string {
	t.Helper()
	for _, region := range m.View().Regions {
		for _, s := range region.States {
			if region.Region == r && s.State == state {
				return s.Events[0]
			}
		}
	}
	t.Fatalf("%s has no %s %q", m.Name(), r, state)
	return ""
}

func inOrder(rows []domain.Recorded) {
	slices.SortFunc(rows, func(a, b domain.Recorded) int { return a.Place().Compare(b.Place()) })
}
