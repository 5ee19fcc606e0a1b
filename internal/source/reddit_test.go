package source

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

const redditTold = `
"The gap" https://www.reddit.com/r/slatestarcodex/comments/abc123/the_gap/ reddit:abc123
essay essay< by "The Author": The gap is never empty, whatever is said of it by those who fell in.
post t3_abc123< by "poster" 2025-06-11T09:00Z points 90:
comment t1_k1<t3_abc123 by "reader" 2025-06-11T12:00Z points 12: One doubt.
comment t1_k2<t1_k1 by "reader" 2025-06-11T12:00Z points 12: An answer.
comment t1_k9<t1_k1 by "late" 2025-06-11T12:00Z points 3: Shown when asked.
comment t1_kb<t1_k9 by "deep" 2025-06-11T12:00Z: Goes on.
comment t1_ka<t1_k1 by "":`

const redditMore = `{"json":{"errors":[],"data":{"things":[
	{"kind":"t1","data":{"id":"k9","name":"t1_k9","author":"late","body":"Shown when asked.","created_utc":1749643200.0,"score":3,"parent_id":"t1_k1","replies":""}},
	{"kind":"t1","data":{"id":"ka","name":"t1_ka","author":"[deleted]","body":"[removed]","body_html":"&lt;p&gt;[removed]&lt;/p&gt;","parent_id":"t1_k1","replies":""}},
	{"kind":"more","data":{"count":0,"id":"_","name":"t1__","parent_id":"t1_k9","children":[]}}]}}}`

const redditDeep = `[{"kind":"Listing","data":{"children":[]}},{"kind":"Listing","data":{"children":[{"kind":"t1","data":{"id":"k9","name":"t1_k9","author":"late","body":"Shown when asked.","created_utc":1749643200,"score":3,"parent_id":"t1_k1","replies":
	{"kind":"Listing","data":{"children":[{"kind":"t1","data":{"id":"kb","name":"t1_kb","author":"deep","body":"Goes on.","created_utc":1749643200,"score":1,"score_hidden":true,"parent_id":"t1_k9","replies":""}},
	{"kind":"more","data":{"count":0,"id":"_","parent_id":"t1_k9","children":[]}}]}}}}]}}]`

func redditHostOf(t *testing.T, thread, more, deep string) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		body := thread
		switch {
		case r.URL.Path == "/api/morechildren.json" && q.Get("link_id") == "t3_abc123" && q.Get("children") == "k9,ka":
			body = more
		case r.URL.Path == "/comments/abc123.json" && q.Get("comment") == "k9":
			body = deep
		case r.URL.Path != "/comments/abc123.json" || q.Get("comment") != "" || q.Get("raw_json") != "1":
			t.Errorf("asked for %s", r.URL)
		}
		if body == "429" {
			rw.WriteHeader(429)
			return
		}
		answer(rw, body)
	}
}

func TestAThreadOfReddit(t *testing.T) {
	w := newTown(t)
	w.page("author.example.com", gapPage)
	sample := sampleOf(t, "reddit.json", "sample")
	w.host("www.reddit.com", redditHostOf(t, sample, redditMore, redditDeep))
	for _, ref := range []string{
		"https://www.reddit.com/r/slatestarcodex/comments/abc123/the_gap/", "https://old.reddit.com/r/slatestarcodex/comments/abc123/the_gap/k1/?context=3",
		"https://redd.it/abc123", "https://reddit.com/comments/abc123.json",
	} {
		w.wants(ref, redditTold)
	}
	w.host("www.reddit.com", redditHostOf(t, sample, "429", redditDeep))
	f := w.fetch("https://redd.it/abc123")
	if len(f.Documents) != 4 || fmt.Sprint(f.Missing) != "[2 comments are, with what answers them, which Reddit shows only when asked, not in it: https://www.reddit.com/api/morechildren.json?… asks for fewer requests (429): import again later]" {
		t.Error(tell(f))
	}
	w.host("www.reddit.com", responds(403))
	if got := w.refused("https://redd.it/abc123"); !strings.HasPrefix(got, "without a login, Reddit does not answer this network (403)") {
		t.Error(got)
	}
	for _, body := range []string{`[]`, `[""]`, `[{"kind":"Listing","data":{"children":[{"kind":"t3","data":7}]}}]`} {
		w.host("www.reddit.com", redditHostOf(t, body, "", ""))
		if got := w.refused("https://redd.it/abc123"); got != "https://www.reddit.com/comments/abc123.json?… has no post in it: check the address" {
			t.Errorf("%s: %s", body, got)
		}
	}
}

