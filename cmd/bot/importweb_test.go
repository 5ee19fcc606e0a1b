package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"marginalia/internal/source"
)

// growing is a WordPress whose post gets comments while nobody looks.
type growing struct {
	comments []string
	broken   bool
	agent    string
}

func (g *growing) serve(rw http.ResponseWriter, r *http.Request) {
	g.agent = r.UserAgent()
	switch r.URL.Path {
	case "/wp-json/wp/v2/posts/60":
		fmt.Fprint(rw, `{"id":60,"title":{"rendered":"the gap"},"content":{"rendered":"<p>The gap is never empty.</p>"}}`)
	case "/wp-json/wp/v2/comments":
		if g.broken {
			rw.WriteHeader(http.StatusForbidden)
			return
		}
		fmt.Fprint(rw, "["+strings.Join(g.comments, ",")+"]")
	default:
		rw.Header().Set("Content-Type", "text/html")
		fmt.Fprint(rw, `<html><head><link rel="https://api.w.org/" href="/wp-json/"><link rel="alternate" type="application/json" href="/wp-json/wp/v2/posts/60"></head><body><p>The gap is never empty.</p></body></html>`)
	}
}

func TestImportFromTheWeb(t *testing.T) {
	site := &growing{broken: true}
	server := httptest.NewServer(http.HandlerFunc(site.serve))
	defer server.Close()
	database := filepath.Join(t.TempDir(), "bot.db")
	loopback := func(ip netip.Addr) bool { return ip.IsLoopback() }
	bot := func(allow func(netip.Addr) bool, args ...string) (out, errs string, err error) {
		var o, e bytes.Buffer
		a := &app{out: &o, errs: &e, allow: allow, database: database, environ: []string{"MARGINALIA_BOT_READER=https://read.example"}}
		root := a.root()
		root.SetArgs(append([]string{"import", server.URL + "/the-gap/", "--database", database}, args...))
		err = root.ExecuteContext(t.Context())
		return o.String(), e.String(), err
	}
	if _, _, err := bot(nil); err == nil || !strings.Contains(err.Error(), "only public addresses are fetched") {
		t.Fatalf("this machine was fetched from: %v", err)
	}
	comment := func(id, parent int) string {
		return fmt.Sprintf(`{"id":%d,"parent":%d,"author_name":"r","content":{"rendered":"<p>Words %d.</p>"}}`, id, parent, id)
	}
	for i, step := range []struct {
		do        func()
		out, errs string
	}{
		{func() {}, "documents: 1, passages: 1", "bot: warning: the comments are not in it: "},
		{func() { site.broken, site.comments = false, []string{comment(1, 0), comment(3, 2)} }, "what is new, documents: 2, passages: 2", "bot: warning: 1 comment answers what is not shown there\n"},
		{func() { site.comments = []string{comment(4, 1), comment(1, 0), comment(2, 0), comment(3, 2)} }, "what is new, documents: 2, passages: 2", ""},
		{func() {}, "nothing changed: the-gap-", ""},
	} {
		step.do()
		out, errs, err := bot(loopback)
		if err != nil || !strings.Contains(out, step.out) || !strings.HasPrefix(errs, step.errs) || (step.errs == "") != (errs == "") {
			t.Errorf("step %d: %v\n%s%s", i, err, out, errs)
		}
	}
	if !strings.HasPrefix(site.agent, "Marginalia/") || !strings.HasSuffix(site.agent, " (+https://read.example)") {
		t.Errorf("the site was asked by %q", site.agent)
	}
	site.comments = []string{comment(3, 2)}
	out, _, err := bot(loopback, "--json", "--dry-run")
	var printed struct{ Missing []string }
	if err != nil || json.Unmarshal([]byte(out), &printed) != nil || len(printed.Missing) != 1 {
		t.Errorf("%v\n%s", err, out)
	}
}

// A later import of a topic brings the likes that it got meanwhile.
func TestVotesComeWithALaterImport(t *testing.T) {
	likes := 3
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/t/7.json" {
			fmt.Fprintf(rw, `{"id":7,"title":"The gap","slug":"the-gap","post_stream":{"stream":[70],"posts":[{"id":70,"post_number":1,"post_type":1,"cooked":"<p>The gap is never empty.</p>","actions_summary":[{"id":2,"count":%d}]}]}}`, likes)
			return
		}
		fmt.Fprint(rw, `<html><head><meta name="generator" content="Discourse 3.5.0"></head><body>…</body></html>`)
	}))
	defer server.Close()
	database := filepath.Join(t.TempDir(), "bot.db")
	bot := func(args ...string) string {
		t.Helper()
		var out bytes.Buffer
		a := &app{out: &out, errs: &out, allow: func(ip netip.Addr) bool { return ip.IsLoopback() }, database: database}
		root := a.root()
		root.SetArgs(append(args, "--database", database))
		if err := root.ExecuteContext(t.Context()); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	for i, want := range []string{"imported the-gap-", "has the votes as they are now, documents: 1\n", "nothing changed: the-gap-"} {
		if out := bot("import", server.URL+"/t/the-gap/7"); !strings.Contains(out, want) {
			t.Errorf("import %d says %q, not %q", i, out, want)
		}
		likes = 5
	}
	if out := bot("export", "the-gap", "--format", "markdown"); !strings.Contains(out, "5 points") {
		t.Errorf("the export is\n%s", out)
	}
}

func TestTheBarIsForEyes(t *testing.T) {
	var out bytes.Buffer
	(&bar{out: &out}).show(source.Progress{What: "comments", Done: 1, Total: 2})
	if out.Len() > 0 {
		t.Errorf("where nobody looks it shows %q", &out)
	}
	b := &bar{out: &out, shown: true}
	b.show(source.Progress{What: "comments", Done: 1200, Total: 2400})
	b.show(source.Progress{What: "comments", Done: 7})
	b.end()
	want := "\r[============            ] comments: 1200 of 2400\rcomments: 7" + strings.Repeat(" ", 38) + "\r" + strings.Repeat(" ", 11)
	if got := out.String(); !strings.HasPrefix(got, want) || !strings.HasSuffix(got, "\r") {
		t.Errorf("%q", got)
	}
}

func TestAnswersAreKeptInAFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "kept")
	if _, ok := (answers{dir}).Answer("https://site.example/"); ok {
		t.Error("an answer was kept that never came")
	}
	want := source.Answer{ETag: `"v1"`, Modified: "m", Type: "text/html", URL: "https://site.example/x", Body: []byte("\x00\xffwords")}
	answers{dir}.Keep("https://site.example/", want)
	got, ok := answers{dir}.Answer("https://site.example/")
	if !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("kept is %+v", got)
	}
	if _, ok := (answers{dir}).Answer("https://site.example/other"); ok {
		t.Error("it is kept for another address")
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("%v in the folder, %v", files, err)
	}
	answers{filepath.Join(os.DevNull, "no")}.Keep("https://site.example/", want) // no loss
}
