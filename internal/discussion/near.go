package discussion

import (
	"math/bits"
	"slices"
	"unicode/utf8"
)

// longestPattern is the longest quote that is compared as a whole. Of longer
// ones the beginning and the end are.
const longestPattern = 1024

// tolerance is how many errors a quote of m characters may have in a text of
// n: three in ten, but no more than chance leaves room for. Quotes of some 20
// characters would find nothing then; they may have a fifth and one more, if
// they look mistyped (see sure).
func tolerance(m, n int) int {
	chance := beyondChance(m, n)
	switch {
	case m < 6:
		return 0
	case m < 16:
		return min(m/4, max(chance, m/4-1, 0))
	}
	return min(m*3/10, max(chance, (m+7)/5))
}

// beyondChance is how many errors words of another page do not come down to,
// the fewer the longer the text is. The line was laid through what was
// measured on English prose, so that 1 in 200 such quotes lies under it.
func beyondChance(m, n int) int { return (60*m - 93*bits.Len(uint(n)) + 450) / 100 }

// sure is how many errors need nothing that speaks for them: one in ten
// characters, or what is beyond chance.
func sure(m, n int) int { return max((m+5)/10, beyondChance(m, n)) }

// mistyped reports whether q looks as if it had so many errors more than is
// sure: it has at least half as many threes that the text does not have, or
// hardly. Words of another page are near too, but they are words.
func (t *Text) mistyped(q []symbol, more int) bool {
	odd := 0
	for i := 0; i+gramLength <= len(q) && 2*odd < more; i++ {
		if t.grams.atMost(len(t.symbols)/50_000, q[i:], t.symbols) {
			odd++
		}
	}
	return 2*odd >= more
}

// near returns the stretches that differ from q in few characters: in the
// passage, if there is one, in which less is chance, and in all of the text.
// It looks where the index says that q is likely, and everywhere if it is not
// there.
func (t *Text) near(q []symbol, w wanted) []match {
	if len(q) > longestPattern {
		return nil
	}
	solid, n := solid(q), len(t.symbols)
	limit := tolerance(solid, n)
	if solid < len(q) {
		limit = max(limit, min((len(q)+7)/5, solid/2))
	}
	ends := t.likely(q, limit, w.share)
	if len(ends) == 0 && w.likely && w.hint == nil {
		return nil
	}
	p := newPattern(q, t.alphabet())
	if len(ends) > 0 {
		ends = t.closer(q, p, ends)
	} else if !w.likely {
		ends = t.collect(ends, p, 0, n, limit, true)
	}
	h, ok := w.passage()
	switch {
	case ok && fewest(ends) > 0:
		ends = t.collect(ends, p, h.Start, min(n, h.End), tolerance(solid, h.End-h.Start), true)
	case !ok && w.hint != nil:
		ends = t.collect(ends, p, max(0, w.hint.Start-nearby), min(n, w.hint.Start+nearby+len(q)+limit), limit, true)
	}
	return slices.DeleteFunc(t.begin(q, ends), func(m match) bool {
		in := Span{0, n}
		if ok && h.Start < m.end && m.end <= h.End {
			in = h
		}
		more := m.errors - sure(solid, in.End-in.Start)
		if len(q) > wordSize {
			return !t.mistyped(q, more)
		}
		return !t.mistyped(q, more-1) || !t.plausible(q, p, m, in)
	})
}

// solid is the length of q without the rest of its rulers and runs of white
// space, which say little: of more than two equal characters two count.
func solid(q []symbol) int {
	n := min(len(q), 2)
	for i := 2; i < len(q); i++ {
		if q[i] != q[i-1] || q[i] != q[i-2] {
			n++
		}
	}
	return n
}

// likely returns the ends of stretches like q in the windows of the index.
func (t *Text) likely(q []symbol, limit, share int) []match {
	windows, known := [][2]int(nil), false
	if share > 0 && len(t.symbols) >= longText {
		windows, known = t.sixes().windows(q, len(t.symbols))
	}
	if !known {
		windows = t.grams.windows(q, len(t.symbols), share)
	}
	if len(windows) == 0 {
		return nil
	}
	p := newPattern(q, t.alphabet())
	var ends []match
	for _, s := range windows {
		from, to := max(0, s[0]-limit), min(len(t.symbols), s[1]+len(q)+limit)
		ends = t.collect(ends, p, from, to, limit, false)
	}
	return ends
}

// collect adds the ends of the stretches of the text between from and to that
// differ from p in at most limit characters, of those that overlap the best.
// Where it narrows, what is worse than the best so far is left out.
func (t *Text) collect(ends []match, p *pattern, from, to, limit int, narrow bool) []match {
	first := len(ends)
	p.run(t.symbols[from:to], false, limit, func(at, errors int) int {
		m := match{end: from + at, errors: errors}
		if n := len(ends); n == first || m.end-ends[n-1].end > p.length/2 {
			ends = append(ends, m)
		} else if l := ends[n-1]; errors < l.errors || errors == l.errors && m.end <= l.end+2 && !t.border(l.end) {
			ends[n-1] = m
		}
		if narrow {
			limit = min(limit, errors+1)
		}
		return limit
	})
	return ends
}

// begin finds the stretches whose ends were collected. Where several are as
// good, an end may move to what is most as long as the quote.
func (t *Text) begin(q []symbol, ends []match) []match {
	if len(ends) == 0 {
		return nil
	}
	slices.SortFunc(ends, func(a, b match) int { return a.end - b.end })
	back := slices.Clone(q)
	slices.Reverse(back)
	p, forth := newPattern(back, t.alphabet()), newPattern(q, t.alphabet())
	var all []match
	for _, m := range ends {
		if n := len(all); n > 0 && m.end-all[n-1].end <= len(q)/2 {
			if m.errors >= all[n-1].errors {
				continue
			}
			all = all[:n-1]
		}
		text := slices.Clone(t.symbols[max(0, m.end-len(q)-m.errors):m.end])
		slices.Reverse(text)
		m.start = m.end - t.reach(p, text, m.errors, func(n int) int { return m.end - n })
		text = t.symbols[m.start:min(len(t.symbols), m.start+len(q)+m.errors)]
		m.end = m.start + t.reach(forth, text, m.errors, func(n int) int { return m.start + n })
		all = append(all, m)
	}
	return all
}

// reach is how far the stretch goes that begins where text begins and has so
// many errors. Of several the one whose length is nearest to the pattern's is
// taken; a word that ends there, at the symbol that at returns, is worth two
// characters.
func (t *Text) reach(p *pattern, text []symbol, errors int, at func(n int) int) int {
	best, worst := 0, 1<<30
	p.run(text, true, errors, func(n, _ int) int {
		off := 2 * max(n-p.length, p.length-n)
		if !t.border(at(n)) {
			off += 5
		}
		if off < worst {
			best, worst = n, off
		}
		return errors
	})
	return best
}

// border reports whether no word goes on over the beginning of symbol i.
func (t *Text) border(i int) bool {
	if i <= 0 || i >= len(t.symbols) {
		return true
	}
	at := int(t.from[i])
	before, _ := utf8.DecodeLastRuneInString(t.text[:at])
	first, _ := utf8.DecodeRuneInString(t.text[at:])
	return !oneWord(before, first)
}
