package source

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"marginalia/internal/discussion"
)

// many comments are more than any site tells at once, fewer in a short run.
func many() int {
	if testing.Short() {
		return 1_000
	}
	return 10_000
}

// A town is the web as a test knows it: hosts on one server of this machine.
type town struct {
	t      testing.TB
	server *httptest.Server
	mu     sync.Mutex
	hosts  map[string]http.HandlerFunc
	asked  []string // addresses, in order
	waited []time.Duration
	told   []Progress
}

func newTown(t testing.TB) *town {
	w := &town{t: t, hosts: map[string]http.HandlerFunc{}}
	w.server = httptest.NewServer(http.HandlerFunc(w.serve))
	t.Cleanup(w.server.Close)
	return w
}

func (w *town) serve(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	w.asked = append(w.asked, r.Host+r.URL.RequestURI())
	h := w.hosts[r.Host]
	w.mu.Unlock()
	if h == nil {
		w.t.Errorf("%s was asked for, which is not in town", r.Host)
		http.NotFound(rw, r)
		return
	}
	h(rw, r)
}

func (w *town) host(name string, h http.HandlerFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hosts[name] = h
}

// page makes a host of one page.
func (w *town) page(host, content string) {
	w.host(host, func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(rw, content)
	})
}

// RoundTrip takes every request to the town's server.
func (w *town) RoundTrip(r *http.Request) (*http.Response, error) {
	at, err := url.Parse(w.server.URL)
	if err != nil {
		return nil, err
	}
	there := r.Clone(r.Context())
	there.Host, there.URL.Scheme, there.URL.Host = r.URL.Host, "http", at.Host
	resp, err := http.DefaultTransport.RoundTrip(there)
	if err == nil {
		resp.Request = r
	}
	return resp, err
}

// options has the town for the web, and no time.
func (w *town) options() Options {
	return Options{Web: Web{transport: w, Progress: func(p Progress) { w.told = append(w.told, p) }, pause: func(_ context.Context, d time.Duration) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.waited = append(w.waited, d)
		return nil
	}}}
}

func (w *town) fetch(ref string) Fetched {
	w.t.Helper()
	f, err := Fetch(w.t.Context(), ref, w.options())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, d := range f.Documents {
		if err := d.Body.Check(); err != nil {
			w.t.Errorf("%s: %v", d.ID, err)
		}
	}
	return f
}

// refused is the sentence with which an import of ref ends.
func (w *town) refused(ref string) string {
	w.t.Helper()
	f, err := Fetch(w.t.Context(), ref, w.options())
	if err == nil {
		w.t.Fatalf("%s was imported: %+v", ref, f)
	}
	if strings.Contains(err.Error(), "\n") {
		w.t.Errorf("the error has more than one line: %v", err)
	}
	return err.Error()
}

// line is a document as one line: what, whom it answers, who, when, the score, the words.
func line(d discussion.Document) string {
	score := ""
	for i, n := range []*int{d.Score.Points, d.Score.Votes, d.Score.Agreement} {
		if n != nil {
			score += fmt.Sprintf(" %s%d", []string{"points ", "votes ", "agreement "}[i], *n)
		}
	}
	posted := ""
	if !d.Posted.IsZero() {
		posted = " " + d.Posted.Format("2006-01-02T15:04Z07:00")
	}
	return strings.TrimRight(fmt.Sprintf("%s %s<%s by %q%s%s: %s", d.Kind, d.ID, d.Parent, d.Author, posted, score, strings.ReplaceAll(d.Body.Text, "\n\n", " | ")), " ")
}

func tell(f Fetched) string {
	lines := []string{fmt.Sprintf("%q %s %s", f.Title, f.URL, f.Origin)}
	for _, d := range f.Documents {
		lines = append(lines, line(d))
	}
	for _, m := range f.Missing {
		lines = append(lines, "missing: "+m)
	}
	return strings.Join(lines, "\n")
}

func (w *town) wants(ref, want string) {
	w.t.Helper()
	if got := tell(w.fetch(ref)); got != strings.TrimSpace(want) {
		w.t.Errorf("%s is\n%s\nand not\n%s", ref, got, strings.TrimSpace(want))
	}
}

func answer(rw http.ResponseWriter, v any) {
	rw.Header().Set("Content-Type", "application/json")
	if s, ok := v.(string); ok {
		fmt.Fprint(rw, s)
		return
	}
	_ = json.NewEncoder(rw).Encode(v)
}

// counted checks that who looked on saw the last import come in, up to n.
func (w *town) counted(n int) {
	w.t.Helper()
	for i, p := range w.told {
		if p.Total != 0 && p.Done > p.Total || i > 0 && p.Done < w.told[i-1].Done {
			w.t.Fatalf("after %+v it is %+v", w.told[max(0, i-1)], p)
		}
	}
	if len(w.told) == 0 || w.told[len(w.told)-1].Done != n {
		w.t.Errorf("%d steps, the last one not %d", len(w.told), n)
	}
	w.told = nil
}

// wholeTree checks that all n comments came, each once and under its parent, which
// parent tells; and that a comment never stands before what it answers.
func wholeTree(t testing.TB, f Fetched, n int, id func(i int) string, parent func(i int) string) {
	t.Helper()
	if len(f.Missing) > 0 {
		t.Errorf("missing: %q", f.Missing)
	}
	want := map[string]string{}
	for i := range n {
		want[id(i)] = parent(i)
	}
	stands := map[discussion.DocumentID]bool{}
	count := 0
	for _, d := range f.Documents {
		if d.Kind == discussion.Comment {
			count++
			if p, ok := want[string(d.ID)]; !ok || p != string(d.Parent) {
				t.Fatalf("%s answers %q, not %q", d.ID, d.Parent, p)
			}
			if !stands[d.Parent] {
				t.Fatalf("%s stands before %s, which it answers", d.ID, d.Parent)
			}
			if d.Author == "" || d.Posted.IsZero() || d.Body.Empty() {
				t.Fatalf("%s is not whole: %s", d.ID, line(d))
			}
		}
		if stands[d.ID] {
			t.Fatalf("%s came twice", d.ID)
		}
		stands[d.ID] = true
	}
	if count != n {
		t.Errorf("%d comments, not %d", count, n)
	}
}
