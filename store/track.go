package store

import (
	"math"
	"slices"

	"giftline/domain"
)

// track is one subject in a batch.
type track struct {
	digest  domain.Digest
	subject domain.Subject
	machine domain.Machine
	known   bool // it has a row
	made    bool // by this batch, with nothing but its name
	row     subjectRow
	places  places
	entries map[domain.Fingerprint]*entry // those of its events that this batch touches
	fresh   []*entry                      // to insert, in the order of arrival
	moved   []*entry                      // recorded before, now at an earlier time
	gone    []*entry                      // to take off
	stale   []domain.Region               // whose since must be looked up again
	updates []update                      // stored rows that came to another outcome
	folded  bool                          // its row is to be written
	relists bool                          // the index is to look at it again: it was folded by another table
	forced  bool                          // its caches are wrong: it is folded anew, whatever has folded it
	lost    bool                          // a cached value may have lost the event it came from
}

// entry is one event of a track.
type entry struct {
	row     eventRow
	event   domain.Event
	from    domain.Place // where a moved or gone one stands in the table
	fresh   bool
	gone    bool
	moved   bool // from from
	touched bool // a further copy came
	first   *job // the delivery that is recorded with it, of a fresh one
	job     *job // the last delivery that told of it
	held    belief
}

// belief is what a stored event was judged by: the state it met, and what it said.
type belief struct {
	region   domain.Region
	from, to string
}

func newTrack(d domain.Digest, s domain.Subject) *track {
	t := &track{digest: d, subject: s, entries: map[domain.Fingerprint]*entry{}}
	t.row = subjectRow{Digest: digest(d), Provider: s.Provider, Kind: s.Kind, SubjectID: s.ID, LastAt: math.MinInt64}
	return t
}

func (t *track) know(row *subjectRow) (err error) {
	t.known, t.row = true, *row
	t.places, err = parsePlaces(row.Places)
	return err
}

// add takes a new event onto the track.
func (t *track) add(b *batch, j *job, e *domain.Event) *entry {
	in := &j.parsed.Inbound
	received := domain.Received{
		At: in.ReceivedAt, LastAt: b.lastAt(j), Seen: j.copies, DeliveryIDs: remember(nil, clip(in.DeliveryID)),
		Late: t.standing() > 0 && e.Place().Compare(t.places[lastEvent]) < 0,
	}
	c := &entry{event: *e, fresh: true, first: j, job: j}
	c.row = eventRowOf(0, &domain.Recorded{Event: *e, Joined: t.join(b.now), Source: in.Source, Received: received})
	if t.standing() == 0 {
		t.row.Source = in.Source
	}
	t.entries[e.Fingerprint] = c
	t.fresh = append(t.fresh, c)
	t.seen(e)
	return c
}

// standing counts the events of the track before it is folded.
func (t *track) standing() int { return int(t.row.Events) + len(t.fresh) - len(t.gone) }

// join gives the time at which something joins this timeline: never before what joined it earlier, whichever replica's
// clock that was.
func (t *track) join(now domain.Instant) domain.Instant {
	t.row.JoinedAt = max(t.row.JoinedAt, now)
	return t.row.JoinedAt
}

// seen keeps the cached values that come from the canonically last event carrying each.
func (t *track) seen(e *domain.Event) {
	place, a := e.Place(), &e.Attributes
	t.put(lastEvent, place, "", nil)
	t.put(companyID, place, a.CompanyID, &t.row.Attributes.CompanyID)
	t.put(reference, place, a.Reference, &t.row.Attributes.Reference)
	t.put(recipient, place, a.Recipient, &t.row.Attributes.Recipient)
	t.put(metadata, place, a.Metadata, &t.row.Attributes.Metadata)
	switch e.Region {
	case domain.Status:
		t.put(statusReported, place, e.Target, &t.row.StatusReported)
	case domain.Delivery:
		t.put(deliveryReported, place, e.Target, &t.row.DeliveryReported)
	}
}

func (t *track) put(what int, place domain.Place, value string, into *string) {
	switch {
	case into != nil && value == "":
	case t.places[what] != (domain.Place{}) && place.Compare(t.places[what]) < 0:
	default:
		t.places[what] = place
		if into != nil {
			*into = value
		}
	}
}

// move puts an event at the earlier time that a further copy tells.
func (t *track) move(c *entry, e *domain.Event) {
	t.lost = t.lost || t.cites(c)
	t.displace(c, c.event.Place())
	c.event.At, c.event.AtText = e.At, e.AtText
	c.row.At, c.row.AtText = e.At, e.AtText
}

// displace notes that a stored event leaves its place in the table.
func (t *track) displace(c *entry, from domain.Place) {
	if !c.fresh && !c.moved {
		c.from, c.moved = from, true
		t.moved = append(t.moved, c)
	}
}

// cites reports whether a cached value comes from the event.
func (t *track) cites(c *entry) bool { return slices.Contains(t.places[:], c.event.Place()) }

// drop takes an event off the track.
func (t *track) drop(c *entry) {
	delete(t.entries, c.event.Fingerprint)
	c.gone, t.lost = true, t.lost || t.cites(c)
	if c.fresh {
		t.fresh = slices.DeleteFunc(t.fresh, func(o *entry) bool { return o == c })
		return
	}
	if i := slices.Index(t.moved, c); i >= 0 {
		t.moved = slices.Delete(t.moved, i, i+1)
	} else {
		c.from = c.event.Place()
	}
	c.moved = false
	t.gone = append(t.gone, c)
}

// upgraded reports whether the subject was folded by an older table, or an older fold, or is to be as if it were.
func (t *track) upgraded() bool {
	return t.known && !t.newer() && (t.forced || t.row.MachineHash != t.machine.Hash())
}

// newer reports whether a newer version folded the subject: this one keeps its hands off.
func (t *track) newer() bool { return t.known && t.row.MachineRevision > t.machine.Revision() }

// changed reports whether the fold has anything to do.
func (t *track) changed() bool {
	return len(t.fresh)+len(t.moved)+len(t.gone) > 0 || t.upgraded()
}

// appends reports whether every change stands after the subject's last instant: the common case, which reads nothing.
func (t *track) appends() bool {
	if t.lost || len(t.moved)+len(t.gone) > 0 || t.upgraded() {
		return false
	}
	for _, c := range t.fresh {
		if c.event.At <= t.row.LastAt {
			return false
		}
	}
	return true
}

// entryOf gives the entry of a stored row, the one this batch already has where there is one; false when it no longer
// stands where the row does.
func (t *track) entryOf(row *eventRow) (*entry, bool) {
	fp := domain.Fingerprint(row.FP)
	if i := slices.IndexFunc(t.gone, func(c *entry) bool { return c.event.Fingerprint == fp }); i >= 0 {
		return t.gone[i], false
	}
	if c := t.entries[fp]; c != nil {
		return c, !c.moved
	}
	return &entry{row: *row, event: row.toEvent(t.subject)}, true
}
