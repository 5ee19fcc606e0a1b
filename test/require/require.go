// Package require decides what happens to a test whose machine lacks a part:
// PostgreSQL, Chromium, the homeserver, the shared data, a second loopback
// address (127.0.0.2), npm. It is skipped in loud words, or it fails where the
// environment variable REQUIRE names the part:
//
//	REQUIRE=shared,postgres,dendrite,chromium,loopback go test ./...
//
// A skipped test is no proof; a machine that is meant to have a part should
// name it.
package require

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// module is the name that marks the root of the repository.
const module = "marginalia"

// Names are the parts that REQUIRE may list.
var Names = []string{"shared", "postgres", "dendrite", "chromium", "loopback", "npm"}

// Part does nothing when err is nil. Otherwise the part is missing: the test
// fails when REQUIRE lists its name and is skipped when it does not. A word in
// REQUIRE that names no part fails the test, so that a slip of the pen cannot
// turn a demand into silence.
func Part(tb testing.TB, name string, err error) {
	tb.Helper()
	if err == nil {
		return
	}
	demanded, unknown := demands(os.Getenv("REQUIRE"))
	if unknown != "" {
		tb.Fatalf("REQUIRE names %q, which is none of %s", unknown, strings.Join(Names, ", "))
	}
	if slices.Contains(demanded, name) {
		tb.Fatalf("REQUIRE names %s, but it is missing: %v", name, err)
	}
	tb.Skipf("SKIP %s: it is missing here, so nothing was tested: %v", name, err)
}

// Long skips a test where a short run is asked for, as with the race detector:
// it takes long, and does nothing at the same time as something else.
func Long(tb testing.TB) {
	tb.Helper()
	if testing.Short() {
		tb.Skip("left to runs that are not -short")
	}
}

// demands splits REQUIRE and reports the first word that names no part.
func demands(list string) (parts []string, unknown string) {
	for word := range strings.SplitSeq(list, ",") {
		word = strings.TrimSpace(word)
		if word == "" {
			continue
		}
		if !slices.Contains(Names, word) {
			return nil, word
		}
		parts = append(parts, word)
	}
	return parts, ""
}

// Shared returns the path of a file or folder inside ../shared/data, the data
// which lies beside the repository and is no part of it. The part is "shared".
func Shared(tb testing.TB, elem ...string) string {
	tb.Helper()
	path := filepath.Join(Root(tb), "..", "shared", "data", filepath.Join(elem...))
	_, err := os.Stat(path)
	Part(tb, "shared", err)
	return path
}

// Root returns the root of the repository and ends the test when there is none
// above the working folder.
func Root(tb testing.TB) string {
	tb.Helper()
	root, err := FindRoot()
	if err != nil {
		tb.Fatal(err)
	}
	return root
}

// FindRoot walks up from the working folder to the go.mod of the product. It
// is Root for programs that are not tests.
func FindRoot() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("look for the repository: %w", err)
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		if isRoot(dir) {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("look for the repository: no go.mod of module %s above %s", module, start)
		}
	}
}

// isRoot reports whether dir holds the product's own go.mod; a nested module's
// has another name.
func isRoot(dir string) bool {
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(text)) {
		if slices.Equal(strings.Fields(line), []string{"module", module}) {
			return true
		}
	}
	return false
}

// RealTime ends a test that starts a server from inside a testing/synctest
// bubble: the server's goroutines would belong to the bubble, which could
// never end, and every deadline would pass at once. Start it before.
func RealTime(tb testing.TB) {
	tb.Helper()
	if err := CheckTime(); err != nil {
		tb.Fatal(err)
	}
}

// CheckTime is RealTime for code that returns errors.
func CheckTime() error {
	if time.Now().Year() > 2000 { // a bubble's clock starts at the beginning of 2000
		return nil
	}
	return errors.New("a server was to be started inside a synctest bubble: start it before synctest.Test")
}
