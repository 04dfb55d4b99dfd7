package api

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"giftline/domain"
)

// failing is a store whose calls fail as told; the others are the real one's.
type failing struct {
	domain.Store
	record func() (domain.Receipt, error)
	read   error
	ready  error
	reject error
	used   error
	uses   int
	bodies func() (map[int64][]byte, error)
	known  func() (domain.Key, error)

	dwells, phases error
	eventCounts    func(domain.EventCountQuery) error
}

func (f *failing) UsedKeys(ctx context.Context, used map[string]domain.Instant) error {
	if f.uses++; f.used != nil {
		return f.used
	}
	return f.Store.UsedKeys(ctx, used)
}

func (f *failing) Dwells(ctx context.Context, machine string) ([]domain.Dwell, error) {
	if f.dwells != nil {
		return nil, f.dwells
	}
	return f.Store.Dwells(ctx, machine)
}

func (f *failing) PhaseCounts(ctx context.Context) ([]domain.PhaseCount, error) {
	if f.phases != nil {
		return nil, f.phases
	}
	return f.Store.PhaseCounts(ctx)
}

func (f *failing) EventCounts(ctx context.Context, q domain.EventCountQuery) ([]domain.EventCount, error) {
	if f.eventCounts != nil && f.eventCounts(q) != nil {
		return nil, f.eventCounts(q)
	}
	return f.Store.EventCounts(ctx, q)
}

func (f *failing) Record(ctx context.Context, p domain.Parsed) (domain.Receipt, error) {
	if f.record != nil {
		return f.record()
	}
	return f.Store.Record(ctx, p)
}

func (f *failing) Current(ctx context.Context, s ...domain.Subject) ([]domain.Current, error) {
	if f.read != nil {
		return nil, f.read
	}
	return f.Store.Current(ctx, s...)
}

func (f *failing) KeyOf(ctx context.Context, hash [32]byte) (domain.Key, error) {
	if f.read != nil {
		return domain.Key{}, f.read
	}
	if f.known != nil {
		return f.known()
	}
	return f.Store.KeyOf(ctx, hash)
}

func (f *failing) Bodies(ctx context.Context, ids []int64) (map[int64][]byte, error) {
	if f.bodies != nil {
		return f.bodies()
	}
	return f.Store.Bodies(ctx, ids)
}

func (f *failing) Ready(context.Context) error { return f.ready }

func (f *failing) Reject(ctx context.Context, r []domain.Rejection) error {
	if f.reject != nil {
		return f.reject
	}
	return f.Store.Reject(ctx, r)
}

func newFailing(t *testing.T) (*world, *failing) {
	f := &failing{}
	w := newWorld(t, func(c *Config) {
		f.Store = c.Store
		c.Store, c.Tracker.Store, c.Reader.Store = f, f, f
	})
	return w, f
}

func TestReadFailures(t *testing.T) {
	w, f := newFailing(t)
	for _, c := range []struct {
		name   string
		err    error
		status int
		code   string
	}{
		{"busy", domain.Errorf(domain.CodeBusy, "full"), 503, "busy"},
		{"newer machine", domain.Errorf(domain.CodeNewerMachine, "upgrade"), 503, "newer_machine"},
		{"newer store", domain.Errorf(domain.CodeNewerStore, "upgrade"), 503, "newer_store"},
		{"no store", domain.Errorf(domain.CodeNoStore, "gone"), 503, "no_store"},
		{"damaged", domain.Errorf(domain.CodeDamaged, "restore a backup"), 500, "damaged"},
		{"invalid", domain.Errorf(domain.CodeInvalid, "no"), 422, "invalid"},
		{"wrapped", errors.Join(errors.New("x"), domain.Errorf(domain.CodeNotFound, "no")), 404, "not_found"},
		{"a code nobody mapped", domain.Errorf("new", "secret"), 500, "internal"},
		{"anything else", errors.New("secret of the database"), 500, "internal"},
		{"client gone", context.Canceled, 499, "client_gone"},
		{"too slow", context.DeadlineExceeded, 503, "timeout"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f.read = c.err
			out := w.do(http.MethodGet, "/gifts/g", "")
			if c.status == 499 { // has no words
				if out.Code != 499 {
					t.Errorf("status %d", out.Code)
				}
				return
			}
			p := wantProblem(t, out, c.status, c.code)
			if got, want := out.Header().Get("Retry-After"), map[bool]string{true: "5"}[c.status == 503]; got != want {
				t.Errorf("Retry-After %q, want %q", got, want)
			}
			if detail := p["detail"].(string); c.code == "internal" && detail[:14] != "internal error" {
				t.Errorf("detail %q", detail)
			}
		})
	}
}

func TestKeyLookupFails(t *testing.T) {
	w, f := newFailing(t)
	f.read = domain.Errorf(domain.CodeBusy, "full")
	key, _, _ := Mint()
	wantProblem(t, w.do(http.MethodGet, "/machines", "", "Authorization", "Bearer "+key), 503, "busy")
}

func TestReady(t *testing.T) {
	w, f := newFailing(t)
	wantAt(t, w.get("/readyz"), "status", "ok")
	f.ready = domain.Errorf(domain.CodeNoStore, "read-only")
	wantProblem(t, w.do(http.MethodGet, "/readyz", ""), 503, "no_store")
	f.ready = errors.New("anything")
	wantProblem(t, w.do(http.MethodGet, "/readyz", ""), 503, "internal")
	wantAt(t, w.get("/healthz"), "status", "ok")
}
