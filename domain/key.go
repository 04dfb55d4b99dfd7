package domain

import (
	"context"
	"slices"
)

// Scope is what an API key may do. Scopes do not include one another.
type Scope string

// The scopes.
const (
	ScopeRead  Scope = "read"  // see timelines, lists, statistics and the live stream
	ScopeWrite Scope = "write" // settle what is parked, label subjects
	ScopeAdmin Scope = "admin" // make and revoke keys
	ScopeRaw   Scope = "raw"   // see the bytes that a provider sent
)

// Scopes lists all of them.
func Scopes() []Scope { return []Scope{ScopeRead, ScopeWrite, ScopeAdmin, ScopeRaw} }

// Key is an API key without its secret, of which only a hash is kept.
type Key struct {
	ID         string // shown, and part of the key itself
	Name       string // what its owner calls it
	Hash       [32]byte
	Scopes     []Scope
	Sources    []string // whose rows it reaches; nil for all
	Personal   bool     // sees personal fields unmasked
	CreatedAt  Instant
	ExpiresAt  *Instant // nil: never
	RevokedAt  *Instant
	LastUsedAt *Instant // to the minute
}

// Valid reports whether the key opens anything at now.
func (k *Key) Valid(now Instant) bool {
	return k.RevokedAt == nil && (k.ExpiresAt == nil || now < *k.ExpiresAt)
}

// Allows reports whether the key may do what takes the scope.
func (k *Key) Allows(s Scope) bool { return slices.Contains(k.Scopes, s) }

// Keys keeps API keys. A limited context (see Within) lists and revokes only keys that reach no further than it does.
type Keys interface {
	// AddKey stores a new key; adding the same hash again changes nothing.
	AddKey(context.Context, Key) error
	// KeyOf gives the key with a hash, revoked and expired ones too. Errors: CodeNotFound.
	KeyOf(ctx context.Context, hash [32]byte) (Key, error)
	// ListKeys lists all keys, the newest first.
	ListKeys(context.Context) ([]Key, error)
	// RevokeKey ends a key; revoking it again changes nothing. Errors: CodeNotFound.
	RevokeKey(ctx context.Context, id string, at Instant) (Key, error)
	// UsedKeys notes when keys were last used; an earlier time than the stored one changes nothing.
	UsedKeys(context.Context, map[string]Instant) error
	// AnyKey reports whether a key was ever stored.
	AnyKey(context.Context) (bool, error)
}
