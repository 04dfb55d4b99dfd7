//go:build unix

package store_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"giftline/domain"
	"giftline/statemachines"
	"giftline/store"
	"giftline/store/storetest"
)

// pair gives a primary, and a standby for which its commits wait.
func pair(t *testing.T) (primary, standby *storetest.Cluster) {
	t.Helper()
	primary = storetest.StartCluster(t, "synchronous_standby_names=*")
	return primary, primary.Standby(t)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// The primary dies and its synchronous standby takes over. Replicas that know both go on there by themselves, and what
// was answered is there.
func TestFailover_promoted(t *testing.T) {
	primary, standby := pair(t)
	r := openReplicas(t, primary.DSN(standby)+"&target_session_attrs=read-write", store.Options{})
	sent := underLoad(t, r, func() {
		time.Sleep(300 * time.Millisecond)
		must(t, primary.Kill())
		must(t, standby.Promote())
		recovered(t, r, time.Now())
		time.Sleep(300 * time.Millisecond)
	})
	wantOnce(t, r, sent)
}

// The primary is demoted, but lives on and keeps its connections, as behind some proxies and managed services: replicas
// leave it for the new one, even one that only reads.
func TestFailover_demoted(t *testing.T) {
	primary, standby := pair(t)
	proxy := storetest.StartProxy(t, dialing(t, primary.DSN()))
	r := openReplicas(t, through(t, primary.DSN(), proxy), store.Options{})
	reading := open(t, through(t, primary.DSN(), proxy), store.Options{})
	_, err := reading.SourceCounts(t.Context())
	must(t, err)
	sent := underLoad(t, r, func() {
		time.Sleep(300 * time.Millisecond)
		must(t, primary.Exec("ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()"))
		time.Sleep(300 * time.Millisecond) // what had begun ends
		must(t, standby.Promote())
		proxy.Lead(dialing(t, standby.DSN()))
		recovered(t, r, time.Now())
		time.Sleep(300 * time.Millisecond)
	})
	wantOnce(t, r, sent)
	_, err = reading.SourceCounts(t.Context()) // by the answer it learns of the demotion
	must(t, err)
	wantOnce(t, replicas{Store: reading}, sent)
}

// A store that writes decides nothing from a standby, in whatever order and with whatever wishes the address names it.
func TestFailover_neverFromAStandby(t *testing.T) {
	primary, standby := pair(t)
	s := open(t, standby.DSN(primary)+"&target_session_attrs=prefer-standby", store.Options{})
	for _, want := range []domain.Result{domain.ResultRecorded, domain.ResultDuplicate} {
		if r, err := s.Record(t.Context(), gift("gift", 1)); err != nil || r.Result != want {
			t.Errorf("recorded as %+v, error %v", r, err)
		}
	}
	_, err := store.Open(t.Context(), standby.DSN(), store.Options{Machines: statemachines.All()})
	if domain.CodeOf(err) != domain.CodeNoStore || !strings.Contains(err.Error(), "is a standby") {
		t.Errorf("writing to a standby: %v", err)
	}
	wantReader(t, standby.DSN())
}

// wantReader looks at a standby until it has caught up.
func wantReader(t *testing.T, dsn string) {
	t.Helper()
	for begin := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		r, err := store.OpenReader(t.Context(), dsn, statemachines.All())
		if err == nil {
			found, err := r.Current(t.Context(), gift("gift", 1).Events[0].Subject)
			must(t, r.Close())
			if err == nil && len(found) == 1 {
				return
			}
		}
		if time.Since(begin) > 10*time.Second {
			t.Fatalf("reading from a standby: %v", err)
		}
	}
}

// What a delivery needs to know it reads on the connection that it writes to.
func TestRecord_readsWhereItWrites(t *testing.T) {
	s := open(t, ownSchema(t, storetest.Server(t)), store.Options{})
	store.WithoutReaders(t, s)
	for _, want := range []domain.Result{domain.ResultRecorded, domain.ResultDuplicate} {
		if r, err := s.Record(context.Background(), gift("gift", 1)); err != nil || r.Result != want {
			t.Errorf("recorded as %+v, error %v", r, err)
		}
	}
}
