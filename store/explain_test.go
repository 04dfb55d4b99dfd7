package store

import (
	"strings"
	"testing"
)

// No query of the hot path may scan a table: the ones that read by key are asked for their plans.
func TestPlans_noScans(t *testing.T) {
	s := openTest(t)
	for _, query := range []string{
		"SELECT * FROM subjects WHERE digest IN (x'00', x'01')",
		"WITH wanted (s, f) AS (VALUES (1, x'00'), (2, x'01')) SELECT events.* FROM wanted CROSS JOIN events WHERE events.subject = wanted.s AND events.fp = wanted.f",
		"SELECT * FROM events WHERE subject = 1 AND (at, rank, fp) > (1, 2, x'00') ORDER BY at, rank, fp LIMIT 33",
		"SELECT * FROM events WHERE subject = 1 AND (at, rank, fp) <= (1, 2, x'00') ORDER BY at DESC, rank DESC, fp DESC LIMIT 1",
		"UPDATE events SET verdict = 'x' WHERE subject = 1 AND (at, rank, fp) >= (1, 2, x'00') AND (at, rank, fp) <= (3, 4, x'00')",
		"UPDATE events SET seen = 2 WHERE subject = 1 AND fp = x'00'",
		"SELECT * FROM changes WHERE subject = 1 AND fp = x'00' AND verdict = 'illegal' AND was <> '' ORDER BY seq DESC LIMIT 1",
		"SELECT * FROM parked WHERE key IN (x'00', x'01') AND closed_at IS NULL",
		"SELECT count(*) FROM parked WHERE result = 'conflict' AND fp = x'00'",
		"SELECT * FROM bodies WHERE id IN (1, 2)",
		"SELECT updated, subject, shelf FROM postings WHERE term = 0 AND shelf = 1 AND (updated, subject) < (5, 6) AND updated >= 2 ORDER BY 1 DESC, 2 DESC LIMIT 50",
		"SELECT updated, subject, shelf FROM listings WHERE shelf = 1 AND subject > 6 ORDER BY 2 LIMIT 50",
		"SELECT 0 AS updated, subject, 0 AS shelf FROM members WHERE term = 5 AND subject > 6 ORDER BY 2 LIMIT 50",
		"SELECT subject FROM names WHERE name >= 'a' AND name < 'b' AND what <= 1 LIMIT 1000",
		dueListings[:len(dueListings)-1] + "5 ORDER BY due_at LIMIT 500",
		literally(postingMove.shapes[4]), literally(shelfCount.shapes[4]), literally(postingDelete.shapes[1]),
	} {
		for _, step := range plan(t, s, query) {
			if strings.HasPrefix(step, "SCAN") && !strings.Contains(step, "CONSTANT") && !strings.Contains(step, "wanted") && !strings.Contains(step, "given") {
				t.Errorf("%s\n\t%s", query, step)
			}
		}
	}
}

func literally(statement string) string { return strings.ReplaceAll(statement, "?", "1") }

func plan(t *testing.T, s *Store, query string) (steps []string) {
	t.Helper()
	rows, err := s.writer.Raw("EXPLAIN QUERY PLAN " + query).Rows()
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	return steps
}
