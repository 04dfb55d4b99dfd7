package domain_test

import (
	"strings"
	"testing"

	"giftline/domain"
)

// reconciled looks at a subject and tells what changes: the step, or a dot where there is none, and the rule.
func reconciled(a *domain.Alerting, w *domain.Watched, known []domain.Alert, now domain.Instant) []domain.AlertChange {
	var p *domain.Policy
	if a != nil {
		p = a.Policy
	}
	return a.Reconcile(w, nil, p.Alarms(w, nil), known, now)
}

func steps(changes []domain.AlertChange) string {
	var all []string
	for _, c := range changes {
		step := "."
		if c.Step != nil {
			step = string(c.Step.Kind)
		}
		all = append(all, step+" "+string(c.Alert.Rule))
	}
	return strings.Join(all, ", ")
}

// opened gives the alerts that a story opens when somebody looks in the evening.
func opened(t *testing.T, w *domain.Watched) []domain.Alert {
	t.Helper()
	var all []domain.Alert
	for _, c := range reconciled(nil, w, nil, clock("20:00")) {
		all = append(all, c.Alert)
	}
	if len(all) == 0 {
		t.Fatal("nothing alarms")
	}
	return all
}

func outOfStock(t *testing.T, more ...string) *domain.Watched {
	t.Helper()
	return watched(t, "snappy.gift", append([]string{"08:00 status claimed", "09:00 delivery out_of_stock"}, more...)...)
}

func TestAlerting_Reconcile_opens(t *testing.T) {
	t.Parallel()
	w := outOfStock(t)
	w.Sources = []string{"second", "main"}
	w.Current.Attributes = domain.Attributes{CompanyID: "acme", Reference: "its own", Recipient: "a@b.example"}
	w.Labels = &domain.Labels{Reference: "ours"}
	got := reconciled(nil, w, nil, clock("20:00"))
	subject := w.Current.Subject
	wantSame(t, got, []domain.AlertChange{{
		Alert: domain.Alert{
			ID: got[0].Alert.ID, Rule: domain.RuleOutOfStock, Severity: domain.Critical, Subject: &subject, Source: "main",
			Sources: []string{"main", "second"}, Named: domain.Attributes{CompanyID: "acme", Reference: "ours", Recipient: "a@b.example"},
			Region: domain.Delivery, State: "out_of_stock", Since: clock("09:00"), At: clock("09:00"), RaisedAt: clock("20:00"),
			Detail: "the chosen product ran out before fulfillment", Status: domain.AlertOpen, UpdatedAt: clock("20:00"),
		},
		Step: &domain.AlertStep{Kind: domain.StepOpened, At: clock("20:00")},
	}})
	if !strings.HasPrefix(got[0].Alert.ID, "alt_") {
		t.Errorf("the id is %q", got[0].Alert.ID)
	}
	again := reconciled(nil, outOfStock(t), nil, clock("23:00"))
	wantSame(t, again[0].Alert.ID, got[0].Alert.ID)
}

