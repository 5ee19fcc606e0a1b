package wait_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"marginalia/test/wait"
)

func TestForReturnsWhenTheConditionHolds(t *testing.T) {
	tries := 0
	err := wait.For(t.Context(), func(context.Context) error {
		if tries++; tries < 3 {
			return errors.New("too early")
		}
		return nil
	})
	if err != nil || tries != 3 {
		t.Fatalf("got %v after %d tries, want nil after 3", err, tries)
	}
}

func TestForSaysWhatWasMissing(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	missing := errors.New("nobody answers")
	err := wait.For(ctx, func(context.Context) error { return missing })
	if !errors.Is(err, missing) || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v, want both reasons", err)
	}
}

func TestUntil(t *testing.T) {
	start := time.Now()
	wait.Until(t, time.Minute, "20 ms have passed", func() bool {
		return time.Since(start) > 20*time.Millisecond
	})
}
