package domain_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"giftline/domain"
)

// tower is a store of which a Monitor asks what it may ask, and which notes what it is told.
type tower struct {
	domain.Store // what no monitor may ask for
	tray
	counts  []domain.SourceCount
	hours   []domain.EventCount
	outages []domain.Outage
	alerts  []domain.Alert

	notes    []string
	standing []domain.Trouble
	asked    int // for hours
	fail     error
}

func (s *tower) Pulse(_ context.Context, _ domain.Instant, quiet []domain.Silence) error {
	note := "pulse"
	for _, q := range quiet {
		note += " " + q.Source + " since " + q.Since.Time().Format("15:04")
	}
	s.notes = append(s.notes, note)
	return nil
}

func (s *tower) SourceCounts(context.Context) ([]domain.SourceCount, error) {
	return slices.Clone(s.counts), s.fail
}

func (s *tower) EventCounts(_ context.Context, q domain.EventCountQuery) (found []domain.EventCount, _ error) {
	s.asked++
	for _, h := range s.hours {
		if q.Group == domain.BySource && !q.Daily && q.Span.Holds(h.From) {
			h.Group = "snappy"
			found = append(found, h, domain.EventCount{From: h.From, Group: "resend", Events: 9})
		}
	}
	return found, nil
}

func (s *tower) Outages(_ context.Context, after domain.Instant) (found []domain.Outage, _ error) {
	for _, o := range s.outages {
		if o.To == nil || *o.To > after {
			found = append(found, o)
		}
	}
	return found, nil
}

func (s *tower) Alerts(context.Context, domain.AlertQuery) (domain.AlertPage, error) {
	return domain.AlertPage{Alerts: s.alerts}, nil
}

func (s *tower) Raise(_ context.Context, _ []domain.Rule, standing []domain.Trouble, _ domain.Instant) error {
	note := "raise"
	for _, t := range standing {
		note += strings.TrimRight(" "+string(t.Rule)+" "+t.Source, " ")
	}
	s.notes, s.standing = append(s.notes, note), standing
	return nil
}

func (s *tower) Plan(context.Context, string, string, domain.Instant) error { return nil }
func (s *tower) PlanOnce(_ context.Context, kind, key string, due domain.Instant) error {
	s.tray.pieces = []domain.Work{{Kind: kind, Key: key, DueAt: due}}
	return nil
}
func (s *tower) Claim(ctx context.Context, kind string, now domain.Instant, lease time.Duration, n int) ([]domain.Work, error) {
	return s.tray.Claim(ctx, kind, now, lease, n)
}
func (s *tower) Extend(ctx context.Context, w domain.Work, lease time.Duration) error {
	return s.tray.Extend(ctx, w, lease)
}
func (s *tower) Done(ctx context.Context, w domain.Work) error { return s.tray.Done(ctx, w) }
func (s *tower) Postpone(ctx context.Context, w domain.Work, due domain.Instant) error {
	return s.tray.Postpone(ctx, w, due)
}
func (s *tower) NextDue(ctx context.Context, kind string) (domain.Instant, bool, error) {
	return s.tray.NextDue(ctx, kind)
}

// heard has the tower hear of snappy last at a time, and of a source that nobody watches.
func (s *tower) heard(last domain.Instant) {
	s.counts = []domain.SourceCount{
		{Source: "resend", Received: 9, LastReceived: ptr(at(0, "00:00"))},
		{Source: "snappy", Received: 9, LastReceived: &last},
	}
}

// looks has a monitor look at some times of day 30, and gives what that came to.
func (s *tower) looks(t *testing.T, m *domain.Monitor, clocks ...string) (notes []string) {
	t.Helper()
	for _, c := range clocks {
		if err := m.RunOnce(t.Context(), at(30, c)); err != nil {
			t.Fatal(err)
		}
	}
	notes, s.notes = s.notes, nil
	return notes
}

