package store

import (
	"bytes"
	"crypto/sha256"
	"slices"

	"github.com/google/uuid"
	"gorm.io/gorm/clause"

	"giftline/domain"
)

const (
	maxParked    = 100_000 // open parked deliveries per source; further ones are counted only
	maxConflicts = 8       // kept per event
	maxClaims    = 8       // kept per parked delivery
)

// parkedEntry is a parked delivery in this batch.
type parkedEntry struct {
	row   parkedRow
	dirty bool
	fresh bool
}

// loadParked reads the open parked deliveries that this batch's may be copies of, and those it resolves.
func (b *batch) loadParked() error {
	var keys, ids []any
	for _, j := range b.jobs {
		if j.resolve != "" {
			ids = append(ids, j.resolve)
		}
		for _, k := range j.parkKeys() {
			keys = append(keys, k[:])
		}
	}
	if err := b.loadParkedWhere("key IN ? AND closed_at IS NULL", keys); err != nil {
		return err
	}
	return b.loadParkedWhere("id IN ? AND closed_at IS NULL", ids)
}

func (b *batch) loadParkedWhere(where string, values []any) error {
	for ; len(values) > 0; values = values[min(len(values), chunk):] {
		var rows []parkedRow
		q := b.tx.Where(where, padded(values[:min(len(values), chunk)], 1))
		if b.s.dialect == postgresDialect {
			q = q.Clauses(clause.Locking{Strength: "UPDATE"}).Order("key, id")
		}
		if err := q.Find(&rows).Error; err != nil {
			return err
		}
		for i := range rows {
			if b.resolved[rows[i].ID] != nil {
				continue // this batch may have closed it since
			}
			p := &parkedEntry{row: rows[i]}
			b.parked[domain.ParkKey(p.row.Key)] = p
			b.resolved[p.row.ID] = p
		}
	}
	return nil
}

// loadResolved finds deliveries whose earlier copies a person has given a subject: they are copies of that event.
func (b *batch) loadResolved() error {
	byKey := map[domain.ParkKey][]*job{}
	var keys []any
	for _, j := range b.jobs {
		if p := j.parsed.Parked; p != nil && p.Event == nil && j.resolve == "" {
			byKey[p.Key] = append(byKey[p.Key], j)
			keys = append(keys, blob(p.Key[:]))
		}
	}
	for ; len(keys) > 0; keys = keys[min(len(keys), chunk):] {
		var rows []parkedRow
		q := b.tx.Omit("body").Where("key IN ? AND closed_at IS NOT NULL", padded(keys[:min(len(keys), chunk)], 1))
		if err := q.Order("seq").Find(&rows).Error; err != nil {
			return err
		}
		for i := range rows {
			for _, j := range byKey[domain.ParkKey(rows[i].Key)] {
				j.copyOf(&rows[i])
			}
		}
	}
	return nil
}

// copyOf names the event that a resolved delivery became.
func (j *job) copyOf(row *parkedRow) {
	var fp domain.Fingerprint
	if len(row.FP) != len(fp) {
		return
	}
	copy(fp[:], row.FP)
	p := *j.parsed.Parked
	p.Event = &domain.Event{
		Subject:     domain.Subject{Provider: row.Provider, Kind: row.Kind, ID: row.SubjectID},
		Fingerprint: fp,
	}
	j.parsed.Parked = &p
}

// became notes on a resolved delivery which event it is, so that its further copies are known.
func (p *parkedEntry) became(e *domain.Event) {
	p.row.Kind, p.row.SubjectID, p.row.FP = e.Subject.Kind, e.Subject.ID, slices.Clone(e.Fingerprint[:])
}

// loadConflict looks for another copy of a conflict. Only here, because nobody knows of it until it is one.
func (b *batch) loadConflict(key domain.ParkKey) error {
	if b.parked[key] != nil {
		return nil
	}
	return b.loadParkedWhere("key IN ? AND closed_at IS NULL", []any{key[:]})
}

// parkKeys lists under which keys copies of a delivery may be parked. Only events whose type was claimed from outside
// the body can have untyped copies, or conflicting ones that are worth a look.
func (j *job) parkKeys() []domain.ParkKey {
	var keys []domain.ParkKey
	if p := j.parsed.Parked; p != nil {
		keys = append(keys, p.Key)
	}
	for i := range j.parsed.Events {
		if e := &j.parsed.Events[i]; e.Facts&domain.ClaimedType != 0 {
			keys = append(keys, domain.EventParkKey(e.Subject, e.Fingerprint))
		}
	}
	return keys
}

// parkDelivery keeps a delivery off the timelines, unless it is a copy of one that is on one.
func (b *batch) parkDelivery(j *job, p *domain.Parking) (domain.Result, error) {
	if p.Event != nil {
		t := b.tracks[p.Event.Subject.Digest()]
		switch c := t.entries[p.Event.Fingerprint]; {
		case c != nil && p.Event.Meaning != (domain.Meaning{}) && p.Event.Meaning != c.event.Meaning:
			return b.conflict(j, t, c, p.Event)
		case c != nil:
			b.again(j, t, c, p.Event)
			return domain.ResultDuplicate, nil
		}
	}
	result := p.Result
	row, err := b.parkRow(j, p)
	if row != nil {
		result = row.row.Result
	}
	b.answers = append(b.answers, pending{job: j, result: result})
	return result, err
}

