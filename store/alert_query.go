package store

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"slices"
	"strings"

	"giftline/domain"
)

// conditions narrow a query down.
type conditions struct {
	all  []string
	args []any
}

func (w *conditions) add(text string, args ...any) {
	w.all = append(w.all, text)
	w.args = append(w.args, args...)
}

func (w *conditions) text() string {
	if len(w.all) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.all, " AND ")
}

// in keeps rows with one of the values, if there are any. Texts that no row can hold are left out: PostgreSQL would refuse
// them.
func in[T ~string](w *conditions, column string, values []T) {
	if len(values) == 0 {
		return
	}
	var texts []string
	for _, v := range values {
		if isPlain(string(v), maxText) {
			texts = append(texts, string(v))
		}
	}
	if len(texts) == 0 {
		w.add("1 = 0")
		return
	}
	w.add(column+" IN ?", texts)
}

// maxText is what an indexed text holds at most.
const maxText = 512

func (w *conditions) span(column string, s domain.Span) {
	for _, end := range []struct {
		than string
		at   *domain.Instant
	}{{">=", s.From}, {">", s.After}, {"<=", s.Until}, {"<", s.Before}} {
		if end.at != nil {
			w.add(column+" "+end.than+" ?", int64(*end.at))
		}
	}
}

// whereAlerts chooses alerts that the context reaches.
func (c conn) whereAlerts(q domain.AlertQuery) (*conditions, error) {
	w := &conditions{}
	in(w, "id", q.IDs)
	in(w, "rule", q.Rules)
	in(w, "severity", q.Severities)
	in(w, "status", q.Statuses)
	in(w, "provider", q.Providers)
	in(w, "kind", q.Kinds)
	in(w, "source", q.Sources)
	in(w, "company_id", q.CompanyIDs)
	w.span("at", q.At)
	w.span("updated_at", q.Updated)
	if len(q.Statuses) > 0 && !slices.ContainsFunc(q.Statuses, func(s domain.AlertStatus) bool { return !s.Live() }) {
		w.add(live)
	}
	c.withinAlerts(w)
	if q.Subject == nil {
		return w, nil
	}
	row, ok, err := findSubject(c.tx, *q.Subject)
	if !ok {
		w.add("1 = 0")
		return w, err
	}
	w.add("subject = ?", row.ID)
	return w, err
}

// withinAlerts keeps those that a limited context reaches: it reaches all their sources, and there are some.
func (c conn) withinAlerts(w *conditions) {
	own, limited := domain.ReachOf(c.tx.Statement.Context)
	switch {
	case !limited:
	case len(own) == 0: // of nothing, everything would be out of reach, and of no sources nothing
		w.add("1 = 0")
	default:
		w.add("sources <> '[]' AND NOT EXISTS (SELECT 1 FROM "+c.d.elements+" WHERE told.value NOT IN ?)", own)
	}
}

// alertCursor is a place in one list of alerts.
type alertCursor struct {
	query   [8]byte
	updated domain.Instant
	id      string
}

// String is opaque to those who pass it back.
func (c *alertCursor) String() string {
	b := binary.BigEndian.AppendUint64(c.query[:], uint64(c.updated))
	return base64.RawURLEncoding.EncodeToString(append(b, c.id...))
}

// parseAlertCursor gives nil for the first page. Errors: CodeInvalid for the cursor of another list.
func parseAlertCursor(text string, query [8]byte) (*alertCursor, error) {
	if text == "" {
		return nil, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) < 16 || [8]byte(b) != query || !isPlain(string(b[16:]), maxText) {
		return nil, errCursor
	}
	return &alertCursor{query, domain.Instant(binary.BigEndian.Uint64(b[8:])), string(b[16:])}, nil
}

// alertHash tells lists of alerts apart, whatever page of them is asked for.
func alertHash(q domain.AlertQuery) [8]byte {
	q.Cursor, q.Limit = "", 0
	b, _ := json.Marshal(q) // texts, numbers and lists of them cannot fail
	sum := sha256.Sum256(b)
	return [8]byte(sum[:])
}
