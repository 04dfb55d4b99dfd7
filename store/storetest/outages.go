package storetest

import (
	"fmt"
	"slices"
	"testing"

	"giftline/domain"
)

// standing lists the live alerts about sources and ourselves, and checks the others.
func (w *ward) standing(rules ...domain.Rule) (all []string) {
	w.t.Helper()
	page, err := w.store.Alerts(w.t.Context(), domain.AlertQuery{Rules: rules, Statuses: []domain.AlertStatus{domain.AlertOpen, domain.AlertAcknowledged}})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, a := range page.Alerts {
		all = append(all, fmt.Sprintf("%s of %q: %s", a.Rule, a.Source, a.Detail))
	}
	slices.Sort(all)
	return all
}

func (w *ward) raise(at domain.Instant, rules []domain.Rule, standing ...domain.Trouble) {
	w.t.Helper()
	if err := w.store.Raise(w.t.Context(), rules, standing, at); err != nil {
		w.t.Fatal(err)
	}
}

// troubles: there is one live alert for what stands, and it ends with it. Those of other rules are not touched.
func (s Suite) troubles(t *testing.T) {
	w := s.newWard(t)
	own, other := []domain.Rule{domain.RuleQuiet, domain.RuleBusy}, []domain.Rule{domain.RuleDisk}
	quiet := domain.Trouble{Rule: domain.RuleQuiet, Source: "a", Since: epoch, Detail: "3 h"}
	disk := domain.Trouble{Rule: domain.RuleDisk, Since: epoch, Detail: "4 %"}
	want := func(want ...string) {
		t.Helper()
		if got := w.standing(); !slices.Equal(got, want) {
			t.Errorf("standing: %q, want %q", got, want)
		}
	}
	w.raise(epoch, other, disk)
	w.raise(epoch+minutes, own, quiet)
	want(`disk_low of "": 4 %`, `quiet of "a": 3 h`)
	quiet.Detail = "4 h"
	w.raise(epoch+2*minutes, own, quiet, domain.Trouble{Rule: domain.RuleQuiet, Source: "b", Since: epoch})
	want(`disk_low of "": 4 %`, `quiet of "a": 4 h`, `quiet of "b": `)
	w.raise(epoch+3*minutes, own)
	want(`disk_low of "": 4 %`)
	w.raise(epoch+4*minutes, other)
	want()
	page, err := w.store.Alerts(t.Context(), domain.AlertQuery{Rules: own, Sources: []string{"a"}})
	if err != nil || len(page.Alerts) != 1 {
		t.Fatalf("%+v, error %v", page, err)
	}
	w.wantTold(page.Alerts[0].ID, "resolved 0: opened@1 resolved@3")
	w.raise(epoch+5*minutes, own, quiet) // the same episode
	w.wantTold(page.Alerts[0].ID, "open 1: opened@1 resolved@3 reopened@5")
}

// troubleAtOnce: replicas that see the same trouble at the same time raise one alert.
func (s Suite) troubleAtOnce(t *testing.T) {
	w := s.newWard(t)
	rules := []domain.Rule{domain.RuleBusy}
	atOnce(8, func(n int) { // each saw it begin at a time of its own
		trouble := domain.Trouble{Rule: domain.RuleBusy, Since: epoch + domain.Instant(n)}
		if err := w.store.Raise(t.Context(), rules, []domain.Trouble{trouble}, epoch); err != nil {
			t.Error(err)
		}
	})
	if got := w.standing(rules...); len(got) != 1 {
		t.Errorf("standing: %q, want one", got)
	}
}

// outagesTold writes outages as source:from-to in minutes.
func (w *ward) outagesTold(after domain.Instant) (all []string) {
	w.t.Helper()
	list, err := w.store.Outages(w.t.Context(), after)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, o := range list {
		to := "…"
		if o.To != nil {
			to = fmt.Sprint(int64(*o.To-epoch) / int64(minutes))
		}
		all = append(all, fmt.Sprintf("%s:%d-%s", o.Source, (o.From-epoch)/minutes, to))
	}
	return all
}