// TestAlerting_Reconcile tells what becomes of the alert that stock ran out at nine.
func TestAlerting_Reconcile(t *testing.T) {
	t.Parallel()
	early := clock("09:00")
	for _, c := range []struct {
		what  string
		more  []string
		known func(*domain.Alert)   // the alert as it was
		now   func(*domain.Watched) // what is looked at now
		by    domain.Alerting
		want  string
	}{
		{what: "nothing has changed", want: ""},
		{what: "acknowledged, and it still holds", known: func(k *domain.Alert) { k.Status = domain.AlertAcknowledged }, want: ""},
		{what: "snoozed until a time, and it moved", known: func(k *domain.Alert) { k.Status, k.Until = domain.AlertSnoozed, &early },
			now: func(w *domain.Watched) { w.Moved = true }, want: ""},
		{what: "snoozed until it moves, and it did not", known: func(k *domain.Alert) { k.Status, k.UntilMoves = domain.AlertSnoozed, true }, want: ""},
		{what: "snoozed until it moves, and it did", known: func(k *domain.Alert) { k.Status, k.UntilMoves = domain.AlertSnoozed, true },
			now: func(w *domain.Watched) { w.Moved = true }, want: "woke out_of_stock"},

		{what: "its attributes have changed", now: func(w *domain.Watched) { w.Current.Attributes.CompanyID = "acme" }, want: ". out_of_stock"},
		{what: "another source tells of it", now: func(w *domain.Watched) { w.Sources = []string{"main", "other"} }, want: ". out_of_stock"},
		{what: "its severity is another now", by: domain.Alerting{Severe: map[domain.Rule]domain.Severity{domain.RuleOutOfStock: domain.Info}}, want: ". out_of_stock"},
		{what: "it began earlier than was thought", more: []string{"08:30 delivery out_of_stock"}, want: ". out_of_stock"},
		{what: "it began later", known: func(k *domain.Alert) { k.Since, k.At = clock("08:30"), clock("08:30") }, want: ". out_of_stock"},

		{what: "the order goes on", more: []string{"10:00 delivery processing"}, want: "resolved out_of_stock"},
		{what: "at the same instant", more: []string{"09:00 delivery inTransit"}, want: "resolved out_of_stock"},
		{what: "it never was out of stock", now: func(w *domain.Watched) { w.Current.State.Delivery, w.Past[1].Target = "processing", "processing" }, want: "withdrawn out_of_stock"},
		{what: "nobody knows all of it any more", now: func(w *domain.Watched) { w.Cut, w.Current.State.Delivery, w.Past = true, "processing", nil }, want: "resolved out_of_stock"},
		{what: "the rule is off", by: domain.Alerting{Off: []domain.Rule{domain.RuleOutOfStock}}, want: "resolved out_of_stock"},

		{what: "it had ended, and holds again", known: func(k *domain.Alert) { k.Status, k.EndedAt = domain.AlertWithdrawn, &early }, want: "reopened out_of_stock"},
		{what: "a person had ended it", known: func(k *domain.Alert) { k.Status, k.By = domain.AlertResolved, "key_1" }, want: ""},
		{what: "which it has stayed since", known: func(k *domain.Alert) {
			k.Status, k.By, k.Since, k.ID = domain.AlertResolved, "key_1", clock("10:00"), "alt_x"
		}, want: ""},
		{what: "a person had ended one before", known: func(k *domain.Alert) {
			k.Status, k.By, k.Since, k.ID = domain.AlertResolved, "key_1", clock("08:30"), "alt_x"
		}, want: "opened out_of_stock"},
		{what: "it ended, and nothing alarms", more: []string{"10:00 delivery processing"}, known: func(k *domain.Alert) { k.Status = domain.AlertResolved }, want: ""},
		{what: "another rule's alert", known: func(k *domain.Alert) { k.Rule = domain.RuleStuck }, want: "opened out_of_stock, withdrawn stuck"},
		{what: "another state's alert", known: func(k *domain.Alert) { k.State = "canceled" }, want: "opened out_of_stock, withdrawn out_of_stock"},
	} {
		known := opened(t, outOfStock(t))
		if c.known != nil {
			c.known(&known[0])
		}
		w := outOfStock(t, c.more...)
		if c.now != nil {
			c.now(w)
		}
		got := reconciled(&c.by, w, known, clock("21:00"))
		if steps(got) != c.want {
			t.Errorf("%s: %q, want %q", c.what, steps(got), c.want)
		}
		for i := range got {
			assertKept(t, c.what, &got[i])
		}
	}
}

