package statemachines

import (
	"giftline/domain"
)

// Fold runs events, in canonical order and made of whole instants, from the state before them (design: the one idea).
func (m *Machine) Fold(before domain.State, events []domain.Event) []domain.Outcome {
	out := make([]domain.Outcome, len(events))
	for i := 0; i < len(events); {
		end := i + 1
		for end < len(events) && events[end].At == events[i].At {
			end++
		}
		before = m.instant(before, events[i:end], out[i:end])
		i = end
	}
	return out
}

// instant folds the events of one time. What a guard reads of the other region is what it held before the instant,
// because within it nobody knows the order.
func (m *Machine) instant(before domain.State, events []domain.Event, out []domain.Outcome) domain.State {
	held, status, delivery := before, 0, 0
	for i := range events {
		switch events[i].Region {
		case domain.Status:
			status++
		case domain.Delivery:
			delivery++
		}
	}
	for i := range events {
		e := &events[i]
		alone := status == 1 && e.Region == domain.Status || delivery == 1 && e.Region == domain.Delivery
		out[i] = m.step(before, held, e, alone)
		held = out[i].After
	}
	return held
}

// step folds one event; alone means that no other event of its instant reports a state of its region.
func (m *Machine) step(before, held domain.State, e *domain.Event, alone bool) domain.Outcome {
	o := domain.Outcome{Verdict: domain.Note, Flags: e.Flags, After: held}
	if e.Region == domain.NoRegion {
		if n := m.notes[e.Type]; n != nil && n.When != nil && n.When.holds(held) {
			o.Flags |= n.Flag
		}
		return o
	}
	m.judge(&o, before, e)
	switch {
	case o.Verdict == domain.Illegal:
		excuse(&o, e, alone)
	case o.Verdict.Moves():
		o.After = m.enter(held, e, o.Verdict)
	case o.Verdict == domain.Repeat:
		o.After.Permanent = held.Permanent || m.lasting(e)
	}
	return o
}

// judge sets verdict, reason and flags from what the table says; o.After still holds the state before the event.
func (m *Machine) judge(o *domain.Outcome, before domain.State, e *domain.Event) {
	r, held := m.regions[e.Region], o.After
	from := held.In(e.Region)
	a := r.answers[pair{from, e.Target}]
	switch {
	case a == nil:
		o.Verdict, o.Reason = domain.Illegal, domain.UnknownState
	case from == e.Target && !m.reports[e.Type].Update:
		o.Verdict = domain.Repeat
	case from == e.Target:
		if r.cameBack(e) {
			o.Verdict = domain.Gap
		}
	case a.note != nil:
		o.Flags |= a.note.Flag
	case m.forbidding(before, held, e) != nil:
		o.Verdict, o.Reason = domain.Illegal, domain.Guarded
		o.Flags |= a.hint
	case a.direct || a.allowedWhen(before, held, e.Region):
		o.Verdict = moveOrGap(from, e)
		o.Flags |= a.flags | m.remarks(held, e)
	case a.via != nil:
		o.Verdict = domain.Gap
		o.Flags |= a.flags | m.remarks(held, e)
	default:
		o.Verdict, o.Reason = domain.Illegal, r.reason(from, e.Target)
		o.Flags |= a.hint
	}
}

// cameBack reports whether the provider itself says that its state was another one meanwhile, which may lead back to the
// state that is held.
func (r *region) cameBack(e *domain.Event) bool {
	out, back := r.answers[pair{e.Target, e.Previous}], r.answers[pair{e.Previous, e.Target}]
	return e.Previous != "" && e.Previous != e.Target && out != nil && out.direct && back != nil && back.direct
}

// moveOrGap turns a direct step into a gap when the provider itself says that another state was left.
func moveOrGap(from string, e *domain.Event) domain.Verdict {
	if e.Previous != "" && e.Previous != from {
		return domain.Gap
	}
	return domain.Moved
}

// allowedWhen tests the edges that hold on a condition: on the own region as it is, on the other one as it was before
// the instant.
func (a *answer) allowedWhen(before, held domain.State, own domain.Region) bool {
	for i := range a.when {
		if a.when[i].When.test(before, held, own) {
			return true
		}
	}
	return false
}

