package store

import (
	"context"
	"database/sql"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"giftline/domain"
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
