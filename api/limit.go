package api

import (
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	burstSeconds = 4    // of its rate a caller may spend at once
	bucketsKept  = 4096 // callers that are remembered at the same time
)

// Requests without a valid key that one address may send. They are few by nature: a wrong key stays wrong.
const (
	strangersPerSecond = 2
	strangersBurst     = 30
)

// limits are token buckets, one per caller, each process counting for itself. The zero rate lets everything through.
type limits struct {
	perSecond int
	burst     int

	mu      sync.Mutex
	buckets map[string]*rate.Limiter
}

func newLimits(perSecond, burst int) *limits {
	return &limits{perSecond: perSecond, burst: burst, buckets: map[string]*rate.Limiter{}}
}

// take takes a token, or says how long to wait for one.
func (l *limits) take(caller string, now time.Time) (wait time.Duration) {
	if l.perSecond <= 0 {
		return 0
	}
	r := l.bucket(caller).ReserveN(now, 1)
	if wait = r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
	}
	return wait
}

// bucket finds a caller's. Where there are too many, all begin anew: that is no harm but to a flood from everywhere.
func (l *limits) bucket(caller string) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.buckets[caller]
	if b == nil {
		if len(l.buckets) >= bucketsKept {
			clear(l.buckets)
		}
		b = rate.NewLimiter(rate.Limit(l.perSecond), l.burst)
		l.buckets[caller] = b
	}
	return b
}

// network is what one subscriber has of addresses: all of IPv4's, and 64 bits of IPv6's.
func network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil || ip.Unmap().Is4() {
		return address
	}
	prefix, err := ip.WithZone("").Prefix(64)
	if err != nil {
		return address
	}
	return prefix.String()
}

func tooMany(wait time.Duration, detail string) *Problem {
	seconds := strconv.Itoa(max(1, int(math.Ceil(wait.Seconds()))))
	return newProblem(http.StatusTooManyRequests, codeRate, detail+": wait "+seconds+" s").with("Retry-After", seconds)
}
