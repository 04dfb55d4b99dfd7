package domain

import (
	"slices"
)

// AlertChange is an alert as it is from now on, and the step that made it so; without a step, only what is known of it
// has changed.
type AlertChange struct {
	Alert Alert
	Step  *AlertStep
	// Old: it held before alerting began here. It is kept, and told to nobody (SuppressOld). The store that looks sets it.
	Old bool
}

// Reconcile compares what alarms about a subject at now with the alerts that it has had, and gives what changes: an alarm
// without an alert opens one, or reopens that of the same episode unless a person has ended it; a live alert without an
// alarm is resolved where it was true at the time it is stamped with, by what is known now, and withdrawn where it was not.
func (a *Alerting) Reconcile(w *Watched, b Blind, alarms []Alarm, known []Alert, now Instant) (changes []AlertChange) {
	active := a.active(alarms, now)
	for i := range active {
		alarm := &active[i]
		fresh := a.alertOf(w, alarm, now)
		if change, ok := standing(alarm, &fresh, known, w.Moved, now); ok {
			changes = append(changes, change)
		}
	}
	for i := range known {
		k := &known[i]
		if k.Status.Live() && !slices.ContainsFunc(active, func(alarm Alarm) bool { return alarm.key() == k.key() }) {
			changes = append(changes, a.end(w, b, alarms, k, now))
		}
	}
	return changes
}

// active gives the alarms that hold at now, by rules that raise something. What is overdue does not expire soon any more.
func (a *Alerting) active(alarms []Alarm, now Instant) (all []Alarm) {
	holds := func(alarm Alarm) bool { return alarm.At <= now && a.On(alarm.Rule) }
	overdue := slices.ContainsFunc(alarms, func(alarm Alarm) bool { return alarm.Rule == RuleOverdue && holds(alarm) })
	for _, alarm := range alarms {
		if holds(alarm) && (alarm.Rule != RuleExpiring || !overdue) {
			all = append(all, alarm)
		}
	}
	return all
}

// alertOf makes the alert that an alarm opens.
func (a *Alerting) alertOf(w *Watched, alarm *Alarm, now Instant) Alert {
	c := w.Current
	fresh := a.opened(AlertID(&c.Subject, "", *alarm), alarm, now)
	fresh.Subject, fresh.Source, fresh.Sources, fresh.Named = &c.Subject, c.Source, slices.Sorted(slices.Values(w.Sources)), c.Attributes
	if w.Labels != nil {
		fresh.Named.Reference = or(w.Labels.Reference, fresh.Named.Reference)
	}
	return fresh
}

func (a *Alerting) opened(id string, alarm *Alarm, now Instant) Alert {
	return Alert{
		ID: id, Rule: alarm.Rule, Severity: a.Severity(alarm.Rule), Region: alarm.Region, State: alarm.State, Event: alarm.Event,
		Since: alarm.Since, At: alarm.At, RaisedAt: now, Detail: alarm.Detail, Status: AlertOpen, UpdatedAt: now,
	}
}

func (a *Alert) key() alarmKey { return alarmKey{a.Rule, a.Region, a.State, a.Event} }

// standing gives what becomes of the alert of an alarm that holds; false for nothing.
func standing(alarm *Alarm, fresh *Alert, known []Alert, moved bool, now Instant) (AlertChange, bool) {
	live := slices.IndexFunc(known, func(k Alert) bool { return k.Status.Live() && k.key() == alarm.key() })
	ended := slices.IndexFunc(known, func(k Alert) bool { return !k.Status.Live() && k.key() == alarm.key() && k.same(fresh) })
	switch {
	case live >= 0:
		k := &known[live]
		if k.Status == AlertSnoozed && k.UntilMoves && moved {
			return k.learn(fresh).step(StepWoke, AlertOpen, "its subject has moved, and it still holds", now), true
		}
		learned := k.learn(fresh)
		return AlertChange{Alert: learned}, !k.equal(&learned)
	case ended < 0:
		return fresh.step(StepOpened, AlertOpen, "", now), true
	case known[ended].By == "":
		again := known[ended].learn(fresh)
		again.ReopenCount++
		return again.step(StepReopened, AlertOpen, "", now), true
	}
	return AlertChange{}, false
}

// same reports whether an alert that has ended is of the same episode as a fresh one of its key. What began earlier than
// was thought when the alert was last looked at is.
func (a *Alert) same(fresh *Alert) bool { return a.ID == fresh.ID || a.Since >= fresh.Since }

