package domain

import (
	"context"
	"log/slog"
	"slices"
	"time"
)

// Monitor watches what no subject tells: that we live and hear, that sources keep their rhythm, and our own trouble. It is
// claimed work, so one replica does it, and another one when that is gone.
type Monitor struct {
	Store    Store
	Sources  []string // configured ones that are open
	Alerting *Alerting
	Vitals   func() Vitals // of this process; may be nil
	Now      func() time.Time
	Log      *slog.Logger

	last    Instant           // when it looked last; zero: what it remembers is to be read or gathered anew
	quiet   []Silence         // as the last pulse said
	rhythms map[string]rhythm // of the sources that have been silent for a while
	samples Samples
	found   []Found
	raised  []Trouble // as told last
	told    Instant   // when
}

// Vitals are what a process knows of itself.
type Vitals struct {
	PutOff   int64  // webhooks answered 503 since the start
	DiskFree uint64 // bytes, where the database is a file; both 0: unknown
	DiskSize uint64
}

// rhythm is what was read of a source's past, and when: an index that is made anew knows more of it later.
type rhythm struct {
	last, read Instant
	hours      []EventCount
}

const (
	monitorKind = "monitor"
	monitorKey  = "all"

	monitorEvery = 10 * time.Second
	forgetAfter  = time.Minute // another replica has watched meanwhile
	rhythmFresh  = time.Hour   // how long what was read of a rhythm counts
	raiseAgain   = time.Minute // what has not changed
	outagesFor   = 2 * RhythmSpan
)

// memoryRules are those whose troubles are found by comparing samples: when another replica goes on, it begins with those
// that stand.
var memoryRules = []Rule{RuleSignature, RuleQuarantine, RuleBusy, RuleDisk}

// Run watches until the context ends.
func (m *Monitor) Run(ctx context.Context) {
	for ctx.Err() == nil {
		err := m.Store.PlanOnce(ctx, monitorKind, monitorKey, InstantOf(m.Now()))
		if err == nil {
			break
		}
		m.Log.Warn("nobody watches over sources yet; it is tried again", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(monitorEvery):
		}
	}
	worker := Worker{List: m.Store, Kind: monitorKind, Do: m.do, Now: m.Now, Log: m.Log}
	worker.Run(ctx)
}

// do looks once. A failure is no reason to wait for longer than usual: a pulse that does not come counts as our downtime.
func (m *Monitor) do(ctx context.Context, _ Work) (Instant, error) {
	if err := calmly(func() error { return m.RunOnce(ctx, InstantOf(m.Now())) }); err != nil {
		if ctx.Err() != nil {
			return 0, err
		}
		m.Log.Warn("sources and the service could not be watched; it is tried again", "error", err)
	}
	return InstantOf(m.Now().Add(monitorEvery)), nil
}

// Start notes that we live, before anything else is done: a downtime is known from then on. Sources that were quiet stay
// so until somebody looks.
func (m *Monitor) Start(ctx context.Context, now Instant) error {
	outages, err := m.Store.Outages(ctx, now)
	if err != nil {
		return err
	}
	m.quiet = nil
	for _, o := range outages {
		if o.Source != "" && o.To == nil && slices.Contains(m.Sources, o.Source) {
			m.quiet = append(m.quiet, Silence{Source: o.Source, Since: o.From})
		}
	}
	return m.Store.Pulse(ctx, now, m.quiet)
}

// RunOnce looks at everything.
func (m *Monitor) RunOnce(ctx context.Context, now Instant) error {
	if err := m.wake(ctx, now); err != nil {
		return err
	}
	counts, err := m.Store.SourceCounts(ctx)
	if err != nil {
		return err
	}
	counts = slices.DeleteFunc(counts, func(c SourceCount) bool { return !slices.Contains(m.Sources, c.Source) })
	outages, err := m.Store.Outages(ctx, now-outagesFor)
	if err != nil {
		return err
	}
	if err := m.listen(ctx, counts, outages, now); err != nil {
		return err
	}
	m.count(counts, now)
	return m.raise(ctx, outages, now)
}

// wake beats the pulse, and after a while in which another one watched, it begins anew.
func (m *Monitor) wake(ctx context.Context, now Instant) error {
	if m.last != 0 && now-m.last < InstantOfDuration(forgetAfter) {
		m.last = now
		return m.Store.Pulse(ctx, now, m.quiet)
	}
	if err := m.Start(ctx, now); err != nil {
		return err
	}
	m.rhythms, m.samples, m.found, m.raised, m.told = map[string]rhythm{}, nil, nil, nil, 0
	if err := m.recall(ctx, now); err != nil {
		return err
	}
	m.last = now
	return nil
}

