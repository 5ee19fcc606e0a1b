package source

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"marginalia/test/require"
)

// An answer that something on the way cut short, though it says that it is
// whole, is asked for again.
func TestJSONThatIsCutShortIsAskedForAgain(t *testing.T) {
	w := newTown(t)
	whole := `{"id":1,"type":"story","title":"T","author":"a","text":"<p>Post.","children":[{"id":2,"author":"b","text":"<p>Words.","children":[]}]}`
	n := 0
	w.host("hn.algolia.com", func(rw http.ResponseWriter, _ *http.Request) {
		if n++; n < 3 {
			answer(rw, whole[:40*n])
			return
		}
		answer(rw, "\uFEFF"+whole)
	})
	if f := w.fetch("https://news.ycombinator.com/item?id=1"); len(f.Documents) != 2 || len(f.Missing) > 0 || fmt.Sprint(w.waited) != "[1s 2s]" {
		t.Errorf("%s\nafter waits of %v", tell(f), w.waited)
	}
}

// A page that wants to see a person, in place of what was asked for, is said
// in one sentence, and what came stays.
func TestAPageInPlaceOfComments(t *testing.T) {
	const wall = "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Enable JavaScript and cookies to continue</body></html>"
	const noJSON = " does not answer in JSON: the site may have changed, or asks for a login"
	page := func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "text/html; charset=UTF-8")
		fmt.Fprint(rw, wall)
	}
	w := newTown(t)
	sample := sampleOf(t, "reddit.json", "sample")
	w.page("author.example.com", gapPage)
	w.host("www.reddit.com", func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/morechildren.json" {
			page(rw, r)
			return
		}
		answer(rw, sample)
	})
	if f := w.fetch("https://redd.it/abc123"); len(f.Documents) != 4 || len(f.Missing) != 1 || !strings.HasSuffix(f.Missing[0], "https://www.reddit.com/api/morechildren.json?…"+noJSON) {
		t.Error(tell(f))
	}
	b := &blog{comments: []string{`{"id":1,"content":{"rendered":"x"}}`}}
	w.host("blog.example", func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/comments") || strings.HasSuffix(r.URL.Path, "/feed/") {
			page(rw, r)
			return
		}
		b.serve(rw, r)
	})
	if f := w.fetch("https://blog.example/2025/the-gap/"); len(f.Documents) != 1 || !strings.HasSuffix(f.Missing[0], "https://blog.example/wp-json/wp/v2/comments?…"+noJSON) {
		t.Error(tell(f))
	}
	w.host("forum.example", func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/talk/t/42.json" {
			page(rw, r)
			return
		}
		fmt.Fprint(rw, discoursePage)
	})
	if got := w.refused("https://forum.example/talk/t/x/42"); got != "https://forum.example/talk/t/42.json"+noJSON {
		t.Error(got)
	}
}

// A site that stays out of order is not asked a thousand times, and what came
// before it broke is kept.
func TestASiteThatBreaksDownIsLeftAlone(t *testing.T) {
	first := `{"id":1000,"post_number":1,"post_type":1,"username":"r","cooked":"<p>Words.</p>"}`
	var stream []string
	for i := range 10_001 {
		stream = append(stream, strconv.Itoa(1000+i))
	}
	w := newTown(t)
	w.host("forum.example", func(rw http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/t/42.json":
			answer(rw, `{"id":42,"title":"T","slug":"t","post_stream":{"posts":[`+first+`],"stream":[`+strings.Join(stream, ",")+`]}}`)
		case "/t/42/posts.json":
			rw.WriteHeader(http.StatusBadGateway)
		default:
			fmt.Fprint(rw, discoursePage)
		}
	})
	f := w.fetch("https://forum.example/t/x/42")
	const why = "10000 posts are not in it: https://forum.example/t/42/posts.json?… was not asked, because its site was out of order 5 times in a row: import again later"
	if len(f.Documents) != 1 || len(f.Missing) != 1 || f.Missing[0] != why || len(w.asked) > 2+5*4 {
		t.Errorf("asked %d times: %s", len(w.asked), tell(f))
	}
}

// Comments that come since are seen, though the page before them is as it was.
func TestANewPageBehindAnUnchangedOne(t *testing.T) {
	w := newTown(t)
	b := &blog{pages: true}
	for i := range 100 {
		b.comments = append(b.comments, fmt.Sprintf(`{"id":%d,"content":{"rendered":"<p>Words.</p>"}}`, i+1))
	}
	w.host("blog.example", func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("page") == "1" {
			rw.Header().Set("ETag", `"the first hundred"`)
			if r.Header.Get("If-None-Match") != "" {
				rw.WriteHeader(http.StatusNotModified)
				return
			}
		}
		b.serve(rw, r)
	})
	o := w.options()
	o.Web.Kept = memory{}
	for _, want := range []int{101, 102} {
		f, err := Fetch(t.Context(), "https://blog.example/2025/the-gap/", o)
		if err != nil || len(f.Documents) != want || len(f.Missing) > 0 {
			t.Fatalf("%d documents, not %d: %v, missing %q", len(f.Documents), want, err, f.Missing)
		}
		b.comments = append(b.comments, `{"id":101,"content":{"rendered":"<p>New.</p>"}}`)
	}
}

