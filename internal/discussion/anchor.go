package discussion

import (
	"slices"
	"sort"
	"sync"
	"unicode/utf8"
)

// Text is a text in which quotes are looked for. It is folded and indexed
// once; then several goroutines may look at once.
type Text struct {
	text     string
	fold     func(string) folded
	symbols  []symbol
	from, to []int32 // by symbol: the bytes of text that it stands for
	letters  letters
	grams    grams
	sixes    func() sixes // of a long text
	spaced   func() *Text // the text with its runs of white space, for copied words
}

// Prepare makes a text ready for Find. It costs about as much as reading the
// text ten times; keep what it returns where many quotes are looked for.
func Prepare(text string) *Text {
	t := prepare(text, fold)
	t.spaced = sync.OnceValue(func() *Text { return prepare(text, foldSpaced) })
	return t
}

func prepare(text string, fold func(string) folded) *Text {
	f := fold(text)
	t := &Text{text: text, fold: fold, symbols: make([]symbol, 0, len(f.text))}
	t.from, t.to = make([]int32, 0, len(f.text)), make([]int32, 0, len(f.text))
	for i, r := range f.text {
		t.symbols = append(t.symbols, t.letters.number(r))
		t.from, t.to = append(t.from, f.from[i]), append(t.to, f.to[i])
	}
	t.grams = indexGrams(t.symbols)
	t.sixes = sync.OnceValue(func() sixes { return indexSixes(t.symbols) })
	return t
}

// letters numbers the characters of a text.
type letters struct {
	n      symbol
	ascii  [utf8.RuneSelf]symbol
	others map[rune]symbol
}

const rare = ^symbol(0) // all characters after the first 65,534

// number is the symbol of r, a new one if r is new.
func (l *letters) number(r rune) symbol {
	if s := l.symbol(r); s != 0 {
		return s
	}
	if l.n < rare {
		l.n++
	}
	if r >= 0 && r < utf8.RuneSelf {
		l.ascii[r] = l.n
		return l.n
	}
	if l.others == nil {
		l.others = map[rune]symbol{}
	}
	l.others[r] = l.n
	return l.n
}

// symbol is the symbol of r, 0 if the text does not have it.
func (l *letters) symbol(r rune) symbol {
	if r >= 0 && r < utf8.RuneSelf {
		return l.ascii[r]
	}
	return l.others[r]
}

// alphabet is how many symbols there are, with 0.
func (t *Text) alphabet() int { return int(t.letters.n) + 1 }

// read turns folded words into symbols.
func (t *Text) read(folded string) []symbol {
	out := make([]symbol, 0, len(folded))
	for _, r := range folded {
		out = append(out, t.letters.symbol(r))
	}
	return out
}

// Span is a stretch of a text, in bytes.
type Span struct{ Start, End int }

// Quote is what Find looks for: words, and what is known of where they stand.
type Quote struct {
	Exact          string
	Prefix, Suffix string // what stands before and behind, if known
	// Hint is the stretch where the words probably stand, such as the passage
	// that was answered. An empty one is a point: about where they begin.
	Hint *Span
	// Likely: where the words do not stand as quoted, look only where an index of
	// the text says. Most that Find finds is found so, and to find nothing takes
	// a fraction of the time.
	Likely bool
}

// Place is where a quote was found, in bytes. Score is 1 where the words stand
// as quoted, in the context that was given, and less with every difference.
type Place struct {
	Start, End int
	Score      float64
}

// Find returns where q stands in t: nowhere, at one place, or, best first, at
// several between which q does not decide. Who gets several should ask.
//
// Words are found as they were written; with case, white space, quotation
// marks, dashes and compatible characters folded; cut at ellipses, as parts in
// their order; and with errors, as many as cannot be chance: three in ten
// characters, fewer in a short quote and in a long text. Between places that
// are as good, what stands before and behind decides, and then the hint; so
// does the spelling, where it is more than a lower case.
func (t *Text) Find(q Quote) []Place {
	w := t.want(q)
	if len(w.words) == 0 || len(t.symbols) == 0 {
		return nil
	}
	if found := t.exact(w.words); len(found) > 0 {
		if w.context() && !t.fits(found, w) {
			found = append(found, elsewhere(found, t.altered(w))...)
		}
		return t.rank(found, w)
	}
	for i, as := range t.readings(w) {
		w := w
		if as != t {
			w = as.want(q)
		}
		if w.likely = i > 0; q.Likely {
			w.likely, w.share = true, likelyShare
		}
		if found := as.altered(w); len(found) > 0 {
			return as.rank(found, w)
		}
	}
	if q.Likely {
		return nil
	}
	return t.rank(t.around(w), w)
}

// likelyShare: of words with an error in five characters, half of the threes
// still stand.
const likelyShare = 33

