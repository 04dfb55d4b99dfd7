package webhooks

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"regexp"
	"strings"

	"giftline/domain"
)

// Scheme is how a source proves that its webhooks are its own.
type Scheme string

// The schemes.
const (
	Svix    Scheme = "svix"     // Standard Webhooks v1; the key is base64 behind whsec_
	SvixRaw Scheme = "svix-raw" // the same, but the key is the text itself behind whsec_ (providers.md 5.2)
	Token   Scheme = "token"    // a shared secret in a header or in ?token=
	HMAC    Scheme = "hmac"     // a signature of the body, or of timestamp.body, in a header
	None    Scheme = "none"     // nothing is checked; must be written out
)

const schemeHelp = "use svix, svix-raw, token, hmac or none"

// Source is one configured webhook endpoint of a provider. Open makes it ready; do not change it afterwards.
type Source struct {
	Name     string
	Provider domain.Provider
	Scheme   Scheme   // empty: the provider's own
	Secrets  []Secret // any of them will do, so that they can be rotated; none: the source is closed

	Header          string // token: X-Webhook-Token if empty; hmac: where the signature stands
	Hash            string // hmac: sha256 (if empty), sha512 or sha1
	Encoding        string // hmac: hex (if empty) or base64
	TimestampHeader string // hmac: Unix seconds, signed as timestamp.body; empty if the body alone is signed

	keys []key // of Secrets, decoded once
}

// Secret is one shared secret of a source.
type Secret struct {
	Value     string
	EventType string // the only type it may sign; empty for any
}

type key struct {
	bytes []byte
	bound string // EventType in the provider's full spelling
}

const (
	secretPrefix    = "whsec_"
	defaultHeader   = "X-Webhook-Token"
	minSvixKey      = 24 // bytes; the least that Standard Webhooks allows (providers.md 6)
	minTokenLen     = 16
	defaultHash     = "sha256"
	defaultEncoding = "hex"
)

var defaultSchemes = map[domain.Provider]Scheme{
	domain.Sendoso: Svix, domain.Resend: Svix, domain.OpenSend: SvixRaw, domain.Snappy: Token,
}

var hashes = map[string]func() hash.Hash{"sha256": sha256.New, "sha512": sha512.New, "sha1": sha1.New}

// encodings are how an hmac signature is written in its header.
var encodings = map[string]struct {
	encode func([]byte) string
	decode func(string) ([]byte, error)
}{
	"hex":    {hex.EncodeToString, hex.DecodeString},
	"base64": {strict.EncodeToString, strict.DecodeString},
}

// Open checks a source's configuration, fills in what its provider usually does, and decodes its keys.
func Open(s Source) (*Source, error) {
	s = s.withDefaults()
	if err := s.Check(); err != nil {
		return nil, err
	}
	s.keys = s.decodeKeys()
	return &s, nil
}

func (s Source) withDefaults() Source {
	orElse(&s.Scheme, defaultSchemes[s.Provider])
	orElse(&s.Hash, defaultHash)
	orElse(&s.Encoding, defaultEncoding)
	if s.Scheme == Token {
		orElse(&s.Header, defaultHeader)
	}
	return s
}

func orElse[T ~string](field *T, value T) {
	if *field == "" {
		*field = value
	}
}

// Check says everything that is wrong with the configuration, and what to do about it. A source without any secret is
// right: it is closed. Secrets are never repeated in the error.
func (s Source) Check() error {
	s = s.withDefaults()
	var errs []error
	wrong := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("source %q: "+format, append([]any{s.Name}, args...)...))
	}
	switch s.Scheme {
	case Svix, SvixRaw, Token:
	case HMAC:
		s.checkHMAC(wrong)
	case None:
		if len(s.Secrets) > 0 {
			wrong("scheme none checks nothing, but secrets are given: remove them, or choose another scheme")
		}
		return errors.Join(errs...)
	default:
		wrong("unknown scheme %q: %s", s.Scheme, schemeHelp)
		return errors.Join(errs...)
	}
	s.checkSecrets(wrong)
	return errors.Join(errs...)
}

