package store

import (
	"database/sql"
	"encoding/json"
	"slices"

	"giftline/domain"
)

// telling is a step of an alert that people may be told.
type telling struct {
	alert *domain.Alert
	step  domain.AlertStep
	old   bool // what it speaks of held before alerts were there
}

// item is a row to write: a step of an alert, or a move, for one channel.
type item struct {
	channel    string
	group      string
	alert      string // empty for a move
	step       domain.StepKind
	at         domain.Instant
	sources    []string
	move       string
	suppressed domain.SuppressReason
	route      *domain.Route // by which it is due; nil: at once
}

var itemInsert = newInsertion("items", "channel, grp, alert, step, at, sources, move, suppressed", "")

func (i *item) values(args []any) []any {
	return append(args, i.channel, i.group, i.alert, string(i.step), int64(i.at), listOf(i.sources), i.move, string(i.suppressed))
}

// tellAll puts steps of alerts into the outbox, for every route that takes them, and plans the telling: in the transaction
// that makes the steps.
func (c conn) tellAll(routes domain.Routes, all []telling) error {
	all = slices.DeleteFunc(slices.Clone(all), func(t telling) bool { return !t.step.Kind.Told() })
	if len(routes) == 0 || len(all) == 0 {
		return nil
	}
	disabled, err := c.disabled()
	if err != nil {
		return err
	}
	for len(all) > 0 {
		var now []telling
		now, all = firstOfEach(all)
		if err := c.tell(routes, now, disabled); err != nil {
			return err
		}
	}
	return nil
}

// firstOfEach takes the first step of each alert, for the next one depends on what became of it.
func firstOfEach(all []telling) (first, rest []telling) {
	met := map[string]bool{}
	for _, t := range all {
		if met[t.alert.ID] {
			rest = append(rest, t)
			continue
		}
		met[t.alert.ID] = true
		first = append(first, t)
	}
	return first, rest
}

// tell tells of steps of different alerts.
func (c conn) tell(routes domain.Routes, all []telling, disabled map[string]bool) error {
	known, err := c.toldOf(all)
	if err != nil {
		return err
	}
	var items []item
	var over []int64
	for i := range all {
		made, ended := all[i].items(routes, known[all[i].alert.ID], disabled)
		items, over = append(items, made...), append(over, ended...)
	}
	if err := c.suppress(over, domain.SuppressOver); err != nil {
		return err
	}
	return c.putItems(items)
}

// tellMoves puts moves into the outbox, each as a group of its own that is due at once.
func (c conn) tellMoves(routes domain.Routes, moves []domain.Move, now domain.Instant) error {
	if len(routes) == 0 || len(moves) == 0 {
		return nil
	}
	disabled, err := c.disabled()
	if err != nil {
		return err
	}
	var items []item
	for i := range moves {
		m := &moves[i]
		text, err := json.Marshal(m)
		sources := slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(m.Sources), m.Source))))
		if err != nil {
			return err
		}
		for _, r := range routes.ForMove(m.Subject, m.Source, m.Named.CompanyID) {
			made := item{channel: r.Channel, group: "move/" + m.EventID + "/" + string(m.Verdict), at: now, sources: sources, move: string(text)}
			if disabled[r.Channel] {
				made.suppressed = domain.SuppressDisabled
			}
			items = append(items, made)
		}
	}
	return c.putItems(items)
}

// putItems writes items and plans the telling of those that will be told. Work comes last: whoever sends it takes no
// items while it holds that.
func (c conn) putItems(items []item) error {
	if err := c.put(itemInsert, len(items), func(i int, args []any) []any { return items[i].values(args) }); err != nil {
		return err
	}
	waiting := slices.DeleteFunc(items, func(i item) bool { return i.suppressed != "" })
	last, err := c.lastTold(waiting)
	if err != nil {
		return err
	}
	due := map[workKey]domain.Instant{}
	for i := range waiting {
		w := &waiting[i]
		key := workKey{domain.WorkNotify(w.channel), w.group}
		at := w.at
		if w.route != nil {
			at = w.route.DueAt(w.at, last[key])
		}
		if first, ok := due[key]; !ok || at < first {
			due[key] = at
		}
	}
	return c.planAll(due)
}

// disabled gives the channels that must not be told.
func (c conn) disabled() (map[string]bool, error) {
	all := map[string]bool{}
	err := c.each(func(rows *sql.Rows) error {
		var channel string
		err := rows.Scan(&channel)
		all[channel] = true
		return err
	}, "SELECT channel FROM channels WHERE disabled_at IS NOT NULL")
	return all, err
}

// suppress takes items that wait off what is told.
func (c conn) suppress(items []int64, why domain.SuppressReason) error {
	return c.chunked("id", items, func(where string, args []any) error {
		return c.exec("UPDATE items SET suppressed = '"+string(why)+"' WHERE notification IS NULL AND "+where, args...)
	})
}

// lastTold tells when the groups of items were told last.
func (c conn) lastTold(items []item) (map[workKey]domain.Instant, error) {
	last := map[workKey]domain.Instant{}
	channels, groups := map[string]bool{}, map[string]bool{}
	for i := range items {
		if items[i].route != nil {
			channels[items[i].channel], groups[items[i].group] = true, true
		}
	}
	err := c.inText("grp", keysOf(groups), func(where string, args []any) error {
		return c.inText("channel", keysOf(channels), func(and string, more []any) error {
			return c.each(func(rows *sql.Rows) error {
				var channel, group string
				var at domain.Instant
				err := rows.Scan(&channel, &group, &at)
				last[workKey{domain.WorkNotify(channel), group}] = at
				return err
			}, "SELECT channel, grp, last_at FROM told WHERE "+where+" AND "+and, slices.Concat(args, more)...)
		})
	})
	return last, err
}
