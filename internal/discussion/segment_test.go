package discussion

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A thread is a comment section with its answer: which of its lines, once all
// marks are taken away, begin a comment, and where the post's own words begin.
type thread struct {
	name    string
	lines   []string
	starts  map[int]bool // 1-based, comments only
	post    int          // 1-based, 0 if there is none
	parents map[int]int  // start → start of the comment answered
	quotes  map[int]bool
}

// readThread flattens a file of testdata/threads as plain dumps are made: one
// paragraph a line, no names, no nesting; quotations lose their mark, bullets
// are gone.
func readThread(t testing.TB, path string) thread {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	th := thread{name: filepath.Base(path), starts: map[int]bool{}, parents: map[int]int{}, quotes: map[int]bool{}}
	begins := map[string]int{}
	for _, l := range strings.Split(string(src), "\n") {
		head, ok := strings.CutPrefix(l, "@ ")
		switch quote, quoted := strings.CutPrefix(l, "> "); {
		case ok:
			name, parent, _ := strings.Cut(head, " ")
			begins[name] = len(th.lines) + 1
			if name == "post" {
				th.post = len(th.lines) + 1
				continue
			}
			th.starts[len(th.lines)+1] = true
			if parent != "-" {
				th.parents[len(th.lines)+1] = begins[parent]
			}
		case quoted:
			th.lines = append(th.lines, quote)
			th.quotes[len(th.lines)] = true
		case l == "", strings.HasPrefix(l, "# "), strings.HasPrefix(l, "- "):
		default:
			th.lines = append(th.lines, l)
		}
	}
	return th
}

func threads(t testing.TB) []thread {
	t.Helper()
	paths, err := filepath.Glob("testdata/threads/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatal("no threads in testdata", err)
	}
	var all []thread
	for _, p := range paths {
		all = append(all, readThread(t, p))
	}
	return all
}

// sharedDump is the real dump and the truth that was written down by hand
// before any of this code.
func sharedDump(t testing.TB) (thread, bool) {
	t.Helper()
	src, err := os.ReadFile("testdata/dump-starts.json")
	if err != nil {
		t.Fatal(err)
	}
	var truth struct {
		File   string `json:"file"`
		Starts []int  `json:"comment_starts"`
		Post   int    `json:"post_start"`
		Quotes []int  `json:"quotes"`
	}
	if err := json.Unmarshal(src, &truth); err != nil {
		t.Fatal(err)
	}
	dump, err := os.ReadFile(filepath.Join("../../../shared/data/text", truth.File))
	if err != nil {
		return thread{}, false
	}
	th := thread{name: truth.File, starts: map[int]bool{}, post: truth.Post, parents: map[int]int{}, quotes: map[int]bool{}}
	th.lines = strings.Split(strings.TrimSuffix(string(dump), "\n"), "\n")
	for _, n := range truth.Starts {
		th.starts[n] = true
	}
	for _, n := range truth.Quotes {
		th.quotes[n] = true
	}
	return th, true
}

// tally counts what was found of what there was.
type tally struct{ right, said, there int }

func (a tally) add(b tally) tally {
	return tally{a.right + b.right, a.said + b.said, a.there + b.there}
}
func (a tally) f1() float64 { return 2 * float64(a.right) / float64(max(1, a.said+a.there)) }
func (a tally) String() string {
	return fmt.Sprintf("F1 %.2f (recall %d/%d, precision %d/%d)", a.f1(), a.right, a.there, a.right, a.said)
}

func score(th thread, said map[int]bool) tally {
	t := tally{there: len(th.starts), said: len(said)}
	for n := range said {
		if th.starts[n] {
			t.right++
		}
	}
	return t
}

// starts says where Segment begins comments, and where the post.
func starts(lines []string) (comments map[int]bool, post int) {
	comments = map[int]bool{}
	for _, p := range Segment(lines) {
		if p.Kind == Post {
			post = p.First
		} else {
			comments[p.First] = true
		}
	}
	return comments, post
}

func everyLine(th thread) map[int]bool {
	all := map[int]bool{}
	for n := 1; n <= len(th.lines) && (th.post == 0 || n < th.post); n++ {
		all[n] = true
	}
	return all
}

func TestSegmentOfTheSharedDump(t *testing.T) {
	th, ok := sharedDump(t)
	if !ok {
		if strings.Contains(os.Getenv("REQUIRE"), "shared") {
			t.Fatal("../shared is required and not here")
		}
		t.Skip("../shared is not here")
	}
	said, post := starts(th.lines)
	got, each := score(th, said), score(th, everyLine(th))
	t.Logf("the shared dump: %s; each line a comment: %s", got, each)
	if got.f1() < 0.8 {
		t.Errorf("F1 of comment starts is %.2f, not 0.8", got.f1())
	}
	if post != th.post {
		t.Errorf("the post begins at line %d, not %d", post, th.post)
	}
	checkParts(t, th)
	for _, p := range Segment(th.lines) {
		t.Logf("%d-%d %s parent %d confidence %.2f quotes %v %v", p.First, p.Last, p.Kind, p.Parent, p.Confidence, p.Quotes, p.Blocks)
	}
}

