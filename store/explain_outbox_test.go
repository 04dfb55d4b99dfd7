package store

import (
	"strings"
	"testing"
)

// What is told is found by indexes, however much was told before.
func TestPlans_outbox(t *testing.T) {
	s := openTest(t)
	for query, index := range map[string]string{
		"UPDATE items SET notification = 'x' WHERE " + waits + " AND " + ofGroup:                                           "items_waiting",
		"SELECT id FROM notifications WHERE status = 'pending' AND " + ofGroup + " ORDER BY id LIMIT 1":                    "notifications_pending",
		"SELECT id FROM items WHERE alert <> '' AND alert IN (1, 2) ORDER BY id":                                           "items_alert",
		"SELECT 1 FROM alerts WHERE status = 'open' AND " + heardOf:                                                        "alerts_live",
		"SELECT 1 FROM alerts WHERE id = 'alt_1' AND status = 'open' AND " + heardOf:                                       "items_alert",
		"SELECT 1 FROM items WHERE alert <> '' AND alert = 1 AND channel = 1 AND grp = 1":                                  "items_alert",
		"SELECT step, count(*) FROM items WHERE notification = 'x' GROUP BY step":                                          "items_notification",
		"SELECT id FROM items WHERE suppressed <> '' AND id < 5 ORDER BY id DESC LIMIT 2":                                  "items_suppressed",
		"SELECT id, created_at FROM notifications WHERE status = 'sent' ORDER BY id LIMIT 1":                               "notifications_status",
		"SELECT id, at FROM items WHERE suppressed <> '' ORDER BY id LIMIT 5":                                              "items_suppressed",
		"SELECT last_at FROM told WHERE grp IN ('a', 'b') AND channel IN ('a', 'b')":                                       "PRIMARY KEY",
		"SELECT i.id FROM items i WHERE i.notification = 'x' AND NOT EXISTS (SELECT 1 FROM alerts a WHERE a.id = i.alert)": "items_notification",
	} {
		steps := plan(t, s, literally(query))
		if !strings.Contains(steps[0], index) {
			t.Errorf("%s\n\t%q, want %s", query, steps, index)
		}
		for _, step := range steps {
			if strings.HasPrefix(step, "SCAN") && !strings.Contains(step, "INDEX") {
				t.Errorf("%s\n\t%s", query, step)
			}
		}
	}
}
