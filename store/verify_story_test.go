//go:build unix

package store_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"giftline/api/webhooks"
	"giftline/domain"
	"giftline/statemachines"
	"giftline/store"
	"giftline/store/storetest"
)

// The subjects of the story that verifications are tested on.
const (
	sick  = "snappy/gift/gft_sick" // whose rows the tests spoil
	well  = "snappy/gift/gft_well" // beside it, and must not be named
	typed = "sendoso/send/gid_1"   // whose types were claimed, contested and settled
	mail  = "opensend/email/om_1"  // with times of attempts
)

// teller tells a store the story, as the API would.
type teller struct {
	t     testing.TB
	store *store.Store
	clock domain.Instant
	n     int
}

func (x *teller) track(provider domain.Provider, source, path, id, body string) domain.Receipt {
	x.t.Helper()
	x.clock += 1_000_000
	x.n++
	if id == "" {
		id = fmt.Sprint("msg_", x.n)
	}
	tracker := &domain.Tracker{Store: x.store, Machines: statemachines.All(), Parsers: webhooks.Parsers()}
	r, err := tracker.Track(x.t.Context(), domain.Inbound{
		Source: source, Provider: provider, DeliveryID: id, AttemptAt: x.clock, ReceivedAt: x.clock,
		Claims: domain.Claims{Path: path}, Body: []byte(body),
	})
	if err != nil {
		x.t.Fatal(err)
	}
	return r
}

func (x *teller) snappy(id, event, at, field, state string) domain.Receipt {
	return x.track(domain.Snappy, "snappy", "", "", fmt.Sprintf(
		`{"webhookData":{"eventType":%q,"triggeredAt":"2025-01-15T%s:00Z"},"eventData":{"giftId":%q,"companyId":"com_1",%q:%q,"metadata":{"internalReferenceId":"REF-1"}}}`,
		event, at, id, field, state))
}

func (x *teller) gift(id string) {
	const status, delivery = "gift-status-changed", "gift-delivery-status-changed"
	for _, e := range [][4]string{
		{status, "09:00", "status", "unopened"}, {status, "10:00", "status", "opened"},
		{delivery, "12:00", "deliveryStatus", "delivered"}, {delivery, "13:00", "deliveryStatus", "processing"},
		{status, "11:00", "status", "claimed"},                  // late
		{delivery, "13:00", "deliveryStatus", "outForDelivery"}, // clears what was illegal at that time
		{delivery, "14:00", "deliveryStatus", "inTransit"}, {"thank-you-note-created", "15:00", "thankYouNote", "thanks"},
	} {
		x.snappy(id, e[0], e[1], e[2], e[3])
	}
}

// tell tells of everything that makes a body say less than is recorded: claimed, contested and settled types, settled
// subjects, times of attempts and of receipt, several events in one delivery, copies, conflicts.
func tell(t testing.TB, s *store.Store) {
	t.Helper()
	x := &teller{t: t, store: s, clock: domain.InstantOf(gift("", 0).Events[0].At.Time())}
	x.gift("gft_sick")
	x.gift("gft_well")
	x.snappy("gft_well", "gift-status-changed", "25:00", "status", "no_such_state")
	sendoso := func(source, path, id, at string) domain.Receipt {
		return x.track(domain.Sendoso, source, path, id, `{"send_gid":"gid_1","status_changed_at":"`+at+`"}`)
	}
	sendoso("sendoso", "send.sent", "a", "2025-01-15T09:00:00Z")
	sendoso("other", "", "b", "2025-01-15T10:00:00Z")
	sendoso("sendoso", "send.opened", "b", "2025-01-15T10:00:00Z")
	sendoso("sendoso", "shipped", "c", "2025-01-15T11:00:00Z")
	sendoso("other", "send.delivered", "c", "2025-01-15T11:00:00Z")
	sendoso("other", "", "d", "")
	sendoso("sendoso", "send.order_received", "d", "")
	sendoso("sendoso", "send.sent", "a", "2025-01-15T09:30:00Z")
	x.settle("contradicting_types", domain.Settlement{Type: "send.shipped"})
	opensend := func(id, kind, data string) {
		x.track(domain.OpenSend, "opensend", "", id, `{"id":"`+id+`","type":"`+kind+`","data":`+data+`}`)
	}
	opensend("whd_1_2", "email.delivered", `{"email_id":"om_1"},"created_at":"2025-01-15T11:00:00Z"`)
	opensend("whd_1_3", "email.delivered", `{"email_id":"om_1"}`)
	opensend("whd_2_1", "email.delivered", `{"email_id":"om_1"},"created_at":"2025-01-15T09:00:00Z"`)
	opensend("whd_5_1", "email.sent", `{"email_id":"om_1"}`)
	opensend("whd_3_1", "email.bounced", `{"timestamp":"2025-01-15T10:00:00Z","bounceType":"Permanent","bouncedRecipients":["a@example.com"]}`)
	opensend("whd_4_1", "email.suppressed", `{"recipients":[{"email":"a@example.com"},{"email":"b@example.com"}],"submitted_at":"2025-01-15T10:00:00Z"}`)
	x.settle("no_subject", domain.Settlement{SubjectID: "om_1"})
	x.track(domain.Resend, "resend", "", "", `{"type":"contact.created","created_at":"2099-01-15T10:00:00Z","data":{"id":"con_1","email":"a@example.com"}}`)
	x.track(domain.Resend, "resend", "", "", `not JSON`)
}

func (x *teller) settle(code domain.ParkCode, said domain.Settlement) {
	x.t.Helper()
	list, _, err := x.store.ParkedList(x.t.Context(), domain.ResultUnresolved, "", 100)
	if err != nil {
		x.t.Fatal(err)
	}
	i := slices.IndexFunc(list, func(p domain.Parked) bool { return p.Code == code })
	if i < 0 {
		x.t.Fatalf("nothing is parked for %s", code)
	}
	tracker := &domain.Tracker{Store: x.store, Machines: statemachines.All(), Parsers: webhooks.Parsers()}
	if r, err := tracker.Retry(x.t.Context(), list[i].ID, said); err != nil || r.Result != domain.ResultRecorded {
		x.t.Fatalf("settled: %+v, error %v", r, err)
	}
}

// both runs a test on a new database of either kind.
func both(t *testing.T, test func(*testing.T, *store.Store)) {
	t.Helper()
	bothWith(t, store.Options{}, test)
}

func bothWith(t *testing.T, o store.Options, test func(*testing.T, *store.Store)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, open(t, filepath.Join(t.TempDir(), "giftline.db"), o))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, open(t, ownSchema(t, storetest.Server(t)), o))
	})
}

// found is what a run has to say, by name.
type found map[string]domain.Finding

func (f found) names() string {
	var all []string
	for name, one := range f {
		all = append(all, string(one.Condition)+" "+name)
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

func verify(t testing.TB, s *store.Store, v store.Verification) (store.Verified, found) {
	t.Helper()
	return gather(t, v, s.Verify)
}

func rebuild(t testing.TB, s *store.Store, v store.Verification) found {
	t.Helper()
	_, f := gather(t, v, s.Rebuild)
	return f
}

// wantSound is the end of most tests.
func wantSound(t testing.TB, s *store.Store) {
	t.Helper()
	if _, f := verify(t, s, store.Verification{}); len(f) > 0 {
		b, _ := json.MarshalIndent(f, "", " ")
		t.Errorf("found %s", b)
	}
}
