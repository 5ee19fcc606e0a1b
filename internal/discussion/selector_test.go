package discussion

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"marginalia/test/require"
)

// The passage stands between the two bars.
const said = `The lamp was lit. He wrote “It’s too late — go home” on the   wall.|The keeper's lamp was lit
again, and the cat sat. Naïve cafés ﬁlled the Straße; the sea, the sea!|The last word: naïve keeper. The cat slept... and slept.`

func TestSelect(t *testing.T) {
	first, last := strings.Index(said, "|"), strings.LastIndex(said, "|")
	for _, c := range []struct{ name, quote, want string }{
		{"exactly", "the cat sat", "the cat sat"},
		{"twice in the text, once in the passage", "lamp was lit", "lamp was lit"},
		{"twice in the passage", "the sea", ""},
		{"case", "THE CAT SAT. NAÏVE", "the cat sat. Naïve"},
		{"curly quotes and dashes, outside the passage", `"It's too late - go home"`, "“It’s too late — go home”"},
		{"a double hyphen for a dash", "late -- go", "late — go"},
		{"line breaks", "was lit again", "was lit\nagain"},
		{"runs of spaces", "on the wall", "on the   wall"},
		{"a ligature and a composed letter", "cafe\u0301s filled", "cafés ﬁlled"},
		{"an ellipsis", "slept… and slept", "slept... and slept"},
		{"invisible characters", "the\u200b cat\u00ad sat", "the cat sat"},
		{"only elsewhere", "last word", "last word"},
		{"elsewhere twice", "naive", ""},
		{"inside a word", "eeper", ""},
		{"not there", "the dog sat", ""},
		{"nothing", "  ", ""},
		{"only invisible", "\u200b", ""},
		{"cut off inside a word", "The last word: naïve keep", "The last word: naïve keep"},
		{"across the passage's end", "the sea!|The last", "the sea!|The last"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, ok := Select(said, [2]int{first + 1, last}, c.quote)
			if ok != (c.want != "") {
				t.Fatalf("found %v: %+v", ok, s)
			}
			if !ok {
				return
			}
			if s.Exact != c.want || said[s.Start:s.End] != c.want {
				t.Errorf("found %q at %d to %d", s.Exact, s.Start, s.End)
			}
			if !strings.HasSuffix(said[:s.Start], s.Prefix) || !strings.HasPrefix(said[s.End:], s.Suffix) {
				t.Errorf("prefix %q, suffix %q", s.Prefix, s.Suffix)
			}
		})
	}
}

func TestSelectPrefersThePassage(t *testing.T) {
	text := "One fox here. Two FOX here. Three fox here."
	s, ok := Select(text, [2]int{14, 27}, "fox")
	if !ok || s.Start != 18 || s.Exact != "FOX" {
		t.Errorf("found %v %+v: a folded match in the passage goes before exact ones elsewhere", ok, s)
	}
}

func TestSelectFindsNothingThatIsNotSeen(t *testing.T) {
	if s, ok := Select("One \u200b fox.", [2]int{0, 11}, " \u200b "); ok {
		t.Errorf("found %+v", s)
	}
}

func TestSelectorOf(t *testing.T) {
	text := strings.Repeat("ä", 40) + "middle" + strings.Repeat("ö", 10)
	s := SelectorOf(text, 80, 86)
	if s.Exact != "middle" || s.Prefix != strings.Repeat("ä", 32) || s.Suffix != strings.Repeat("ö", 10) {
		t.Errorf("%+v", s)
	}
	if s := SelectorOf(text, 1, 3); s.Exact != "ä" || s.Start != 0 || s.End != 2 {
		t.Errorf("offsets inside characters: %+v", s)
	}
	if s := SelectorOf("", -3, 9); s != (Selector{}) {
		t.Errorf("nothing has the selector %+v", s)
	}
}

