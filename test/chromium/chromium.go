// Package chromium finds the browser in which the tests look at pages, and
// says with which flags it shall run. It does not start or steer it.
package chromium

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"marginalia/test/require"
	"marginalia/test/wait"
)

// names are the browser's, with those of its close relatives.
var names = []string{
	"chromium", "chromium-browser", "chrome-headless-shell", "google-chrome", "google-chrome-stable",
	"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
}

// Start returns the path of the browser's program. Where there is none the
// part "chromium" is missing, see package require.
func Start(tb testing.TB) string {
	tb.Helper()
	path, err := Find()
	require.Part(tb, "chromium", err)
	return path
}

// Find is Start for programs that are not tests.
func Find() (string, error) {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("look for the browser: none of " + strings.Join(names, ", ") + " in PATH")
}

// Dir returns a folder for all that the browser stores. It is removed after the
// test, as soon as the browser's processes let it: the last of them may write
// for a moment after the browser has ended, too late for tb.TempDir.
func Dir(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("", "marginalia-chromium-")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := wait.For(ctx, func(context.Context) error { return os.RemoveAll(dir) }); err != nil {
			tb.Errorf("remove the browser's folder: %v", err)
		}
	})
	return dir
}

// Flags returns the command line that a test wants: no window, no sandbox
// (tests may run as root), no talk with its maker, and dir, which Dir makes, for
// all it stores. The debugging port and the page come on top.
func Flags(dir string) []string {
	return []string{
		"--headless",
		"--no-sandbox",
		"--disable-gpu",
		"--disable-quic",
		"--no-first-run",
		"--disable-background-networking",
		"--disable-component-update",
		"--disable-sync",
		"--user-data-dir=" + dir,
	}
}
