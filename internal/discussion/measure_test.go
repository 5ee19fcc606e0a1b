package discussion

import (
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"
)

// TestAnchoring measures every level on a made text, with fixed seeds, and
// holds it to the bar; or on -anchor.text, and prints the table.
func TestAnchoring(t *testing.T) {
	text, n, slack := madeText("essay.md", 17_000, 1), 200, 0.5 // one of 200
	if *anchorText != "" {
		given, err := os.ReadFile(*anchorText)
		if err != nil {
			t.Fatal(err)
		}
		text, n, slack = strings.ToValidUTF8(string(given), "\uFFFD"), *anchorN, 0
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
	absent(t, prepared, int(2*slack))
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

// absent looks for 400 quotes of 20 to 200 characters that are not there: the
// words of the sample's comments, which share a phrase or two with the essay.
func absent(t *testing.T, in *Text, slack int) {
	text := madeText("comments.md", 5000, 2)
	if *anchorAbsent != "" {
		given, err := os.ReadFile(*anchorAbsent)
		if err != nil {
			t.Fatal(err)
		}
		text = strings.ToValidUTF8(string(given), "\uFFFD")
	}
	other := newMeasurer(text, *anchorSeed)
	r := &result{}
	for range 400 {
		q, _ := other.draw(0, len(other.runes), 20, 200)
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
