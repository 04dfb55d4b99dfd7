//go:build unix

package store_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"giftline/domain"
)

// A page of events of one shared subject folds its story once, not once for each of them.
func TestReach_longStory(t *testing.T) {
	t.Parallel()
	s := temp(t)
	const events, writers = 1000, 50
	var recording sync.WaitGroup
	for w := range writers {
		recording.Go(func() {
			for i := w; i < events; i += writers {
				p := gift("shared", i)
				if p.Source = "mine"; i == 0 {
					p.Source = "other"
				}
				if _, err := s.Record(context.Background(), p); err != nil {
					t.Error(err)
				}
			}
		})
	}
	recording.Wait()
	began := time.Now()
	page, err := s.Log(domain.Within(t.Context(), []string{"mine"}), domain.LogQuery{Limit: events})
	if took := time.Since(began); err != nil || len(page.Events) != events-1 || took > 5*time.Second {
		t.Errorf("%d events after %v, error %v", len(page.Events), took, err)
	}
}
