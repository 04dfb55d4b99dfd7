package api

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"giftline/domain"
)

// KeyState says whether a key opens anything.
type KeyState string

// The states of a key. None leads back to active.
const (
	KeyActive  KeyState = "active"
	KeyExpired KeyState = "expired"
	KeyRevoked KeyState = "revoked"
)

// KeyView is a key without its secret.
type KeyView struct {
	ID         string          `json:"id" doc:"Part of the key itself, after gl_, so that a key that turns up somewhere can be told." example:"abcdefgh"`
	Name       string          `json:"name" doc:"What its owner calls it." example:"dashboard"`
	State      KeyState        `json:"state"`
	Scopes     []domain.Scope  `json:"scopes" enum:"read,write,admin,raw" doc:"What it may do."`
	Sources    []string        `json:"sources" nullable:"true" doc:"Whose rows it reaches, as if there were no others; null for all."`
	Personal   bool            `json:"personal" doc:"Whether it sees personal fields unmasked."`
	CreatedAt  domain.Instant  `json:"created_at"`
	ExpiresAt  *domain.Instant `json:"expires_at" doc:"Null: never."`
	RevokedAt  *domain.Instant `json:"revoked_at"`
	LastUsedAt *domain.Instant `json:"last_used_at" doc:"To the minute."`
}

// KeyMade is a new key, with its secret.
type KeyMade struct {
	KeyView
	Key string `json:"key" doc:"Send it as Authorization: Bearer. It is shown only now: only its hash is kept."`
}

// KeyList holds all keys that the asking one may see, the newest first.
type KeyList struct {
	Keys []KeyView `json:"keys"`
}

func (a *API) keyView(k domain.Key) KeyView {
	v := KeyView{
		ID: k.ID, Name: k.Name, State: KeyActive, Scopes: k.Scopes, Sources: k.Sources, Personal: k.Personal,
		CreatedAt: k.CreatedAt, ExpiresAt: k.ExpiresAt, RevokedAt: k.RevokedAt, LastUsedAt: k.LastUsedAt,
	}
	switch {
	case k.RevokedAt != nil:
		v.State = KeyRevoked
	case !k.Valid(domain.InstantOf(a.now())):
		v.State = KeyExpired
	}
	return v
}

func (a *API) keyList(ctx context.Context, _ *struct{}) (*body[KeyList], error) {
	keys, err := a.store.ListKeys(ctx)
	l := KeyList{Keys: []KeyView{}}
	for _, k := range keys {
		l.Keys = append(l.Keys, a.keyView(k))
	}
	return answer(l), err
}

// KeyInput names a key.
type KeyInput struct {
	ID string `path:"id" doc:"The key's id, not the key." example:"abcdefgh"`
}

func (a *API) oneKey(ctx context.Context, in *KeyInput) (*body[KeyView], error) {
	keys, err := a.store.ListKeys(ctx)
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		if k.ID == in.ID {
			return answer(a.keyView(k)), nil
		}
	}
	return nil, domain.Errorf(domain.CodeNotFound, "no key has this id: see /keys")
}

// revokeKey ends a key here at once, and on other replicas within a second.
func (a *API) revokeKey(ctx context.Context, in *KeyInput) (*body[KeyView], error) {
	if !storable(in.ID) {
		return nil, domain.Errorf(domain.CodeNotFound, "no key has this id: see /keys")
	}
	k, err := a.store.RevokeKey(ctx, in.ID, domain.InstantOf(a.now()))
	if err != nil {
		return nil, err
	}
	a.keys.forget(k.Hash)
	return answer(a.keyView(k)), nil
}

// KeyOrder says what a new key may do.
type KeyOrder struct {
	_         struct{}       `additionalProperties:"false"`
	Name      string         `json:"name" minLength:"1" maxLength:"100" doc:"What you call it." example:"dashboard"`
	Scopes    []domain.Scope `json:"scopes" minItems:"1" enum:"read,write,admin,raw" doc:"What it may do; nothing that the key which makes it may not."`
	Sources   []string       `json:"sources,omitempty" minItems:"1" doc:"Whose rows it reaches. Left out: all that the key which makes it does."`
	Personal  bool           `json:"personal,omitempty" doc:"Whether it sees personal fields unmasked."`
	ExpiresAt *time.Time     `json:"expires_at,omitempty" doc:"From when on it opens nothing. Left out: never, or when the key which makes it does."`
	ExpiresIn string         `json:"expires_in,omitempty" pattern:"^[1-9][0-9]{0,4}[smhd]$" doc:"The same as a time from now: seconds, minutes, hours or days." example:"90d"`
}

