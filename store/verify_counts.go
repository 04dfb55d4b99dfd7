package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"giftline/domain"
)

// tally is what was counted, with what must add up to it, at one moment.
type tally struct {
	sources []domain.SourceCount
	joined  int64 // recorded and duplicate
	off     int64 // unresolved, conflict, quarantined, without those that are only counted
	open    int64 // copies of what is parked
	copies  int64 // the same, with what was resolved since: it never falls
}

func (s *Store) tally(ctx context.Context) (t tally, err error) {
	err = s.read(ctx, func(tx *gorm.DB) error {
		t = tally{}
		var rows []sourceRow
		if err := tx.Order("source, shard").Find(&rows).Error; err != nil {
			return err
		}
		for i := range rows {
			t.count(&rows[i])
		}
		if err := tx.Raw("SELECT coalesce(sum(seen), 0) FROM parked WHERE closed_at IS NULL").Row().Scan(&t.open); err != nil {
			return err
		}
		return tx.Raw("SELECT coalesce(sum(seen), 0) FROM parked").Row().Scan(&t.copies)
	})
	return t, err
}

func (t *tally) count(r *sourceRow) {
	t.joined += r.Recorded + r.Duplicate
	t.off += r.Unresolved + r.Conflict + r.Quarantined - r.Overflow
	if n := len(t.sources); n > 0 && t.sources[n-1].Source == r.Source {
		t.sources[n-1] = sum(t.sources[n-1], r.toCount())
	} else {
		t.sources = append(t.sources, r.toCount())
	}
}

// counts compares the counters with each other and with what is stored. Deliveries are counted where they came by, but
// kept where the first copy came by: only the results of one source add up by themselves.
func (w *walk) counts(ctx context.Context, before tally) error {
	after, err := w.s.tally(ctx)
	if err != nil {
		return err
	}
	for _, c := range after.sources {
		var results int64
		for _, n := range c.Counts {
			results += n
		}
		if results != c.Received {
			w.miscounted("source "+c.Source, fmt.Sprintf("it received %d deliveries, their results add up to %d", c.Received, results))
		}
	}
	if after.off != after.open && !(w.many && after.off < after.open) {
		w.miscounted("the parked deliveries", fmt.Sprintf("%d copies are counted, %d are kept", after.off, after.open))
	}
	if !w.unread && !w.adds(before, after) {
		w.miscounted("the recorded deliveries", fmt.Sprintf("between %d and %d are counted, the events tell of %d", before.joined, after.joined, w.seen))
	}
	return w.handOn()
}

// adds reports whether the copies that events tell of lie between what was counted before and afterwards. In between
// they can have become fewer only where events were contested, and parked. Where deliveries carry several events, each
// is seen as often as its delivery.
func (w *walk) adds(before, after tally) bool {
	contested := after.copies - before.copies
	least, most := min(before.joined, after.joined)-contested, max(before.joined, after.joined)+contested
	return w.seen >= least && (w.seen <= most || w.many)
}

func (w *walk) miscounted(about, what string) {
	f := domain.Finding{About: about, Condition: domain.Damaged}
	f.Add(domain.Damage{Part: domain.PartCounts, What: what})
	w.tell(f)
}

// parkedBodies compares the bytes of what is parked with their digests.
func (w *walk) parkedBodies(ctx context.Context) error {
	for after, more := int64(0), true; more; {
		more = false
		err := w.read(ctx, func(tx *gorm.DB) error {
			rows, err := tx.Raw("SELECT seq, id, sha256, body FROM parked WHERE seq > ? ORDER BY seq LIMIT ?", after, verifyPage).Rows()
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var r parkedRow
				if err := rows.Scan(&r.Seq, &r.ID, (*[]byte)(&r.SHA256), (*[]byte)(&r.Body)); err != nil {
					return err
				}
				after, more = r.Seq, true
				w.parkedBody(&r)
			}
			return rows.Err()
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) parkedBody(r *parkedRow) {
	w.sum.Parked++
	if intact(r.Body, r.SHA256) {
		return
	}
	f := domain.Finding{About: "the parked delivery " + r.ID, Condition: domain.Damaged}
	f.Add(domain.Damage{Part: domain.PartBody, What: "its body is not the bytes that were received"})
	w.tell(f)
}
