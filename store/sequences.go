package store

import (
	"math/rand/v2"
	"sync"
	"time"

	"gorm.io/gorm"

	"giftline/domain"
)

// sequences make the integer keys and join times that only the one writing process of a file may make.
type sequences struct {
	subject, body, seq int64
	bodies             int64 // the last number of the reserved block, where there are blocks
	shard              int64 // of the counters
	joined             domain.Instant
}

// lastBody looks at what was recorded last, more than a batch of it: its bodies may be erased, and their numbers must
// not become another's.
const lastBody = `SELECT coalesce(max(e.body), 0) FROM
	(SELECT subject, fp FROM changes WHERE was = '' ORDER BY seq DESC LIMIT 4096) c
	CROSS JOIN events e ON e.subject = c.subject AND e.fp = c.fp`

// loadFile takes over from the process that had the file before.
func (q *sequences) loadFile(db *gorm.DB, _ int) error {
	for query, where := range map[string]*int64{
		"SELECT coalesce(max(id), 0) FROM subjects": &q.subject,
		"SELECT coalesce(max(id), 0) FROM bodies":   &q.body,
		"SELECT coalesce(max(seq), 0) FROM changes": &q.seq,
	} {
		if err := db.Raw(query).Row().Scan(where); err != nil {
			return translate(err)
		}
	}
	var erased int64
	if err := db.Raw(lastBody).Row().Scan(&erased); err != nil {
		return translate(err)
	}
	q.body = max(q.body, erased)
	return translate(db.Raw("SELECT coalesce(max(joined_at), 0) FROM changes WHERE seq = ?", q.seq).Row().Scan((*int64)(&q.joined)))
}

// loadShared leaves the keys to the database, which other replicas write to as well.
func (q *sequences) loadShared(_ *gorm.DB, lane int) error {
	q.shard = rand.Int64N(64)*maxLanes + int64(lane)
	return nil
}

// parkedCounts are the open parked deliveries per source, as far as this process knows.
type parkedCounts struct {
	mu   sync.Mutex
	open map[string]int64
}

func (c *parkedCounts) of(source string) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.open[source]
}

func (c *parkedCounts) add(gained map[string]int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for source, n := range gained {
		c.open[source] += n
	}
}

func (c *parkedCounts) load(db *gorm.DB) error {
	c.open = map[string]int64{}
	rows, err := db.Raw("SELECT source, count(*) FROM parked WHERE closed_at IS NULL GROUP BY source").Rows()
	if err != nil {
		return translate(err)
	}
	defer rows.Close()
	for rows.Next() {
		var source string
		var n int64
		if err := rows.Scan(&source, &n); err != nil {
			return translate(err)
		}
		c.open[source] = n
	}
	return translate(rows.Err())
}

// join gives a time for what is about to join its timeline: never before an earlier one, even when the clock jumps back.
func (q *sequences) join(now time.Time) domain.Instant {
	q.joined = max(q.joined, domain.InstantOf(now))
	return q.joined
}

func (q *sequences) nextSubject() int64 { q.subject++; return q.subject }

// bodyBlock is how many numbers of bodies a process reserves at a time; the sequence body_numbers counts in it.
const bodyBlock = 1024

// reserveBodies gives the first of n numbers for the bodies of a batch, which has fewer than a block. The rest of the
// last block stays unused when it is too short.
func (b *batch) reserveBodies(n int) (int64, error) {
	q := b.next
	if b.s.dialect == postgresDialect && q.body+int64(n) > q.bodies {
		var start int64
		if err := b.tx.Raw("SELECT nextval('body_numbers')").Row().Scan(&start); err != nil {
			return 0, err
		}
		q.body, q.bodies = start-1, start+bodyBlock-1
	}
	first := q.body + 1
	q.body += int64(n)
	return first, nil
}