// TestTenThousandCommentsOfReddit has a site that shows 500 and then names the
// others, a hundred of which may be asked for at once.
func TestTenThousandCommentsOfReddit(t *testing.T) {
	n, shown := many(), 500
	parent := func(i int) string {
		if i < 20 {
			return "t3_abc123"
		}
		return fmt.Sprintf("t1_%d", i/2)
	}
	comment := func(i int) string {
		return fmt.Sprintf(`{"kind":"t1","data":{"id":"%d","name":"t1_%d","author":"r","body":"Words.","created_utc":1749643200,"score":%d,"parent_id":"%s","replies":""}}`, i, i, i, parent(i))
	}
	var first, rest []string
	for i := range n {
		if i < shown {
			first = append(first, comment(i))
			continue
		}
		rest = append(rest, fmt.Sprintf(`"%d"`, i))
	}
	first = append(first, `{"kind":"more","data":{"parent_id":"t3_abc123","children":[`+strings.Join(rest, ",")+`]}}`)
	w := newTown(t)
	w.host("www.reddit.com", func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/morechildren.json" {
			answer(rw, `[{"data":{"children":[{"kind":"t3","data":{"id":"abc123","title":"T","is_self":true,"selftext":"Words."}}]}},{"data":{"children":[`+strings.Join(first, ",")+`]}}]`)
			return
		}
		names := strings.Split(r.URL.Query().Get("children"), ",")
		if len(names) > 100 {
			rw.WriteHeader(http.StatusRequestURITooLong)
			return
		}
		var things []string
		for _, name := range names {
			var i int
			fmt.Sscan(name, &i)
			things = append(things, comment(i))
		}
		answer(rw, `{"json":{"data":{"things":[`+strings.Join(things, ",")+`]}}}`)
	})
	wholeTree(t, w.fetch("https://www.reddit.com/r/x/comments/abc123/t/"), n, func(i int) string { return fmt.Sprintf("t1_%d", i) }, parent)
	w.counted(n)
}

// The words of a crosspost, and where it leads, are those of the post it shows.
func TestACrosspostOfReddit(t *testing.T) {
	thread := func(shown string) string {
		return `[{"data":{"children":[{"kind":"t3","data":{"id":"abc123","title":"T","author":"who shares","selftext":"","url":"/r/other/comments/x1/t/","crosspost_parent_list":[` + shown + `]}}]}},{"data":{"children":[]}}]`
	}
	w := newTown(t)
	w.page("author.example.com", gapPage)
	for shown, want := range map[string]string{
		`{"is_self":true,"author":"who wrote","selftext":"All *of* it.","selftext_html":"<p>All <em>of</em> it.</p>"}`: `post t3_abc123< by "who wrote": All of it.`,
		`{"is_self":false,"selftext":"","url":"https://author.example.com/post"}`: `essay essay< by "The Author": The gap is never empty, whatever is said of it by those who fell in.
post t3_abc123< by "who shares":`,
	} {
		w.host("www.reddit.com", redditHostOf(t, thread(shown), "", ""))
		w.wants("https://redd.it/abc123", `"T" https://www.reddit.com/comments/abc123/ reddit:abc123
`+want)
	}
}
