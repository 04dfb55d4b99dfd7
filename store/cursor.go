package store

import (
	"encoding/base64"
	"encoding/binary"

	"giftline/domain"
)

// maxPage is the most that a page of a list holds.
const maxPage = 1000

func pageOf(limit int) int {
	if limit <= 0 || limit > maxPage {
		return maxPage
	}
	return limit
}

var errCursor = domain.Errorf(domain.CodeInvalid, "cursor is not one that this list gave: start again without it")

// listCursor is a place in a list over all subjects. It names the subject by digest: the numbers of rows are never
// shown, and differ after a restore.
type listCursor struct {
	domain.Place
	digest digest
}

func cursorAt(r *domain.Recorded) *listCursor {
	return &listCursor{r.Place(), digest(r.Subject.Digest())}
}

const listCursorSize = 8 + 8 + fingerprintSize + len(digest{})

// String is opaque to those who pass it back.
func (c *listCursor) String() string {
	b := binary.BigEndian.AppendUint64(nil, uint64(c.At))
	b = binary.BigEndian.AppendUint64(b, uint64(c.Rank))
	b = append(b, c.Fingerprint[:]...)
	return base64.RawURLEncoding.EncodeToString(append(b, c.digest[:]...))
}

// parseListCursor gives nil for the first page.
func parseListCursor(s string) (*listCursor, error) {
	if s == "" {
		return nil, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) != listCursorSize {
		return nil, errCursor
	}
	var c listCursor
	c.At = domain.Instant(binary.BigEndian.Uint64(b))
	c.Rank = int(binary.BigEndian.Uint64(b[8:]))
	copy(c.digest[:], b[16+copy(c.Fingerprint[:], b[16:]):])
	return &c, nil
}

// A list in order of arrival is continued below a sequence number.
func formatSeq(seq int64) string {
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint64(nil, uint64(seq)))
}

func parseSeq(s string) (int64, error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) != 8 {
		return 0, errCursor
	}
	return int64(binary.BigEndian.Uint64(b)), nil
}
