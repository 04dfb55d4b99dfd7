package store

import (
	"giftline/domain"
)

// window reads stored events in canonical order, a growing piece at a time: most refolds end soon.
type window struct {
	b     *batch
	t     *track
	after domain.Place
	rows  []eventRow
	size  int
	done  bool
}

const firstWindow, lastWindow = 32, 2048

func (w *window) fill() (err error) {
	if len(w.rows) > 0 || w.done {
		return nil
	}
	w.size = min(max(2*w.size, firstWindow), lastWindow)
	w.rows, err = findEvents(w.b.tx, w.t.row.ID, domain.Range{After: &w.after, Limit: w.size})
	if n := len(w.rows); n > 0 {
		w.after = w.rows[n-1].place()
	}
	w.done = len(w.rows) <= w.size
	return err
}

// take gives the events of the next stored instant, unless at comes before it; and which of the two it is.
func (w *window) take(at domain.Instant) (domain.Instant, []eventRow, error) {
	var rows []eventRow
	for {
		if err := w.fill(); err != nil {
			return 0, nil, err
		}
		if len(w.rows) == 0 || w.rows[0].At > at || len(rows) > 0 && w.rows[0].At != rows[0].At {
			return at, rows, nil
		}
		at = w.rows[0].At
		rows = append(rows, w.rows[0])
		w.rows = w.rows[1:]
	}
}
