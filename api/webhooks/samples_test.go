package webhooks

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"giftline/domain"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, file, got string) {
	t.Helper()
	file = filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s: a changed fingerprint makes duplicates of everything recorded before, so a rule that changes needs a new version in its name; if that is meant, run with -update\n%s", file, diff)
	}
}

func (s Sample) inbound() domain.Inbound {
	in := given(s.Provider, string(s.Body), claims("", s.PathType, ""))
	if s.Provider == domain.Sendoso || s.Provider == domain.Resend { // the others' bodies carry one
		in.DeliveryID = "msg_" + s.Type
	}
	return in
}

// Every sample, what is read of it and what is shown: the golden file is the specification of all parsers, and keeps
// fingerprints as they are.
func TestSamples_Golden(t *testing.T) {
	var b strings.Builder
	for _, s := range Samples() {
		fmt.Fprintf(&b, "%s.%s\n", s.Provider, s.Type)
		describe(&b, s.inbound())
	}
	golden(t, "samples.golden", b.String())
}

// The seeds' samples, verbatim, as far as they are not among the samples themselves.
func TestSeeds_Golden(t *testing.T) {
	files, err := filepath.Glob("testdata/seeds/snappy/*.json")
	if err != nil || len(files) != 17 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	var b strings.Builder
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s\n", filepath.Base(file))
		describe(&b, given(domain.Snappy, string(body)))
	}
	golden(t, "seeds.golden", b.String())
}

func describe(b *strings.Builder, in domain.Inbound) {
	p := parse(in)
	if p.Parked != nil {
		fmt.Fprintf(b, "  parked: %s %s: %s\n", p.Parked.Result, p.Parked.Code, p.Parked.Detail)
	}
	for _, e := range p.Events {
		b.WriteString(sketch(e))
		fmt.Fprintf(b, "  data %s\n", Data(e, in.Body))
	}
	b.WriteString("\n")
}

// The samples are the providers' lists of types and statuses, no more and no less.
func TestSamples_CoverEveryTypeAndStatus(t *testing.T) {
	for provider, want := range map[domain.Provider]string{
		domain.Sendoso: `send.amazon_fulfilling send.amazon_shipped send.blocked send.bounced send.canceled send.clicked
			send.confirmation_canceled send.confirming_address send.delivered send.email_blacklist send.expired send.failed
			send.fulfilling send.fulfillment_issue send.initiated send.insufficient_funds send.invalid_email_format send.opened
			send.order_received send.out_of_stock send.pending_approval send.pending_sendoso_approval send.redeemed
			send.refunded send.sent send.shipped send.suspicious_email send.undeliverable`,
		domain.Snappy: `unopened unwrapped opened claimed expired
			orderReceived processing inTransit outForDelivery delivered
			gift-notification-initial-sent gift-notification-reminder-sent gift-notification-resend-sent
			gift-notification-expiration-sent thank-you-note-created order-canceled order-out-of-stock gift-invoice-sent
			in_stock stocked_on_demand discontinued out_of_stock`,
		domain.Resend: `email.sent email.delivered email.delivery_delayed email.complained email.bounced email.opened
			email.clicked email.received email.failed email.scheduled email.suppressed
			contact.created contact.updated contact.deleted domain.created domain.updated domain.deleted
			suppression.added suppression.removed`,
		domain.OpenSend: `email.sent email.delivered email.bounced email.complained email.delivery_delayed email.scheduled
			email.delayed email.suppressed email.opened email.clicked email.failed email.received
			contact.created contact.updated contact.deleted domain.created domain.updated domain.deleted`,
	} {
		var got []string
		for _, s := range Samples() {
			if s.Provider == provider {
				got = append(got, s.Type)
			}
		}
		list := strings.Fields(want)
		slices.Sort(list)
		slices.Sort(got)
		if diff := cmp.Diff(list, got); diff != "" {
			t.Errorf("%s:\n%s", provider, diff)
		}
	}
}

func TestSamples_AreRecordedAndSigned(t *testing.T) {
	secrets := map[Scheme]string{Svix: secretA, SvixRaw: secretA, Token: "0123456789abcdef"}
	for _, s := range Samples() {
		source := Source{Name: string(s.Provider), Provider: s.Provider}.withDefaults()
		source.Secrets = []Secret{{Value: secrets[source.Scheme]}}
		now := receivedAt.Time()
		v, err := open(t, source).Verify(source.Sign("msg_1", now, s.Body), "", s.PathType, s.Body, now)
		if err != nil {
			t.Errorf("%s.%s: %v", s.Provider, s.Type, err)
		}
		in := s.inbound()
		in.DeliveryID, in.AttemptAt = v.DeliveryID, v.AttemptAt
		if p := parse(in); len(p.Events) != 1 || p.Parked != nil {
			t.Errorf("%s.%s: %+v", s.Provider, s.Type, p.Parked)
		}
	}
}
