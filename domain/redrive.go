package domain

import (
	"context"
	"encoding/hex"
)

// never is when work is due that was done once and for all, so that PlanOnce finds it known.
const never = Instant(4_102_444_800_000_000) // 2100-01-01

// RedriveKind is the work of reading parked deliveries again after an upgrade: a replica with other machines, or another
// build of the program, whose parsers may understand more, must not take it for done.
func RedriveKind(machines Machines, build string) string {
	parts := []string{build}
	for _, m := range machines.All() {
		parts = append(parts, m.Name(), m.Hash())
	}
	sum := HashParts(parts...)
	return "redrive/" + hex.EncodeToString(sum[:8])
}

// Redrive is a Worker's Do: it reads every unresolved and quarantined delivery again, and records those that this
// version understands. What a person must settle, and conflicts, stay. Work cut short begins anew, which is harmless.
func (t *Tracker) Redrive(ctx context.Context, _ Work) (again Instant, err error) {
	for _, result := range []Result{ResultUnresolved, ResultQuarantined} {
		if err := t.redriveList(ctx, result); err != nil {
			return 0, err
		}
	}
	return never, nil
}

func (t *Tracker) redriveList(ctx context.Context, result Result) error {
	for cursor, first := "", true; first || cursor != ""; first = false {
		page, next, err := t.Store.ParkedList(ctx, result, cursor, 0)
		if err != nil {
			return err
		}
		for i := range page {
			if err := t.redriveOne(ctx, page[i].ID); err != nil {
				return err
			}
		}
		cursor = next
	}
	return nil
}

// redriveOne leaves alone what still cannot join a timeline, what was resolved meanwhile, what is damaged or refused by
// the database, and what a still newer version has to do with.
func (t *Tracker) redriveOne(ctx context.Context, id string) error {
	parked, err := t.Store.ParkedDelivery(ctx, id)
	if err == nil && parked.Code != ParkContradiction && parked.Code != ParkRefused {
		if p := t.read(again(parked, Settlement{})); p.Parked == nil {
			_, err = t.Store.Resolve(ctx, id, p)
		}
	}
	switch CodeOf(err) {
	case CodeNotFound, CodeDamaged, CodeNewerMachine:
		return ctx.Err()
	}
	return err
}
