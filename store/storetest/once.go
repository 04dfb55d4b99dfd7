package storetest

import (
	"testing"
	"time"

	"giftline/domain"
)

// once: a key is one request's until it was answered and as long as the answer is kept, or until its holder is gone.
func (s Suite) once(t *testing.T) {
	store := s.Open(t, s.Machines, time.Now)
	ctx := t.Context()
	key, ask, other := [32]byte{1}, [32]byte{2}, [32]byte{3}
	begin := func(key, request [32]byte, lease time.Duration, code domain.Code) domain.Attempt {
		t.Helper()
		a, err := store.Begin(ctx, key, request, lease)
		if domain.CodeOf(err) != code || err != nil && code == "" {
			t.Fatalf("error %v, want %q", err, code)
		}
		return a
	}
	first := begin(key, ask, long, "")
	begin(key, ask, long, domain.CodeInProgress)
	begin(key, other, long, domain.CodeReused)
	begin([32]byte{9}, other, long, "")
	if err := store.Keep(ctx, first, []byte("answer"), long); err != nil {
		t.Fatal(err)
	}
	if a := begin(key, ask, long, ""); string(a.Answer) != "answer" {
		t.Errorf("answered %q", a.Answer)
	}
	begin(key, other, long, domain.CodeReused)
	for name, err := range map[string]error{"Keep": store.Keep(ctx, first, []byte("x"), long), "Forget": store.Forget(ctx, first)} {
		if domain.CodeOf(err) != domain.CodeLost {
			t.Errorf("%s once there is an answer: %v", name, err)
		}
	}
	s.onceEnds(t, store)
}

// onceEnds: a holder that is gone loses its key after the lease, and answers are forgotten after their life.
func (s Suite) onceEnds(t *testing.T, store domain.Store) {
	ctx := t.Context()
	key, ask, other := [32]byte{4}, [32]byte{2}, [32]byte{3}
	until := func(request [32]byte) (a domain.Attempt) {
		for err := error(domain.Errorf(domain.CodeInProgress, "")); err != nil; {
			if a, err = store.Begin(ctx, key, request, long); err != nil && domain.CodeOf(err) != domain.CodeInProgress && domain.CodeOf(err) != domain.CodeReused {
				t.Fatal(err)
			}
		}
		return a
	}
	gone, err := store.Begin(ctx, key, ask, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	next := until(ask)
	if err := store.Keep(ctx, gone, []byte("late"), long); domain.CodeOf(err) != domain.CodeLost || len(next.Answer) > 0 {
		t.Errorf("the lost holder keeps: %v, the next one has %q", err, next.Answer)
	}
	if err := store.Keep(ctx, next, []byte("short"), time.Millisecond); err != nil {
		t.Fatal(err)
	}
	fresh := until(other)
	if err := store.Forget(ctx, fresh); err != nil || len(fresh.Answer) > 0 {
		t.Errorf("forgotten: %v, answer %q", err, fresh.Answer)
	}
	if a := until(ask); len(a.Answer) > 0 {
		t.Errorf("after it was given back it has the answer %q", a.Answer)
	}
}

// onceAtOnce: of many who bring one key at once, one gets it; the others are told to wait, or get its answer.
func (s Suite) onceAtOnce(t *testing.T) {
	store := s.Open(t, s.Machines, time.Now)
	got := make(chan domain.Attempt, writers)
	atOnce(writers, func(int) {
		a, err := store.Begin(t.Context(), [32]byte{1}, [32]byte{2}, long)
		if err == nil && len(a.Answer) == 0 {
			got <- a
			err = store.Keep(t.Context(), a, []byte("done"), long)
		}
		if err != nil && domain.CodeOf(err) != domain.CodeInProgress {
			t.Error(err)
		}
	})
	if len(got) != 1 {
		t.Errorf("%d hold the key", len(got))
	}
}
