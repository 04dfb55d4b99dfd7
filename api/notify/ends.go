package notify

import (
	"context"
	"maps"

	"giftline/domain"
)

// beginnings is a channel that is not told of ends.
type beginnings struct{ domain.Notifier }

// Notify tells what is left without the ends; nothing, where that was all.
func (b beginnings) Notify(ctx context.Context, n domain.Notification) error {
	if n.Kind != domain.KindAlerts {
		return b.Notifier.Notify(ctx, n)
	}
	n.Counts = maps.Clone(n.Counts)
	maps.DeleteFunc(n.Counts, func(s domain.StepKind, _ int64) bool { return isEnd(s) })
	var items []domain.NotificationItem
	for _, item := range n.Items {
		if !isEnd(item.Step) {
			items = append(items, item)
		}
	}
	n.Items = items
	if live, _ := countsOf(n); live == 0 {
		return nil
	}
	return b.Notifier.Notify(ctx, n)
}

func isEnd(s domain.StepKind) bool { return s == domain.StepResolved || s == domain.StepWithdrawn }

// countsOf says of how many alerts a notification tells, apart from ends and the ends.
func countsOf(n domain.Notification) (live, ended int64) {
	for step, count := range n.Counts {
		if isEnd(step) {
			ended += count
		} else {
			live += count
		}
	}
	return live, ended
}
