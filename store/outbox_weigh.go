package store

import (
	"cmp"
	"database/sql"
	"maps"
	"slices"
	"strings"

	"giftline/domain"
)

// formerly is what a channel was told of an alert, and is going to be.
type formerly struct {
	group   string
	told    domain.StepKind       // the last step that a notification tells; empty for none
	waits   domain.StepKind       // the step that waits for one; empty for none. There is at most one
	waiting int64                 // its item
	why     domain.SuppressReason // the last step was not told
}

// begins reports whether a step tells that something holds, and not that it is over.
func begins(s domain.StepKind) bool {
	return s == domain.StepOpened || s == domain.StepReopened || s == domain.StepWoke
}

// items gives what is written of a step, and which items that wait for their group it makes void.
func (t *telling) items(routes domain.Routes, known map[string]formerly, disabled map[string]bool) (items []item, over []int64) {
	byChannel := map[string]*domain.Route{}
	for _, r := range routes.For(t.alert) {
		byChannel[r.Channel] = r
	}
	channels := keysOf(byChannel)
	if !begins(t.step.Kind) { // of the end hears who heard of the beginning, whatever the routes say by now
		channels = keysOf(known)
	}
	for _, channel := range channels {
		k, route := known[channel], byChannel[channel]
		made := item{channel: channel, group: k.group, alert: t.alert.ID, step: t.step.Kind, at: t.step.At, sources: reachedBy(t.alert), route: route}
		if begins(t.step.Kind) {
			made.group = route.GroupOf(t.alert)
		}
		told, void := k.weigh(&made)
		if void {
			over = append(over, k.waiting)
		}
		if !told {
			continue
		}
		if made.suppressed == "" {
			made.suppressed = t.suppressed(disabled[channel])
		}
		items = append(items, made)
	}
	return items, over
}

// suppressed says why a step is not told that otherwise would be.
func (t *telling) suppressed(disabled bool) domain.SuppressReason {
	switch {
	case t.old && begins(t.step.Kind):
		return domain.SuppressOld
	case disabled:
		return domain.SuppressDisabled
	case t.alert.Status == domain.AlertSnoozed:
		return domain.SuppressSnoozed
	}
	return ""
}

// weigh says whether a further step is written, by what the channel knows already, and whether it makes the one void that
// waits: what begins and ends between two messages is told in neither.
func (f formerly) weigh(next *item) (written, void bool) {
	isOpen := begins(f.told)
	if begins(next.step) {
		switch {
		case f.waits == "":
			return true, false
		case begins(f.waits):
			return false, false
		}
		next.suppressed = domain.SuppressOver // its end was to be told
		return true, true
	}
	switch {
	case begins(f.waits) && isOpen: // a reminder that is not needed any more
		return true, true
	case begins(f.waits):
		next.suppressed = domain.SuppressOver
		return true, true
	case f.waits != "":
		return false, false
	case isOpen:
		return true, false
	}
	next.suppressed = f.why
	return f.why != "" && f.told == "", false
}

// toldOf reads what channels know of the alerts, by alert and channel, and keeps others from telling it meanwhile. Nobody
// knows of an alert that was just opened.
func (c conn) toldOf(all []telling) (map[string]map[string]formerly, error) {
	known := map[string]map[string]formerly{}
	var alerts []string
	for i := range all {
		if all[i].step.Kind != domain.StepOpened {
			alerts = append(alerts, all[i].alert.ID)
		}
	}
	const query = "SELECT id, alert, channel, grp, step, suppressed, notification IS NOT NULL FROM items WHERE alert <> '' AND "
	err := c.inText("alert", alerts, func(where string, args []any) error {
		return c.each(func(rows *sql.Rows) error {
			var id int64
			var i item
			var told bool
			if err := rows.Scan(&id, &i.alert, &i.channel, &i.group, &i.step, &i.suppressed, &told); err != nil {
				return err
			}
			if known[i.alert] == nil {
				known[i.alert] = map[string]formerly{}
			}
			known[i.alert][i.channel] = known[i.alert][i.channel].with(id, &i, told)
			return nil
		}, query+where+" ORDER BY id"+c.d.lockRows, args...)
	})
	return known, err
}

// with adds the next item that a channel has of the same alert.
func (f formerly) with(id int64, i *item, told bool) formerly {
	switch {
	case i.suppressed == domain.SuppressOver || i.suppressed == domain.SuppressAcknowledged: // nobody misses it
	case i.suppressed != "":
		f.group, f.why = cmp.Or(f.group, i.group), i.suppressed
	case told:
		f.group, f.told, f.why = i.group, i.step, ""
	default:
		f.group, f.waits, f.waiting = i.group, i.step, id
	}
	return f
}

// inText asks for keys in portions, each a condition that column is one of them.
func (c conn) inText(column string, keys []string, ask func(where string, args []any) error) error {
	for part := range slices.Chunk(keys, chunk) {
		args := make([]any, len(part))
		for i, k := range part {
			args[i] = k
		}
		args = padded(args, 1)
		if err := ask(column+" IN (?"+strings.Repeat(", ?", len(args)-1)+")", args); err != nil {
			return err
		}
	}
	return nil
}

func keysOf[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
