package storetest

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"giftline/domain"
)

// outboxReach: what is told of is shown as it is now, to whom all of it is in reach by now.
func (s Suite) outboxReach(t *testing.T) {
	p := s.newPost(t)
	subject := p.gift("gift")
	a, b := alarm(subject, domain.RuleStuck, epoch), alarm(subject, domain.RuleStuck, epoch+1)
	p.steps(a, domain.StepOpened)
	p.steps(b, domain.StepOpened)
	n := p.compose(stuckGroup, false)
	a.Sources = []string{"other", "snappy"} // another has told of its subject since
	p.Laps.Tell(t, p.store, p.routes, p.now, domain.AlertChange{Alert: a})
	for reach, want := range map[string]int{"snappy": 1, "snappy other": 2} {
		got, err := p.store.Notification(domain.Within(t.Context(), strings.Fields(reach)), n.ID)
		if err != nil || len(got.Items) != want || got.Items[len(got.Items)-1].Alert.ID != b.ID {
			t.Errorf("within %s: %+v, error %v, want %d", reach, got.Items, err, want)
		}
	}
	move := domain.Move{Subject: subject, Source: "snappy", Sources: []string{"other", "snappy"}, EventID: "evt_1", Verdict: domain.Moved}
	p.Laps.Move(t, p.store, domain.Routes{{Channel: "ops", Rules: []domain.Rule{domain.RuleTransition}}}, p.now, move)
	told := p.compose("move/evt_1/moved", false)
	if n, err := p.store.Notification(domain.Within(t.Context(), []string{"snappy"}), told.ID); domain.CodeOf(err) != domain.CodeNotFound {
		t.Errorf("a move from where another source has said that it was: %+v, error %v", n, err)
	}
}

// outboxMoves: every move is a message of its own, at once.
func (s Suite) outboxMoves(t *testing.T) {
	p := s.newPost(t, ops, domain.Route{Channel: "ops", Rules: []domain.Rule{domain.RuleTransition}, Wait: time.Hour})
	move := domain.Move{Subject: subjectOf(p.m, "gift"), Source: "snappy", EventID: "evt_1", Event: "gift-status-changed", Region: domain.Status,
		From: "unopened", To: "opened", Verdict: domain.Moved, Phase: domain.Waiting, At: epoch, Named: domain.Attributes{Reference: "<r>"}}
	corrected := move
	corrected.Verdict, corrected.Was = domain.Gap, domain.Moved
	p.Laps.Move(t, p.store, p.routes, p.now, move, corrected)
	p.want("due", p.due(), "0s")
	for _, m := range []domain.Move{move, corrected} {
		n := p.compose("move/evt_1/"+string(m.Verdict), false)
		if n == nil || n.Kind != domain.KindMove || n.Move == nil || bytesOf(*n.Move) != bytesOf(m) || len(n.Items)+len(n.Counts) > 0 {
			t.Errorf("told %s, want %s", bytesOf(n), bytesOf(m))
			continue
		}
		if more, open := p.keep(n, sent); more || open {
			t.Errorf("a move is told once: more %v, open %v", more, open)
		}
	}
	if err := p.store.Disable(t.Context(), "ops", "gone", p.now); err != nil {
		t.Fatal(err)
	}
	p.Laps.Move(t, p.store, p.routes, p.now, move)
	list := p.list(t.Context(), domain.NotificationQuery{Statuses: []domain.NotificationStatus{domain.NotificationSuppressed}})
	if len(list) != 1 || list[0].Kind != domain.KindMove || bytesOf(list[0].Move) != bytesOf(move) || list[0].Reason != domain.SuppressDisabled {
		t.Errorf("not told: %s", bytesOf(list))
	}
}

