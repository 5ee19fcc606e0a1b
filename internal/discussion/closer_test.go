package discussion

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// TestFindIsCloserThanVotes: in a text of few words, which come again and
// again, the index has more windows than are looked at. The place with fewest
// errors is found all the same, as a scan of the text finds it.
func TestFindIsCloserThanVotes(t *testing.T) {
	words, r := strings.Fields(madeText("essay.md", 60, 4)), rand.New(rand.NewPCG(4, 4))
	var b strings.Builder
	for range 8000 {
		b.WriteString(words[r.IntN(len(words))] + " ")
	}
	text := Prepare(b.String())
	m := newMeasurer(text.text, 4)
	votes := 0
	for range 200 {
		q, _ := m.unique(20, 40)
		w := text.want(Quote{Exact: m.edit(q, 15)}).words
		p, limit := newPattern(w, text.alphabet()), tolerance(len(w), len(text.symbols))
		likely := text.likely(w, limit, 0)
		best := fewest(text.collect(nil, p, 0, len(text.symbols), limit, true))
		if len(likely) == 0 || best == 0 {
			continue
		}
		if fewest(likely) > best {
			votes++
		}
		if got := fewest(text.closer(w, p, likely)); got != best {
			t.Errorf("%d errors, there is a place with %d", got, best)
		}
	}
	if votes == 0 {
		t.Error("votes alone find every place: this says little")
	}
}

// TestFindTypedWithSlipsThatLookLikeWords: a quote that is far nearer to one
// place than to any other was taken from there, though its slips left threes
// that the text has.
func TestFindTypedWithSlipsThatLookLikeWords(t *testing.T) {
	text := madeText("essay.md", 17_000, 1)
	in := Prepare(text)
	for quote, words := range map[string]string{
		"ou undestood meat it t":  "ou understood meant it ",
		"ed sill hear *Yes* Ithi": "ed still hear *Yes*, It",
		"ternoon. that meets on":  "ternoon. It that meets on",
		"erstion ad to want f":    "ersation had to wait f",
	} {
		if found := in.Find(Quote{Exact: quote}); len(found) != 1 || !strings.HasPrefix(text[found[0].Start:], words[:12]) {
			t.Errorf("%q: found %s", quote, (&measurer{text: text}).show(found))
		}
	}
}

// TestLongestShared: the stretch is of both, wherever it stands.
func TestLongestShared(t *testing.T) {
	for _, c := range [][3]string{{"abcd", "xbcy", "bc"}, {"abc", "abc", "abc"}, {"ab", "cd", ""}, {"aab", "aaab", "aab"}, {"", "a", ""}} {
		in := Prepare("abcdxy")
		if got := len(longestShared(in.read(c[0]), in.read(c[1]))); got != len(c[2]) {
			t.Errorf("%q and %q share %d, should be %q", c[0], c[1], got, c[2])
		}
	}
}
