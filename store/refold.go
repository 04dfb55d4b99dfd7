package store

import (
	"math"
	"slices"

	"giftline/domain"
)

// fold brings every subject of the batch up to date.
func (b *batch) fold() error {
	for _, t := range b.order {
		if t.machine == nil || !t.changed() {
			continue
		}
		t.relists = t.upgraded()
		if err := b.foldTrack(t); err != nil {
			return err
		}
		t.folded = true
		t.row.MachineRevision, t.row.MachineHash = t.machine.Revision(), t.machine.Hash()
	}
	return nil
}

func (b *batch) foldTrack(t *track) error {
	if !t.known {
		t.row.ID = b.next.nextSubject()
		t.row.State = stateRow(t.machine.Start())
	}
	for _, c := range t.gone {
		was := c.row.outcome()
		t.row.Events--
		t.row.Illegal -= illegal(was)
		b.change(t, c, was, "", c.event.Fingerprint)
	}
	slices.SortFunc(t.fresh, func(x, y *entry) int { return x.event.Place().Compare(y.event.Place()) })
	r := &refold{b: b, t: t, state: domain.State(t.row.State), from: math.MaxInt64}
	switch {
	case t.upgraded():
		return r.upgrade()
	case t.appends():
		return r.run()
	}
	return r.late()
}

// refold folds a subject again from the first changed instant, and stops at the end of an instant where the whole
// state is the stored one again and every change is behind it. Stopping within an instant, or on a part of the state,
// gives wrong verdicts.
type refold struct {
	b        *batch
	t        *track
	state    domain.State       // after the last folded instant
	old      domain.State       // what was stored there
	stored   *window            // nil: nothing stored can change
	changes  []*entry           // fresh and moved, in canonical order
	from     domain.Instant     // the first instant that may change
	until    domain.Instant     // the last one that holds a change
	moves    [2]*domain.Instant // last move per region, within what was folded
	updates  []update
	adjacent bool           // the last stored row belongs to the last of the updates
	end      domain.Instant // the last folded instant
	ended    bool           // the fold reached the subject's last event
	cause    domain.Fingerprint
	table    bool // the machine changed, and is the cause of everything; all events are folded
	events   int64
	illegal  int64
}

// update is a run of rows, next to each other in the table, whose outcome is now the same.
type update struct {
	first, last domain.Place
	outcome     domain.Outcome
}

// late prepares a fold that begins in the middle of the stored events.
func (r *refold) late() error {
	from := domain.Instant(math.MaxInt64)
	r.until = math.MinInt64
	for _, c := range slices.Concat(r.t.fresh, r.t.moved, r.t.gone) {
		from = min(from, c.event.At)
		r.until = max(r.until, c.event.At)
		if !c.fresh {
			from, r.until = min(from, c.from.At), max(r.until, c.from.At)
		}
	}
	if r.t.known {
		if err := r.begin(from); err != nil {
			return err
		}
	}
	return r.run()
}

// begin takes the state before an instant. A short story is folded from its first event: one query instead of two.
func (r *refold) begin(from domain.Instant) error {
	r.from, r.state = from, r.t.machine.Start()
	if r.t.row.Events <= firstWindow {
		r.from, r.old = 0, r.state
		r.stored = &window{b: r.b, t: r.t}
		return nil
	}
	before := domain.Place{At: from - 1, Rank: math.MaxInt32, Fingerprint: lastFingerprint}
	row, ok, err := lastUpTo(r.b.tx, r.t.row.ID, &before)
	if err != nil {
		return err
	}
	if ok {
		r.state = domain.State(row.State)
	}
	r.old = r.state
	r.stored = &window{b: r.b, t: r.t, after: before}
	return nil
}

var lastFingerprint = domain.Fingerprint{255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255}

func (r *refold) run() error {
	r.changes = slices.Concat(r.t.fresh, r.t.moved)
	slices.SortFunc(r.changes, func(x, y *entry) int { return x.event.Place().Compare(y.event.Place()) })
	for {
		more, err := r.instant()
		if err != nil {
			return err
		}
		if !more || len(r.changes) == 0 && r.stored != nil && r.end >= r.until && r.state == r.old {
			r.ended = !more
			break
		}
	}
	r.finish()
	return nil
}

