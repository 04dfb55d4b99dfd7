package storetest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"giftline/domain"
)

// post is a ward from which people are told.
type post struct {
	*ward
	routes domain.Routes
	now    domain.Instant
}

// ops takes everything, at the pace that is the default.
var ops = domain.Route{Channel: "ops", Wait: domain.DefaultWait, Interval: domain.DefaultInterval, Repeat: domain.DefaultRepeat}

const stuckGroup = "stuck/snappy" // of ops

func (s Suite) newPost(t testing.TB, routes ...domain.Route) *post {
	if len(routes) == 0 {
		routes = []domain.Route{ops}
	}
	return &post{s.newWard(t), routes, epoch}
}

// steps has a lap change an alert, a second after the last thing that happened. A person's steps leave no trace here.
func (p *post) steps(a domain.Alert, kinds ...domain.StepKind) {
	p.t.Helper()
	for _, kind := range kinds {
		p.now += second
		if kind == domain.StepSnoozed || kind == domain.StepAcknowledged {
			p.act(a.ID, domain.AlertAction{Step: kind, UntilMoves: kind == domain.StepSnoozed, At: p.now})
			continue
		}
		p.Laps.Tell(p.t, p.store, p.routes, p.now, domain.AlertChange{Alert: a, Step: &domain.AlertStep{Kind: kind, At: p.now}})
	}
}

func (p *post) compose(group string, repeat bool) *domain.Notification {
	p.t.Helper()
	p.now += second
	n, err := p.store.Compose(context.Background(), "ops", group, p.now, repeat, 10)
	if err != nil {
		p.t.Fatal(err)
	}
	return n
}

func (p *post) keep(n *domain.Notification, t domain.Tried) (more, open bool) {
	p.t.Helper()
	p.now += second
	t.At = p.now
	more, open, err := p.store.KeepTry(context.Background(), n.ID, t)
	if err != nil {
		p.t.Fatal(err)
	}
	return more, open
}

var sent = domain.Tried{Status: domain.NotificationSent}

// send tells a group what waits, and says what that was.
func (p *post) send(group string, repeat bool) string {
	p.t.Helper()
	n := p.compose(group, repeat)
	if n == nil {
		return "nothing"
	}
	p.keep(n, sent)
	return countsOf(n)
}

func countsOf(n *domain.Notification) string {
	var all []string
	for _, step := range slices.Sorted(maps.Keys(n.Counts)) {
		all = append(all, fmt.Sprintf("%d %s", n.Counts[step], step))
	}
	return strings.Join(all, ", ")
}

// list gives all notifications of a query, walked in pages of two.
func (p *post) list(ctx context.Context, q domain.NotificationQuery) (all []domain.Notification) {
	p.t.Helper()
	for q.Limit = 2; ; {
		page, next, err := p.store.Notifications(ctx, q)
		if err != nil {
			p.t.Fatal(err)
		}
		if all = append(all, page...); next == "" {
			return all
		}
		q.Cursor = next
	}
}

// suppressed lists why steps were not told, the first one first.
func (p *post) suppressed() string {
	var all []string
	for _, n := range p.list(context.Background(), domain.NotificationQuery{Statuses: []domain.NotificationStatus{domain.NotificationSuppressed}}) {
		all = append(all, fmt.Sprintf("%s: %s", countsOf(&n), n.Reason))
	}
	slices.Reverse(all)
	return strings.Join(all, "; ")
}

func (p *post) due() string {
	p.t.Helper()
	at, ok, err := p.store.NextDue(context.Background(), domain.WorkNotify("ops"))
	if err != nil {
		p.t.Fatal(err)
	}
	if !ok {
		return "never"
	}
	return at.Time().Sub(p.now.Time()).String()
}

func (p *post) want(what, got, want string) {
	p.t.Helper()
	if got != want {
		p.t.Errorf("%s: %s\nwant %s", what, got, want)
	}
}

