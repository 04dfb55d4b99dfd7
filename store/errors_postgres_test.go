package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"giftline/domain"
	"giftline/store/storetest"
)

// What the server or the network is to blame for must not be blamed on a delivery: that would quarantine it.
func TestTranslate_serverTrouble(t *testing.T) {
	for _, code := range []string{"08006", "25006", "25P03", "40001", "53300", "55P03", "57P01", "57014", "58030"} {
		wantCode(t, translate(&pgconn.PgError{Code: code}), domain.CodeBusy)
	}
	for _, err := range []error{sql.ErrTxDone, context.DeadlineExceeded, pgconn.ErrReadOnlyConnection} {
		wantCode(t, translate(fmt.Errorf("committing: %w", err)), domain.CodeBusy)
	}
	for _, code := range []string{"22021", "23514"} { // bad text, a check
		wantCode(t, translate(&pgconn.PgError{Code: code}), "")
	}
}

// A table of one row has no index, and its scan counts as endless for a writer, which must not scan: a server with a
// just-in-time compiler would compile the query each time, for a tenth of a second.
func TestPool_compilesNothing(t *testing.T) {
	t.Parallel()
	s := openAt(t, storetest.Schema(t, storetest.Server(t)))
	var plan string
	if err := s.writer.Raw("EXPLAIN (ANALYZE, FORMAT JSON) SELECT rules FROM follower").Row().Scan(&plan); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(plan, "JIT") || !strings.Contains(plan, "Seq Scan") {
		t.Errorf("a writer reads its place by %s", plan)
	}
}
