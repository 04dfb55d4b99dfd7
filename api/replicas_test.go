//go:build unix

package api

import (
	"context"
	"net/http"
	"testing"

	"giftline/statemachines"
	"giftline/store"
	"giftline/store/storetest"
)

// replica is a world on a PostgreSQL database that others share.
func replica(t *testing.T, dsn string) *world {
	t.Helper()
	s, err := store.Open(context.Background(), dsn, store.Options{Machines: statemachines.All()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return newWorld(t, func(c *Config) { c.Store, c.Tracker.Store, c.Reader.Store = s, s, s })
}

// What one replica records is heard at another one, without a hole over reconnects; and what was done once at one is
// answered again at the other.
func TestReplicas(t *testing.T) {
	dsn := storetest.StartCluster(t).DSN()
	one, other := replica(t, dsn), replica(t, dsn)
	t.Run("stream", func(t *testing.T) { resumes(t, one, other.served().URL) })
	t.Run("idempotency key", func(t *testing.T) {
		for n, w := range []*world{one, other} {
			post(w.API, "/deeds/{id}", "Something done once", func(context.Context, *deedInput) (*body[deedAnswer], error) {
				return answer(deedAnswer{int64(n + 1)}), nil
			})
			wantAt(t, decoded(t, w.do(http.MethodPost, "/deeds/a", `{}`, "Idempotency-Key", "k")), "number", 1)
		}
	})
	t.Run("tag", func(t *testing.T) {
		tag := one.do(http.MethodGet, "/gifts/g1/timeline", "").Header().Get("ETag")
		if out := other.do(http.MethodGet, "/gifts/g1/timeline", "", "If-None-Match", tag); out.Code != 304 {
			t.Errorf("%d for a tag of the other replica", out.Code)
		}
	})
}