func (s Source) checkHMAC(wrong func(string, ...any)) {
	if s.Header == "" {
		wrong("scheme hmac needs header: the name of the header that carries the signature")
	}
	if hashes[s.Hash] == nil {
		wrong("unknown hash %q: use sha256, sha512 or sha1", s.Hash)
	}
	if encodings[s.Encoding].decode == nil {
		wrong("unknown encoding %q: use hex or base64", s.Encoding)
	}
}

func (s Source) checkSecrets(wrong func(string, ...any)) {
	seen := map[string]bool{}
	for i, secret := range s.Secrets {
		if problem := s.Scheme.problem(secret.Value); problem != "" {
			wrong("secret %d of %d %s", i+1, len(s.Secrets), problem)
		}
		if seen[secret.Value] {
			wrong("secret %d of %d was given before: a secret stands for one endpoint, so give each once", i+1, len(s.Secrets))
		}
		seen[secret.Value] = true
	}
}

// problem says what is wrong with a secret, or nothing.
func (c Scheme) problem(secret string) string {
	if strings.TrimPrefix(secret, secretPrefix) == "" {
		return "is empty: paste the provider's signing secret, or remove the entry"
	}
	if c == Svix || c == SvixRaw {
		return c.keyProblem(secret)
	}
	if len(secret) < minTokenLen {
		return fmt.Sprintf("is shorter than %d characters: make a longer one, for example with openssl rand -hex 32", minTokenLen)
	}
	return ""
}

func (c Scheme) keyProblem(secret string) string {
	if strings.HasPrefix(secret, "whpk_") || strings.HasPrefix(secret, "whsk_") {
		return "is an ed25519 key, which is not supported: ask the provider for a whsec_ secret"
	}
	decoded, err := c.key(secret)
	if err != nil {
		return "is not base64 behind whsec_: copy it again (a secret of OpenSend's needs scheme svix-raw)"
	}
	if len(decoded) < minSvixKey {
		return fmt.Sprintf("is a key of %d bytes, at least %d are needed: copy all of it, or have the provider make a new one",
			len(decoded), minSvixKey)
	}
	return ""
}

// key gives the bytes that a secret stands for.
func (c Scheme) key(secret string) ([]byte, error) {
	switch c {
	case Svix:
		text := strings.TrimRight(strings.TrimPrefix(secret, secretPrefix), "=")
		return base64.RawStdEncoding.DecodeString(text)
	case SvixRaw:
		return []byte(strings.TrimPrefix(secret, secretPrefix)), nil
	case Token:
		if secret == "" {
			return nil, nil
		}
		sum := sha256.Sum256([]byte(secret)) // see verifyToken
		return sum[:], nil
	default:
		return []byte(secret), nil
	}
}

// decodeKeys leaves a key that cannot be decoded empty: an empty key verifies nothing.
func (s Source) decodeKeys() []key {
	keys := make([]key, len(s.Secrets))
	for i, secret := range s.Secrets {
		bytes, err := s.Scheme.key(secret.Value)
		if err != nil {
			bytes = nil
		}
		keys[i] = key{bytes: bytes, bound: fullType(s.Provider, secret.EventType)}
	}
	return keys
}

var boundEntry = regexp.MustCompile(`^([a-z]+\.[a-z0-9_]+)=(.*)$|^([a-z0-9_]+)=(whsec_.*)$`)

// ParseSecrets reads a comma-separated list of secrets, as settings have it. An entry like send.shipped=whsec_… is
// bound to its type; the = at the end of a base64 secret binds nothing.
func ParseSecrets(list string) ([]Secret, error) {
	if strings.TrimSpace(list) == "" {
		return nil, nil
	}
	var secrets []Secret
	for i, entry := range strings.Split(list, ",") {
		secret := Secret{Value: strings.TrimSpace(entry)}
		if m := boundEntry.FindStringSubmatch(secret.Value); m != nil {
			secret = Secret{EventType: m[1] + m[3], Value: m[2] + m[4]}
		}
		if secret.Value == "" {
			return nil, fmt.Errorf("secret %d is empty: remove the comma too many, or the type without a secret", i+1)
		}
		secrets = append(secrets, secret)
	}
	return secrets, nil
}
