package discussion

import (
	"encoding/binary"
	"regexp/syntax"
	"slices"
	"sync"
	"unicode/utf8"
)

// expression is a regular expression of which is asked only whether a text
// matches it, again and again. MatchString says what that of a regexp.Regexp
// says. It takes a table look-up for each character where the text goes on as
// others did before, and never more than the expression's length; a text that
// can no longer match is not read to its end.
type expression struct {
	source string
	prog   *syntax.Prog
	idle   sync.Pool // of *automaton, each of which serves one goroutine at a time
}

// express compiles an expression in the syntax of package regexp, or panics.
func express(source string) *expression {
	parsed, err := syntax.Parse(source, syntax.Perl)
	if err != nil {
		panic(err)
	}
	prog, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		panic(err)
	}
	return &expression{source: source, prog: prog}
}

// MatchString reports whether s holds a match.
func (e *expression) MatchString(s string) bool {
	a, _ := e.idle.Get().(*automaton)
	if a == nil {
		a = newAutomaton(e.prog, mostStates)
	}
	defer e.idle.Put(a)
	return a.matches(s)
}

// automaton is an expression's deterministic automaton, as far as it was
// needed: a state is made when a text first leads to it.
type automaton struct {
	prog *syntax.Prog

	// Characters that no instruction tells apart are of one kind.
	kinds   map[string]kind
	ascii   [utf8.RuneSelf]kind
	others  map[rune]kind
	readers []*syntax.Inst // those that read a character, one of each sort
	samples []rune         // by kind: one of its characters

	start  *state
	states map[string]*state
	most   int // states, and others, that are kept; whoever needs more makes them anew

	seen    []int // by instruction: the round in which it was reached
	round   int
	reached []uint32 // in this round
}

type kind uint16

const end kind = 1 // no character, but the text's end; 0 is a kind not known yet

// state is where the program may stand behind what was read so far.
type state struct {
	at     []uint32 // instructions that read a character or ask what stands around them
	before rune     // stands for the character before: see side
	answer answer
	next   []*state // by kind; nil where no text went yet
}

// answer is what a state says of all texts that lead to it.
type answer byte

const (
	open answer = iota
	no
	matched
)

// mostStates is twice as many as an expression was seen to need for a book.
const mostStates = 2000

func newAutomaton(prog *syntax.Prog, most int) *automaton {
	a := &automaton{prog: prog, most: most, kinds: map[string]kind{}, others: map[rune]kind{}, seen: make([]int, len(prog.Inst))}
	a.samples = []rune{0, -1}
	for i := range prog.Inst {
		in := &prog.Inst[i]
		if reads(in) && !slices.ContainsFunc(a.readers, func(r *syntax.Inst) bool {
			return r.Op == in.Op && r.Arg == in.Arg && slices.Equal(r.Rune, in.Rune)
		}) {
			a.readers = append(a.readers, in)
		}
	}
	a.begin()
	a.reach(prog.Start, nil)
	a.states = map[string]*state{}
	a.start = a.state(-1)
	return a
}

func reads(in *syntax.Inst) bool {
	switch in.Op {
	case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
		return true
	}
	return false
}

func (a *automaton) matches(s string) bool {
	at := a.start
	for i := 0; i < len(s) && at.answer == open; {
		r, n := rune(s[i]), 1
		var k kind
		if r < utf8.RuneSelf {
			k = a.ascii[r]
		} else {
			r, n = utf8.DecodeRuneInString(s[i:])
			k = a.others[r]
		}
		if k == 0 {
			k = a.kind(r)
		}
		i += n
		at = a.after(at, k)
	}
	if at.answer == open {
		at = a.after(at, end)
	}
	return at.answer == matched
}

// after is the state that a character of kind k leads to.
func (a *automaton) after(at *state, k kind) *state {
	if int(k) < len(at.next) && at.next[k] != nil {
		return at.next[k]
	}
	next := a.step(at, a.samples[k])
	if int(k) >= len(at.next) {
		at.next = append(at.next, make([]*state, len(a.samples)-len(at.next))...)
	}
	at.next[k] = next
	return next
}