// recall reads the troubles that stand, which another one has found.
func (m *Monitor) recall(ctx context.Context, now Instant) error {
	if m.Alerting == nil {
		return nil
	}
	page, err := m.Store.Alerts(ctx, AlertQuery{Rules: memoryRules, Statuses: []AlertStatus{AlertOpen, AlertAcknowledged, AlertSnoozed}, Limit: 100})
	for _, a := range page.Alerts {
		m.found = append(m.found, Found{Trouble{a.Rule, a.Source, a.Since, a.Detail}, now})
	}
	return err
}

// listen finds the sources that are quiet, and has the store keep it when that changes.
func (m *Monitor) listen(ctx context.Context, counts []SourceCount, outages []Outage, now Instant) error {
	var quiet []Silence
	for i := range counts {
		s, silent, err := m.silence(ctx, &counts[i], outages, now)
		if err != nil {
			return err
		}
		if silent {
			quiet = append(quiet, s)
		}
	}
	same := slices.EqualFunc(quiet, m.quiet, func(a, b Silence) bool { return a.Source == b.Source && a.Since == b.Since })
	m.quiet = quiet
	if same {
		return nil
	}
	return m.Store.Pulse(ctx, now, m.quiet)
}

// silence judges one source. One that is quiet stays so until something arrives, whatever else is learnt of its rhythm.
func (m *Monitor) silence(ctx context.Context, c *SourceCount, outages []Outage, now Instant) (Silence, bool, error) {
	if c.LastReceived == nil || now-*c.LastReceived < InstantOfDuration(quietAfter) {
		delete(m.rhythms, c.Source)
		return Silence{}, false, nil
	}
	hours, err := m.hours(ctx, c.Source, *c.LastReceived, now)
	if err != nil {
		return Silence{}, false, err
	}
	r := Rhythm{Source: c.Source, Last: *c.LastReceived, Hours: hours, Outages: outages}
	s, silent := r.Quiet(now)
	if i := slices.IndexFunc(m.quiet, func(s Silence) bool { return s.Source == c.Source && s.Since == *c.LastReceived }); i >= 0 && !silent {
		return m.quiet[i], true, nil
	}
	return s, silent, nil
}

// hours reads what a source sent before it fell silent. That is read once in a silence, or a few times.
func (m *Monitor) hours(ctx context.Context, source string, last, now Instant) ([]EventCount, error) {
	if r, ok := m.rhythms[source]; ok && r.last == last && now-r.read < InstantOfDuration(rhythmFresh) {
		return r.hours, nil
	}
	from := last - RhythmSpan - day
	all, err := m.Store.EventCounts(ctx, EventCountQuery{Span: Span{From: &from, Until: &last}, Group: BySource})
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(c EventCount) bool { return c.Group != source })
	m.rhythms[source] = rhythm{last: last, read: now, hours: all}
	return all, nil
}

// count takes a sample and finds what it tells.
func (m *Monitor) count(counts []SourceCount, now Instant) {
	one := Sample{At: now, Sources: counts}
	if m.Vitals != nil {
		one.Vitals = m.Vitals()
	}
	m.samples = m.samples.add(one)
	m.found = Lasting(m.found, m.samples.Troubles(), now)
}

// raise tells what stands, when that has changed, and now and then when it has not.
func (m *Monitor) raise(ctx context.Context, outages []Outage, now Instant) error {
	if m.Alerting == nil {
		return nil
	}
	standing := Downtimes(outages, now)
	for _, s := range m.quiet {
		standing = append(standing, s.Trouble(now))
	}
	for _, f := range m.found {
		standing = append(standing, f.Trouble)
	}
	standing = slices.DeleteFunc(standing, func(t Trouble) bool { return !m.Alerting.On(t.Rule) })
	if m.told != 0 && now-m.told < InstantOfDuration(raiseAgain) && slices.Equal(standing, m.raised) {
		return nil
	}
	if err := m.Store.Raise(ctx, append([]Rule{RuleQuiet, RuleDown}, memoryRules...), standing, now); err != nil {
		return err
	}
	m.raised, m.told = standing, now
	return nil
}
