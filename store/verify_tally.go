package store

import (
	"bytes"
	"database/sql"
	"fmt"

	"giftline/domain"
)

// countAgain adds what a listed subject should be counted as.
func (c *indexCheck) countAgain(x *indexed) {
	if x.is == nil || x.machine == nil {
		return
	}
	share := x.share()
	if x.was != nil && !bytes.Equal(x.was.Counted, shareBytes(share)) {
		c.tell(x, "it is counted as %x, want %x", x.was.Counted, shareBytes(share))
	}
	c.tallies.share(x.machine.Name(), share, 1)
}

// compareTallies wants the tables of the statistics to hold what the events give.
func (c *indexCheck) compareTallies() error {
	if err := c.eventsAgain(); err != nil {
		return err
	}
	err := compareTally(c, "event_tallies", eventTallyKey, c.tallies.events, func(k *eventTally) []any {
		return []any{&k.daily, (*int64)(&k.since), &k.source, (*string)(&k.provider), (*string)(&k.kind), &k.name, (*string)(&k.verdict)}
	})
	if err != nil {
		return err
	}
	err = compareTally(c, "stay_tallies", stayTallyKey, c.tallies.stays, func(k *stayTally) []any {
		return []any{&k.machine, &k.sources, (*string)(&k.region), &k.state, &k.bucket}
	})
	if err != nil {
		return err
	}
	return compareTally(c, "funnel_tallies", funnelTallyKey, c.tallies.funnel, func(k *funnelTally) []any {
		return []any{&k.machine, (*int64)(&k.day), &k.sources, (*string)(&k.region), &k.state}
	})
}

const eventsByHour = `SELECT e.joined_at - e.joined_at % 3600000000, e.source, s.provider, s.kind, e.type, e.verdict, count(*)
	FROM events e JOIN subjects s ON s.id = e.subject GROUP BY 1, 2, 3, 4, 5, 6`

// eventsAgain counts the events themselves.
func (c *indexCheck) eventsAgain() error {
	return c.each(func(rows *sql.Rows) error {
		var k eventTally
		var recorded domain.Instant
		var n int64
		err := rows.Scan((*int64)(&recorded), &k.source, (*string)(&k.provider), (*string)(&k.kind), &k.name, (*string)(&k.verdict), &n)
		c.tallies.event(k, recorded, n)
		return err
	}, eventsByHour)
}

// compareTally reads a whole table; what it holds of 0 need not be there.
func compareTally[K tallyKey](c *indexCheck, table, key string, want map[K]int64, pointers func(*K) []any) error {
	err := c.each(func(rows *sql.Rows) error {
		var k K
		var n int64
		err := rows.Scan(append(pointers(&k), &n)...)
		if err == nil && n != want[k] {
			c.wrong = append(c.wrong, fmt.Sprintf("%s counts %d of %+v, there are %d", table, n, k, want[k]))
		}
		delete(want, k)
		return err
	}, "SELECT "+key+", n FROM "+table)
	for k, n := range want {
		if n != 0 {
			c.wrong = append(c.wrong, fmt.Sprintf("%s counts none of %+v, there are %d", table, k, n))
		}
	}
	return err
}
