package domain

import "encoding/json"

// Event is one provider report, verified and parsed. Region, Target and Rank are the machine's reading of Type and
// Target; everything else is the provider's.
type Event struct {
	Subject     Subject
	Fingerprint Fingerprint
	Type        string // the provider's full type, such as "send.shipped" or "gift-status-changed"
	Region      Region // whose state is reported; NoRegion when the event moves nothing
	Target      string // the reported state in the provider's spelling; empty when the event reports none
	Previous    string // the state the provider says was left; only OpenSend domains tell
	At          Instant
	AtText      string // the time as the provider wrote it; empty if it wrote none
	Quality     TimeQuality
	Rank        int // place in the machine's table, the second key of the canonical order
	Facts       Facts
	Flags       Flags // remarks known before the fold
	Attributes  Attributes
	Meaning     Meaning
	Copy        string // sender's id of the delivery over all its attempts; only where another one means a probable duplicate
}

// Meaning is a digest of what a copy says: subject, type, target, exact time and data, never raw bytes, envelope ids
// or attempt times. Two copies of one fingerprint with different meanings are a conflict.
type Meaning [16]byte

// Place is where the event stands in its subject's canonical order.
func (e *Event) Place() Place { return Place{e.At, e.Rank, e.Fingerprint} }

// ID is the id shown for the event.
func (e *Event) ID() string { return EventID(e.Subject.Digest(), e.Fingerprint) }

// Attributes are what events tell of their subject beside its state. Each comes from the canonically last event that
// carries it; empty means not carried.
type Attributes struct {
	CompanyID string
	Reference string
	Recipient string
	Metadata  string // a JSON object in canonical form
}

// Over lays a over b: what a does not carry shows through from b.
func (a Attributes) Over(b Attributes) Attributes {
	return Attributes{
		CompanyID: or(a.CompanyID, b.CompanyID),
		Reference: or(a.Reference, b.Reference),
		Recipient: or(a.Recipient, b.Recipient),
		Metadata:  or(a.Metadata, b.Metadata),
	}
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// Facts gives the plain values of the metadata; what is not text counts as it is written in JSON.
func (a Attributes) Facts() map[string]string {
	var object map[string]json.RawMessage
	if a.Metadata == "" || json.Unmarshal([]byte(a.Metadata), &object) != nil {
		return nil
	}
	facts := make(map[string]string, len(object))
	for key, raw := range object {
		var text string
		switch {
		case len(raw) == 0 || raw[0] == '{' || raw[0] == '[' || string(raw) == "null":
		case json.Unmarshal(raw, &text) == nil:
			facts[key] = text
		default:
			facts[key] = string(raw)
		}
	}
	return facts
}
