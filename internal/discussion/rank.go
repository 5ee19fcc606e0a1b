package discussion

import (
	"cmp"
	"slices"
	"strings"
)

// candidate is a match with what speaks for and against it.
type candidate struct {
	match
	before, after int  // errors in the context
	outside       bool // of the passage
	spelled       bool // as in the quote
	away          int  // from the point of the hint
}

// nearby is how many characters from the point of a hint still are there.
const nearby = 64

// against counts the differences. In a passage an error more is forgiven, at
// the point of a hint two.
func (c candidate) against() int {
	n := c.errors + c.before + c.after
	if c.outside && c.errors > 0 {
		n++
	}
	if c.away > nearby && c.errors > 0 {
		n += 2
	}
	return n
}

// rank returns the matches that no other one is better than, as places.
func (t *Text) rank(found []match, w wanted) []Place {
	if len(found) == 0 {
		return nil
	}
	all := make([]candidate, 0, len(found))
	for _, m := range found {
		all = append(all, t.candidate(m, w))
	}
	slices.SortStableFunc(all, compare)
	n := 0
	for n < len(all) && compare(all[0], all[n]) == 0 {
		n++
	}
	all = all[:n]
	if w.hint != nil && w.hint.Start == w.hint.End {
		all = nearestFirst(all)
	}
	if len(all) > 1 && distinct(w.quote) && slices.ContainsFunc(all, func(c candidate) bool { return c.spelled }) {
		all = slices.DeleteFunc(all, func(c candidate) bool { return !c.spelled })
	}
	if all[0].errors > 0 {
		all = t.mostAlike(all, w.quote)
	}
	places := make([]Place, 0, min(len(all), mostPlaces))
	for _, c := range all[:min(len(all), mostPlaces)] {
		places = append(places, Place{int(t.from[c.start]), int(t.to[c.end-1]), c.score(w)})
	}
	return places
}

// mostPlaces is how many places Find returns of words that stand everywhere.
const mostPlaces = 1000

func compare(a, b candidate) int {
	return cmp.Or(a.against()-b.against(), yes(a.outside)-yes(b.outside))
}

func yes(b bool) int {
	if b {
		return 1
	}
	return 0
}

// nearestFirst sorts by distance from the hint, and keeps only the nearest if
// the next one is more than twice as far.
func nearestFirst(all []candidate) []candidate {
	slices.SortStableFunc(all, func(a, b candidate) int { return a.away - b.away })
	if len(all) > 1 && 2*all[0].away < all[1].away {
		return all[:1]
	}
	return all
}

// distinct reports whether a quote's spelling says where it was taken from:
// it is not what folding would make of it. The first letter does not count;
// telephones make it a capital.
func distinct(quote string) bool {
	from := forward(quote, 0, 1)
	return quote[from:] != fold(quote[from:]).text
}

// mostCompared is how many places are compared letter by letter.
const mostCompared = 8

// mostAlike returns those of the places to which a mistyped quote is nearest
// as it was spelled, if its spelling says anything. Its white space counts
// where it has a line break: then it was copied. Where a place begins and ends
// is a guess, so a few characters more are looked at.
func (t *Text) mostAlike(all []candidate, quote string) []candidate {
	if len(all) < 2 || len(all) > mostCompared || !distinct(quote) || len(t.parts(t.fold(quote).text)) > 1 {
		return all
	}
	plain := func(s string) string { return s }
	if !strings.ContainsAny(quote, "\n\r") {
		plain = func(s string) string { return strings.Join(strings.Fields(s), " ") }
	}
	least, out := 1<<30, all
	for _, c := range all {
		from, to := max(0, c.start-c.errors), min(len(t.symbols), c.end+c.errors)
		n := differences(plain(quote), plain(t.text[t.from[from]:t.to[to-1]]))
		if n < least {
			least, out = n, nil
		}
		if n == least {
			out = append(out, c)
		}
	}
	return out
}

// differences is how many characters must be changed, added or left out to
// make a stretch of b of a.
func differences(a, b string) int {
	in := prepare(b, func(s string) folded { return folded{text: s, from: make([]int32, len(s)), to: make([]int32, len(s))} })
	words := in.read(a)
	_, n := nearest(newPattern(words, in.alphabet()), in.symbols, len(words))
	return n
}

func (t *Text) candidate(m match, w wanted) candidate {
	c := candidate{match: m}
	c.before, c.after = t.beside(m, w)
	if h, ok := w.passage(); ok {
		shared := min(m.end, h.End) - max(m.start, h.Start)
		c.outside = 2*shared <= m.end-m.start
	} else if w.hint != nil {
		c.away = max(m.start-w.hint.Start, w.hint.Start-m.start)
	}
	c.spelled = m.errors == 0 && t.text[t.from[m.start]:t.to[m.end-1]] == w.quote
	return c
}

// strange is from how many errors on a context of n characters is another one,
// however many more there are.
func strange(n int) int { return (n*6 + 9) / 10 }

// beside counts the errors in the context of m.
func (t *Text) beside(m match, w wanted) (before, after int) {
	space := t.letters.symbol(' ')
	if len(w.before) > 0 {
		end := m.start
		for end > 0 && t.symbols[end-1] == space {
			end--
		}
		text := slices.Clone(t.symbols[max(0, end-2*len(w.before)):end])
		slices.Reverse(text)
		before = least(w.before, text, t.alphabet(), strange(len(w.before)))
	}
	if len(w.after) > 0 {
		from := m.end
		for from < len(t.symbols) && t.symbols[from] == space {
			from++
		}
		text := t.symbols[from:min(len(t.symbols), from+2*len(w.after))]
		after = least(w.after, text, t.alphabet(), strange(len(w.after)))
	}
	return before, after
}

// fits reports whether one of found stands in about the context that is wanted.
func (t *Text) fits(found []match, w wanted) bool {
	return slices.ContainsFunc(found, func(m match) bool {
		before, after := t.beside(m, w)
		return (before+after)*10 <= (len(w.before)+len(w.after))*3
	})
}

// The weights of the words and of what stands before and behind, in a score.
const (
	weighQuote   = 50
	weighContext = 20
)

func (c candidate) score(w wanted) float64 {
	sum, of := weighQuote*part(c.errors, len(w.words)), float64(weighQuote)
	if c.errors == 0 && !c.spelled {
		sum -= weighQuote / 100.0
	}
	for _, x := range []struct{ errors, n int }{{c.before, len(w.before)}, {c.after, len(w.after)}} {
		if x.n > 0 {
			sum, of = sum+weighContext*part(x.errors, x.n), of+weighContext
		}
	}
	return sum / of
}

func part(errors, n int) float64 { return max(0, 1-float64(errors)/float64(n)) }
