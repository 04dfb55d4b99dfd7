package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"giftline/domain"
)

// A real Alertmanager shows our alert, is told of it again and again, tells its own receiver of it, and of its end.
func TestAlertmanager_Real(t *testing.T) {
	t.Parallel()
	told := make(chan string, 100)
	sink, _ := receiver(t, func(_ http.ResponseWriter, r *http.Request) {
		var group struct{ Alerts []struct{ Status string } }
		if err := json.Unmarshal([]byte(readAll(t, r.Body)), &group); err != nil {
			t.Error(err)
		}
		for _, a := range group.Alerts {
			told <- a.Status
		}
	})
	url := realAlertmanager(t, sink.URL)
	o := options()
	o.Now = time.Now
	n, err := Open(channelOf(Alertmanager, url), o)
	if err != nil {
		t.Fatal(err)
	}
	notify := func(n2 domain.Notification) {
		t.Helper()
		if err := n.Notify(t.Context(), n2); err != nil {
			t.Fatal(err)
		}
	}
	gift := stuck(1)
	gift.Subject.ID, gift.State = "gft_ü \xff\x01{}=\"\\", "claimed" // whatever ids hold
	notify(telling(domain.KindAlerts, item(domain.StepOpened, gift)))
	notify(telling(domain.KindRepeat, item(domain.StepOpened, gift)))
	shown := showsAlerts(t, url, 1)[0]
	want := map[string]string{"alertname": "GiftlineStuck", "rule": "stuck", "severity": "warning", "provider": "snappy", "kind": "gift",
		"subject": "gft_ü \uFFFD\x01{}=\"\\", "region": "status", "state": "claimed", "alert_id": "alt_1", "source": "snappy"}
	for name, value := range want {
		if shown.Labels[name] != value {
			t.Errorf("%s is %q, want %q", name, shown.Labels[name], value)
		}
	}
	if !shown.StartsAt.Equal(gift.At.Time()) || shown.GeneratorURL != "https://gifts.example.com/alerts/alt_1" {
		t.Errorf("it starts at %s, want the deadline %s; its link is %s", shown.StartsAt, gift.At, shown.GeneratorURL)
	}
	if lasts := time.Until(shown.EndsAt); lasts < 3*time.Minute || lasts > 4*time.Minute {
		t.Errorf("it ends by itself in %s, want 4 repeats of a minute", lasts)
	}
	expect(t, told, "firing")
	end := domain.InstantOf(time.Now())
	gift.Status, gift.EndedAt = domain.AlertResolved, &end
	notify(telling(domain.KindAlerts, item(domain.StepResolved, gift)))
	showsAlerts(t, url, 0)
	expect(t, told, "resolved")
	notify(telling(domain.KindTest))
	if shown := showsAlerts(t, url, 1)[0]; shown.Labels["alertname"] != "GiftlineTest" {
		t.Errorf("the test is shown as %v", shown.Labels)
	}
	notify(telling(domain.KindAlerts)) // nothing to tell is no error
}

// However many alerts there are, all are handed over, and a portion that is not liked keeps no other from it.
func TestAlertmanager_Portions(t *testing.T) {
	t.Parallel()
	var counts []int
	sink, _ := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		var all []alertmanagerAlert
		if err := json.Unmarshal([]byte(readAll(t, r.Body)), &all); err != nil {
			t.Error(err)
		}
		if counts = append(counts, len(all)); len(counts) == 1 {
			w.WriteHeader(http.StatusBadRequest)
		}
	})
	var items []domain.NotificationItem
	for i := range 2*alertmanagerAlone + 1 {
		items = append(items, item(domain.StepOpened, stuck(i)))
	}
	err := open(t, channelOf(Alertmanager, sink.URL)).Notify(t.Context(), telling(domain.KindAlerts, items...))
	var told *domain.NotifyError
	if !errors.As(err, &told) || !told.Final {
		t.Errorf("refused: %v", err)
	}
	if want := []int{alertmanagerAlone, alertmanagerAlone, 1}; !slices.Equal(counts, want) {
		t.Errorf("portions of %v, want %v", counts, want)
	}
}

