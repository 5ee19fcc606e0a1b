package discussion

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"marginalia/test/require"
)

// voice is a comment of a structured thread.
type voice struct {
	name, parent string
	lines        []string // "> " quotes, "- " is a list's item
}

// readComments reads a file of testdata/dumps: a thread with all its marks.
func readComments(t testing.TB, path string) (all []voice) {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range strings.Split(string(src), "\n") {
		head, begins := strings.CutPrefix(l, "@ ")
		switch {
		case begins:
			name, parent, _ := strings.Cut(head, " ")
			all = append(all, voice{name: name, parent: parent})
		case l != "" && len(all) > 0:
			all[len(all)-1].lines = append(all[len(all)-1].lines, l)
		}
	}
	return all
}

// trees are the indices of comments by what they answer; each comment answers
// the last one of its parent's name.
func trees(all []voice) (answers map[int][]int, roots []int) {
	answers = map[int][]int{}
	for i, c := range all {
		up := -1
		for j := i - 1; j >= 0 && up < 0; j-- {
			if all[j].name == c.parent && c.name != "post" {
				up = j
			}
		}
		if up < 0 {
			roots = append(roots, i)
			continue
		}
		answers[up] = append(answers[up], i)
	}
	return answers, roots
}

// shuffled is another thread of the same comments: whole conversations come in
// another order, and some answers, with all that answer them, are left out. The
// post's own words stay behind.
func shuffled(all []voice, r *rand.Rand) (out []voice) {
	answers, roots := trees(all)
	var add func(i int)
	add = func(i int) {
		out = append(out, all[i])
		for _, a := range answers[i] {
			if r.IntN(8) > 0 {
				add(a)
			}
		}
	}
	last := len(roots)
	if all[roots[last-1]].name == "post" {
		last--
	}
	r.Shuffle(last, func(i, j int) { roots[i], roots[j] = roots[j], roots[i] })
	for _, i := range roots {
		add(i)
	}
	return out
}

// How a kind of site looks when its words are copied: what stands above a
// comment and below it, and how a quotation looks. Items of lists vanish.
var flattenings = map[string]struct {
	above func(name string, r *rand.Rand) []string
	quote func(from, words string) []string
	below []string
}{
	"lesswrong":  {},
	"reddit":     {},
	"hackernews": {quote: func(_, words string) []string { return []string{"> " + words} }},
	"discourse": {quote: func(from, words string) []string {
		if from == "-" { // no member's words
			return []string{words}
		}
		return []string{from + ":", words}
	}},
	"blog": {above: func(name string, r *rand.Rand) []string {
		at := time.Date(2021, 3, 1, 8, 0, 0, 0, time.UTC).Add(time.Duration(r.IntN(1e6)) * time.Minute)
		return []string{strings.ReplaceAll(name, "_", " ") + " says:", at.Format("January 2, 2006 at 3:04 pm")}
	}, below: []string{"Reply"}},
}

// flatten makes a plain dump of a thread, with its answer.
func flatten(kind string, all []voice, r *rand.Rand) thread {
	th := thread{name: kind, starts: map[int]bool{}, parents: map[int]int{}, quotes: map[int]bool{}}
	f := flattenings[kind]
	for _, c := range all {
		if c.name == "post" {
			th.post = len(th.lines) + 1
		} else {
			th.starts[len(th.lines)+1] = true
		}
		if f.above != nil {
			th.lines = append(th.lines, f.above(c.name, r)...)
		}
		for _, l := range c.lines {
			words, quoted := strings.CutPrefix(l, "> ")
			switch {
			case strings.HasPrefix(l, "- "):
			case quoted && f.quote != nil:
				th.lines = append(th.lines, f.quote(c.parent, words)...)
				th.quotes[len(th.lines)] = true
			default:
				th.lines = append(th.lines, words)
				if quoted {
					th.quotes[len(th.lines)] = true
				}
			}
		}
		th.lines = append(th.lines, f.below...)
	}
	return th
}

var dumpKinds = []string{"lesswrong", "hackernews", "reddit", "discourse", "blog"}

