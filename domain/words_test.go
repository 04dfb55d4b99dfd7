package domain_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"giftline/domain"
)

// flags is the closed list in the order of its bits, which databases hold: it grows at the end only.
var flags = []struct {
	flag domain.Flags
	name string
}{
	{domain.ClaimNotSeen, "claim_not_seen"},
	{domain.DeliveredNotSeen, "delivered_not_seen"},
	{domain.BeforeClaim, "before_claim"},
	{domain.AfterClaim, "after_claim"},
	{domain.OrderUnknown, "order_unknown"},
	{domain.SeveralRecipients, "several_recipients"},
	{domain.ProbableDuplicate, "probable_duplicate"},
	{domain.AddressConfirmedAssumed, "address_confirmed_assumed"},
	{domain.ExchangeSuspected, "exchange_suspected"},
	{domain.DeliveryAttemptFailed, "delivery_attempt_failed"},
	{domain.Suppressed, "suppressed"},
	{domain.CancelReason, "cancel_reason"},
	{domain.InvalidDataTime, "invalid_data_time"},
	{domain.UnknownType, "unknown_type"},
	{domain.NewOrder, "new_order"},
}

func TestFlags_areAClosedList(t *testing.T) {
	var all []string
	for i, f := range flags {
		if f.flag != 1<<i {
			t.Errorf("%s is the bit %b, want the %dth", f.name, f.flag, i)
		}
		wantSame(t, f.flag.Names(), []string{f.name})
		all = append(all, f.name)
	}
	wantSame(t, (^domain.Flags(0)).Names(), all)
}

func TestFlags_JSON(t *testing.T) {
	wantWire(t, domain.Flags(0), `[]`)
	wantWire(t, domain.NewOrder|domain.ClaimNotSeen|domain.Suppressed, `["claim_not_seen","suppressed","new_order"]`)
	var read domain.Flags
	if err := json.Unmarshal([]byte(`["new_order","claim_not_seen","of a newer version"]`), &read); err != nil || read != domain.NewOrder|domain.ClaimNotSeen {
		t.Errorf("read %v, %v", read.Names(), err)
	}
}

// The facts are a column too.
func TestFacts_keepTheirBits(t *testing.T) {
	for i, f := range []domain.Facts{
		domain.Permanent, domain.ManyRecipients, domain.ClaimedType, domain.SettledType, domain.ApproximateMoves, domain.SettledSubject,
	} {
		if f != 1<<i {
			t.Errorf("fact %d is the bit %b", i, f)
		}
	}
}

func TestVerdict_Moves(t *testing.T) {
	for v, want := range map[domain.Verdict]bool{
		domain.Moved: true, domain.Gap: true, domain.Repeat: false, domain.Illegal: false, domain.Note: false, "": false,
	} {
		if v.Moves() != want {
			t.Errorf("%q moves: %v", v, v.Moves())
		}
	}
}

func TestState_With(t *testing.T) {
	s := domain.State{Status: "opened", Delivery: "new", Phase: domain.Waiting, Permanent: true}
	wantSame(t, s.With(domain.Status, "claimed"), domain.State{Status: "claimed", Delivery: "new", Phase: domain.Waiting, Permanent: true})
	wantSame(t, s.With(domain.Delivery, "shipped"), domain.State{Status: "opened", Delivery: "shipped", Phase: domain.Waiting, Permanent: true})
	wantSame(t, s, domain.State{Status: "opened", Delivery: "new", Phase: domain.Waiting, Permanent: true})
	for _, r := range []domain.Region{domain.Status, domain.Delivery} {
		wantSame(t, s.With(r, "x").In(r), "x")
	}
}

func TestAttributes_Over(t *testing.T) {
	all := domain.Attributes{CompanyID: "c", Reference: "r", Recipient: "a@b.c", Metadata: `{"k":1}`}
	wantSame(t, all.Over(domain.Attributes{}), all)
	wantSame(t, domain.Attributes{}.Over(all), all)
	wantSame(t, domain.Attributes{Reference: "new", Metadata: `{}`}.Over(all),
		domain.Attributes{CompanyID: "c", Reference: "new", Recipient: "a@b.c", Metadata: `{}`})
}

// TestAttributes_addUpInAnyGrouping, so a late event may be laid between what is summed up already.
func TestAttributes_addUpInAnyGrouping(t *testing.T) {
	word := rapid.SampledFrom([]string{"", "x", "y"})
	draw := rapid.Custom(func(t *rapid.T) domain.Attributes {
		return domain.Attributes{CompanyID: word.Draw(t, "company"), Reference: word.Draw(t, "reference"), Recipient: word.Draw(t, "recipient"), Metadata: word.Draw(t, "metadata")}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := draw.Draw(t, "a"), draw.Draw(t, "b"), draw.Draw(t, "c")
		if a.Over(b).Over(c) != a.Over(b.Over(c)) {
			t.Fatal("grouping matters")
		}
	})
}

func TestError(t *testing.T) {
	cause := errors.New("disk full")
	busy := &domain.Error{Code: domain.CodeBusy, Message: "nothing was recorded: try again", Err: cause}
	wantSame(t, busy.Error(), "nothing was recorded: try again: disk full")
	if !errors.Is(busy, cause) {
		t.Error("the cause is lost")
	}
	wantSame(t, domain.Errorf(domain.CodeInvalid, "%d is too many", 3).Error(), "3 is too many")

	wantSame(t, domain.CodeOf(fmt.Errorf("serve: %w", busy)), domain.CodeBusy)
	wantSame(t, domain.CodeOf(cause), domain.Code(""))
	wantSame(t, domain.CodeOf(nil), domain.Code(""))
}
