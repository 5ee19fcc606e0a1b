package discussion

import (
	"cmp"
	"slices"
)

// The weights of what tells a mistyped quote from words of another page that
// come near a place by chance, such as a phrase that both share. They were
// fitted to quotes of 20 to 60 characters of a dozen manuals and books.
const (
	weighError   = 15 // an error; the first is nothing
	weighAgrees  = 3  // a character that agrees outside the longest stretch that does
	weighUnknown = 9  // a three of the quote that the text does not have: letters slipped
	weighApart   = 4  // an error that a place has more which is not one of the best few
)

// fewPlaces is how many other places may be as good as one without speaking
// against it: a text has its repetitions. Chance knows no few.
const fewPlaces = 4

// plausible reports whether q, which stands at m with errors, was taken from
// there, and not from a page that shares a phrase with it. Each error but the
// first must be outweighed: shared phrases agree in one piece, and have other
// places in the text that are nearly as near.
func (t *Text) plausible(q []symbol, p *pattern, m match, in Span) bool {
	agree := longestShared(q, t.symbols[m.start:m.end])
	speaks, against := weighAgrees*(solid(q)-solid(agree)), weighError*(m.errors-1)
	for i := 0; i+gramLength <= len(q) && speaks < against; i++ {
		if t.grams.atMost(0, q[i:], t.symbols) {
			speaks += weighUnknown
		}
	}
	most := len(q) * 2 / 5
	if speaks >= against || speaks+weighApart*most < against {
		return speaks >= against
	}
	return speaks+weighApart*t.ahead(p, m, in, most) >= against
}

// ahead is how many errors more than m the places of in have, at most most,
// but for a few.
func (t *Text) ahead(p *pattern, m match, in Span, most int) int {
	all := t.collect(nil, p, in.Start, in.End, m.errors+most, false)
	if len(all) <= fewPlaces {
		return most
	}
	slices.SortFunc(all, func(a, b match) int { return cmp.Compare(a.errors, b.errors) })
	return min(most, max(0, all[fewPlaces].errors-m.errors))
}

// longestShared is the longest stretch of a that b has too.
func longestShared(a, b []symbol) []symbol {
	n, end := 0, 0
	column := make([]int, len(b)+1) // by end in b: how long the stretch is that ends there
	for i := range a {
		for j := len(b) - 1; j >= 0; j-- {
			column[j+1] = 0
			if a[i] == b[j] {
				column[j+1] = column[j] + 1
			}
			if column[j+1] > n {
				n, end = column[j+1], i+1
			}
		}
	}
	return a[end-n : end]
}
