package discussion

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"marginalia/test/require"
)

const lamp = `The keeper lit the lamp at six. Nobody had asked him to, and nobody thanked him for it.

“Why do you do it?” the girl asked. He thought about it — for longer than she liked — and said: because ships come by.

In the morning the keeper put the lamp out. Nobody had asked him to do that either… but he did.

The girl wrote it all down: the lamp, the sea, the ships. The sea she liked best.`

// stretchOf is where the nth (from 1) of words stands in lamp.
func stretchOf(words string, n int) Span {
	at := -1
	for range n {
		at += 1 + strings.Index(lamp[at+1:], words)
	}
	return Span{at, at + len(words)}
}

func TestFind(t *testing.T) {
	second := stretchOf("In the morning", 1)
	second.End = stretchOf("The girl wrote", 1).Start
	for _, c := range []struct {
		name  string
		quote Quote
		want  []string // what is found, best first
	}{
		{"as written", Quote{Exact: "nobody thanked him"}, []string{"nobody thanked him"}},
		{"folded", Quote{Exact: `"WHY DO YOU DO IT?" the girl`}, []string{"“Why do you do it?” the girl"}},
		{"with typos", Quote{Exact: "becuase ships comeby"}, []string{"because ships come by"}},
		{"in marks of its own", Quote{Exact: `'"ships come by"'`}, []string{"ships come by"}},
		{"cut", Quote{Exact: "The keeper lit … thanked him"}, []string{"The keeper lit the lamp at six. Nobody had asked him to, and nobody thanked him"}},
		{"cut in brackets, with a typo", Quote{Exact: "He thougt about it [...] because ships"}, []string{"He thought about it — for longer than she liked — and said: because ships"}},
		{"cut twice", Quote{Exact: "the keeper put... to do that ... he did."}, []string{"the keeper put the lamp out. Nobody had asked him to do that either… but he did."}},
		{"an ellipsis of the text's own", Quote{Exact: "that either... but he did"}, []string{"that either… but he did"}},
		{"begun and ended with ellipses", Quote{Exact: "…thought about it…"}, []string{"thought about it"}},
		{"parts in another order", Quote{Exact: "because ships come by ... lit the lamp at six"}, nil},
		{"a clause put in", Quote{Exact: "The girl wrote it all down: the lamp, which she drew with a soft pencil (twice), the sea, the ships. The sea she liked best."},
			[]string{"The girl wrote it all down: the lamp, the sea, the ships. The sea she liked best."}},
		{"twice", Quote{Exact: "Nobody had asked him to"}, []string{"Nobody had asked him to", "Nobody had asked him to"}},
		{"twice, by what stands before", Quote{Exact: "Nobody had asked him to", Prefix: "put the lamp out. "}, []string{"Nobody had asked him to"}},
		{"twice, by a suffix with a typo", Quote{Exact: "nobody had asked him to", Suffix: " do thta either"}, []string{"Nobody had asked him to"}},
		{"twice, in the passage once", Quote{Exact: "nobody had asked him to", Hint: &second}, []string{"Nobody had asked him to"}},
		{"twice, the spelling decides", Quote{Exact: "nobody had asked him To"}, []string{"Nobody had asked him to", "Nobody had asked him to"}},
		{"twice, a capital decides nothing at the beginning", Quote{Exact: "The sea"}, []string{"the sea", "The sea"}},
		{"twice with a typo", Quote{Exact: "Nobody hda asked him to"}, []string{"Nobody had asked him to", "Nobody had asked him to"}},
		{"elsewhere than in the passage", Quote{Exact: "ships come by", Hint: &second}, []string{"ships come by"}},
		{"near the point", Quote{Exact: "the sea", Hint: &Span{len(lamp) - 20, len(lamp) - 20}}, []string{"The sea"}},
		{"a context from elsewhere", Quote{Exact: "thanked him", Prefix: "bogomips", Suffix: "bogomips"}, []string{"thanked him"}},
		{"not there", Quote{Exact: "the captain sailed home before the storm"}, nil},
		{"short and not there", Quote{Exact: "the dog"}, nil},
		{"nothing", Quote{Exact: " \n"}, nil},
		{"only an ellipsis", Quote{Exact: "…"}, []string{"…"}},
		{"only characters that the text does not have", Quote{Exact: "灯台の灯台の"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, p := range Prepare(lamp).Find(c.quote) {
				got = append(got, lamp[p.Start:p.End])
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("found %q", got)
			}
		})
	}
}

