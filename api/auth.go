package api

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"giftline/domain"
)

const needKey = "send Authorization: Bearer and an API key: the one that the first start printed, one that giftline keys create made, or GIFTLINE_API_KEY"

// authenticate lets through who brings a key that is valid now and has the scope that the route declares. The answer is
// the same whatever is wrong with a key.
func (a *API) authenticate(c *gin.Context) {
	key, err := a.keys.find(c.Request.Context(), bearer(c.Request.Header.Get("Authorization")))
	now := a.now()
	switch {
	case err == nil && key.Valid(domain.InstantOf(now)):
		a.admit(c, &key, now)
	case err == nil || domain.CodeOf(err) == domain.CodeNotFound:
		a.turnAway(c, now)
	default:
		fail(c, problemOf(err))
	}
}

// turnAway answers a request without a valid key. An address that sends many of them is told to wait; who brings a valid
// key from there is not, because everybody behind one proxy has the same address.
func (a *API) turnAway(c *gin.Context, now time.Time) {
	if wait := a.strangers.take(network(c.RemoteIP()), now); wait > 0 {
		fail(c, tooMany(wait, "too many requests without a valid key from this address"))
		return
	}
	fail(c, newProblem(http.StatusUnauthorized, codeKey, needKey).with("WWW-Authenticate", "Bearer"))
}

func (a *API) admit(c *gin.Context, key *domain.Key, now time.Time) {
	a.used.note(key.ID, now)
	if wait := a.callers.take(key.ID, now); wait > 0 {
		fail(c, tooMany(wait, fmt.Sprintf("this key may ask %d times a second", a.callers.perSecond)))
		return
	}
	if needs := a.scopes[c.Request.Method+" "+c.FullPath()]; !key.Allows(needs) {
		fail(c, lacking(key, needs))
		return
	}
	c.Request = c.Request.WithContext(withKey(c.Request.Context(), key))
}

// lacking says which scope it takes.
func lacking(key *domain.Key, needs domain.Scope) *Problem {
	p := newProblem(http.StatusForbidden, codeForbidden,
		fmt.Sprintf("this takes a key with the scope %s, and yours has %s: ask whoever made it for another one", needs, wordList(key.Scopes)))
	p.Needs = needs
	return p
}

func bearer(header string) string {
	scheme, key, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(key)
}

// callerKey keeps the key of a request in its context.
type callerKey struct{}

// withKey also limits what is read to the key's sources.
func withKey(ctx context.Context, key *domain.Key) context.Context {
	ctx = context.WithValue(ctx, callerKey{}, key)
	if key.Sources != nil {
		ctx = domain.Within(ctx, key.Sources)
	}
	return ctx
}

// callerOf gives the key of a request; one that may do nothing where there is none.
func callerOf(ctx context.Context) *domain.Key {
	if key, ok := ctx.Value(callerKey{}).(*domain.Key); ok {
		return key
	}
	return &domain.Key{}
}

// keyTrust is how long a stored key is trusted without another look, and so how long one that another replica revoked
// still works here.
const (
	keyTrust = time.Second
	keysKept = 256
)

// bootstrapID stands for the key of the settings, which is not stored.
const bootstrapID = "bootstrap"

// keyring knows the bootstrap key, and asks the store for the others.
type keyring struct {
	store     domain.Keys
	bootstrap *[32]byte // nil when none is configured
	now       func() time.Time

	mu   sync.Mutex
	seen map[[32]byte]seenKey
}

type seenKey struct {
	key   domain.Key
	until time.Time
}

func newKeyring(store domain.Keys, bootstrap string, now func() time.Time) *keyring {
	k := &keyring{store: store, now: now, seen: map[[32]byte]seenKey{}}
	if bootstrap != "" {
		hash := sha256.Sum256([]byte(bootstrap))
		k.bootstrap = &hash
	}
	return k
}

// find gives the key, valid or not. Errors: CodeNotFound, and the store's.
func (k *keyring) find(ctx context.Context, key string) (domain.Key, error) {
	hash := sha256.Sum256([]byte(key))
	switch {
	case key == "":
		return domain.Key{}, errNoKey
	case k.bootstrap != nil && subtle.ConstantTimeCompare(hash[:], k.bootstrap[:]) == 1:
		return domain.Key{ID: bootstrapID, Name: "GIFTLINE_API_KEY", Scopes: domain.Scopes(), Personal: true}, nil
	case !wellFormed(key): // spares the store
		return domain.Key{}, errNoKey
	}
	if known, ok := k.trusted(hash); ok {
		return known, nil
	}
	found, err := k.store.KeyOf(ctx, hash)
	if err == nil {
		k.trust(hash, found)
	}
	return found, err
}

var errNoKey = domain.Errorf(domain.CodeNotFound, "no such key")

func (k *keyring) trusted(hash [32]byte) (domain.Key, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s, ok := k.seen[hash]
	return s.key, ok && k.now().Before(s.until)
}

func (k *keyring) trust(hash [32]byte, key domain.Key) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.seen) >= keysKept {
		clear(k.seen)
	}
	k.seen[hash] = seenKey{key, k.now().Add(keyTrust)}
}

// forget has a key looked up anew at its next use.
func (k *keyring) forget(hash [32]byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.seen, hash)
}
