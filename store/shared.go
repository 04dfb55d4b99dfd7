package store

import (
	"slices"

	"gorm.io/gorm"

	"giftline/domain"
)

// mostShared is how many subjects that others told of too are made out for a limited context: the last updated ones,
// whoever updated them. In lists, counts and statistics the rest is left out.
const mostShared = 1000

// shared is a subject of which the context reaches only some, as the index would hold it if its own sources alone had
// told of it. It is made out when somebody asks; the index keeps it as it is for those who reach all of it.
type shared struct {
	indexed
	stored []eventRow // of the own sources, with the verdicts of the whole story
	rows   []domain.Recorded
}

// readShared makes out the subjects of a limited context that others told of too; those that this version has no machine
// for are left out. Whoever calls it has read the follower's row before, or nothing yet.
func (s *Store) readShared(tx *gorm.DB, kinds []domain.Kind, providers []domain.Provider) (all []*shared, err error) {
	if _, limited := domain.ReachOf(tx.Statement.Context); !limited {
		return nil, nil
	}
	c := conn{tx, s.dialect}
	now := domain.InstantOf(s.now())
	b, err := s.backlogIn(tx)
	if err != nil {
		return nil, err
	}
	blind, err := c.blind(now)
	if err != nil {
		return nil, err
	}
	numbers, err := c.sharedSubjects(kinds, providers)
	if err != nil {
		return nil, err
	}
	known, err := c.subjectRows(s.log, numbers)
	if err != nil {
		return nil, err
	}
	err = ownEvents(tx, numbers, func(events []eventRow) {
		row := known[events[0].Subject]
		if row == nil {
			return
		}
		if m, ok := s.machines.For(row.Provider, row.Kind); ok {
			all = append(all, newShared(m, s.rules(), row, events).judged(b.state.Keys, now, blind))
		}
	})
	return all, err
}

// sharedSubjects lists what the index knows to be told of by sources in reach and others, the last updated first.
func (c conn) sharedSubjects(kinds []domain.Kind, providers []domain.Provider) ([]int64, error) {
	shelves, err := c.shelves(&domain.ListQuery{Kinds: kinds, Providers: providers}, some)
	if err != nil {
		return nil, err
	}
	x := search{conn: c, shelves: shelves}
	last, err := x.candidates(way{desc: true}, from{}, mostShared)
	numbers := make([]int64, len(last))
	for i, one := range last {
		numbers[i] = one.subject
	}
	return numbers, err
}

// ownEvents reads what the context's own sources told, subject by subject.
func ownEvents(tx *gorm.DB, subjects []int64, each func([]eventRow)) error {
	for part := range slices.Chunk(subjects, chunk) {
		var rows []eventRow
		q := within(tx.Statement.Context, tx.Where("subject IN ?", part), "source")
		if err := q.Order("subject, " + canonical).Find(&rows).Error; err != nil {
			return err
		}
		for len(rows) > 0 {
			n := 1
			for n < len(rows) && rows[n].Subject == rows[0].Subject {
				n++
			}
			each(rows[:n])
			rows = rows[n:]
		}
	}
	return nil
}

// newShared does what the follower does with a subject of which there are only these events. Labels are for those who
// reach all of a subject.
func newShared(m domain.Machine, p *domain.Policy, known *subjectRow, events []eventRow) *shared {
	current, rows := toldBy(m, known.subject(), events)
	x := &shared{indexed{subject: known.ID, row: subjectRowOf(current), machine: m, policy: p}, events, rows}
	var sources []string
	for i := range rows {
		r := &rows[i]
		x.row.JoinedAt = max(x.row.JoinedAt, r.Joined)
		sources = append(sources, r.Source)
		if i < maxPast {
			x.happened(judgedOf(r), r.Source)
		}
	}
	x.words = wordsOf(&x.row, sources)
	return x
}

func (x *shared) judged(keys []string, now domain.Instant, blind domain.Blind) *shared {
	x.judge(keys, 0)
	x.look(now, blind)
	return x
}

func judgedOf(r *domain.Recorded) domain.Judged {
	return domain.Judged{
		At: r.At, Region: r.Region, Verdict: r.Outcome.Verdict, Target: r.Target, Previous: r.Previous,
		Type: r.Type, Fingerprint: r.Fingerprint, Joined: r.Joined, Phase: r.Outcome.After.Phase,
	}
}

func (x *shared) listed(keys []string) domain.Listed {
	return domain.Listed{
		Current: x.row.toCurrent(), Reference: referenceOf(&x.row, nil, keys), UpdatedAt: x.row.JoinedAt, Stuck: x.is.Stuck > 0,
	}
}

// chooseOwn finds those that are part of the list.
func (x *search) chooseOwn() {
	x.own = map[int64]*shared{}
	for _, o := range x.known {
		if x.said(&o.row) && (x.q.Stuck == nil || *x.q.Stuck == (o.is.Stuck > 0)) && among(x.q.IDs, o.row.SubjectID) && x.fits(o.is) {
			x.own[o.subject] = o
		}
	}
}

// find is scan, with the subjects that others told of too.
func (x *search) find(w way, f from, limit, budget int) (found []candidate, last *listKey, err error) {
	found, last, err = x.scan(w, f, limit, budget)
	if len(x.own) == 0 || err != nil {
		return found, last, err
	}
	for _, o := range x.own {
		key := listKey{o.row.JoinedAt, o.subject}
		if f.holds(w, key) && (last == nil || w.compare(key, *last) <= 0) {
			found = append(found, candidate{listKey: key})
		}
	}
	slices.SortFunc(found, func(a, b candidate) int { return w.compare(a.listKey, b.listKey) })
	if len(found) >= limit {
		found = found[:limit]
		last = &found[limit-1].listKey
	}
	return found, last, nil
}

// sharedTallies counts the subjects of a machine that others told of too.
func (s *Store) sharedTallies(tx *gorm.DB, m domain.Machine) (*tallies, error) {
	view, y := m.View(), newTallies()
	known, err := s.readShared(tx, []domain.Kind{view.Kind}, []domain.Provider{view.Provider})
	for _, x := range known {
		y.share(m.Name(), x.share(), 1)
	}
	return y, err
}

// sharedVerdicts tells by how much the counts of events differ whose verdict is another one in the own stories.
func (s *Store) sharedVerdicts(tx *gorm.DB) (map[eventTally]int64, error) {
	y := newTallies()
	known, err := s.readShared(tx, nil, nil)
	for _, x := range known {
		for i := range x.rows {
			r := &x.rows[i]
			key := eventTally{source: r.Source, provider: x.row.Provider, kind: x.row.Kind, name: r.Type, verdict: x.stored[i].Verdict}
			y.event(key, r.Joined, -1)
			key.verdict = r.Outcome.Verdict
			y.event(key, r.Joined, 1)
		}
	}
	return y.events, err
}