// parkRow adds a delivery to the open row of its key, or gives it a row of its own, or only counts it where the list is
// full: then the row is nil. One that is driven again and has no other's company stays the row it is.
func (b *batch) parkRow(j *job, p *domain.Parking) (*parkedEntry, error) {
	if open := b.parked[p.Key]; open != nil {
		open.again(j, b.lastAt(j))
		return open, nil
	}
	if j.resolve != "" {
		return b.repark(b.resolved[j.resolve], p), nil
	}
	in := &j.parsed.Inbound
	if full, err := b.full(in.Source, p); err != nil || full {
		b.count(in.Source).Overflow++
		return nil, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(in.Body)
	e := &parkedEntry{fresh: true, dirty: true, row: parkedRow{
		ID: "prk_" + id.String(), Key: p.Key[:], Result: p.Result, Code: p.Code, Detail: p.Detail, Source: in.Source,
		Provider: in.Provider, DeliveryID: clip(in.DeliveryID), AttemptAt: in.AttemptAt, ReceivedAt: in.ReceivedAt,
		LastAt: in.ReceivedAt, Seen: 1, Claims: jsonList[domain.Claims]{in.Claims}, SHA256: sum[:], Body: in.Body,
	}}
	e.know(p)
	b.parked[p.Key] = e
	b.park = append(b.park, e)
	b.parkedBy[in.Source]++
	return e, nil
}

// know notes which event is parked, where that is known: it is found by the event then.
func (p *parkedEntry) know(why *domain.Parking) {
	if e := why.Event; e != nil {
		p.row.Key = slices.Clone(why.Key[:])
		p.row.Kind, p.row.SubjectID, p.row.FP = e.Subject.Kind, e.Subject.ID, slices.Clone(e.Fingerprint[:])
	}
}

// clip keeps an id that nobody checked within what an index takes.
func clip(id string) string { return id[:min(len(id), domain.MaxIdentifier)] }

// full never says so of a contest: what it takes off a timeline must stay somewhere.
func (b *batch) full(source string, p *domain.Parking) (bool, error) {
	if p.Code == domain.ParkContradiction {
		return false, nil
	}
	if b.s.group.parked.of(source)+b.parkedBy[source] >= maxParked {
		b.s.log.Error("the list of parked deliveries is full: resolve some; further ones are only counted", "source", source)
		return true, nil
	}
	if p.Result != domain.ResultConflict {
		return false, nil
	}
	var n int64
	err := b.tx.Model(&parkedRow{}).Where("result = 'conflict' AND fp = ?", p.Event.Fingerprint[:]).Count(&n).Error
	for _, other := range b.park {
		if other.fresh && other.row.Result == domain.ResultConflict && bytes.Equal(other.row.FP, p.Event.Fingerprint[:]) {
			n++
		}
	}
	return n >= maxConflicts, err
}

// again counts a further copy of what is parked, and remembers another way it came by.
func (p *parkedEntry) again(j *job, at domain.Instant) {
	in := &j.parsed.Inbound
	p.dirty = true
	p.row.Seen += j.copies
	p.row.ReceivedAt = min(p.row.ReceivedAt, in.ReceivedAt)
	p.row.LastAt = max(p.row.LastAt, at)
	if !slices.Contains(p.row.Claims, in.Claims) && len(p.row.Claims) < maxClaims {
		p.row.Claims = append(p.row.Claims, in.Claims)
	}
}

// unpark takes a delivery off the list; its copies no longer count as what it was.
func (b *batch) unpark(p *parkedEntry) {
	b.count(p.row.Source).add(p.row.Result, -p.row.Seen)
	b.parkedBy[p.row.Source]--
	delete(b.parked, domain.ParkKey(p.row.Key))
	closed := b.now
	p.row.ClosedAt = &closed
	p.write(b)
}

func (b *batch) repark(p *parkedEntry, why *domain.Parking) *parkedEntry {
	p.row.Result, p.row.Code, p.row.Detail = why.Result, why.Code, why.Detail
	p.row.ClosedAt = nil
	p.know(why)
	b.parked[domain.ParkKey(p.row.Key)] = p
	b.parkedBy[p.row.Source]++
	p.write(b)
	return p
}

func (p *parkedEntry) write(b *batch) {
	p.dirty = true
	if !slices.Contains(b.park, p) {
		b.park = append(b.park, p)
	}
}

// writeParked inserts new rows and updates the ones touched. Both are rare: one statement each.
func (b *batch) writeParked() error {
	for _, p := range b.touchedParked() {
		if p.fresh {
			if err := b.tx.Omit("Seq").Create(&p.row).Error; err != nil {
				return err
			}
			continue
		}
		err := b.tx.Model(&parkedRow{}).Where("seq = ?", p.row.Seq).Updates(map[string]any{
			"key": p.row.Key, "kind": p.row.Kind, "subject_id": p.row.SubjectID, "fp": p.row.FP,
			"result": p.row.Result, "code": p.row.Code, "detail": p.row.Detail, "claims": p.row.Claims,
			"received_at": p.row.ReceivedAt, "last_at": p.row.LastAt, "seen": p.row.Seen, "closed_at": p.row.ClosedAt,
		}).Error
		if err != nil {
			return err
		}
	}
	return nil
}

// touchedParked lists what changed, closed ones first: a new row may take over an open key.
func (b *batch) touchedParked() []*parkedEntry {
	all := slices.Clone(b.park)
	for _, p := range b.parked {
		if p.dirty && !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	slices.SortStableFunc(all, func(x, y *parkedEntry) int {
		switch {
		case x.row.ClosedAt != nil && y.row.ClosedAt == nil:
			return -1
		case x.row.ClosedAt == nil && y.row.ClosedAt != nil:
			return 1
		}
		return 0
	})
	return all
}