// instant folds the next instant; false when there is none.
func (r *refold) instant() (bool, error) {
	at := domain.Instant(math.MaxInt64)
	var stored []eventRow
	if len(r.changes) > 0 {
		at = r.changes[0].event.At
	}
	if r.stored != nil {
		var err error
		if at, stored, err = r.stored.take(at); err != nil {
			return false, err
		}
	}
	if at == math.MaxInt64 {
		return false, nil
	}
	r.foldInstant(at, stored)
	return true, nil
}

func (r *refold) foldInstant(at domain.Instant, stored []eventRow) {
	var all []*entry
	for i := range stored {
		row := &stored[i]
		c, stands := r.t.entryOf(row)
		c.held = belief{row.Region, r.old.In(row.Region), row.Target}
		if stands {
			all = append(all, c)
		} else {
			r.because(c)
		}
		r.old = domain.State(row.State)
	}
	for len(r.changes) > 0 && r.changes[0].event.At == at {
		r.because(r.changes[0])
		all = append(all, r.changes[0])
		r.changes = r.changes[1:]
	}
	r.end = at
	slices.SortFunc(all, func(x, y *entry) int { return x.event.Place().Compare(y.event.Place()) })
	events := make([]domain.Event, len(all))
	for i, c := range all {
		events[i] = c.event
	}
	for i, o := range r.t.machine.Fold(r.state, events) {
		r.judge(all[i], o)
		r.state = o.After
	}
}

// because names the event that the verdicts from here on may have changed for.
func (r *refold) because(c *entry) {
	if !r.table {
		r.cause = c.event.Fingerprint
	}
}

// judge takes an outcome over to its event, with what follows for the ledger and the subject.
func (r *refold) judge(c *entry, o domain.Outcome) {
	was := c.row.outcome()
	r.events++
	r.illegal += illegal(o)
	if c.fresh {
		was = domain.Outcome{}
		r.t.row.Events++
	}
	if o.Verdict.Moves() {
		at := c.event.At
		r.moves[regionIndex(c.event.Region)] = &at
	}
	if was == o {
		r.adjacent = false
		return
	}
	r.t.row.Illegal += illegal(o) - illegal(was)
	if was.Verdict != o.Verdict && (c.fresh || was.Verdict.Known()) { // nobody was told of what is no verdict
		r.b.change(r.t, c, was, o.Verdict, r.cause)
	}
	c.judged(o)
	if !c.fresh && !c.moved {
		r.update(c, o)
	}
}

func illegal(o domain.Outcome) int64 {
	if o.Verdict == domain.Illegal {
		return 1
	}
	return 0
}

func regionIndex(r domain.Region) int {
	if r == domain.Delivery {
		return 1
	}
	return 0
}

func (c *entry) judged(o domain.Outcome) {
	c.row.Verdict, c.row.Reason, c.row.Flags, c.row.State = o.Verdict, o.Reason, o.Flags, stateRow(o.After)
}

// update adds a stored row to the last run if it stands next to it and has come to the same outcome.
func (r *refold) update(c *entry, o domain.Outcome) {
	place := c.event.Place()
	if n := len(r.updates); r.adjacent && n > 0 && r.updates[n-1].outcome == o {
		r.updates[n-1].last = place
	} else {
		r.updates = append(r.updates, update{place, place, o})
	}
	r.adjacent = true
}

// finish takes the result over to the subject's row.
func (r *refold) finish() {
	r.t.updates = r.updates
	if r.ended {
		r.t.row.State = stateRow(r.state)
	}
	if r.table { // all there is was folded: nothing of the row need be trusted
		r.t.row.Events, r.t.row.Illegal = r.events, r.illegal
		r.t.row.StatusSince, r.t.row.DeliverySince = r.moves[0], r.moves[1]
		return
	}
	for i, since := range []**domain.Instant{&r.t.row.StatusSince, &r.t.row.DeliverySince} {
		covered := *since == nil || r.ended || **since <= r.end
		switch {
		case covered && r.moves[i] != nil:
			*since = r.moves[i]
		case covered && *since != nil && **since >= r.from:
			r.t.stale = append(r.t.stale, [...]domain.Region{domain.Status, domain.Delivery}[i])
		}
	}
}
