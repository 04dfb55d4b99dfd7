package domain

import (
	"context"
	"slices"
)

// reachKey keeps the sources of a caller in its context.
type reachKey struct{}

// Within limits everything that is read with the context to what the named sources have sent: the Store leaves every
// other row out of its answers, as if it did not exist. A context without a limit reads everything, which is right for
// our own workers and commands; the API gives every request the limit of its key.
func Within(ctx context.Context, sources []string) context.Context {
	return context.WithValue(ctx, reachKey{}, slices.Clone(sources))
}

// beyond lifts the limit, for what reads for several callers and hands to each only what it may see.
func beyond(ctx context.Context) context.Context {
	return context.WithValue(ctx, reachKey{}, nil)
}

// ReachOf gives the sources that a context is limited to; false where there is no limit.
func ReachOf(ctx context.Context) (sources []string, limited bool) {
	sources, limited = ctx.Value(reachKey{}).([]string)
	return sources, limited
}

// InReach reports whether what came by all of the sources may be read with the context.
func InReach(ctx context.Context, sources ...string) bool {
	own, limited := ReachOf(ctx)
	if !limited {
		return true
	}
	for _, s := range sources {
		if !slices.Contains(own, s) {
			return false
		}
	}
	return len(sources) > 0
}
