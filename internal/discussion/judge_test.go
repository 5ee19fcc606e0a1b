package discussion

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
)

// result is what came of a level's quotes.
//
// A place is right that shares four fifths of its characters with where the
// words were taken from: intersection over union, as other projects measure
// it. Ends need not be exact, since of a quote whose first letters were edited
// nobody knows where it began. A run of white space counts once, as where words
// are compared, and so does a ruler, of which one stretch is as another.
//
// An answer is even that asks between the right place and others to which the
// quote, as it was edited, is as near or nearer, case, marks and white space
// aside: between those nobody can tell without being told more. One place that
// is not the right one is elsewhere, however near it is.
type result struct {
	right, even, asked, nowhere, elsewhere int
	took                                   []time.Duration
}

func (r *result) judge(m *measurer, q Quote, found []Place, at [2]int) {
	switch {
	case len(found) == 0:
		r.nowhere++
	case len(found) > 1 && m.even(q, found, at):
		r.even++
	case len(found) > 1:
		r.asked++
	case m.overlap(found[0], at) >= 0.8:
		r.right++
	default:
		r.elsewhere++
	}
}

// overlap is intersection over union.
func (m *measurer) overlap(p Place, at [2]int) float64 {
	both := m.before[min(p.End, at[1])] - m.before[max(p.Start, at[0])]
	all := m.before[max(p.End, at[1])] - m.before[min(p.Start, at[0])]
	if all == 0 { // both are of one ruler
		return 1
	}
	return float64(max(0, both)) / float64(all)
}

// before is, by byte, how many characters of a text stand before it; those count
// once that come again at once, but for letters and digits.
func before(text string) []int {
	all, n, last := make([]int, len(text)+1), 0, rune(0)
	for i, r := range text {
		all[i] = n
		if unicode.IsSpace(r) {
			r = ' '
		}
		if r != last || unicode.IsLetter(r) || unicode.IsDigit(r) {
			n++
		}
		last = r
	}
	all[len(text)] = n
	return all
}

// even reports whether the right place is among those found, and another one
// is as near to the quote. Of words with a hint that is not asked.
func (m *measurer) even(q Quote, found []Place, at [2]int) bool {
	if q.Hint != nil || q.Prefix+q.Suffix != "" {
		return false
	}
	right := slices.IndexFunc(found, func(p Place) bool { return m.overlap(p, at) >= 0.8 })
	return right >= 0 && slices.ContainsFunc(found, func(p Place) bool {
		return m.overlap(p, at) < 0.8 && m.changes(q.Exact, p) <= m.changes(q.Exact, found[right])
	})
}

// changes counts the characters that differ between a quote and a place, both
// folded. What was cut out of the quote is not counted.
func (m *measurer) changes(quote string, at Place) int {
	in := Prepare(m.text[at.Start:at.End])
	before, behind, cut := strings.Cut(fold(quote).text, strings.TrimSpace(fold(m.cut).text))
	if m.cut == "" || !cut {
		d := distances(in.read(trim(fold(quote).text)), in.symbols, true)
		return d[len(d)-1]
	}
	last := in.read(trim(behind))
	slices.Reverse(last)
	n := slices.Min(distances(in.read(trim(before)), in.symbols, true))
	slices.Reverse(in.symbols)
	return n + slices.Min(distances(last, in.symbols, true))
}

func (r *result) quantile(q float64) time.Duration {
	slices.Sort(r.took)
	return r.took[int(q*float64(len(r.took)-1))]
}

func (r *result) String() string {
	n := float64(len(r.took)) / 100
	return fmt.Sprintf("%6.1f %6.1f %6.1f %6.1f %6.1f %9.4f %9.4f", float64(r.right)/n, float64(r.even)/n, float64(r.asked)/n, float64(r.nowhere)/n, float64(r.elsewhere)/n,
		r.quantile(0.5).Seconds()*1e3, r.quantile(0.99).Seconds()*1e3)
}

// measure looks for n quotes and tells of those that came out wrong.
func (m *measurer) measure(tb testing.TB, n int, t *Text, quote func(m *measurer) (Quote, [2]int)) *result {
	r := &result{}
	for range n {
		m.cut = ""
		q, at := quote(m)
		began := time.Now()
		found := t.Find(q)
		r.took = append(r.took, time.Since(began))
		before := *r
		switch r.judge(m, q, found, at); {
		case r.elsewhere > before.elsewhere, r.nowhere > before.nowhere:
			tb.Logf("%q\nstands at %d: %q\nfound %s", q.Exact, at[0], m.text[at[0]:at[1]], m.show(found))
		case r.asked > before.asked && q.Hint == nil && m.copies == nil && len(q.Exact) >= 20:
			tb.Logf("%q\nstands at %d: %q\nasked %s", q.Exact, at[0], m.text[at[0]:at[1]], m.show(found))
		}
	}
	return r
}

// show is the first places found, with their words.
func (m *measurer) show(found []Place) string {
	var b strings.Builder
	for _, p := range found[:min(len(found), 3)] {
		fmt.Fprintf(&b, "\n  at %d: %q", p.Start, m.text[p.Start:p.End])
	}
	return b.String()
}
