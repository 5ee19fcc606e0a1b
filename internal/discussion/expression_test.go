package discussion

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// expressions are all that the signals and excerpts ask, and some that ask for
// what those do not.
func expressions() []*expression {
	all := []*expression{
		connective, pointsBack, pronoun, circumstance, advice, ofSelf, countsOn, goesOn, afterthought, announces, praise, stance,
		ofText, toWriter, pointer, asks, askedSomeone, opinion, ofOneself, credentials, corrects, closing, verdict, saying,
		replyOpener, hangs, turns, frames, dateLine, hasDate, furniture,
	}
	for _, t := range telltales {
		all = append(all, t.pattern)
	}
	for _, w := range ownWords {
		all = append(all, w.pattern)
	}
	for _, source := range []string{
		``, `^`, `$`, `^$`, `\b`, `\B`, `a\B`, `(?m)^b$`, `(?m)^$`, `(?s)a.b`, `a.b`, `(?i)keeper|ſ|straße`, `\pL+ß$`, `^(a|ab)(c|bcd)$`,
		`[^a-z\n]{3}`, `\x{fffd}`, `(a*)*b`, `(?:^|\s)so\b.{0,5}\z`, `\Aa|b\z`, `[^\x00-\x{10ffff}]`, `(?i)\bK\b`,
	} {
		all = append(all, express(source))
	}
	return all
}

// scraps are what texts are made of that e may match: its own words, what
// stands between words, and what is no character.
func scraps(e *expression) *rapid.Generator[string] {
	words := regexp.MustCompile(`[^a-z']+`).Split(e.source, -1)
	between := []string{" ", " ", " ", "", "\n", "'", ".", "?", ":", "!", "\"", "“", "”", "ß", "K", "ſ", "\u00a0", "\u2019", "\xff", "\xe2\x80", "�", "A", "a", "b", "7", "_", "-"}
	return rapid.OneOf(rapid.SampledFrom(words), rapid.SampledFrom(between), rapid.StringN(0, 3, -1))
}

func TestExpressionsMatchAsRegexpsDo(t *testing.T) {
	matched := 0
	for _, e := range expressions() {
		like := regexp.MustCompile(e.source)
		rapid.Check(t, func(t *rapid.T) {
			text := strings.Join(rapid.SliceOfN(scraps(e), 0, 30).Draw(t, "text"), "")
			want := like.MatchString(text)
			if got := e.MatchString(text); got != want {
				t.Fatalf("%q in %q: %v, package regexp says %v", e.source, text, got, want)
			}
			if want {
				matched++
			}
		})
	}
	if matched < 100 {
		t.Errorf("only %d texts matched: these say little", matched)
	}
}

// The lines that the signals were made for; and with too little room for the
// states, so that they are forgotten while a text is read.
func TestExpressionsMatchInDumps(t *testing.T) {
	for _, e := range expressions() {
		like, small := regexp.MustCompile(e.source), newAutomaton(e.prog, 3)
		dumps := append(dumpsOf(t, "tuned", 1), threads(t)...)
		if testing.Short() { // under the race detector they take long
			dumps = dumps[:len(dumps)/8]
		}
		for _, th := range dumps {
			for _, line := range th.lines {
				line = plainly(line)
				want := like.MatchString(line)
				if got := e.MatchString(line); got != want {
					t.Errorf("%q in %q: %v, package regexp says %v", e.source, line, got, want)
				}
				if got := small.matches(line); got != want || len(small.states) > 3 {
					t.Errorf("%q in %q with %d states: %v, package regexp says %v", e.source, line, len(small.states), got, want)
				}
			}
		}
	}
}

// FuzzExpression compares any expression with what package regexp says of it.
func FuzzExpression(f *testing.F) {
	for _, e := range expressions() {
		f.Add(e.source, "this is a very good point, and so it is")
	}
	f.Fuzz(func(t *testing.T, source, text string) {
		parsed, err := syntax.Parse(source, syntax.Perl)
		if err != nil || len(source) > 200 {
			return
		}
		if prog, err := syntax.Compile(parsed.Simplify()); err != nil || len(prog.Inst) > 2000 {
			return
		}
		e, like := express(source), regexp.MustCompile(source)
		for range 2 { // the second time its states are there
			if got, want := e.MatchString(text), like.MatchString(text); got != want {
				t.Fatalf("%q in %q: %v, package regexp says %v", source, text, got, want)
			}
		}
	})
}
