package discussion

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	mostLeftOut = 2000 // characters that an ellipsis may stand for
	mostAnchors = 200  // places of the longest part that are looked at
	mostDots    = 8    // of an ellipsis; more are a ruler
	mostParts   = 16   // a quote of more is compared as a whole
)

// trim takes white space and what folding made of it from the ends of s.
func trim(s string) string { return strings.TrimSpace(s) }

// parts cuts folded words at their ellipses: "...", "[...]", "(..)", ". . .".
func (t *Text) parts(folded string) [][]symbol {
	var all [][]symbol
	from := 0
	add := func(to int) {
		if part := t.read(trim(folded[from:to])); len(part) > 0 {
			all = append(all, part)
		}
	}
	for i := 0; i < len(folded); i++ {
		if dots := len(folded[i:]) - len(strings.TrimLeft(folded[i:], ".")); dots > mostDots {
			i += dots - 1 // a ruler
			continue
		}
		n := ellipsis(folded[i:])
		if n == 0 {
			continue
		}
		add(i)
		i, from = i+n-1, i+n
	}
	add(len(folded))
	return all
}

// ellipsis is the length of the ellipsis at the beginning of s, with its
// brackets, or 0: two dots and more, or three and more with spaces between.
func ellipsis(s string) int {
	rest := s
	open := strings.IndexByte("[(", s[0])
	if open >= 0 {
		rest = strings.TrimLeft(rest[1:], " ")
	}
	dots, apart := 0, false
	for end := rest; strings.HasPrefix(end, "."); dots++ {
		apart = apart || dots > 0 && len(end) != len(rest)
		rest = end[1:]
		end = strings.TrimLeft(rest, " ")
	}
	if dots < 2 || apart && dots < 3 {
		return 0
	}
	if open >= 0 {
		rest = strings.TrimLeft(rest, " ")
		if rest == "" || rest[0] != "])"[open] {
			return 0
		}
		rest = rest[1:]
	}
	return len(s) - len(rest)
}

// bare returns q without the marks at its ends: quotation marks that someone
// put around words, and the like.
func bare(q []symbol, folded string) []symbol {
	mark := func(r rune) bool { return unicode.IsPunct(r) || unicode.IsSymbol(r) || r == ' ' }
	rest := strings.TrimLeftFunc(folded, mark)
	from := utf8.RuneCountInString(folded) - utf8.RuneCountInString(rest)
	return q[from : from+utf8.RuneCountInString(strings.TrimRightFunc(rest, mark))]
}

// elided returns where all parts stand in their order, with at most gap
// characters between one and the next. The longest is looked for first, the
// others from there on, each where it stands nearest. Where strict is false a
// short part may be missing; its characters are errors then. w tells how far one
// looks for the longest.
func (t *Text) elided(parts [][]symbol, gap int, strict bool, w wanted) []match {
	longest, total := 0, 0
	for i, p := range parts {
		total += len(p)
		if len(p) > len(parts[longest]) {
			longest = i
		}
	}
	anchors := t.exact(parts[longest])
	if len(anchors) == 0 && strict {
		limit := tolerance(len(parts[longest]), len(t.symbols))
		anchors = t.begin(parts[longest], t.likely(parts[longest], limit, 0))
	} else if len(anchors) == 0 {
		anchors = t.near(parts[longest], wanted{likely: w.likely, share: w.share})
	}
	seeker := newSeeker(t, parts, gap, strict)
	most := tolerance(total, len(t.symbols))
	var all []match
	for _, m := range anchors[:min(len(anchors), mostAnchors)] {
		ok := m.errors <= most
		for i := longest - 1; i >= 0 && ok; i-- {
			ok = seeker.before(&m, i) && m.errors <= most
		}
		for i := longest + 1; i < len(parts) && ok; i++ {
			ok = seeker.behind(&m, i) && m.errors <= most
		}
		if ok {
			all = append(all, m)
		}
	}
	return apart(all)
}

