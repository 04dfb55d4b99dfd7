package store

import (
	"encoding/binary"

	"giftline/domain"
)

// What a subject's row caches of its canonically last events, and in this order.
const (
	lastEvent = iota
	companyID
	reference
	recipient
	metadata
	statusReported
	deliveryReported
	placesCount
)

// places says where each cached value was set, so that a late event knows whether it is too late to change it.
// The zero place is: never.
type places [placesCount]domain.Place

const (
	placeSize  = 8 + 4 + len(domain.Fingerprint{})
	placeNever = 0
	placeLast  = 1 // the same as the first, which is the usual case
	placeOther = 2
)

// bytes writes the last event's place, then each other one in a byte if it is never or the same.
func (p *places) bytes() []byte {
	b := appendPlace(make([]byte, 0, placeSize+placesCount), p[lastEvent])
	for _, one := range p[lastEvent+1:] {
		switch one {
		case domain.Place{}:
			b = append(b, placeNever)
		case p[lastEvent]:
			b = append(b, placeLast)
		default:
			b = appendPlace(append(b, placeOther), one)
		}
	}
	return b
}

func appendPlace(b []byte, p domain.Place) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(p.At))
	b = binary.BigEndian.AppendUint32(b, uint32(p.Rank))
	return append(b, p.Fingerprint[:]...)
}

// parsePlaces is the inverse of bytes. Errors: CodeDamaged.
func parsePlaces(b []byte) (places, error) {
	var p places
	damaged := domain.Errorf(domain.CodeDamaged, "a subject's row is damaged: check the disk, and restore the last backup")
	if len(b) < placeSize {
		return p, damaged
	}
	p[lastEvent], b = takePlace(b), b[placeSize:]
	for i := lastEvent + 1; i < placesCount; i++ {
		if len(b) == 0 {
			return p, damaged
		}
		tag := b[0]
		b = b[1:]
		switch {
		case tag == placeNever:
		case tag == placeLast:
			p[i] = p[lastEvent]
		case tag == placeOther && len(b) >= placeSize:
			p[i], b = takePlace(b), b[placeSize:]
		default:
			return p, damaged
		}
	}
	return p, nil
}

func takePlace(b []byte) domain.Place {
	p := domain.Place{At: domain.Instant(binary.BigEndian.Uint64(b)), Rank: int(binary.BigEndian.Uint32(b[8:]))}
	copy(p.Fingerprint[:], b[12:])
	return p
}
