package store

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"

	"giftline/domain"
)

// listKey is where a subject stands in a list.
type listKey struct {
	updated domain.Instant
	subject int64
}

// pageCursor is a place in one list, and the way to go on from it. It names the subject by digest, because numbers of
// rows differ after a restore.
type pageCursor struct {
	back      bool // to what stands before it
	including bool // with the place itself
	query     [8]byte
	updated   domain.Instant
	digest    digest
}

const (
	cursorVersion   = 1
	cursorBack      = 1
	cursorIncluding = 2
	pageCursorSize  = 1 + 1 + 8 + 8 + len(digest{})
)

// String is opaque to those who pass it back.
func (c *pageCursor) String() string {
	flags := byte(0)
	if c.back {
		flags |= cursorBack
	}
	if c.including {
		flags |= cursorIncluding
	}
	b := append([]byte{cursorVersion, flags}, c.query[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(c.updated))
	return base64.RawURLEncoding.EncodeToString(append(b, c.digest[:]...))
}

// parsePageCursor gives nil for the first page. Errors: CodeInvalid for the cursor of another list.
func parsePageCursor(text string, query [8]byte) (*pageCursor, error) {
	if text == "" {
		return nil, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) != pageCursorSize || b[0] != cursorVersion || [8]byte(b[2:]) != query {
		return nil, errCursor
	}
	c := &pageCursor{back: b[1]&cursorBack != 0, including: b[1]&cursorIncluding != 0, query: query}
	c.updated = domain.Instant(binary.BigEndian.Uint64(b[10:]))
	copy(c.digest[:], b[18:])
	return c, nil
}

// queryHash tells lists apart, whatever page of them is asked for.
func queryHash(q domain.ListQuery) [8]byte {
	q.Cursor, q.Limit, q.Count = "", 0, false
	b, _ := json.Marshal(q) // texts, numbers and lists of them cannot fail
	sum := sha256.Sum256(b)
	return [8]byte(sum[:])
}