// TestFindChooses: of places that are as good the right one is taken, not just one.
func TestFindChooses(t *testing.T) {
	text := Prepare(lamp)
	second := stretchOf("Nobody had asked him to", 2)
	for _, q := range []Quote{
		{Exact: "Nobody had asked him to", Prefix: "put the lamp out. "},
		{Exact: "Nobody had asked him to", Suffix: " do that either"},
		{Exact: "Nobody had asked him to", Hint: &Span{second.Start - 40, second.End + 5}},
		{Exact: "Nobdy had asked him to", Hint: &Span{second.Start + 3, second.Start + 3}},
		{Exact: "Nobdy hda asked him to", Prefix: "put the lamp out. "},
	} {
		found := text.Find(q)
		if len(found) != 1 || found[0].Start != second.Start || found[0].End != second.End {
			t.Errorf("%+v: found %+v, it stands at %+v", q, found, second)
		}
	}
	if found := text.Find(Quote{Exact: "the lamp", Hint: &Span{stretchOf("the lamp", 2).Start - 100, stretchOf("the lamp", 2).Start - 100}}); len(found) < 2 {
		t.Errorf("a point half-way between two decides for %+v", found)
	}
}

func TestFindScores(t *testing.T) {
	text, last := Prepare(lamp), 1.01
	for _, q := range []Quote{
		{Exact: "The girl wrote it all down"},
		{Exact: "the girl wrote it all down"},
		{Exact: "the girl wrote it al down"},
		{Exact: "the girl wroet it al down"},
	} {
		found := text.Find(q)
		if len(found) != 1 || found[0].Score >= last {
			t.Fatalf("%q: %+v after %v", q.Exact, found, last)
		}
		last = found[0].Score
	}
}

func TestFindInNothing(t *testing.T) {
	for _, text := range []string{"", " ", "\u200b", "a"} {
		if found := Prepare(text).Find(Quote{Exact: "words", Prefix: "some", Hint: &Span{-4, 99}}); len(found) > 0 {
			t.Errorf("in %q: %+v", text, found)
		}
	}
}

// TestFindNothingButAnEllipsis: a quote of no words at all has no parts to look for.
func TestFindNothingButAnEllipsis(t *testing.T) {
	text := Prepare("The tide comes in twice a day.")
	for _, quote := range []string{"...", "…", "[…]", "( ... )", ". . ."} {
		if found := text.Find(Quote{Exact: quote}); len(found) > 0 {
			t.Errorf("%q was found: %+v", quote, found)
		}
	}
}

// TestFindLongQuotes: of what is too long to be compared the ends are.
func TestFindLongQuotes(t *testing.T) {
	text := madeText("essay.md", 2000, 3)
	stretch := text[2000:5000]
	quote := stretch[:1500] + "which nobody wrote " + stretch[1500:]
	found := Prepare(text).Find(Quote{Exact: quote})
	if len(found) != 1 || found[0].Start != 2000 || found[0].End != 5000 {
		t.Errorf("found %+v", found)
	}
}

// distances are the fewest errors of any stretch that ends at each character,
// computed cell by cell.
func distances(q, text []symbol, anchored bool) []int {
	column := make([]int, len(q)+1)
	for i := range column {
		column[i] = i
	}
	out := make([]int, 0, len(text))
	for j, s := range text {
		diagonal := column[0]
		if anchored {
			column[0] = j + 1
		}
		for i := range q {
			here := diagonal
			if q[i] != s || s == 0 {
				here++
			}
			diagonal = column[i+1]
			column[i+1] = min(here, column[i]+1, diagonal+1)
		}
		out = append(out, column[len(q)])
	}
	return out
}

// TestPatternCountsAsCellByCell: the words of bits hold what the matrix holds,
// with any number of blocks and any limit.
func TestPatternCountsAsCellByCell(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		letter := rapid.Uint16Range(0, 3)
		q := rapid.SliceOfN(letter, 1, 200).Draw(t, "q")
		text := rapid.SliceOfN(letter, 0, 300).Draw(t, "text")
		if rapid.Bool().Draw(t, "alike") {
			text = slices.Concat(text, q, text)
			text = slices.Delete(text, len(text)/2, len(text)/2+min(3, len(text)/3))
		}
		anchored := rapid.Bool().Draw(t, "anchored")
		limit := rapid.IntRange(0, len(q)).Draw(t, "limit")
		got := map[int]int{}
		newPattern(q, 4).run(text, anchored, limit, func(end, errors int) int {
			got[end] = errors
			return limit
		})
		for i, want := range distances(q, text, anchored) {
			errors, ok := got[i+1]
			if ok != (want <= limit) || ok && errors != want {
				t.Fatalf("at %d: %d errors (%v), want %d within %d", i+1, errors, ok, want, limit)
			}
		}
	})
}

