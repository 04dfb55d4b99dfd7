package store

import (
	"context"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"gorm.io/gorm"

	"giftline/domain"
)

// fakeMachine has a start and nothing else: reads ask for no more.
type fakeMachine struct {
	domain.Machine
	start domain.State
}

func (m fakeMachine) Start() domain.State { return m.start }

func (m fakeMachine) Regions() []domain.Region { return nil }

// fakeMachines knows gifts, which have a delivery, and contacts, which have none.
type fakeMachines struct{ domain.Machines }

func (fakeMachines) For(_ domain.Provider, k domain.Kind) (domain.Machine, bool) {
	switch k {
	case domain.Gift:
		return fakeMachine{start: domain.State{Status: domain.New, Delivery: domain.New}}, true
	case domain.Contact:
		return fakeMachine{start: domain.State{Status: domain.New}}, true
	}
	return nil, false
}

// monday is when tests happen.
var monday = domain.InstantOf(time.Date(2026, 11, 16, 9, 0, 0, 0, time.UTC))

func testOptions() Options {
	return Options{Machines: fakeMachines{}, Now: func() time.Time { return monday.Time() }}
}

func openTest(t *testing.T) *Store {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "giftline.db"))
}

func openAt(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, testOptions())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// insert writes rows as they are, past the write path.
func insert[R any](t *testing.T, s *Store, rows ...R) {
	t.Helper()
	err := s.write(context.Background(), func(tx *gorm.DB) error { return tx.Create(&rows).Error })
	if err != nil {
		t.Fatal(err)
	}
}

func gift(id string) domain.Subject {
	return domain.Subject{Provider: domain.Snappy, Kind: domain.Gift, ID: id}
}

// addSubject gives the row of a gift with no facts.
func addSubject(t *testing.T, s *Store, number int64, subject domain.Subject) {
	t.Helper()
	row := subjectRowOf(domain.Current{Subject: subject, Source: "snappy", State: domain.State{Status: "opened", Delivery: domain.New}})
	row.ID = number
	insert(t, s, row)
}

// event is a legal one at a minute past nine, known a minute later.
func event(subject domain.Subject, minute, rank int, target string) domain.Recorded {
	at := monday + domain.Instant(minute)*60_000_000
	return domain.Recorded{
		Event: domain.Event{
			Subject: subject, At: at, AtText: at.String(), Quality: domain.TimeExact, Rank: rank, Type: "gift-status-changed",
			Region: domain.Status, Target: target, Facts: domain.ClaimedType, Flags: domain.CancelReason,
			Attributes:  domain.Attributes{CompanyID: "com_1", Metadata: `{"a":1}`},
			Fingerprint: domain.FingerprintOf("test/1", subject, target, fmt.Sprint(minute, rank)), Meaning: domain.Meaning{1, 2, 3},
		},
		Outcome: domain.Outcome{
			Verdict: domain.Moved, Flags: domain.CancelReason | domain.OrderUnknown,
			After: domain.State{Status: target, Delivery: domain.New, Phase: domain.Waiting, Permanent: rank%2 == 0},
		},
		Joined: at + 60_000_000, Source: "snappy", Body: int64(minute),
		Received: domain.Received{At: at + 60_000_000, Late: true, Seen: 2, LastAt: at + 120_000_000, DeliveryIDs: []string{"wh_1", "wh_2"}},
	}
}

func addEvents(t *testing.T, s *Store, number int64, events ...domain.Recorded) {
	t.Helper()
	rows := make([]eventRow, len(events))
	for i := range events {
		rows[i] = eventRowOf(number, &events[i])
	}
	insert(t, s, rows...)
}

func bodyRowOf(id int64, body string) bodyRow {
	sum := sha256.Sum256([]byte(body))
	return bodyRow{ID: id, SHA256: sum[:], Body: blob(body)}
}

func wantCode(t *testing.T, err error, code domain.Code) {
	t.Helper()
	if domain.CodeOf(err) != code {
		t.Fatalf("error %q has code %q, want %q", err, domain.CodeOf(err), code)
	}
}
