package domain_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"giftline/domain"
)

// After an upgrade whatever is parked is read again, and recorded if this version understands all of it.
func TestTracker_Redrive(t *testing.T) {
	for _, c := range []struct {
		name   string
		parked domain.Parked
		list   domain.Result
		want   bool
	}{
		{"understood now", domain.Parked{Code: domain.ParkUnknownKind, Body: []byte("type subject")}, domain.ResultUnresolved, true},
		{"readable now", domain.Parked{Code: domain.ParkUndecodable, Body: []byte("type subject")}, domain.ResultQuarantined, true},
		{"still unknown", domain.Parked{Code: domain.ParkUnknownKind, Body: []byte("unknown subject")}, domain.ResultUnresolved, false},
		{"a person must say the type", domain.Parked{Code: domain.ParkNoType, Body: []byte("subject")}, domain.ResultUnresolved, false},
		{"copies that contradict each other", domain.Parked{Code: domain.ParkContradiction, Body: []byte("type subject")}, domain.ResultUnresolved, false},
		{"what the database refused", domain.Parked{Code: domain.ParkRefused, Body: []byte("type subject")}, domain.ResultQuarantined, false},
		{"a conflict", domain.Parked{Code: domain.ParkMeaning, Body: []byte("type subject")}, domain.ResultConflict, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.parked.Provider = domain.Snappy
			d := deskWith(c.parked)
			d.lists = map[domain.Result][]string{c.list: {"prk_0", "prk_1", "prk_2"}} // the others were resolved meanwhile
			again, err := d.tracker.Redrive(t.Context(), domain.Work{})
			if err != nil || again == 0 {
				t.Errorf("again at %s, error %v, want it done for good, and remembered", again, err)
			}
			if got := slices.Contains(d.resolved, "prk_1"); got != c.want || len(d.resolved) > 1 {
				t.Errorf("resolved %v, want prk_1: %v", d.resolved, c.want)
			}
		})
	}
}

func TestTracker_Redrive_comesAgain(t *testing.T) {
	d := deskWith(domain.Parked{Provider: domain.Snappy, Code: domain.ParkUnknownKind, Body: []byte("type subject")})
	d.lists = map[domain.Result][]string{domain.ResultQuarantined: {"prk_1"}}
	d.fail = domain.Errorf(domain.CodeBusy, "the disk is full")
	if _, err := d.tracker.Redrive(t.Context(), domain.Work{}); domain.CodeOf(err) != domain.CodeBusy {
		t.Errorf("while the store is busy: %v", err)
	}
	d.fail = domain.Errorf(domain.CodeDamaged, "damaged")
	d.lists = nil
	if _, err := d.tracker.Redrive(t.Context(), domain.Work{}); domain.CodeOf(err) != domain.CodeDamaged {
		t.Errorf("a list that cannot be read: %v", err)
	}
	d.fail, d.lists = nil, map[domain.Result][]string{domain.ResultUnresolved: {"prk_0"}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.tracker.Redrive(ctx, domain.Work{}); !errors.Is(err, context.Canceled) {
		t.Errorf("told to stop: %v", err)
	}
}

// versions are sets of machines of which only the names and hashes matter.
type versions struct {
	domain.Machines
	hashes []string
}

type hashed struct {
	domain.Machine
	hash string
}

func (h hashed) Name() string { return "m" }
func (h hashed) Hash() string { return h.hash }

func (v versions) All() (all []domain.Machine) {
	for _, h := range v.hashes {
		all = append(all, hashed{hash: h})
	}
	return all
}

func TestRedriveKind(t *testing.T) {
	kind := domain.RedriveKind(versions{hashes: []string{"a", "b"}}, "1.0")
	if again := domain.RedriveKind(versions{hashes: []string{"a", "b"}}, "1.0"); again != kind {
		t.Errorf("the same version reads again as %s what it read as %s", again, kind)
	}
	if domain.RedriveKind(versions{hashes: []string{"a", "c"}}, "1.0") == kind {
		t.Error("other machines do not read again")
	}
	if domain.RedriveKind(versions{hashes: []string{"a", "b"}}, "1.1") == kind {
		t.Error("other parsers do not read again")
	}
}
