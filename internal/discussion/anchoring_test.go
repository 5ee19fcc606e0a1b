package discussion

import (
	"flag"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"time"
	"unicode"
)

// The full measurement, on any text:
//
//	go test ./internal/discussion -run Anchoring -v -anchor.text FILE [-anchor.absent FILE] [-anchor.seed N] [-anchor.n N]
var (
	anchorText   = flag.String("anchor.text", "", "measure anchoring on this text")
	anchorAbsent = flag.String("anchor.absent", "", "draw the absent quotes from this text, which is by somebody else")
	anchorSeed   = flag.Uint64("anchor.seed", 1, "seed of the quotes and edits")
	anchorN      = flag.Int("anchor.n", 1000, "quotes a level")
)

// A level is a way to quote, and what it must reach of n quotes.
type level struct {
	name   string
	quote  func(m *measurer) (Quote, [2]int)
	right  float64 // at least so many of a hundred right, or even (see result)
	sure   float64 // at least so many of a hundred right or asked
	silent float64 // at most so many of a hundred somewhere else
	median time.Duration
}

const (
	exactTime = 50 * time.Microsecond
	nearTime  = 600 * time.Microsecond
)

// levels are the bar. Edits at r %: r of a hundred of the quote's characters,
// rounded, one after the other at random places: a third changed into a letter
// of the text, a third left out, a third of the same letters put in.
var levels = []level{
	{"exact", edited(0), 100, 100, 0, exactTime},
	{"5 % edits", edited(5), 100, 100, 0, nearTime},
	{"10 % edits", edited(10), 100, 100, 0, nearTime},
	{"20 % edits", edited(20), 99.8, 99.8, 0.2, nearTime},
	{"retyped in chat", retyped, 99.8, 99.8, 0.2, nearTime},
	{"capitals", func(m *measurer) (Quote, [2]int) {
		q, at := m.unique(20, 200)
		return Quote{Exact: strings.ToUpper(q)}, at
	}, 99.8, 99.8, 0, nearTime},
	{"56 characters put in", putIn, 90, 90, 0.2, 0},
	{"6 to 19, alone", short(none), 0, 95, 0, 0},
	{"6 to 19, context", short(context), 0, 95, 0, 0},
	{"6 to 19, passage", short(passage), 0, 95, 0, 0},
	{"6 to 19, offset", short(offset), 0, 95, 0, 0},
	{"12 to 19, a typo, passage", typo, 0, 95, 0.2, 0},
	{"repeated, alone", repeated(none), 0, 100, 0, 0},
	{"repeated, context", repeated(context), 0, 100, 0, 0},
	{"repeated, passage", repeated(passage), 95, 100, 0, 0},
	{"repeated, 10 % edits, offset", offsetEdited, 95, 100, 0, 0},
}

// measurer draws quotes from a text.
type measurer struct {
	*rand.Rand
	text    string
	folded  string
	runes   []rune
	at      []int // by rune: its byte; one more for the end
	before  []int // by byte: the characters before it, see before
	letters []rune
	copies  [][2]int // runes that stand twice in the text: here and in their copy
	cut     string   // what stands for the words that were left out of the last quote
}

func newMeasurer(text string, seed uint64) *measurer {
	m := &measurer{Rand: rand.New(rand.NewPCG(seed, 4)), text: text, folded: fold(text).text, runes: []rune(text), before: before(text)}
	for i := range text {
		m.at = append(m.at, i)
	}
	m.at = append(m.at, len(text))
	for _, r := range m.runes {
		if unicode.IsLetter(r) {
			m.letters = append(m.letters, r)
		}
	}
	return m
}

// draw takes a stretch of least to most characters between two of the text's,
// with no white space at its ends.
func (m *measurer) draw(from, to, least, most int) (string, [2]int) {
	for {
		n := least + m.IntN(most-least+1)
		i := from + m.IntN(to-from-n+1)
		q := m.text[m.at[i]:m.at[i+n]]
		if strings.TrimSpace(q) == q && q != "" {
			return q, [2]int{m.at[i], m.at[i+n]}
		}
	}
}

// unique draws what stands once in the text, also when folded.
func (m *measurer) unique(least, most int) (string, [2]int) {
	for {
		q, at := m.draw(0, len(m.runes), least, most)
		if strings.Count(m.folded, fold(q).text) == 1 {
			return q, at
		}
	}
}

func edited(percent int) func(m *measurer) (Quote, [2]int) {
	return func(m *measurer) (Quote, [2]int) {
		q, at := m.unique(20, 200)
		return Quote{Exact: m.edit(q, percent)}, at
	}
}

func (m *measurer) edit(q string, percent int) string {
	s := []rune(q)
	for range (len(s)*percent + 50) / 100 {
		i, letter := m.IntN(len(s)), m.letters[m.IntN(len(m.letters))]
		switch m.IntN(3) {
		case 0:
			s[i] = letter
		case 1:
			s = slices.Delete(s, i, i+1)
		case 2:
			s = slices.Insert(s, i, letter)
		}
	}
	return string(s)
}

var typewritten = strings.NewReplacer("“", `"`, "”", `"`, "„", `"`, "«", `"`, "»", `"`, "‘", "'", "’", "'", "—", "--", "–", "-", "…", "...", "\n", " ")

