//go:build unix

package store_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"giftline/domain"
	"giftline/store"
)

const senders = 32

// underLoad sends from many senders for as long as trouble lasts, and gives how many deliveries of each were taken.
func underLoad(t *testing.T, r replicas, trouble func()) []int {
	t.Helper()
	var over atomic.Bool
	var refused atomic.Int64
	taken := make([]int, senders)
	var wg sync.WaitGroup
	for w := range senders {
		wg.Go(func() {
			for ; !over.Load(); taken[w]++ {
				refused.Add(insist(t, r, sent(w, taken[w])))
				time.Sleep(5 * time.Millisecond) // what is looked for is in the trouble, not in the number
			}
		})
	}
	trouble()
	over.Store(true)
	wg.Wait()
	t.Logf("%d times a sender was told to try again", refused.Load())
	return taken
}

// insist sends a delivery until it is taken, and gives how often it was refused. Refusals may only ask to try again.
func insist(t *testing.T, s domain.Store, p domain.Parsed) (refused int64) {
	for ; ; refused++ {
		_, err := s.Record(context.Background(), p)
		if err == nil {
			return refused
		}
		if domain.CodeOf(err) != domain.CodeBusy {
			t.Errorf("refused with %v", err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func sent(sender, n int) domain.Parsed { return gift(fmt.Sprint("gift-", sender), n) }

// wantOnce compares what is there with what was taken.
func wantOnce(t *testing.T, r replicas, taken []int) {
	t.Helper()
	store.Audit(t, r.Store)
	missing, twice, all := 0, 0, 0
	for w, n := range taken {
		found, err := r.Current(t.Context(), sent(w, 0).Events[0].Subject)
		if err != nil || len(found) != 1 {
			t.Errorf("gift-%d: %+v, error %v", w, found, err)
			continue
		}
		all += n
		missing += max(0, n-int(found[0].Events))
		twice += max(0, int(found[0].Events)-n)
	}
	t.Logf("%d events were taken, %d of them are missing, %d there twice", all, missing, twice)
	if missing+twice > 0 || all == 0 {
		t.Error("not every event is there once")
	}
}

// promised is how soon replicas take deliveries again once their server does.
const promised = 5 * time.Second

// recovered waits until every replica takes deliveries, and logs how long that took. A machine on which even a plain
// delivery takes long proves nothing.
func recovered(t *testing.T, r replicas, since time.Time) {
	t.Helper()
	var wg sync.WaitGroup
	for i, s := range r.all {
		wg.Go(func() { insist(t, s, gift(fmt.Sprint("recovery-", i), 0)) })
	}
	wg.Wait()
	took := time.Since(since)
	begin := time.Now()
	insist(t, r, gift("recovery-calm", 0))
	calm := time.Since(begin)
	t.Logf("all replicas took deliveries after %v; with nothing wrong one takes %v", took.Round(time.Millisecond), calm.Round(time.Millisecond))
	if took > promised && calm < promised/10 {
		t.Errorf("recovery took longer than %v", promised)
	}
}
