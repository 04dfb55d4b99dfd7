package api

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"giftline/domain"
)

// stats reads a route once the index behind it holds everything.
func (w *world) stats(target string) map[string]any {
	w.t.Helper()
	w.follow()
	return w.get(target)
}

func (w *world) follow() {
	w.t.Helper()
	if err := w.disk.FollowAll(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

// Every sample goes in twice, and each of the statistics says the same of it as answers and timelines do.
func TestStats_seeds(t *testing.T) {
	w, sign := signedWorld(t)
	w.clock = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC) // after every sample
	results, subjects := map[string]float64{}, map[string]bool{}
	for range 2 {
		for _, s := range seeds(t) {
			s.body = ownID(t, s.body, strings.ReplaceAll(s.name, "/", "-"))
			got := w.send(t, s, sign)
			results["received"]++
			results[got["result"].(string)]++
			if subject, ok := got["subject"].(string); ok {
				subjects[subject] = true
			}
		}
	}
	ingest := w.stats("/stats/ingest")
	for _, what := range []string{"received", "recorded", "duplicate", "conflict", "unresolved", "quarantined"} {
		wantAt(t, ingest, "total."+what, results[what])
	}
	wantAt(t, ingest, "failed", "[]")
	verdicts := w.verdicts(subjects)
	events := w.stats("/stats/events?group_by=verdict")
	wantAt(t, events, "events", results["recorded"])
	for i := range events["series"].([]any) {
		series := at(events, fmt.Sprint("series.", i))
		wantAt(t, series, "events", verdicts[at(series, "group").(string)])
	}
	wantAt(t, w.stats("/stats/phases"), "subjects", len(subjects))
	sends := 0
	for name := range subjects {
		if strings.HasPrefix(name, "sendoso/send/") {
			sends++
		}
	}
	wantAt(t, w.stats("/stats/funnel?machine=sendoso.send&from=2022-01-01T00:00:00Z&to=2023-01-01T00:00:00Z"), "subjects", sends)
}

// verdicts counts the entries of timelines.
func (w *world) verdicts(subjects map[string]bool) map[string]float64 {
	verdicts := map[string]float64{}
	for subject := range subjects {
		parts := strings.SplitN(subject, "/", 3)
		timeline := w.get("/" + strings.ReplaceAll(parts[1], "_", "-") + "s/" + url.PathEscape(parts[2]) + "/timeline")
		for _, e := range timeline["entries"].([]any) {
			verdicts[at(e, "verdict").(string)]++
		}
	}
	return verdicts
}

// count gives what a place of a funnel or a dwell answer holds for a state.
func count(t *testing.T, list any, state, field string) any {
	t.Helper()
	for _, one := range list.([]any) {
		if at(one, "state") == state {
			return at(one, field)
		}
	}
	t.Errorf("there is no state %s", state)
	return nil
}

func TestFunnelStats(t *testing.T) {
	w := newWorld(t)
	w.receive("/webhooks/snappy", gift("all", "unopened", "2025-01-15T10:00:00Z"))
	w.receive("/webhooks/snappy", gift("all", "claimed", "2025-01-20T10:00:00Z"))
	w.receive("/webhooks/snappy", gift("next", "unopened", "2025-01-16T00:00:00Z"))
	w.receive("/webhooks/snappy", gift("before", "unopened", "2025-01-14T23:59:59Z"))
	f := w.stats("/stats/funnel?machine=snappy.gift&from=2025-01-15T12:00:00Z&to=2025-01-16T00:00:00Z")
	wantAt(t, f, "from", "2025-01-15T00:00:00.000000Z")
	wantAt(t, f, "to", "2025-01-16T00:00:00.000000Z")
	wantAt(t, f, "subjects", 1)
	wantAt(t, f, "reached.0.state", "unopened")
	wantAt(t, f, "reached.0.phase", "waiting")
	for state, want := range map[string]any{"unopened": 1.0, "unwrapped": 1.0, "claimed": 1.0, "expired": 0.0, "delivered": 0.0} {
		if got := count(t, f["reached"], state, "subjects"); got != want {
			t.Errorf("%v subjects were %s, want %v", got, state, want)
		}
	}
	wantAt(t, w.stats("/stats/funnel?machine=snappy.gift"), "subjects", 3)
	w.receive("/webhooks/snappy", gift("before", "claimed", "2025-01-15T09:00:00Z"))
	w.receive("/webhooks/snappy", gift("next", "unopened", "2025-01-15T09:00:00Z")) // it began a day earlier
	wantAt(t, w.stats("/stats/funnel?machine=snappy.gift&from=2025-01-15T00:00:00Z&to=2025-01-16T00:00:00Z"), "subjects", 2)
}

func TestDwellStats(t *testing.T) {
	w := newWorld(t)
	w.receive("/webhooks/snappy", gift("a", "unopened", "2025-01-15T10:00:00Z"))
	w.receive("/webhooks/snappy", gift("a", "claimed", "2025-01-15T10:50:00Z"))
	w.receive("/webhooks/snappy", gift("b", "unopened", "2025-01-15T10:00:00Z"))
	states := w.stats("/stats/dwell?machine=snappy.gift")["states"]
	for field, want := range map[string]any{"count": 1.0, "p50_seconds": 3600.0, "p90_seconds": 3600.0, "standing": 1.0, "longer": false} {
		if got := count(t, states, "unopened", field); got != want {
			t.Errorf("unopened: %s is %v, want %v", field, got, want)
		}
	}
	for field, want := range map[string]any{"count": 0.0, "p50_seconds": nil, "standing": 1.0} {
		if got := count(t, states, "claimed", field); got != want {
			t.Errorf("claimed: %s is %v, want %v", field, got, want)
		}
	}
	// What was taken for one long stay comes to be two.
	w.receive("/webhooks/snappy", gift("a", "opened", "2025-01-15T10:01:30Z"))
	states = w.stats("/stats/dwell?machine=snappy.gift")["states"]
	if first, then := count(t, states, "unopened", "p50_seconds"), count(t, states, "opened", "p50_seconds"); first != 120.0 || then != 3600.0 {
		t.Errorf("unopened for %v, then opened for %v seconds", first, then)
	}
}

func TestPhaseStats(t *testing.T) {
	w := newWorld(t)
	w.receive("/webhooks/snappy", gift("a", "claimed", "2025-01-15T10:00:00Z"))
	w.receive("/webhooks/snappy", gift("b", "claimed", "2025-01-15T10:00:00Z"))
	w.receive("/webhooks/snappy", gift("b", "unopened", "2025-01-16T10:00:00Z"))
	w.receive("/webhooks/snappy", gift("c", "opened", "2025-01-15T10:00:00Z"))
	w.receive("/webhooks/snappy", gift("d", "unopened", "2025-01-15T10:00:00Z"))
	s := w.stats("/stats/phases")
	wantAt(t, s, "subjects", 4)
	wantAt(t, s, "illegal", 1)
	wantAt(t, s, "phases.0.phase", "waiting")
	wantAt(t, s, "phases.0.subjects", 2)
	wantAt(t, s, "phases.0.statuses", "[map[state:opened subjects:1] map[state:unopened subjects:1]]")
	wantAt(t, s, "phases.0.deliveries", "[map[state:new subjects:2]]")
	wantAt(t, s, "phases.1.phase", "claimed")
	wantAt(t, s, "phases.1.illegal", 1)
	wantAt(t, s, "phases.2", nil)
}

func TestEventStats(t *testing.T) {
	w := newWorld(t) // at noon
	w.receive("/webhooks/snappy", gift("a", "unopened", "2025-01-15T10:00:00Z"))
	w.pass(-3 * 24 * time.Hour)
	w.pass(3*24*time.Hour + 90*time.Minute)
	w.receive("/webhooks/snappy", gift("a", "claimed", "2025-01-16T10:00:00Z"))
	w.receive("/webhooks/resend", email("e", "sent", "2025-01-15T10:00:00Z"))
	w.pass(90 * time.Minute)
	w.receive("/webhooks/snappy", gift("a", "opened", "2025-01-15T11:00:00Z"))
	for _, c := range []struct{ query, times, series string }{
		{"from=2025-02-01T11:30:00Z", "11 12 13 14 15", "<nil> 0 1 2 0 1"},
		{"from=2025-02-01T12:00:00Z&to=2025-02-01T14:00:00Z&group_by=provider", "12 13", "snappy 1 1, resend 0 1"},
		{"from=2025-02-01T13:00:00Z&to=2025-02-01T13:00:01Z&group_by=source", "13", "resend 1, snappy 1"},
		{"from=2025-02-01T12:00:00Z&group_by=type", "12 13 14 15", "gift-status-changed 1 1 0 1, email.sent 0 1 0 0"},
		{"from=2025-02-01T12:00:00Z&group_by=verdict", "12 13 14 15", "moved 1 2 0 1"}, // the claim was a gap until it was opened
		{"granularity=day&from=2025-01-31T10:00:00Z", "00 00", "<nil> 0 4"},
		{"from=2025-02-01T10:00:00Z&to=2025-02-01T11:00:00Z", "10", "<nil> 0"},
		{"from=2025-02-01T10:00:00Z&to=2025-02-01T11:00:00Z&group_by=type", "10", ""},
	} {
		s := w.stats("/stats/events?" + c.query)
		if times, series := drawn(s); times != c.times || series != c.series {
			t.Errorf("%s:\n%s | %s\nwant %s | %s", c.query, times, series, c.times, c.series)
		}
		wantAt(t, s, "failed", "[]")
	}
	day := w.stats("/stats/events")
	if n := len(day["times"].([]any)); n != 24 || at(day, "times.23") != "2025-02-01T15:00:00.000000Z" || at(day, "events") != 4.0 {
		t.Errorf("%d hours up to %v with %v events", n, at(day, "times.23"), at(day, "events"))
	}
	if n := len(w.stats("/stats/events?granularity=day")["times"].([]any)); n != 30 {
		t.Errorf("%d days", n)
	}
	wantAt(t, w.stats("/stats/events?from=2025-02-01T14:00:00Z"), "before", 3)
}

// drawn tells a chart: the hours of its points, and the points of each series.
func drawn(s map[string]any) (times, series string) {
	var hours, lines []string
	for _, at := range s["times"].([]any) {
		hours = append(hours, at.(string)[11:13])
	}
	for _, one := range s["series"].([]any) {
		lines = append(lines, strings.TrimSpace(fmt.Sprint(at(one, "group"), " ", strings.Trim(fmt.Sprint(at(one, "counts")), "[]"))))
	}
	return strings.Join(hours, " "), strings.Join(lines, ", ")
}

func TestEventStats_manySeries(t *testing.T) {
	var counts []domain.EventCount
	for i := range mostSeries + 3 {
		counts = append(counts, domain.EventCount{From: 0, Group: fmt.Sprint("type-", i), Events: int64(1000 - i)})
	}
	all := seriesOf(counts, []domain.Instant{0, hour}, hour, true)
	rest := all[len(all)-1]
	if len(all) != mostSeries+1 || rest.Group != nil || rest.Events != 900+899+898 || rest.Counts[0] != rest.Events {
		t.Errorf("%d series, the last is %+v", len(all), rest)
	}
}

func TestStats_parameters(t *testing.T) {
	w := newWorld(t)
	for _, query := range []string{
		"funnel", "dwell", "funnel?machine=nobody.knows", "dwell?machine=gift", "events?granularity=minute", "events?group_by=subject",
		"events?from=yesterday", "events?from=2025-02-01T12:00:00Z&to=2025-02-01T12:00:00Z", "events?from=2026-01-01T00:00:00Z",
		"events?from=2024-01-01T00:00:00Z", "events?granularity=day&from=2020-01-01T00:00:00Z", "events?limit=3",
		"funnel?machine=snappy.gift&from=2020-01-01T00:00:00Z", "phases?kind=gift", "ingest?source=snappy",
	} {
		p := wantProblem(t, w.do(http.MethodGet, "/stats/"+query, ""), 422, "invalid")
		if p["detail"] == "" {
			t.Errorf("%s: nothing said", query)
		}
	}
	p := wantProblem(t, w.do(http.MethodGet, "/stats/dwell?machine=gift", ""), 422, "invalid")
	if detail := p["detail"].(string); !strings.Contains(detail, "snappy.gift") {
		t.Errorf("which machines there are is not said: %s", detail)
	}
}

func TestIngestStats(t *testing.T) {
	w := newWorld(t)
	body := gift("a", "unopened", "2025-01-15T10:00:00Z")
	w.receive("/webhooks/snappy", body)
	w.receive("/webhooks/snappy", body)
	w.receive("/webhooks/snappy", "not JSON")
	w.receive("/webhooks/typed", `{"send_gid":"s1","status_changed_at":"2025-01-15T14:44:00Z"}`)
	w.do(http.MethodPost, "/webhooks/snappy", body, "X-Webhook-Token", "wrong")
	check := func() {
		t.Helper()
		s := w.stats("/stats/ingest")
		for what, want := range map[string]int{
			"received": 4, "recorded": 1, "duplicate": 1, "conflict": 0, "unresolved": 1, "quarantined": 1, "rejected": 1,
		} {
			wantAt(t, s, "total."+what, want)
		}
		var names []string
		for i := range s["sources"].([]any) {
			names = append(names, at(s, fmt.Sprint("sources.", i, ".source")).(string))
		}
		if got := strings.Join(names, " "); got != "opensend resend sendoso snappy typed" {
			t.Errorf("sources %s", got)
		}
		wantAt(t, s, "sources.3.rejected", 1)
		wantAt(t, s, "sources.4.unresolved", 1)
	}
	check()
	if err := w.FlushRejections(t.Context()); err != nil {
		t.Fatal(err)
	}
	check()
}

// A part that cannot be read is null and named, never 0; the others still stand. Without any part there is no answer.
func TestStats_failed(t *testing.T) {
	w, f := newFailing(t)
	w.receive("/webhooks/snappy", gift("a", "unopened", "2025-01-15T10:00:00Z"))
	busy := domain.Errorf(domain.CodeBusy, "full")
	f.dwells = busy
	s := w.stats("/stats/dwell?machine=snappy.gift")
	wantAt(t, s, "failed", "[dwells]")
	wantAt(t, s, "states.0.count", nil)
	wantAt(t, s, "states.0.standing", 1)
	if n := strings.Count(w.logs.String(), "a part of an answer is null"); n != 1 {
		t.Errorf("logged %d times", n)
	}
	f.phases = busy
	wantProblem(t, w.do(http.MethodGet, "/stats/dwell?machine=snappy.gift", ""), 503, "busy")
	wantProblem(t, w.do(http.MethodGet, "/stats/phases", ""), 503, "busy")
	f.dwells = nil
	s = w.stats("/stats/dwell?machine=snappy.gift")
	wantAt(t, s, "failed", "[standing]")
	wantAt(t, s, "states.0.count", 0)
	wantAt(t, s, "states.0.standing", nil)
	f.eventCounts = func(q domain.EventCountQuery) error {
		if q.Group == domain.ByNothing {
			return busy
		}
		return nil
	}
	s = w.stats("/stats/events?group_by=provider")
	wantAt(t, s, "failed", "[before]")
	wantAt(t, s, "before", nil)
	wantAt(t, s, "events", 1)
	wantProblem(t, w.do(http.MethodGet, "/stats/events", ""), 503, "busy")
}

// Who reaches one source counts what is that source's alone.
func TestStats_reach(t *testing.T) {
	w := newWorld(t)
	w.receive("/webhooks/snappy", gift("a", "unopened", "2025-01-15T10:00:00Z"))
	w.receive("/webhooks/resend", email("e", "sent", "2025-01-15T10:00:00Z"))
	w.follow()
	for _, c := range []struct {
		sources     []string
		gifts, mail int64
	}{{[]string{"snappy"}, 1, 0}, {[]string{"resend", "other"}, 0, 1}, {[]string{"other"}, 0, 0}, {nil, 0, 0}} {
		ctx := domain.Within(t.Context(), c.sources)
		events, err := w.eventStats(ctx, &EventStatsInput{Granularity: "hour"})
		if err != nil || *events.Body.Events != c.gifts+c.mail {
			t.Errorf("%v: %d events, error %v", c.sources, *events.Body.Events, err)
		}
		if got := subjectsOf(t, ctx, w, "snappy.gift"); got != c.gifts {
			t.Errorf("%v: %d gifts", c.sources, got)
		}
		if got := subjectsOf(t, ctx, w, "resend.email"); got != c.mail {
			t.Errorf("%v: %d e-mails", c.sources, got)
		}
		ingest, err := w.ingestStats(ctx, nil)
		if err != nil || ingest.Body.Total.Received != c.gifts+c.mail {
			t.Errorf("%v: %+v, error %v", c.sources, ingest.Body.Total, err)
		}
	}
}

func subjectsOf(t *testing.T, ctx context.Context, w *world, machine string) int64 {
	t.Helper()
	f, err := w.funnelStats(ctx, &FunnelInput{MachineStatsInput: MachineStatsInput{Machine: machine}})
	if err != nil {
		t.Fatal(err)
	}
	return *f.Body.Subjects
}
