package store

import "math"

// upgrade folds a subject anew because its table, or the fold, has changed since: types may have become known, and
// ranks may differ.
func (r *refold) upgrade() error {
	if err := r.begin(0); err != nil {
		return err
	}
	for all := *r.stored; ; {
		_, rows, err := all.take(math.MaxInt64)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			break
		}
		for i := range rows {
			r.t.reread(&rows[i])
		}
	}
	r.t.lost, r.table = true, true
	r.until = math.MaxInt64
	return r.run()
}

// reread lets the machine read an event again; one that it reads otherwise is written anew.
func (t *track) reread(row *eventRow) {
	c, _ := t.entryOf(row)
	was := c.event
	t.machine.Read(&c.event)
	if was == c.event || c.gone {
		return
	}
	t.entries[c.event.Fingerprint] = c
	t.displace(c, was.Place())
	e := &c.event
	c.row.Region, c.row.Target, c.row.Rank, c.row.Facts, c.row.GivenFlags = e.Region, e.Target, e.Rank, e.Facts, e.Flags
}
