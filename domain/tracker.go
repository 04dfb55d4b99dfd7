package domain

import (
	"context"
	"fmt"
	"strings"
)

// Parser reads a verified delivery. It never fails: what it cannot read is parked.
type Parser func(Inbound) Parsed

// Tracker takes one verified delivery to one recorded result.
type Tracker struct {
	Store    Store
	Machines Machines
	Parsers  map[Provider]Parser
}

// Track keeps the delivery and says what became of it. Errors are the store's, and mean that the sender should try
// again.
func (t *Tracker) Track(ctx context.Context, in Inbound) (Receipt, error) {
	return t.Store.Record(ctx, t.read(in))
}

// Retry reads a parked delivery again, with what a person said of it, and records it if it can now be. What the
// provider itself has said cannot be overruled. Errors: CodeInvalid, CodeNotFound, and the store's.
func (t *Tracker) Retry(ctx context.Context, id string, said Settlement) (Receipt, error) {
	parked, err := t.Store.ParkedDelivery(ctx, id)
	if err != nil {
		return Receipt{}, err
	}
	parked.Code = t.missing(parked)
	if err := settles(parked, said); err != nil {
		return Receipt{}, err
	}
	p := t.read(again(parked, said))
	if p.Parked != nil && said != (Settlement{}) && (p.Parked.Code == ParkUnknownKind || p.Parked.Code == ParkIdentifier) {
		return Receipt{}, Errorf(CodeInvalid, "that does not settle it (%s): %s", p.Parked.Code, p.Parked.Detail)
	}
	for _, e := range p.Events {
		if said.Type != "" && e.Flags&UnknownType != 0 {
			return Receipt{}, Errorf(CodeInvalid, "%s has no event type %q that this version knows: see /machines", e.Subject.Provider, clip(said.Type))
		}
	}
	return t.Store.Resolve(ctx, id, p)
}

// missing says why a delivery is parked if nobody says anything of it. The stored code may tell what came of half a
// settlement, which is not kept: going by it, the other half alone would be asked for again and again.
func (t *Tracker) missing(p Parked) ParkCode {
	if p.Code == ParkContradiction { // that is between copies, and no single one shows it
		return p.Code
	}
	if plain := t.read(again(p, Settlement{})); plain.Parked != nil {
		return plain.Parked.Code
	}
	return p.Code
}

// settles refuses a settlement that does not answer why the delivery is parked.
func settles(p Parked, said Settlement) error {
	outside := p.Provider == Sendoso // its body never says the type (providers.md 2.1)
	kind := p.Code == ParkNoType || p.Code == ParkContradiction || outside && (p.Code == ParkUnknownKind || p.Code == ParkNoSubject)
	subject := p.Code == ParkNoSubject || p.Code == ParkNoType
	switch {
	case p.Code == ParkContradiction && said.Type == "":
		return Errorf(CodeInvalid, "the copies of this delivery claim different types: say which is right in event_type")
	case said.Type != "" && !kind:
		return Errorf(CodeInvalid, "event_type does not settle this (%s): the type is not what is missing", p.Code)
	case said.SubjectID != "" && !subject:
		return Errorf(CodeInvalid, "subject_id does not settle this (%s): the subject is not what is missing", p.Code)
	}
	return nil
}

// again is a parked delivery as it arrived, with the settlement.
func again(p Parked, said Settlement) Inbound {
	in := Inbound{
		Source: p.Source, Provider: p.Provider, DeliveryID: p.DeliveryID, AttemptAt: p.AttemptAt,
		ReceivedAt: p.ReceivedAt, Settled: said, Body: p.Body,
	}
	if len(p.Claims) > 0 {
		in.Claims = p.Claims[0]
	}
	return in
}

func (t *Tracker) read(in Inbound) Parsed {
	parse, ok := t.Parsers[in.Provider]
	if !ok {
		return park(in, ResultUnresolved, ParkUnknownKind, fmt.Sprintf("no parser for provider %s", in.Provider))
	}
	p := parse(in)
	for i := range p.Events {
		e := &p.Events[i]
		if bad := badIdentifier(e); bad != "" {
			return park(in, ResultQuarantined, ParkIdentifier, bad)
		}
		m, ok := t.Machines.For(e.Subject.Provider, e.Subject.Kind)
		if !ok {
			return park(in, ResultUnresolved, ParkUnknownKind, fmt.Sprintf("%s has no machine for %s", e.Subject.Provider, e.Subject.Kind))
		}
		m.Read(e)
	}
	if p.Parked != nil && p.Parked.Event != nil {
		if bad := badIdentifier(p.Parked.Event); bad != "" {
			return park(in, ResultQuarantined, ParkIdentifier, bad)
		}
	}
	return p
}

func park(in Inbound, r Result, c ParkCode, detail string) Parsed {
	key := ParkKeyOf(string(r), in.Source, string(in.Body))
	return Parsed{Inbound: in, Parked: &Parking{Result: r, Code: c, Detail: detail, Key: key}}
}

// badIdentifier names the first indexed value that no database should be asked to take.
func badIdentifier(e *Event) string {
	for _, v := range []struct{ name, value string }{
		{"subject id", e.Subject.ID}, {"event type", e.Type}, {"state", e.Target}, {"previous state", e.Previous},
		{"company id", e.Attributes.CompanyID}, {"reference", e.Attributes.Reference}, {"recipient", e.Attributes.Recipient},
	} {
		switch {
		case len(v.value) > MaxIdentifier:
			return fmt.Sprintf("the %s is longer than %d bytes", v.name, MaxIdentifier)
		case strings.ContainsRune(v.value, 0):
			return fmt.Sprintf("the %s holds a NUL character", v.name)
		}
	}
	if e.Subject.ID == "" {
		return "the subject id is empty"
	}
	return ""
}
