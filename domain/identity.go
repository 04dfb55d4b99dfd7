package domain

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strings"
)

// Subject names one tracked thing. ID is the provider's own, verbatim.
type Subject struct {
	Provider Provider
	Kind     Kind
	ID       string
}

// String is the form shown to people: provider/kind/id.
func (s Subject) String() string { return string(s.Provider) + "/" + string(s.Kind) + "/" + s.ID }

// Digest is a subject's key, the same on every database: 128 bits of SHA-256 over its length-prefixed parts.
type Digest [16]byte

// Digest computes the subject's key.
func (s Subject) Digest() Digest {
	sum := HashParts("subject/1", string(s.Provider), string(s.Kind), s.ID)
	return Digest(sum[:16])
}

// Fingerprint identifies an event within its subject (providers.md 9): the same on every retry, unique for ever.
type Fingerprint [12]byte

// FingerprintOf hashes the parts that a provider's rule names. The rule carries a version ("resend/1"), so that a
// changed rule cannot collide with what is already recorded.
func FingerprintOf(rule string, s Subject, parts ...string) Fingerprint {
	all := append([]string{rule, string(s.Provider), string(s.Kind), s.ID}, parts...)
	sum := HashParts(all...)
	return Fingerprint(sum[:12])
}

// HashParts is SHA-256 over the parts, each behind its length, so that no two lists share an encoding.
func HashParts(parts ...string) [32]byte {
	size := 0
	for _, p := range parts {
		size += 4 + len(p)
	}
	buf := make([]byte, 0, size)
	for _, p := range parts {
		buf = binary.BigEndian.AppendUint32(buf, uint32(len(p)))
		buf = append(buf, p...)
	}
	return sha256.Sum256(buf)
}

var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

const eventPrefix = "evt_"

// EventID is the id shown for an event: made of the subject's digest and the fingerprint, so it is the same everywhere
// and leads to its row without an index of its own.
func EventID(d Digest, f Fingerprint) string {
	return eventPrefix + idEncoding.EncodeToString(append(d[:], f[:]...))
}

// ParseEventID is the inverse of EventID: no event has a second spelling. Errors: CodeInvalid.
func ParseEventID(id string) (Digest, Fingerprint, error) {
	var d Digest
	var f Fingerprint
	raw, err := idEncoding.DecodeString(strings.TrimPrefix(id, eventPrefix))
	if err != nil || !strings.HasPrefix(id, eventPrefix) || len(raw) != len(d)+len(f) {
		return d, f, Errorf(CodeInvalid, "%q is not an event id: expected evt_ and %d characters", clip(id), idEncoding.EncodedLen(len(d)+len(f)))
	}
	copy(d[:], raw)
	copy(f[:], raw[len(d):])
	if EventID(d, f) != id { // the decoder looks past line breaks and the last character's spare bit
		return Digest{}, Fingerprint{}, Errorf(CodeInvalid, "%q is not an event id: no event is spelled that way", clip(id))
	}
	return d, f, nil
}

// clip keeps what people sent us short in messages.
func clip(s string) string {
	if len(s) > 64 {
		return s[:64] + "…"
	}
	return s
}

// Place is an event's position in the canonical order of its subject.
type Place struct {
	At          Instant
	Rank        int
	Fingerprint Fingerprint
}

// Compare orders by time, then rank, then fingerprint. Arrival decides nothing.
func (p Place) Compare(q Place) int {
	if c := cmp.Compare(p.At, q.At); c != 0 {
		return c
	}
	if c := cmp.Compare(p.Rank, q.Rank); c != 0 {
		return c
	}
	return bytes.Compare(p.Fingerprint[:], q.Fingerprint[:])
}
