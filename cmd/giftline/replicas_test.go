//go:build unix

package main

import (
	"encoding/json"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"giftline/store/storetest"
)

// TestReplicas runs three processes on one PostgreSQL, which crashes under load, and loses their connections again and
// again. Providers get nothing but 200, or 503 with the time to wait; what was answered with 200 is there once, on every
// replica, and no replica is restarted.
func TestReplicas(t *testing.T) {
	t.Parallel()
	server := storetest.StartCluster(t)
	var replicas []*process
	for range 3 {
		replicas = append(replicas, serving(t, "--db", server.DSN(), "--log-level", "error"))
	}
	var over atomic.Bool
	var refused atomic.Int64
	var wg sync.WaitGroup
	senders := make([]*sender, 12)
	for i := range senders {
		s := newSender(0, i)
		senders[i] = s
		wg.Go(func() {
			for n := 0; !over.Load(); n++ {
				refused.Add(s.insist(t, replicas, n))
			}
		})
	}
	for range 20 {
		time.Sleep(20 * time.Millisecond)
		if err := server.Exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'giftline'"); err != nil {
			t.Error(err)
		}
	}
	if err := server.Crash(); err != nil {
		t.Error(err)
	}
	time.Sleep(200 * time.Millisecond)
	over.Store(true)
	wg.Wait()
	taken := 0
	for i, s := range senders {
		taken += len(s.answered)
		s.check(t, replicas[i%3])
	}
	t.Logf("%d webhooks were taken, %d times a provider was told to send again", taken, refused.Load())
}

// insist sends event n to one replica after the other until it is taken, and gives how often it was not.
func (s *sender) insist(t *testing.T, replicas []*process, n int) (refused int64) {
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	s.sent = append(s.sent, n)
	for ; ; refused++ {
		res, err := s.send(t.Context(), transport, replicas[(n+int(refused))%len(replicas)], n)
		if err != nil {
			t.Errorf("no answer: %v", err)
			return refused
		}
		var answer struct {
			EventID string `json:"event_id"`
		}
		_ = json.NewDecoder(res.Body).Decode(&answer)
		res.Body.Close()
		switch {
		case res.StatusCode == http.StatusOK:
			s.answered[n] = answer.EventID
			return refused
		case res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "":
			t.Errorf("answer %d, Retry-After %q", res.StatusCode, res.Header.Get("Retry-After"))
		}
		time.Sleep(5 * time.Millisecond)
	}
}
