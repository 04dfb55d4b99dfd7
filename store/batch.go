package store

import (
	"math/bits"
	"slices"
	"strings"

	"gorm.io/gorm"

	"giftline/domain"
)

// batch is one transaction's work: what is known is read first, then every delivery is decided in the order of
// arrival, then each subject is folded once, then everything is written.
type batch struct {
	s        *Store
	next     *sequences // of its lane
	tx       *gorm.DB
	jobs     []*job
	now      domain.Instant // when what is recorded here joins
	tracks   map[domain.Digest]*track
	order    []*track // by first mention
	parked   map[domain.ParkKey]*parkedEntry
	resolved map[string]*parkedEntry // by id
	park     []*parkedEntry          // to write
	parkedBy map[string]int64        // open parked deliveries gained per source
	counts   map[string]*sourceRow   // what to add per source
	changes  []change
	inserts  []pendingInsert // PostgreSQL's, which go together
	answers  []pending
}

// pending ties a job to what it became, for the receipt: verdicts are known only after the fold.
type pending struct {
	job    *job
	track  *track
	entry  *entry // nil when parked
	result domain.Result
}

func newBatch(l *lane, jobs []*job) *batch {
	for _, j := range jobs {
		j.receipt, j.err = domain.Receipt{}, nil // a batch may be tried again
		j.parkEmpty()
	}
	return &batch{
		s: l.s, next: &l.next, jobs: jobs, now: l.next.join(l.s.now()),
		tracks: map[domain.Digest]*track{}, parked: map[domain.ParkKey]*parkedEntry{},
		resolved: map[string]*parkedEntry{}, parkedBy: map[string]int64{}, counts: map[string]*sourceRow{},
	}
}

func (b *batch) run(tx *gorm.DB) error {
	b.tx = tx
	for _, step := range []func() error{b.loadResolved, b.loadSubjects, b.loadCopies, b.loadParked, b.decide, b.fold, b.write} {
		if err := step(); err != nil {
			return err
		}
	}
	b.receipts()
	return nil
}

// parkEmpty keeps a delivery that says nothing of anything, which no parser should give.
func (j *job) parkEmpty() {
	if p := &j.parsed; p.Parked == nil && len(p.Events) == 0 {
		p.Parked = &domain.Parking{
			Result: domain.ResultUnresolved, Code: domain.ParkNoSubject, Detail: "it names nothing that could be tracked",
			Key: domain.ParkKeyOf("empty", p.Source, string(p.Body)),
		}
	}
}

// events gives everything a job says of subjects: the events to place, or the one that is parked for its type.
func (j *job) events() []domain.Event {
	if p := j.parsed.Parked; p != nil {
		if p.Event == nil {
			return nil
		}
		return []domain.Event{*p.Event}
	}
	return j.parsed.Events
}

func (b *batch) loadSubjects() error {
	var digests [][]byte
	for _, j := range b.jobs {
		for _, e := range j.events() {
			d := e.Subject.Digest()
			if b.tracks[d] == nil {
				b.tracks[d] = newTrack(d, e.Subject)
				b.tracks[d].machine, _ = b.s.machines.For(e.Subject.Provider, e.Subject.Kind)
				b.order = append(b.order, b.tracks[d])
				digests = append(digests, d[:])
			}
		}
	}
	if b.s.dialect == postgresDialect {
		return b.holdSubjects()
	}
	return b.knowSubjects(digests)
}

