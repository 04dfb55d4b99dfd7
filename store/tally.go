package store

import (
	"bytes"

	"giftline/domain"
)

// tallies are what a pass over the feed changes in the tables of the statistics.
type tallies struct {
	events map[eventTally]int64
	stays  map[stayTally]int64
	funnel map[funnelTally]int64
	sets   map[sourceSet]int64
}

// The keys of the rows.
type (
	eventTally struct {
		daily    bool
		since    domain.Instant
		source   string
		provider domain.Provider
		kind     domain.Kind
		name     string // the event's type
		verdict  domain.Verdict
	}
	stayTally struct {
		machine, sources string
		region           domain.Region
		state            string
		bucket           int
	}
	funnelTally struct {
		machine string
		day     domain.Instant
		sources string
		region  domain.Region
		state   string
	}
	sourceSet string
)

func newTallies() *tallies {
	return &tallies{map[eventTally]int64{}, map[stayTally]int64{}, map[funnelTally]int64{}, map[sourceSet]int64{}}
}

// change counts a line of the feed: an event is taken from the verdict it had and given to the one it has. One that had
// left its timeline before changes told when it was recorded was never counted.
func (y *tallies) change(r *feedRow) {
	c := &r.Change
	if c.RecordedAt == 0 {
		return
	}
	key := eventTally{source: c.Source, provider: r.Provider, kind: r.Kind, name: c.Type}
	for verdict, n := range map[domain.Verdict]int64{c.Was: -1, c.Verdict: 1} {
		if key.verdict = verdict; verdict != "" {
			y.event(key, c.RecordedAt, n)
		}
	}
}

func (y *tallies) event(key eventTally, recorded domain.Instant, n int64) {
	key.daily, key.since = false, recorded.Hour()
	y.events[key] += n
	key.daily, key.since = true, recorded.Day()
	y.events[key] += n
}

// subject counts a subject by its share of today instead of the one it was counted by before, and gives what to remember
// for the next time.
func (y *tallies) subject(m domain.Machine, is *domain.Share, counted []byte) ([]byte, error) {
	was, err := parseShare(counted)
	if err != nil {
		return nil, err
	}
	now := shareBytes(is)
	if !bytes.Equal(now, counted) {
		y.share(m.Name(), was, -1)
		y.share(m.Name(), is, 1)
	}
	return now, nil
}

func (y *tallies) share(machine string, s *domain.Share, n int64) {
	if s == nil {
		return
	}
	sources := sourcesText(s.Sources)
	y.sets[sourceSet(sources)] = 1
	y.funnel[funnelTally{machine, s.Day, sources, domain.NoRegion, ""}] += n
	for _, been := range s.Been {
		y.funnel[funnelTally{machine, s.Day, sources, been.Region, been.State}] += n
		for _, stays := range been.Stays {
			y.stays[stayTally{machine, sources, been.Region, been.State, stays.Bucket}] += n * stays.N
		}
	}
}

const (
	eventTallyKey  = "daily, since, source, provider, kind, type, verdict"
	stayTallyKey   = "machine, sources, region, state, bucket"
	funnelTallyKey = "machine, day, sources, region, state"
)

var (
	eventTallyInsert  = newTallyInsert("event_tallies", eventTallyKey)
	stayTallyInsert   = newTallyInsert("stay_tallies", stayTallyKey)
	funnelTallyInsert = newTallyInsert("funnel_tallies", funnelTallyKey)
	setInsert         = newInsertion("source_sets", "sources", " ON CONFLICT (sources) DO NOTHING")
)

func newTallyInsert(table, key string) *insertion {
	return newInsertion(table, key+", n", " ON CONFLICT ("+key+") DO UPDATE SET n = "+table+".n + excluded.n")
}

func (k eventTally) row(n int64) []any {
	return []any{k.daily, int64(k.since), k.source, string(k.provider), string(k.kind), k.name, string(k.verdict), n}
}

func (k stayTally) row(n int64) []any {
	return []any{k.machine, k.sources, string(k.region), k.state, int64(k.bucket), n}
}

func (k funnelTally) row(n int64) []any {
	return []any{k.machine, int64(k.day), k.sources, string(k.region), k.state, n}
}

func (k sourceSet) row(int64) []any { return []any{string(k)} }

// write adds what was collected to the tables. Whoever calls it sees to it that nobody else does at the same time.
func (y *tallies) write(c conn) error {
	if err := addUp(c, eventTallyInsert, y.events); err != nil {
		return err
	}
	if err := addUp(c, stayTallyInsert, y.stays); err != nil {
		return err
	}
	if err := addUp(c, funnelTallyInsert, y.funnel); err != nil {
		return err
	}
	return addUp(c, setInsert, y.sets)
}

type tallyKey interface {
	comparable
	row(n int64) []any
}

// addUp writes what is not 0.
func addUp[K tallyKey](c conn, in *insertion, all map[K]int64) error {
	var rows [][]any
	for key, n := range all {
		if n != 0 {
			rows = append(rows, key.row(n))
		}
	}
	return c.put(in, len(rows), func(i int, args []any) []any { return append(args, rows[i]...) })
}

// tallyTables are those of the statistics; they are made anew with the index.
var tallyTables = []string{"event_tallies", "stay_tallies", "funnel_tallies", "source_sets"}

// clearTallies empties the tables, to count everything anew. It does so row by row: to truncate them would wait for those
// who read several, and they for it.
func clearTallies(c conn) error {
	for _, table := range tallyTables {
		if err := c.exec("DELETE FROM " + table); err != nil {
			return err
		}
	}
	return nil
}
