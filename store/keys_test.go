package store

import (
	"crypto/sha256"
	"testing"

	"giftline/domain"
)

func TestKeys(t *testing.T) {
	s := openTest(t)
	check := func(hash [32]byte, exists, some bool) {
		t.Helper()
		gotExists, err1 := s.KeyExists(t.Context(), hash)
		gotSome, err2 := s.AnyKey(t.Context())
		if gotExists != exists || gotSome != some || err1 != nil || err2 != nil {
			t.Errorf("exists %v, any %v, %v, %v", gotExists, gotSome, err1, err2)
		}
	}
	one, other := sha256.Sum256([]byte("one")), sha256.Sum256([]byte("other"))
	check(one, false, false)
	for range 2 {
		if err := s.SaveKey(t.Context(), "bootstrap", one); err != nil {
			t.Fatal(err)
		}
	}
	check(one, true, true)
	check(other, false, true)
	var made domain.Instant
	if err := s.reader.Raw("SELECT created_at FROM keys").Row().Scan((*int64)(&made)); err != nil || made != monday {
		t.Errorf("created at %v, %v", made, err)
	}
}
