package domain

import (
	"time"
)

// Policy is what an operator says about time, before the machines' tables. Nil and the zero value are the tables alone.
type Policy struct {
	Dwell    []DwellRule   // the first that fits a state decides
	Expiry   []ExpiryRule  // the first that fits a subject decides
	Warning  time.Duration // how long before it expires it counts as expiring; 0: DefaultWarning
	Settling time.Duration // how long what is illegal may be cured; 0: DefaultSettling
}

// The defaults are ours: a last chance to write to the recipient, and some of the quick retries of a webhook.
const (
	DefaultWarning  = 72 * time.Hour
	DefaultSettling = time.Hour
)

// Fits chooses subjects: every field that is set must fit.
type Fits struct {
	Provider  Provider
	Machine   string // by name, such as snappy.gift
	CompanyID string
	Metadata  map[string]string
}

// DwellRule says how long a stay in a state may last.
type DwellRule struct {
	Fits
	Region   Region // empty: either
	State    string // empty: any that is limited anyway
	Limit    time.Duration
	Never    bool      // it may last for ever
	Calendar *Calendar // in whose working days it is counted; nil: by wall time
}

// ExpiryRule says when a subject that waits for its recipient expires.
type ExpiryRule struct {
	Fits
	State  string        // one of the expiry window that is meant; empty: any
	Window time.Duration // from when the wait began
	At     *Instant      // a date instead, such as the end of a campaign
	Never  bool
}

// DwellLimit is how long a subject is expected to stay in a state before somebody should look, from the instant the state
// was entered by the provider's clock. It moves nothing: a passed limit is a question, not an event.
type DwellLimit struct {
	For        time.Duration
	Documented bool      // the provider says so; otherwise the limit is ours, or the operator's
	Why        string    // where it comes from, or what it is good for
	Expires    bool      // the wait for a recipient: it ends with RuleOverdue, counted over all states of the wait
	Calendar   *Calendar // in whose working days it is counted; nil: by wall time
}

// ExpiryWindow is how long a subject waits for its recipient at most, over all states of the wait.
type ExpiryWindow struct {
	States []string // of the status, one of which it waits in
	Limit  DwellLimit
}

// LimitOf gives how long a stay in a region's state is expected to last; false where nothing is expected.
func (p *Policy) LimitOf(m Machine, c *Current, r Region, state string) (DwellLimit, bool) {
	return m.Limit(r, state) // TODO(policy)
}

// DueAt gives the instant until which a region may stay as it is, if that is limited: its status counts only while
// nothing has been delivered or is under way, for from then on delivery tells where the subject is.
func (p *Policy) DueAt(m Machine, c *Current, r Region, b Blind) (Instant, bool) {
	if r == Status && c.State.Delivery != "" && c.State.Delivery != New {
		return 0, false
	}
	limit, ok := p.LimitOf(m, c, r, c.State.In(r))
	since := c.Regions[r].Since
	if !ok || since == nil {
		return 0, false
	}
	return limit.Calendar.Add(*since, limit.For, b), true
}

func (p *Policy) settling() time.Duration {
	if p == nil || p.Settling == 0 {
		return DefaultSettling
	}
	return p.Settling
}
