package discussion

import "slices"

// closer adds to ends, where q stands with errors, every place where it stands
// with as few or fewer: words that all the text is full of have more windows
// than are looked at, and the one with fewest errors may have the fewest votes.
// Of longer quotes than are compared in one word of bits, votes do not err.
//
// Cut into one piece more than there are errors, q has a piece without any.
func (t *Text) closer(q []symbol, p *pattern, ends []match) []match {
	most := fewest(ends)
	if len(q) > wordSize || len(ends) == 0 || most == 0 {
		return ends
	}
	size := len(q) / (most + 1)
	if size < gramLength {
		return t.collect(ends, p, 0, len(t.symbols), most, true)
	}
	var starts []int
	for from := 0; from+size <= len(q); from += size {
		for _, m := range t.exact(q[from : from+size]) {
			starts = append(starts, m.start-from)
		}
	}
	slices.Sort(starts)
	for i := 0; i < len(starts); {
		from, last := starts[i]-most, starts[i]
		for ; i < len(starts) && starts[i]-last <= len(q); i++ {
			last = starts[i]
		}
		ends = t.collect(ends, p, max(0, from), min(len(t.symbols), last+len(q)+most), most, false)
	}
	return ends
}
