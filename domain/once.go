package domain

import (
	"context"
	"time"
)

// Once keeps what requests with an idempotency key were answered, so that one which is sent again is not done again,
// whichever replica it reaches. Times are by the database's clock.
type Once interface {
	// Begin takes a key for a request, or gives the answer that one was already given. Who got the key must Keep or
	// Forget it; a holder that does neither, because it died, has lost it after the lease.
	// Errors: CodeReused where the key came with another request, CodeInProgress while another holds it.
	Begin(ctx context.Context, key, request [32]byte, lease time.Duration) (Attempt, error)
	// Keep stores the answer for as long as life says. Errors: CodeLost.
	Keep(ctx context.Context, a Attempt, answer []byte, life time.Duration) error
	// Forget gives the key back, as if it had never come. Errors: CodeLost.
	Forget(ctx context.Context, a Attempt) error
}

// Attempt is a hold on an idempotency key.
type Attempt struct {
	Key    [32]byte
	Holder int64  // tells this hold from others
	Answer []byte // of the first request, where there is one: then there is nothing to keep or to forget
}
