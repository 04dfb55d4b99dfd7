package store

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"giftline/domain"
)

func parkedRowOf(seq int64, r domain.Result, body string) parkedRow {
	sum := sha256.Sum256([]byte(body))
	return parkedRow{
		Seq: seq, ID: fmt.Sprint("prk_", seq), Key: blob{byte(seq)}, Result: r, Code: domain.ParkNoType, Detail: "name it",
		Source: "sendoso", Provider: domain.Sendoso, DeliveryID: "wh", AttemptAt: monday, ReceivedAt: monday + 1,
		LastAt: monday + 2, Seen: 3, Claims: []domain.Claims{{Path: "send.shipped"}, {}}, SHA256: sum[:], Body: blob(body),
	}
}

// parkedOf is what parkedRowOf should be read as.
func parkedOf(seq int64) domain.Parked {
	return domain.Parked{
		ID: fmt.Sprint("prk_", seq), Result: domain.ResultUnresolved, Code: domain.ParkNoType, Detail: "name it",
		Source: "sendoso", Provider: domain.Sendoso, DeliveryID: "wh", AttemptAt: monday, ReceivedAt: monday + 1,
		LastAt: monday + 2, Seen: 3, Claims: []domain.Claims{{Path: "send.shipped"}, {}}, Size: len("body 1"),
	}
}

// fillParked stores unresolved deliveries: 1 plain, 2 closed, 3 of a known event, 4 of a known subject, 5 plain; and 6
// in quarantine. It gives the open unresolved ones, newest first.
func fillParked(t *testing.T, s *Store) []domain.Parked {
	t.Helper()
	var rows []parkedRow
	for seq := int64(1); seq <= 5; seq++ {
		rows = append(rows, parkedRowOf(seq, domain.ResultUnresolved, fmt.Sprint("body ", seq)))
	}
	closed := monday
	rows[1].ClosedAt = &closed
	rows[2].Kind, rows[2].SubjectID, rows[2].FP = domain.Send, "snd_1", make(blob, fingerprintSize)
	rows[3].Kind, rows[3].SubjectID = domain.Send, "snd_2"
	insert(t, s, append(rows, parkedRowOf(6, domain.ResultQuarantined, ""))...)

	want := []domain.Parked{parkedOf(5), parkedOf(4), parkedOf(3), parkedOf(1)}
	want[1].Subject = &domain.Subject{Provider: domain.Sendoso, Kind: domain.Send, ID: "snd_2"}
	want[2].Subject = &domain.Subject{Provider: domain.Sendoso, Kind: domain.Send, ID: "snd_1"}
	want[2].EventID = domain.EventID(want[2].Subject.Digest(), domain.Fingerprint{})
	return want
}

func TestParkedList(t *testing.T) {
	s := openTest(t)
	want := fillParked(t, s)
	for _, limit := range []int{1, 2, 3, 4, 5, 0} {
		var got []domain.Parked
		cursor := ""
		for first := true; first || cursor != ""; first = false {
			page, next, err := s.ParkedList(t.Context(), domain.ResultUnresolved, cursor, limit)
			if err != nil {
				t.Fatal(err)
			}
			got, cursor = append(got, page...), next
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("limit %d: %s", limit, diff)
		}
	}
	if _, _, err := s.ParkedList(t.Context(), domain.ResultUnresolved, "x", 5); domain.CodeOf(err) != domain.CodeInvalid {
		t.Errorf("foreign cursor: %v", err)
	}
}

func TestParkedDelivery(t *testing.T) {
	s := openTest(t)
	want := fillParked(t, s)[2]
	want.Body = []byte("body 3")
	got, err := s.ParkedDelivery(t.Context(), "prk_3")
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
}

func TestParkedDelivery_refuses(t *testing.T) {
	s := openTest(t)
	done, damaged := parkedRowOf(1, domain.ResultUnresolved, "x"), parkedRowOf(2, domain.ResultUnresolved, "x")
	closed := monday
	done.ClosedAt = &closed
	damaged.Body = blob("y")
	insert(t, s, done, damaged)
	for id, code := range map[string]domain.Code{
		"prk_1": domain.CodeNotFound, "prk_2": domain.CodeDamaged, "prk_3": domain.CodeNotFound, "": domain.CodeNotFound,
	} {
		_, err := s.ParkedDelivery(t.Context(), id)
		wantCode(t, err, code)
	}
}