// TestSelectFindsWhatStandsThere: a stretch of a text, however its marks and
// spaces are retyped, is found where it stands, or where about the same stands, or not at all.
func TestSelectFindsWhatStandsThere(t *testing.T) {
	words := []string{"sea", "lamp", "“late”", "naïve", "—", "don’t", "灯台", "ﬁn", "e\u0301", "…", "  ", "\n", "K", "ſ", "½", "\u200b"}
	plain := strings.NewReplacer("“", `"`, "”", `"`, "’", "'", "—", "--", "…", "...", "\n", " ")
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 1, 60).Draw(t, "words"), " ")
		start := runeStart(text, rapid.IntRange(0, len(text)).Draw(t, "start"))
		end := runeStart(text, rapid.IntRange(start, len(text)).Draw(t, "end"))
		within := [2]int{rapid.IntRange(-5, len(text)+5).Draw(t, "from"), rapid.IntRange(-5, len(text)+5).Draw(t, "to")}
		quote := text[start:end]
		if rapid.Bool().Draw(t, "retyped") {
			quote = strings.ToUpper(plain.Replace(quote))
		}
		s, ok := Select(text, within, quote)
		if !ok {
			return
		}
		if s.Start < 0 || s.End > len(text) || s.Start >= s.End || text[s.Start:s.End] != s.Exact || !utf8.ValidString(s.Prefix+s.Exact+s.Suffix) {
			t.Fatalf("%+v", s)
		}
		if cutsCharacter(text, start) || cutsCharacter(text, end) {
			return // nobody quotes half of one; what is found are whole ones
		}
		a, b := strings.TrimSpace(fold(s.Exact).text), strings.TrimSpace(fold(quote).text)
		in := Prepare(a)
		words := in.read(b)
		if d := distances(words, in.symbols, false); slices.Min(d)*10 > 3*len(words) {
			t.Fatalf("%q was found for %q", a, b)
		}
	})
}

// cutsCharacter reports whether an accent stands behind at, which belongs to
// the letter before.
func cutsCharacter(text string, at int) bool {
	r, _ := utf8.DecodeRuneInString(text[at:])
	return unicode.Is(unicode.Mn, r)
}

func TestSelectIsLinear(t *testing.T) {
	require.Long(t)
	for _, unit := range []string{"a", "aé", "\u0301", "- ", "\u200b", "word and — word "} {
		text := strings.Repeat(unit, 1_000_000/len(unit))
		for _, quote := range []string{strings.Repeat("a", 500) + "b", "absent words", unit + unit} {
			began := time.Now()
			Select(text, [2]int{0, 1000}, quote)
			if took := time.Since(began); took > 8*time.Second {
				t.Errorf("%.10q in a megabyte of %q took %s", quote, unit, took)
			}
		}
	}
}

// Whoever answers a passage chooses what is looked for in it.
func TestSelectIsNotHeldUpByAQuote(t *testing.T) {
	require.Long(t)
	var hanzi strings.Builder
	for i := range 20_000 {
		hanzi.WriteRune(rune(0x4e00 + i*7%6000))
	}
	texts := map[string]string{"English": strings.Repeat("the fox and the lamp of the sea are on the wall. ", 4000), "Chinese": hanzi.String()}
	quotes := map[string]string{
		"parts that are missing": "the" + strings.Repeat("..x..y", 10_000),
		"parts that stand there": "the" + strings.Repeat("..a..o", 10_000),
		"a few parts":            "the" + strings.Repeat("..a..o", 7),
		"Chinese parts":          "一丁七" + strings.Repeat("..丂..丄", 10_000),
	}
	for language, text := range texts {
		for name, quote := range quotes {
			began := time.Now()
			Select(text, [2]int{0, 1000}, quote)
			if took := time.Since(began); took > 4*time.Second {
				t.Errorf("%s, in %s, took %s", name, language, took)
			}
		}
	}
}

func TestSelectTakesTheFirstQuoteThatIsSure(t *testing.T) {
	for want, quotes := range map[string][]string{
		"the cat sat": {"nobody said this", "the sea", "THE CAT SAT", "on the wall"},
		"":            {"nobody said this", "the sea"},
	} {
		if s, ok := Select(said, [2]int{strings.Index(said, "|") + 1, strings.LastIndex(said, "|")}, quotes...); ok != (want != "") || s.Exact != want && ok {
			t.Errorf("of %q it finds %v: %q", quotes, ok, s.Exact)
		}
	}
}

// manyWords is a text of 17,000 words.
func manyWords() string {
	var b strings.Builder
	for i := range 17_000 {
		b.WriteString(Derive(string(rune('a'+i%26)), string(rune(i)))[:3+i%6])
		b.WriteString(" ")
	}
	return b.String()
}

func BenchmarkSelectExact(b *testing.B) {
	text := manyWords()
	quote := text[60_000:60_120]
	for b.Loop() {
		Select(text, [2]int{59_000, 61_000}, quote)
	}
}

func BenchmarkSelectFolded(b *testing.B) {
	text := manyWords()
	quote := strings.ToUpper(text[60_000:60_120])
	for b.Loop() {
		Select(text, [2]int{59_000, 61_000}, quote)
	}
}

func BenchmarkSelectAbsent(b *testing.B) {
	text := manyWords()
	for b.Loop() {
		Select(text, [2]int{59_000, 61_000}, "words that stand nowhere in it")
	}
}
