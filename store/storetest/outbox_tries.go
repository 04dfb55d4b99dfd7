package storetest

import (
	"context"
	"testing"

	"giftline/domain"
)

// outboxTries: a notification stays what it is until it was sent or is dead, and a dead one can be sent again.
func (s Suite) outboxTries(t *testing.T) {
	p := s.newPost(t)
	p.steps(alarm(p.gift("gift"), domain.RuleStuck, epoch), domain.StepOpened)
	n := p.compose(stuckGroup, false)
	failing := p.now + second
	p.keep(n, domain.Tried{Status: domain.NotificationPending, NextAt: new(p.now + minutes), Error: "no answer"})
	if got := p.compose(stuckGroup, false); got.ID != n.ID || got.Attempts != 1 || got.LastError != "no answer" || got.NextAt == nil {
		t.Errorf("after a failure: %+v", got)
	}
	if err := p.store.Resend(t.Context(), n.ID, p.now); domain.CodeOf(err) != domain.CodeInvalid {
		t.Errorf("resent while it is pending: %v", err)
	}
	p.keep(n, domain.Tried{Status: domain.NotificationDead, Error: "still none"})
	p.state(domain.ChannelState{Channel: "ops", Dead: 1, LastError: "still none", FailingAt: &failing})
	p.want("told", p.send(stuckGroup, false), "nothing")
	p.keep(n, sent) // by another, who was slow: it has ended
	if err := p.store.Resend(t.Context(), n.ID, p.now); err != nil {
		t.Fatal(err)
	}
	if err := p.store.Resend(t.Context(), "ntf_x", p.now); domain.CodeOf(err) != domain.CodeNotFound {
		t.Errorf("resent what is not there: %v", err)
	}
	if again := p.compose(stuckGroup, false); again == nil || again.ID != n.ID || again.Attempts != 0 {
		t.Fatalf("sent again: %+v", again)
	}
	p.keep(n, sent)
	p.state(domain.ChannelState{Channel: "ops", Sent: 1, LastSentAt: &p.now})
	if got, err := p.store.Notification(t.Context(), n.ID); err != nil || got.Status != domain.NotificationSent || *got.SentAt != p.now || got.NextAt != nil {
		t.Errorf("sent: %+v, error %v", got, err)
	}
}

func (p *post) state(want domain.ChannelState) {
	p.t.Helper()
	all, err := p.store.Channels(context.Background())
	if err != nil || bytesOf(all[want.Channel]) != bytesOf(want) {
		p.t.Errorf("channel %s, error %v, want %s", bytesOf(all[want.Channel]), err, bytesOf(want))
	}
}

// outboxEnabled: what is still open when a channel is enabled again is repeated.
func (s Suite) outboxEnabled(t *testing.T) {
	p := s.newPost(t)
	p.steps(alarm(p.gift("gift"), domain.RuleStuck, epoch), domain.StepOpened)
	p.want("told", p.send(stuckGroup, false), "1 opened")
	if err := p.store.Disable(t.Context(), "ops", "410 Gone", p.now); err != nil {
		t.Fatal(err)
	}
	for _, w := range p.claimAll() { // nothing is to be told, nor again
		if err := p.store.Done(t.Context(), w); err != nil {
			t.Error(err)
		}
	}
	p.want("due while it is disabled", p.due(), "never")
	if err := p.store.Enable(t.Context(), "ops"); err != nil {
		t.Fatal(err)
	}
	p.want("due", p.due(), "0s")
	p.want("told again", p.send(stuckGroup, true), "1 opened")
}

// outboxDisabled: a channel that is disabled is told nothing of what happens meanwhile, not even later.
func (s Suite) outboxDisabled(t *testing.T) {
	p := s.newPost(t)
	subject := p.gift("gift")
	a := alarm(subject, domain.RuleStuck, epoch)
	p.steps(a, domain.StepOpened)
	dead := p.compose(stuckGroup, false)
	p.steps(alarm(subject, domain.RuleStuck, epoch+1), domain.StepOpened)
	at := p.now
	for range 2 {
		if err := p.store.Disable(t.Context(), "ops", "410 Gone", at); err != nil {
			t.Fatal(err)
		}
	}
	b := alarm(subject, domain.RuleStuck, epoch+2)
	p.steps(b, domain.StepOpened)
	p.want("told", p.send(stuckGroup, false), "nothing")
	p.want("suppressed", p.suppressed(), "1 opened: channel_disabled; 1 opened: channel_disabled")
	p.state(domain.ChannelState{Channel: "ops", DisabledAt: &at, Reason: "410 Gone", Dead: 1, Suppressed: 2})
	if err := p.store.Resend(t.Context(), dead.ID, p.now); domain.CodeOf(err) != domain.CodeInvalid {
		t.Errorf("sent again to a disabled channel: %v", err)
	}
	if err := p.store.Enable(t.Context(), "ops"); err != nil {
		t.Fatal(err)
	}
	p.steps(a, domain.StepResolved)
	p.steps(b, domain.StepResolved)
	p.want("told, of what it was told that it began", p.send(stuckGroup, false), "1 resolved")
	p.steps(alarm(subject, domain.RuleStuck, epoch+3), domain.StepOpened)
	p.want("told", p.send(stuckGroup, false), "1 opened")
}

