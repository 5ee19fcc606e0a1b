package discussion

import (
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"marginalia/test/require"
)

// TestAnchoring measures every level on a made text, with fixed seeds, and
// holds it to the bar; or on -anchor.text, and prints the table.
func TestAnchoring(t *testing.T) {
	require.Long(t)
	text, other := measuredTexts(t)
	n, slack := 200, 0.5 // one of 200
	if *anchorText != "" {
		n, slack = *anchorN, 0
	}
	t.Logf("%d words, seed %d, %d quotes a level; edits: see levels and retyped\n%-28s %6s %6s %6s %6s %6s %9s %9s",
		len(strings.Fields(text)), *anchorSeed, n, "", "right%", "even%", "asked%", "none%", "else%", "median ms", "99 % ms")
	once := newMeasurer(text, *anchorSeed)
	twice, copies := repeat(text, rand.New(rand.NewPCG(*anchorSeed, 5)))
	again := newMeasurer(twice, *anchorSeed)
	again.copies = copies
	prepared, preparedTwice := Prepare(once.text), Prepare(again.text)
	for _, l := range levels {
		m, in := once, prepared
		if strings.HasPrefix(l.name, "repeated") {
			m, in = again, preparedTwice
		}
		r := m.measure(t, n, in, l.quote)
		t.Logf("%-28s %s", l.name, r)
		l.judge(t, r, slack)
	}
	absent(t, prepared, other, int(2*slack))
}

// measuredTexts are the text of the quotes and that of the absent ones: those
// given, or else made ones, of the sample's essay and of its comments, which
// share a phrase or two with it.
func measuredTexts(t testing.TB) (text, other string) {
	t.Helper()
	given := func(file, made string, words int) string {
		if file == "" {
			return madeText(made, words, 1)
		}
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return strings.ToValidUTF8(string(raw), "\uFFFD")
	}
	return given(*anchorText, "essay.md", 17_000), given(*anchorAbsent, "comments.md", 5000)
}

func (l level) judge(t *testing.T, r *result, slack float64) {
	t.Helper()
	share := func(n int) float64 { return float64(n) * 100 / float64(len(r.took)) }
	if got := share(r.right + r.even); got < l.right-slack {
		t.Errorf("%s: %.1f %% right or even, %.1f wanted", l.name, got, l.right)
	}
	if got := share(r.right + r.even + r.asked); got < l.sure-slack {
		t.Errorf("%s: %.1f %% right or asked, %.1f wanted", l.name, got, l.sure)
	}
	if got := share(r.elsewhere); got > l.silent+slack {
		t.Errorf("%s: %.1f %% silently elsewhere", l.name, got)
	}
}

// absent looks for 400 quotes of 20 to 200 characters that are not there, but
// in text. What shares four fifths with the text in one piece, such as the
// rulers and headings that two manuals have, is not drawn.
func absent(t *testing.T, in *Text, text string, slack int) {
	other, folded := newMeasurer(text, *anchorSeed), fold(in.text).text
	r := &result{}
	for range 400 {
		q, _ := other.draw(0, len(other.runes), 20, 200)
		for shares(folded, fold(q).text) {
			q, _ = other.draw(0, len(other.runes), 20, 200)
		}
		began := time.Now()
		found := in.Find(Quote{Exact: q})
		r.took = append(r.took, time.Since(began))
		if len(found) == 0 {
			r.nowhere++
		} else {
			r.elsewhere++
			t.Logf("absent %q\nfound %q", q, in.text[found[0].Start:found[0].End])
		}
	}
	t.Logf("%-28s %s", "absent (400)", r)
	if r.nowhere < 400-slack {
		t.Errorf("%d of 400 absent quotes were anchored", 400-r.nowhere)
	}
}

// shares reports whether text has four fifths of quote in one piece.
func shares(text, quote string) bool {
	n := len(quote) * 4 / 5
	for i := 0; i+n <= len(quote); i++ {
		if strings.Contains(text, quote[i:i+n]) {
			return true
		}
	}
	return false
}
