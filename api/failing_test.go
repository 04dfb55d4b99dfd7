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

func (f *failing) KeyExists(ctx context.Context, hash [32]byte) (bool, error) {
	if f.read != nil {
		return false, f.read
	}
	return f.Store.KeyExists(ctx, hash)
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
	key, _ := Mint()
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
