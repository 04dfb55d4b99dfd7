//go:build unix

package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"giftline/domain"
	"giftline/store"
	"giftline/store/storetest"
)

func dialing(t *testing.T, dsn string) func() (net.Conn, error) {
	t.Helper()
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	network, address := pgconn.NetworkAddress(config.Host, config.Port)
	return func() (net.Conn, error) { return net.Dial(network, address) }
}

// through is the address of the same database behind a proxy.
func through(t *testing.T, dsn string, p *storetest.Proxy) string {
	t.Helper()
	return storetest.With(t, storetest.With(t, storetest.With(t, dsn, "host", "127.0.0.1"), "port", fmt.Sprint(p.Port())), "sslmode", "disable")
}

func proxied(t *testing.T, dsn string, o store.Options) (*store.Store, *storetest.Proxy) {
	t.Helper()
	p := storetest.StartProxy(t, dialing(t, dsn))
	return open(t, through(t, dsn, p), o), p
}

func wantBusy(t *testing.T, err error) {
	t.Helper()
	if domain.CodeOf(err) != domain.CodeBusy {
		t.Errorf("error %v, want one that asks to try again", err)
	}
}

func wantResult(t *testing.T, s domain.Store, p domain.Parsed, want domain.Result) {
	t.Helper()
	if r, err := s.Record(context.Background(), p); err != nil || r.Result != want {
		t.Errorf("recorded as %q, error %v, want %q", r.Result, err, want)
	}
}

// The server commits, and its answer is lost: the sender is asked to try again, and finds its event recorded.
func TestNetwork_lostAnswer(t *testing.T) {
	s, proxy := proxied(t, ownSchema(t, storetest.Server(t)), store.Options{})
	proxy.OnCommit(func() storetest.Fate { return storetest.Unheard })
	_, err := s.Record(t.Context(), gift("gift", 1))
	wantBusy(t, err)
	proxy.OnCommit(nil)
	wantResult(t, s, gift("gift", 1), domain.ResultDuplicate)
	found, err := s.Current(t.Context(), gift("gift", 1).Events[0].Subject)
	if err != nil || len(found) != 1 || found[0].Events != 1 {
		t.Errorf("the gift is %+v, error %v", found, err)
	}
}

// The same under load: every fourth answer to a COMMIT is lost.
func TestNetwork_lostAnswers(t *testing.T) {
	dsn := storetest.Schema(t, storetest.Server(t))
	proxy := storetest.StartProxy(t, dialing(t, dsn))
	r := openReplicas(t, through(t, dsn, proxy), store.Options{})
	var lost atomic.Int64
	proxy.OnCommit(func() storetest.Fate {
		if rand.IntN(4) > 0 {
			return storetest.Passed
		}
		lost.Add(1)
		return storetest.Unheard
	})
	sent := underLoad(t, r, func() { time.Sleep(time.Second) })
	t.Logf("%d answers were lost", lost.Load())
	proxy.OnCommit(nil)
	wantOnce(t, r, sent)
}

// The network forgets every connection and tells nobody. Reads and writes give up in time, once for all connections,
// and go on over new ones.
func TestNetwork_blackhole(t *testing.T) {
	s, proxy := proxied(t, ownSchema(t, storetest.Server(t)), store.Options{Lazy: true})
	store.Impatient(s, time.Second)
	wantResult(t, s, gift("gift", 1), domain.ResultRecorded)
	proxy.Freeze()
	wantBusy(t, inTime(t, func() error { _, err := s.Record(context.Background(), gift("gift", 2)); return err }))
	wantResult(t, s, gift("gift", 2), domain.ResultRecorded)
	read := func() error { _, err := s.Current(context.Background(), gift("gift", 1).Events[0].Subject); return err }
	must(t, read())
	proxy.Freeze()
	wantBusy(t, inTime(t, read))
	must(t, read())
}

// inTime fails when do takes longer than a write may by default, though its store is told to be impatient.
func inTime(t *testing.T, do func() error) error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- do() }()
	select {
	case err := <-done:
		return err
	case <-time.After(10 * time.Second):
		t.Fatal("still waiting for a connection that is dead")
		return nil
	}
}

// A replica vanishes in the middle of a transaction, with the row of a gift in its hands. The server frees it before
// long, and others go on with the gift.
func TestNetwork_vanishedReplica(t *testing.T) {
	dsn := storetest.With(t, ownSchema(t, storetest.Server(t)), "idle_in_transaction_session_timeout", "500ms")
	other := open(t, dsn, store.Options{})
	s, proxy := proxied(t, dsn, store.Options{Lazy: true})
	store.Impatient(s, 200*time.Millisecond)
	proxy.OnCommit(func() storetest.Fate { return storetest.Vanished })
	_, err := s.Record(t.Context(), gift("gift", 1))
	wantBusy(t, err)
	insist(t, other, gift("gift", 2))
	wantResult(t, other, gift("gift", 1), domain.ResultRecorded)
	var limit string
	store.Scan(t, open(t, ownSchema(t, storetest.Server(t)), store.Options{}), &limit, "SHOW idle_in_transaction_session_timeout")
	if limit != "15s" {
		t.Errorf("without a word of the address rows are free after %s, want 15s", limit)
	}
}

// The server has no connection left: senders are asked to try again, and are taken as soon as there is one.
func TestNetwork_noConnectionLeft(t *testing.T) {
	c := storetest.StartCluster(t, "max_connections=20")
	s := open(t, c.DSN(), store.Options{})
	free := takeAll(t, c.DSN())
	for range 3 { // the first finds its connections gone, the others get no new one
		_, err := s.Record(t.Context(), gift("gift", 1))
		wantBusy(t, err)
	}
	if s.Ready(t.Context()) == nil {
		t.Error("ready without a connection")
	}
	free()
	insist(t, s, gift("gift", 1))
	must(t, s.Ready(t.Context()))
}

// takeAll leaves no connection to others, not even those that they have, until they are freed.
func takeAll(t *testing.T, dsn string) (free func()) {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	var taken []*sql.Conn
	free = func() {
		for _, c := range taken {
			_ = c.Close()
		}
		_ = db.Close()
	}
	t.Cleanup(free)
	take := func() {
		for c, err := db.Conn(context.Background()); err == nil; c, err = db.Conn(context.Background()) {
			taken = append(taken, c)
		}
	}
	take()
	for left := 1; left > 0; take() {
		query := "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'giftline'"
		if err := taken[0].QueryRowContext(t.Context(), query).Scan(&left); err != nil {
			t.Fatal(err)
		}
	}
	return free
}
