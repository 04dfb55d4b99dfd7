package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"giftline/domain"
	"giftline/statemachines"
)

const (
	sweepRate = 200 // webhooks a second while deadlines are looked at
	sweepDue  = 20  // one of so many subjects is due
)

// The deadlines of a twentieth of GIFTLINE_TEST_SUBJECTS live subjects pass at once, while webhooks come at a steady rate:
// all of them are noticed, and webhooks wait hardly longer than before. It logs how long that takes, and demands the figures
// that are promised only of a large number. The file is kept in the directory for temporary ones, and copied for each run.
func TestSweep_scale(t *testing.T) {
	subjects, err := strconv.Atoi(os.Getenv("GIFTLINE_TEST_SUBJECTS"))
	large := err == nil
	if !large {
		subjects = 2000
	}
	path := sweepFile(t, subjects, large)
	var clock atomic.Int64 // what is added to the time
	base := scaleStart.Time()
	began := time.Now()
	now := func() time.Time { return base.Add(time.Since(began) + time.Duration(clock.Load())) }
	s, err := Open(t.Context(), path, Options{Machines: statemachines.All(), Now: now, Alerting: sweepAlerting()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.FollowAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	load := &steady{t: t, s: s, subjects: subjects}
	phase := 3 * time.Second
	if large {
		phase = 15 * time.Second
	}
	quiet := load.run(func() bool { return time.Since(load.began) > phase })
	clock.Store(int64(sweepLimit))
	s.hints.give()
	var due int64
	began2 := time.Now()
	var drained time.Duration
	loaded := load.run(func() bool {
		var n int64
		if Scan(t, s, &n, "SELECT count(*) FROM (SELECT 1 FROM listings WHERE look_at <= ? LIMIT 1) x", int64(domain.InstantOf(now()))); n == 0 && drained == 0 {
			drained = time.Since(began2)
		}
		return drained > 0
	})
	Scan(t, s, &due, "SELECT count(*) FROM alerts WHERE rule = 'stuck'")
	t.Logf("%d of %d subjects were due, all noticed after %v; %d webhooks before: p50 %v, p99 %v; %d meanwhile: p50 %v, p99 %v", due, subjects,
		drained.Round(time.Millisecond), len(quiet), at(quiet, 50), at(quiet, 99), len(loaded), at(loaded, 50), at(loaded, 99))
	if want := int64(subjects / sweepDue); due != want {
		t.Errorf("%d alerts, want %d", due, want)
	}
	if large && (drained > time.Minute || at(loaded, 99) > 2*at(quiet, 99)) {
		t.Errorf("it takes longer than a minute, or webhooks wait more than twice as long")
	}
}

const sweepLimit = 24 * time.Hour

func sweepAlerting() *domain.Alerting {
	return &domain.Alerting{Routes: domain.Routes{{Channel: "ops", Wait: domain.DefaultWait}}, Policy: &domain.Policy{Dwell: []domain.DwellRule{
		{State: "claimed", Limit: sweepLimit}, {State: "orderReceived", Limit: 300 * 24 * time.Hour},
	}}}
}

// sweepFile makes a database in which every subject is listed, once.
func sweepFile(t *testing.T, subjects int, keep bool) string {
	made := filepath.Join(t.TempDir(), "giftline.db")
	if keep {
		made = filepath.Join(os.TempDir(), fmt.Sprintf("giftline-sweep-%d.db", subjects))
	}
	if _, err := os.Stat(made); err != nil {
		began := time.Now()
		part := made + ".part" // of a run that was stopped
		os.Remove(part)
		fillSweep(t, part, subjects)
		if err := os.Rename(part, made); err != nil {
			t.Fatal(err)
		}
		t.Logf("%d subjects were written and listed in %v", subjects, time.Since(began).Round(time.Second))
	}
	if !keep {
		return made
	}
	path := filepath.Join(t.TempDir(), "giftline.db")
	b, err := os.Open(made)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if _, err := out.ReadFrom(b); err != nil {
		t.Fatal(err)
	}
	if err := out.Sync(); err != nil { // or the first webhooks wait for it
		t.Fatal(err)
	}
	return path
}

// fillSweep tells of gifts that were claimed, or whose order was received: every twentieth is due a day after the start,
// the others much later.
func fillSweep(t *testing.T, path string, subjects int) {
	m, _ := statemachines.All().For(domain.Snappy, domain.Gift)
	w := newFiller(t, path)
	random := rand.New(rand.NewPCG(2, 2))
	late := sweepStory(m, "opened", "claimed")
	waiting := sweepStory(m, "opened", "claimed", "orderReceived")
	var lines []line
	for id := 1; id <= subjects; id++ {
		story := &waiting
		if id%sweepDue == 0 {
			story = &late
		}
		told := w.subject(story, random, int64(id), domain.Instant(id))
		lines = append(lines, told[len(told)-1]) // one is enough to have it listed
	}
	w.changes(lines)
	w.flush()
	w.db.Close()
	began := time.Now()
	s, err := Open(t.Context(), path, Options{Machines: statemachines.All(), Now: func() time.Time { return scaleStart.Time().Add(time.Since(began)) }, Alerting: sweepAlerting(), Lazy: true})
	if err == nil {
		err = s.FollowAll(t.Context())
	}
	if err == nil {
		err = s.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// sweepStory ends at the start of the scale, with a state after another each hour before.
func sweepStory(m domain.Machine, states ...string) template {
	subject := domain.Subject{Provider: domain.Snappy, Kind: domain.Gift, ID: "template"}
	var rows []domain.Recorded
	for i, state := range states {
		e := domain.Event{Subject: subject, Type: "gift-status-changed", Target: state, Quality: domain.TimeExact, Fingerprint: domain.Fingerprint{byte(i)}}
		if state == "orderReceived" {
			e.Type = "gift-delivery-status-changed"
		}
		e.At = scaleStart - domain.Instant(len(states)-1-i)*3600*1_000_000
		m.Read(&e)
		rows = append(rows, domain.Recorded{Event: e, Source: string(subject.Provider)})
	}
	return template{m, rows, domain.Refold(m, subject, string(subject.Provider), rows)}
}

// steady records webhooks at a rate, each in a goroutine of its own as a server does, whether the last ones are answered
// or not.
type steady struct {
	t        *testing.T
	s        *Store
	subjects int
	n        int
	began    time.Time
}

// run gives how long each one took, sorted.
func (l *steady) run(enough func() bool) []time.Duration {
	l.began = time.Now()
	results := make(chan time.Duration, 1<<16)
	sent := 0
	for checked := time.Now(); ; {
		for ; sent < int(time.Since(l.began).Seconds()*sweepRate); sent++ {
			p := l.webhook()
			go func() {
				began := time.Now()
				if _, err := l.s.Record(context.Background(), p); err != nil {
					l.t.Error(err)
				}
				results <- time.Since(began)
			}()
		}
		if time.Since(checked) > 100*time.Millisecond {
			if checked = time.Now(); enough() {
				break
			}
		}
		time.Sleep(time.Second / sweepRate / 5)
	}
	took := make([]time.Duration, sent)
	for i := range took {
		took[i] = <-results
	}
	slices.Sort(took)
	return took
}

// webhook tells of a new gift, or of one that there is.
func (l *steady) webhook() domain.Parsed {
	l.n++
	id := "new-" + strconv.Itoa(l.n)
	if l.n%2 == 0 {
		id = "item-" + strconv.Itoa(1+(l.n*7919)%l.subjects/sweepDue*sweepDue)
	}
	subject := domain.Subject{Provider: domain.Snappy, Kind: domain.Gift, ID: id}
	e := domain.Event{
		Subject: subject, Type: "thank-you-note-created", At: scaleStart + domain.Instant(l.n), Quality: domain.TimeExact,
		Fingerprint: domain.FingerprintOf("sweep/1", subject, strconv.Itoa(l.n)),
	}
	m, _ := statemachines.All().For(domain.Snappy, domain.Gift)
	m.Read(&e)
	return domain.Parsed{Inbound: domain.Inbound{
		Source: "snappy", Provider: domain.Snappy, DeliveryID: strconv.Itoa(l.n), ReceivedAt: e.At, Body: []byte(`{"type":"thank-you-note-created"}`),
	}, Events: []domain.Event{e}}
}

func at(sorted []time.Duration, percent int) time.Duration {
	return sorted[min(len(sorted)-1, len(sorted)*percent/100)].Round(10 * time.Microsecond)
}
