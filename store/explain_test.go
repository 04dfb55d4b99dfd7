package store

import (
	"strings"
	"testing"

	"giftline/domain"
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
		literally(dueListings) + " ORDER BY look_at LIMIT 500", literally(jumpedListings) + " ORDER BY due_at LIMIT 500", nextLook,
		"SELECT subject FROM listings WHERE subject > 7 ORDER BY subject LIMIT 64", literally(watchOf) + "l.subject IN (1, 2)",
		literally(postingMove.shapes[4]), literally(shelfCount.shapes[4]), literally(postingDelete.shapes[1]),
	} {
		for _, step := range plan(t, s, query) {
			if strings.HasPrefix(step, "SCAN") && !strings.Contains(step, "CONSTANT") && !strings.Contains(step, "wanted") && !strings.Contains(step, "given") {
				t.Errorf("%s\n\t%s", query, step)
			}
		}
	}
}

// Lists in the order of deadlines are read from their indexes, in that order: they hold what is watched only.
func TestPlans_watched(t *testing.T) {
	s := openTest(t)
	from, until := domain.Instant(1), domain.Instant(9)
	for index, w := range map[string]watchList{
		"listings_stuck":   {column: "due_at", where: "stuck = 1"},
		"listings_expires": {column: "expires_at", where: "expires_at IS NOT NULL", span: domain.Span{From: &from, Before: &until}},
	} {
		query, _ := w.query()
		for _, more := range []string{"", " AND +shelf IN (1, 2)", " AND (" + w.column + ", subject) > (5, 6)"} {
			steps := plan(t, s, literally(query)+more+" ORDER BY "+w.column+", subject LIMIT 51")
			if len(steps) != 1 || !strings.Contains(steps[0], "INDEX "+index) {
				t.Errorf("%s%s\n\t%q", query, more, steps)
			}
		}
	}
	for query, index := range map[string]string{dueListings + " ORDER BY look_at": "listings_look", nextLook: "listings_look", jumpedListings: "listings_stuck"} {
		if steps := plan(t, s, literally(query)+" LIMIT 5"); len(steps) != 1 || !strings.Contains(steps[0], "INDEX "+index) {
			t.Errorf("%s\n\t%q", query, steps)
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