// assertKept: an alert is as its last step left it, and where nothing but knowledge changed, its life is as it was.
func assertKept(t *testing.T, what string, c *domain.AlertChange) {
	t.Helper()
	a, s := &c.Alert, c.Step
	switch {
	case s == nil && (a.UpdatedAt != clock("20:00") || a.Status != domain.AlertOpen):
		t.Errorf("%s: only learned of, and %+v", what, a)
	case s == nil:
	case s.At != clock("21:00") || a.UpdatedAt != s.At || s.By != "" || a.By != "" || a.Until != nil || a.UntilMoves:
		t.Errorf("%s: %+v left %+v", what, s, a)
	case a.Status.Live() != (a.EndedAt == nil):
		t.Errorf("%s: %s, ended at %v", what, a.Status, a.EndedAt)
	case (s.Kind == domain.StepReopened) != (a.ReopenCount == 1):
		t.Errorf("%s: %s, reopened %d times", what, s.Kind, a.ReopenCount)
	}
}

// TestAlerting_Reconcile_keepsTheID: whatever is learned of a beginning, the alert is the same one.
func TestAlerting_Reconcile_keepsTheID(t *testing.T) {
	t.Parallel()
	known := opened(t, outOfStock(t))
	got := reconciled(nil, outOfStock(t, "08:30 delivery out_of_stock"), known, clock("21:00"))
	wantSame(t, got[0].Alert.ID, known[0].ID)
	wantInstant(t, "since", got[0].Alert.Since, clock("08:30"))
	wantInstant(t, "at", got[0].Alert.At, clock("08:30"))

	ended := got[0].Alert
	ended.Status = domain.AlertResolved
	again := reconciled(nil, outOfStock(t, "08:15 delivery out_of_stock"), []domain.Alert{ended}, clock("21:00"))
	wantSame(t, steps(again), "reopened out_of_stock")
	wantSame(t, again[0].Alert.ID, known[0].ID)
}

func TestAlerting_Reconcile_notBeforeItsTime(t *testing.T) {
	t.Parallel()
	w := watched(t, "snappy.gift", "08:00 status claimed")
	due := clock("08:00") + domain.InstantOfDuration(14*day)
	wantSame(t, steps(reconciled(nil, w, nil, due-1)), "")
	wantSame(t, steps(reconciled(nil, w, nil, due)), "opened stuck")
	late := reconciled(nil, w, nil, due+1_000_000_000)
	wantInstant(t, "stamped with its time", late[0].Alert.At, due)
	wantInstant(t, "raised when it was noticed", late[0].Alert.RaisedAt, due+1_000_000_000)
}

func TestAlerting_Reconcile_notes(t *testing.T) {
	t.Parallel()
	later := &domain.Alerting{Policy: &domain.Policy{Dwell: []domain.DwellRule{{State: "claimed", Limit: 20 * day}}}}
	never := &domain.Alerting{Policy: &domain.Policy{Dwell: []domain.DwellRule{{State: "claimed", Never: true}}}}
	off := &domain.Alerting{Off: []domain.Rule{domain.RuleStuck}}
	w := watched(t, "snappy.gift", "08:00 status claimed")
	now := clock("08:00") + domain.InstantOfDuration(15*day)
	known := []domain.Alert{reconciled(nil, w, nil, now)[0].Alert}
	for _, c := range []struct {
		by   *domain.Alerting
		want string
	}{
		{later, "by what is known now, its time comes later: 2025-02-04T08:00:00.000000Z"},
		{never, "by what is known now, it never was so"},
		{off, "the rule was turned off"},
	} {
		for _, snoozed := range []bool{false, true} {
			want := c.want
			if known[0].UntilMoves = snoozed; snoozed {
				known[0].Status, want = domain.AlertSnoozed, want+"; it was snoozed until its subject moves"
			} else {
				known[0].Status = domain.AlertOpen
			}
			wantSame(t, reconciled(c.by, w, known, now)[0].Step.Note, want)
		}
	}
}

