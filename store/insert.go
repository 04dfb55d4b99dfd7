package store

import (
	"encoding/json"
	"strings"

	"giftline/domain"
)

// exec goes to the connection under gorm's transaction: gorm's own statement building costs as much as the statement.
func (b *batch) exec(sql string, args ...any) error {
	_, err := b.tx.Statement.ConnPool.ExecContext(b.tx.Statement.Context, b.s.dialect.bind(sql), args...)
	return err
}

// insertion is a multi-row insert, made in a few fixed shapes so that the driver's statement cache knows them all.
type insertion struct {
	columns    int
	shapes     map[int]string
	head, tail string // around the arrays that PostgreSQL takes
}

var shapes = []int{64, 32, 16, 8, 4, 2, 1}

func newInsertion(table, columns, tail string) *insertion {
	n := strings.Count(columns, ",") + 1
	head := "INSERT INTO " + table + " (" + columns + ") "
	in := &insertion{columns: n, shapes: map[int]string{}, head: head + "SELECT * FROM ", tail: tail}
	row := "(" + strings.Repeat("?, ", n-1) + "?)"
	for _, rows := range shapes {
		in.shapes[rows] = head + "VALUES " + strings.Repeat(row+", ", rows-1) + row + tail
	}
	return in
}

func (b *batch) insert(in *insertion, n int, values func(i int, args []any) []any) error {
	if b.s.dialect == postgresDialect && n > 0 {
		b.insertArrays(in, n, values)
		return nil
	}
	return in.each(n, values, b.exec)
}

// each runs the statement in as many rows at a time as one of its shapes has.
func (in *insertion) each(n int, values func(i int, args []any) []any, exec func(string, ...any) error) error {
	args := make([]any, 0, min(n, shapes[0])*in.columns)
	for i := 0; i < n; {
		size := in.shapeFor(n - i)
		args = args[:0]
		for ; size > len(args)/in.columns; i++ {
			args = values(i, args)
		}
		if err := exec(in.shapes[size], args...); err != nil {
			return err
		}
	}
	return nil
}

func (in *insertion) shapeFor(n int) int {
	for _, size := range shapes {
		if size <= n && in.shapes[size] != "" {
			return size
		}
	}
	return 1
}

// newAlteration changes rows that it finds by a key; columns are what it is given.
func newAlteration(table, columns, set, key string) *insertion {
	n := strings.Count(columns, ",") + 1
	update, where := "UPDATE "+table+" SET "+set+" FROM ", " WHERE "+matches(table, key)
	in := &insertion{columns: n, shapes: map[int]string{}, head: update, tail: " AS given (" + columns + ")" + where}
	row := "(" + strings.Repeat("?, ", n-1) + "?)"
	for _, rows := range shapes {
		in.shapes[rows] = "WITH given (" + columns + ") AS (VALUES " + strings.Repeat(row+", ", rows-1) + row + ") " + update + "given" + where
	}
	return in
}

// newDeletion deletes rows by key, on SQLite one by one: it would scan the table for a list.
func newDeletion(table, key string) *insertion {
	columns := strings.Split(key, ", ")
	in := &insertion{columns: len(columns), shapes: map[int]string{}}
	in.head = "DELETE FROM " + table + " USING "
	in.tail = " AS given (" + key + ") WHERE " + matches(table, key)
	in.shapes[1] = "DELETE FROM " + table + " WHERE " + strings.Join(columns, " = ? AND ") + " = ?"
	return in
}

// matches compares a key with what is given.
func matches(table, key string) string {
	var all []string
	for column := range strings.SplitSeq(key, ", ") {
		all = append(all, table+"."+column+" = given."+column)
	}
	return strings.Join(all, " AND ")
}

const (
	subjectName  = "digest, provider, kind, subject_id"
	subjectFacts = `source, status, delivery, phase, permanent, status_since, delivery_since, last_at, joined_at, company_id, reference, recipient, metadata, status_reported,
	delivery_reported, places, events, illegal, machine_revision, machine_hash`
)