// outboxGroups: what comes together is told together, however much it is, and what comes later when its group may be told
// again.
func (s Suite) outboxGroups(t *testing.T) {
	p := s.newPost(t)
	const stuck = 500
	var changes []domain.AlertChange
	subject := p.gift("gift")
	for n := range stuck {
		a := alarm(subject, domain.RuleStuck, epoch+domain.Instant(n))
		if n == stuck-1 {
			a.Severity = domain.Critical
		}
		changes = append(changes, domain.AlertChange{Alert: a, Step: &domain.AlertStep{Kind: domain.StepOpened, At: p.now}})
	}
	p.Laps.Tell(t, p.store, p.routes, p.now, changes...)
	p.want("due", p.due(), "30s")
	p.act(changes[0].Alert.ID, domain.AlertAction{Step: domain.StepAcknowledged, At: p.now})
	n := p.compose(stuckGroup, false)
	p.want("told", countsOf(n), "500 opened")
	if len(n.Items) != 10 || n.Items[0].Alert.ID != changes[stuck-1].Alert.ID || n.Items[1].Alert.ID != changes[1].Alert.ID {
		t.Errorf("%d items, the first two %+v: want what is severe first, and nothing that somebody looks after", len(n.Items), n.Items[:2])
	}
	if n.Items[0].Step != domain.StepOpened || n.Status != domain.NotificationPending || n.Kind != domain.KindAlerts || n.Channel != "ops" || n.Group != stuckGroup {
		t.Errorf("composed %+v", n)
	}
	if again := p.compose(stuckGroup, false); again.ID != n.ID || again.CreatedAt != n.CreatedAt {
		t.Errorf("composed again: %+v, first %+v", again, n)
	}
	late := alarm(subject, domain.RuleStuck, epoch-1)
	p.steps(late, domain.StepOpened)
	if again := p.compose(stuckGroup, false); again.ID != n.ID || countsOf(again) != "500 opened" {
		t.Errorf("what comes later joins what was composed: %s", countsOf(again))
	}
	if more, open := p.keep(n, sent); !more || !open {
		t.Errorf("more %v, open %v, want both", more, open)
	}
	if last, ok, err := p.store.LastTold(t.Context(), "ops", stuckGroup); last != p.now || !ok || err != nil {
		t.Errorf("told last at %v, %v, error %v, want %v", last, ok, err, p.now)
	}
	p.want("told", p.send(stuckGroup, false), "1 opened")
	p.want("told", p.send(stuckGroup, false), "nothing")
	for _, w := range p.claimAll() {
		if err := p.store.Done(t.Context(), w); err != nil {
			t.Error(err)
		}
	}
	p.steps(alarm(subject, domain.RuleStuck, epoch-2), domain.StepOpened)
	last, _, _ := p.store.LastTold(t.Context(), "ops", stuckGroup)
	p.want("due", p.due(), (5*time.Minute - p.now.Time().Sub(last.Time())).String())
}

func (p *post) claimAll() []domain.Work {
	p.t.Helper()
	claimed, err := p.store.Claim(context.Background(), domain.WorkNotify("ops"), p.now+day, domain.Lease, 100)
	if err != nil {
		p.t.Fatal(err)
	}
	return claimed
}

const day = 24 * 60 * minutes

// outboxWork: whoever tells a group while something comes is not done with it, and what comes has a time of its own.
func (s Suite) outboxWork(t *testing.T) {
	p := s.newPost(t)
	p.store, p.now = s.openPlain(t, s.Machines, time.Now), domain.InstantOf(time.Now()) // leases end by the database's clock
	subject := p.gift("gift")
	p.steps(alarm(subject, domain.RuleStuck, epoch), domain.StepOpened)
	p.now += 20 * second
	p.steps(alarm(subject, domain.RuleStuck, epoch+1), domain.StepOpened)
	p.want("due, by the first", p.due(), "9s")
	p.now -= 5 * minutes
	p.steps(alarm(subject, domain.RuleStuck, epoch+2), domain.StepOpened) // due before now
	held := p.claimAll()
	if len(held) != 1 || held[0].Key != stuckGroup {
		t.Fatalf("claimed %+v", held)
	}
	p.now += 5 * minutes
	p.steps(alarm(subject, domain.RuleStuck, epoch+3), domain.StepOpened)
	p.want("due, with a time of its own", p.due(), "30s")
	p.now += 10 * second
	p.steps(alarm(subject, domain.RuleStuck, epoch+4), domain.StepOpened)
	p.want("due, by the first of these", p.due(), "19s")
	if err := p.store.Done(t.Context(), held[0]); domain.CodeOf(err) != domain.CodeLost {
		t.Errorf("done with what was planned again: %v", err)
	}
}

