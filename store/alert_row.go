package store

import (
	"database/sql"
	"encoding/json"
	"slices"

	"giftline/domain"
)

const alertColumns = `id, rule, severity, subject, provider, kind, subject_id, source, sources, company_id, reference, recipient, metadata,
	region, state, event, since, at, raised_at, detail, status, until_at, until_moves, updated_at, ended_at, by, reopened`

// alertLife are the columns that change after an alert was raised.
const alertLife = `severity, source, sources, company_id, reference, recipient, metadata, since, at, detail, status, until_at,
	until_moves, updated_at, ended_at, by, reopened`

// live names the condition of the index made for it.
const live = "status IN ('open', 'acknowledged', 'snoozed')"

// alertRow is an alert with the number of its subject; nil for what is about a source, or ourselves.
type alertRow struct {
	domain.Alert
	number *int64
}

// scanAlert reads a row of alertColumns, with what may stand behind them.
func scanAlert(rows *sql.Rows, more ...any) (*alertRow, error) {
	var r alertRow
	var s domain.Subject
	var sources string
	a := &r.Alert
	err := rows.Scan(append([]any{
		&a.ID, (*string)(&a.Rule), (*string)(&a.Severity), &r.number, (*string)(&s.Provider), (*string)(&s.Kind), &s.ID, &a.Source, &sources,
		&a.Named.CompanyID, &a.Named.Reference, &a.Named.Recipient, &a.Named.Metadata, (*string)(&a.Region), &a.State, &a.Event,
		(*int64)(&a.Since), (*int64)(&a.At), (*int64)(&a.RaisedAt), &a.Detail, (*string)(&a.Status), &a.Until, &a.UntilMoves,
		(*int64)(&a.UpdatedAt), &a.EndedAt, &a.By, &a.ReopenCount,
	}, more...)...)
	if r.number != nil {
		a.Subject = &s
	}
	if json.Unmarshal([]byte(sources), &a.Sources) != nil || len(a.Sources) == 0 { // of damaged ones nobody is in reach
		a.Sources = nil
	}
	return &r, err
}

func (r *alertRow) values(args []any) []any {
	var s domain.Subject
	var number any
	if r.Subject != nil {
		s, number = *r.Subject, *r.number
	}
	return append(args, r.ID, string(r.Rule), string(r.Severity), number, string(s.Provider), string(s.Kind), s.ID, r.Source, listOf(r.Sources),
		r.Named.CompanyID, r.Named.Reference, r.Named.Recipient, r.Named.Metadata, string(r.Region), r.State, r.Event,
		int64(r.Since), int64(r.At), int64(r.RaisedAt), r.Detail, string(r.Status), nullable(r.Until), oneIf(r.UntilMoves),
		int64(r.UpdatedAt), nullable(r.EndedAt), r.By, r.ReopenCount)
}

func oneIf(is bool) int64 {
	if is {
		return 1
	}
	return 0
}

// reachedBy are the sources all of which whoever may see an alert must reach: of one about ourselves there are none.
func reachedBy(a *domain.Alert) []string {
	if a.Subject == nil && a.Source != "" {
		return []string{a.Source}
	}
	sources := slices.Sorted(slices.Values(a.Sources))
	return slices.Compact(sources)
}

// alerts reads rows of alertColumns.
func (c conn) alerts(query string, args ...any) (found []*alertRow, err error) {
	err = c.each(func(rows *sql.Rows) error {
		r, err := scanAlert(rows)
		found = append(found, r)
		return err
	}, "SELECT "+alertColumns+" FROM "+query, args...)
	return found, err
}
