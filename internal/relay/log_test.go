package relay_test

import (
	"log/slog"
	"strings"
	"sync"
	"testing"
)

// logger writes the engine's log into the test's, which shows it on failure. A
// line that comes again and again is written once.
func logger(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(&writer{t: t}, &slog.HandlerOptions{Level: slog.LevelError}))
}

type writer struct {
	t *testing.T

	mu   sync.Mutex
	last string // without its time
}

func (w *writer) Write(b []byte) (int, error) {
	_, line, _ := strings.Cut(string(b), " ")
	w.mu.Lock()
	defer w.mu.Unlock()
	if line != w.last {
		w.t.Logf("%s", b)
	}
	w.last = line
	return len(b), nil
}
