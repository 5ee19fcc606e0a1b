package discussion

import (
	"slices"
	"strings"

	"marginalia/internal/format"
)

// Query is what somebody looks for in a text: words as they remember them, or
// the beginning of them.
type Query struct {
	exact, folded string
	words         []string // of folded, each once
}

const (
	longestQuery = 200 // code points; what stands behind them is not looked for
	mostWords    = 12  // so many different words are looked for
)

// NewQuery makes a query of words. White space at its ends is nothing.
func NewQuery(words string) Query {
	q := Query{exact: strings.TrimSpace(words[:format.Byte(words, longestQuery)])}
	q.folded = strings.TrimSpace(fold(q.exact).text)
	for _, w := range strings.FieldsFunc(q.folded, func(r rune) bool { return !inWord(r) && r != '\'' }) {
		if len(q.words) < mostWords && !slices.Contains(q.words, w) {
			q.words = append(q.words, w)
		}
	}
	return q
}

// Empty reports whether q looks for nothing.
func (q Query) Empty() bool { return q.folded == "" }

// Match says how well a text holds a query.
type Match uint8

// The matches, the best one last.
const (
	NoMatch    Match = iota
	AllWords         // each word stands somewhere, or begins a word
	InsideWord       // the words stand there, beginning inside another word
	Folded           // the words stand there: as Select folds them
	Exact            // the words stand there as they were written
)

// In looks for q in a text and returns how it was found, and where the first
// words that match stand, in bytes. The last word may be a beginning.
func (q Query) In(text string) (how Match, start, end int) {
	if q.Empty() {
		return NoMatch, 0, 0
	}
	if at := beginning(text, q.exact); at >= 0 {
		return Exact, at, at + len(q.exact)
	}
	once := folders.Get().(*folder)
	defer folders.Put(once)
	f := once.fold(text)
	there := func(how Match, at, n int) (Match, int, int) {
		return how, int(f.from[at]), int(f.to[at+n-1])
	}
	if at := beginning(f.text, q.folded); at >= 0 {
		return there(Folded, at, len(q.folded))
	}
	if at := strings.Index(f.text, q.folded); at >= 0 {
		return there(InsideWord, at, len(q.folded))
	}
	first, n := -1, 0
	for _, w := range q.words {
		at := beginning(f.text, w)
		if at < 0 {
			return NoMatch, 0, 0
		}
		if first < 0 || at < first {
			first, n = at, len(w)
		}
	}
	if first < 0 {
		return NoMatch, 0, 0
	}
	return there(AllWords, first, n)
}

// beginning is where needle first stands in text without beginning inside a
// word, or -1.
func beginning(text, needle string) int {
	for i, hits := 0, 0; hits < mostHits; hits++ {
		j := strings.Index(text[i:], needle)
		if j < 0 {
			return -1
		}
		if i += j; wholeWords(text[:i+len(needle)], i, i+len(needle)) {
			return i
		}
		i++
	}
	return -1
}