// outboxRepeats: while alerts of a group are open, it is told again which; of those that somebody looks after it is written
// down once that they are left out.
func (s Suite) outboxRepeats(t *testing.T) {
	p := s.newPost(t)
	subject := p.gift("gift")
	var all []domain.Alert
	for n := range domain.Instant(4) {
		all = append(all, alarm(subject, domain.RuleStuck, epoch+n))
		p.steps(all[n], domain.StepOpened)
	}
	p.want("nothing is repeated before it was told", p.send("failed/snappy", true), "nothing")
	p.want("told", p.send(stuckGroup, true), "4 opened")
	p.steps(all[0], domain.StepAcknowledged)
	p.steps(all[1], domain.StepSnoozed)
	n := p.compose(stuckGroup, true)
	p.want("told again", countsOf(n), "2 opened")
	if n.Kind != domain.KindRepeat || len(n.Items) != 2 || n.Items[0].Alert.ID != all[2].ID || n.Items[0].Step != domain.StepOpened {
		t.Errorf("repeats %+v", n)
	}
	if again := p.compose(stuckGroup, true); again.ID != n.ID {
		t.Errorf("repeated as %s, first as %s", again.ID, n.ID)
	}
	if _, open := p.keep(n, sent); !open {
		t.Error("two are open, and none is said to be")
	}
	p.want("told again", p.send(stuckGroup, true), "2 opened")
	p.want("suppressed", p.suppressed(), "1 opened: acknowledged; 1 opened: snoozed")
	p.steps(all[2], domain.StepAcknowledged)
	p.steps(all[3], domain.StepResolved)
	n = p.compose(stuckGroup, true)
	p.want("told", countsOf(n), "1 resolved")
	if _, open := p.keep(n, sent); open {
		t.Error("none is open, and some are said to be")
	}
	p.want("told again", p.send(stuckGroup, true), "nothing")
	p.steps(all[0], domain.StepResolved)
	p.want("told", p.send(stuckGroup, false), "1 resolved")
}

// outboxOpen: a channel that shows one thing for a group knows how many of its alerts are live, told of in this message or
// another, or not yet.
func (s Suite) outboxOpen(t *testing.T) {
	p := s.newPost(t)
	subject := p.gift("gift")
	one, two := alarm(subject, domain.RuleStuck, epoch), alarm(subject, domain.RuleStuck, epoch+1)
	open := func(want int64) *domain.Notification {
		t.Helper()
		n := p.compose(stuckGroup, false)
		if n == nil || n.Open != want {
			t.Fatalf("%+v, want %d open", n, want)
		}
		return n
	}
	p.steps(one, domain.StepOpened)
	first := open(1)
	p.steps(two, domain.StepOpened) // not told yet
	open(2)
	p.keep(first, sent)
	p.keep(open(2), sent)
	p.steps(one, domain.StepResolved)
	p.steps(two, domain.StepAcknowledged)
	p.keep(open(1), sent)
	p.steps(two, domain.StepResolved)
	open(0)
}

// outboxGivenUp: what could not be told is repeated as what was, and by the same times.
func (s Suite) outboxGivenUp(t *testing.T) {
	p := s.newPost(t)
	p.steps(alarm(p.gift("gift"), domain.RuleStuck, epoch), domain.StepOpened)
	if _, open := p.keep(p.compose(stuckGroup, false), domain.Tried{Status: domain.NotificationDead, Error: "refused"}); !open {
		t.Error("it is open, and not said to be")
	}
	if last, ok, err := p.store.LastTold(t.Context(), "ops", stuckGroup); !ok || last != p.now || err != nil {
		t.Errorf("told last at %v, %v, error %v, want %v", last, ok, err, p.now)
	}
	p.want("told again", p.send(stuckGroup, true), "1 opened")
}
