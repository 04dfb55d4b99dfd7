package domain

// Claims are what a delivery says about its type outside its body, kept so that it can be read again
// (providers.md 2.1): the most trusted first.
type Claims struct {
	Bound  string `json:"bound,omitempty"`  // the type its verifying secret is bound to
	Path   string `json:"path,omitempty"`   // the last segment of the path
	Header string `json:"header,omitempty"` // X-Event-Type
}

// Inbound is one webhook delivery as it arrived, its signature verified.
type Inbound struct {
	Source     string // name of the configured source
	Provider   Provider
	DeliveryID string  // the sender's id of the message; empty where the scheme has none
	AttemptAt  Instant // the signed timestamp of this attempt; 0 where the scheme has none
	ReceivedAt Instant // our clock
	Claims     Claims
	Settled    Settlement // what a person said, when a parked delivery is driven again
	Body       []byte     // exactly the bytes that were signed
}

// Settlement is what a person adds to a parked delivery.
type Settlement struct {
	Type      string `json:"event_type,omitempty"`
	SubjectID string `json:"subject_id,omitempty"`
}

// Parsed is a delivery read: its events, or why it is parked instead.
type Parsed struct {
	Inbound
	Events []Event // mostly one; an e-mail suppression may name many recipients
	Parked *Parking
}

// Parking says why a delivery could not join a timeline.
type Parking struct {
	Result Result // ResultUnresolved or ResultQuarantined
	Code   ParkCode
	Detail string // what to do about it, without any of the body
	// Event is set when the subject and fingerprint are known though the type is not: a typed copy resolves it.
	Event *Event
	// Key finds further copies of the same parked delivery.
	Key ParkKey
}

// ParkKey identifies what is parked, over all its copies.
type ParkKey [16]byte

// ParkKeyOf hashes the parts that make parked deliveries the same.
func ParkKeyOf(parts ...string) ParkKey {
	sum := HashParts(parts...)
	return ParkKey(sum[:16])
}

// EventParkKey is the key of a parked delivery whose subject and fingerprint are known, so that a copy which does join
// the timeline finds it.
func EventParkKey(s Subject, f Fingerprint) ParkKey {
	d := s.Digest()
	return ParkKeyOf("event", string(d[:]), string(f[:]))
}

// ParkCode is a stable word for why a delivery is parked.
type ParkCode string

// The park codes.
const (
	ParkNoType        ParkCode = "no_event_type"       // no type in secret binding, path, header or body
	ParkUnknownKind   ParkCode = "unknown_kind"        // a type of no kind we track
	ParkNoSubject     ParkCode = "no_subject"          // nothing to attach it to
	ParkContradiction ParkCode = "contradicting_types" // copies of one message claim different types
	ParkMeaning       ParkCode = "other_meaning"       // a recorded fingerprint with another meaning
	ParkUndecodable   ParkCode = "undecodable"         // not the JSON the provider sends
	ParkIdentifier    ParkCode = "bad_identifier"      // an id over 512 bytes, with NUL, or empty
	ParkRefused       ParkCode = "refused_by_store"    // the database will not take it
)

// MaxIdentifier is the length in bytes that ids and indexed values may have, the same on every database.
const MaxIdentifier = 512

// Receipt is the answer to a delivery, given only once it is on disk.
type Receipt struct {
	Result  Result
	Verdict Verdict // of today; empty when parked
	EventID string
	Subject Subject
	State   State
	Regions []Region
}
