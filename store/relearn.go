package store

import (
	"slices"

	"giftline/domain"
)

// relearn looks up what a subject caches of its events, where the event it came from was moved or taken off.
func (b *batch) relearn() error {
	looksUp := func(t *track) bool { return t.lost || len(t.stale) > 0 }
	if slices.ContainsFunc(b.order, looksUp) {
		if err := b.flush(); err != nil {
			return err
		}
	}
	for _, t := range b.order {
		if t.lost {
			if err := b.relearnTrack(t); err != nil {
				return err
			}
		}
		for _, region := range t.stale {
			if err := b.relearnSince(t, region); err != nil {
				return err
			}
		}
		t.row.LastAt = t.places[lastEvent].At
	}
	return nil
}

func (b *batch) relearnTrack(t *track) error {
	t.places = places{}
	t.row.Attributes, t.row.StatusReported, t.row.DeliveryReported = attributesRow{}, "", ""
	for _, where := range []string{
		"", "company_id <> ''", "reference <> ''", "recipient <> ''", "metadata <> ''", "region = 'status'", "region = 'delivery'",
	} {
		q := b.tx.Where("subject = ?", t.row.ID)
		if where != "" {
			q = q.Where(where)
		}
		var rows []eventRow
		if err := q.Order(reversed).Limit(1).Find(&rows).Error; err != nil {
			return err
		}
		if len(rows) > 0 {
			e := rows[0].toEvent(t.subject)
			t.seen(&e)
		}
	}
	return nil
}

func (b *batch) relearnSince(t *track, region domain.Region) error {
	var rows []eventRow
	err := b.tx.Where("subject = ? AND region = ? AND verdict IN ('moved', 'gap')", t.row.ID, region).
		Order(reversed).Limit(1).Find(&rows).Error
	if err != nil {
		return err
	}
	var since *domain.Instant
	if len(rows) > 0 {
		since = &rows[0].At
	}
	if region == domain.Delivery {
		t.row.DeliverySince = since
	} else {
		t.row.StatusSince = since
	}
	return nil
}