// apart keeps the best of the matches that overlap.
func apart(all []match) []match {
	slices.SortStableFunc(all, func(a, b match) int {
		return cmp.Or(a.errors-b.errors, (a.end-a.start)-(b.end-b.start))
	})
	var out []match
	for _, m := range all {
		if !slices.ContainsFunc(out, func(o match) bool { return m.start < o.end && o.start < m.end }) {
			out = append(out, m)
		}
	}
	return out
}

// seeker looks for the parts of a quote beside a place of the longest.
type seeker struct {
	t           *Text
	parts       [][]symbol
	gap         int
	strict      bool
	forth, back []*pattern // by part, made when first needed
}

func newSeeker(t *Text, parts [][]symbol, gap int, strict bool) *seeker {
	return &seeker{t, parts, gap, strict, make([]*pattern, len(parts)), make([]*pattern, len(parts))}
}

// limit is how many errors part i may have so near to where it is expected.
func (s *seeker) limit(i int) int {
	n := len(s.parts[i])
	if s.strict {
		return n / 5
	}
	return tolerance(n, s.gap)
}

// before widens m to part i, the nearest that stands before it.
func (s *seeker) before(m *match, i int) bool {
	if s.back[i] == nil {
		p := slices.Clone(s.parts[i])
		slices.Reverse(p)
		s.back[i] = newPattern(p, s.t.alphabet())
	}
	window := slices.Clone(s.t.symbols[max(0, m.start-s.gap-2*len(s.parts[i])):m.start])
	slices.Reverse(window)
	n, errors := nearest(s.back[i], window, s.limit(i))
	if n < 0 {
		return s.missing(m, i)
	}
	m.start, m.errors = m.start-n, m.errors+errors
	return true
}

// behind widens m to part i, the nearest that stands behind it.
func (s *seeker) behind(m *match, i int) bool {
	if s.forth[i] == nil {
		s.forth[i] = newPattern(s.parts[i], s.t.alphabet())
	}
	window := s.t.symbols[m.end:min(len(s.t.symbols), m.end+s.gap+2*len(s.parts[i]))]
	n, errors := nearest(s.forth[i], window, s.limit(i))
	if n < 0 {
		return s.missing(m, i)
	}
	m.end, m.errors = m.end+n, m.errors+errors
	return true
}

func (s *seeker) missing(m *match, i int) bool {
	m.errors += len(s.parts[i])
	return !s.strict
}

// nearest is the first end in text of the stretch that differs least from p,
// or -1.
func nearest(p *pattern, text []symbol, limit int) (end, errors int) {
	end = -1
	p.run(text, false, limit, func(at, e int) int {
		end, errors = at, e
		return e - 1
	})
	return end, errors
}

// shortestAround is the shortest quote into which words may have been put.
const shortestAround = 80

// around returns where the beginning and the end of the words stand near each
// other: between them words were put in or left out without a mark, or it is
// too long to be compared as a whole. But for that they must be much the same.
func (t *Text) around(w wanted) []match {
	parts := t.parts(w.folded)
	if len(parts) != 1 || len(parts[0]) < shortestAround {
		return nil
	}
	q := parts[0]
	n := min(len(q)/4, longestPattern/4)
	var all []match
	for _, more := range []int{0, 1} { // from the beginning on, and from the end
		all = append(all, t.elided([][]symbol{q[:n], q[len(q)-n-more:]}, len(q), true, w)...)
	}
	for i, m := range all {
		all[i].errors = t.distance(q, m)
	}
	all = slices.DeleteFunc(apart(all), func(m match) bool {
		length := m.end - m.start
		return m.errors-max(length-len(q), len(q)-length) > len(q)/5
	})
	least := fewest(all)
	return slices.DeleteFunc(all, func(m match) bool { return m.errors > least })
}

// distance is the number of differences between q and a stretch.
func (t *Text) distance(q []symbol, m match) int {
	text := t.symbols[m.start:m.end]
	n := max(len(q), len(text))
	if min(len(q), len(text)) > 0 {
		newPattern(q, t.alphabet()).run(text, true, n, func(end, errors int) int {
			if end == len(text) {
				n = errors
			}
			return n
		})
	}
	return n
}