// A comment that is taken away while a list is read page by page moves another
// one to a page that was read already. That one is in it all the same.
func TestWhatMovesWhileAListIsReadIsNotLost(t *testing.T) {
	t.Run("wordpress", func(t *testing.T) {
		w := newTown(t)
		b := &blog{pages: true}
		for i := range 300 {
			b.comments = append(b.comments, fmt.Sprintf(`{"id":%d,"author_name":"r","content":{"rendered":"<p>Words.</p>"}}`, i+1))
		}
		gone := false
		w.host("blog.example", func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("page") == "2" && !gone {
				gone, b.comments = true, slices.Delete(b.comments, 10, 11)
			}
			rw.Header().Set("X-WP-Total", strconv.Itoa(len(b.comments)))
			b.serve(rw, r)
		})
		f := w.fetch("https://blog.example/2025/the-gap/")
		here := map[string]bool{}
		for _, d := range f.Documents {
			here[string(d.ID)] = true
		}
		if !here["101"] || !here["11"] || len(f.Documents) != 301 || len(f.Missing) > 0 {
			t.Errorf("%d documents, 101 is %v; missing %q", len(f.Documents), here["101"], f.Missing)
		}
	})
	t.Run("forum", func(t *testing.T) {
		w := newTown(t)
		m := &magnum{comments: crowd(1200), posts: map[string]map[string]any{"p": {"_id": "p", "title": "T", "slug": "t", "contents": map[string]any{"html": "<p>Post.</p>"}}}}
		gone := false
		m.fail = func(_ string, offset int) int {
			if offset > 0 && !gone {
				gone, m.comments = true, slices.Delete(m.comments, 10, 11)
			}
			return 0
		}
		w.host("www.lesswrong.com", m.serve)
		f := w.fetch("https://www.lesswrong.com/posts/p")
		if !strings.Contains(tell(f), "\ncomment c500<c250 ") || len(f.Documents) != 1201 || len(f.Missing) > 0 || len(w.asked) > 8 {
			t.Errorf("%d documents after %d requests, missing %q", len(f.Documents), len(w.asked), f.Missing)
		}
	})
	t.Run("forum, one that was not read", func(t *testing.T) {
		w := newTown(t)
		m := &magnum{comments: crowd(1200), posts: map[string]map[string]any{"p": {"_id": "p", "title": "T", "slug": "t", "contents": map[string]any{"html": "<p>Post.</p>"}}}}
		m.fail = func(_ string, offset int) int {
			if offset > 0 && len(m.comments) == 1200 {
				m.comments = m.comments[:1199]
			}
			return 0
		}
		w.host("www.lesswrong.com", m.serve)
		if f := w.fetch("https://www.lesswrong.com/posts/p"); len(f.Documents) != 1200 || len(f.Missing) > 0 {
			t.Errorf("%d documents, missing %q", len(f.Documents), f.Missing)
		}
	})
}

// What Reddit names and then does not show is said to be missing.
func TestCommentsThatRedditNamesAndDoesNotShow(t *testing.T) {
	w := newTown(t)
	w.page("author.example.com", gapPage)
	w.host("www.reddit.com", redditHostOf(t, sampleOf(t, "reddit.json", "sample"), `{"json":{"errors":[],"data":{"things":[]}}}`, ""))
	f := w.fetch("https://redd.it/abc123")
	if fmt.Sprint(f.Missing) != "[2 comments are not in it: Reddit names but does not show them]" {
		t.Error(tell(f))
	}
}