// learn gives the alert with what is known now.
func (a *Alert) learn(fresh *Alert) Alert {
	k := *a
	k.Severity, k.Source, k.Sources, k.Named = fresh.Severity, fresh.Source, fresh.Sources, fresh.Named
	k.Detail = fresh.Detail
	if k.Subject != nil { // what is about a source keeps its beginning: nothing is heard of it that happened before
		k.Since, k.At = fresh.Since, fresh.At
	}
	return k
}

// equal reports whether two looks at an alert have learned the same.
func (a *Alert) equal(b *Alert) bool {
	return a.Severity == b.Severity && a.Source == b.Source && slices.Equal(a.Sources, b.Sources) && a.Named == b.Named &&
		a.Since == b.Since && a.At == b.At && a.Detail == b.Detail
}

// step gives the alert after a step that Giftline makes.
func (a Alert) step(kind StepKind, s AlertStatus, note string, now Instant) AlertChange {
	a.Status, a.Until, a.UntilMoves, a.UpdatedAt, a.EndedAt, a.By = s, nil, false, now, nil, ""
	if !s.Live() {
		a.EndedAt = &now
	}
	return AlertChange{Alert: a, Step: &AlertStep{Kind: kind, At: now, Note: note}}
}

// end ends a live alert that nothing alarms for any more.
func (a *Alerting) end(w *Watched, b Blind, alarms []Alarm, k *Alert, now Instant) AlertChange {
	kind, status, note := StepResolved, AlertResolved, ""
	if !a.was(w, b, k) {
		kind, status, note = StepWithdrawn, AlertWithdrawn, "by what is known now, it never was so"
		if i := slices.IndexFunc(alarms, func(alarm Alarm) bool { return alarm.key() == k.key() }); i >= 0 {
			note = "by what is known now, its time comes later: " + alarms[i].At.String()
		}
	} else if !a.On(k.Rule) {
		note = "the rule was turned off"
	}
	if k.UntilMoves {
		note = join(note, "it was snoozed until its subject moves")
	}
	return k.step(kind, status, note, now)
}

func join(note, more string) string {
	if note == "" {
		return more
	}
	return note + "; " + more
}

// was reports whether an alert was true at the time it is stamped with, by what is known now. Where not all of the past
// is at hand, it is given the benefit of the doubt.
func (a *Alerting) was(w *Watched, b Blind, k *Alert) bool {
	p := a.policy()
	then := p.illegal(w, b)
	switch {
	case w.Cut:
		return true
	case k.Rule != RuleIllegal:
		then = p.Alarms(w.cut(k.At), b)
	}
	return w.entered(k) || slices.ContainsFunc(then, func(alarm Alarm) bool { return alarm.key() == k.key() && alarm.At <= k.At })
}

// entered reports whether the subject entered a state that alarms by itself when the alert says so, be it for no time.
func (w *Watched) entered(k *Alert) bool {
	return w.Machine.Raises(k.Region, k.State) == k.Rule && slices.ContainsFunc(w.Past, func(e Judged) bool {
		return e.Verdict.Moves() && e.Region == k.Region && e.Target == k.State && e.At == k.At
	})
}

// Trouble is something about a source, or about ourselves (empty), that alarms now. Since stays the same while it stands.
type Trouble struct {
	Rule   Rule
	Source string
	Since  Instant
	Detail string // in words
}

// ReconcileTroubles does for sources and ourselves what Reconcile does for subjects: of each rule, a source has one live
// alert at most. Nothing that is heard later tells that a trouble was none.
func (a *Alerting) ReconcileTroubles(troubles []Trouble, known []Alert, now Instant) (changes []AlertChange) {
	stands := map[Trouble]bool{} // by rule and source
	for i := range troubles {
		t := &troubles[i]
		if !a.On(t.Rule) || stands[t.key()] {
			continue
		}
		stands[t.key()] = true
		alarm := Alarm{Rule: t.Rule, Since: t.Since, At: t.Since, Detail: t.Detail}
		fresh := a.opened(AlertID(nil, t.Source, alarm), &alarm, now)
		fresh.Source = t.Source
		if t.Source != "" {
			fresh.Sources = []string{t.Source}
		}
		if change, ok := standing(&alarm, &fresh, ofSource(known, t.Source), false, now); ok {
			changes = append(changes, change)
		}
	}
	for i := range known {
		if k := &known[i]; k.Status.Live() && !stands[Trouble{Rule: k.Rule, Source: k.Source}] {
			changes = append(changes, k.step(StepResolved, AlertResolved, "", now))
		}
	}
	return changes
}

func (t *Trouble) key() Trouble { return Trouble{Rule: t.Rule, Source: t.Source} }

func ofSource(known []Alert, source string) (all []Alert) {
	for _, k := range known {
		if k.Source == source {
			all = append(all, k)
		}
	}
	return all
}
