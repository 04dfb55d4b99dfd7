package storetest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"giftline/domain"
)

// Laps does to the alerts of a store what its laps do, whatever the rules say.
type Laps struct {
	Change  func(testing.TB, domain.Store, domain.Instant, ...domain.AlertChange)
	Tell    func(testing.TB, domain.Store, domain.Routes, domain.Instant, ...domain.AlertChange) // Change, where routes take what is told
	Move    func(testing.TB, domain.Store, domain.Routes, domain.Instant, ...domain.Move)
	Known   func(testing.TB, domain.Store, ...domain.Subject) []domain.Alert // that a lap knows of
	Blind   func(testing.TB, domain.Store, domain.Instant) domain.Blind
	Waiting func(testing.TB, domain.Store) []string // ids of subjects that wait to be looked at
}

// ward is a store with gifts to alarm about.
type ward struct {
	Suite
	t     testing.TB
	store domain.Store
	m     domain.Machine
}

func (s Suite) newWard(t testing.TB) *ward {
	if s.Laps == nil {
		t.Skip("this store's laps cannot be told what to do")
	}
	return &ward{s, t, s.openPlain(t, s.Machines, func() time.Time { return epoch.Time() }), s.machine(t, "snappy.gift")}
}

// gift makes a gift known that events told of by some sources.
func (w *ward) gift(id string, sources ...string) domain.Subject {
	w.t.Helper()
	subject := subjectOf(w.m, id)
	for i, source := range append(sources, "snappy")[:max(1, len(sources))] {
		p := delivery(report(w.m, subject, "gift-status-changed", "opened", i, i), fmt.Sprint(i))
		p.Source = source
		record(w.t, w.store, p)
	}
	return subject
}

// alarm is an alert that nobody has raised yet.
func alarm(s domain.Subject, rule domain.Rule, since domain.Instant, sources ...string) domain.Alert {
	if len(sources) == 0 {
		sources = []string{"snappy"}
	}
	a := domain.Alert{
		Rule: rule, Severity: domain.Warning, Subject: &s, Source: sources[0], Sources: sources, Region: domain.Status, State: "opened",
		Named: domain.Attributes{CompanyID: "com", Reference: "REF 'a'", Recipient: "ann@example.com", Metadata: `{"k":"<v>"}`},
		Since: since, At: since + minutes, Detail: "in words",
	}
	a.ID = domain.AlertID(&s, a.Source, domain.Alarm{Rule: a.Rule, Region: a.Region, State: a.State, Since: a.Since})
	return a
}

// step has a lap change an alert.
func (w *ward) step(a domain.Alert, kind domain.StepKind, at domain.Instant) {
	w.t.Helper()
	w.Laps.Change(w.t, w.store, at, domain.AlertChange{Alert: a, Step: &domain.AlertStep{Kind: kind, At: at}})
}

// act is Act on one alert by a person, and says whether it changed something.
func (w *ward) act(id string, a domain.AlertAction) bool {
	w.t.Helper()
	if a.By == "" {
		a.By = "key_1"
	}
	n, err := w.store.Act(context.Background(), domain.AlertQuery{IDs: []string{id}}, a, 10)
	if err != nil {
		w.t.Fatal(err)
	}
	return n == 1
}

