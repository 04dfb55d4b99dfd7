package api

import (
	"context"
	"time"

	"giftline/domain"
)

// look has every deadline looked at that has passed.
func (w *world) look() {
	w.t.Helper()
	if err := w.disk.FollowAll(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

// tryAll has the channel ops try everything that waits for it, to no avail, and gives up.
func (w *world) tryAll() {
	w.t.Helper()
	ctx, now := context.Background(), domain.InstantOf(w.time())
	groups, err := w.disk.Claim(ctx, domain.WorkNotify("ops"), now+domain.InstantOfDuration(time.Hour), domain.Lease, 100)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, g := range groups {
		n, err := w.disk.Compose(ctx, "ops", g.Key, now, false, 100)
		if err == nil && n != nil {
			_, _, err = w.disk.KeepTry(ctx, n.ID, domain.Tried{At: now, Status: domain.NotificationDead, Error: "the receiver answered 503"})
		}
		if err != nil {
			w.t.Fatal(err)
		}
	}
}

// alarmTenants has each tenant hear of something of its own: subjects that are stuck or expire, and sources that are quiet.
func (w *world) alarmTenants(which ...string) {
	w.t.Helper()
	ctx, now := context.Background(), domain.InstantOf(w.time())
	var silent []domain.Silence
	var troubles []domain.Trouble
	soon := now + domain.InstantOfDuration(24*time.Hour)
	for _, tenant := range which {
		since := now - domain.InstantOfDuration(time.Hour)
		silent = append(silent, domain.Silence{Source: "snappy-" + tenant, Since: since})
		troubles = append(troubles, domain.Trouble{Rule: domain.RuleQuiet, Source: "snappy-" + tenant, Since: since, Detail: "nothing of " + tenant})
		w.deliver(tenant, toldBy{"snappy-TENANT", snappyBody(8, "gift-status-changed", `"giftId":"waits-TENANT","status":"opened"`), ""})
		gift := domain.Subject{Provider: domain.Snappy, Kind: domain.Gift, ID: "waits-" + tenant}
		if err := w.disk.SetLabels(ctx, gift, domain.Labels{ExpiresAt: &soon, UpdatedAt: now, By: "test"}); err != nil {
			w.t.Fatal(err)
		}
	}
	w.look()
	if err := w.disk.Pulse(ctx, now, silent); err != nil {
		w.t.Fatal(err)
	}
	if err := w.disk.Raise(ctx, []domain.Rule{domain.RuleQuiet}, troubles, now); err != nil {
		w.t.Fatal(err)
	}
	w.tryAll()
}
