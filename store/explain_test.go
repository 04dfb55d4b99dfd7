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
	} {
		for _, step := range plan(t, s, query) {
			if strings.HasPrefix(step, "SCAN") && !strings.Contains(step, "CONSTANT") && !strings.Contains(step, "wanted") {
				t.Errorf("%s\n\t%s", query, step)
			}
		}
	}
}

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
