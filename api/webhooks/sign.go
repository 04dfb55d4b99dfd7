package webhooks

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"time"
)

// Sign makes the headers with which the source's provider would send the body, with the first secret: the other side of
// Verify, for trigger, the demo and tests. To sign with another secret, put it first. A source without a secret signs
// nothing.
func (s Source) Sign(id string, at time.Time, body []byte) http.Header {
	header := http.Header{}
	s = s.withDefaults()
	keys := s.decodeKeys()
	if len(keys) == 0 || len(keys[0].bytes) == 0 {
		return header
	}
	timestamp := strconv.FormatInt(at.Unix(), 10)
	switch s.Scheme {
	case Svix, SvixRaw:
		names := svixHeaders[0]
		sum := mac(sha256.New, keys[0].bytes, body, id, timestamp)
		header.Set(names.id, id)
		header.Set(names.timestamp, timestamp)
		header.Set(names.signature, "v1,"+base64.StdEncoding.EncodeToString(sum))
	case Token:
		header.Set(s.Header, s.Secrets[0].Value)
	case HMAC:
		s.signHMAC(header, keys[0].bytes, timestamp, body)
	}
	return header
}

func (s Source) signHMAC(header http.Header, key []byte, timestamp string, body []byte) {
	encoding, sum := encodings[s.Encoding], hashes[s.Hash]
	if s.Header == "" || encoding.encode == nil || sum == nil {
		return
	}
	var parts []string
	if s.TimestampHeader != "" {
		header.Set(s.TimestampHeader, timestamp)
		parts = []string{timestamp}
	}
	header.Set(s.Header, encoding.encode(mac(sum, key, body, parts...)))
}