// readings are the ways in which w may be compared, the likelier first: words
// with runs of white space were copied, others were retyped.
func (t *Text) readings(w wanted) []*Text {
	if w.whole != foldSpaced(w.exact).text {
		return []*Text{t.spaced(), t}
	}
	return []*Text{t, t.spaced()}
}

// wanted is a quote in a text's symbols.
type wanted struct {
	exact, quote  string // with the white space at its ends, and without
	whole, folded string // likewise, folded
	words         []symbol
	before, after []symbol // the nearest first
	hint          *Span    // in symbols
	likely        bool     // looked for only where the index says
	share         int      // and only where so many hundredths of it seem to stand
}

// longestContext is how much of a prefix or suffix is compared.
const longestContext = 64

func (t *Text) want(q Quote) wanted {
	w := wanted{exact: q.Exact, quote: trim(q.Exact), whole: t.fold(q.Exact).text}
	w.folded = trim(w.whole)
	w.words = t.read(w.folded)
	before, after := t.context(q)
	w.before, w.after = t.read(before), t.read(after)
	slices.Reverse(w.before)
	w.before = w.before[:min(len(w.before), longestContext)]
	w.after = w.after[:min(len(w.after), longestContext)]
	if q.Hint != nil {
		start := t.index(q.Hint.Start)
		w.hint = &Span{start, max(start, t.index(q.Hint.End))}
	}
	return w
}

// context is what stands before and behind q, folded as one with it: the
// dashes of a ruler that q ends in go on.
func (t *Text) context(q Quote) (before, after string) {
	if q.Prefix == "" && q.Suffix == "" {
		return "", ""
	}
	f := t.fold(q.Prefix + q.Exact + q.Suffix)
	at := func(n int) int { return sort.Search(len(f.from), func(i int) bool { return int(f.from[i]) >= n }) }
	return trim(f.text[:at(len(q.Prefix))]), trim(f.text[at(len(q.Prefix)+len(q.Exact)):])
}

func (w wanted) context() bool { return len(w.before)+len(w.after) > 0 }

// passage is the hint, if it is a stretch.
func (w wanted) passage() (Span, bool) {
	if w.hint == nil || w.hint.Start == w.hint.End {
		return Span{}, false
	}
	return *w.hint, true
}

// index is the first symbol that stands at or behind a byte of the text.
func (t *Text) index(at int) int {
	return sort.Search(len(t.from), func(i int) bool { return int(t.from[i]) >= at })
}

// match is a stretch of symbols that may be what was quoted.
type match struct{ start, end, errors int }

// mostMatches is how many places Find looks at before it gives up on words
// that stand everywhere.
const mostMatches = 10_000

// exact returns where q stands, folded.
func (t *Text) exact(q []symbol) []match {
	if len(q) == 0 || slices.Contains(q, 0) {
		return nil
	}
	var all []match
	try := func(at int) {
		if at >= 0 && at+len(q) <= len(t.symbols) && len(all) < mostMatches && slices.Equal(t.symbols[at:at+len(q)], q) {
			all = append(all, match{start: at, end: at + len(q)})
		}
	}
	if len(q) < gramLength {
		for at := range t.symbols {
			try(at)
		}
		return all
	}
	offset, places := t.grams.rarest(q)
	for _, at := range places {
		try(int(at) - offset)
	}
	return all
}

// elsewhere returns those of more that overlap none of found.
func elsewhere(found, more []match) []match {
	return slices.DeleteFunc(more, func(m match) bool {
		return slices.ContainsFunc(found, func(f match) bool { return m.start < f.end && f.start < m.end })
	})
}

// altered returns where the words may stand with errors, with words left out
// or put in, or without the marks around them: the way that has least errors.
func (t *Text) altered(w wanted) []match {
	parts := t.parts(w.folded)
	best, words := t.unmarked(w), w.words
	if len(parts) == 1 {
		words = parts[0]
	}
	if near := t.near(words, w); fewest(near) < fewest(best) {
		best = near
	}
	// The dots may be the text's own, or typed by mistake.
	if len(parts) <= 1 || len(parts) > mostParts || fewest(best) <= len(words)/16 {
		return best
	}
	if cut := t.elided(parts, mostLeftOut, false, w); len(best) == 0 || 2*fewest(cut) < fewest(best) {
		best = cut
	}
	return best
}

// unmarked returns where the words stand without the marks at their ends, if
// those are few; each is an error.
func (t *Text) unmarked(w wanted) []match {
	words := bare(w.words, w.folded)
	marks := len(w.words) - len(words)
	if marks == 0 || marks > max(2, len(words)/3) {
		return nil
	}
	found := t.exact(words)
	for i := range found {
		found[i].errors = marks
	}
	return found
}

// fewest is the fewest errors of all, many if there is none.
func fewest(all []match) int {
	least := 1 << 30
	for _, m := range all {
		least = min(least, m.errors)
	}
	return least
}