// retyped is as people quote in a chat: in small letters (a third) or capitals
// (one in ten), with straight quotes, hyphens for dashes and single spaces (two
// thirds); from 60 characters on one in three without its middle half, with
// " … ", "...", " [...] " or " … " in its place; and one letter in 40 left out,
// doubled, changed or swapped with the next. Rulers are not cut.
func retyped(m *measurer) (Quote, [2]int) {
	q, at := m.unique(20, 200)
	s := []rune(q)
	if n := len(s) / 4; n >= 15 && m.IntN(3) == 0 {
		head, tail := s[:n+m.IntN(n)], s[len(s)-n:]
		if cut := []string{" … ", "...", " [...] ", "… "}[m.IntN(4)]; !ruler(head[len(head)-3:]) && !ruler(tail[:3]) {
			s, m.cut = slices.Concat(head, []rune(cut), tail), cut
		}
	}
	for range (len(s) + 20) / 40 {
		i := m.IntN(len(s) - 1)
		if !unicode.IsLetter(s[i]) || !unicode.IsLetter(s[i+1]) {
			continue
		}
		switch m.IntN(4) {
		case 0:
			s = slices.Delete(s, i, i+1)
		case 1:
			s = slices.Insert(s, i, s[i])
		case 2:
			s[i], s[i+1] = s[i+1], s[i]
		case 3:
			s[i] = m.letters[m.IntN(len(m.letters))]
		}
	}
	q = string(s)
	switch n := m.IntN(30); {
	case n < 10:
		q = strings.ToLower(q)
	case n < 13:
		q = strings.ToUpper(q)
	}
	if m.IntN(3) > 0 {
		q = strings.Join(strings.Fields(typewritten.Replace(q)), " ")
	}
	return Quote{Exact: q}, at
}

// ruler reports whether s is one mark again and again, such as part of a line
// of dashes.
func ruler(s []rune) bool {
	return !unicode.IsLetter(s[0]) && !slices.ContainsFunc(s, func(r rune) bool { return r != s[0] })
}

// putIn puts other words of the text into the middle third of a quote.
func putIn(m *measurer) (Quote, [2]int) {
	q, at := m.unique(100, 200)
	clause, _ := m.draw(0, len(m.runes), 56, 56)
	s := []rune(q)
	i := len(s)/3 + m.IntN(len(s)/3)
	return Quote{Exact: string(s[:i]) + clause + string(s[i:])}, at
}

// A setting adds what is known of where a quote stands.
type setting func(m *measurer, q Quote, at [2]int) Quote

func none(_ *measurer, q Quote, _ [2]int) Quote { return q }

func context(m *measurer, q Quote, at [2]int) Quote {
	s := SelectorOf(m.text, at[0], at[1])
	q.Prefix, q.Suffix = s.Prefix, s.Suffix
	return q
}

func passage(m *measurer, q Quote, at [2]int) Quote {
	q.Hint = &Span{max(0, at[0]-m.IntN(700)), at[1] + m.IntN(700)}
	return q
}

func offset(_ *measurer, q Quote, at [2]int) Quote {
	q.Hint = &Span{at[0], at[0]}
	return q
}

func short(s setting) func(m *measurer) (Quote, [2]int) {
	return func(m *measurer) (Quote, [2]int) {
		q, at := m.draw(0, len(m.runes), 6, 19)
		return s(m, Quote{Exact: q}, at), at
	}
}

func typo(m *measurer) (Quote, [2]int) {
	q, at := m.draw(0, len(m.runes), 12, 19)
	s := []rune(q)
	i := 1 + m.IntN(len(s)-2)
	s[i], s[i+1] = s[i+1], s[i]
	return passage(m, Quote{Exact: string(s)}, at), at
}

func repeated(s setting) func(m *measurer) (Quote, [2]int) {
	return func(m *measurer) (Quote, [2]int) {
		c := m.copies[m.IntN(len(m.copies))]
		q, at := m.draw(c[0], c[1], 20, 120)
		return s(m, Quote{Exact: q}, at), at
	}
}

func offsetEdited(m *measurer) (Quote, [2]int) {
	q, at := repeated(offset)(m)
	q.Exact = m.edit(q.Exact, 10)
	return q, at
}

// repeat puts 30 copies of stretches of 400 characters into the text, and
// returns where both of each stand.
func repeat(text string, r *rand.Rand) (string, [][2]int) {
	var b strings.Builder
	var copies [][2]int
	runes := []rune(text)
	part, n := len(runes)/30, 0
	put := func(s []rune) {
		b.WriteString(string(s))
		n += len(s)
	}
	for i := range 30 {
		stretch := runes[i*part : (i+1)*part]
		at := r.IntN(part - 400)
		copies = append(copies, [2]int{n + at, n + at + 400})
		put(stretch)
		copies = append(copies, [2]int{n, n + 400})
		put(stretch[at : at+400])
	}
	return b.String(), copies
}

// madeText makes a text of so many words out of the words of a sample:
// every other one follows the one before as there, so that phrases come again.
func madeText(sample string, words int, seed uint64) string {
	r := rand.New(rand.NewPCG(seed, 6))
	text, err := os.ReadFile("../../cmd/bot/sample/" + sample)
	if err != nil {
		panic(err) // ships with the repository
	}
	all := strings.Fields(string(text))
	var b strings.Builder
	for i, at := 0, 0; i < words; i++ {
		if at = (at + 1) % len(all); r.IntN(2) == 0 {
			at = r.IntN(len(all))
		}
		b.WriteString(all[at])
		if r.IntN(80) == 0 {
			b.WriteString("\n\n")
		} else {
			b.WriteByte(' ')
		}
	}
	return strings.TrimSpace(b.String())
}