func (c *Condition) test(before, held domain.State, own domain.Region) bool {
	if c.Region == own {
		return c.holds(held)
	}
	return c.holds(before)
}

// forbidding gives the first hard guard that forbids the step; nil for none.
func (m *Machine) forbidding(before, held domain.State, e *domain.Event) *Guard {
	for i := range m.table.Guards {
		g := &m.table.Guards[i]
		if g.Flag == 0 && g.watches(held, e) && g.When.holds(before) {
			return g
		}
	}
	return nil
}

// remarks collects the flags of soft guards. They read what is held now: at equal times the row order has put what
// they wait for first.
func (m *Machine) remarks(held domain.State, e *domain.Event) domain.Flags {
	var flags domain.Flags
	for i := range m.table.Guards {
		g := &m.table.Guards[i]
		if g.Flag != 0 && g.watches(held, e) && g.When.holds(held) {
			flags |= g.Flag
		}
	}
	return flags
}

func (g *Guard) watches(held domain.State, e *domain.Event) bool {
	return g.Region == e.Region && (len(g.States) == 0 || contains(g.States, e.Target)) &&
		(!g.Leaving || held.In(e.Region) == domain.New)
}

// reason says why no way leads from one known state to another.
func (r *region) reason(from, to string) domain.Reason {
	switch {
	case r.final[from]:
		return domain.AfterFinal
	case from != domain.New && r.index[to] < r.index[from]:
		return domain.Backward
	}
	return domain.Contradicts
}

// excuse turns illegal into a note where the order is not known well enough to accuse anybody, or where the e-mail
// has several recipients, each with a story of its own (providers.md 10.6). A value that nobody knows stays illegal:
// no order would make it legal.
func excuse(o *domain.Outcome, e *domain.Event, alone bool) {
	if o.Reason == domain.UnknownState {
		return
	}
	var excuses domain.Flags
	if !alone || e.Quality != domain.TimeExact {
		excuses |= domain.OrderUnknown
	}
	if e.Facts&domain.ManyRecipients != 0 {
		excuses |= domain.SeveralRecipients
	}
	if excuses != 0 {
		o.Verdict, o.Reason = domain.Note, domain.NoReason
		o.Flags |= excuses
	}
}

// enter gives the state after a move, with its registers.
func (m *Machine) enter(held domain.State, e *domain.Event, v domain.Verdict) domain.State {
	if v == domain.Gap && e.Region == domain.Status {
		for _, step := range m.Inferred(held, e) {
			held = m.phased(held.With(domain.Status, step))
		}
	}
	after := held.With(e.Region, e.Target)
	if e.Region == domain.Delivery {
		after.Permanent = m.lasting(e)
	}
	return m.phased(after)
}

// lasting reports whether the event says that its state is for good, and the table has room for that.
func (m *Machine) lasting(e *domain.Event) bool {
	return e.Facts&domain.Permanent != 0 && m.row(e.Region, e.Target).Lasts
}

// phased sets the phase that the states add up to (providers.md 10.9): delivery decides once it has begun, unless the
// status is canceled, failed or refunded, or is an engagement and delivery has not failed.
func (m *Machine) phased(s domain.State) domain.State {
	status, delivery := m.row(domain.Status, s.Status), m.row(domain.Delivery, s.Delivery)
	switch {
	case status.Keeps:
		if !ended(s.Phase) {
			s.Phase = domain.Canceled
		}
	case m.Ends(s.Status):
		s.Phase = status.Phase
	case status.Leads && delivery.Phase != domain.Failed && delivery.Phase != domain.Canceled:
		s.Phase = status.Phase
	case delivery.State != "":
		s.Phase = delivery.Phase
	default:
		s.Phase = status.Phase
	}
	return s
}

func ended(p domain.Phase) bool {
	return p == domain.Completed || p == domain.Failed || p == domain.Expired || p == domain.Canceled
}

var noRow Row

// row gives a state's row; new and unknown states have an empty one.
func (m *Machine) row(r domain.Region, state string) *Row {
	if reg := m.regions[r]; reg != nil {
		if i, ok := reg.index[state]; ok {
			return &reg.rows[i]
		}
	}
	return &noRow
}
