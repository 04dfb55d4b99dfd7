package store

import (
	"context"
	"database/sql"
	"strconv"
	"testing"
	"time"

	"giftline/domain"
)

// Alter runs SQL on a closed database, to make one that refuses some rows.
func Alter(t *testing.T, path, statement string) {
	t.Helper()
	db, err := openSQL(t.Context(), path, plainSettings("rw"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(statement); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// LimitPages makes the database file behave as on a disk with so little room.
func LimitPages(t *testing.T, s *Store, n int) {
	t.Helper()
	if err := s.writer.Exec("PRAGMA max_page_count = " + strconv.Itoa(n)).Error; err != nil {
		t.Fatal(err)
	}
}

// MigrationTurn is for tests that migrate slowly.
const MigrationTurn = migrationTurn

// Impatient makes a store that is lazy, and has nothing to do yet, give up sooner.
func Impatient(s *Store, limit time.Duration) { s.patience = limit }

// WithoutReaders takes a store everything that it reads with, but for what is written.
func WithoutReaders(t *testing.T, s *Store) {
	t.Helper()
	if err := closePool(s.reader); err != nil {
		t.Fatal(err)
	}
}

// Driven is a delivery for Together; with the id of a parked one where it is that one, read again.
type Driven struct {
	domain.Parsed
	Resolve string
}

// Together commits deliveries as one batch, in the order given. Nothing else may be recorded meanwhile.
func Together(t testing.TB, s domain.Store, all ...Driven) []domain.Receipt {
	t.Helper()
	receipts := make([]domain.Receipt, len(all))
	for i, j := range together(s, all) {
		if j.err != nil {
			t.Error(j.err)
		}
		receipts[i] = j.receipt
	}
	return receipts
}

// TogetherErrors is Together for deliveries that may fail.
func TogetherErrors(s domain.Store, all ...Driven) []error {
	errs := make([]error, len(all))
	for i, j := range together(s, all) {
		errs[i] = j.err
	}
	return errs
}

func together(s domain.Store, all []Driven) []*job {
	jobs := make([]*job, len(all))
	for i, d := range all {
		jobs[i] = &job{parsed: d.Parsed, resolve: d.Resolve, done: make(chan struct{})}
		s.(*Store).group.bytes.Add(int64(len(d.Body)))
	}
	s.(*Store).group.lanes[0].commit(jobs)
	return jobs
}

// Scan reads one value past the store.
func Scan(t testing.TB, s *Store, into any, query string, args ...any) {
	t.Helper()
	if err := s.reader.Raw(query, args...).Row().Scan(into); err != nil {
		t.Fatal(err)
	}
}

// Spoil changes a database past the store, as a failing disk or a careless hand would.
func Spoil(t testing.TB, s *Store, statement string, args ...any) {
	t.Helper()
	if err := s.writer.Exec(statement, args...).Error; err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// Columns names those of a table.
func Columns(t testing.TB, s *Store, table string) []string {
	t.Helper()
	rows, err := s.reader.Raw("SELECT * FROM " + table + " WHERE 1 = 0").Rows()
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// DriverName opens a file as no store does.
const DriverName = driverName

// InSnapshotsOf makes a verification go on in another snapshot after so many rows.
func InSnapshotsOf(rows int, v Verification) Verification {
	v.work = rows
	return v
}

// audits are what must find nothing beside Verify, which looks at what it can afford: here every change is read, also
// those that tell of a recording, and the counts of each source must add up by themselves.
var audits = map[string]string{
	"changes that follow on one another": `SELECT count(*) FROM
		(SELECT was, coalesce(lag(verdict) OVER story, '') AS before FROM changes WINDOW story AS (PARTITION BY subject, fp ORDER BY seq)) x
		WHERE was <> before`,
	"changes that end in the verdict": `SELECT count(*) FROM
		(SELECT subject, fp, verdict, row_number() OVER (PARTITION BY subject, fp ORDER BY seq DESC) AS place FROM changes) c
		LEFT JOIN events e ON e.subject = c.subject AND e.fp = c.fp WHERE place = 1 AND coalesce(e.verdict, '') <> c.verdict`,
	"changes that name their event": `SELECT count(*) FROM changes c JOIN events e ON e.subject = c.subject AND e.fp = c.fp
		WHERE c.seq >= (SELECT max(seq) FROM changes n WHERE n.subject = c.subject AND n.fp = c.fp AND n.was = '') AND
		(c.type <> e.type OR c.source <> e.source OR c.recorded_at <> e.joined_at)`,
	"beliefs": `SELECT count(*) FROM
		(SELECT *, lag(joined_at) OVER story AS since FROM changes WINDOW story AS (PARTITION BY subject, fp ORDER BY seq)) x
		WHERE was = 'illegal' AND (believed_at <> since OR was_from = '' OR was_to = '' OR was_reason = '' OR region = '')
		OR was <> 'illegal' AND (believed_at <> 0 OR was_from || was_to || was_reason || region <> '')`,
	"parked copies": `SELECT count(*) FROM ` + perSource + ` s WHERE parked <>
		overflow + (SELECT coalesce(sum(seen), 0) FROM parked p WHERE p.source = s.source AND closed_at IS NULL)`,
	"seen": `SELECT count(*) FROM ` + perSource + ` s WHERE joined <> (SELECT coalesce(sum(seen), 0) FROM events e WHERE e.source = s.source)`,
}

// perSource adds up what all writing processes counted; deliveries of sources named so carry many events each.
const perSource = `(SELECT source, sum(recorded + duplicate) AS joined, sum(unresolved + conflict + quarantined) AS parked,
	sum(overflow) AS overflow FROM sources WHERE source NOT LIKE 'many-%' GROUP BY source)`

// Audit runs them, and Verify.
func Audit(t testing.TB, s domain.Store) {
	t.Helper()
	if _, err := s.(*Store).Verify(context.Background(), Verification{work: 2000, Found: func(f domain.Finding) error {
		if f.Condition == domain.Damaged || f.Condition == domain.Unsteady {
			t.Errorf("%s is %s: %+v", f.Name(), f.Condition, f.Damage)
		}
		return nil
	}}); err != nil {
		t.Error(err)
	}
	AuditIndex(t, s.(*Store))
	for what, query := range audits {
		var n int
		if Scan(t, s.(*Store), &n, query); n > 0 {
			t.Errorf("%s: %d are wrong", what, n)
		}
	}
}

// AuditIndex compares what lists are read from with the rows that it was made from.
func AuditIndex(t testing.TB, s *Store) {
	t.Helper()
	since := domain.InstantOf(s.now())
	if err := s.FollowAll(context.Background()); err != nil {
		t.Error(err)
		return
	}
	wrong, err := s.CheckIndex(context.Background(), since)
	if err != nil || len(wrong) > 0 {
		t.Errorf("the index is wrong in %d places, error %v: %q", len(wrong), err, wrong[:min(len(wrong), 5)])
	}
}

// FillParked makes a source's list of parked deliveries count as full.
func FillParked(s *Store, source string) { s.group.parked.add(map[string]int64{source: maxParked}) }

// MadeAt makes a database as an earlier version made it, up to a migration, and runs a statement on it.
func MadeAt(t *testing.T, dsn string, version int64, statement string) {
	t.Helper()
	db, err := openPlain(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	newProvider := newProvider
	if IsPostgres(dsn) {
		newProvider = newPostgresProvider
	}
	provider, err := newProvider(db)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(statement); err != nil {
		t.Fatal(err)
	}
}

func openPlain(ctx context.Context, dsn string) (*sql.DB, error) {
	if IsPostgres(dsn) {
		return sql.Open("pgx", dsn)
	}
	return openSQL(ctx, dsn, plainSettings("rwc"))
}

// HoldWriter keeps everybody else from writing until it is let go.
func HoldWriter(t testing.TB, s *Store) (release func()) {
	t.Helper()
	tx := s.writer.Begin()
	if tx.Error != nil {
		t.Fatal(tx.Error)
	}
	return func() { tx.Rollback() }
}
