package store

import (
	"giftline/domain"
)

// endedKnown is how many of a subject's ended alerts are looked at, the last ones: some have hundreds. One that ended
// before them and is raised again is found by its id.
const endedKnown = "16"

// liveAlerts and endedAlerts are those of subjects that are given behind them. The second looks first, in nothing but the
// index, where the last ones of each subject begin.
const (
	liveAlerts  = "alerts WHERE ended_at IS NULL AND "
	endedAlerts = `(SELECT id AS number, coalesce((SELECT ended_at FROM alerts WHERE alerts.subject = subjects.id AND ended_at IS NOT NULL
		ORDER BY ended_at DESC LIMIT 1 OFFSET ` + endedKnown + ` - 1), 0) AS earliest FROM subjects WHERE `
	lastEnded = ") ended CROSS JOIN alerts WHERE subject = number AND ended_at >= earliest ORDER BY ended_at DESC, id"
)

// about reads the alerts about sources and ourselves.
const about = "alerts WHERE subject IS NULL AND rule = ? AND "

// alertsOf reads the alerts of subjects by their numbers: the live ones, and for each rule, region, state and event the
// last one that has ended.
func (c conn) alertsOf(subjects []int64) (map[int64][]domain.Alert, error) {
	found := map[int64][]domain.Alert{}
	err := c.chunked("subject", subjects, func(where string, args []any) error {
		rows, err := c.alerts(liveAlerts+where, args...)
		for _, r := range rows {
			found[*r.number] = append(found[*r.number], r.Alert)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	seen := map[episode]bool{}
	err = c.chunked("id", subjects, func(where string, args []any) error {
		rows, err := c.alerts(endedAlerts+where+lastEnded, args...)
		for _, r := range rows {
			if key := r.episode(); !seen[key] {
				seen[key] = true
				found[*r.number] = append(found[*r.number], r.Alert)
			}
		}
		return err
	})
	return found, err
}

// episode is what the alerts about one thing have in common.
type episode struct {
	subject int64
	rule    domain.Rule
	region  domain.Region
	state   string
	event   string
}

func (r *alertRow) episode() episode {
	return episode{*r.number, r.Rule, r.Region, r.State, r.Event}
}

// standing reads the alerts about sources and ourselves: the live ones of some rules, and the last one that ended of what
// stands now.
func (c conn) standing(rules []domain.Rule, now []domain.Trouble) (known []domain.Alert, err error) {
	add := func(query string, args ...any) error {
		rows, err := c.alerts(about+query, args...)
		for _, r := range rows {
			known = append(known, r.Alert)
		}
		return err
	}
	for _, rule := range rules {
		if err := add("ended_at IS NULL ORDER BY id", string(rule)); err != nil {
			return nil, err
		}
	}
	for i := range now {
		err := add("source = ? AND ended_at IS NOT NULL ORDER BY ended_at DESC, id LIMIT 1", string(now[i].Rule), now[i].Source)
		if err != nil {
			return nil, err
		}
	}
	return known, nil
}
