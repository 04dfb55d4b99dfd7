package storetest

import (
	"context"
	"testing"
	"time"

	"giftline/domain"
)

// keys are kept with everything that they may do, and ended.
func (s Suite) keys(t *testing.T) {
	store := s.Open(t, s.Machines, time.Now)
	if kept, err := store.AnyKey(t.Context()); kept || err != nil {
		t.Errorf("an empty store has a key: %v, error %v", kept, err)
	}
	soon := epoch + second
	first := domain.Key{ID: "first", Name: "all", Hash: [32]byte{1}, Scopes: domain.Scopes(), Personal: true, CreatedAt: epoch}
	tenant := domain.Key{
		ID: "tenant", Name: "a ' b", Hash: [32]byte{2}, Scopes: []domain.Scope{domain.ScopeRead}, Sources: []string{"a", "b"},
		CreatedAt: epoch + second, ExpiresAt: &soon,
	}
	for _, k := range []domain.Key{first, tenant, first} {
		if err := store.AddKey(t.Context(), k); err != nil {
			t.Fatal(err)
		}
	}
	same := domain.Key{ID: "other", Hash: tenant.Hash}
	if err := store.AddKey(t.Context(), same); err != nil {
		t.Errorf("a known hash: %v", err)
	}
	expectKeys(t, store, t.Context(), tenant, first)
	if k, err := store.KeyOf(t.Context(), tenant.Hash); bytesOf(k) != bytesOf(tenant) || err != nil {
		t.Errorf("by its hash: %s, error %v", bytesOf(k), err)
	}
	if _, err := store.KeyOf(t.Context(), [32]byte{3}); domain.CodeOf(err) != domain.CodeNotFound {
		t.Errorf("an unknown hash: %v", err)
	}
	if kept, err := store.AnyKey(t.Context()); !kept || err != nil {
		t.Errorf("there is a key: %v, error %v", kept, err)
	}
}

// revoking ends a key once, and for good.
func (s Suite) revoking(t *testing.T) {
	store := s.Open(t, s.Machines, time.Now)
	k := domain.Key{ID: "k", Name: "k", Hash: [32]byte{1}, Scopes: domain.Scopes(), CreatedAt: epoch}
	if err := store.AddKey(t.Context(), k); err != nil {
		t.Fatal(err)
	}
	k.RevokedAt = new(epoch + 1)
	for _, at := range []domain.Instant{epoch + 1, epoch + 2} {
		if got, err := store.RevokeKey(t.Context(), "k", at); bytesOf(got) != bytesOf(k) || err != nil {
			t.Errorf("revoked: %s, error %v", bytesOf(got), err)
		}
	}
	if _, err := store.RevokeKey(t.Context(), "unknown", epoch); domain.CodeOf(err) != domain.CodeNotFound {
		t.Errorf("an unknown id: %v", err)
	}
	for _, used := range []struct{ at, last domain.Instant }{{epoch + 5, epoch + 5}, {epoch + 3, epoch + 5}, {epoch + 9, epoch + 9}} {
		if err := store.UsedKeys(t.Context(), map[string]domain.Instant{"k": used.at, "unknown": used.at}); err != nil {
			t.Fatal(err)
		}
		k.LastUsedAt = &used.last
		expectKeys(t, store, t.Context(), k)
	}
}

// keysWithin: who is limited to some sources lists and ends keys that reach no further.
func (s Suite) keysWithin(t *testing.T) {
	store := s.Open(t, s.Machines, time.Now)
	all := map[string]domain.Key{}
	for i, k := range []domain.Key{
		{ID: "all"}, {ID: "a", Sources: []string{"a"}}, {ID: "ab", Sources: []string{"a", "b"}}, {ID: "nothing", Sources: []string{}},
	} {
		k.Hash, k.Scopes, k.CreatedAt = [32]byte{byte(i)}, []domain.Scope{}, epoch-domain.Instant(i)
		if err := store.AddKey(t.Context(), k); err != nil {
			t.Fatal(err)
		}
		all[k.ID] = k
	}
	expectKeys(t, store, t.Context(), all["all"], all["a"], all["ab"], all["nothing"])
	expectKeys(t, store, domain.Within(t.Context(), []string{"a"}), all["a"])
	expectKeys(t, store, domain.Within(t.Context(), []string{"b", "a"}), all["a"], all["ab"])
	expectKeys(t, store, domain.Within(t.Context(), nil))
	_, unknown := store.RevokeKey(domain.Within(t.Context(), []string{"a"}), "unknown", epoch)
	for id := range all {
		_, err := store.RevokeKey(domain.Within(t.Context(), []string{"a"}), id, epoch)
		if id == "a" && err != nil || id != "a" && (err == nil || err.Error() != unknown.Error()) {
			t.Errorf("a revokes %s: %v", id, err)
		}
	}
}

func expectKeys(t *testing.T, store domain.Store, ctx context.Context, want ...domain.Key) {
	t.Helper()
	got, err := store.ListKeys(ctx)
	if want == nil {
		want = []domain.Key{}
	}
	if bytesOf(got) != bytesOf(want) || err != nil {
		t.Errorf("keys %s, error %v, want %s", bytesOf(got), err, bytesOf(want))
	}
}
