package store_test

import (
	"testing"

	"giftline/domain"
	"giftline/store"
)

func TestConflict_saidAgain(t *testing.T) {
	s := temp(t)
	p := gift("gift", 1)
	keep(t, s, domain.ResultRecorded, p)
	for range 3 {
		keep(t, s, domain.ResultConflict, meant(p, 9))
	}
	if c := parkedOnly(t, s, domain.ResultConflict, 1)[0]; c.Seen != 3 {
		t.Errorf("seen %d", c.Seen)
	}
	wantCounts(t, s, 1, 0, 3, 0, 0)
}

func TestConflict_capHoldsWithinABatch(t *testing.T) {
	s := temp(t)
	all := []store.Driven{{Parsed: gift("gift", 1)}}
	for i := range 12 {
		all = append(all, store.Driven{Parsed: meant(gift("gift", 1), byte(i+1))})
	}
	store.Together(t, s, all...)
	parkedOnly(t, s, domain.ResultConflict, 8)
	wantCounts(t, s, 1, 0, 12, 0, 0)
}

func TestConflict_receiptStands(t *testing.T) {
	s := temp(t)
	got := store.Together(t, s, store.Driven{Parsed: copyOf("shipped")}, store.Driven{Parsed: meant(copyOf("shipped"), 9)},
		store.Driven{Parsed: copyOf("delivered")})
	for i, want := range []domain.Result{domain.ResultUnresolved, domain.ResultConflict, domain.ResultUnresolved} {
		if got[i].Result != want {
			t.Errorf("receipt %d: %s, want %s", i, got[i].Result, want)
		}
	}
	wantCounts(t, s, 0, 0, 1, 2, 0)
}

func TestResolve_contests(t *testing.T) {
	s := temp(t)
	keep(t, s, domain.ResultUnresolved, astray("delivered"))
	keep(t, s, domain.ResultUnresolved, astray("delivered"))
	id := parkedOnly(t, s, domain.ResultUnresolved, 1)[0].ID
	keep(t, s, domain.ResultRecorded, copyOf("shipped"))
	keep(t, s, domain.ResultDuplicate, copyOf("shipped"))
	resolve(t, s, id, domain.ResultUnresolved, copyOf("delivered"))
	wantCounts(t, s, 0, 0, 0, 4, 0)
	keep(t, s, domain.ResultUnresolved, copyOf("shipped")) // it stays contested
	p := parkedOnly(t, s, domain.ResultUnresolved, 1)[0]
	if p.Code != domain.ParkContradiction || p.Seen != 5 || p.Subject == nil || p.EventID == "" {
		t.Errorf("%+v", p)
	}
	resolve(t, s, p.ID, domain.ResultRecorded, settled(copyOf("shipped")))
	wantCounts(t, s, 1, 4, 0, 0, 0)
}

func TestResolve_thenATypedCopy(t *testing.T) {
	for _, alsoParked := range []bool{false, true} {
		s := temp(t)
		keep(t, s, domain.ResultUnresolved, astray(""))
		id := parkedOnly(t, s, domain.ResultUnresolved, 1)[0].ID
		copies := int64(1)
		if alsoParked {
			keep(t, s, domain.ResultUnresolved, copyOf(""))
			copies++
		}
		resolve(t, s, id, domain.ResultUnresolved, copyOf(""))
		if p := parkedOnly(t, s, domain.ResultUnresolved, 1)[0]; p.Seen != copies || p.EventID == "" {
			t.Errorf("parked: %+v, want %d copies", p, copies)
		}
		wantCounts(t, s, 0, 0, 0, copies, 0)
		keep(t, s, domain.ResultRecorded, copyOf("shipped"))
		parkedOnly(t, s, domain.ResultUnresolved, 0)
		wantCounts(t, s, 1, copies, 0, 0, 0)
	}
}

func TestResolve_conflicts(t *testing.T) {
	s := temp(t)
	keep(t, s, domain.ResultRecorded, copyOf("shipped"))
	keep(t, s, domain.ResultConflict, meant(copyOf("shipped"), 9))
	for range 3 {
		keep(t, s, domain.ResultUnresolved, astray("shipped"))
	}
	id := parkedOnly(t, s, domain.ResultUnresolved, 1)[0].ID
	resolve(t, s, id, domain.ResultConflict, meant(copyOf("shipped"), 9))
	p := parkedOnly(t, s, domain.ResultConflict, 1)[0]
	if p.Seen != 4 || p.EventID == "" {
		t.Errorf("%+v", p)
	}
	wantCounts(t, s, 1, 0, 4, 0, 0)
	resolve(t, s, p.ID, domain.ResultConflict, settled(meant(copyOf("shipped"), 9))) // nobody's word makes it vanish
	wantCounts(t, s, 1, 0, 4, 0, 0)
}

func TestResolve_intoWhatIsContested(t *testing.T) {
	s := temp(t)
	for range 2 {
		keep(t, s, domain.ResultUnresolved, astray("shipped"))
	}
	id := parkedOnly(t, s, domain.ResultUnresolved, 1)[0].ID
	keep(t, s, domain.ResultRecorded, copyOf("shipped"))
	keep(t, s, domain.ResultUnresolved, copyOf("delivered"))
	resolve(t, s, id, domain.ResultUnresolved, copyOf("shipped"))
	if p := parkedOnly(t, s, domain.ResultUnresolved, 1)[0]; p.Seen != 4 {
		t.Errorf("%+v", p)
	}
	wantCounts(t, s, 0, 0, 0, 4, 0)
}

func TestResolve_twiceInABatch(t *testing.T) {
	s := temp(t)
	keep(t, s, domain.ResultUnresolved, copyOf(""))
	id := parkedOnly(t, s, domain.ResultUnresolved, 1)[0].ID
	keep(t, s, domain.ResultUnresolved, astray(""))
	store.Together(t, s, store.Driven{Parsed: copyOf(""), Resolve: id}, store.Driven{Parsed: settled(copyOf("shipped")), Resolve: id},
		store.Driven{Parsed: copyOf("delivered")})
	wantCounts(t, s, 1, 0, 1, 1, 0)
	parkedOnly(t, s, domain.ResultUnresolved, 1)
}

func TestContest_thenAnotherSource(t *testing.T) {
	s := temp(t)
	keep(t, s, domain.ResultRecorded, copyOf("shipped"))
	keep(t, s, domain.ResultUnresolved, copyOf("delivered"))
	p := copyOf("shipped")
	p.Source = "other"
	p.Events[0].Fingerprint[0] = 8
	keep(t, s, domain.ResultRecorded, p)
	got, err := s.Current(t.Context(), p.Events[0].Subject)
	if err != nil || len(got) != 1 || got[0].Source != "other" {
		t.Errorf("%+v, error %v", got, err)
	}
}

func TestContest_whenTheListIsFull(t *testing.T) {
	s := temp(t)
	keep(t, s, domain.ResultRecorded, copyOf("shipped"))
	store.FillParked(s, "sendoso")
	keep(t, s, domain.ResultUnresolved, copyOf("delivered"))
	keep(t, s, domain.ResultUnresolved, copyOf("shipped"))
	id := parkedOnly(t, s, domain.ResultUnresolved, 1)[0].ID
	keep(t, s, domain.ResultUnresolved, astray("")) // only counted
	parkedOnly(t, s, domain.ResultUnresolved, 1)
	resolve(t, s, id, domain.ResultRecorded, settled(copyOf("delivered")))
	wantCounts(t, s, 1, 2, 0, 1, 0)
}
