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
