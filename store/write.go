package store

import (
	"crypto/sha256"
	"maps"
	"slices"

	"giftline/domain"
)

// write puts the batch into the tables. Runs of equal outcomes are updated before anything is inserted between them,
// and subjects come last, when what they cache can be looked up.
func (b *batch) write() error {
	for _, step := range []func() error{
		b.deleteDisplaced, b.updateOutcomes, b.insertEvents, b.updateCopies, b.insertChanges,
		b.relearn, b.writeSubjects, b.writeRelist, b.writeParked, b.writeCounts, b.flush,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (b *batch) deleteDisplaced() error {
	for _, t := range b.order {
		for _, list := range [][]*entry{t.moved, t.gone} {
			for _, c := range list {
				err := b.exec("DELETE FROM events WHERE subject = ? AND at = ? AND rank = ? AND fp = ?",
					t.row.ID, int64(c.from.At), c.from.Rank, c.event.Fingerprint[:])
				if err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (b *batch) updateOutcomes() error {
	const set = `UPDATE events SET verdict = ?, reason = ?, flags = ?, status = ?, delivery = ?, phase = ?, permanent = ?
		WHERE subject = ? AND (at, rank, fp) >= (?, ?, ?) AND (at, rank, fp) <= (?, ?, ?)`
	for _, t := range b.order {
		for _, u := range t.updates {
			o, s := u.outcome, u.outcome.After
			err := b.exec(set, string(o.Verdict), string(o.Reason), int64(o.Flags), s.Status, s.Delivery, string(s.Phase),
				s.Permanent, t.row.ID, int64(u.first.At), u.first.Rank, u.first.Fingerprint[:],
				int64(u.last.At), u.last.Rank, u.last.Fingerprint[:])
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *batch) insertEvents() error {
	var events []*entry
	var fresh []*entry
	for _, t := range b.order {
		for _, list := range [][]*entry{t.fresh, t.moved} {
			for _, c := range list {
				c.row.Subject = t.row.ID
				events = append(events, c)
			}
		}
		fresh = append(fresh, t.fresh...)
	}
	if err := b.insertBodies(fresh); err != nil {
		return err
	}
	return b.insert(eventInsert, len(events), func(i int, args []any) []any { return events[i].row.values(args) })
}

// insertBodies keeps each delivery's bytes once, however many events it carries.
func (b *batch) insertBodies(fresh []*entry) error {
	var bodies [][]byte
	place := make(map[*job]int, len(fresh))
	for _, c := range fresh {
		if _, ok := place[c.first]; !ok {
			place[c.first] = len(bodies)
			bodies = append(bodies, c.first.parsed.Body)
		}
	}
	first, err := b.reserveBodies(len(bodies))
	if err != nil {
		return err
	}
	for _, c := range fresh {
		c.row.Body = first + int64(place[c.first])
	}
	return b.insert(bodyInsert, len(bodies), func(i int, args []any) []any {
		sum := sha256.Sum256(bodies[i])
		return append(args, first+int64(i), sum[:], blobOf(bodies[i]))
	})
}

// blobOf keeps an empty body from becoming NULL.
func blobOf(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// updateCopies writes what further copies have added.
func (b *batch) updateCopies() error {
	for _, t := range b.order {
		for _, c := range t.entries {
			if !c.touched || c.fresh {
				continue
			}
			ids, err := c.row.DeliveryIDs.Value()
			if err != nil {
				return err
			}
			err = b.exec(`UPDATE events SET seen = ?, last_at = ?, delivery_ids = ?, given_flags = ?, flags = ?
				WHERE subject = ? AND fp = ?`, c.row.Seen, int64(c.row.LastAt), ids, int64(c.row.GivenFlags),
				int64(c.row.Flags), t.row.ID, c.row.FP[:])
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// change is a row to write, and the event it is about.
type change struct {
	changeRow
	entry *entry
}

// change notes that a verdict began or changed.
func (b *batch) change(t *track, c *entry, was domain.Outcome, now domain.Verdict, cause domain.Fingerprint) {
	row := changeRow{JoinedAt: t.join(b.now), Subject: t.row.ID, FP: fingerprint(c.event.Fingerprint), Was: was.Verdict, Verdict: now,
		Type: c.row.Type, Source: c.row.Source, RecordedAt: c.row.JoinedAt}
	row.WasReason = was.Reason
	if was.Verdict != "" && cause != (domain.Fingerprint{}) {
		row.Cause = cause[:]
	}
	b.changes = append(b.changes, change{row, c})
}

func (b *batch) insertChanges() error {
	if err := b.believe(); err != nil {
		return err
	}
	return b.insert(changeInsert, len(b.changes), func(i int, args []any) []any {
		c := &b.changes[i]
		return append(args, int64(c.JoinedAt), c.Subject, c.FP[:], string(c.Was), string(c.Verdict), string(c.Region),
			c.WasFrom, c.WasTo, string(c.WasReason), int64(c.BelievedAt), blobOf(c.Cause), c.Type, c.Source, int64(c.RecordedAt))
	})
}

// believe tells of each illegal belief that ends here what it was and since when. What it was is known by now, wherever
// its event has gone: the fold has passed the place where it stood.
func (b *batch) believe() error {
	since := map[int64]map[fingerprint]domain.Instant{}
	for i := range b.changes {
		c := &b.changes[i]
		if c.Was != domain.Illegal {
			continue
		}
		if since[c.Subject] == nil {
			var err error
			if since[c.Subject], err = b.believedSince(c.Subject); err != nil {
				return err
			}
		}
		c.Region, c.WasFrom, c.WasTo = c.entry.held.region, c.entry.held.from, c.entry.held.to
		c.BelievedAt = max(c.entry.row.JoinedAt, since[c.Subject][c.FP])
	}
	return nil
}

// believedSince finds when events of a subject last became illegal, of those that did so after they were recorded.
func (b *batch) believedSince(subject int64) (map[fingerprint]domain.Instant, error) {
	var rows []changeRow
	err := b.tx.Select("fp, max(joined_at) AS joined_at").Group("fp").
		Where("subject = ? AND verdict = 'illegal' AND was <> ''", subject).Find(&rows).Error
	since := make(map[fingerprint]domain.Instant, len(rows))
	for i := range rows {
		since[rows[i].FP] = rows[i].JoinedAt
	}
	return since, err
}

// writeSubjects inserts and updates in one statement. A subject whose only event was taken off keeps its row, so that
// its number is never another's, but is unknown to readers.
func (b *batch) writeSubjects() error {
	var rows []*subjectRow
	for _, t := range b.order {
		if t.folded || t.made {
			t.row.Places = t.places.bytes()
			rows = append(rows, &t.row)
		}
	}
	return b.insert(subjectInsert, len(rows), func(i int, args []any) []any { return rows[i].values(args) })
}

// writeRelist tells the index of what may have changed a subject while no verdict did: a refold, an event at another time.
func (b *batch) writeRelist() error {
	var subjects []int64
	for _, t := range b.order {
		if t.folded && (t.relists || len(t.moved)+len(t.gone) > 0) {
			subjects = append(subjects, t.row.ID)
		}
	}
	return b.insert(relistInsert, len(subjects), func(i int, args []any) []any { return append(args, subjects[i]) })
}

// writeCounts adds to the sources' counters.
func (b *batch) writeCounts() error {
	sources := slices.Sorted(maps.Keys(b.counts)) // one order of locks on every replica
	return b.insert(countInsert, len(sources), func(i int, args []any) []any {
		c := b.counts[sources[i]]
		return append(args, c.Source, b.next.shard, c.Received, c.Recorded, c.Duplicate, c.Conflict, c.Unresolved, c.Quarantined,
			c.Overflow, nullable(c.LastReceived))
	})
}
