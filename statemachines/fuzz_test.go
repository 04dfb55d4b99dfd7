package statemachines

import (
	"slices"
	"testing"

	"giftline/domain"
)

// FuzzFold makes events of any bytes: no panic, and the same timeline backwards, and twice over.
func FuzzFold(f *testing.F) {
	f.Add([]byte{})
	for machine := range All().All() {
		f.Add(append([]byte{byte(machine)}, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"...))
		f.Add([]byte{byte(machine), 0, 0, 0, 0, 0, 1, 1, 0, 1, 0, 0, 2, 2, 0, 2, 1, 0})
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, events := eventsOf(data)
		want := timelineJSON(t, m, events)
		backwards := slices.Clone(events)
		slices.Reverse(backwards)
		if got := timelineJSON(t, m, backwards); got != want {
			t.Errorf("backwards:\n%s\ninstead of\n%s", got, want)
		}
		if got := timelineJSON(t, m, append(backwards, events...)); got != want {
			t.Errorf("twice:\n%s\ninstead of\n%s", got, want)
		}
	})
}

// eventsOf reads a machine from the first byte, and an event from every six that follow.
func eventsOf(data []byte) (*Machine, []domain.Event) {
	if len(data) == 0 {
		return All().All()[0].(*Machine), nil
	}
	machines := All().All()
	m := machines[int(data[0])%len(machines)].(*Machine)
	var events []domain.Event
	for b := data[1:]; len(b) >= 6 && len(events) < 200; b = b[6:] {
		events = append(events, m.eventOfBytes(b[:6]))
	}
	return m, events
}

// eventOfBytes is of type 0, with the state 1 or one as raw as the byte, at time 2, and so on. Its content is its
// identity, so that equal bytes are copies of one event.
func (m *Machine) eventOfBytes(b []byte) domain.Event {
	var said []report
	for _, r := range m.Regions() {
		said = append(said, m.reportsIn(r)...)
	}
	e := domain.Event{
		Subject: subjectOf(m), Type: said[int(b[0])%len(said)].event, Target: said[int(b[1])%len(said)].state,
		At: nine + domain.Instant(b[2]), Facts: domain.Facts(b[4]), Flags: domain.Flags(b[5]),
		Quality: []domain.TimeQuality{domain.TimeExact, domain.TimeApproximate, domain.TimeMissing, "unheard-of"}[b[3]%4],
	}
	if b[1] > 200 {
		e.Target = string(b[1:3])
	}
	if b[3] > 128 {
		e.Previous = said[int(b[4])%len(said)].state
	}
	e.Fingerprint = domain.FingerprintOf("fuzz/1", e.Subject, string(b))
	return e
}
