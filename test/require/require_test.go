package require_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"

	"marginalia/test/require"
)

// witness is a test that writes down how it was ended.
type witness struct {
	testing.TB
	failed, skipped string
}

func (w *witness) Helper() {}

func (w *witness) Fatal(args ...any) { w.Fatalf("%s", fmt.Sprint(args...)) }

func (w *witness) Fatalf(format string, args ...any) {
	w.failed = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func (w *witness) Skipf(format string, args ...any) {
	w.skipped = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// watch runs f on a goroutine of its own, since ending a test ends that.
func watch(f func(testing.TB)) *witness {
	w := new(witness)
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(w)
	}()
	<-done
	return w
}

func TestPart(t *testing.T) {
	missing := errors.New("no such binary")
	for _, c := range []struct {
		require      string
		err          error
		fails, skips string
	}{
		{require: "", err: nil},
		{require: "postgres", err: nil},
		{require: "", err: missing, skips: "SKIP postgres: "},
		{require: "dendrite, chromium", err: missing, skips: "no such binary"},
		{require: "postgres", err: missing, fails: "no such binary"},
		{require: "shared, postgres", err: missing, fails: "no such binary"},
		{require: "postgress", err: missing, fails: `names "postgress"`},
	} {
		t.Run(c.require, func(t *testing.T) {
			t.Setenv("REQUIRE", c.require)
			w := watch(func(tb testing.TB) { require.Part(tb, "postgres", c.err) })
			check(t, "failed", w.failed, c.fails)
			check(t, "skipped", w.skipped, c.skips)
		})
	}
}

// check wants nothing when want is empty, and otherwise a text that holds it.
func check(t *testing.T, what, got, want string) {
	t.Helper()
	if (want == "") != (got == "") || !strings.Contains(got, want) {
		t.Errorf("%s with %q, want %q", what, got, want)
	}
}

func TestRootFromTheNestedModuleIsTheProduct(t *testing.T) {
	root := require.Root(t)
	t.Chdir(filepath.Join(root, "test", "homeserver"))
	if got := require.Root(t); got != root {
		t.Fatalf("root is %s, want %s", got, root)
	}
}

func TestNoRoot(t *testing.T) {
	t.Chdir(t.TempDir())
	w := watch(func(tb testing.TB) { require.Root(tb) })
	check(t, "failed", w.failed, "no go.mod of module marginalia")
}

func TestShared(t *testing.T) {
	path := require.Shared(t, "matrix", "spec")
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	t.Setenv("REQUIRE", "")
	w := watch(func(tb testing.TB) { require.Shared(tb, "no", "such", "file") })
	check(t, "skipped", w.skipped, "SKIP shared: ")
}

func TestServersAreNotStartedInBubbles(t *testing.T) {
	require.RealTime(t)
	synctest.Test(t, func(t *testing.T) {
		if require.CheckTime() == nil {
			t.Error("a bubble passed for real time")
		}
	})
}
