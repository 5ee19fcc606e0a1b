package discussion

import (
	"math/bits"
	"slices"
	"unicode/utf8"
)

// longestPattern is the longest quote that is compared as a whole. Of longer
// ones the beginning and the end are.
const longestPattern = 1024

// tolerance is how many errors a quote of m characters may have in a text of n.
//
// It is three in ten, and one in four of short quotes, but no more than chance
// leaves room for: words of another page come as near, nearer the longer the
// text is. The line was laid through what was measured on English prose, so
// that 1 in 200 such quotes lies under it. Quotes of some 20 characters would
// find nothing then; they may have a fifth and one more.
func tolerance(m, n int) int {
	chance := (60*m - 93*bits.Len(uint(n)) + 450) / 100
	switch {
	case m < 6:
		return 0
	case m < 16:
		return min(m/4, max(chance, m/4-1, 0))
	}
	return min(m*3/10, max(chance, (m+7)/5))
}

// near returns the stretches that differ from q in few characters: in the
// passage, if there is one, in which less is chance, and in all of the text.
// It looks where the index says that q is likely, and everywhere if it is not
// there.
func (t *Text) near(q []symbol, w wanted) []match {
	if len(q) > longestPattern {
		return nil
	}
	p := newPattern(q, t.alphabet())
	limit := tolerance(len(q), len(t.symbols))
	ends := t.likely(q, p, limit)
	if len(ends) == 0 {
		ends = t.collect(ends, p, 0, len(t.symbols), limit, true)
	}
	if h, ok := w.passage(); ok && fewest(ends) > 0 {
		inside := tolerance(len(q), h.End-h.Start)
		ends = t.collect(ends, p, h.Start, min(len(t.symbols), h.End), inside, true)
	}
	return t.begin(q, ends)
}

// likely returns the ends of stretches like q in the windows of the index.
func (t *Text) likely(q []symbol, p *pattern, limit int) []match {
	var ends []match
	for _, s := range t.grams.windows(q, len(t.symbols)) {
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

// begin finds where the stretches begin whose ends were collected.
func (t *Text) begin(q []symbol, ends []match) []match {
	slices.SortFunc(ends, func(a, b match) int { return a.end - b.end })
	back := slices.Clone(q)
	slices.Reverse(back)
	p := newPattern(back, t.alphabet())
	var all []match
	for _, m := range ends {
		if n := len(all); n > 0 && m.end-all[n-1].end <= len(q)/2 {
			if m.errors >= all[n-1].errors {
				continue
			}
			all = all[:n-1]
		}
		m.start = t.start(p, m)
		all = append(all, m)
	}
	return all
}

// start is where the stretch with m's end and errors begins; if several are as
// good, where a word begins, or where it is most as long as the quote.
func (t *Text) start(p *pattern, m match) int {
	text := slices.Clone(t.symbols[max(0, m.end-p.length-m.errors):m.end])
	slices.Reverse(text)
	best, found := m.end, false
	p.run(text, true, m.errors, func(n, errors int) int {
		at := m.end - n
		better := t.border(at) && !t.border(best) || t.border(at) == t.border(best) && n <= p.length
		if !found || errors < m.errors || better {
			best, found, m.errors = at, true, errors
		}
		return m.errors
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
