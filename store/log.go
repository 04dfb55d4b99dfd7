package store

import (
	"context"
	"slices"
	"strings"

	"gorm.io/gorm"

	"giftline/domain"
)

const (
	logScan  = 20_000 // changes that are looked at for one page
	logChunk = 5000   // and at once
)

// A descending cursor is a position too, marked so that nobody turns round on it.
const downward = "~"

// Log lists recorded events in the order of the feed; see domain.Log.
func (s *Store) Log(ctx context.Context, q domain.LogQuery) (page domain.LogPage, err error) {
	from, given, err := logCursor(q)
	if err != nil {
		return page, err
	}
	q.Limit = pageOf(q.Limit)
	err = s.read(ctx, func(tx *gorm.DB) error {
		w := logWalk{s: s, tx: tx, q: q, at: logPlace{from.stamp, from.seq}}
		w.reach, w.limited = domain.ReachOf(ctx)
		if w.epoch, err = s.resume(tx, from, given); err != nil {
			return err
		}
		if err = w.begin(given); err != nil {
			return err
		}
		if err = w.walk(); err == nil {
			page, err = w.page(q.Cursor)
		}
		return err
	})
	return page, err
}

// logCursor reads where to go on; false where there is no cursor.
func logCursor(q domain.LogQuery) (from position, given bool, err error) {
	if q.Cursor == "" {
		return position{stamp: "0"}, false, nil
	}
	text, down := strings.CutPrefix(q.Cursor, downward)
	from, err = parsePosition(text)
	if err != nil || down == q.Asc {
		return from, false, errCursor
	}
	return from, true, nil
}

// logWalk looks through changes, a chunk at a time, for the events that a page holds.
type logWalk struct {
	s       *Store
	tx      *gorm.DB
	q       domain.LogQuery
	reach   []string
	limited bool
	epoch   string
	at      logPlace // behind which the walk goes on
	last    *logRow  // the one there, where there is one
	found   []domain.Recorded
	more    bool
}

// walk goes on until the page is full, nothing is left or enough was looked at.
func (w *logWalk) walk() error {
	size := min(max(4*w.q.Limit, 200), logChunk)
	for seen := 0; seen < logScan; size = logChunk {
		rows, err := w.chunk(size)
		if err != nil {
			return err
		}
		seen += len(rows)
		w.more = len(rows) == size
		if full, err := w.take(rows); full || err != nil || !w.more {
			w.more = w.more || full
			return err
		}
	}
	return nil
}

// take adds what fits of a chunk, and reports whether the page is full.
func (w *logWalk) take(rows []logRow) (full bool, err error) {
	events, err := w.events(rows)
	if err != nil {
		return false, err
	}
	for i := range rows {
		r := &rows[i]
		if w.past(r.Change.JoinedAt) {
			w.more = false
			return false, nil
		}
		e, ok := events[r.key()]
		fits := ok && r.Change.Was == "" && r.Change.RecordedAt == e.Joined && w.q.Received.Holds(e.Arrived())
		if fits && len(w.found) == w.q.Limit {
			return true, nil
		}
		w.at, w.last = r.place(), r
		if fits {
			w.add(e)
		}
	}
	return false, nil
}

// add keeps an event that was recorded twice at one time, because the clock stood, at the later place.
func (w *logWalk) add(e domain.Recorded) {
	id := e.ID()
	if i := slices.IndexFunc(w.found, func(f domain.Recorded) bool { return f.Joined == e.Joined && f.ID() == id }); i >= 0 {
		if !w.q.Asc {
			return
		}
		w.found = slices.Delete(w.found, i, i+1)
	}
	w.found = append(w.found, e)
}

// page closes the walk. Ascending it can always be gone on with; from a cursor behind which there is nothing, from that.
func (w *logWalk) page(cursor string) (domain.LogPage, error) {
	p := domain.LogPage{Events: w.found, More: w.more, Next: cursor}
	if w.last != nil {
		p.Next = w.last.position(w.epoch).String()
	} else if cursor == "" {
		p.Next = position{epoch: w.epoch, stamp: "0"}.String()
	}
	switch {
	case w.q.Asc:
	case !w.more:
		p.Next = ""
	default:
		p.Next = downward + strings.TrimPrefix(p.Next, downward)
	}
	return p, nil
}

