package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"giftline/api"
	"giftline/domain"
	"giftline/store/storetest"
)

// hurried is a deployment in which gifts are stuck and told of soon, at one receiver.
const hurried = `
policies: [{machine: snappy.gift, state: claimed, limit: 1s}]
settling: 100ms
channels: [{name: hook, kind: webhook, url: %q, secrets: [%s]}]
routes: [{channel: hook, wait: 100ms, interval: 100ms, repeat: never}]
alerts: {allow_networks: [127.0.0.0/8]}
`

// audience is a receiver, and what it was told.
type audience struct {
	mu      sync.Mutex
	by      map[string]map[string]bool // alert -> ids of the notifications that told of its beginning
	of      map[string]map[string]bool // rule and subject -> ids of its alerts
	bodies  map[string]string          // notification -> what it told of
	changed []string                   // notifications that told something else when they came again
	posts   int
}

// receiver listens for the length of a test.
func receiver(t *testing.T) (*audience, string) {
	t.Helper()
	r := &audience{by: map[string]map[string]bool{}, of: map[string]map[string]bool{}, bodies: map[string]string{}}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	return r, server.URL
}

// ServeHTTP notes what a notification tells.
func (r *audience) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	var body struct {
		ID   string
		Data struct {
			Alerts []struct {
				ID, Step, Rule string
				Subject        *struct{ ID string }
			}
		}
	}
	if err := json.NewDecoder(req.Body).Decode(&body); err != nil || body.ID != req.Header.Get("Webhook-Id") {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	defer time.Sleep(100 * time.Millisecond) // a receiver takes its time: some are killed before they have its answer
	r.mu.Lock()
	defer r.mu.Unlock()
	r.posts++
	all := map[string]string{}
	for _, a := range body.Data.Alerts {
		all[a.ID] = a.Step
		if a.Subject != nil {
			mark(r.of, a.Rule+" "+a.Subject.ID, a.ID)
		}
		if a.Step == string(domain.StepOpened) {
			mark(r.by, a.ID, body.ID)
		}
	}
	text := fmt.Sprint(all)
	if was, again := r.bodies[body.ID]; again && was != text {
		r.changed = append(r.changed, body.ID)
	}
	r.bodies[body.ID] = text
}

func mark(sets map[string]map[string]bool, key, value string) {
	if sets[key] == nil {
		sets[key] = map[string]bool{}
	}
	sets[key][value] = true
}

// missing are the episodes that nobody was told of yet.
func (r *audience) missing(episodes map[string]domain.Instant) (missing []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for e := range episodes {
		if len(r.of[e]) == 0 {
			missing = append(missing, e)
		}
	}
	return missing
}

// check compares what was told with the episodes that there were: each by one alert, its beginning by one notification,
// which said the same whenever it came.
func (r *audience) check(t *testing.T, episodes map[string]domain.Instant) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for e, alerts := range r.of {
		if _, ok := episodes[e]; !ok || len(alerts) != 1 {
			t.Errorf("%s is told by %d alerts, expected: %v", e, len(alerts), ok)
		}
	}
	for alert, notifications := range r.by {
		if len(notifications) != 1 {
			t.Errorf("the beginning of %s is told by %d notifications", alert, len(notifications))
		}
	}
	for _, id := range r.changed {
		t.Errorf("notification %s told something else when it came again", id)
	}
	t.Logf("%d episodes, %d notifications, sent %d times", len(episodes), len(r.bodies), r.posts)
}

// alarming posts what alarms: a gift that is claimed, one that runs out of stock, and one whose reports do not add up.
// It gives the episodes, each with the instant from which on it holds by the provider's clock; zero where ours decides.
func alarming(t *testing.T, p *process, name string, at time.Time) map[string]domain.Instant {
	t.Helper()
	at = at.UTC().Truncate(time.Millisecond)
	for i, e := range []struct{ id, event, data string }{
		{"claimed", "gift-status-changed", `"status":"claimed"`},
		{"gone", "order-out-of-stock", `"orderId":"ord_1"`},
		{"expired", "gift-status-changed", `"status":"expired"`},
		{"expired", "gift-status-changed", `"status":"opened"`},
	} {
		when := at.Add(time.Duration(i) * time.Millisecond)
		body := fmt.Sprintf(`{"webhookData":{"id":"wh_%s_%d","eventType":%q,"triggeredAt":%q},"eventData":{"giftId":%q,%s}}`,
			name, i, e.event, when.Format(time.RFC3339Nano), e.id+"-"+name, e.data)
		status, answer, err := p.post(t.Context(), domain.Snappy, "/webhooks/snappy", "wh_"+name, body)
		if err != nil || status != http.StatusOK || answer["result"] != "recorded" {
			t.Fatalf("%s: %d %v, error %v", body, status, answer, err)
		}
	}
	holds := func(n int) domain.Instant { return domain.InstantOf(at.Add(time.Duration(n) * time.Millisecond)) }
	return map[string]domain.Instant{
		"stuck claimed-" + name:              holds(1000),
		"out_of_stock gone-" + name:          holds(1),
		"expired expired-" + name:            holds(2),
		"illegal_transition expired-" + name: 0,
	}
}

