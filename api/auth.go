package api

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"giftline/domain"
)

const needKey = "send Authorization: Bearer and an API key: the one that the first start printed, or GIFTLINE_API_KEY"

// authenticate lets through who brings a key. The answer is the same whatever is wrong with it.
func (a *API) authenticate(c *gin.Context) {
	known, err := a.keys.known(c.Request.Context(), bearer(c.Request.Header.Get("Authorization")))
	switch {
	case err != nil:
		fail(c, problemOf(err))
	case !known:
		fail(c, newProblem(http.StatusUnauthorized, codeKey, needKey).with("WWW-Authenticate", "Bearer"))
	}
}

func bearer(header string) string {
	scheme, key, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(key)
}

// keyTrust is how long a stored key is trusted without another look, and so how long a revoked one still works.
const (
	keyTrust = time.Second
	keysKept = 256
)

// keyring knows the bootstrap key, and asks the store for the others.
type keyring struct {
	store     domain.Store
	bootstrap *[32]byte // nil when none is configured

	mu   sync.Mutex
	seen map[[32]byte]time.Time
}

func newKeyring(store domain.Store, bootstrap string) *keyring {
	k := &keyring{store: store, seen: map[[32]byte]time.Time{}}
	if bootstrap != "" {
		hash := sha256.Sum256([]byte(bootstrap))
		k.bootstrap = &hash
	}
	return k
}

func (k *keyring) known(ctx context.Context, key string) (bool, error) {
	if key == "" {
		return false, nil
	}
	hash := sha256.Sum256([]byte(key))
	if k.bootstrap != nil && subtle.ConstantTimeCompare(hash[:], k.bootstrap[:]) == 1 {
		return true, nil
	}
	if !wellFormed(key) { // spares the store
		return false, nil
	}
	if k.trusted(hash) {
		return true, nil
	}
	known, err := k.store.KeyExists(ctx, hash)
	if known && err == nil {
		k.trust(hash)
	}
	return known, err
}

func (k *keyring) trusted(hash [32]byte) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	until, ok := k.seen[hash]
	return ok && time.Now().Before(until)
}

func (k *keyring) trust(hash [32]byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.seen) >= keysKept {
		clear(k.seen)
	}
	k.seen[hash] = time.Now().Add(keyTrust)
}
