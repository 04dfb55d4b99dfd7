package api

import (
	"crypto/sha256"
	"testing"
	"time"

	"giftline/domain"
)

func TestMint(t *testing.T) {
	key, id, hash := Mint()
	other, _, _ := Mint()
	if key == other || len(key) != 3+8+1+52+6 || key[:12] != "gl_"+id+"_" {
		t.Fatalf("key %q", key)
	}
	if sha256.Sum256([]byte(key)) != hash {
		t.Error("the hash is another key's")
	}
	if !wellFormed(key) {
		t.Error("a minted key is not well-formed")
	}
	for i := range key {
		mistyped := []byte(key)
		mistyped[i] ^= 1
		if wellFormed(string(mistyped)) {
			t.Errorf("a key mistyped at %d is well-formed", i)
		}
	}
	for _, s := range []string{"", "gl_", key[:len(key)-1], key + "a"} {
		if wellFormed(s) {
			t.Errorf("%q is well-formed", s)
		}
	}
}

func TestKeyring_forgets(t *testing.T) {
	k := newKeyring(nil, "", time.Now)
	for range 3 * keysKept {
		_, _, hash := Mint()
		k.trust(hash, domain.Key{ID: "k"})
		if known, ok := k.trusted(hash); !ok || known.ID != "k" {
			t.Fatal("not trusted at once")
		}
	}
	if len(k.seen) > keysKept {
		t.Errorf("%d keys kept", len(k.seen))
	}
}

func TestKeyring_noKeyMeansNoEntry(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.BootstrapKey = "" })
	for _, header := range []string{"", "Bearer", "Bearer ", "Bearer  "} {
		wantProblem(t, w.do("GET", "/machines", "", "Authorization", header), 401, "unauthorized")
	}
}
