package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"giftline/domain"
	"giftline/statemachines"
)

// Every page of every single filter stays quick over GIFTLINE_TEST_EVENTS events, with a fifth as many subjects. The
// file is kept where GIFTLINE_TEST_FILE says, and used again. It logs; what is too slow depends on the machine.
func TestLists_scale(t *testing.T) {
	events, err := strconv.Atoi(os.Getenv("GIFTLINE_TEST_EVENTS"))
	if err != nil {
		t.Skip("GIFTLINE_TEST_EVENTS says how many events, GIFTLINE_TEST_FILE where to keep them")
	}
	path := os.Getenv("GIFTLINE_TEST_FILE")
	if path == "" {
		path = t.TempDir() + "/giftline.db"
	}
	if _, err := os.Stat(path); err != nil {
		began := time.Now()
		fill(t, path, events/5)
		t.Logf("%d events written in %v", events, time.Since(began).Round(time.Second))
	}
	s, err := Open(t.Context(), path, Options{Machines: statemachines.All()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	began := time.Now()
	if err := s.FollowAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Logf("the index was made in %v", time.Since(began).Round(time.Second))
	for _, q := range scaleQueries() {
		measurePages(t, s, q)
	}
}

type scaleQuery struct {
	name string
	domain.ListQuery
}

func scaleQueries() []scaleQuery {
	yes, no := true, false
	from := domain.InstantOf(time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC))
	until := from + 30*24*3600*1_000_000
	return []scaleQuery{
		{"all", domain.ListQuery{}},
		{"all, created", domain.ListQuery{Order: domain.ByCreated, Asc: true}},
		{"kind", domain.ListQuery{Kinds: []domain.Kind{domain.Gift}}},
		{"kind, created", domain.ListQuery{Kinds: []domain.Kind{domain.Gift}, Order: domain.ByCreated}},
		{"provider", domain.ListQuery{Providers: []domain.Provider{domain.Resend}}},
		{"phase", domain.ListQuery{Phases: []domain.Phase{domain.Waiting}}},
		{"phases", domain.ListQuery{Phases: []domain.Phase{domain.Waiting, domain.Shipping, domain.Claimed}}},
		{"status", domain.ListQuery{Statuses: []string{"claimed"}}},
		{"delivery", domain.ListQuery{Deliveries: []string{"delivered"}}},
		{"illegal", domain.ListQuery{Illegal: &yes}},
		{"legal", domain.ListQuery{Illegal: &no}},
		{"stuck", domain.ListQuery{Stuck: &yes}},
		{"not stuck", domain.ListQuery{Stuck: &no}},
		{"company", domain.ListQuery{CompanyIDs: []string{"company-7"}}},
		{"company, created", domain.ListQuery{CompanyIDs: []string{"company-7"}, Order: domain.ByCreated}},
		{"large company", domain.ListQuery{CompanyIDs: []string{"company-0"}}},
		{"large company, created", domain.ListQuery{CompanyIDs: []string{"company-0"}, Order: domain.ByCreated}},
		{"campaign", domain.ListQuery{Metadata: map[string][]string{"campaign": {"campaign-3"}}}},
		{"campaign, created", domain.ListQuery{Metadata: map[string][]string{"campaign": {"campaign-3"}}, Order: domain.ByCreated}},
		{"campaign and company", domain.ListQuery{Metadata: map[string][]string{"campaign": {"campaign-3"}}, CompanyIDs: []string{"company-0"}}},
		{"reference", domain.ListQuery{References: []string{"order-1234"}}},
		{"id", domain.ListQuery{IDs: []string{"item-4321", "item-99"}}},
		{"updated", domain.ListQuery{Updated: domain.Span{From: &from, Before: &until}}},
		{"updated, created", domain.ListQuery{Updated: domain.Span{From: &from, Before: &until}, Order: domain.ByCreated}},
		{"text, one", domain.ListQuery{Text: "item-43210"}},
		{"text, many", domain.ListQuery{Text: "item-4"}},
		{"text, recipient", domain.ListQuery{Text: "person-77", Personal: true}},
	}
}

// measurePages reads the first pages, some in the middle and the last ones, in both directions.
func measurePages(t *testing.T, s *Store, q scaleQuery) {
	t.Helper()
	var took []time.Duration
	found := 0
	page := func(cursor string) domain.ListPage {
		ask := q.ListQuery
		ask.Cursor, ask.Limit = cursor, 50
		began := time.Now()
		p, err := s.List(context.Background(), ask)
		took = append(took, time.Since(began))
		if err != nil {
			t.Fatalf("%s: %v", q.name, err)
		}
		found += len(p.Subjects)
		return p
	}
	for range 10 {
		first := page("")
		next := page(first.Next)
		if first.Next != "" {
			page(next.Prev)
		}
		if middle := s.middle(t, q.ListQuery); middle != "" {
			page(page(middle).Next)
		}
	}
	slices.Sort(took)
	t.Logf("%-24s p50 %8v  p99 %8v  max %8v  (%d pages, %d subjects)", q.name, took[len(took)/2].Round(10*time.Microsecond),
		took[len(took)*99/100].Round(10*time.Microsecond), took[len(took)-1].Round(10*time.Microsecond), len(took), found)
}

// middle makes up a cursor at some subject: a list can be gone on with at any place.
func (s *Store) middle(t *testing.T, q domain.ListQuery) string {
	var last, updated int64
	var d []byte
	Scan(t, s, &last, "SELECT max(id) FROM subjects")
	row := s.reader.Raw("SELECT digest, joined_at FROM subjects WHERE id >= ? ORDER BY id LIMIT 1", 1+rand.Int64N(last)).Row()
	if err := row.Scan(&d, &updated); err != nil {
		t.Fatal(err)
	}
	return (&pageCursor{query: queryHash(q), updated: domain.Instant(updated), digest: digest(d)}).String()
}

// template is a story that many subjects have in common.
type template struct {
	machine domain.Machine
	rows    []domain.Recorded
	current domain.Current
}

const scaleStart = domain.Instant(1_767_225_600_000_000) // 2026-01-01

// templates draws stories of about five events from every machine of the four providers' gifts, sends and e-mails.
func templates(random *rand.Rand) (all []template) {
	for _, m := range statemachines.All().All() {
		v := m.View()
		if v.Kind != domain.Gift && v.Kind != domain.Send && v.Kind != domain.Email {
			continue
		}
		var reports []domain.Event
		for _, r := range v.Regions {
			for _, state := range r.States {
				for _, event := range state.Events {
					reports = append(reports, domain.Event{Type: event, Target: state.State})
				}
			}
		}
		for range 40 {
			all = append(all, drawStory(random, m, reports))
		}
	}
	return all
}

// drawStory takes a few reports in the order of the table, as most stories go, and now and then one out of order.
func drawStory(random *rand.Rand, m domain.Machine, reports []domain.Event) template {
	n := 3 + random.IntN(5)
	chosen := random.Perm(len(reports))[:min(n, len(reports))]
	slices.Sort(chosen)
	if random.IntN(10) == 0 {
		slices.Reverse(chosen)
	}
	subject := domain.Subject{Provider: m.View().Provider, Kind: m.View().Kind, ID: "template"}
	var rows []domain.Recorded
	at := domain.Instant(0)
	for i, c := range chosen {
		e := reports[c]
		e.Subject, e.At, e.Quality = subject, scaleStart+at, domain.TimeExact
		e.Fingerprint = domain.Fingerprint{byte(i)}
		m.Read(&e)
		rows = append(rows, domain.Recorded{Event: e, Source: string(subject.Provider)})
		at += domain.Instant(1+random.IntN(48)) * 3600 * 1_000_000
	}
	slices.SortFunc(rows, func(a, b domain.Recorded) int { return a.Place().Compare(b.Place()) })
	return template{m, rows, domain.Refold(m, subject, string(subject.Provider), rows)}
}

// line is a change to write, in the order of time.
type line struct {
	at      domain.Instant
	subject int64
	event   int
}

// fill writes a year of subjects past the write path.
func fill(t *testing.T, path string, subjects int) {
	w := newFiller(t, path)
	defer w.db.Close()
	random := rand.New(rand.NewPCG(1, 1))
	known := templates(random)
	starts := make([]domain.Instant, subjects)
	for i := range starts {
		starts[i] = domain.Instant(random.Int64N(320 * 24 * 3600 * 1_000_000))
	}
	slices.Sort(starts)
	var lines []line
	for i, start := range starts {
		lines = append(lines, w.subject(&known[random.IntN(len(known))], random, int64(i+1), start)...)
	}
	w.changes(lines)
	w.flush()
}

// newFiller makes an empty database.
func newFiller(t *testing.T, path string) *filler {
	s, err := Open(t.Context(), path, Options{Machines: statemachines.All()})
	if err == nil {
		err = s.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	db, err := openSQL(t.Context(), path, plainSettings("rw"))
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	for _, pragma := range []string{"journal_mode = WAL", "synchronous = OFF", "cache_size = -200000"} {
		if _, err := db.Exec("PRAGMA " + pragma); err != nil {
			t.Fatal(err)
		}
	}
	return &filler{t: t, db: db}
}

// changes writes what happened in the order of time.
func (w *filler) changes(lines []line) {
	slices.SortFunc(lines, func(a, b line) int { return cmp.Compare(a.at, b.at) })
	for _, l := range lines {
		fp := scalePrint(l.subject, l.event)
		w.add(changeInsert, int64(l.at), l.subject, fp[:], "", string(domain.Moved), "", "", "", "", int64(0), []byte{}, "", "", int64(l.at))
	}
}

func scalePrint(subject int64, event int) fingerprint {
	return fingerprint(domain.FingerprintOf("scale/1", domain.Subject{}, strconv.FormatInt(subject, 10), strconv.Itoa(event)))
}

// filler collects rows until they make a large statement, and statements until they make a large transaction.
type filler struct {
	t       *testing.T
	db      *sql.DB
	tx      *sql.Tx
	n       int
	waiting map[*insertion][]any
}

func (w *filler) add(in *insertion, values ...any) {
	if w.waiting == nil {
		w.waiting = map[*insertion][]any{}
	}
	w.waiting[in] = append(w.waiting[in], values...)
	if len(w.waiting[in]) == shapes[0]*in.columns {
		w.exec(in, w.waiting[in])
		w.waiting[in] = w.waiting[in][:0]
	}
}

func (w *filler) exec(in *insertion, args []any) {
	var err error
	if w.tx == nil {
		if w.tx, err = w.db.Begin(); err != nil {
			w.t.Fatal(err)
		}
	}
	if _, err = w.tx.Exec(in.shapes[len(args)/in.columns], args...); err != nil {
		w.t.Fatal(err)
	}
	if w.n++; w.n%500 == 0 {
		err, w.tx = w.tx.Commit(), nil
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *filler) flush() {
	for in, args := range w.waiting {
		for len(args) > 0 {
			n := in.shapeFor(len(args)/in.columns) * in.columns
			w.exec(in, args[:n])
			args = args[n:]
		}
	}
	if w.tx != nil {
		if err := w.tx.Commit(); err != nil {
			w.t.Fatal(err)
		}
	}
	w.db.Exec("INSERT INTO sources (source) VALUES ('sendoso'), ('snappy'), ('resend'), ('opensend')")
}

func (w *filler) subject(k *template, random *rand.Rand, id int64, start domain.Instant) (lines []line) {
	c := k.current
	c.Subject.ID = "item-" + strconv.FormatInt(id, 10)
	company := random.IntN(2000)
	if random.IntN(50) == 0 {
		company = 0 // a large one
	}
	c.Attributes = domain.Attributes{
		CompanyID: "company-" + strconv.Itoa(company), Recipient: fmt.Sprintf("person-%d@example.com", random.IntN(300_000)),
		Metadata: fmt.Sprintf(`{"campaign":"campaign-%d"}`, random.IntN(50)),
	}
	if random.IntN(3) == 0 {
		c.Attributes.Reference = "order-" + strconv.Itoa(random.IntN(200_000))
	}
	row := subjectRowOf(c)
	row.ID, row.MachineRevision, row.MachineHash = id, k.machine.Revision(), k.machine.Hash()
	row.StatusSince, row.DeliverySince = later(row.StatusSince, start), later(row.DeliverySince, start)
	track := newTrack(c.Subject.Digest(), c.Subject)
	for i := range k.rows {
		r := k.rows[i]
		r.Subject, r.At, r.Attributes = c.Subject, r.At+start, c.Attributes
		r.Fingerprint = domain.Fingerprint(scalePrint(id, i))
		r.Joined = r.At + 1_000_000
		r.Received = domain.Received{At: r.Joined, LastAt: r.Joined, Seen: 1}
		track.seen(&r.Event)
		e := eventRowOf(id, &r)
		w.add(eventInsert, e.values(nil)...)
		row.LastAt, row.JoinedAt = r.At, max(row.JoinedAt, r.Joined)
		lines = append(lines, line{r.Joined, id, i})
	}
	row.Places = track.places.bytes()
	w.add(subjectInsert, row.values(nil)...)
	return lines
}

func later(at *domain.Instant, by domain.Instant) *domain.Instant {
	if at == nil {
		return nil
	}
	moved := *at + by
	return &moved
}
