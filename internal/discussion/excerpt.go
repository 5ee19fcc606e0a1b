package discussion

import (
	"strings"

	"marginalia/internal/format"
)

// excerpt is which pieces of a comment are shown, all[from:to]: all of them if
// they fit, or else those that tell most of those that fit. What turns a sense
// round or says whose words they are stays with it: see mayBegin and mayEnd.
// Where no stretch fits, it is the beginning, as short as may be.
func excerpt(text string, all []piece, o CutOptions) (from, to int) {
	if all[len(all)-1].to-all[0].from <= o.Excerpt {
		return 0, len(all)
	}
	told := tellings(text, all)
	best := -1.0
	for i := range all {
		if !told[i].mayBegin {
			continue
		}
		sum := 0.0
		for j := i + 1; j <= len(all) && all[j-1].to-all[i].from <= o.Excerpt; j++ {
			sum += told[j-1].worth * float64(all[j-1].size)
			score := sum / float64(o.Excerpt)
			if i == 0 {
				score *= worthOfBeginning
			}
			if told[j-1].mayEnd && score > best {
				best, from, to = score, i, j
			}
		}
	}
	if best >= 0 {
		return from, to
	}
	return 0, shortest(all, told, o)
}

// worthOfBeginning is how much rather a comment's beginning is shown than
// another stretch: it was written to be read first.
const worthOfBeginning = 1.25

// shortest is how many pieces from the beginning stand on their own; as many as
// the limit allows if none do.
func shortest(all []piece, told []telling, o CutOptions) int {
	to := 1
	for j := 1; j <= len(all) && all[j-1].to-all[0].from <= o.Limit; j++ {
		if to = j; told[j-1].mayEnd {
			return j
		}
	}
	for to > 1 && opens(all[to-1]) {
		to--
	}
	return to
}

// telling is what a piece is worth in an excerpt.
type telling struct {
	worth    float64
	mayBegin bool // what it says does not hang on the piece before
	mayEnd   bool // the piece behind does not take it back, or say whose it is
}

func tellings(text string, all []piece) []telling {
	out := make([]telling, len(all))
	sentences := make([]string, len(all))
	often := map[string]float64{}
	for i, p := range all {
		sentences[i] = plainly(strings.TrimSpace(text[p.start:p.end]))
		for w := range contentWords(text[p.start:p.end]) {
			often[w]++
		}
	}
	for i, p := range all {
		s := sentences[i]
		t := telling{worth: worthOf(s, often, p), mayBegin: true, mayEnd: !opens(p) && p.kind != format.Quote}
		if i > 0 {
			before := all[i-1]
			t.mayBegin = !hangs.MatchString(s) && !pronoun.MatchString(s) && !frames.MatchString(sentences[i-1]) &&
				!opens(before) && before.kind != format.Quote && p.kind != format.Quote && !continuesList(before, p) && !openQuote(sentences[i-1])
		}
		if i+1 < len(all) {
			next := all[i+1]
			answered := strings.HasSuffix(s, "?") && next.block == p.block
			t.mayEnd = t.mayEnd && !answered && !turns.MatchString(sentences[i+1]) && !frames.MatchString(s) && !continuesList(p, next) && !openQuote(s)
		}
		out[i] = t
	}
	return out
}

func continuesList(before, after piece) bool {
	return before.kind == format.List && after.kind == format.List
}

// openQuote reports whether a sentence opens a quotation that it does not close.
func openQuote(s string) bool {
	return strings.Count(s, "“") > strings.Count(s, "”") || strings.Count(s, `"`)%2 == 1
}

// worthOf is how much a sentence of size code points tells: it takes a side,
// gives a reason, a number, or speaks of what the comment speaks of most.
func worthOf(s string, often map[string]float64, p piece) float64 {
	if p.kind == format.Quote {
		return 0.1 // somebody else's words
	}
	worth := 1.0
	for _, w := range telltales {
		if w.pattern.MatchString(s) {
			worth += w.weight
		}
	}
	words, sum := contentWords(s), 0.0
	for w := range words {
		sum += min(often[w]-1, 3)
	}
	if len(words) > 0 {
		worth += 0.6 * sum / float64(len(words))
	}
	return max(worth, 0.1)
}

var telltales = []struct {
	weight  float64
	pattern *expression
}{
	{0.8, opinion}, {0.6, stance}, {0.5, ofText},
	{0.8, anywhere(`\b(the (main|real|whole|central|key) (point|problem|question|reason|issue)|what matters|in short|the upshot|my (claim|point|conclusion|objection|worry)|therefore|this means|conclude)\b`)},
	{0.3, anywhere(`\b(because|since|so that|which is why|evidence|data|in practice)\b`)},
	{0.2, anywhere(`\d`)},
	{-0.6, anywhere(`^\W*(thank|thanks|cheers|edit\b|eta\b|hope this helps|sorry|ps\b|p\.s\.)`, `https?://\S+$`)},
	{-0.4, anywhere(`^\W*(great|nice|good|lovely|interesting) (post|essay|article|piece|read|comment)\b`)},
}

var (
	// hangs begins what is nothing, or something else, without the sentence before.
	hangs = words(
		`however|but|yet|still|though|and|or|nor|so|then|also|too|thus|hence|therefore|instead|otherwise|rather|likewise|similarly`,
		`this|that|these|those|such|both|neither|none|either|the (former|latter|same|other|others|first|second|third)|not|no|yes`,
		`for (instance|example)|in (other words|that case|this case|which case|contrast|particular|short)|on the (other|contrary)|by contrast`,
		`that (said|being)|of course|because|moreover|furthermore|besides|finally|first(ly)?|second(ly)?|third(ly)?|even|except|unless|if so|here|there`,
	)

	// turns begins what takes back, or limits, the sentence before.
	turns = words(
		`however|but|yet|still|though|although|except|unless|not|no|nope|never|nonsense|wrong|false|just kidding|or (so|not|rather|at least)|only`,
		`that (said|being said)|that('s| is| was| would be| seems| sounds) (not|wrong|false|nonsense|absurd|silly|what|how|where|at least)`,
		`this (is|was|seems|would be) (not|wrong|false|nonsense|absurd|silly)|i (disagree|don't|do not|doubt|used to|no longer)|on the (other|contrary)|by contrast`,
		`none of (this|that|it)|at least|in contrast|of course|it (is|was)(n't| not)|sadly|unfortunately|/s|to be fair|instead|rather|conversely|nevertheless|nonetheless`,
		`(so|or so) (says|said|goes|went|i|they|he|she|the)|says|said|wrote|according to|quote`,
	)

	// frames says that what follows is another's, or not meant as said.
	frames = anywhere(
		`^(some|many|most|people|critics|others|one|you|they|he|she|we|the (post|essay|author|article)|everyone|somebody|someone)\b.{0,40}\b(say|says|said|argue|argues|argued|claim|claims|claimed|believe|believes|think|thinks|thought|hold|holds|write|writes|wrote|object|objects)\b`,
		`\b(suppose|imagine|pretend|assume|hypothetically|for the sake of argument|devil's advocate|it is (often |sometimes |commonly )?(said|claimed|argued|thought)|the (argument|claim|story|idea|view|objection) (is|goes|was|runs)|steelman|strawman|sarcasm|i used to (think|believe|say))\b`,
		`[:：]$`,
	)
)