// outboxLists: notifications and what was not told are one list, the last one first, of what the context reaches.
func (s Suite) outboxLists(t *testing.T) {
	p := s.newPost(t)
	a, b := alarm(p.gift("a", "a"), domain.RuleStuck, epoch, "a"), alarm(p.gift("ab", "a", "b"), domain.RuleStuck, epoch, "a", "b")
	ours := domain.Alert{ID: "alt_ours", Rule: domain.RuleDown, Severity: domain.Critical, Since: epoch, At: epoch}
	var want []string
	for _, x := range []domain.Alert{a, b, ours} {
		p.steps(x, domain.StepOpened)
		group := domain.Routes{ops}.For(&x)[0].GroupOf(&x)
		n := p.compose(group, false)
		p.keep(n, sent)
		want = append(want, n.ID)
		p.steps(x, domain.StepResolved, domain.StepOpened) // told of neither
	}
	for _, c := range []struct {
		name  string
		ctx   context.Context
		q     domain.NotificationQuery
		sent  []string
		other int
	}{
		{"all", t.Context(), domain.NotificationQuery{}, want, 6},
		{"a channel", t.Context(), domain.NotificationQuery{Channels: []string{"ops", "x"}}, want, 6},
		{"another channel", t.Context(), domain.NotificationQuery{Channels: []string{"x"}}, nil, 0},
		{"sent", t.Context(), domain.NotificationQuery{Statuses: []domain.NotificationStatus{domain.NotificationSent}}, want, 0},
		{"suppressed", t.Context(), domain.NotificationQuery{Statuses: []domain.NotificationStatus{domain.NotificationSuppressed}}, nil, 6},
		{"an alert", t.Context(), domain.NotificationQuery{Alert: b.ID}, want[1:2], 2},
		{"no alert", t.Context(), domain.NotificationQuery{Alert: "\xff"}, nil, 0},
		{"within a", domain.Within(t.Context(), []string{"a"}), domain.NotificationQuery{}, want[:1], 2},
		{"within a and b", domain.Within(t.Context(), []string{"a", "b"}), domain.NotificationQuery{}, want[:2], 4},
		{"within nothing", domain.Within(t.Context(), nil), domain.NotificationQuery{}, nil, 0},
	} {
		var made []string
		other, last := 0, p.now
		for _, n := range p.list(c.ctx, c.q) {
			if n.CreatedAt > last {
				t.Errorf("%s: %s stands behind what is older", c.name, n.ID)
			}
			last = n.CreatedAt
			if n.Status == domain.NotificationSuppressed {
				other++
			} else {
				made = append([]string{n.ID}, made...)
			}
			if got, err := p.store.Notification(c.ctx, n.ID); err != nil || len(got.Items) != 1 || got.Items[0].Alert.ID == "" {
				t.Errorf("%s: %s alone: %+v, error %v", c.name, n.ID, got, err)
			}
		}
		if !slices.Equal(made, c.sent) || other != c.other {
			t.Errorf("%s: %v and %d others, want %v and %d", c.name, made, other, c.sent, c.other)
		}
	}
	for _, id := range []string{want[1], want[2], "sup_1", "sup_5", "sup_x", "sup_999", "ntf_x", "\x00"} {
		if n, err := p.store.Notification(domain.Within(t.Context(), []string{"a"}), id); domain.CodeOf(err) != domain.CodeNotFound {
			t.Errorf("%q is out of reach, or not there: %+v, error %v", id, n, err)
		}
	}
	if _, _, err := p.store.Notifications(t.Context(), domain.NotificationQuery{Cursor: "x"}); domain.CodeOf(err) != domain.CodeInvalid {
		t.Errorf("a cursor of nowhere: %v", err)
	}
}

// outboxPrunes: what was told long ago is forgotten, but for what is needed to tell of an end.
func (s Suite) outboxPrunes(t *testing.T) {
	p := s.newPost(t)
	subject := p.gift("gift")
	over, lasting := alarm(subject, domain.RuleStuck, epoch), alarm(subject, domain.RuleStuck, epoch+1)
	p.steps(over, domain.StepOpened)
	p.steps(lasting, domain.StepOpened)
	p.want("told", p.send(stuckGroup, false), "2 opened")
	p.steps(over, domain.StepResolved)
	p.want("told", p.send(stuckGroup, false), "1 resolved")
	p.steps(over, domain.StepReopened, domain.StepResolved) // told of neither
	p.steps(alarm(subject, domain.RuleStuck, epoch+2), domain.StepOpened)
	recent := p.compose(stuckGroup, false)
	if n := p.prune(epoch, 100); n != 0 {
		t.Errorf("%d forgotten of what is not old", n)
	}
	rows := int64(0)
	for n := p.prune(p.now+day, 1); n > 0; n = p.prune(p.now+day, 1) {
		if rows += n; n > 1 {
			t.Fatalf("%d forgotten at once, want one", n)
		}
	}
	// Two notifications with three items less the one that lasts, two that were suppressed, and when the group was told.
	if rows != 2+2+2+1 {
		t.Errorf("%d rows forgotten", rows)
	}
	left := p.list(t.Context(), domain.NotificationQuery{})
	if len(left) != 1 || left[0].ID != recent.ID {
		t.Errorf("left %s, want what is to be sent", bytesOf(left))
	}
	p.keep(recent, sent)
	p.steps(lasting, domain.StepResolved)
	n := p.compose(stuckGroup, false)
	p.want("told", countsOf(n), "1 resolved")
	p.keep(n, sent)
	if n := p.prune(p.now+day, 100); n != 1+1+2+1 { // with what was kept of the one that lasted
		t.Errorf("%d rows forgotten", n)
	}
}

func (p *post) prune(before domain.Instant, limit int) int64 {
	p.t.Helper()
	n, err := p.store.Prune(context.Background(), before, limit)
	if err != nil {
		p.t.Fatal(err)
	}
	return n
}