// events reads those of a chunk's recorded events that fit, by change.
func (w *logWalk) events(rows []logRow) (map[logKey]domain.Recorded, error) {
	var pairs []any
	for i := range rows {
		if w.wanted(&rows[i]) {
			pairs = append(pairs, rows[i].Change.Subject, rows[i].Change.FP[:])
		}
	}
	found := make(map[logKey]domain.Recorded, len(pairs)/2)
	for rest := pairs; len(rest) > 0; rest = rest[min(len(rest), 2*chunk):] {
		events, err := w.find(padded(rest[:min(len(rest), 2*chunk)], 2))
		if err != nil {
			return nil, err
		}
		if err := w.read(events, found); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// read keeps rows as the context's own sources tell them.
func (w *logWalk) read(rows []listedRow, found map[logKey]domain.Recorded) error {
	numbers := make(map[string]int64, len(rows))
	for i := range rows {
		e := &rows[i].Event
		numbers[domain.EventID(domain.Digest(rows[i].Digest), domain.Fingerprint(e.FP))] = e.Subject
	}
	own, err := w.s.ownRows(w.tx.Statement.Context, w.tx, rows)
	for _, e := range own {
		if among(w.q.Verdicts, e.Outcome.Verdict) {
			found[logKey{numbers[e.ID()], fingerprint(e.Fingerprint)}] = e
		}
	}
	return err
}

// wanted leaves out what a change alone shows not to fit.
func (w *logWalk) wanted(r *logRow) bool {
	q := &w.q
	return r.Change.Was == "" && among(q.Types, r.Change.Type) && among(q.Sources, r.Change.Source) && (!w.limited || slices.Contains(w.reach, r.Change.Source))
}

// find reads events by subject and fingerprint, given in turn, and leaves out those that do not fit.
func (w *logWalk) find(pairs []any) (rows []listedRow, err error) {
	pair := w.s.dialect.pair
	where, args := w.conditions()
	values := pair + strings.Repeat(", "+pair, len(pairs)/2-1)
	err = w.tx.Raw("WITH wanted (s, f) AS (VALUES "+values+") "+listedColumns+"FROM wanted CROSS JOIN events e"+listedJoins+
		"WHERE e.subject = wanted.s AND e.fp = wanted.f"+where, append(pairs, args...)...).Scan(&rows).Error
	return rows, err
}

// conditions are what the event and its subject must fulfil.
func (w *logWalk) conditions() (where string, args []any) {
	add := func(condition string, value any) { where, args = where+" AND "+condition, append(args, value) }
	if len(w.q.Verdicts) > 0 && !w.limited { // whose own reading may be another
		add("e.verdict IN ?", w.q.Verdicts)
	}
	if len(w.q.Providers) > 0 {
		add("s.provider IN ?", w.q.Providers)
	}
	if len(w.q.Kinds) > 0 {
		add("s.kind IN ?", w.q.Kinds)
	}
	if w.limited {
		add("e.source IN ?", append([]string{""}, w.reach...)) // no source is without a name
	}
	for _, b := range []struct {
		condition string
		at        *domain.Instant
	}{{"e.at >= ?", w.q.At.From}, {"e.at > ?", w.q.At.After}, {"e.at <= ?", w.q.At.Until}, {"e.at < ?", w.q.At.Before}} {
		if b.at != nil {
			add(b.condition, *b.at)
		}
	}
	return where, args
}

// Event gives one event by what its id holds; see domain.Log.
func (s *Store) Event(ctx context.Context, d domain.Digest, fp domain.Fingerprint) (domain.Recorded, error) {
	var found []domain.Recorded
	own, args := condition(ctx, "e.source")
	err := s.read(ctx, func(tx *gorm.DB) error {
		var rows []listedRow
		err := tx.Raw(listed+"WHERE s.digest = ? AND e.fp = ?"+own, append([]any{digest(d), fingerprint(fp)}, args...)...).Scan(&rows).Error
		if err == nil {
			found, err = s.ownRows(ctx, tx, rows)
		}
		return err
	})
	if err == nil && len(found) == 0 {
		err = domain.Errorf(domain.CodeNotFound, "no event has the id %s: check that it is complete", domain.EventID(d, fp))
	}
	if err != nil {
		return domain.Recorded{}, err
	}
	return found[0], nil
}
