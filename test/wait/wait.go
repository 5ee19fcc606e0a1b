// Package wait is how the tests wait: for a condition, with a deadline, never
// for a fixed time.
package wait

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// pause is how long it takes at most to notice that a condition holds.
const pause = 10 * time.Millisecond

// For calls try until it returns nil. When ctx ends first, the error says so
// and carries what try said last.
func For(ctx context.Context, try func(context.Context) error) error {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		err := try(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%w; at last: %w", context.Cause(ctx), err)
		}
	}
}

// Until ends the test when cond has not become true within limit; what names
// the condition in the failure.
func Until(tb testing.TB, limit time.Duration, what string, cond func() bool) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	err := For(ctx, func(context.Context) error {
		if cond() {
			return nil
		}
		return fmt.Errorf("not yet: %s", what)
	})
	if err != nil {
		tb.Fatalf("wait %v until %s: %v", limit, what, err)
	}
}
