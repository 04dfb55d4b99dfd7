package store

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"giftline/domain"
)

func TestCurrent(t *testing.T) {
	s := openTest(t)
	since := monday
	known := domain.Current{
		Subject: gift("gft/+=1"), Source: "snappy", Events: 3, Illegal: 1,
		Attributes: domain.Attributes{CompanyID: "com_1", Reference: "R", Recipient: "a@b", Metadata: `{"a":1}`},
		State:      domain.State{Status: "claimed", Delivery: "inTransit", Phase: domain.Shipping, Permanent: true},
		Regions: map[domain.Region]domain.RegionFacts{
			domain.Status: {Since: &since, Reported: "claimed"}, domain.Delivery: {Since: &since, Reported: "processing"},
		},
	}
	contact := domain.Current{
		Subject: domain.Subject{Provider: domain.Resend, Kind: domain.Contact, ID: "c"}, Source: "resend", Events: 1,
		State:   domain.State{Status: "active"},
		Regions: map[domain.Region]domain.RegionFacts{domain.Status: {Since: &since, Reported: "active"}},
	}
	fresh := domain.Current{
		Subject: gift("new"), Source: "snappy", Events: 1, State: domain.State{Status: domain.New, Delivery: domain.New},
		Regions: map[domain.Region]domain.RegionFacts{},
	}
	for i, c := range []domain.Current{known, contact, fresh} {
		row := subjectRowOf(c)
		row.ID = int64(i + 1)
		insert(t, s, row)
	}
	got, err := s.Current(t.Context(), fresh.Subject, gift("unknown"), contact.Subject, known.Subject, fresh.Subject)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]domain.Current{fresh, contact, known}, got); diff != "" {
		t.Error(diff)
	}
	if got, err := s.Current(t.Context()); len(got) != 0 || err != nil {
		t.Errorf("nothing asked: %v, %v", got, err)
	}
}

func TestCurrent_many(t *testing.T) {
	s := openTest(t)
	var subjects []domain.Subject
	var rows []subjectRow
	for i := range 2*chunk + 1 {
		subject := gift(fmt.Sprint(i))
		row := subjectRowOf(domain.Current{Subject: subject, Events: 1})
		row.ID = int64(i + 1)
		rows, subjects = append(rows, row), append(subjects, subject)
	}
	insert(t, s, rows...)
	slices.Reverse(subjects)
	got, err := s.Current(t.Context(), subjects...)
	if err != nil || len(got) != len(subjects) {
		t.Fatalf("%d of %d, %v", len(got), len(subjects), err)
	}
	for i := range got {
		if got[i].Subject != subjects[i] {
			t.Fatalf("place %d: %v, want %v", i, got[i].Subject, subjects[i])
		}
	}
}