func TestSegmentOfMadeUpThreads(t *testing.T) {
	var all, base tally
	for _, th := range threads(t) {
		said, post := starts(th.lines)
		got := score(th, said)
		all, base = all.add(got), base.add(score(th, everyLine(th)))
		t.Logf("%-14s %3d lines: %s; post at %d, found at %d", th.name, len(th.lines), got, th.post, post)
		if post != th.post {
			t.Errorf("%s: the post begins at line %d, not %d", th.name, post, th.post)
		}
		checkParts(t, th)
	}
	t.Logf("all: %s; each line a comment: %s", all, base)
	if all.f1() < 0.8 {
		t.Errorf("F1 of comment starts is %.2f, not 0.8", all.f1())
	}
}

// checkParts checks that parts follow each other and hold every line.
func checkParts(t *testing.T, th thread) {
	t.Helper()
	next := 1
	for i, p := range Segment(th.lines) {
		if p.First != next || p.Last < p.First || p.Parent >= i || len(p.Blocks) != p.Last-p.First+1 {
			t.Errorf("%s: part %d is %+v, line %d comes next", th.name, i, p, next)
		}
		if p.Confidence <= 0 || p.Confidence > 1 {
			t.Errorf("%s: part %d has confidence %v", th.name, i, p.Confidence)
		}
		next = p.Last + 1
	}
	if next != len(th.lines)+1 {
		t.Errorf("%s: the parts end before line %d of %d", th.name, next, len(th.lines))
	}
}

// example is one border and whether a comment begins there.
type example struct {
	on     []int // the signals that hold
	starts bool
}

func examples(ths []thread) []example {
	var all []example
	for _, th := range ths {
		d := newDump(th.lines)
		for i := 1; i < len(d.lines); i++ {
			if th.post > 0 && d.number[i] >= th.post {
				break
			}
			e := example{starts: th.starts[d.number[i]]}
			b := d.border(i)
			for k, s := range signals {
				if s.holds(b) {
					e.on = append(e.on, k)
				}
			}
			all = append(all, e)
		}
	}
	return all
}

func (e example) chance(w []float64) float64 {
	sum := w[len(signals)]
	for _, k := range e.on {
		sum += w[k]
	}
	return 1 / (1 + math.Exp(-sum))
}

// fit is logistic regression by gradient descent, pulled softly toward the
// weights that were set by judgement.
func fit(all []example, prior []float64) []float64 {
	w := append([]float64{}, prior...)
	const pull = 0.01
	for range 3000 {
		g := make([]float64, len(w))
		for _, e := range all {
			miss := e.chance(w)
			if e.starts {
				miss--
			}
			for _, k := range e.on {
				g[k] += miss
			}
			g[len(signals)] += miss
		}
		for k := range w {
			w[k] -= 0.5 * (g[k]/float64(len(all)) + pull*(w[k]-prior[k]))
		}
	}
	return w
}

func shipped() []float64 {
	var w []float64
	for _, s := range signals {
		w = append(w, s.weight)
	}
	return append(w, bias)
}

// guesses are weights that know no more than which way each signal points.
func guesses() []float64 {
	w := shipped()
	for i := range w {
		w[i] = math.Copysign(1.5, w[i])
	}
	w[len(signals)] = 0
	return w
}

// TestFitSignals fits the weights to all threads but one, tries them on that
// one, and so on: what a text that was not seen can expect.
func TestFitSignals(t *testing.T) {
	ths := threads(t)
	var unseen tally
	var bins [5]struct {
		n, right int
		said     float64
	}
	for i := range ths {
		rest := append(append([]thread{}, ths[:i]...), ths[i+1:]...)
		w := fit(examples(rest), guesses())
		for _, e := range examples(ths[i : i+1]) {
			p := e.chance(w)
			one := tally{}
			if p >= 0.5 {
				one.said = 1
			}
			if e.starts {
				one.there = 1
			}
			one.right = one.said * one.there
			unseen = unseen.add(one)
			sure := max(p, 1-p)
			bin := &bins[min(4, int((sure-0.5)*10))]
			bin.n++
			bin.said += sure
			if (p >= 0.5) == e.starts {
				bin.right++
			}
		}
	}
	t.Logf("threads left out of the fit: %s", unseen)
	if top := bins[4]; top.right*10 < top.n*9 {
		t.Errorf("of %d borders said with 0.9 and more only %d are right", top.n, top.right)
	}
	for i, b := range bins {
		n := float64(max(1, b.n))
		t.Logf("said with 0.%d and more: %3d borders, %.2f on average, %.2f right", 5+i, b.n, b.said/n, float64(b.right)/n)
	}
	w := fit(examples(ths), guesses())
	for i, s := range signals {
		on, yes := 0, 0
		for _, e := range examples(ths) {
			for _, k := range e.on {
				if k == i {
					on++
					if e.starts {
						yes++
					}
				}
			}
		}
		t.Logf("%-28s shipped %5.1f fitted %5.1f  holds %3d, a start %3d", s.name, s.weight, w[i], on, yes)
	}
	t.Logf("%-28s shipped %5.1f fitted %5.1f", "bias", bias, w[len(signals)])
}
