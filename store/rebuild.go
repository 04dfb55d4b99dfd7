package store

import (
	"context"
	"slices"
	"time"

	"gorm.io/gorm"

	"giftline/domain"
)

const (
	rebuildGroup    = 8               // subjects rebuilt in one transaction
	rebuildDeadline = 5 * time.Minute // a subject may have very many events
)

// sick is a subject whose caches are to be written anew.
type sick struct {
	digest  digest // as it is stored, right or wrong
	id      int64
	finding domain.Finding
}

// Rebuild writes the caches of every damaged or outdated subject anew, from its events. What it wrote is verified, and
// told of as rebuilt; what is told of as damaged then, it could not heal. Where an event itself is damaged it leaves the
// whole subject alone. Errors: CodeNotFound for a subject that is not known.
//
// Beside it this process must not record. Other replicas may: they and it wait for each other's subjects.
func (s *Store) Rebuild(ctx context.Context, v Verification) (Verified, error) {
	w := newWalk(s, v)
	w.verifier.Upgrade = true
	if !v.DryRun {
		w.heal = []sick{}
	}
	err := w.run(ctx)
	return w.sum, err
}

// healAll rebuilds what the last snapshot found, and has it verified.
func (w *walk) healAll(ctx context.Context) error {
	for ; len(w.heal) > 0; w.heal = w.heal[min(len(w.heal), rebuildGroup):] {
		group := w.heal[:min(len(w.heal), rebuildGroup)]
		if err := w.s.rebuild(ctx, group); err != nil {
			return err
		}
		for i := range group {
			w.again = append(w.again, task{id: group[i].id, second: true, healed: &group[i].finding})
		}
		w.ended = false
	}
	return nil
}

// rebuild runs one transaction, again where it lost to another replica's.
func (s *Store) rebuild(ctx context.Context, group []sick) error {
	worth := func(err error) bool { return again(err) || postgresCode(err) == "55P03" } // a lock that took too long
	return tryHard(worth, func() error {
		return s.writeWithin(context.WithoutCancel(ctx), rebuildDeadline, func(tx *gorm.DB) error {
			return newBatch(s.group.lanes[0], nil).rebuild(tx, group)
		})
	})
}

// rebuild folds subjects as a batch does that meets them folded by an older machine.
func (b *batch) rebuild(tx *gorm.DB, group []sick) error {
	b.tx = tx
	digests := make([][]byte, len(group))
	for i := range group {
		digests[i] = group[i].digest[:]
	}
	if err := scanSubjects(tx, b.s.dialect, digests, b.force); err != nil {
		return err
	}
	all := b.order
	b.order = nil
	for _, t := range all {
		ok, err := b.repair(t)
		if err != nil {
			return err
		}
		if ok {
			b.order = append(b.order, t)
		}
	}
	if err := b.fold(); err != nil {
		return err
	}
	return b.write()
}

// force takes a subject into the batch whose row is not to be trusted.
func (b *batch) force(row *subjectRow) error {
	t := newTrack(row.subject().Digest(), row.subject())
	t.known, t.forced, t.row = true, true, *row
	machine, ok := b.s.machines.For(t.subject.Provider, t.subject.Kind)
	if t.machine = machine; ok && !t.newer() {
		b.order = append(b.order, t)
	}
	return nil
}

// repair corrects what the fold takes from the row. It gives up on a subject of which another row has been made since,
// because its own could not be found: only the backup can tell what belongs together.
func (b *batch) repair(t *track) (bool, error) {
	if t.row.Digest != digest(t.digest) {
		var n int
		if err := b.tx.Raw("SELECT count(*) FROM subjects WHERE digest = ?", t.digest[:]).Row().Scan(&n); err != nil || n > 0 {
			return false, err
		}
		if err := b.exec("UPDATE subjects SET digest = ? WHERE id = ?", t.digest[:], t.row.ID); err != nil {
			return false, err
		}
		t.row.Digest = digest(t.digest)
	}
	if err := b.repairJoined(t); err != nil {
		return false, err
	}
	return true, b.repairSource(t)
}

func (b *batch) repairJoined(t *track) error {
	const last = `SELECT coalesce(max(joined_at), 0) FROM (SELECT joined_at FROM events WHERE subject = ?
		UNION ALL SELECT joined_at FROM changes WHERE subject = ? AND was <> '') AS joined`
	return b.tx.Raw(last, t.row.ID, t.row.ID).Row().Scan((*int64)(&t.row.JoinedAt))
}

// repairSource takes the source of an event that joined first, unless one of those has the source already, or events
// were taken off: then it may well be the source of one of them.
func (b *batch) repairSource(t *track) error {
	const first = "FROM events WHERE subject = ? AND joined_at = (SELECT min(joined_at) FROM events WHERE subject = ?)"
	var sources []string
	if err := b.tx.Raw("SELECT source "+first+" ORDER BY at, rank, fp", t.row.ID, t.row.ID).Scan(&sources).Error; err != nil {
		return err
	}
	if len(sources) == 0 || slices.Contains(sources, t.row.Source) {
		return nil
	}
	const off = `SELECT (SELECT count(*) FROM changes WHERE subject = ? AND was <> '' AND verdict = '') +
		(SELECT count(*) FROM parked WHERE code = ? AND provider = ? AND kind = ? AND subject_id = ?)`
	var n int
	s := t.subject
	err := b.tx.Raw(off, t.row.ID, string(domain.ParkContradiction), string(s.Provider), string(s.Kind), s.ID).Row().Scan(&n)
	if n == 0 {
		t.row.Source = sources[0]
	}
	return err
}
