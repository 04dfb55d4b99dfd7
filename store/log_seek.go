package store

import (
	"math"
	"strconv"

	"giftline/domain"
)

// logPlace is a place in the order of the feed.
type logPlace struct {
	stamp string
	seq   int64
}

// logRow is a change without its subject's name.
type logRow struct {
	Change changeRow `gorm:"embedded"`
	Stamp  string    `gorm:"column:stamp_text"`
}

type logKey struct {
	subject int64
	fp      fingerprint
}

// chunk reads the next rows of the walk.
func (w *logWalk) chunk(size int) ([]logRow, error) {
	query := w.s.dialect.feed.down
	if w.q.Asc {
		query = w.s.dialect.feed.up
	}
	return w.rows(query, w.at, size)
}

// rows scans column by column: thousands are looked at for a page.
func (w *logWalk) rows(query string, at logPlace, limit int) (all []logRow, err error) {
	rows, err := w.tx.Raw(query, at.stamp, at.seq, limit).Rows()
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var r logRow
		c := &r.Change
		if err := rows.Scan(&c.Seq, &r.Stamp, (*int64)(&c.JoinedAt), &c.Subject, &c.FP, (*string)(&c.Was), &c.Type, &c.Source, (*int64)(&c.RecordedAt)); err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

func (r *logRow) key() logKey { return logKey{r.Change.Subject, r.Change.FP} }

func (r *logRow) place() logPlace { return logPlace{r.Stamp, r.Change.Seq} }

func (r *logRow) position(epoch string) position {
	f := feedRow{Change: r.Change, Stamp: r.Stamp}
	return f.position(epoch)
}

// apart is how far the time at which an event was received may lie from its place among the joining times of the feed:
// once for the event, and once for replicas whose clocks are apart.
const apart = 2 * domain.Instant(domain.Drift/1000)

// bounds are the joining times between which all that was asked for lies.
func (w *logWalk) bounds() (low, high domain.Instant) {
	low, high = math.MinInt64, math.MaxInt64
	for _, at := range []*domain.Instant{w.q.Received.From, w.q.Received.After} {
		if at != nil {
			low = max(low, *at-apart)
		}
	}
	for _, at := range []*domain.Instant{w.q.Received.Until, w.q.Received.Before} {
		if at != nil {
			high = min(high, *at+apart)
		}
	}
	return low, high
}

// past reports whether the walk has left the range that was asked for.
func (w *logWalk) past(joined domain.Instant) bool {
	low, high := w.bounds()
	if w.q.Asc {
		return joined > high
	}
	return joined < low
}

// begin puts a walk without a cursor where the range begins.
func (w *logWalk) begin(given bool) error {
	low, high := w.bounds()
	end := logPlace{w.s.dialect.feed.end, math.MaxInt64}
	switch {
	case given:
		return nil
	case w.q.Asc && low > math.MinInt64:
		before, err := w.lastBefore(low, end)
		if before != nil {
			w.at, w.last = before.place(), before
		}
		return err
	case w.q.Asc:
		return nil
	}
	w.at = end
	if high == math.MaxInt64 {
		return nil
	}
	last, err := w.lastBefore(high+1, end)
	if last == nil {
		w.at = logPlace{"0", 0}
	} else {
		w.at = logPlace{last.Stamp, last.Change.Seq + 1} // it is in the range itself
	}
	return err
}

// lastBefore finds the last change that was made before a time. Stamps are searched first, then the numbers within one.
func (w *logWalk) lastBefore(t domain.Instant, end logPlace) (*logRow, error) {
	first, err := w.rows(w.s.dialect.feed.up, logPlace{"0", 0}, 1)
	if err != nil || len(first) == 0 || first[0].Change.JoinedAt >= t {
		return nil, err
	}
	last, err := w.lastUpTo(end)
	if err != nil || last.Change.JoinedAt < t {
		return last, err
	}
	s := halving{t: t, before: &first[0], behind: last}
	ofStamp := func(stamp int64) (*logRow, error) {
		return w.lastUpTo(logPlace{strconv.FormatInt(stamp, 10), math.MaxInt64})
	}
	for _, stamp := range []int64{first[0].stamp(), last.stamp()} {
		if r, err := ofStamp(stamp); err != nil {
			return nil, err
		} else if r.Change.JoinedAt >= t {
			s.behind = r
			break
		}
	}
	if err := s.run(s.before.stamp(), s.behind.stamp(), ofStamp); err != nil {
		return nil, err
	}
	stamp := s.behind.Stamp
	low := int64(0)
	if s.before.Stamp == stamp {
		low = s.before.Change.Seq
	}
	err = s.run(low, s.behind.Change.Seq, func(seq int64) (*logRow, error) { return w.lastUpTo(logPlace{stamp, seq}) })
	return s.before, err
}

// lastUpTo gives the last change at a place or before it.
func (w *logWalk) lastUpTo(p logPlace) (*logRow, error) {
	p.seq = max(p.seq, p.seq+1) // unless there is no larger one
	rows, err := w.rows(w.s.dialect.feed.down, p, 1)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

func (r *logRow) stamp() int64 {
	n, _ := strconv.ParseInt(r.Stamp, 10, 64) // the database's own
	return n
}

// halving narrows down what lies between a change before a time and one that is not.
type halving struct {
	t              domain.Instant
	before, behind *logRow
}

// run asks for the last change up to a number that lies between the two.
func (s *halving) run(low, high int64, upTo func(int64) (*logRow, error)) error {
	for high-low > 1 {
		middle := low + (high-low)/2
		r, err := upTo(middle)
		if err != nil {
			return err
		}
		if r.Change.JoinedAt < s.t {
			s.before, low = r, middle
		} else {
			s.behind, high = r, middle
		}
	}
	return nil
}
