//go:build unix

package store_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"giftline/domain"
	"giftline/store"
	"giftline/store/storetest"
)

// What loses to another transaction is tried again, and the sender hears nothing of it.
func TestRecord_triesAgain(t *testing.T) {
	for _, code := range []string{"40001", "40P01", "23505"} { // not serializable, a deadlock, second to insert a key
		t.Run(code, func(t *testing.T) {
			dsn := ownSchema(t, storetest.Server(t))
			s := open(t, dsn, store.Options{})
			storetest.Administer(t, dsn, "CREATE SEQUENCE attempts") // which no rollback turns back
			storetest.Administer(t, dsn, `CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
				$$BEGIN IF nextval('attempts') <= 2 THEN RAISE 'lost' USING ERRCODE = '`+code+`'; END IF; RETURN new; END$$`)
			storetest.Administer(t, dsn, "CREATE TRIGGER fails BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION fail()")
			keep(t, s, domain.ResultRecorded, gift("gift", 0))
			var attempts int
			if err := storetest.SQL(t, dsn).QueryRow("SELECT last_value FROM attempts").Scan(&attempts); err != nil || attempts != 3 {
				t.Errorf("%d attempts, want 3; error %v", attempts, err)
			}
		})
	}
}

// Replicas that meet the same new subjects in different orders wait for each other, and never in a circle.
func TestReplicas_neverDeadlock(t *testing.T) {
	c := storetest.StartCluster(t)
	r := openReplicas(t, c.DSN(), store.Options{})
	const rounds, gifts = 20, 40
	for round := range rounds {
		var wg sync.WaitGroup
		for n, s := range r.all {
			for g := range gifts {
				name := fmt.Sprint("gift-", round, "-", (g*(2*n+7)+n)%gifts) // another order for each
				wg.Go(func() {
					if _, err := s.Record(context.Background(), gift(name, n)); err != nil {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
	}
	store.Audit(t, r.Store)
	for _, s := range r.all { // the server counts what a connection met when it ends
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	var deadlocks int
	if err := storetest.SQL(t, c.DSN()).QueryRow("SELECT sum(deadlocks) FROM pg_stat_database").Scan(&deadlocks); err != nil || deadlocks > 0 {
		t.Errorf("%d deadlocks, error %v", deadlocks, err)
	}
}