// TestTold is the promise that people are told at least once: the server is killed again and again at a random moment
// while gifts get stuck, fail and contradict themselves, and afterwards somebody was told of every episode, by one alert
// and one notification, however often that was sent.
func TestTold(t *testing.T) {
	t.Parallel()
	receiver, address := receiver(t)
	settings := writeFile(t, "giftline.yaml", fmt.Sprintf(hurried, address, svixSecret))
	args := []string{"--db", filepath.Join(t.TempDir(), "giftline.db"), "--config", settings, "--log-level", "warn", "--rate-limit", "0"}
	random := seeded(t)
	episodes := map[string]domain.Instant{}
	p := serving(t, args...)
	for round := range crashes(t, 10) {
		for i := range 3 {
			add(episodes, alarming(t, p, fmt.Sprintf("%d-%d", round, i), time.Now()))
		}
		time.Sleep(time.Duration(random.Int64N(int64(1500 * time.Millisecond)))) // the random moment
		p.kill()
		p = serving(t, args...)
	}
	waitUntilTold(t, receiver, episodes, p)
	receiver.check(t, episodes)
	checkAlerts(t, p, episodes)
}

// TestTold_replicas: of two replicas one is killed while gifts get stuck; the other one goes on. Every flip happens once,
// at the instant of its deadline, and is noticed within 30 s.
func TestTold_replicas(t *testing.T) {
	t.Parallel()
	receiver, address := receiver(t)
	settings := writeFile(t, "giftline.yaml", fmt.Sprintf(hurried, address, svixSecret))
	args := []string{"--db", storetest.Schema(t, storetest.Server(t)), "--config", settings, "--log-level", "warn", "--rate-limit", "0"}
	random := seeded(t)
	episodes := map[string]domain.Instant{}
	replicas := []*process{serving(t, args...), serving(t, args...)}
	for round := range crashes(t, 2) {
		begin := time.Now()
		for i := range 40 {
			add(episodes, alarming(t, replicas[i%2], fmt.Sprintf("%d-%d", round, i), begin.Add(time.Duration(i)*100*time.Millisecond)))
		}
		time.Sleep(time.Duration(random.Int64N(int64(4 * time.Second))))
		at := random.IntN(2)
		replicas[at].kill()
		waitUntilTold(t, receiver, episodes, replicas[1-at])
		replicas[at] = serving(t, args...)
	}
	receiver.check(t, episodes)
	checkAlerts(t, replicas[0], episodes)
}

func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// crashes is how often a process is killed: 50 times with GIFTLINE_TEST_CRASHES=50.
func crashes(t *testing.T, unlessAsked int) int {
	t.Helper()
	asked := os.Getenv("GIFTLINE_TEST_CRASHES")
	if asked == "" {
		return unlessAsked
	}
	n, err := strconv.Atoi(asked)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func add(episodes, more map[string]domain.Instant) {
	for e, at := range more {
		episodes[e] = at
	}
}

// waitUntilTold waits for longer than a lease and a poll: what a dead process held is free then.
func waitUntilTold(t *testing.T, receiver *audience, episodes map[string]domain.Instant, p *process) {
	t.Helper()
	for end := time.Now().Add(2 * patience); len(receiver.missing(episodes)) > 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("nobody was told of %v:\n%s", receiver.missing(episodes), p.err)
		}
	}
}

// checkAlerts compares what is kept with the episodes: one alert each, opened once, stamped with when it holds, and noticed
// soon after it held and was known.
func checkAlerts(t *testing.T, p *process, episodes map[string]domain.Instant) {
	t.Helper()
	kept := map[string]int{}
	for _, a := range allAlerts(t, p) {
		if a.Subject == nil {
			t.Errorf("an alert that is about no gift: %+v", a)
			continue
		}
		episode := string(a.Rule) + " " + a.Subject.ID
		kept[episode]++
		if at := episodes[episode]; at != 0 && a.At != at {
			t.Errorf("%s holds from %s on, want %s", episode, a.At, at)
		}
		if late := a.RaisedAt.Time().Sub(a.At.Time()); late < 0 || late > 30*time.Second {
			t.Errorf("%s was noticed %s after it held", episode, late)
		}
		opened := 0
		for _, s := range storyOf(t, p, a.ID).Steps {
			if s.Kind == domain.StepOpened {
				opened++
			}
		}
		if opened != 1 {
			t.Errorf("%s was opened %d times", episode, opened)
		}
	}
	for e := range episodes {
		if kept[e] != 1 {
			t.Errorf("%s has %d alerts", e, kept[e])
		}
	}
	if len(kept) != len(episodes) {
		t.Errorf("%d episodes have alerts, want %d", len(kept), len(episodes))
	}
}

func allAlerts(t *testing.T, p *process) (all []api.Alert) {
	t.Helper()
	for q := (url.Values{"limit": {"500"}}); ; {
		var page api.AlertList
		ask(t, p, "/alerts", q, &page)
		all = append(all, page.Alerts...)
		if page.Next == nil {
			return all
		}
		q.Set("cursor", *page.Next)
	}
}

func storyOf(t *testing.T, p *process, id string) (story api.AlertStory) {
	t.Helper()
	ask(t, p, "/alerts/"+id, nil, &story)
	return story
}

// ask decodes an answer.
func ask(t *testing.T, p *process, path string, q url.Values, into any) {
	t.Helper()
	raw, err := p.client().get(t.Context(), path, q)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatal(err)
	}
}
