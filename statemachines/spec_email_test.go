package statemachines

import "testing"

// bothEmails runs a test on the e-mail machines of both providers.
func bothEmails(t *testing.T, test func(*testing.T, *Machine)) {
	for _, name := range []string{"resend.email", "opensend.email"} {
		t.Run(name, func(t *testing.T) { test(t, machineNamed(t, name)) })
	}
}

func TestSpec_EmailDelivery(t *testing.T) {
	bothEmails(t, func(t *testing.T, m *Machine) {
		assertSteps(t, m, Delivery, []step{
			{"new -> scheduled", "a future send is stored"},
			{"new scheduled delayed -> sent", "accepted by the provider"},
			{"new scheduled -> delayed", "the hand-over is tried again"},
			{"new scheduled delayed sent -> failed", "quota, reject, tries used up"},
			{"new scheduled sent -> suppressed", "on the list; SES counts a send first"},
			{"scheduled -> canceled", "only while scheduled"},
			{"sent -> delivery_delayed", "put off"},
			{"sent delivery_delayed -> delivered", "arrived"},
			{"sent delivery_delayed -> bounced", "returned"},
			{"delivery_delayed -> failed", "rejected after all"},
			{"delivered -> bounced", "an asynchronous bounce"},
			{"bounced -> delivered", "a bounce that may pass"},
		})
	})
}

func TestSpec_EmailEngagement(t *testing.T) {
	bothEmails(t, func(t *testing.T, m *Machine) {
		assertSteps(t, m, Status, []step{
			{"new -> opened [delivered_not_seen]", "the pixel"},
			{"new opened -> clicked [delivered_not_seen]", "images may be blocked"},
			{"new opened clicked -> complained [delivered_not_seen]", "the feedback loop"},
		})
	})
}

func TestSpec_EmailRulings(t *testing.T) {
	const undelivered = "new scheduled delayed sent delivery_delayed"
	bothEmails(t, func(t *testing.T, m *Machine) {
		assertRulings(t, m, []ruling{
			{Delivery, "new scheduled delayed", "new", "delivered bounced delivery_delayed", "gap via sent", "sent is on its way, or lost"},
			{Delivery, "new", "new", "canceled", "gap via scheduled", "it must have been"},
			{Delivery, "bounced for good,", "new", "delivered", "illegal: after_final", "for good is for good"},
			{Delivery, "bounced for good, bounced", "new", "bounced", "repeat", "said again"},
			{Delivery, "failed suppressed canceled", "new", "delivered sent", "illegal: after_final", "never sent"},
			{Delivery, "delivered", "new", "delivery_delayed sent scheduled", "illegal: backward", "it is there"},
			{Delivery, "delivered", "new", "failed suppressed canceled", "illegal: contradicts", "it is there"},
			{Delivery, "sent", "new", "scheduled delayed", "illegal: backward", "it is out"},
			{Delivery, "delayed", "new", "delayed", "repeat", "delays repeat"},
			{Delivery, "delivery_delayed", "new", "delivery_delayed", "repeat", "delays repeat"},

			{Status, "new opened", "delivered, bounced", "clicked", "moved", "nothing is amiss"},
			{Status, "new opened", undelivered, "clicked", "moved +delivered_not_seen", "not known to be delivered"},
			{Status, "new", "failed, suppressed, canceled, bounced for good", "opened clicked", "illegal: guard", "nobody has it"},
			{Status, "clicked complained", "delivered, bounced for good", "opened", "note", "a lower engagement"},
			{Status, "complained", "delivered, failed", "clicked", "note", "the human may still read it"},
			{Status, "opened", "delivered, bounced for good", "opened", "repeat", "opened again"},
			{Status, "new opened clicked", "delivered", "complained", "moved", "presupposes a delivery"},
			{Status, "new opened clicked", undelivered + " bounced failed", "complained", "moved +delivered_not_seen", "taken all the same"},
		})
	})
}

func TestSpec_Contacts(t *testing.T) {
	for _, name := range []string{"resend.contact", "opensend.contact"} {
		m := machineNamed(t, name)
		assertSteps(t, m, Status, []step{
			{"new -> active", "created, or imported and then updated"},
			{"new active -> deleted", "of an imported one, nothing else may have been heard"},
		})
		for event, want := range map[string]string{"contact.created": "repeat", "contact.updated": "note"} {
			if got := m.verdictOn(m.holdingBoth(Status, holding{state: "active"}, holding{}), report{event: event}); got != want {
				t.Errorf("%s: %s while active is %s, want %s", name, event, got, want)
			}
			if got := m.verdictOn(m.holdingBoth(Status, holding{state: "deleted"}, holding{}), report{event: event}); got != "illegal: after_final" {
				t.Errorf("%s: %s after deleted is %s", name, event, got)
			}
		}
	}
}

func TestSpec_Domains(t *testing.T) {
	const statuses = "not_started pending verified failed partially_verified partially_failed"
	steps := []step{{"new -> not_started pending", "created; OpenSend looks for the records at once"}, {statuses + " -> deleted", "given up"}}
	for _, from := range listOf(statuses) {
		for _, to := range listOf(statuses) {
			if from != to {
				steps = append(steps, step{from + " -> " + to, "DNS can break and heal"})
			}
		}
	}
	for _, name := range []string{"resend.domain", "opensend.domain"} {
		m := machineNamed(t, name)
		assertSteps(t, m, Status, steps)
		assertRulings(t, m, []ruling{
			{Status, "deleted", "-", statuses, "illegal: after_final", "deleted is the end"},
			{Status, "new", "-", "verified failed partially_verified partially_failed deleted", "gap via not_started", "it began so"},
		})
	}
}

func TestSpec_SuppressionsInboundAndInvoices(t *testing.T) {
	for _, name := range []string{"resend.suppression", "opensend.suppression"} {
		assertSteps(t, machineNamed(t, name), Status, []step{{"new removed -> added", "on the list"}, {"added -> removed", "off the list"}})
	}
	for _, name := range []string{"resend.inbound_email", "opensend.inbound_email"} {
		assertSteps(t, machineNamed(t, name), Status, []step{{"new -> received", "its only state"}})
	}
	assertSteps(t, machineNamed(t, "snappy.invoice"), Status, []step{{"new -> sent", "its only state"}})
}