// outages: what the pulse and the silence of sources tell is kept, each time once.
func (s Suite) outages(t *testing.T) {
	w := s.newWard(t)
	silent := func(source string, since domain.Instant) domain.Silence {
		return domain.Silence{Source: source, Since: epoch + since*minutes}
	}
	for _, one := range []struct {
		what  string
		at    domain.Instant // minutes
		quiet []domain.Silence
		want  []string
	}{
		{"the first pulse ever", 1, nil, nil},
		{"in time", 2, nil, nil},
		{"too late", 10, nil, []string{":2-10"}},
		{"a source is quiet", 11, []domain.Silence{silent("a", 5)}, []string{":2-10", "a:5-…"}},
		{"still, and another one", 12, []domain.Silence{silent("a", 5), silent("b", 9), silent("b", 9)}, []string{":2-10", "a:5-…", "b:9-…"}},
		{"one is heard", 13, []domain.Silence{silent("b", 9)}, []string{":2-10", "a:5-13", "b:9-…"}},
		{"and was not", 14, []domain.Silence{silent("b", 9), silent("a", 5)}, []string{":2-10", "a:5-…", "b:9-…"}},
		{"we are down meanwhile", 30, []domain.Silence{silent("b", 9)}, []string{":2-10", "a:5-30", "b:9-…", ":14-30"}},
		{"a clock set back", 20, []domain.Silence{silent("b", 9)}, []string{":2-10", "a:5-20", "b:9-…", ":14-20"}},
		{"goes on from there", 21, nil, []string{":2-10", "a:5-20", "b:9-21", ":14-20"}},
		{"quiet anew", 22, []domain.Silence{silent("a", 21)}, []string{":2-10", "a:5-20", "b:9-21", ":14-20", "a:21-…"}},
	} {
		if err := w.store.Pulse(t.Context(), epoch+one.at*minutes, one.quiet); err != nil {
			t.Fatal(err)
		}
		if got := w.outagesTold(0); !slices.Equal(got, one.want) {
			t.Errorf("%s: %q, want %q", one.what, got, one.want)
		}
	}
	if got, want := w.outagesTold(epoch+20*minutes), []string{"b:9-21", "a:21-…"}; !slices.Equal(got, want) {
		t.Errorf("those that end later: %q, want %q", got, want)
	}
	if list, err := w.store.Outages(domain.Within(t.Context(), []string{"b"}), 0); len(list) != 1 || list[0].Source != "b" || err != nil {
		t.Errorf("b is told of %+v, error %v", list, err)
	}
	w.blindness()
}

// blindness: to a lap, a pulse that is too long ago is an outage that lasts, and what ended years ago is forgotten.
func (w *ward) blindness() {
	w.t.Helper()
	const last = epoch + 22*minutes
	want := func(at domain.Instant, outages ...domain.Outage) {
		w.t.Helper()
		if got := w.Laps.Blind(w.t, w.store, at); bytesOf(got) != bytesOf(domain.BlindOf(outages, at)) {
			w.t.Errorf("blind at %v\n%s\nwant\n%s", at, bytesOf(got), bytesOf(domain.BlindOf(outages, at)))
		}
	}
	known, err := w.store.Outages(w.t.Context(), 0)
	if err != nil {
		w.t.Fatal(err)
	}
	want(last+minutes, known...)
	want(last+minutes+1, append(known, domain.Outage{From: last})...)
	years := last + 3*365*24*60*minutes
	want(years, domain.Outage{Source: "a", From: epoch + 21*minutes}, domain.Outage{From: last})
}

// outageLooks: whoever alarmed by a deadline since an outage began, of those whom it kept from hearing, is looked at again.
func (s Suite) outageLooks(t *testing.T) {
	w := s.newWard(t)
	raise := func(id string, rule domain.Rule, at domain.Instant, sources ...string) domain.Alert {
		a := alarm(w.gift(id, sources...), rule, epoch, sources...)
		a.At = epoch + at*minutes
		w.step(a, domain.StepOpened, epoch)
		return a
	}
	raise("stuck", domain.RuleStuck, 10, "b", "a")
	raise("overdue", domain.RuleOverdue, 11, "a")
	raise("long before", domain.RuleStuck, 4, "a")
	raise("failed", domain.RuleFailed, 11, "a")
	raise("heard", domain.RuleStuck, 12, "b")
	w.step(raise("over", domain.RuleStuck, 12, "a"), domain.StepResolved, epoch)
	for _, one := range []struct {
		what  string
		at    domain.Instant // minutes
		quiet []domain.Silence
		want  []string
	}{
		{"nothing is wrong", 1, nil, nil},
		{"a is quiet", 2, []domain.Silence{{Source: "a", Since: epoch + 5*minutes}}, []string{"overdue", "stuck"}},
		{"still", 3, []domain.Silence{{Source: "a", Since: epoch + 5*minutes}}, []string{"overdue", "stuck"}},
		{"and is heard", 4, nil, []string{"meanwhile", "overdue", "stuck"}},
		{"we were down", 9, nil, []string{"heard", "long before", "meanwhile", "overdue", "stuck"}},
	} {
		if one.at == 4 {
			raise("meanwhile", domain.RuleStuck, 8, "a")
		}
		if err := w.store.Pulse(t.Context(), epoch+one.at*minutes, one.quiet); err != nil {
			t.Fatal(err)
		}
		if got := w.Laps.Waiting(t, w.store); !slices.Equal(got, one.want) {
			t.Errorf("%s: %q are looked at, want %q", one.what, got, one.want)
		}
	}
}
