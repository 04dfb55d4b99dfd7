package store

import (
	"slices"

	"giftline/domain"
)

// placeEvent finds out whether an event is new, said again, or at odds with what is recorded.
func (b *batch) placeEvent(j *job, e *domain.Event) (domain.Result, error) {
	t := b.tracks[e.Subject.Digest()]
	c := t.entries[e.Fingerprint]
	switch {
	case c != nil && contradicts(&c.event, e):
		return domain.ResultUnresolved, b.contest(j, t, c, e)
	case c != nil && (c.event.Meaning != e.Meaning || overruled(&c.event, e)):
		return b.conflict(j, t, c, e)
	case c != nil:
		b.again(j, t, c, e)
		return domain.ResultDuplicate, nil
	}
	var earlier *parkedEntry
	if e.Facts&domain.ClaimedType != 0 {
		earlier = b.parked[domain.EventParkKey(e.Subject, e.Fingerprint)]
	}
	if earlier != nil && earlier.row.Code == domain.ParkContradiction && e.Facts&domain.SettledType == 0 {
		earlier.again(j, b.lastAt(j))
		b.answers = append(b.answers, pending{job: j, result: domain.ResultUnresolved})
		return domain.ResultUnresolved, nil
	}
	c = t.add(b, j, e)
	if earlier != nil {
		b.absorb(c, earlier)
	}
	b.answers = append(b.answers, pending{j, t, c, domain.ResultRecorded})
	return domain.ResultRecorded, nil
}

// contradicts reports whether two copies of one message claim different types, and nobody settled it.
func contradicts(c, e *domain.Event) bool {
	return c.Facts&e.Facts&domain.ClaimedType != 0 && c.Type != e.Type && (c.Facts|e.Facts)&domain.SettledType == 0
}

// overruled reports whether a copy claims another type than a person has said: what the person said stands.
func overruled(c, e *domain.Event) bool {
	return c.Facts&e.Facts&domain.ClaimedType != 0 && c.Type != e.Type
}

// again adds a further copy to what was received. It moves nothing, but for an approximate time: the earliest attempt
// is the nearest to the truth, whichever came first.
func (b *batch) again(j *job, t *track, c *entry, e *domain.Event) {
	c.touched = true
	if c.job != j { // a delivery may name an event twice
		c.row.Seen += j.copies
		c.job = j
	}
	c.row.LastAt = max(c.row.LastAt, b.lastAt(j))
	if e.Copy != "" && len(c.row.DeliveryIDs) > 0 && !domain.SameDelivery(c.row.DeliveryIDs[0], e.Copy) {
		c.event.Flags |= domain.ProbableDuplicate
		c.row.GivenFlags |= domain.ProbableDuplicate
		c.row.Flags |= domain.ProbableDuplicate
	}
	c.row.DeliveryIDs = remember(c.row.DeliveryIDs, clip(j.parsed.DeliveryID))
	if c.event.Facts&e.Facts&domain.ApproximateMoves != 0 && e.At < c.event.At {
		t.move(c, e)
	}
	b.answers = append(b.answers, pending{j, t, c, domain.ResultDuplicate})
}

// lastAt is when the last of the deliveries came that a job stands for.
func (b *batch) lastAt(j *job) domain.Instant {
	if j.resolve == "" {
		return j.parsed.ReceivedAt
	}
	return b.resolved[j.resolve].row.LastAt
}

// remember appends a delivery id, dropping from the middle.
func remember(ids []string, id string) []string {
	if id == "" || slices.Contains(ids, id) {
		return ids
	}
	if len(ids) >= domain.RememberedDeliveries {
		ids = slices.Delete(slices.Clone(ids), domain.RememberedDeliveries/2, len(ids)-domain.RememberedDeliveries/2+1)
	}
	return append(ids[:len(ids):len(ids)], id)
}

// absorb lets a typed copy resolve the untyped ones that came before it: they were copies of the same message.
func (b *batch) absorb(c *entry, p *parkedEntry) {
	c.row.Seen += p.row.Seen
	c.row.ReceivedAt = min(c.row.ReceivedAt, p.row.ReceivedAt)
	c.row.LastAt = max(c.row.LastAt, p.row.LastAt)
	c.row.DeliveryIDs = remember(c.row.DeliveryIDs, p.row.DeliveryID)
	b.unpark(p)
	b.count(p.row.Source).add(domain.ResultDuplicate, p.row.Seen)
}

// contest takes an event off its timeline when a further copy claims another type: neither claim can be trusted.
func (b *batch) contest(j *job, t *track, c *entry, e *domain.Event) error {
	t.drop(c)
	was := b.count(c.row.Source)
	was.add(domain.ResultRecorded, -1)
	was.add(domain.ResultDuplicate, 1-c.row.Seen)
	was.add(domain.ResultUnresolved, c.row.Seen)
	parking := domain.Parking{
		Result: domain.ResultUnresolved, Code: domain.ParkContradiction, Event: e, Key: domain.EventParkKey(e.Subject, e.Fingerprint),
		Detail: "one copy came as " + c.event.Type + " by source " + c.row.Source + ", another as " + e.Type + " by source " +
			j.parsed.Source + ": say which is right in event_type",
	}
	b.answers = append(b.answers, pending{job: j, result: domain.ResultUnresolved})
	p, err := b.parkRow(j, &parking)
	if err != nil {
		return err
	}
	p.row.Code, p.row.Detail = parking.Code, parking.Detail
	p.row.Seen += c.row.Seen
	p.row.ReceivedAt = min(p.row.ReceivedAt, c.row.ReceivedAt)
	p.row.LastAt = max(p.row.LastAt, c.row.LastAt)
	p.row.Claims = append([]domain.Claims{{Path: c.event.Type}}, p.row.Claims...)
	return nil
}

// conflict keeps a copy that says something else than the recorded one, which stands.
func (b *batch) conflict(j *job, t *track, c *entry, e *domain.Event) (domain.Result, error) {
	d := t.digest
	parking := domain.Parking{
		Result: domain.ResultConflict, Code: domain.ParkMeaning, Event: e,
		Key:    domain.ParkKeyOf("conflict", string(d[:]), string(e.Fingerprint[:]), string(e.Meaning[:]), e.Type),
		Detail: "a copy with the same identity says something else than the recorded event, which stands",
	}
	b.answers = append(b.answers, pending{j, t, c, domain.ResultConflict})
	err := b.loadConflict(parking.Key)
	if err == nil {
		_, err = b.parkRow(j, &parking)
	}
	return domain.ResultConflict, err
}
