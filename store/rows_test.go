package store

import (
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gorm.io/gorm/schema"

	"giftline/domain"
)

// Every column has its field and every field its column, in the same order.
func TestRows_matchTheSchema(t *testing.T) {
	s := openTest(t)
	for _, row := range []any{&subjectRow{}, &eventRow{}, &bodyRow{}, &changeRow{}, &parkedRow{}, &sourceRow{}, &keyRow{}} {
		parsed, err := schema.Parse(row, &sync.Map{}, s.reader.NamingStrategy)
		if err != nil {
			t.Fatal(err)
		}
		var columns []string
		if err := s.reader.Raw("SELECT name FROM pragma_table_info(?) ORDER BY cid", parsed.Table).Scan(&columns).Error; err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(columns, parsed.DBNames); diff != "" {
			t.Errorf("%s (-table +row): %s", parsed.Table, diff)
		}
	}
}

func TestParkedColumns_areAllButTheBody(t *testing.T) {
	parsed, err := schema.Parse(&parkedRow{}, &sync.Map{}, schema.NamingStrategy{})
	if err != nil {
		t.Fatal(err)
	}
	names := strings.FieldsFunc(parkedColumns, func(r rune) bool { return strings.ContainsRune(", \n", r) })
	all := slices.DeleteFunc(slices.Clone(parsed.DBNames), func(name string) bool { return name == "body" })
	if diff := cmp.Diff(all, names); diff != "" {
		t.Error(diff)
	}
}

// The lists over all subjects run on the indexes made for them: no scan, no sort.
func TestLists_takeTheirIndexes(t *testing.T) {
	s := openTest(t)
	for query, args := range map[string]struct {
		index string
		args  []any
	}{
		listed + "WHERE e.verdict = 'illegal' ORDER BY e.at DESC, e.fp DESC, e.subject DESC LIMIT 5": {"events_illegal", nil},
		listed + "WHERE e.verdict = 'illegal' AND (e.at, e.fp, e.subject) < (?, ?, ?) ORDER BY e.at DESC, e.fp DESC, e.subject DESC LIMIT 5": {
			"events_illegal", []any{1, fingerprint{}, 1}},
		listed + "WHERE s.digest = ? AND e.fp = ?": {"events_identity", []any{digest{}, fingerprint{}}},
		clearedSelect + clearedOrder:               {"changes_cleared", []any{5}},
		clearedSelect + clearedOf + clearedOrder:   {"changes_subject", []any{1, 5}},
		"SELECT " + parkedColumns + " FROM parked WHERE result = ? AND closed_at IS NULL AND seq < ? ORDER BY seq DESC LIMIT 5": {
			"parked_list", []any{"unresolved", 5}},
		"SELECT * FROM events WHERE subject = ? AND (at, rank, fp) > (?, ?, ?) AND at <= ? AND joined_at <= ? ORDER BY at, rank, fp LIMIT 5": {
			"PRIMARY KEY", []any{1, 1, 1, fingerprint{}, 9, 9}},
	} {
		plan := explain(t, s, query, args.args)
		if !strings.Contains(plan, args.index) || strings.Contains(plan, "TEMP B-TREE") || scans(plan) {
			t.Errorf("%s\n%s", query, plan)
		}
	}
}

// scans reports a walk through a whole table; walking an index made for the list is fine.
func scans(plan string) bool {
	for line := range strings.Lines(plan) {
		if strings.HasPrefix(line, "SCAN") && !strings.Contains(line, "events_illegal") && !strings.Contains(line, "changes_cleared") {
			return true
		}
	}
	return false
}

func explain(t *testing.T, s *Store, query string, args []any) string {
	t.Helper()
	rows, err := s.reader.Raw("EXPLAIN QUERY PLAN "+query, args...).Rows()
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		plan.WriteString(detail + "\n")
	}
	return plan.String()
}

func TestEventRow_thereAndBack(t *testing.T) {
	want := event(gift("gft_1"), 1, 2, "opened")
	want.Outcome.Reason, want.Previous = domain.Backward, "claimed"
	row := eventRowOf(5, &want)
	if diff := cmp.Diff(want, row.toRecorded(want.Subject)); diff != "" {
		t.Error(diff)
	}
	if row.place() != want.Place() || row.outcome() != want.Outcome || !reflect.DeepEqual(row.toEvent(want.Subject), want.Event) {
		t.Error("place, outcome or event differ")
	}
}

// Empty blobs and lists must not become NULL on the way, in either driver.
func TestColumns_emptyIsNotNull(t *testing.T) {
	s := openTest(t)
	insert(t, s, parkedRow{Seq: 1, ID: "prk_1"}, parkedRow{Seq: 2, ID: "prk_2", Key: blob("x"), FP: blob{}, Claims: jsonList[domain.Claims]{}})
	var kinds []string
	if err := s.reader.Raw("SELECT typeof(fp) || ' ' || typeof(body) || ' ' || claims FROM parked").Scan(&kinds).Error; err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"blob blob []", "blob blob []"}, kinds); diff != "" {
		t.Error(diff)
	}
}

func TestColumns_damage(t *testing.T) {
	for _, bad := range []any{nil, "text", []byte{}, make([]byte, 11), make([]byte, 17)} {
		for _, key := range []interface{ Scan(any) error }{&digest{}, &fingerprint{}, &meaning{}, &jsonList[string]{}} {
			wantCode(t, key.Scan(bad), domain.CodeDamaged)
		}
	}
}
