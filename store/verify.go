package store

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"giftline/domain"
)

// Verification says what a run of Verify or Rebuild looks at, and whom it tells.
type Verification struct {
	Parsers  map[domain.Provider]domain.Parser // read bodies again; without one they are only compared with their digests
	Subjects []domain.Subject                  // only these
	Sample   int                               // only so many, at random; 0 without Subjects: everything, and the counts
	DryRun   bool                              // of a rebuild: say what it would do
	// Found is told of each subject that is not sound, as soon as that is sure. Its error ends the run.
	Found    func(domain.Finding) error
	Progress func(done, all int64) // nil for nobody

	work int // of one snapshot; 0 for the default
}

// Verified sums a run up.
type Verified struct {
	Subjects int64 `json:"subjects"`
	Events   int64 `json:"events"`
	Bodies   int64 `json:"bodies"`
	Parked   int64 `json:"parked"`
	// Findings counts what was told, by condition.
	Findings map[domain.Condition]int64 `json:"findings"`
}

// Verify recomputes what is cached of subjects from their events, and reads these again from their bodies. It changes
// nothing and may run beside a recording process: what is found damaged is looked at once more before it is told.
// Errors: CodeNotFound for a subject that is not known.
func (s *Store) Verify(ctx context.Context, v Verification) (Verified, error) {
	w := newWalk(s, v)
	if !w.whole {
		err := w.run(ctx)
		return w.sum, err
	}
	before, err := s.tally(ctx)
	if err == nil {
		err = w.run(ctx)
	}
	if err == nil {
		err = w.parkedBodies(ctx)
	}
	if err == nil {
		err = w.counts(ctx, before)
	}
	return w.sum, err
}

const (
	// snapshotWork is how many events, and blocks of their bodies, are read in one snapshot: a second or so, and never
	// much more than snapshotTime. A longer one would keep the WAL from being reset, or PostgreSQL from cleaning up.
	snapshotWork = 8192
	snapshotTime = 3 * time.Second
	workBlock    = 4096 // bytes of a body that cost as much as an event
	workSubject  = 8    // what a subject costs beside its events

	verifyPage  = 64 // events read at once, whose bodies may be large
	verifyGroup = 64 // subjects listed at once
	maxSick     = 64 // subjects that wait to be rebuilt
	restarts    = 5  // how often a subject may change between the snapshots it is read in
)

// walk goes from subject to subject, a snapshot after the other. It holds a page of events at a time, or those of one
// instant where they are more.
type walk struct {
	s        *Store
	v        Verification
	verifier domain.Verifier
	whole    bool  // everything that is there
	after    int64 // the last subject listed
	last     int64 // about where the list ends
	todo     []task
	again    []task // to be looked at once more, in another snapshot
	pass     *pass  // the subject in hand
	left     int    // of the work of this snapshot
	listed   bool   // no more subjects are to be listed
	ended    bool
	sources  map[string]bool
	seen     int64 // copies that events were told by
	many     bool  // some delivery carried several events
	unread   bool  // some events could not be read, so that sums say nothing
	heal     []sick
	found    []domain.Finding // to be told once no transaction is open: whoever listens may be slow
	sum      Verified
}

// task is a subject to verify.
type task struct {
	id     int64
	second bool            // it was found damaged before
	healed *domain.Finding // what was wrong before it was rebuilt
}

// errSnapshotOver ends a snapshot that is of no further use: PostgreSQL refuses everything after an error.
var errSnapshotOver = errors.New("the snapshot is over")

func newWalk(s *Store, v Verification) *walk {
	if v.work == 0 {
		v.work = snapshotWork
	}
	if v.Progress == nil {
		v.Progress = func(int64, int64) {}
	}
	w := &walk{s: s, v: v, whole: len(v.Subjects) == 0 && v.Sample == 0}
	w.verifier = domain.Verifier{Machines: s.machines, Parsers: v.Parsers}
	w.sum.Findings = map[domain.Condition]int64{}
	w.many = len(v.Parsers) == 0 // nobody can tell
	return w
}

func (w *walk) run(ctx context.Context) error {
	if err := w.s.read(ctx, w.choose); err != nil {
		return err
	}
	for !w.ended {
		if err := w.read(ctx, w.snapshot); err != nil {
			return err
		}
		if err := w.healAll(ctx); err != nil {
			return err
		}
		w.v.Progress(w.done(), w.last)
	}
	return nil
}

// done is how far the walk has come, in the unit of last.
func (w *walk) done() int64 {
	if w.whole {
		return w.after - int64(len(w.todo))
	}
	return w.last - int64(len(w.todo))
}

// snapshot does as much as one snapshot may hold up.
func (w *walk) snapshot(tx *gorm.DB) error {
	w.left = w.v.work
	began := time.Now()
	w.todo, w.again = append(w.again, w.todo...), nil
	err := w.knowSources(tx)
	if err == nil && w.pass != nil {
		err = w.resume(tx)
	}
	for err == nil && w.left > 0 && len(w.heal) < maxSick && time.Since(began) < snapshotTime {
		switch {
		case w.pass != nil:
			err = w.advance(tx)
		case len(w.todo) > 0:
			err = w.begin(tx)
		case w.listed:
			w.ended = len(w.again) == 0
			return nil
		default:
			err = w.list(tx)
		}
	}
	if w.pass != nil && domain.CodeOf(err) == domain.CodeDamaged {
		return w.unreadable(err)
	}
	return err
}

// tell has a finding handed on. What is sound is nobody's business, unless it was rebuilt.
func (w *walk) tell(f domain.Finding) {
	if f.Condition != domain.Sound {
		w.found = append(w.found, f)
	}
}

// read looks at one snapshot and hands on what was found in it.
func (w *walk) read(ctx context.Context, do func(tx *gorm.DB) error) error {
	err := w.s.read(ctx, do)
	if errors.Is(err, errSnapshotOver) {
		err = nil
	}
	return errors.Join(w.handOn(), err)
}

func (w *walk) handOn() error {
	for _, f := range w.found {
		w.sum.Findings[f.Condition]++
		if w.v.Found == nil {
			continue
		}
		if err := w.v.Found(f); err != nil {
			return err
		}
	}
	w.found = w.found[:0]
	return nil
}

// conclude tells of a subject, or has it looked at again, or rebuilt.
func (w *walk) conclude(t task, f domain.Finding, row *subjectRow) {
	switch {
	case t.healed != nil && (f.Condition == domain.Sound || f.Condition == domain.Newer):
		healed := *t.healed
		healed.Condition = domain.Rebuilt
		w.tell(healed)
	case f.Condition == domain.Damaged && !t.second:
		w.again = append(w.again, task{id: t.id, second: true})
	case w.heal != nil && t.healed == nil && f.Heals():
		w.heal = append(w.heal, sick{row.Digest, t.id, f})
	default:
		w.tell(f)
	}
}

// unreadable tells of a subject that the database itself cannot give.
func (w *walk) unreadable(err error) error {
	t, f := w.pass.task, domain.Finding{Subject: w.pass.subject, About: w.pass.about, Condition: domain.Damaged}
	f.Add(domain.Damage{Part: domain.PartEvent, What: "it cannot be read: " + err.Error()})
	row := w.pass.row
	w.pass, w.unread = nil, true
	w.conclude(t, f, &row)
	return errSnapshotOver
}