func TestAlerting_ReconcileTroubles(t *testing.T) {
	t.Parallel()
	quiet := func(source, since, detail string) domain.Trouble {
		return domain.Trouble{Rule: domain.RuleQuiet, Source: source, Since: clock(since), Detail: detail}
	}
	var none *domain.Alerting
	first := none.ReconcileTroubles([]domain.Trouble{quiet("snappy", "09:00", "for an hour"), {Rule: domain.RuleDisk, Since: clock("09:00")}}, nil, clock("20:00"))
	wantSame(t, steps(first), "opened "+string(domain.RuleQuiet)+", opened disk_low")
	snappy, disk := first[0].Alert, first[1].Alert
	wantSame(t, snappy, domain.Alert{
		ID: snappy.ID, Rule: domain.RuleQuiet, Severity: domain.Critical, Source: "snappy", Sources: []string{"snappy"}, Since: clock("09:00"),
		At: clock("09:00"), RaisedAt: clock("20:00"), Detail: "for an hour", Status: domain.AlertOpen, UpdatedAt: clock("20:00"),
	})
	if disk.Source != "" || disk.Sources != nil || disk.ID == snappy.ID {
		t.Errorf("about ourselves: %+v", disk)
	}
	ended := func(by string) domain.Alert {
		a := snappy
		a.Status, a.By = domain.AlertResolved, by
		return a
	}
	for _, c := range []struct {
		what     string
		standing []domain.Trouble
		known    []domain.Alert
		by       *domain.Alerting
		want     string
	}{
		{"it stands", []domain.Trouble{quiet("snappy", "09:00", "for an hour")}, []domain.Alert{snappy}, nil, ""},
		{"it stands for longer", []domain.Trouble{quiet("snappy", "09:00", "for two hours")}, []domain.Alert{snappy}, nil, ". source_quiet"},
		{"it is said to have begun later", []domain.Trouble{quiet("snappy", "10:00", "for an hour")}, []domain.Alert{snappy}, nil, ""},
		{"it is over", nil, []domain.Alert{snappy}, nil, "resolved source_quiet"},
		{"it is said twice", []domain.Trouble{quiet("snappy", "09:00", ""), quiet("snappy", "10:00", "")}, nil, nil, "opened source_quiet"},
		{"another source's", []domain.Trouble{quiet("resend", "09:00", "")}, []domain.Alert{snappy}, nil, "opened source_quiet, resolved source_quiet"},
		{"it was over too soon", []domain.Trouble{quiet("snappy", "09:00", "for an hour")}, []domain.Alert{ended("")}, nil, "reopened source_quiet"},
		{"a person has ended it", []domain.Trouble{quiet("snappy", "09:00", "for an hour")}, []domain.Alert{ended("key_1")}, nil, ""},
		{"a new one", []domain.Trouble{quiet("snappy", "15:00", "for an hour")}, []domain.Alert{ended("key_1")}, nil, "opened source_quiet"},
		{"what has ended stays so", nil, []domain.Alert{ended("")}, nil, ""},
		{"the rule is off", []domain.Trouble{quiet("snappy", "09:00", "")}, []domain.Alert{snappy}, &domain.Alerting{Off: []domain.Rule{domain.RuleQuiet}}, "resolved source_quiet"},
	} {
		got := c.by.ReconcileTroubles(c.standing, c.known, clock("21:00"))
		wantSame(t, steps(got), strings.ReplaceAll(c.want, "source_quiet", string(domain.RuleQuiet)))
		for i := range got {
			assertKept(t, c.what, &got[i])
			if a := &got[i].Alert; a.ID == snappy.ID && a.Since != clock("09:00") {
				t.Errorf("%s: it began at %s", c.what, a.Since)
			}
		}
	}
}

func TestAlerting_Severity(t *testing.T) {
	t.Parallel()
	var none *domain.Alerting
	loud := &domain.Alerting{Severe: map[domain.Rule]domain.Severity{domain.RuleStuck: domain.Critical}, Off: []domain.Rule{domain.RuleFailed}}
	wantSame(t, none.Severity(domain.RuleStuck), domain.Warning)
	wantSame(t, loud.Severity(domain.RuleStuck), domain.Critical)
	wantSame(t, loud.Severity(domain.RuleExpiring), domain.Info)
	wantSame(t, []bool{none.On(domain.RuleFailed), loud.On(domain.RuleFailed), loud.On(domain.RuleStuck)}, []bool{true, false, true})
}