// Comments that answer each other in a ring, or themselves, are each in it once.
func TestRings(t *testing.T) {
	w := newTown(t)
	b := &blog{comments: []string{`{"id":1,"parent":3,"content":{"rendered":"a"}}`, `{"id":2,"parent":1,"content":{"rendered":"b"}}`, `{"id":3,"parent":2,"content":{"rendered":"c"}}`, `{"id":4,"parent":4,"content":{"rendered":"d"}}`}}
	w.host("blog.example", b.serve)
	post := func(n, answers int) string {
		return fmt.Sprintf(`{"id":%d,"post_number":%d,"post_type":1,"cooked":"<p>x</p>","reply_to_post_number":%d}`, 70+n, n, answers)
	}
	w.host("forum.example", (&board{topic: `{"id":42,"title":"T","slug":"t","post_stream":{"posts":[` + strings.Join([]string{post(1, 2), post(2, 4), post(3, 2), post(4, 3), post(5, 5)}, ",") + `],"stream":[71,72,73,74,75]}}`}).serve)
	c := func(name, parent, below string) string {
		return `{"kind":"t1","data":{"name":"t1_` + name + `","body":"x","parent_id":"t1_` + parent + `","replies":{"data":{"children":[` + below + `]}}}}`
	}
	w.host("www.reddit.com", func(rw http.ResponseWriter, _ *http.Request) {
		more := `{"kind":"more","data":{"parent_id":"t1_a","children":[]}}`
		answer(rw, `[{"data":{"children":[{"kind":"t3","data":{"id":"abc123","selftext":"x","is_self":true}}]}},{"data":{"children":[`+c("a", "b", c("b", "c", c("c", "a", more)))+`,`+c("d", "d", "")+`]}}]`)
	})
	w.host("hn.algolia.com", func(rw http.ResponseWriter, _ *http.Request) {
		answer(rw, `{"id":1,"type":"story","text":"x","children":[{"id":2,"text":"y","children":[{"id":3,"text":"z","children":[{"id":2,"text":"y"},{"id":1,"text":"x"},{"id":4,"text":"w"},{"id":4,"text":"w"}]}]}]}`)
	})
	w.host("feed.example", func(rw http.ResponseWriter, _ *http.Request) {
		entry := func(id, ref string) string {
			return `<entry><id>` + id + `</id><thr:in-reply-to ref="` + ref + `"/><content>x</content></entry>`
		}
		rw.Header().Set("Content-Type", "application/atom+xml")
		fmt.Fprint(rw, `<feed xmlns="http://www.w3.org/2005/Atom" xmlns:thr="http://purl.org/syndication/thread/1.0"><link rel="next" href="?again"/><entry><id>e</id><title>T</title><content>x</content></entry>`+
			entry("a", "c")+entry("b", "a")+entry("c", "b")+entry("d", "d")+`</feed>`)
	})
	for ref, want := range map[string]int{
		"https://blog.example/2025/the-gap/": 5, "https://forum.example/t/x/42": 5, "https://redd.it/abc123": 5,
		"https://news.ycombinator.com/item?id=1": 4, "https://feed.example/": 5,
	} {
		f := w.fetch(ref)
		tree(t, f)
		if len(f.Documents) != want {
			t.Errorf("%s has %d documents, not %d: %s", ref, len(f.Documents), want, tell(f))
		}
	}
}

// A chain of answers deeper than one answer in JSON can be is read item by item.
func TestAChainOfTenThousandAnswers(t *testing.T) {
	require.Long(t)
	const n = 10_000
	w := newTown(t)
	w.host("hn.algolia.com", func(rw http.ResponseWriter, _ *http.Request) {
		answer(rw, strings.Repeat(`{"id":1,"children":[`, n)+strings.Repeat(`]}`, n))
	})
	items := itemHost{}
	for i := range n + 1 {
		kind := "comment"
		if i == 0 {
			kind = "story"
		}
		items[i+1] = fmt.Sprintf(`{"id":%d,"time":1749643200,"type":"%s","by":"r","text":"Words.","kids":[%d]}`, i+1, kind, i+2)
	}
	items[n+1] = strings.Replace(items[n+1], fmt.Sprint("[", n+2, "]"), "[]", 1)
	w.host("hacker-news.firebaseio.com", items.serve)
	wholeTree(t, w.fetch("https://news.ycombinator.com/item?id=1"), n, func(i int) string { return strconv.Itoa(i + 2) }, func(i int) string { return strconv.Itoa(i + 1) })
}

// What was read of a feed before a page of it did not come is kept.
func TestAFeedThatBreaksOff(t *testing.T) {
	w := newTown(t)
	w.host("blog.example", func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("paged") == "3" {
			rw.WriteHeader(http.StatusBadGateway)
			return
		}
		(&blog{noRest: true, feed: commentsFeed(35)}).serve(rw, r)
	})
	f := w.fetch("https://blog.example/2025/the-gap/")
	const why = "comments behind the first 20 are not in it: https://blog.example/2025/the-gap/feed/?… is out of order (502): import again later"
	if len(f.Documents) != 21 || !slices.Contains(f.Missing, why) {
		t.Error(tell(f))
	}
}

// An answer of Hacker News that its item names and that is none is said so.
func TestAnItemThatHackerNewsDoesNotShow(t *testing.T) {
	w := newTown(t)
	w.host("hn.algolia.com", responds(404))
	w.host("hacker-news.firebaseio.com", itemHost{1: `{"id":1,"type":"story","title":"T","text":"x","kids":[2,3]}`, 3: `{"id":3,"text":"y"}`}.serve)
	if f := w.fetch("https://news.ycombinator.com/item?id=1"); len(f.Documents) != 2 || fmt.Sprint(f.Missing) != "[1 comment is, with what answers them, not in it: Hacker News names but does not show them]" {
		t.Error(tell(f))
	}
}
