package store

import (
	"context"
	"testing"

	"gorm.io/gorm"

	"giftline/domain"
)

// ChangeAlerts keeps changes of alerts as a lap does, in one transaction.
func ChangeAlerts(t testing.TB, s domain.Store, now domain.Instant, changes ...domain.AlertChange) {
	t.Helper()
	own := s.(*Store)
	err := own.alter(context.Background(), func(c conn) error { return c.changeAlerts(own.alerting, changes, now) })
	if err != nil {
		t.Fatal(err)
	}
}

// KnownAlerts reads what a lap knows of subjects.
func KnownAlerts(t testing.TB, s domain.Store, subjects ...domain.Subject) (known []domain.Alert) {
	t.Helper()
	inside(t, s, func(c conn) error {
		var numbers []int64
		for _, subject := range subjects {
			row, _, err := findSubject(c.tx, subject)
			if err != nil {
				return err
			}
			numbers = append(numbers, row.ID)
		}
		all, err := c.alertsOf(numbers)
		for _, n := range numbers {
			known = append(known, all[n]...)
		}
		return err
	})
	return known
}

// BlindAt reads what a lap knows of outages.
func BlindAt(t testing.TB, s domain.Store, now domain.Instant) (b domain.Blind) {
	t.Helper()
	inside(t, s, func(c conn) (err error) {
		b, err = c.blind(now)
		return err
	})
	return b
}

// Relisted lists the subjects that wait for a lap.
func Relisted(t testing.TB, s domain.Store) (all []string) {
	t.Helper()
	inside(t, s, func(c conn) error {
		return c.tx.Raw("SELECT DISTINCT s.subject_id FROM relist r JOIN subjects s ON s.id = r.subject ORDER BY 1").Scan(&all).Error
	})
	return all
}

func inside(t testing.TB, s domain.Store, do func(conn) error) {
	t.Helper()
	own := s.(*Store)
	if err := own.read(context.Background(), func(tx *gorm.DB) error { return do(conn{tx, own.dialect}) }); err != nil {
		t.Fatal(err)
	}
}
