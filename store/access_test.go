package store

import (
	"context"
	"errors"
	"testing"
	"time"

	"gorm.io/gorm"

	"giftline/domain"
)

func TestWrite_outlivesItsCaller(t *testing.T) {
	s := openTest(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.AddKey(ctx, domain.Key{ID: "key", Name: "key", Hash: [32]byte{1}}); err != nil {
		t.Error(err)
	}
}

func TestWrite_undoesWhatFails(t *testing.T) {
	s := openTest(t)
	boom := errors.New("boom")
	err := s.write(t.Context(), func(tx *gorm.DB) error {
		return errors.Join(tx.Exec(reject, "snappy", 1, 1, "bad").Error, boom)
	})
	if !errors.Is(err, boom) {
		t.Errorf("error %v", err)
	}
	if counts, err := s.SourceCounts(t.Context()); len(counts) != 0 || err != nil {
		t.Errorf("counts %v, %v", counts, err)
	}
}

func TestWrite_panicFreesTheConnection(t *testing.T) {
	s := openTest(t)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = s.write(t.Context(), func(*gorm.DB) error { panic("bug") })
	}()
	if err := s.AddKey(t.Context(), domain.Key{ID: "key", Name: "key", Hash: [32]byte{1}}); err != nil {
		t.Error(err)
	}
}

func TestWrite_deadline(t *testing.T) {
	s := openTest(t)
	err := s.writeWithin(t.Context(), 20*time.Millisecond, func(tx *gorm.DB) error {
		return tx.Exec("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) INSERT INTO bodies SELECT 1, x'', x'' FROM n WHERE i < 0").Error
	})
	wantCode(t, err, domain.CodeBusy)
	if err := s.AddKey(t.Context(), domain.Key{ID: "key", Name: "key", Hash: [32]byte{1}}); err != nil {
		t.Errorf("after a deadline: %v", err)
	}
	if db, _ := s.writer.DB(); checkPragmas(t.Context(), db, writerSettings()) != nil {
		t.Error("the writer lost its settings")
	}
}

// What one transaction reads stays as it was, whatever is committed meanwhile.
func TestRead_isOneSnapshot(t *testing.T) {
	s := openTest(t)
	count := func(tx *gorm.DB) (n int64) {
		if err := tx.Model(&keyRow{}).Count(&n).Error; err != nil {
			t.Fatal(err)
		}
		return n
	}
	err := s.read(t.Context(), func(tx *gorm.DB) error {
		before := count(tx)
		if err := s.AddKey(t.Context(), domain.Key{ID: "key", Name: "key", Hash: [32]byte{1}}); err != nil {
			return err
		}
		if after := count(tx); after != before {
			t.Errorf("%d keys, then %d", before, after)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestRead_gaveUp(t *testing.T) {
	s := openTest(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.AnyKey(ctx); !errors.Is(err, context.Canceled) || domain.CodeOf(err) != "" {
		t.Errorf("error %v with code %q", err, domain.CodeOf(err))
	}
}

// Ready commits, which other connections notice, but not more often than once a second.
func TestReady(t *testing.T) {
	s := openTest(t)
	now := monday.Time()
	s.now = func() time.Time { return now }
	other := plain(t, s.path)
	defer other.Close()
	ready := func() (version int) {
		t.Helper()
		if err := s.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := other.QueryRow("PRAGMA data_version").Scan(&version); err != nil {
			t.Fatal(err)
		}
		return version
	}
	first := ready()
	if second := ready(); second != first {
		t.Error("two probes at once wrote twice")
	}
	now = now.Add(probeEvery)
	if third := ready(); third == first {
		t.Error("a later probe did not write")
	}
}
