package discussion

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"marginalia/test/require"
)

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
	th := sharedDump(t)
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
	require.Long(t)
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

// TestSegmentOfAnything: whatever the lines are, parts follow each other and
// hold them all.
func TestSegmentOfAnything(t *testing.T) {
	pieces := []string{"", " ", "I.", "II. ", "a) ", "b) x", "12. ", "(", ")", ":-)", "[...]", ":", "“q”", "\"q\"", "Yes.", "linkpost", "~900 words", "This post.", "ß", "\u0301", "\x00", "🙂", "quoting:", "A longer line that repeats itself elsewhere."}
	rapid.Check(t, func(rt *rapid.T) {
		line := rapid.Custom(func(t *rapid.T) string {
			return strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 5).Draw(t, "pieces"), " ")
		})
		lines := rapid.SliceOfN(line, 0, 20).Draw(rt, "lines")
		at := 0
		for i, p := range Segment(lines) {
			for n := at + 1; n < p.First; n++ {
				if strings.TrimSpace(lines[n-1]) != "" {
					rt.Fatalf("line %d is in no part", n)
				}
			}
			if p.First <= at || p.Last < p.First || p.Parent >= i || p.Confidence <= 0 || p.Confidence > 1 || len(p.Blocks) != p.Last-p.First+1 {
				rt.Fatalf("part %d is %+v, behind line %d", i, p, at)
			}
			at = p.Last
		}
		if rest := strings.Join(lines[at:], ""); strings.TrimSpace(rest) != "" {
			rt.Fatalf("%q is in no part", rest)
		}
	})
}