// knowSubjects reads the rows of those that have one.
func (b *batch) knowSubjects(digests [][]byte) error {
	for rest := digests; len(rest) > 0; rest = rest[min(len(rest), chunk):] {
		err := scanSubjects(b.tx, b.s.dialect, rest[:min(len(rest), chunk)], func(row *subjectRow) error {
			return b.tracks[domain.Digest(row.Digest)].know(row)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// loadCopies reads the events that deliveries of this batch repeat.
func (b *batch) loadCopies() error {
	var pairs []any
	byID := map[int64]*track{}
	for _, j := range b.jobs {
		for _, e := range j.events() {
			if t := b.tracks[e.Subject.Digest()]; t.known && t.row.Events > 0 {
				pairs = append(pairs, t.row.ID, e.Fingerprint[:])
				byID[t.row.ID] = t
			}
		}
	}
	for rest := pairs; len(rest) > 0; rest = rest[min(len(rest), 2*chunk):] {
		rows, err := findCopies(b.tx, b.s.dialect, padded(rest[:min(len(rest), 2*chunk)], 2))
		if err != nil {
			return err
		}
		for i := range rows {
			t := byID[rows[i].Subject]
			t.entries[domain.Fingerprint(rows[i].FP)] = &entry{row: rows[i], event: rows[i].toEvent(t.subject)}
		}
	}
	return nil
}

// findCopies reads events by subject and fingerprint, given in turn. It joins a list of values, because SQLite scans
// the whole table for (subject, fp) IN (…).
func findCopies(tx *gorm.DB, d *dialect, pairs []any) (rows []eventRow, err error) {
	values := d.pair + strings.Repeat(", "+d.pair, len(pairs)/2-1)
	err = tx.Raw("WITH wanted (s, f) AS (VALUES "+values+") SELECT events.* FROM wanted CROSS JOIN events "+
		"WHERE events.subject = wanted.s AND events.fp = wanted.f", pairs...).Scan(&rows).Error
	return rows, err
}

// padded repeats the last values, which stand in groups of width, up to a power of two of them: statements of few
// shapes stay in the driver's cache.
func padded(values []any, width int) []any {
	n := len(values) / width
	if n == 0 {
		return values
	}
	last := values[len(values)-width:]
	values = slices.Clip(values) // what follows in the caller's list stays
	for range 1<<bits.Len(uint(n-1)) - n {
		values = append(values, last...)
	}
	return values
}

// decide says of each delivery what becomes of it.
func (b *batch) decide() error {
	for _, j := range b.jobs {
		if j.err = b.refused(j); j.err != nil {
			continue
		}
		if err := b.decideOne(j); err != nil {
			return err
		}
	}
	return nil
}

// refused keeps a replica of an older version off subjects that a newer one has folded.
func (b *batch) refused(j *job) error {
	if p := b.resolved[j.resolve]; j.resolve != "" && (p == nil || p.row.ClosedAt != nil) {
		return domain.Errorf(domain.CodeNotFound, "nothing is parked under %s: it may have been resolved already", j.resolve)
	}
	for _, e := range j.events() {
		t := b.tracks[e.Subject.Digest()]
		if t.machine != nil && t.newer() {
			return domain.Errorf(domain.CodeNewerMachine, "%s was recorded by a newer version of giftline: upgrade this one", t.subject)
		}
	}
	return nil
}

func (b *batch) decideOne(j *job) error {
	j.copies = 1
	if j.resolve == "" {
		b.receive(&j.parsed.Inbound)
	} else {
		j.copies = b.resolved[j.resolve].row.Seen
		b.unpark(b.resolved[j.resolve])
	}
	if j.parsed.Parked != nil {
		result, err := b.parkDelivery(j, j.parsed.Parked)
		if err == nil {
			b.settle(j, result)
		}
		return err
	}
	best := domain.ResultDuplicate
	for i := range j.parsed.Events {
		result, err := b.placeEvent(j, &j.parsed.Events[i])
		if err != nil {
			return err
		}
		if weight[result] > weight[best] {
			best = result
		}
	}
	b.settle(j, best)
	if p := b.resolved[j.resolve]; p != nil && p.row.ClosedAt != nil {
		p.became(&j.parsed.Events[0])
	}
	return nil
}

// weight decides the one result of a delivery that carries several events.
var weight = map[domain.Result]int{
	domain.ResultDuplicate: 0, domain.ResultConflict: 1, domain.ResultUnresolved: 2, domain.ResultRecorded: 3,
}

func (b *batch) receive(in *domain.Inbound) {
	c := b.count(in.Source)
	c.Received++
	at := in.ReceivedAt
	if c.LastReceived == nil || *c.LastReceived < at {
		c.LastReceived = &at
	}
}

func (b *batch) count(source string) *sourceRow {
	if b.counts[source] == nil {
		b.counts[source] = &sourceRow{Source: source}
	}
	return b.counts[source]
}

// settle counts the result of a delivery. One that was parked carries its further copies along: they count as
// duplicates once it is recorded.
func (b *batch) settle(j *job, result domain.Result) {
	b.count(j.parsed.Source).add(result, 1)
	if result == domain.ResultRecorded {
		result = domain.ResultDuplicate
	}
	b.count(j.parsed.Source).add(result, j.copies-1)
}

func (r *sourceRow) add(result domain.Result, n int64) {
	switch result {
	case domain.ResultRecorded:
		r.Recorded += n
	case domain.ResultDuplicate:
		r.Duplicate += n
	case domain.ResultConflict:
		r.Conflict += n
	case domain.ResultUnresolved:
		r.Unresolved += n
	case domain.ResultQuarantined:
		r.Quarantined += n
	}
}

func (b *batch) receipts() {
	for _, p := range b.answers {
		r := domain.Receipt{Result: p.result}
		switch {
		case p.entry == nil:
		case p.entry.gone && p.result != domain.ResultConflict:
			r.Result = domain.ResultUnresolved
		case !p.entry.gone:
			r.Verdict, r.EventID, r.Subject = p.entry.row.Verdict, p.entry.event.ID(), p.track.subject
			r.State, r.Regions = domain.State(p.track.row.State), p.track.machine.Regions()
		}
		if p.job.receipt.Result == "" || weight[r.Result] > weight[p.job.receipt.Result] {
			p.job.receipt = r
		}
	}
}