func watching(s *tower) *domain.Monitor {
	return &domain.Monitor{Store: s, Sources: []string{"snappy"}, Alerting: &domain.Alerting{}, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
}

// A source falls silent and comes back: one alert, with its beginning, and the store knows when nothing was heard.
func TestMonitor_RunOnce_quiet(t *testing.T) {
	t.Parallel()
	last := at(30, "10:00")
	s := &tower{hours: sent(steady(10), 0, last)}
	s.heard(last)
	m := watching(s)
	wantSame(t, s.looks(t, m, "11:58:50", "11:59:40", "11:59:50"), []string{"pulse", "raise", "pulse", "pulse", "raise"})
	wantSame(t, s.looks(t, m, "12:00"), []string{"pulse", "pulse snappy since 10:00", "raise quiet snappy"})
	wantSame(t, s.standing, []domain.Trouble{{
		Rule: domain.RuleQuiet, Source: "snappy", Since: last, Detail: "nothing from snappy for 2 h; about 20 webhooks are usual in that time",
	}})
	s.heard(at(30, "12:00"))
	wantSame(t, s.looks(t, m, "12:00:10"), []string{"pulse snappy since 10:00", "pulse", "raise"})
	if s.asked != 1 {
		t.Errorf("the hours of the past were read %d times in one silence", s.asked)
	}
}

// Who goes on watching keeps what the one before has found: sources that are quiet, and troubles that were seen lately.
func TestMonitor_RunOnce_takesOver(t *testing.T) {
	t.Parallel()
	last := at(30, "10:00")
	s := &tower{
		outages: []domain.Outage{{Source: "snappy", From: last}, {Source: "gone", From: last}, {Source: "snappy", From: at(20, "00:00"), To: ptr(at(20, "01:00"))}},
		alerts:  []domain.Alert{{Rule: domain.RuleSignature, Source: "snappy", Since: at(30, "11:00"), Detail: "refused"}},
	}
	s.heard(last) // without any hours: a rhythm of which nothing is known yet ends no silence
	m := watching(s)
	both := "raise quiet snappy signature_failures snappy"
	wantSame(t, s.looks(t, m, "12:00"), []string{"pulse snappy since 10:00", both})
	wantSame(t, s.looks(t, m, "12:00:10"), []string{"pulse snappy since 10:00"})
	wantSame(t, s.standing[1], domain.Trouble{Rule: domain.RuleSignature, Source: "snappy", Since: at(30, "11:00"), Detail: "refused"})
	s.alerts = nil
	wantSame(t, s.looks(t, m, "12:01:10"), []string{"pulse snappy since 10:00", "raise quiet snappy"}) // another one has watched meanwhile
}

// What a deployment turned off is not told, and holds deadlines back all the same.
func TestMonitor_RunOnce_off(t *testing.T) {
	t.Parallel()
	s := &tower{hours: sent(steady(10), 0, at(30, "10:00")), outages: []domain.Outage{ours(at(30, "06:00"), at(30, "09:30"))}}
	s.heard(at(30, "10:00"))
	m := watching(s)
	m.Alerting.Off = []domain.Rule{domain.RuleQuiet}
	wantSame(t, s.looks(t, m, "12:00"), []string{"pulse", "pulse snappy since 10:00", "raise downtime"})
	m = watching(s)
	m.Alerting = nil
	wantSame(t, s.looks(t, m, "12:00"), []string{"pulse", "pulse snappy since 10:00"})
}

// What the process knows of itself is looked at with the rest.
func TestMonitor_RunOnce_vitals(t *testing.T) {
	t.Parallel()
	s := &tower{}
	m := watching(s)
	var v domain.Vitals
	m.Vitals = func() domain.Vitals { v.PutOff++; v.DiskSize = 100; return v }
	wantSame(t, s.looks(t, m, "12:00", "12:00:10"), []string{"pulse", "raise disk_low", "pulse", "raise queue_full disk_low"})
}

// The pulse beats whatever else fails, every ten seconds: a minute without one would count as a downtime.
func TestMonitor_Run(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		s := &tower{fail: errors.New("no counts")}
		m := watching(s)
		var log bytes.Buffer
		m.Log = slog.New(slog.NewTextHandler(&log, nil))
		done := make(chan struct{})
		go func() { defer close(done); m.Run(ctx) }()
		time.Sleep(59 * time.Second)
		synctest.Wait()
		stop()
		<-done
		wantSame(t, fmt.Sprint(s.notes), "[pulse pulse pulse pulse pulse pulse]")
		if !strings.Contains(log.String(), "no counts") {
			t.Errorf("the log does not say what fails: %s", log.String())
		}
	})
}
