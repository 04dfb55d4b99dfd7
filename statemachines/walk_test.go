package statemachines

import (
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"pgregory.net/rapid"

	"giftline/domain"
)

// TestMain keeps the property tests short; -rapid.checks=10000 makes them thorough. A failure prints its seed, so no
// file is needed to see it again.
func TestMain(m *testing.M) {
	_ = flag.Set("rapid.checks", "30")
	_ = flag.Set("rapid.nofailfile", "true")
	os.Exit(m.Run())
}

// property checks a law on random walks through every machine.
func property(t *testing.T, law func(*rapid.T, *walks)) {
	everyMachine(t, func(t *testing.T, m *Machine) {
		w := &walks{machine: m, moving: map[domain.State][]report{}}
		for _, r := range m.Regions() {
			w.reports = append(w.reports, m.reportsIn(r)...)
		}
		rapid.Check(t, func(t *rapid.T) { law(t, w) })
	})
}

// walks draws stories of one machine: mostly steps that the table knows, and between them all that goes wrong.
type walks struct {
	machine *Machine
	reports []report                  // whatever may be said, unknown states and types with it
	moving  map[domain.State][]report // what moves from a state, as far as it was asked
}

// draw gives events as they might arrive: out of order, and some more than once.
func (w *walks) draw(t *rapid.T, longest int) []domain.Event {
	walk := walker{walks: w, held: w.machine.Start(), at: domain.InstantOf(time.Date(2025, 1, 15, 9, 0, 0, 0, time.UTC))}
	for range rapid.IntRange(1, longest).Draw(t, "length") {
		walk.next(t)
	}
	return walk.events
}

// drawInOrder gives events in canonical order, each once and read.
func (w *walks) drawInOrder(t *rapid.T, longest int) []domain.Event {
	return inOrder(w.machine, w.draw(t, longest))
}

func inOrder(m *Machine, events []domain.Event) []domain.Event {
	var sorted []domain.Event
	for _, r := range canonical(m, events) {
		sorted = append(sorted, r.Event)
	}
	return sorted
}

// from are the reports that move from a state, or all there are if none does.
func (w *walks) from(held domain.State) []report {
	if known := w.moving[held]; known != nil {
		return known
	}
	var moving []report
	for _, said := range w.reports {
		e := domain.Event{Type: said.event, Target: said.state, Quality: domain.TimeExact}
		w.machine.Read(&e)
		if w.machine.Fold(held, []domain.Event{e})[0].Verdict.Moves() {
			moving = append(moving, said)
		}
	}
	if len(moving) == 0 {
		moving = w.reports
	}
	w.moving[held] = moving
	return moving
}

type walker struct {
	*walks
	events []domain.Event
	held   domain.State // roughly, since times may fall
	at     domain.Instant
}

// next draws one more event: mostly a step, else anything, or another copy of one before.
func (w *walker) next(t *rapid.T) {
	switch what := rapid.IntRange(0, 15).Draw(t, "what"); {
	case what > 4 || what == 4 && len(w.events) == 0:
		w.say(t, pick(t, w.from(w.held)))
	case what == 4:
		w.events = append(w.events, pick(t, w.events))
	default:
		w.say(t, pick(t, w.reports))
	}
}

// say appends an event that says it: often at the time of the last one, sometimes before it, sometimes with a time
// that cannot be trusted, for good, or of several recipients.
func (w *walker) say(t *rapid.T, said report) {
	w.at += pick(t, []domain.Instant{0, 0, 1, 1_000_000, 60_000_000, 3_600_000_000, -60_000_000})
	e := domain.Event{
		Subject: subjectOf(w.machine), Type: said.event, Target: said.state, Previous: w.drawPrevious(t),
		At: w.at, Quality: drawQuality(t), Facts: drawFacts(t),
	}
	e.Fingerprint = domain.FingerprintOf("walk/1", e.Subject, fmt.Sprint(len(w.events)))
	w.events = append(w.events, e)
	w.machine.Read(&e)
	w.held = w.machine.Fold(w.held, []domain.Event{e})[0].After
}

func drawQuality(t *rapid.T) domain.TimeQuality {
	doubtful := []domain.TimeQuality{domain.TimeApproximate, domain.TimeMissing, domain.TimeInvalid, domain.TimeFuture}
	if i := rapid.IntRange(-20, len(doubtful)-1).Draw(t, "quality"); i >= 0 {
		return doubtful[i]
	}
	return domain.TimeExact
}

func drawFacts(t *rapid.T) domain.Facts {
	return pick(t, []domain.Facts{0, 0, 0, domain.Permanent, domain.ManyRecipients, domain.Permanent | domain.ManyRecipients})
}

// drawPrevious names a state that was left: often of a domain, since OpenSend tells it, and seldom elsewhere.
func (w *walker) drawPrevious(t *rapid.T) string {
	seldom := 7
	if w.machine.table.Kind == domain.Domain {
		seldom = 1
	}
	if rapid.IntRange(0, seldom).Draw(t, "previous") < seldom {
		return ""
	}
	return pick(t, append(w.machine.regions[domain.Status].states(), "unheard-of"))
}

func pick[T any](t *rapid.T, from []T) T {
	return from[rapid.IntRange(0, len(from)-1).Draw(t, "pick")]
}