// outboxStories: what channels are told of one alert, whatever happens between two messages.
func (s Suite) outboxStories(t *testing.T) {
	for _, c := range []struct{ name, story, told, suppressed string }{
		{"its life", "opened send resolved send", "1 opened; 1 resolved", ""},
		{"never true", "opened send withdrawn send", "1 opened; 1 withdrawn", ""},
		{"over before anybody was told", "opened resolved send", "nothing", "1 opened: over_before_sent; 1 resolved: over_before_sent"},
		{"over, and back", "opened resolved reopened send", "1 reopened", "1 opened: over_before_sent; 1 resolved: over_before_sent"},
		{"back before its end was told", "opened send resolved reopened send resolved send", "1 opened; nothing; 1 resolved",
			"1 resolved: over_before_sent; 1 reopened: over_before_sent"},
		{"opened says enough", "opened acknowledged reopened send", "1 opened", ""},
		{"awake again", "opened send snoozed woke send resolved send", "1 opened; 1 woke; 1 resolved", ""},
		{"over before it is told that it is awake", "opened send snoozed woke resolved send", "1 opened; 1 resolved", "1 woke: over_before_sent"},
		{"snoozed before anybody was told", "opened snoozed send resolved send", "nothing; nothing", "1 opened: snoozed; 1 resolved: snoozed"},
		{"snoozed, awake, asleep again", "opened send snoozed woke snoozed send resolved send", "1 opened; nothing; 1 resolved", "1 woke: snoozed"},
		{"somebody looks after it before it is told", "opened acknowledged send", "1 opened", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := s.newPost(t)
			a := alarm(p.gift("gift"), domain.RuleStuck, epoch)
			var told []string
			for word := range strings.FieldsSeq(c.story) {
				if word == "send" {
					told = append(told, p.send(stuckGroup, false))
					continue
				}
				p.steps(a, domain.StepKind(word))
			}
			p.want("told", strings.Join(told, "; "), c.told)
			p.want("suppressed", p.suppressed(), c.suppressed)
		})
	}
}

// outboxBelief: whenever everything is told, people believe of every alert what is so; and what was written is either told
// once or suppressed.
func (s Suite) outboxBelief(t *testing.T) {
	p := s.newPost(t)
	subject := p.gift("gift")
	n := domain.Instant(0)
	rapid.Check(t, func(rt *rapid.T) {
		n++
		a := alarm(subject, domain.RuleStuck, epoch+n)
		live, believed := false, false
		for range rapid.IntRange(1, 12).Draw(rt, "length") {
			if rapid.Bool().Draw(rt, "send") {
				if told := p.compose(stuckGroup, false); told != nil {
					p.keep(told, sent)
					for _, i := range told.Items {
						believed = i.Step != domain.StepResolved && i.Step != domain.StepWithdrawn
					}
				}
				if believed != live {
					rt.Fatalf("people believe %v, it is %v", believed, live)
				}
				continue
			}
			kind := domain.StepOpened // or reopened, if it was there
			if live {
				kind = rapid.SampledFrom([]domain.StepKind{domain.StepResolved, domain.StepWithdrawn, domain.StepWoke}).Draw(rt, "step")
			}
			p.steps(a, kind)
			live = kind == domain.StepOpened || kind == domain.StepWoke
		}
		if live {
			p.steps(a, domain.StepResolved)
		}
		p.send(stuckGroup, false)
	})
}

