package api

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"giftline/domain"
)

// What is stuck since alerting began is told, and a message that was given up can be tried again under its id.
func TestNotifications(t *testing.T) {
	t.Parallel()
	w := stuckWorld(t, "g1", "g2")
	w.tryAll()
	list := w.get("/notifications")
	for path, want := range map[string]any{
		"notifications.0.channel": "ops", "notifications.0.kind": "alerts", "notifications.0.status": "dead", "notifications.0.counts.opened": 2,
		"notifications.0.attempts": 1, "notifications.0.last_error": "the receiver answered 503", "notifications.0.reason": nil, "notifications.1": nil,
	} {
		wantAt(t, list, path, want)
	}
	id := at(list, "notifications.0.id").(string)
	one := w.get("/notifications/" + id)
	wantAt(t, one, "items.0.step", "opened")
	wantAt(t, one, "items.1.alert.rule", "stuck")
	wantAt(t, one, "transition", nil)
	for query, want := range map[string]any{
		"alert=" + w.alertOf("g1"): id, "status=dead": id, "status=sent": nil, "channel=ops": id, "channel=none": nil, "alert=alt_nobody": nil,
	} {
		wantAt(t, w.get("/notifications?"+query), "notifications.0.id", want)
	}
	for range 2 { // asking twice is no mistake
		again := w.act("/notifications/"+id+"/resend", ``)
		wantAt(t, again, "id", id)
		wantAt(t, again, "status", "pending")
	}
	now := domain.InstantOf(w.time())
	if _, _, err := w.disk.KeepTry(t.Context(), id, domain.Tried{At: now, Status: domain.NotificationSent}); err != nil {
		t.Fatal(err)
	}
	wantProblem(t, w.do(http.MethodPost, "/notifications/"+id+"/resend", ``), 422, "invalid")
	wantProblem(t, w.do(http.MethodGet, "/notifications/ntf_nobody", ``), 404, "not_found")
	wantProblem(t, w.do(http.MethodGet, "/notifications?channel=%00", ``), 422, "invalid")
}

func TestChannels(t *testing.T) {
	t.Parallel()
	var fails error
	w := newWorld(t, func(c *Config) {
		c.Channels = append(c.Channels, Channel{"pager", "pagerduty"})
		c.TestChannel = func(_ context.Context, name string) error {
			if name != "pager" {
				t.Errorf("%s is told", name)
			}
			return fails
		}
	})
	for _, gone := range []string{"ops", "old"} {
		if err := w.disk.Disable(t.Context(), gone, "the receiver answered 410", domain.InstantOf(w.time())); err != nil {
			t.Fatal(err)
		}
	}
	list := w.get("/channels")
	for path, want := range map[string]any{
		"channels.0.name": "ops", "channels.0.kind": "log", "channels.0.status": "disabled", "channels.0.reason": "the receiver answered 410",
		"channels.1.name": "pager", "channels.1.status": "fine", "channels.1.sent": 0,
		"channels.2.name": "old", "channels.2.kind": nil, "channels.2.status": "not_configured", "channels.3": nil,
	} {
		wantAt(t, list, path, want)
	}
	wantAt(t, w.act("/channels/ops/enable", ``), "status", "fine")
	wantAt(t, w.act("/channels/pager/test", ``), "sent", true)
	fails = errors.New("the receiver answered 503")
	failed := w.act("/channels/pager/test", ``)
	wantAt(t, failed, "sent", false)
	wantAt(t, failed, "error", "the receiver answered 503")
	for _, target := range []string{"/channels/nobody/test", "/channels/old/test", "/channels/old/enable"} {
		wantProblem(t, w.do(http.MethodPost, target, ``), 404, "not_found")
	}
}
