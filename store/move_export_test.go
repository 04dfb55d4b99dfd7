package store

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"giftline/domain"
)

// Path is where a store keeps its file.
func Path(s *Store) string { return s.path }

// Subjects lists all that a database has a row of, in the order in which they became known.
func Subjects(t testing.TB, s *Store) (all []domain.Subject) {
	t.Helper()
	var rows []subjectRow
	if err := s.reader.Order("id").Find(&rows).Error; err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		all = append(all, domain.Subject{Provider: r.Provider, Kind: r.Kind, ID: r.SubjectID})
	}
	return all
}

// ColumnsOf lists the columns of each table that a file must give to a move, by name.
func ColumnsOf(t testing.TB, s *Store) map[string][]string {
	t.Helper()
	var rows []struct{ Name, Field string }
	err := s.reader.Raw(`SELECT m.name, c.name AS field FROM sqlite_schema m JOIN pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT IN ? ORDER BY c.name`,
		append([]string{"feed", "goose_db_version", "sqlite_sequence", "relist", "follower", "pulse"}, slices.Concat(madeAnew, tallyTables)...)).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		t.Fatalf("%d columns, error %v", len(rows), err)
	}
	columns := map[string][]string{}
	for _, r := range rows {
		columns[r.Name] = append(columns[r.Name], r.Field)
	}
	return columns
}

// MovedColumns lists the columns of each table that a move copies.
func MovedColumns(t testing.TB, dsn string) map[string][]string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	tables, err := describeTables(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	columns := map[string][]string{}
	for _, table := range tables {
		columns[table.name] = slices.Sorted(slices.Values(table.columns))
	}
	return columns
}