var (
	bodyInsert   = newInsertion("bodies", "id, sha256, body", "")
	changeInsert = newInsertion("changes", "joined_at, subject, fp, was, verdict, region, was_from, was_to, was_reason, believed_at, cause, type, source, recorded_at", "")
	eventInsert  = newInsertion("events", `subject, at, rank, fp, type, region, target, previous, at_text, quality, facts,
		given_flags, company_id, reference, recipient, metadata, meaning, verdict, reason, flags, status, delivery, phase,
		permanent, joined_at, source, received_at, last_at, late, seen, delivery_ids, body`, "")
	subjectInsert = newSubjectInsert()
	countInsert   = newInsertion("sources", "source, shard, received, recorded, duplicate, conflict, unresolved, quarantined, overflow, last_received",
		` ON CONFLICT (source, shard) DO UPDATE SET
		received = sources.received + excluded.received, recorded = sources.recorded + excluded.recorded,
		duplicate = sources.duplicate + excluded.duplicate, conflict = sources.conflict + excluded.conflict,
		unresolved = sources.unresolved + excluded.unresolved, quarantined = sources.quarantined + excluded.quarantined,
		overflow = sources.overflow + excluded.overflow,
		last_received = CASE WHEN sources.last_received >= excluded.last_received OR excluded.last_received IS NULL
			THEN sources.last_received ELSE excluded.last_received END`)
)

// newSubjectInsert writes rows that may be there. On PostgreSQL they always are: they were made to be held.
func newSubjectInsert() *insertion {
	in := newInsertion("subjects", "id, "+subjectName+", "+subjectFacts, " ON CONFLICT (id) DO UPDATE SET "+sets(subjectFacts, "excluded"))
	in.head = "UPDATE subjects SET " + sets(subjectFacts, "given") + " FROM "
	in.tail = " AS given (id, " + subjectName + ", " + subjectFacts + ") WHERE subjects.id = given.id"
	return in
}

// sets assigns to each of the columns what another table has in its own.
func sets(columns, from string) string {
	var all []string
	for column := range strings.SplitSeq(columns, ",") {
		name := strings.TrimSpace(column)
		all = append(all, name+" = "+from+"."+name)
	}
	return strings.Join(all, ", ")
}

func (r *eventRow) values(args []any) []any {
	return append(args, r.Subject, int64(r.At), r.Rank, r.FP[:], r.Type, string(r.Region), r.Target, r.Previous, r.AtText,
		string(r.Quality), int64(r.Facts), int64(r.GivenFlags), r.Attributes.CompanyID, r.Attributes.Reference,
		r.Attributes.Recipient, r.Attributes.Metadata, r.Meaning[:], string(r.Verdict), string(r.Reason), int64(r.Flags),
		r.State.Status, r.State.Delivery, string(r.State.Phase), r.State.Permanent, int64(r.JoinedAt), r.Source,
		int64(r.ReceivedAt), int64(r.LastAt), r.Late, r.Seen, listOf(r.DeliveryIDs), r.Body)
}

func (r *subjectRow) values(args []any) []any {
	return append(args, r.ID, r.Digest[:], string(r.Provider), string(r.Kind), r.SubjectID, r.Source, r.State.Status,
		r.State.Delivery, string(r.State.Phase), r.State.Permanent, nullable(r.StatusSince), nullable(r.DeliverySince),
		int64(r.LastAt), int64(r.JoinedAt), r.Attributes.CompanyID, r.Attributes.Reference, r.Attributes.Recipient, r.Attributes.Metadata,
		r.StatusReported, r.DeliveryReported, []byte(r.Places), r.Events, r.Illegal, r.MachineRevision, r.MachineHash)
}

func nullable(i *domain.Instant) any {
	if i == nil {
		return nil
	}
	return int64(*i)
}

// listOf writes delivery ids as JSON. They are valid UTF-8 by now, so it cannot fail.
func listOf(ids []string) string {
	if len(ids) == 0 {
		return "[]"
	}
	b, _ := json.Marshal(ids)
	return string(b)
}
