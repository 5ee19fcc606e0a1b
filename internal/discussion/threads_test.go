package discussion

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"marginalia/test/require"
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
func sharedDump(t testing.TB) thread {
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
	dump, err := os.ReadFile(require.Shared(t, "text", truth.File))
	if err != nil {
		t.Fatal(err)
	}
	th := thread{name: truth.File, starts: map[int]bool{}, post: truth.Post, parents: map[int]int{}, quotes: map[int]bool{}}
	th.lines = strings.Split(strings.TrimSuffix(string(dump), "\n"), "\n")
	for _, n := range truth.Starts {
		th.starts[n] = true
	}
	for _, n := range truth.Quotes {
		th.quotes[n] = true
	}
	return th
}