// Clocks differ: an alert never ends before it starts, which Alertmanager would refuse.
func TestAlertmanager_Times(t *testing.T) {
	t.Parallel()
	a := open(t, channelOf(Alertmanager, "http://127.0.0.1")).(*alertmanager)
	now, future, past := domain.InstantOf(noon), at("2025-02-01 00:00:00"), at("2025-01-01 00:00:00")
	for name, tt := range map[string]struct {
		status           domain.AlertStatus
		holds            domain.Instant
		ended            *domain.Instant
		startsAt, endsAt domain.Instant
	}{
		"live":                           {domain.AlertOpen, past, nil, past, now + 240*domain.InstantSecond},
		"acknowledged":                   {domain.AlertAcknowledged, past, nil, past, now + 240*domain.InstantSecond},
		"live, by a clock ahead of ours": {domain.AlertOpen, future, nil, now, now + 240*domain.InstantSecond},
		"over":                           {domain.AlertResolved, past, &now, past, now},
		"over before it held":            {domain.AlertWithdrawn, future, &past, past, past},
		"over, nobody knows when":        {domain.AlertResolved, past, nil, past, now},
	} {
		alert := stuck(1)
		alert.Status, alert.At, alert.EndedAt = tt.status, tt.holds, tt.ended
		got := a.alert(item(domain.StepOpened, alert), someNews(), now)
		if got.StartsAt != tt.startsAt || got.EndsAt != tt.endsAt {
			t.Errorf("%s: from %s to %s, want %s to %s", name, got.StartsAt, got.EndsAt, tt.startsAt, tt.endsAt)
		}
	}
}

type shownAlert struct {
	Labels           map[string]string
	StartsAt, EndsAt time.Time
	GeneratorURL     string
}

// showsAlerts asks until so many are shown: an Alertmanager answers before it has sorted alerts in.
func showsAlerts(t *testing.T, url string, want int) (all []shownAlert) {
	t.Helper()
	for ctx := patience(t); ; {
		all = nil
		if err := getJSON(ctx, url+"/api/v2/alerts", &all); err != nil {
			t.Fatal(err)
		}
		if len(all) == want {
			return all
		}
		pause(t, ctx, fmt.Sprintf("%d alerts are shown, want %d", len(all), want))
	}
}

func expect(t *testing.T, told <-chan string, want string) {
	t.Helper()
	for ctx := patience(t); ; {
		select {
		case status := <-told:
			if status == want {
				return
			}
		case <-ctx.Done():
			t.Fatalf("its receiver was never told that the alert is %s", want)
		}
	}
}

// patience is how long a test waits for what a process of others does, before it fails.
func patience(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func pause(t *testing.T, ctx context.Context, waitsFor string) {
	t.Helper()
	select {
	case <-ctx.Done():
		t.Fatal(waitsFor)
	case <-time.After(20 * time.Millisecond):
	}
}

func getJSON(ctx context.Context, url string, v any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", url, res.Status)
	}
	return json.NewDecoder(res.Body).Decode(v)
}

// realAlertmanager starts the one that is installed, which tells sink of its alerts. Without one the test is skipped,
// except on CI.
func realAlertmanager(t *testing.T, sink string) (url string) {
	t.Helper()
	program, err := exec.LookPath("prometheus-alertmanager")
	if err != nil {
		program, err = exec.LookPath("alertmanager")
	}
	if errors.Is(err, exec.ErrNotFound) && os.Getenv("CI") == "" {
		t.Skip("no Alertmanager is installed: Debian's package is prometheus-alertmanager")
	}
	if err != nil {
		t.Fatal(err)
	}
	dir, addr := t.TempDir(), freeAddr(t)
	config := fmt.Sprintf(`
route: {receiver: sink, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}
receivers: [{name: sink, webhook_configs: [{url: %q, send_resolved: true}]}]
`, sink)
	file := filepath.Join(dir, "alertmanager.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "--config.file="+file, "--storage.path="+dir, "--web.listen-address="+addr, "--cluster.listen-address=")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-ended
	})
	url = "http://" + addr
	for ctx := patience(t); ; {
		if err := getJSON(ctx, url+"/api/v2/status", &struct{}{}); err == nil {
			return url
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("the Alertmanager ended: %v", err)
		default:
			pause(t, ctx, "the Alertmanager does not answer")
		}
	}
}

// freeAddr gives an address that nothing listens at.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