// outboxOld: what held before alerts were there is told to nobody, and its end is not either.
func (s Suite) outboxOld(t *testing.T) {
	p := s.newPost(t)
	a := alarm(p.gift("gift"), domain.RuleStuck, epoch)
	p.Laps.Tell(t, p.store, p.routes, p.now, domain.AlertChange{Alert: a, Step: &domain.AlertStep{Kind: domain.StepOpened, At: p.now}, Old: true})
	p.want("due", p.due(), "never")
	p.steps(a, domain.StepResolved)
	p.want("told", p.send(stuckGroup, false), "nothing")
	p.want("suppressed", p.suppressed(), "1 opened: before_alerting; 1 resolved: before_alerting")
}

// outboxRoutes: each channel is told what its first route that fits takes; of an end hears who heard of the beginning.
func (s Suite) outboxRoutes(t *testing.T) {
	pager := domain.Route{Channel: "pager", Least: domain.Critical, PerAlert: true}
	p := s.newPost(t, ops, pager, domain.Route{Channel: "ops", Wait: time.Hour})
	subject := p.gift("gift")
	a, b := alarm(subject, domain.RuleStuck, epoch), alarm(subject, domain.RuleFailed, epoch)
	b.Severity = domain.Critical
	p.steps(a, domain.StepOpened)
	p.steps(b, domain.StepOpened)
	if n, err := p.store.Compose(t.Context(), "pager", b.ID, p.now, false, 10); err != nil || n == nil || countsOf(n) != "1 opened" {
		t.Fatalf("composed %+v, error %v", n, err)
	} else {
		p.keep(n, sent)
	}
	p.want("told", p.send(stuckGroup, false)+"; "+p.send("failed/snappy", false), "1 opened; 1 opened")
	p.routes = domain.Routes{{Channel: "other"}}
	p.steps(a, domain.StepResolved)
	p.steps(b, domain.StepResolved)
	if n, err := p.store.Compose(t.Context(), "pager", b.ID, p.now, false, 10); err != nil || n == nil || countsOf(n) != "1 resolved" {
		t.Errorf("composed %+v, error %v", n, err)
	}
	if _, ok, err := p.store.NextDue(t.Context(), domain.WorkNotify("other")); ok || err != nil {
		t.Errorf("who heard nothing hears of an end, error %v", err)
	}
}

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

// outboxAtOnce: however many compose and put into the outbox at the same time, everything is told once.
func (s Suite) outboxAtOnce(t *testing.T) {
	p := s.newPost(t)
	subject := p.gift("gift")
	told := make(chan map[string]string, 100)
	atOnce(4, func(w int) {
		for n := range 10 {
			if w%2 == 0 {
				a := alarm(subject, domain.RuleStuck, epoch+domain.Instant(100*w+n))
				p.Laps.Tell(t, p.store, p.routes, p.now, domain.AlertChange{Alert: a, Step: &domain.AlertStep{Kind: domain.StepOpened, At: p.now}})
			}
			told <- p.drain(t, n%3 == 0)
		}
	})
	for part := p.drain(t, false); part != nil; part = p.drain(t, false) {
		told <- part
	}
	close(told)
	by := map[string]string{}
	for part := range told {
		for alert, id := range part {
			if by[alert] != "" && by[alert] != id {
				t.Errorf("%s is told by %s and by %s", alert, by[alert], id)
			}
			by[alert] = id
		}
	}
	if len(by) != 20 {
		t.Errorf("%d alerts were told, want 20", len(by))
	}
}

// drain tells a group what there is to tell, and says which notification told which alert that was opened; nil for none.
func (p *post) drain(t testing.TB, repeat bool) map[string]string {
	n, err := p.store.Compose(context.Background(), "ops", stuckGroup, p.now, repeat, 100)
	if err != nil || n == nil {
		if err != nil {
			t.Error(err)
		}
		return nil
	}
	if _, _, err := p.store.KeepTry(context.Background(), n.ID, domain.Tried{At: p.now, Status: domain.NotificationSent}); err != nil {
		t.Error(err)
	}
	by := map[string]string{}
	for _, i := range n.Items {
		if n.Kind == domain.KindAlerts {
			by[i.Alert.ID] = n.ID
		}
	}
	return by
}
