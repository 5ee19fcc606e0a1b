//go:build unix

package claim_test

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"testing"
	"time"

	"marginalia/test/claim"
)

func TestOneHolderAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	first, err := claim.File(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := claim.File(ctx, path); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("a second holder got %v, want a deadline", err)
	}
	if err := first.Release(); err != nil {
		t.Fatal(err)
	}
	second, err := claim.File(t.Context(), path)
	if err != nil {
		t.Fatalf("after the release: %v", err)
	}
	if err := second.Release(); err != nil {
		t.Fatal(err)
	}
}

func TestPortsDiffer(t *testing.T) {
	seen := map[int]bool{}
	for range 20 {
		p, err := claim.NewPort()
		if err != nil {
			t.Fatal(err)
		}
		defer p.Release()
		if seen[p.Number] {
			t.Fatalf("port %d was handed out twice", p.Number)
		}
		seen[p.Number] = true
		listenTwice(t, p)
	}
}

// listenTwice is a server and its restart.
func listenTwice(t *testing.T, p *claim.Port) {
	t.Helper()
	for range 2 {
		l, err := net.Listen("tcp4", p.Addr())
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
