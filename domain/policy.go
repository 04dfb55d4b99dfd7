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
	Grace    time.Duration // how long after the expiry its provider may take to say so; the configuration fills in DefaultGrace
}

// The defaults are ours: a last chance to write to the recipient, some of the quick retries of a webhook, and a provider
// that looks once a day for what has expired.
const (
	DefaultWarning  = 72 * time.Hour
	DefaultSettling = time.Hour
	DefaultGrace    = 24 * time.Hour
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
	Region   Region        // empty: either
	State    string        // empty: any that is limited anyway, but not the wait for a recipient, whose end is the provider's
	Limit    time.Duration // 0: as long as without the rule
	Never    bool          // it may last for ever
	Calendar *Calendar     // in whose working days it is counted; nil: by wall time
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
	limit, ok := m.Limit(r, state)
	if p == nil {
		return limit, ok
	}
	for i := range p.Dwell {
		rule := &p.Dwell[i]
		named := rule.State == state || rule.State == "" && ok && !limit.Expires
		if named && (rule.Region == "" || rule.Region == r) && rule.fit(m, c) {
			return rule.over(limit)
		}
	}
	return limit, ok
}

// over lays the rule over the limit of the table, which is the zero value where there is none.
func (d *DwellRule) over(limit DwellLimit) (DwellLimit, bool) {
	limit.Calendar = d.Calendar
	if d.Limit > 0 {
		limit.For, limit.Documented, limit.Why = d.Limit, false, configured
	}
	return limit, !d.Never && limit.For > 0
}

// configured is why what an operator has said holds.
const configured = "the configuration says so"

// fit reports whether the subject is one of those chosen.
func (f *Fits) fit(m Machine, c *Current) bool {
	switch {
	case f.Provider != "" && f.Provider != c.Subject.Provider,
		f.Machine != "" && f.Machine != m.Name(),
		f.CompanyID != "" && f.CompanyID != c.Attributes.CompanyID:
		return false
	case len(f.Metadata) == 0:
		return true
	}
	facts := c.Attributes.Facts()
	for key, want := range f.Metadata {
		if got, ok := facts[key]; !ok || got != want {
			return false
		}
	}
	return true
}

// DueAt gives the instant until which a region may stay as it is, if that is limited: its status counts only while
// nothing has been delivered or is under way, for from then on delivery tells where the subject is. Of a wait for the
// recipient it is the end as if it had begun with this state; for that of the whole wait see ExpiresAt.
func (p *Policy) DueAt(m Machine, c *Current, r Region, b Blind) (Instant, bool) {
	x, ok := p.stay(m, c, r)
	if !ok {
		return 0, false
	}
	return x.at(b), true
}

// stay gives how long a region may stay as it is.
func (p *Policy) stay(m Machine, c *Current, r Region) (x expiry, ok bool) {
	since := c.Regions[r].Since
	if since == nil || r == Status && !c.State.undelivered() || finished(m, c, r) {
		return x, false
	}
	limit, ok := p.LimitOf(m, c, r, c.State.In(r))
	if ok && limit.Expires {
		return p.window(m, c, *since)
	}
	return expiry{since: *since, limit: limit}, ok
}

// undelivered reports whether nothing is known of a delivery.
func (s State) undelivered() bool { return s.Delivery == "" || s.Delivery == New }

// finished reports whether nobody waits for a region any more, whatever state it was left in: the subject is done, or its
// status has ended it, such as a send that was canceled while its order was prepared.
func finished(m Machine, c *Current, r Region) bool {
	switch c.State.Phase {
	case Completed, Canceled, Expired:
		return true
	case Failed:
		return r == Delivery && m.Ends(c.State.Status)
	}
	return false
}

func (p *Policy) settling() time.Duration {
	if p == nil || p.Settling == 0 {
		return DefaultSettling
	}
	return p.Settling
}

func (p *Policy) warning() time.Duration {
	if p == nil || p.Warning == 0 {
		return DefaultWarning
	}
	return p.Warning
}

func (p *Policy) grace() time.Duration {
	if p == nil {
		return 0
	}
	return p.Grace
}