// KeyOrderInput carries an order.
type KeyOrderInput struct{ Body KeyOrder }

func (a *API) makeKey(ctx context.Context, in *KeyOrderInput) (*body[KeyMade], error) {
	k, err := a.keyOf(ctx, &in.Body)
	if err != nil {
		return nil, err
	}
	var secret string
	secret, k.ID, k.Hash = Mint()
	if err := a.store.AddKey(ctx, k); err != nil {
		return nil, err
	}
	return answer(KeyMade{KeyView: a.keyView(k), Key: secret}), nil
}

// keyOf turns an order into a key, without its secret. It never gives more than the key that orders it has.
func (a *API) keyOf(ctx context.Context, o *KeyOrder) (domain.Key, error) {
	maker, now := callerOf(ctx), a.now()
	if !storable(o.Name) {
		return domain.Key{}, invalidBody("name", "holds what no database could keep")
	}
	k := domain.Key{
		Name: o.Name, Scopes: slices.Compact(slices.Sorted(slices.Values(o.Scopes))), Sources: o.Sources, Personal: o.Personal,
		CreatedAt: domain.InstantOf(now),
	}
	for _, s := range k.Scopes {
		if !maker.Allows(s) {
			return k, lacking(maker, s)
		}
	}
	if k.Personal && !maker.Personal {
		return k, newProblem(http.StatusForbidden, codeForbidden, "your key does not see personal fields, so it cannot grant them")
	}
	if err := a.sourcesOf(ctx, &k, maker); err != nil {
		return k, err
	}
	return k, expiryOf(&k, o, maker, now)
}

// sourcesOf checks the names against those of the configuration, and limits the key as its maker is.
func (a *API) sourcesOf(ctx context.Context, k, maker *domain.Key) error {
	known := a.sourcesWithin(ctx)
	for _, name := range k.Sources {
		if !slices.Contains(known, name) {
			return invalidBody("sources", "there is no such source: choose from "+wordList(known))
		}
	}
	if k.Sources == nil {
		k.Sources = maker.Sources
	}
	return nil
}

// expiryOf lets no key outlive its maker.
func expiryOf(k *domain.Key, o *KeyOrder, maker *domain.Key, now time.Time) error {
	var at time.Time
	switch {
	case o.ExpiresAt != nil && o.ExpiresIn != "":
		return invalidBody("expires_in", "give this or expires_at")
	case o.ExpiresAt != nil:
		at = *o.ExpiresAt
	case o.ExpiresIn != "":
		at = now.Add(spanOf(o.ExpiresIn))
	default:
		k.ExpiresAt = maker.ExpiresAt
		return nil
	}
	expires := domain.InstantOf(at)
	switch {
	case expires <= k.CreatedAt:
		return invalidBody("expires_at", "is over already: choose a time to come")
	case maker.ExpiresAt != nil && expires > *maker.ExpiresAt:
		return newProblem(http.StatusForbidden, codeForbidden, "your key ends at "+maker.ExpiresAt.String()+", so it cannot make one that stays longer")
	}
	k.ExpiresAt = &expires
	return nil
}

// spanPattern is how a time from now is written.
var spanPattern = regexp.MustCompile("^[1-9][0-9]{0,4}[smhd]$")

// ParseSpan reads a time from now such as 12h or 3d.
func ParseSpan(text string) (time.Duration, bool) {
	if !spanPattern.MatchString(text) {
		return 0, false
	}
	return spanOf(text), true
}

// spanOf reads what the pattern lets through.
func spanOf(text string) time.Duration {
	n, _ := strconv.Atoi(text[:len(text)-1])
	unit := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}
	return time.Duration(n) * unit[text[len(text)-1]]
}

// invalidBody points at a field of the body.
func invalidBody(field, message string) *Problem {
	p := newProblem(http.StatusUnprocessableEntity, codeFor(0), strings.Join([]string{field, message}, ": "))
	p.Errors = []Fault{{Location: "body." + field, Message: message}}
	return p
}
