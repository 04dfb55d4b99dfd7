package store

import (
	"slices"

	"giftline/domain"
)

// hear reads the changes that nobody was told of yet. Mostly these are the ones that the index follows now; where it is
// made anew, it goes by what happened long ago, and only what is new is told.
func (l *lap) hear() error {
	if l.s.alerting == nil {
		return nil
	}
	from, err := parsePosition(l.state.Moves)
	switch {
	case err != nil || from.epoch != l.epoch: // another history of the database: what it tells was told before
		l.state.Moves, err = l.latest()
		l.saved = true
		return err
	case l.state.Moves == l.state.Position:
		l.news = l.changes
	default:
		if err := l.tx.Raw(l.d.feed.page, from.stamp, from.seq, l.size).Scan(&l.news).Error; err != nil {
			return err
		}
		l.more = l.more || len(l.news) == l.size
	}
	for i := range l.news {
		if c := &l.news[i].Change; c.moves() {
			l.listing(c.Subject).moved = true
		}
	}
	return nil
}

// moves reports whether a change is a step of its subject, or corrects one.
func (c *changeRow) moves() bool { return c.Verdict.Moves() || c.Was != "" && c.Verdict != "" }

// alert compares what alarms about the subjects with the alerts that there are.
func (l *lap) alert() error {
	if l.s.alerting == nil || len(l.order) == 0 {
		return nil
	}
	known, err := l.alertsOf(l.ids())
	if err != nil {
		return err
	}
	var changes []domain.AlertChange
	l.keep(func(x *indexed) bool {
		return x.machine == nil || x.unsound || l.sound(x, func() { changes = append(changes, l.reconcile(x, known[x.subject])...) })
	})
	if len(changes) == 0 {
		return nil
	}
	return l.changeAlerts(l.s.alerting, changes, l.now)
}

func (l *lap) reconcile(x *indexed, known []domain.Alert) []domain.AlertChange {
	if x.row.Events == 0 { // its events turned out to be another's
		x.watched = domain.Watched{Machine: x.machine, Current: x.row.toCurrent(), Labels: x.labels.toLabels()}
	}
	changes := l.s.alerting.Reconcile(&x.watched, l.blind, x.alarms, known, l.now)
	for i := range changes {
		c := &changes[i]
		c.Old = c.Step != nil && (c.Step.Kind == domain.StepOpened || c.Step.Kind == domain.StepReopened) && c.Alert.At < l.state.Since
	}
	return changes
}

// tell puts the moves that nobody was told of yet into the outbox, where a route asks for them.
func (l *lap) tell() error {
	if l.s.alerting == nil || !slices.ContainsFunc(l.s.alerting.Routes, tellsMoves) {
		return nil
	}
	var moves []domain.Move
	for i := range l.news {
		c := &l.news[i].Change
		if x := l.subjects[c.Subject]; x != nil && x.is != nil && x.machine != nil && c.moves() {
			m, known, err := l.moveOf(x, c)
			if err != nil {
				return err
			}
			if known {
				moves = append(moves, m)
			}
		}
	}
	if len(moves) == 0 {
		return nil
	}
	return l.tellMoves(l.s.alerting.Routes, moves, l.now)
}

func tellsMoves(r domain.Route) bool { return slices.Contains(r.Rules, domain.RuleTransition) }

// moveOf tells a change as its event stands on the timeline now; false where it stands there no more.
func (l *lap) moveOf(x *indexed, c *changeRow) (domain.Move, bool, error) {
	fp := domain.Fingerprint(c.FP)
	subject := x.row.subject()
	m := domain.Move{
		Subject: subject, Named: domain.Attributes(x.row.Attributes), Source: c.Source, Sources: x.words.sources(), EventID: domain.EventID(subject.Digest(), fp),
		Verdict: c.Verdict, Was: c.Was,
	}
	held := x.machine.Start()
	for i := range x.past {
		e := &x.past[i]
		if e.Fingerprint == fp {
			m.Event, m.Region, m.From, m.To, m.Phase, m.At = e.Type, e.Region, held.In(e.Region), e.Target, e.Phase, e.At
			return m, true, nil
		}
		if e.Verdict.Moves() {
			held = held.With(e.Region, e.Target)
		}
	}
	if !x.watched.Cut {
		return m, false, nil
	}
	var rows []listedRow
	err := l.tx.Raw(listed+"WHERE e.subject = ? AND e.fp = ?", c.Subject, c.FP).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return m, false, err
	}
	e := l.s.toListed(&rows[0])
	m.Event, m.Region, m.From, m.To, m.Phase, m.At = e.Type, e.Region, e.Before.In(e.Region), e.Target, e.Outcome.After.Phase, e.At
	return m, true, nil
}