// step is the state that r, or the end (-1), leads to.
func (a *automaton) step(at *state, r rune) *state {
	around := syntax.EmptyOpContext(at.before, r)
	a.begin()
	for _, pc := range at.at {
		a.reach(int(pc), &around)
	}
	from := slices.Clone(a.reached)
	a.begin()
	for _, pc := range from {
		switch in := &a.prog.Inst[pc]; {
		case in.Op == syntax.InstMatch:
			return &state{answer: matched}
		case r >= 0 && in.MatchRune(r):
			a.reach(int(in.Out), nil)
		}
	}
	if r < 0 {
		return &state{answer: no}
	}
	a.reach(a.prog.Start, nil) // a match may begin anywhere
	return a.state(side(r))
}

// begin begins a round of reaching instructions.
func (a *automaton) begin() {
	a.round++
	a.reached = a.reached[:0]
}

// reach adds what follows from standing at an instruction without reading.
// What asks for what stands around it is followed where it holds; as long as
// that is not known (nil), it is added itself.
func (a *automaton) reach(pc int, around *syntax.EmptyOp) {
	if a.seen[pc] == a.round {
		return
	}
	a.seen[pc] = a.round
	switch in := &a.prog.Inst[pc]; in.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		a.reach(int(in.Out), around)
		a.reach(int(in.Arg), around)
	case syntax.InstCapture, syntax.InstNop:
		a.reach(int(in.Out), around)
	case syntax.InstEmptyWidth:
		if around == nil {
			a.reached = append(a.reached, uint32(pc))
		} else if syntax.EmptyOp(in.Arg)&^*around == 0 {
			a.reach(int(in.Out), around)
		}
	case syntax.InstFail:
	default:
		a.reached = append(a.reached, uint32(pc))
	}
}

// state is the state of what was reached behind a character like before.
func (a *automaton) state(before rune) *state {
	at := slices.DeleteFunc(slices.Clone(a.reached), func(pc uint32) bool {
		in := a.prog.Inst[pc]
		return before >= 0 && in.Op == syntax.InstEmptyWidth && syntax.EmptyOp(in.Arg)&syntax.EmptyBeginText != 0
	})
	slices.Sort(at)
	key := make([]byte, 0, 4*len(at)+4)
	for _, pc := range append(at, uint32(before)) {
		key = binary.LittleEndian.AppendUint32(key, pc)
	}
	if s := a.states[string(key)]; s != nil {
		return s
	}
	s := &state{at: at, before: before}
	if len(at) == 0 {
		s.answer = no
	}
	for _, pc := range at {
		if a.prog.Inst[pc].Op == syntax.InstMatch {
			s.answer = matched
		}
	}
	if len(a.states) >= a.most {
		a.states, a.start.next = map[string]*state{}, nil
	}
	a.states[string(key)] = s
	return s
}

// kind is the kind of a character that was not met before.
func (a *automaton) kind(r rune) kind {
	told := []byte{byte(side(r))}
	for _, in := range a.readers {
		if in.MatchRune(r) {
			told = append(told, 1)
		} else {
			told = append(told, 0)
		}
	}
	k := a.kinds[string(told)]
	if k == 0 {
		k = kind(len(a.samples))
		a.samples = append(a.samples, r)
		a.kinds[string(told)] = k
	}
	if r < utf8.RuneSelf {
		a.ascii[r] = k
		return k
	}
	if len(a.others) >= a.most {
		clear(a.others)
	}
	a.others[r] = k
	return k
}

// side stands for all characters between which and any other one the same
// assertions hold: those of words, line breaks, others.
func side(r rune) rune {
	switch {
	case syntax.IsWordChar(r):
		return 'a'
	case r == '\n':
		return r
	}
	return ' '
}
