//go:build unix

package store_test

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"giftline/domain"
	"giftline/store"
	"giftline/store/storetest"
)

// A key that the first start made before keys had ids goes on working, with everything it could do, and can be revoked.
func TestKeys_fromBefore(t *testing.T) {
	for name, dsn := range map[string]func() string{
		"sqlite":   func() string { return filepath.Join(t.TempDir(), "giftline.db") },
		"postgres": func() string { return ownSchema(t, storetest.Server(t)) },
	} {
		t.Run(name, func(t *testing.T) {
			at := dsn()
			store.MadeAt(t, at, 1, "INSERT INTO keys (hash, name, created_at) VALUES ("+map[string]string{
				"sqlite": "x'ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789'", "postgres": "decode(repeat('abcdef0123456789', 4), 'hex')",
			}[name]+", 'admin', 7)")
			s := open(t, at, store.Options{})
			hash := [32]byte{0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89}
			for i := 8; i < len(hash); i++ {
				hash[i] = hash[i-8]
			}
			want := domain.Key{ID: "first-abcdef012345", Name: "admin", Hash: hash, Scopes: domain.Scopes(), Personal: true, CreatedAt: 7}
			k, err := s.KeyOf(t.Context(), hash)
			if diff := cmp.Diff(want, k); diff != "" || err != nil {
				t.Errorf("error %v\n%s", err, diff)
			}
			want.RevokedAt = new(domain.Instant(9))
			k, err = s.RevokeKey(t.Context(), want.ID, 9)
			if diff := cmp.Diff(want, k); diff != "" || err != nil {
				t.Errorf("revoked: error %v\n%s", err, diff)
			}
		})
	}
}
