package statemachines

import (
	"fmt"

	"giftline/domain"
)

const (
	resendPage   = "https://resend.com/docs/dashboard/webhooks/event-types"
	openSendPage = "https://github.com/namuh-eng/opensend/blob/main/public/docs/webhooks/event-types.md"
)

// resendMisspelt is how Resend's documents once spelt email.delivery_delayed.
var resendMisspelt = Report{Event: "email.delivered_delayed", Region: Delivery, State: "delivery_delayed"}

// tables lists every machine. A table that is malformed stops the program at its start.
var tables = []Table{
	sendosoSend,
	snappyGift, snappyProduct, snappyInvoice,
	email(domain.Resend, resendPage, resendMisspelt), inboundEmail(domain.Resend, resendPage), contact(domain.Resend, resendPage),
	sendingDomain(domain.Resend, resendPage), suppression(domain.Resend, resendPage),
	email(domain.OpenSend, openSendPage), inboundEmail(domain.OpenSend, openSendPage), contact(domain.OpenSend, openSendPage),
	sendingDomain(domain.OpenSend, openSendPage),
	// OpenSend reports a send that a suppressed address blocked, not the list itself (providers.md 5.4).
	suppression(domain.OpenSend, openSendPage, NoteRow{Event: "email.suppressed", Meaning: "a send to this address was blocked"}),
}

// Set finds machines by provider and kind.
type Set struct {
	all   []domain.Machine
	index map[key]*Machine
}

type key struct {
	provider domain.Provider
	kind     domain.Kind
}

var all = mustCompile(tables)

// All gives Giftline's machines.
func All() *Set { return all }

// NewSet compiles tables. The error names the table, the row and what is wrong with it.
func NewSet(tables ...Table) (*Set, error) {
	s := &Set{index: map[key]*Machine{}}
	for _, t := range tables {
		m, err := Compile(t)
		if err != nil {
			return nil, err
		}
		if other := s.index[key{t.Provider, t.Kind}]; other != nil {
			return nil, fmt.Errorf("machine %s: %s already stands for %s of %s", t.Name, other.Name(), t.Kind, t.Provider)
		}
		s.all = append(s.all, m)
		s.index[key{t.Provider, t.Kind}] = m
	}
	return s, nil
}

func mustCompile(tables []Table) *Set {
	s, err := NewSet(tables...)
	if err != nil {
		panic(err)
	}
	return s
}

// For gives the machine of a provider's kind.
func (s *Set) For(p domain.Provider, k domain.Kind) (domain.Machine, bool) {
	if m, ok := s.index[key{p, k}]; ok {
		return m, true
	}
	return nil, false
}

// All lists the machines in the order of their tables.
func (s *Set) All() []domain.Machine { return s.all }
