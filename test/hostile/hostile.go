// Package hostile writes texts that a dialect might fall for: marks that nest
// and cross, tags that never end, mentions of every network, characters that
// nobody sees. Each text is made from its number alone, so that one that broke
// something can be made again.
//
// It knows no dialect: it is for whoever wants to hold one, or a network, to
// its promises.
package hostile

import (
	"math/rand/v2"
	"strings"
	"unicode/utf8"
)

// A Grammar is one way of being hostile.
type Grammar struct {
	Name  string
	write func(p *pen)
}

// Grammars are all of them.
var Grammars = []Grammar{
	{"marks that nest and cross", marks},
	{"blocks of markdown", blocks},
	{"tags", tags},
	{"tags that are broken", broken},
	{"Matrix's own tags", pills},
	{"mentions", mentions},
	{"what nobody sees", unseen},
	{"long runs", runs},
	{"links and addresses", links},
	{"code", code},
	{"lists and quotations", lines},
	{"covers, emoji and moments", covers},
	{"tables, footnotes and maths", tables},
	{"entities and escapes", entities},
	{"scripts of the world", scripts},
	{"bytes", raw},
	{"mutants", mutants},
	{"mixtures", mixtures},
}

// Writer writes the texts of a seed.
type Writer struct {
	Seed  uint64
	Seeds []string // what the mutants descend from
}

// Text is text number i, and the name of its grammar. The grammars take turns.
func (w Writer) Text(i uint64) (grammar, text string) {
	g := Grammars[i%uint64(len(Grammars))]
	p := pen{dice: rand.New(rand.NewPCG(w.Seed, i)), others: Grammars[:len(Grammars)-2], seeds: w.Seeds, room: 24}
	for p.chance(4) {
		p.room *= 3
	}
	g.write(&p)
	return g.Name, p.out.String()
}

// pen writes one text.
type pen struct {
	dice   *rand.Rand
	out    strings.Builder
	others []Grammar // but mutants and mixtures
	seeds  []string
	room   int // nothing is repeated once the text is as long
	depth  int
}

// chance is true once in n times.
func (p *pen) chance(n int) bool { return p.dice.IntN(n) == 0 }

func (p *pen) number(from, to int) int { return from + p.dice.IntN(to-from+1) }

func (p *pen) add(s string) { p.out.WriteString(s) }

// one adds one of many words.
func (p *pen) one(of []string) { p.add(of[p.dice.IntN(len(of))]) }

// some repeats what adds something, until the room is filled or luck ends it.
func (p *pen) some(write func(p *pen)) {
	for range p.number(1, 12) {
		write(p)
		if p.out.Len() > p.room {
			return
		}
	}
}

// within adds something between two marks, unless that goes too deep: then it
// adds a word.
func (p *pen) within(before string, write func(p *pen), after string) {
	if p.depth++; p.depth > 12 {
		write = word
	}
	p.add(before)
	write(p)
	if !p.chance(9) { // some marks never close
		p.add(after)
	}
	p.depth--
}

func word(p *pen) { p.one(plain) }

func space(p *pen) {
	p.one([]string{"", " ", " ", " ", "\n", "\n\n", "  ", "\t", "  \n", "\\\n", "\r\n"})
}

var plain = []string{
	"a", "word", "Wort", "naïve", "x1", "12", "7", "3.14", "It", "is", "so.", "Why?", "“so”", "it's", "(really)", "a-b", "a_b_c", "2*3*4", "snake_case_", "…", "—", "$5", "50%", "e.g.", "http", "www", "everyone", "here",
}

// mixtures takes a piece of several others.
func mixtures(p *pen) {
	room := max(p.room/3, 10)
	for range p.number(2, 4) {
		p.room = p.out.Len() + room
		p.others[p.dice.IntN(len(p.others))].write(p)
		space(p)
	}
}

// raw is bytes, most of them in UTF-8.
func raw(p *pen) {
	p.some(func(p *pen) {
		switch p.number(0, 4) {
		case 0:
			p.out.WriteByte(byte(p.dice.Uint32()))
		case 1:
			p.out.WriteRune(rune(p.dice.Uint32N(0x110000)))
		case 2:
			p.out.WriteByte(byte(p.number(0x20, 0x7e)))
		case 3:
			p.out.WriteRune(rune(p.number(0x20, 0x2fff)))
		default:
			p.one(controls)
		}
	})
}

var controls = []string{"\x00", "\x01\x01", "\x02\x02", "\x1b[31m", "\x7f", "\u0085", "\u009b", "\r", "\f", "\v", "\xff\xfe", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\ufffd", "\ufffe", "\ufeff"}

// mutants changes what is known to be read in some way.
func mutants(p *pen) {
	if len(p.seeds) == 0 {
		mixtures(p)
		return
	}
	s := p.seeds[p.dice.IntN(len(p.seeds))]
	for range p.number(0, 4) {
		s = p.mutated(s)
	}
	p.add(s)
}

func (p *pen) mutated(s string) string {
	if s == "" {
		return plain[p.dice.IntN(len(plain))]
	}
	i := p.cut(s, p.dice.IntN(len(s)+1))
	j := p.cut(s, min(len(s), i+p.number(0, 8)))
	switch p.number(0, 5) {
	case 0:
		return s[:i] + s[j:]
	case 1:
		return s[:j] + s[i:]
	case 2:
		return s[:i] + strings.Repeat(s[i:j], p.number(2, 9)) + s[j:]
	case 3:
		other := p.seeds[p.dice.IntN(len(p.seeds))]
		return s[:i] + other[p.cut(other, p.dice.IntN(len(other)+1)):]
	case 4:
		return s[j:] + s[i:j] + s[:i]
	}
	in := pen{dice: p.dice, room: 8}
	p.others[p.dice.IntN(len(p.others))].write(&in)
	return s[:i] + in.out.String() + s[j:]
}

// cut moves a place to the start of a character, most of the time.
func (p *pen) cut(s string, i int) int {
	if p.chance(20) {
		return i
	}
	for i < len(s) && !utf8.RuneStart(s[i]) {
		i++
	}
	return i
}
