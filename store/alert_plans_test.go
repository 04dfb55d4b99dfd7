package store

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"giftline/domain"
)

// What laps ask of alerts, and the lists that people look at most, go by an index and sort nothing that grows.
func TestPlans_alerts(t *testing.T) {
	s := openTest(t)
	for _, one := range []struct{ query, by string }{
		{liveAlerts + "subject IN (1, 2)", "alerts_subject"},
		{endedAlerts + "id IN (1, 2)" + lastEnded, "alerts_subject"},
		{about + "ended_at IS NULL ORDER BY id", "alerts_standing"},
		{about + "source = 'a' AND ended_at IS NOT NULL ORDER BY ended_at DESC, id LIMIT 1", "alerts_standing"},
		{"alerts ORDER BY updated_at DESC, id DESC LIMIT 5", "alerts_updated"},
		{"alerts WHERE (updated_at, id) < (1, 'a') ORDER BY updated_at DESC, id DESC LIMIT 5", "alerts_updated"},
		{"alerts WHERE status IN ('open') AND " + live + " ORDER BY updated_at DESC, id DESC LIMIT 5", "alerts_live"},
	} {
		steps := strings.Join(plan(t, s, "SELECT "+alertColumns+" FROM "+literally(one.query)), "\n\t")
		scans := strings.Contains(steps, "SCAN alerts") && !strings.Contains(one.query, "LIMIT 5")
		if !strings.Contains(steps, one.by) || scans || strings.Contains(steps, "TEMP B-TREE") && strings.Contains(one.query, "LIMIT 5") {
			t.Errorf("%s\n\t%s", one.query, steps)
		}
	}
}

// A lap that raises 500 alerts runs as few statements as one that raises a few.
func BenchmarkChangeAlerts(b *testing.B) {
	s, err := Open(b.Context(), b.TempDir()+"/giftline.db", testOptions())
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	const each = 500
	for i := range each {
		d := domain.Subject{Provider: domain.Snappy, Kind: domain.Gift, ID: fmt.Sprint(i)}.Digest()
		err := s.writer.Exec("INSERT INTO subjects ("+subjectColumns+") VALUES (?, ?, 'snappy', 'gift', ?, '', 'new', 'new', '', 0, NULL, NULL, 0, 0, '', '', '', '', '', '', x'', 1, 0, 1, '')",
			i+1, d[:], fmt.Sprint(i)).Error
		if err != nil {
			b.Fatal(err)
		}
	}
	numbers := make([]int64, each)
	for n := 0; b.Loop(); n++ {
		changes := make([]domain.AlertChange, each)
		for i := range changes {
			numbers[i] = int64(i + 1)
			subject := domain.Subject{Provider: domain.Snappy, Kind: domain.Gift, ID: fmt.Sprint(i)}
			a := domain.Alert{Rule: domain.RuleStuck, Subject: &subject, Source: "snappy", Sources: []string{"snappy"}}
			a.ID = domain.AlertID(&subject, "", domain.Alarm{Since: domain.Instant(n)})
			changes[i] = domain.AlertChange{Alert: a, Step: &domain.AlertStep{Kind: domain.StepOpened, At: monday}}
		}
		ChangeAlerts(b, s, monday, changes...)
		began := time.Now()
		inside(b, s, func(c conn) error {
			_, err := c.alertsOf(numbers)
			return err
		})
		b.ReportMetric(float64(time.Since(began).Microseconds()), "µs/read")
		for i := range changes {
			changes[i].Step = &domain.AlertStep{Kind: domain.StepResolved, At: monday + domain.Instant(n)}
		}
		ChangeAlerts(b, s, monday, changes...)
	}
}
