package domain

// Provider is a company whose webhooks we take.
type Provider string

// The providers Giftline understands.
const (
	Sendoso  Provider = "sendoso"
	Snappy   Provider = "snappy"
	Resend   Provider = "resend"
	OpenSend Provider = "opensend"
)

// Kind is what is tracked. Sends, gifts and e-mails have a delivery beside their status; the others do not.
type Kind string

// The kinds, named in the singular as the routes name them in the plural.
const (
	Send         Kind = "send"
	Gift         Kind = "gift"
	Email        Kind = "email"
	Contact      Kind = "contact"
	Domain       Kind = "domain"
	Product      Kind = "product"
	Invoice      Kind = "invoice"
	Suppression  Kind = "suppression"
	InboundEmail Kind = "inbound_email"
)

// Region is one of the orthogonal parts of a machine.
type Region string

// The regions. For e-mail, Status holds the engagement. An event that moves nothing has NoRegion.
const (
	NoRegion Region = ""
	Status   Region = "status"
	Delivery Region = "delivery"
)

// New is the state of every region before its first event.
const New = "new"

// Verdict is what the fold says of one event.
type Verdict string

// The verdicts.
const (
	Moved   Verdict = "moved"   // a direct edge of the table
	Gap     Verdict = "gap"     // no direct edge, but a path: a step was not reported (yet)
	Repeat  Verdict = "repeat"  // the same state said again
	Illegal Verdict = "illegal" // none of these; the state stays
	Note    Verdict = "note"    // belongs on the timeline, moves nothing
)

// Moves reports whether the verdict changes the region's state.
func (v Verdict) Moves() bool { return v == Moved || v == Gap }

// Known reports whether the verdict is one of the five.
func (v Verdict) Known() bool {
	return v.Moves() || v == Repeat || v == Illegal || v == Note
}

// Reason says why an event is illegal; the first that fits, in this order.
type Reason string

// The reasons.
const (
	NoReason     Reason = ""
	UnknownState Reason = "unknown_state" // a value nobody has heard of in a known field
	Guarded      Reason = "guard"         // the other region forbids it
	AfterFinal   Reason = "after_final"   // nothing leads out of the state held
	Backward     Reason = "backward"      // the reported state stands earlier in the table
	Contradicts  Reason = "contradicts"   // later in the table, but no way leads there
)

// Phase is one normalised word across providers (providers.md 10.9); empty for kinds without one.
type Phase string

// The phases.
const (
	NoPhase    Phase = ""
	Preparing  Phase = "preparing"
	Held       Phase = "held"
	Waiting    Phase = "waiting"
	Claimed    Phase = "claimed"
	Fulfilling Phase = "fulfilling"
	Shipping   Phase = "shipping"
	Completed  Phase = "completed"
	Failed     Phase = "failed"
	Expired    Phase = "expired"
	Canceled   Phase = "canceled"
)

// Result is what became of one webhook delivery.
type Result string

// The results. Their counts add up to the deliveries received, always.
const (
	ResultRecorded    Result = "recorded"
	ResultDuplicate   Result = "duplicate"
	ResultConflict    Result = "conflict"
	ResultUnresolved  Result = "unresolved"
	ResultQuarantined Result = "quarantined"
)

// TimeQuality says how far an event's time can be trusted.
type TimeQuality string

// The qualities. Only Exact times may accuse anybody of a wrong order.
const (
	TimeExact       TimeQuality = "exact"
	TimeApproximate TimeQuality = "approximate" // from the body's other times, or an envelope that is not the event's
	TimeMissing     TimeQuality = "missing"     // none given: the time of receipt is used
	TimeInvalid     TimeQuality = "invalid"     // not readable: the time of receipt is used
	TimeFuture      TimeQuality = "future"      // more than an hour ahead of our clock: the time of receipt is used
)