func (w *ward) read(id string) (domain.Alert, []domain.AlertStep) {
	w.t.Helper()
	a, steps, err := w.store.Alert(context.Background(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return a, steps
}

// told is the life of an alert in short: its status, how often it was reopened, and its steps.
func (w *ward) told(id string) string {
	w.t.Helper()
	a, steps := w.read(id)
	text := fmt.Sprintf("%s %d:", a.Status, a.ReopenCount)
	for _, s := range steps {
		text += fmt.Sprintf(" %s@%d", s.Kind, (s.At-epoch)/minutes)
		if s.By != "" {
			text += " by " + s.By
		}
	}
	return text
}

func (w *ward) wantTold(id, want string) {
	w.t.Helper()
	if got := w.told(id); got != want {
		w.t.Errorf("an alert is\n\t%s\nwant\n\t%s", got, want)
	}
}

// alertLife: what is kept of an alert comes back as it was, and each step says what became of it, when and by whom.
func (s Suite) alertLife(t *testing.T) {
	w := s.newWard(t)
	a := alarm(w.gift("gift", "snappy", "other"), domain.RuleStuck, epoch, "other", "snappy")
	if _, _, err := w.store.Alert(t.Context(), a.ID); domain.CodeOf(err) != domain.CodeNotFound {
		t.Errorf("an alert that nobody has raised: %v", err)
	}
	w.step(a, domain.StepOpened, epoch+minutes)
	want := a
	want.Status, want.RaisedAt, want.UpdatedAt = domain.AlertOpen, epoch+minutes, epoch+minutes
	if got, _ := w.read(a.ID); bytesOf(got) != bytesOf(want) {
		t.Errorf("kept\n%s\nread\n%s", bytesOf(want), bytesOf(got))
	}
	w.step(a, domain.StepOpened, epoch+2*minutes) // again, by a lap that was lost: nothing
	a.Since, a.At, a.Named.Reference, a.Status = epoch-1, epoch+1, "another", domain.AlertResolved
	w.Laps.Change(t, w.store, epoch+3*minutes, domain.AlertChange{Alert: a})
	want.Since, want.At, want.Named.Reference = a.Since, a.At, a.Named.Reference
	if got, _ := w.read(a.ID); bytesOf(got) != bytesOf(want) {
		t.Errorf("known better\n%s\nread\n%s", bytesOf(want), bytesOf(got))
	}
	w.step(a, domain.StepWithdrawn, epoch+4*minutes)
	if got, _ := w.read(a.ID); got.EndedAt == nil || *got.EndedAt != epoch+4*minutes || got.UpdatedAt != epoch+4*minutes {
		t.Errorf("withdrawn: %+v", got)
	}
	w.step(a, domain.StepOpened, epoch+5*minutes) // the same episode
	w.wantTold(a.ID, "open 1: opened@1 withdrawn@4 reopened@5")
	w.act(a.ID, domain.AlertAction{Step: domain.StepResolved, At: epoch + 6*minutes})
	w.step(a, domain.StepOpened, epoch+7*minutes) // not over the head of whoever ended it
	w.wantTold(a.ID, "resolved 1: opened@1 withdrawn@4 reopened@5 resolved@6 by key_1")
	if got, _ := w.read(a.ID); got.EndedAt == nil || got.By != "key_1" || got.RaisedAt != epoch+minutes {
		t.Errorf("resolved by a person: %+v", got)
	}
}

// alertsKnown: a lap is told the live alerts of its subjects, and the last one that ended of each thing.
func (s Suite) alertsKnown(t *testing.T) {
	w := s.newWard(t)
	one, other, quiet := w.gift("one"), w.gift("other"), w.gift("quiet")
	var want []string
	var changes []domain.AlertChange
	end := func(a domain.Alert, at domain.Instant) {
		changes = append(changes, domain.AlertChange{Alert: a, Step: &domain.AlertStep{Kind: domain.StepOpened, At: at}},
			domain.AlertChange{Alert: a, Step: &domain.AlertStep{Kind: domain.StepResolved, At: at}})
	}
	for n := range domain.Instant(300) { // more than are looked at
		end(alarm(one, domain.RuleStuck, epoch+n), epoch+1000-n%7)
	}
	last := alarm(one, domain.RuleStuck, epoch+5000)
	end(last, epoch+1001)
	rare := alarm(one, domain.RuleExpired, epoch)
	end(rare, epoch+1000)
	w.Laps.Change(t, w.store, epoch, changes...)
	live := []domain.Alert{alarm(one, domain.RuleStuck, epoch+6000), alarm(one, domain.RuleBounced, epoch), alarm(other, domain.RuleStuck, epoch)}
	for i, kind := range []domain.StepKind{"", domain.StepAcknowledged, domain.StepSnoozed} {
		w.step(live[i], domain.StepOpened, epoch)
		if kind != "" {
			w.act(live[i].ID, domain.AlertAction{Step: kind, At: epoch, UntilMoves: kind == domain.StepSnoozed})
		}
	}
	for _, a := range append(live, last, rare) {
		want = append(want, a.ID)
	}
	var got []string
	for _, a := range s.Laps.Known(t, w.store, one, other, quiet) {
		got = append(got, a.ID)
		if whole, _ := w.read(a.ID); bytesOf(whole) != bytesOf(a) {
			t.Errorf("a lap knows\n%s\nof\n%s", bytesOf(a), bytesOf(whole))
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("a lap knows %d alerts %v, want %d %v", len(got), got, len(want), want)
	}
	if known := s.Laps.Known(t, w.store, quiet); len(known) != 0 {
		t.Errorf("of a gift without alerts: %+v", known)
	}
	list, steps, err := w.store.AlertsOf(t.Context(), one)
	if err != nil || len(list) != 100 || len(steps) != 100 || len(steps[99]) == 0 {
		t.Errorf("%d alerts of a gift with 304, steps of %d, error %v", len(list), len(steps), err)
	}
	if !slices.IsSortedFunc(list, func(a, b domain.Alert) int { return int(a.RaisedAt - b.RaisedAt) }) {
		t.Error("the alerts of a gift are not in the order in which they were raised")
	}
}

// alertLists: whatever is asked for, the pages of a list are what fits, the last updated first, each alert once.
func (s Suite) alertLists(t *testing.T) {
	w := s.newWard(t)
	all := w.fill()
	rapid.Check(t, func(rt *rapid.T) {
		q := queryFor(rt, all)
		want := slices.DeleteFunc(slices.Clone(all), func(a domain.Alert) bool { return !fits(&q, &a) })
		q.Limit = rapid.IntRange(1, 7).Draw(rt, "limit")
		var got []domain.Alert
		for first := true; first || q.Cursor != ""; first = false {
			page, err := w.store.Alerts(context.Background(), q)
			if err != nil || page.Count != int64(len(want)) || len(page.Alerts) > q.Limit {
				rt.Fatalf("a page of %d of %d, error %v, want %d in all", len(page.Alerts), page.Count, err, len(want))
			}
			got = append(got, page.Alerts...)
			q.Cursor = page.Next
		}
		if len(got) != len(want) || len(got) > 0 && bytesOf(got) != bytesOf(want) {
			rt.Fatalf("listed\n%s\nwant\n%s", bytesOf(got), bytesOf(want))
		}
	})
	page, err := w.store.Alerts(t.Context(), domain.AlertQuery{Limit: 1})
	if err != nil || page.Next == "" {
		t.Fatalf("%+v, error %v", page, err)
	}
	for _, q := range []domain.AlertQuery{{Cursor: "?"}, {Cursor: page.Next, Rules: []domain.Rule{domain.RuleStuck}}, {Cursor: page.Next[:8]}} {
		if _, err := w.store.Alerts(t.Context(), q); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("a cursor of another list: %v", err)
		}
	}
	if page, err := w.store.Alerts(t.Context(), domain.AlertQuery{CompanyIDs: []string{"a\x00b"}}); err != nil || page.Count != 0 {
		t.Errorf("a company that there cannot be: %+v, error %v", page, err)
	}
}

// fill raises alerts of all sorts, and gives them as a list shows them.
func (w *ward) fill() []domain.Alert {
	w.t.Helper()
	rules := []domain.Rule{domain.RuleStuck, domain.RuleExpired, domain.RuleFailed}
	steps := []domain.StepKind{"", domain.StepAcknowledged, domain.StepSnoozed, domain.StepResolved, domain.StepWithdrawn}
	var changes []domain.AlertChange
	var all []domain.Alert
	for n := range 60 {
		at := epoch + minutes*domain.Instant(n%23)
		a := alarm(w.gift(fmt.Sprint("gift-", n%9)), rules[n%3], epoch+domain.Instant(n), []string{"a", "b"}[n/3%2])
		a.Severity, a.Named.CompanyID, a.At = domain.Severities[n%4%3], fmt.Sprint("com-", n%4), at
		changes = append(changes, domain.AlertChange{Alert: a, Step: &domain.AlertStep{Kind: domain.StepOpened, At: at}})
		if kind := steps[n%5]; kind != "" {
			a.UntilMoves = true
			changes = append(changes, domain.AlertChange{Alert: a, Step: &domain.AlertStep{Kind: kind, At: at}})
		}
		all = append(all, a)
	}
	w.Laps.Change(w.t, w.store, epoch, changes...)
	for i := range all {
		all[i], _ = w.read(all[i].ID)
	}
	slices.SortFunc(all, func(a, b domain.Alert) int {
		if a.UpdatedAt != b.UpdatedAt {
			return int(b.UpdatedAt - a.UpdatedAt)
		}
		return -compareTexts(a.ID, b.ID)
	})
	return all
}

func compareTexts(a, b string) int {
	if a < b {
		return -1
	}
	return 1
}

// queryFor draws a query that some alerts may fit.
func queryFor(t *rapid.T, all []domain.Alert) (q domain.AlertQuery) {
	one := rapid.SampledFrom(all).Draw(t, "like")
	for _, field := range rapid.SliceOfN(rapid.IntRange(0, 9), 0, 3).Draw(t, "fields") {
		switch field {
		case 0:
			q.IDs = []string{one.ID, all[0].ID, "alt_unknown"}
		case 1:
			q.Rules = []domain.Rule{one.Rule, domain.RuleQuiet}
		case 2:
			q.Severities = []domain.Severity{one.Severity}
		case 3:
			q.Statuses = rapid.SliceOfN(rapid.SampledFrom([]domain.AlertStatus{
				domain.AlertOpen, domain.AlertAcknowledged, domain.AlertSnoozed, domain.AlertResolved, domain.AlertWithdrawn,
			}), 1, 3).Draw(t, "statuses")
		case 4:
			q.Providers, q.Kinds = []domain.Provider{domain.Snappy}, []domain.Kind{domain.Gift, domain.Email}
		case 5:
			q.Sources = []string{one.Source}
		case 6:
			q.CompanyIDs = []string{one.Named.CompanyID, "unknown"}
		case 7:
			q.Subject = one.Subject
		case 8:
			q.At = spanNear(t, one.At)
		case 9:
			q.Updated = spanNear(t, one.UpdatedAt)
		}
	}
	return q
}

func spanNear(t *rapid.T, at domain.Instant) (s domain.Span) {
	other := at + minutes*domain.Instant(rapid.IntRange(-5, 5).Draw(t, "minutes"))
	ends := []**domain.Instant{&s.From, &s.After, &s.Until, &s.Before}
	*ends[rapid.IntRange(0, 3).Draw(t, "end")] = &other
	return s
}

// fits is what a query means.
func fits(q *domain.AlertQuery, a *domain.Alert) bool {
	return among(q.IDs, a.ID) && among(q.Rules, a.Rule) && among(q.Severities, a.Severity) && among(q.Statuses, a.Status) &&
		among(q.Providers, a.Subject.Provider) && among(q.Kinds, a.Subject.Kind) && among(q.Sources, a.Source) &&
		among(q.CompanyIDs, a.Named.CompanyID) && (q.Subject == nil || *q.Subject == *a.Subject) &&
		q.At.Holds(a.At) && q.Updated.Holds(a.UpdatedAt)
}

func among[T comparable](wanted []T, is T) bool {
	return len(wanted) == 0 || slices.Contains(wanted, is)
}