// dumpsOf makes n dumps of each kind from the threads in testdata/dumps/from.
func dumpsOf(t testing.TB, from string, n int) []thread {
	t.Helper()
	var all []thread
	for _, kind := range dumpKinds {
		comments := readComments(t, filepath.Join("testdata/dumps", from, kind+".txt"))
		for seed := range n {
			r := rand.New(rand.NewPCG(uint64(seed), 7))
			all = append(all, flatten(kind, shuffled(comments, r), r))
		}
	}
	return all
}

// bin counts borders that were said with some confidence.
type bin struct{ n, right int }

// measured is how well Segment does on dumps.
type measured struct {
	starts, each, quotes map[string]*tally // by kind, and "all"
	bins                 [5]bin            // said with 0.5, 0.6, … and more
}

func measureDumps(dumps []thread) measured {
	m := measured{map[string]*tally{}, map[string]*tally{}, map[string]*tally{}, [5]bin{}}
	count := func(in map[string]*tally, kind string, t tally) {
		for _, k := range []string{kind, "all"} {
			if in[k] == nil {
				in[k] = &tally{}
			}
			*in[k] = in[k].add(t)
		}
	}
	for _, th := range dumps {
		said, _ := starts(th.lines)
		count(m.starts, th.name, score(th, said))
		count(m.each, th.name, score(th, everyLine(th)))
		q := tally{there: len(th.quotes)}
		for _, p := range Segment(th.lines) {
			q.said += len(p.Quotes)
			for _, n := range p.Quotes {
				if th.quotes[n] {
					q.right++
				}
			}
		}
		count(m.quotes, th.name, q)
		m.judge(th)
	}
	return m
}

// judge counts the borders between lines by how sure Segment is of them, where
// no line names the authors.
func (m *measured) judge(th thread) {
	d := newDump(th.lines)
	if d.framed {
		return
	}
	for i, p := range d.chances() {
		n := d.number[i]
		if i == 0 || th.post > 0 && n >= th.post {
			continue
		}
		b := &m.bins[min(4, int((max(p, 1-p)-0.5)*10))]
		b.n++
		if (p >= 0.5) == th.starts[n] {
			b.right++
		}
	}
}

func (m measured) log(t *testing.T) {
	for _, k := range append(append([]string{}, dumpKinds...), "all") {
		t.Logf("%-10s starts %s; each line a comment %.2f; quotes %s", k, m.starts[k], m.each[k].f1(), m.quotes[k])
	}
	for i, b := range m.bins {
		t.Logf("said with 0.%d and more: %4d borders, %.3f right", 5+i, b.n, float64(b.right)/float64(max(1, b.n)))
	}
}

// TestSegmentOfFiveKinds measures dumps of texts that were never used to tune
// the signals, beside those that were.
func TestSegmentOfFiveKinds(t *testing.T) {
	require.Long(t)
	seeds := 10
	if testing.Short() {
		seeds = 2
	}
	tuned := measureDumps(dumpsOf(t, "tuned", seeds))
	t.Log("texts that the weights were fitted to:")
	tuned.log(t)
	if *tune {
		for _, th := range dumpsOf(t, "tuned", 1) {
			t.Logf("%s, %.0f words a line\n%s", th.name, newDump(th.lines).mean, misses(th))
		}
		return // who tunes does not look at the others
	}
	t.Log("texts that were held out:")
	held := measureDumps(dumpsOf(t, "held", seeds))
	held.log(t)
	if f := held.starts["all"].f1(); f < 0.9 {
		t.Errorf("F1 of comment starts is %.3f, not 0.9", f)
	}
	if f := held.quotes["all"].f1(); f < 0.8 {
		t.Errorf("F1 of quoted paragraphs is %.3f, not 0.8", f)
	}
	if b := held.bins[4]; b.right*10 < b.n*9 {
		t.Errorf("of %d borders said with 0.9 and more only %d are right", b.n, b.right)
	}
}

// misses prints what Segment does with a dump, for who tunes.
func misses(th thread) string {
	var b strings.Builder
	d := newDump(th.lines)
	for i, p := range d.chances() {
		n := d.number[i]
		if th.post > 0 && n >= th.post {
			break
		}
		mark := "  "
		if (p >= 0.5) != th.starts[n] {
			mark = "!!"
		}
		if d.lines[i].quote != th.quotes[n] {
			mark += "q"
		}
		fmt.Fprintf(&b, "%s %.2f %v %.90s\n", mark, p, th.starts[n], th.lines[n-1])
	}
	return b.String()
}