// TestIndexFindsWhatAScanFinds: where something is near, the windows of the
// index hold a stretch with as few errors as there are anywhere.
func TestIndexFindsWhatAScanFinds(t *testing.T) {
	text := Prepare(madeText("essay.md", 5000, 2))
	m := newMeasurer(text.text, 2)
	missed := 0
	for range 300 {
		q, _ := m.unique(20, 200)
		words := text.want(Quote{Exact: m.edit(q, 20)}).words
		p, limit := newPattern(words, text.alphabet()), tolerance(len(words), len(text.symbols))
		all := text.collect(nil, p, 0, len(text.symbols), limit, true)
		if likely := text.likely(words, limit, 0); len(likely) > 0 && fewest(likely) > fewest(all) {
			missed++
		}
	}
	if missed > 0 {
		t.Errorf("of 300 quotes %d stand better elsewhere", missed)
	}
}

// TestLightVotesAreLeftOutOnlyWhereTheyDecideNothing: the windows are those that
// the votes of all threes give.
func TestLightVotesAreLeftOutOnlyWhereTheyDecideNothing(t *testing.T) {
	require.Long(t)
	text := Prepare(madeText("essay.md", 5000, 2))
	here, there := newMeasurer(text.text, 2), newMeasurer(madeText("comments.md", 3000, 3), 3)
	g, n := text.grams, len(text.symbols)
	none, some, spared := 0, 0, 0
	for i := range 600 {
		from := []*measurer{here, there}[i%2]
		q, _ := from.draw(0, len(from.runes), 20, 600)
		words := text.want(Quote{Exact: from.edit(q, i%50)}).words
		for _, share := range []int{0, 10, likelyShare, 60} {
			votes := make([]int32, (n+len(words))>>bandBits+2)
			all, light, _ := g.ballot(words, share)
			g.vote(votes, words, 1, heaviest)
			want := bands(votes, len(words), max(1, all*share/100))
			if got := g.windows(words, n, share); !slices.EqualFunc(got, want, func(a, b [2]int) bool { return a == b }) {
				t.Fatalf("%q with a share of %d: %v, with all votes %v", q, share, got, want)
			}
			switch {
			case want != nil:
				some++
			case light > 0:
				spared++
				fallthrough
			default:
				none++
			}
		}
	}
	if some < 100 || spared < 100 {
		t.Errorf("windows: %d, none: %d, with light threes %d of these: this says little", some, none, spared)
	}
}

// TestSixesOfALongText: in a long text, too, what is likely is found where it
// stands, and what does not stand there is not.
func TestSixesOfALongText(t *testing.T) {
	require.Long(t)
	text := Prepare(madeText("essay.md", 500_000, 2))
	here, there := newMeasurer(text.text, 2), newMeasurer(madeText("comments.md", 3000, 3), 3)
	if len(text.symbols) < longText {
		t.Fatalf("%d characters are no long text", len(text.symbols))
	}
	for _, length := range []int{75, 150, 500} {
		for _, percent := range []int{5, 10, 20} {
			lost := 0
			for range 100 {
				q, at := here.draw(0, len(here.runes), length, 2*length)
				found := text.Find(Quote{Exact: here.edit(q, percent), Likely: true})
				if !slices.ContainsFunc(found, func(p Place) bool { return p.Start < at[1] && at[0] < p.End }) {
					lost++
				}
			}
			t.Logf("%3d to %4d characters, %2d %% changed: %d of 100 not found", length, 2*length, percent, lost)
			if most := percent / 10; lost > most {
				t.Errorf("may be %d", most)
			}
		}
	}
	for range 300 {
		q, _ := there.draw(0, len(there.runes), 60, 600)
		if found := text.Find(Quote{Exact: q, Likely: true}); len(found) > 0 && !strings.Contains(here.folded, fold(q).text) {
			t.Errorf("%q of another text is found at %v", q, found)
		}
	}
}

func BenchmarkAnchorPrepare(b *testing.B) {
	text := manyWords()
	for b.Loop() {
		Prepare(text)
	}
}

func BenchmarkAnchor(b *testing.B) {
	text := madeText("essay.md", 17_000, 1)
	for _, l := range levels {
		if strings.HasPrefix(l.name, "repeated") {
			continue
		}
		b.Run(strings.ReplaceAll(l.name, " ", "_"), func(b *testing.B) {
			m, t := newMeasurer(text, 1), Prepare(text)
			quotes := make([]Quote, 100)
			for i := range quotes {
				quotes[i], _ = l.quote(m)
			}
			for i := 0; b.Loop(); i++ {
				t.Find(quotes[i%len(quotes)])
			}
		})
	}
	b.Run("absent", func(b *testing.B) {
		t := Prepare(text)
		for b.Loop() {
			t.Find(Quote{Exact: "the boats of the fishermen had all been sold before the snow came down"})
		}
	})
}
