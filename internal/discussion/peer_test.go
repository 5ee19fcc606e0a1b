package discussion

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
	"unicode/utf8"

	"marginalia/test/require"
)

const peer = "approx-string-match@2.0.0"

// BenchmarkAgainstApproxStringMatch looks for the same quotes with Find and with
// npm's approx-string-match, which Hypothesis uses, in one run:
//
//	go test ./internal/discussion -run '^$' -bench AgainstApprox -benchtime 1x [-anchor.text FILE] [-anchor.absent FILE] [-anchor.seed N] [-anchor.n N]
//
// The package is fetched into a folder that is gone afterwards. It knows no
// prepared text, so what Prepare takes is told apart; its times are taken
// inside node, when it is warm.
func BenchmarkAgainstApproxStringMatch(t *testing.B) {
	dir := installPeer(t)
	text, other := measuredTexts(t)
	m := newMeasurer(text, *anchorSeed)
	began := time.Now()
	in := Prepare(text)
	in.spaced()
	t.Logf("%d words, seed %d, %d quotes a level; prepared once in %s", len(bytes.Fields([]byte(text))), *anchorSeed, *anchorN, time.Since(began).Round(time.Microsecond))
	t.Logf("%-20s %12s %12s %12s %12s %8s", "right % / median ms", "ours", "", peer, "", "ratio")
	for _, l := range levels[:5] {
		quotes, at := make([]string, *anchorN), make([][2]int, *anchorN)
		for i := range quotes {
			q, place := l.quote(m)
			quotes[i], at[i] = q.Exact, place
		}
		peerTook(t, l.name, in, dir, quotes, at)
	}
	absent := newMeasurer(other, *anchorSeed)
	quotes := make([]string, 400)
	for i := range quotes {
		quotes[i], _ = absent.draw(0, len(absent.runes), 20, 200)
	}
	peerTook(t, "absent, not found", in, dir, quotes, make([][2]int, len(quotes)))
}

// installPeer fetches the package into a folder of the test's own.
func installPeer(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for _, program := range []string{"node", "npm"} {
		_, err := exec.LookPath(program)
		require.Part(t, "npm", err)
	}
	script, err := os.ReadFile("testdata/peer/peer.mjs")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "peer.mjs"), script, 0o600); err != nil {
		t.Fatal(err)
	}
	install := exec.CommandContext(t.Context(), "npm", "install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", peer)
	install.Dir = dir
	if out, err := install.CombinedOutput(); err != nil {
		require.Part(t, "npm", fmt.Errorf("it does not fetch %s: %w\n%s", peer, err, out))
	}
	return dir
}

// peerAnswer is a line of what peer.mjs writes.
type peerAnswer struct {
	Start, End int
	Ms         float64
}

func askPeer(t testing.TB, dir, text string, quotes []string) []peerAnswer {
	t.Helper()
	in, err := json.Marshal(map[string]any{"text": text, "quotes": quotes})
	if err != nil {
		t.Fatal(err)
	}
	node := exec.CommandContext(t.Context(), "node", "peer.mjs")
	node.Dir, node.Stdin, node.Stderr = dir, bytes.NewReader(in), os.Stderr
	out, err := node.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []peerAnswer
	if err := json.Unmarshal(out, &all); err != nil || len(all) != len(quotes) {
		t.Fatalf("%d answers, %v", len(all), err)
	}
	return all
}

// peerTook compares both on one level's quotes: ours must not take longer. Who
// finds nothing is right where the quote stands nowhere.
func peerTook(t testing.TB, name string, in *Text, dir string, quotes []string, at [][2]int) {
	t.Helper()
	m := &measurer{before: before(in.text)}
	good := func(p Place, i int) bool { return m.overlap(p, at[i]) >= 0.8 }
	var ours, theirs []float64
	right, peerRight := 0, 0
	for i, q := range quotes {
		began := time.Now()
		found := in.Find(Quote{Exact: q})
		ours = append(ours, time.Since(began).Seconds()*1e3)
		if absent := at[i][1] == 0; absent && len(found) == 0 || !absent && len(found) == 1 && good(found[0], i) {
			right++
		}
	}
	offsets := unitBytes(in.text)
	for i, a := range askPeer(t, dir, in.text, quotes) {
		theirs = append(theirs, a.Ms)
		if absent := at[i][1] == 0; absent && a.Start < 0 || !absent && a.Start >= 0 && good(Place{Start: offsets[a.Start], End: offsets[a.End]}, i) {
			peerRight++
		}
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	mine, his := ours[len(ours)/2], theirs[len(theirs)/2]
	share := 100 / float64(len(quotes))
	t.Logf("%-20s %12.1f %12.4f %12.1f %12.4f %7.1fx", name, float64(right)*share, mine, float64(peerRight)*share, his, his/mine)
	if mine > his {
		t.Errorf("%s: a median of %.4f ms, theirs is %.4f", name, mine, his)
	}
}

// unitBytes is the byte of text at which each UTF-16 unit begins, and its end.
func unitBytes(text string) []int {
	var all []int
	for i, r := range text {
		all = append(all, i)
		if r > 0xFFFF {
			all = append(all, i+utf8.RuneLen(r))
		}
	}
	return append(all, len(text))
}
