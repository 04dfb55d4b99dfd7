package webhooks

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"giftline/domain"
)

// Tolerance is how far the signed time of an attempt may be from our clock, each way.
const Tolerance = 5 * time.Minute

// Verified is what the signature proves beside the body.
type Verified struct {
	DeliveryID  string         // the sender's id of the message; empty where the scheme has none
	AttemptAt   domain.Instant // the signed time of the attempt; 0 where the scheme has none
	Bound       string         // the type that the secret is bound to
	SecretIndex int            // which of Source.Secrets matched; -1 for scheme none
}

// Refused is why a webhook is refused, from a closed list.
type Refused string

// The reasons.
const (
	RefusedNoSecret  Refused = "no_secret"
	RefusedUnsigned  Refused = "missing_signature"
	RefusedMalformed Refused = "malformed_headers"
	RefusedSignature Refused = "bad_signature"
	RefusedStale     Refused = "stale_timestamp"
	RefusedFuture    Refused = "future_timestamp"
	RefusedType      Refused = "wrong_type"
)

// Refusal is the error of a webhook that is not let in. Its message says what to do, and repeats nothing secret.
type Refusal struct {
	Reason  Refused
	Message string
}

// Error gives the message.
func (r *Refusal) Error() string { return r.Message }

func refuse(reason Refused, format string, args ...any) error {
	return &Refusal{Reason: reason, Message: fmt.Sprintf(format, args...)}
}

// Verify checks the raw bytes of a webhook. token is the query's ?token=, pathType the type in the path, if any. Every
// error is a *Refusal. It does not judge how long a key is, Check does, but an empty one never verifies anything.
func (s *Source) Verify(header http.Header, token, pathType string, body []byte, now time.Time) (Verified, error) {
	if s.Scheme == None {
		return Verified{SecretIndex: -1}, nil
	}
	keys := s.keys
	if keys == nil { // not from Open
		opened := s.withDefaults()
		opened.keys = opened.decodeKeys()
		s, keys = &opened, opened.keys
	}
	if !usable(keys) {
		return Verified{}, refuse(RefusedNoSecret, "source %q has no secret, so it takes nothing: set GIFTLINE_%s_SECRET, or its "+
			"secrets in the configuration file", s.Name, strings.ToUpper(strings.ReplaceAll(s.Name, "-", "_")))
	}
	pathType = fullType(s.Provider, pathType)
	switch s.Scheme {
	case Svix, SvixRaw:
		return s.verifySvix(header, pathType, body, now)
	case Token:
		return s.verifyToken(header, token, pathType)
	case HMAC:
		return s.verifyHMAC(header, pathType, body, now)
	default:
		return Verified{}, refuse(RefusedNoSecret, "source %q has the unknown scheme %q: %s", s.Name, s.Scheme, schemeHelp)
	}
}

func usable(keys []key) bool {
	for i := range keys {
		if len(keys[i].bytes) > 0 {
			return true
		}
	}
	return false
}

// match finds the secret that fits and sees to it that it may sign this type: otherwise whoever holds one valid signed
// body could send it to another type's path and change what it means (providers.md 2.1).
func (s *Source) match(pathType string, fits func(key []byte) bool) (Verified, error) {
	for _, bound := range [...]bool{true, false} { // the path's own secret first: there may be one per type
		for i, k := range s.keys {
			if own := k.bound != "" && k.bound == pathType; own != bound || len(k.bytes) == 0 || !fits(k.bytes) {
				continue
			}
			if k.bound != "" && pathType != "" && k.bound != pathType {
				return Verified{}, refuse(RefusedType, "this secret of source %q signs %s, but the path says otherwise: correct the URL "+
					"at the provider, or the type the secret is bound to", s.Name, k.bound)
			}
			return Verified{Bound: k.bound, SecretIndex: i}, nil
		}
	}
	if s.Scheme == Token {
		return Verified{}, refuse(RefusedSignature, "the token is not one of source %q: compare it with the provider's setting", s.Name)
	}
	return Verified{}, refuse(RefusedSignature, "no secret of source %q made this signature: compare the secret with the "+
		"provider's, and see that nothing between changes the body", s.Name)
}

// attempted adds the signed time of the attempt, if it is near enough. It comes after the signature: what it refuses is
// authentic.
func (s *Source) attempted(v Verified, at, now time.Time) (Verified, error) {
	switch age := now.Sub(at); {
	case age > Tolerance:
		return Verified{}, refuse(RefusedStale, "the webhook to source %q was signed over %s ago: check this machine's clock, or "+
			"have the provider send it again", s.Name, Tolerance)
	case age < -Tolerance:
		return Verified{}, refuse(RefusedFuture, "the webhook to source %q was signed over %s ahead of this machine's clock: "+
			"check that clock", s.Name, Tolerance)
	}
	v.AttemptAt = domain.InstantOf(at)
	return v, nil
}
