package store

import (
	"encoding/binary"
	"errors"

	"giftline/domain"
)

// The bytes of a domain.Share: what a subject was counted as, kept with it so that it can be taken back. No bytes are
// no share.
const shareVersion = 1

const aDay = domain.Instant(24 * 60 * 60 * 1_000_000)

var shareRegions = []domain.Region{domain.Status, domain.Delivery}

// shareBytes writes texts with their length before them, and numbers as varints: some ten bytes a state.
func shareBytes(s *domain.Share) []byte {
	if s == nil {
		return []byte{}
	}
	b := appendText([]byte{shareVersion}, sourcesText(s.Sources))
	b = binary.AppendUvarint(b, uint64(s.Day/aDay))
	for _, been := range s.Been {
		b = append(b, byte(regionIndex(been.Region)))
		b = appendText(b, been.State)
		b = binary.AppendUvarint(b, uint64(len(been.Stays)))
		for _, stays := range been.Stays {
			b = binary.AppendUvarint(b, uint64(stays.Bucket))
			b = binary.AppendUvarint(b, uint64(stays.N))
		}
	}
	return b
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// errMiscounted: what a subject was counted as cannot be read, so that it cannot be taken back.
var errMiscounted = errors.New("what a subject was counted as is damaged")

// parseShare is the inverse of shareBytes. Errors: errMiscounted.
func parseShare(b []byte) (*domain.Share, error) {
	if len(b) == 0 {
		return nil, nil
	}
	r := shareReader{rest: b[1:], bad: b[0] != shareVersion}
	s := &domain.Share{Sources: r.sources(), Day: domain.Instant(r.number()) * aDay}
	for len(r.rest) > 0 && !r.bad {
		s.Been = append(s.Been, r.state())
	}
	if r.bad {
		return nil, errMiscounted
	}
	return s, nil
}

// shareReader takes values off bytes, until something is bad.
type shareReader struct {
	rest []byte
	bad  bool
}

func (r *shareReader) state() (been domain.StateShare) {
	region := r.number()
	if region >= uint64(len(shareRegions)) {
		r.bad = true
		return been
	}
	been.Region, been.State = shareRegions[region], r.text()
	for n := r.number(); n > 0 && !r.bad; n-- {
		been.Stays = append(been.Stays, domain.Stays{Bucket: int(r.number()), N: int64(r.number())})
	}
	return been
}

func (r *shareReader) sources() []string {
	sources := (&words{Sources: r.text()}).sources()
	r.bad = r.bad || sources == nil
	return sources
}

func (r *shareReader) number() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.rest, r.bad = nil, true
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *shareReader) text() string {
	n := r.number()
	if n > uint64(len(r.rest)) {
		r.bad = true
		return ""
	}
	text := string(r.rest[:n])
	r.rest = r.rest[n:]
	return text
}
