package domain

// Condition is how a subject was found.
type Condition string

// The conditions. Only what is not Sound becomes a Finding that anybody is told of.
const (
	Sound    Condition = "sound"
	Damaged  Condition = "damaged"
	Outdated Condition = "outdated" // folded by an older machine: the next event of it, or a rebuild, folds it anew
	Newer    Condition = "newer"    // folded by a newer machine: this version cannot judge it
	Unsteady Condition = "unsteady" // it changed whenever it was read: nothing is known of it
	Rebuilt  Condition = "rebuilt"  // was damaged or outdated, and is sound now
)

// Part is what of a subject is damaged, which decides what can be done about it.
type Part string

// The parts.
const (
	PartCache   Part = "cache"   // it follows from the events: a rebuild writes it anew
	PartEvent   Part = "event"   // what the provider reported: only a backup has it
	PartBody    Part = "body"    // the raw bytes: only a backup has them
	PartHistory Part = "history" // what was believed once: only a backup has it
	PartCounts  Part = "counts"  // of deliveries: only a backup has them
)

// Damage is one thing that is wrong.
type Damage struct {
	Part  Part   `json:"part"`
	Event string `json:"event,omitempty"` // id of the event that is meant
	What  string `json:"what"`            // in plain words
}

// maxDamage is how much of one subject's damage is told; the rest is counted.
const maxDamage = 16

// Finding is what a verification has to say of one subject, or of something else that is stored.
type Finding struct {
	Subject   Subject
	About     string // what is meant where it is no subject
	Condition Condition
	Damage    []Damage
	More      int64 // damage that is not listed
	parts     map[Part]bool
	machine   Condition // Outdated or Newer where that is so, whatever else was found
	folded    bool      // by another table than today's: caches that differ are no damage
}

// Name says what the finding is about.
func (f *Finding) Name() string {
	if f.About != "" {
		return f.About
	}
	return f.Subject.String()
}

// Add notes some damage.
func (f *Finding) Add(d Damage) {
	if f.parts == nil {
		f.parts = map[Part]bool{}
	}
	f.parts[d.Part] = true
	if len(f.Damage) < maxDamage {
		f.Damage = append(f.Damage, d)
	} else {
		f.More++
	}
}

// Has reports whether any damage is of one of the parts.
func (f *Finding) Has(parts ...Part) bool {
	for _, p := range parts {
		if f.parts[p] {
			return true
		}
	}
	return false
}

// Heals reports whether a rebuild has something to write. Where an event itself is damaged it would only spread what
// is wrong.
func (f *Finding) Heals() bool {
	return f.machine != Newer && !f.Has(PartEvent) && (f.machine == Outdated || f.Has(PartCache))
}

// concluded gives the finding its condition.
func (f *Finding) concluded() Finding {
	switch {
	case f.Has(PartEvent, PartBody, PartHistory, PartCounts), f.Has(PartCache) && !f.folded:
		f.Condition = Damaged
	case f.machine != "":
		f.Condition = f.machine
	default:
		f.Condition = Sound
	}
	return *f
}

// event notes damage of an event.
func (c *Check) event(p Part, r *Recorded, what string) {
	c.finding.Add(Damage{Part: p, Event: EventID(c.stored.Subject.Digest(), r.Fingerprint), What: what})
}

// row notes damage of the subject's row.
func (c *Check) row(what string) { c.finding.Add(Damage{Part: PartCache, What: what}) }

// Broken notes damage that the store itself has met.
func (c *Check) Broken(p Part, r *Recorded, what string) { c.event(p, r, what) }
