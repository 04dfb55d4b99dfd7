package store

import (
	"context"

	"gorm.io/gorm"

	"giftline/domain"
)

// clearedRow is a change with the name of its subject.
type clearedRow struct {
	Change    changeRow `gorm:"embedded"`
	Provider  domain.Provider
	Kind      domain.Kind
	SubjectID string
}

// The conditions name the verdict in the text, so that SQLite takes the indexes made for them.
const (
	clearedSelect = "SELECT c.*, s.provider, s.kind, s.subject_id FROM changes c JOIN subjects s ON s.id = c.subject WHERE c.was = 'illegal'"
	clearedOf     = " AND c.was <> '' AND c.subject = ?"
	// What was believed of a subject came of all that was told of it, so it is nothing for who reaches only some of that.
	clearedWithin = ` AND EXISTS (SELECT 1 FROM events e WHERE e.subject = c.subject AND e.source IN ?)
		AND NOT EXISTS (SELECT 1 FROM events e WHERE e.subject = c.subject AND e.source NOT IN ?)`
	clearedOrder = " ORDER BY c.seq DESC LIMIT ?"
)

// Cleared lists illegal beliefs that are no longer held, the last cleared first; for one subject, or for all (nil). A
// limited context is told of subjects that it wholly reaches.
func (s *Store) Cleared(ctx context.Context, subject *domain.Subject, limit int) ([]domain.Cleared, error) {
	var rows []clearedRow
	err := s.read(ctx, func(tx *gorm.DB) error {
		query, args := clearedSelect, []any{}
		if subject != nil {
			known, ok, err := findSubject(tx, *subject)
			if err != nil || !ok {
				return err
			}
			query, args = query+clearedOf, append(args, known.ID)
		}
		if own, limited := domain.ReachOf(ctx); limited {
			query, args = query+clearedWithin, append(args, own, own)
		}
		return tx.Raw(query+clearedOrder, append(args, pageOf(limit))...).Scan(&rows).Error
	})
	list := make([]domain.Cleared, len(rows))
	for i := range rows {
		list[i] = rows[i].toCleared()
	}
	return list, err
}

func (r *clearedRow) toCleared() domain.Cleared {
	subject := domain.Subject{Provider: r.Provider, Kind: r.Kind, ID: r.SubjectID}
	c := &r.Change
	return domain.Cleared{
		Subject: subject, EventID: domain.EventID(subject.Digest(), domain.Fingerprint(c.FP)), Region: c.Region,
		From: c.WasFrom, To: c.WasTo, Reason: c.WasReason, BelievedAt: c.BelievedAt, ClearedAt: c.JoinedAt,
		ClearedBy: c.causeOf(subject), Verdict: c.Verdict,
	}
}

// causeOf names what changed a verdict.
func (c *changeRow) causeOf(subject domain.Subject) string {
	switch {
	case c.Was == "":
		return ""
	case len(c.Cause) == fingerprintSize:
		return domain.EventID(subject.Digest(), domain.Fingerprint(c.Cause))
	}
	return domain.ByMachine
}
