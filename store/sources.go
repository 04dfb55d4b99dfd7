package store

import (
	"context"
	"slices"
	"strings"

	"gorm.io/gorm"

	"giftline/domain"
)

// SourceCounts gives what arrived per source that the context reaches since the database was created, by name.
func (s *Store) SourceCounts(ctx context.Context) ([]domain.SourceCount, error) {
	var rows []sourceRow
	err := s.read(ctx, func(tx *gorm.DB) error {
		return within(ctx, tx, "source").Order("source, shard").Find(&rows).Error
	})
	counts := make([]domain.SourceCount, 0, len(rows))
	for i := range rows {
		if last := len(counts) - 1; last >= 0 && counts[last].Source == rows[i].Source {
			counts[last] = sum(counts[last], rows[i].toCount())
			continue
		}
		counts = append(counts, rows[i].toCount())
	}
	return counts, err
}

// sum adds what two writing processes counted of one source.
func sum(a, b domain.SourceCount) domain.SourceCount {
	for result, n := range b.Counts {
		a.Counts[result] += n
	}
	a.Received += b.Received
	a.Rejected += b.Rejected
	if a.LastReceived == nil || b.LastReceived != nil && *b.LastReceived > *a.LastReceived {
		a.LastReceived = b.LastReceived
	}
	if a.LastRejection == nil || b.LastRejection != nil && *b.LastRejection > *a.LastRejection {
		a.LastRejection, a.LastReason = b.LastRejection, b.LastReason
	}
	return a
}

// The newest rejection gives the reason shown, in whatever order they are told.
const reject = `INSERT INTO sources (source, shard, rejected, last_rejection, last_reason) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (source, shard) DO UPDATE SET
  rejected = sources.rejected + excluded.rejected,
  last_reason = CASE WHEN sources.last_rejection > excluded.last_rejection THEN sources.last_reason ELSE excluded.last_reason END,
  last_rejection = CASE WHEN sources.last_rejection > excluded.last_rejection THEN sources.last_rejection ELSE excluded.last_rejection END`

// Reject counts webhooks refused before they became deliveries.
func (s *Store) Reject(ctx context.Context, rejections []domain.Rejection) error {
	if len(rejections) == 0 {
		return nil
	}
	sorted := slices.SortedStableFunc(slices.Values(rejections), func(a, b domain.Rejection) int {
		return strings.Compare(a.Source, b.Source) // one order of locks on every replica
	})
	return s.write(ctx, func(tx *gorm.DB) error {
		for _, r := range sorted {
			if err := tx.Exec(reject, r.Source, s.group.lanes[0].next.shard, r.Count, r.At, r.Reason).Error; err != nil {
				return err
			}
		}
		return nil
	})
}
