package webhooks

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"net/http"
	"strconv"
	"strings"
	"time"

	"giftline/domain"
)

// maxSignatures are looked at in one header: a sender that rotates has two.
const maxSignatures = 16

// Both families of headers, in the order that Svix's own library looks for them (providers.md 6).
var svixHeaders = [...]struct{ id, timestamp, signature string }{
	{"Svix-Id", "Svix-Timestamp", "Svix-Signature"},
	{"Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"},
}

// verifySvix follows Standard Webhooks v1: HMAC-SHA256 over id.timestamp.body.
func (s *Source) verifySvix(header http.Header, pathType string, body []byte, now time.Time) (Verified, error) {
	id, timestamp, signatures, ok := svixFamily(header)
	if !ok {
		return Verified{}, refuse(RefusedUnsigned, "svix-id, svix-timestamp or svix-signature is missing (webhook-* will do as well): "+
			"source %q takes signed webhooks only", s.Name)
	}
	at, ok := unixSeconds(timestamp)
	if !ok || !printable(id) {
		return Verified{}, refuse(RefusedMalformed, "the id or the timestamp in the headers is none: the timestamp is in Unix seconds")
	}
	given := signaturesIn(signatures)
	v, err := s.match(pathType, func(key []byte) bool {
		return given.include(mac(sha256.New, key, body, id, timestamp))
	})
	if err != nil {
		return Verified{}, err
	}
	v.DeliveryID = id
	return s.attempted(v, at, now)
}

// svixFamily gives the first family that is complete: some senders write both.
func svixFamily(header http.Header) (id, timestamp, signatures string, ok bool) {
	for _, names := range svixHeaders {
		id, timestamp, signatures = header.Get(names.id), header.Get(names.timestamp), header.Get(names.signature)
		if id != "" && timestamp != "" && signatures != "" {
			return id, timestamp, signatures, true
		}
	}
	return "", "", "", false
}

// strict reads each signature in its one spelling: the lenient decoder ignores the last bits and line breaks.
var strict = base64.StdEncoding.Strict()

// signatures are the decoded v1 entries of a header. Others, such as v1a (ed25519), say nothing to us.
type signatures struct {
	list [maxSignatures][sha256.Size + 1]byte
	n    int
}

func signaturesIn(header string) *signatures {
	var s signatures
	for entry := range strings.SplitSeq(header, " ") {
		encoded, ok := strings.CutPrefix(entry, "v1,")
		if !ok || len(encoded) != base64.StdEncoding.EncodedLen(sha256.Size) {
			continue
		}
		if s.n == maxSignatures {
			break
		}
		if n, err := strict.Decode(s.list[s.n][:], []byte(encoded)); err == nil && n == sha256.Size {
			s.n++
		}
	}
	return &s
}

func (s *signatures) include(sum []byte) bool {
	found := false
	for i := range s.n {
		found = hmac.Equal(s.list[i][:sha256.Size], sum) || found
	}
	return found
}

// verifyToken compares digests, because the comparison takes constant time for equal lengths only.
func (s *Source) verifyToken(header http.Header, token, pathType string) (Verified, error) {
	inHeader := header.Get(s.Header)
	if inHeader == "" && token == "" {
		return Verified{}, refuse(RefusedUnsigned, "no token: source %q expects it in the header %s or as ?token=", s.Name, s.Header)
	}
	first, second := sha256.Sum256([]byte(inHeader)), sha256.Sum256([]byte(token))
	return s.match(pathType, func(key []byte) bool {
		return hmac.Equal(key, first[:]) || hmac.Equal(key, second[:])
	})
}

// verifyHMAC covers senders with a signature of their own making (providers.md 3.2).
func (s *Source) verifyHMAC(header http.Header, pathType string, body []byte, now time.Time) (Verified, error) {
	text, encoding, sum := header.Get(s.Header), encodings[s.Encoding], hashes[s.Hash]
	if text == "" || encoding.decode == nil || sum == nil {
		return Verified{}, refuse(RefusedUnsigned, "no signature: source %q expects it in the header %s", s.Name, s.Header)
	}
	given, err := encoding.decode(strings.TrimPrefix(text, s.Hash+"="))
	if err != nil {
		return Verified{}, refuse(RefusedMalformed, "the signature in %s is not %s: compare encoding with what the sender does",
			s.Header, s.Encoding)
	}
	if s.TimestampHeader == "" {
		return s.match(pathType, func(key []byte) bool { return hmac.Equal(given, mac(sum, key, body)) })
	}
	timestamp := header.Get(s.TimestampHeader)
	at, ok := unixSeconds(timestamp)
	if !ok {
		return Verified{}, refuse(RefusedMalformed, "the header %s holds no time in Unix seconds", s.TimestampHeader)
	}
	v, err := s.match(pathType, func(key []byte) bool { return hmac.Equal(given, mac(sum, key, body, timestamp)) })
	if err != nil {
		return Verified{}, err
	}
	return s.attempted(v, at, now)
}

// mac signs the parts, each followed by a dot, and then the body.
func mac(sum func() hash.Hash, key, body []byte, parts ...string) []byte {
	h := hmac.New(sum, key)
	var buf [128]byte
	prefix := buf[:0]
	for _, part := range parts {
		prefix = append(append(prefix, part...), '.')
	}
	h.Write(prefix)
	h.Write(body)
	return h.Sum(nil)
}

// unixSeconds reads digits only, few enough that no arithmetic on the time overflows.
func unixSeconds(text string) (time.Time, bool) {
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil || len(text) > 11 {
		return time.Time{}, false
	}
	return time.Unix(int64(n), 0), true
}

// printable keeps out ids that no database should be asked to take.
func printable(id string) bool {
	for _, c := range []byte(id) {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return len(id) <= domain.MaxIdentifier
}
