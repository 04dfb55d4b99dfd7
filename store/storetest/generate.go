package storetest

import (
	"encoding/json"
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"giftline/domain"
)

// epoch is where generated stories begin.
const epoch = domain.Instant(1_760_000_000_000_000)

// second is the unit of generated times: few enough of them that events meet.
const second = domain.Instant(1_000_000)

// events draws a story of one subject, in no order: legal steps, illegal ones, gaps, unknown types and states, events
// that share an instant, times of every quality.
func events(t *rapid.T, m domain.Machine, s domain.Subject, n int) []domain.Event {
	reports := reportsOf(m)
	all := make([]domain.Event, n)
	for i := range all {
		e := rapid.SampledFrom(reports).Draw(t, "report")
		e.Subject = s
		e.Fingerprint = domain.FingerprintOf("test/1", s, fmt.Sprint(i))
		e.At = epoch + second*domain.Instant(rapid.IntRange(0, max(3, n)).Draw(t, "second"))
		e.AtText = e.At.String()
		e.Quality = rapid.SampledFrom([]domain.TimeQuality{"exact", "exact", "exact", "exact", "approximate", "missing"}).Draw(t, "quality")
		if rapid.IntRange(0, 5).Draw(t, "facts") == 0 {
			e.Facts = rapid.SampledFrom([]domain.Facts{domain.Permanent, domain.ManyRecipients}).Draw(t, "fact")
		}
		e.Attributes = attributes(t)
		sum := domain.HashParts("meaning", fmt.Sprint(i))
		e.Meaning = domain.Meaning(sum[:16])
		m.Read(&e)
		all[i] = e
	}
	return all
}

// attempts adds copies of the events whose only time is an attempt's: later ones, which must not matter.
func attempts(t *rapid.T, all []domain.Event) []domain.Event {
	copies := slices.Clone(all)
	for i := range all {
		if all[i].Quality != domain.TimeApproximate {
			continue
		}
		all[i].Facts |= domain.ApproximateMoves
		copies[i] = all[i]
		for _, later := range rapid.SliceOfN(rapid.IntRange(0, 20), 0, 2).Draw(t, "attempts") {
			e := all[i]
			e.At += second * domain.Instant(later)
			e.AtText = e.At.String()
			copies = append(copies, e)
		}
	}
	return copies
}

// attributes draws few values, often none, so that which event carried one last matters.
func attributes(t *rapid.T) domain.Attributes {
	value := rapid.SampledFrom([]string{"", "", "a", "b", "c"})
	return domain.Attributes{
		CompanyID: value.Draw(t, "company"), Reference: value.Draw(t, "reference"), Recipient: value.Draw(t, "recipient"),
		Metadata: rapid.SampledFrom([]string{"", `{"k":"1"}`, `{"k":"2"}`}).Draw(t, "metadata"),
	}
}

// reportsOf lists every report a machine knows, and some that it does not.
func reportsOf(m domain.Machine) []domain.Event {
	v := m.View()
	all := []domain.Event{{Type: "no.such.type"}}
	for _, r := range v.Regions {
		for _, s := range r.States {
			for _, event := range s.Events {
				all = append(all, domain.Event{Type: event, Target: s.State})
			}
		}
		for _, event := range r.States[0].Events {
			all = append(all, domain.Event{Type: event, Target: "no_such_state"})
		}
	}
	for _, n := range v.Notes {
		all = append(all, domain.Event{Type: n.Event})
	}
	return all
}

// delivery wraps an event as the parsers would.
func delivery(e domain.Event, id string) domain.Parsed {
	return domain.Parsed{
		Inbound: domain.Inbound{
			Source: string(e.Subject.Provider), Provider: e.Subject.Provider, DeliveryID: id, ReceivedAt: e.At + 2*second,
			Body: []byte(fmt.Sprintf(`{"fp":"%x"}`, e.Fingerprint)),
		},
		Events: []domain.Event{e},
	}
}

// pure is the timeline by definition: the fold of the set, nothing stored.
func pure(m domain.Machine, s domain.Subject, events []domain.Event) (domain.Current, []domain.Entry) {
	rows := make([]domain.Recorded, len(events))
	for i, e := range events {
		rows[i] = domain.Recorded{Event: e}
	}
	sortRows(rows)
	c := domain.Refold(m, s, string(s.Provider), rows)
	return c, domain.EntriesOf(m, m.Start(), rows)
}

// bytesOf is what two stores are compared by.
func bytesOf(v any) string {
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		panic(err)
	}
	return string(b)
}
