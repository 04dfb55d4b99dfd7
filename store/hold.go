package store

import (
	"bytes"
	"slices"

	"giftline/domain"
)

// holdOrMake locks the rows that there are, then makes those that are missing, which readers do not see yet: they have no
// events. Both go in the order of the digests.
const holdOrMake = `WITH known AS (SELECT ` + subjectColumns + ` FROM subjects WHERE digest = ANY($1::bytea[]) ORDER BY digest FOR UPDATE),
	made AS (INSERT INTO subjects (` + subjectName + `)
		SELECT * FROM unnest($2::bytea[], $3::text[], $4::text[], $5::text[]) AS named (` + subjectName + `)
		WHERE NOT EXISTS (SELECT 1 FROM known WHERE known.digest = named.digest)
		ON CONFLICT (digest) DO NOTHING RETURNING ` + subjectColumns + `)
	SELECT * FROM known UNION ALL SELECT * FROM made`

// holdSubjects takes the rows of all subjects of the batch until it commits, so that no other replica decides about them
// meanwhile; everything else is read after that. All writers take first what there is, then what they make, each in one
// order, so none waits for one that waits for it.
func (b *batch) holdSubjects() error {
	if len(b.order) == 0 {
		return nil
	}
	tracks := slices.Clone(b.order)
	slices.SortFunc(tracks, func(x, y *track) int { return bytes.Compare(x.digest[:], y.digest[:]) })
	args := append([]any{digestsOf(tracks)}, namesOf(tracks)...)
	rows, err := b.tx.Statement.ConnPool.QueryContext(b.tx.Statement.Context, holdOrMake, args...)
	if err != nil {
		return err
	}
	if err := eachSubject(rows, b.hold); err != nil {
		return err
	}
	if slices.ContainsFunc(tracks, func(t *track) bool { return !t.known && t.machine != nil }) {
		return errMadeMeanwhile
	}
	return nil
}

// errMadeMeanwhile: another replica has made a row since this transaction looked for it. To lock it now would be out of
// order, and end in a deadlock; begun again, the transaction finds it.
var errMadeMeanwhile = domain.Errorf(domain.CodeBusy, "other replicas keep making the same subjects: send again")

// hold takes over a row, or what to put into one that was just made.
func (b *batch) hold(row *subjectRow) error {
	t := b.tracks[domain.Digest(row.Digest)]
	if row.MachineHash != "" {
		return t.know(row)
	}
	t.row.ID, t.known, t.made = row.ID, true, true
	t.row.State, t.row.LastAt = stateRow(t.machine.Start()), 0
	t.row.MachineRevision, t.row.MachineHash = t.machine.Revision(), t.machine.Hash()
	return nil
}

func digestsOf(tracks []*track) [][]byte {
	digests := make([][]byte, len(tracks))
	for i, t := range tracks {
		digests[i] = t.digest[:]
	}
	return digests
}

// namesOf gives the columns of subjectName, of those that have a machine: no row is made of others.
func namesOf(tracks []*track) []any {
	var digests [][]byte
	var providers, kinds, ids []string
	for _, t := range tracks {
		if t.machine != nil {
			digests, ids = append(digests, t.digest[:]), append(ids, t.subject.ID)
			providers, kinds = append(providers, string(t.subject.Provider)), append(kinds, string(t.subject.Kind))
		}
	}
	return []any{digests, providers, kinds, ids}
}
