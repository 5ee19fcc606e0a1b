package source

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

const blogPage = `<html><head><title>the gap – Blog</title><link rel="canonical" href="https://blog.example/2025/the-gap/">
<link rel="alternate" type="application/rss+xml" title="Blog » Comments Feed" href="https://blog.example/comments/feed/">
<link rel="alternate" type="application/rss+xml" title="Blog » the gap Comments Feed" href="https://blog.example/2025/the-gap/feed/">
<link rel="https://api.w.org/" href="https://blog.example/wp-json/"><link rel="alternate" title="JSON" type="application/json" href="https://blog.example/wp-json/wp/v2/posts/60">
</head><body><article><h1>the gap</h1><p>The gap is never empty.</p><p>It only seems so from above, says who fell.</p></article></body></html>`

// blog is a WordPress with one post.
type blog struct {
	comments []string // as JSON
	pages    bool     // whether it says how many there are
	refuse   int      // status of the REST routes of comments, or 0
	noRest   bool
	broken   int // page that is out of order
	feed     func(page int) string
}

func (b *blog) serve(rw http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	switch r.URL.Path {
	case "/wp-json/wp/v2/posts/60":
		if b.noRest {
			rw.WriteHeader(http.StatusUnauthorized)
			return
		}
		answer(rw, `{"id":60,"date_gmt":"2025-06-11T09:00:00","link":"https://blog.example/2025/the-gap/","title":{"rendered":"the gap &#8211; one"},"content":{"rendered":"<p>The gap is never empty.</p>","protected":false},"_embedded":{"author":[{"name":"author"}]}}`)
	case "/wp-json/wp/v2/comments":
		b.list(rw, q.Get("post"), q.Get("page"), q.Get("per_page"))
	case "/2025/the-gap/feed/":
		page, _ := strconv.Atoi(q.Get("paged"))
		body := b.feed(max(1, page))
		if body == "" {
			rw.WriteHeader(http.StatusNotFound)
			return
		}
		rw.Header().Set("Content-Type", "application/rss+xml")
		fmt.Fprint(rw, body)
	default:
		rw.Header().Set("Content-Type", "text/html")
		fmt.Fprint(rw, blogPage)
	}
}

func (b *blog) list(rw http.ResponseWriter, post, page, per string) {
	n, _ := strconv.Atoi(page)
	size, _ := strconv.Atoi(per)
	last := (len(b.comments) + size - 1) / size
	switch {
	case b.refuse != 0:
		rw.WriteHeader(b.refuse)
	case post != "60" || size > 100:
		rw.WriteHeader(http.StatusBadRequest)
	case n == b.broken:
		rw.WriteHeader(http.StatusInternalServerError)
	case n > max(1, last):
		rw.WriteHeader(http.StatusBadRequest)
		answer(rw, `{"code":"rest_post_invalid_page_number","message":"…","data":{"status":400}}`)
	default:
		if b.pages {
			rw.Header().Set("X-WP-TotalPages", strconv.Itoa(last))
		}
		answer(rw, "["+strings.Join(b.comments[(n-1)*size:min(n*size, len(b.comments))], ",")+"]")
	}
}

const blogTold = `
"the gap – one" https://blog.example/2025/the-gap/ page:blog.example/2025/the-gap
essay essay< by "author" 2025-06-11T09:00Z: The gap is never empty.
comment 124<essay by "Reader 124" 2025-06-11T12:00Z: One doubt.
comment 129<124 by "Reader 129" 2025-06-11T12:00Z: An answer.`

func TestAPostOfWordPress(t *testing.T) {
	w := newTown(t)
	sample := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(sampleOf(t, "wordpress.json", "sample")), "["), "]")
	b := &blog{comments: []string{sample}, pages: true}
	w.host("blog.example", b.serve)
	w.wants("https://blog.example/2025/the-gap/?utm=x", blogTold)
	b.comments = append(b.comments,
		`{"id":130,"parent":0,"type":"pingback","author_name":"Other","content":{"rendered":"x"}}`, `"nonsense"`,
		`{"id":131,"parent":7,"author_name":"O&#8217;Reader","date_gmt":"never","content":{"rendered":"<p>To a deleted one.</p>"}}`)
	w.wants("https://blog.example/2025/the-gap/", blogTold+`
comment 131< by "O’Reader": To a deleted one.
missing: comments that are not as expected are not in it
missing: 1 comment answers what is not shown there`)
}

func TestTenThousandCommentsOfWordPress(t *testing.T) {
	n := many()
	for _, pages := range []bool{true, false} {
		w := newTown(t)
		b := &blog{pages: pages}
		for i := range n {
			b.comments = append(b.comments, fmt.Sprintf(`{"id":%d,"parent":%d,"author_name":"r","date_gmt":"2025-06-11T12:00:00","type":"comment","content":{"rendered":"<p>Words.</p>"}}`, i+1, i/2))
		}
		w.host("blog.example", b.serve)
		wholeTree(t, w.fetch("https://blog.example/2025/the-gap/"), n, func(i int) string { return strconv.Itoa(i + 1) }, func(i int) string {
			if i/2 == 0 {
				return "essay"
			}
			return strconv.Itoa(i / 2)
		})
		b.broken, b.pages = 7, true
		f := w.fetch("https://blog.example/2025/the-gap/")
		if len(f.Documents) != 1+n-100 || !strings.Contains(f.Missing[0], "comments are not in it: https://blog.example/wp-json/wp/v2/comments?… is out of order (500)") {
			t.Errorf("%d documents, missing %q", len(f.Documents), f.Missing)
		}
	}
}

// commentsFeed is what a WordPress tells of its newest comments, ten a page.
func commentsFeed(n int) func(page int) string {
	return func(page int) string {
		var items []string
		for i := n - 10*(page-1); i > max(0, n-10*page); i-- {
			items = append(items, fmt.Sprintf(`<item><title>By: r</title><link>https://blog.example/2025/the-gap/#comment-%d</link><dc:creator>r</dc:creator><pubDate>Wed, 11 Jun 2025 12:%02d:%02d +0000</pubDate>
<guid isPermaLink="false">https://blog.example/?p=60#comment-%d</guid><description>cut</description><content:encoded><![CDATA[<p>Words %d.</p>]]></content:encoded></item>`, i, i/60, i%60, i, i))
		}
		if len(items) == 0 {
			return ""
		}
		return `<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Comments on: the gap</title><link>https://blog.example/2025/the-gap/</link>` + strings.Join(items, "") + `</channel></rss>`
	}
}

func TestAWordPressWithoutRestHasItsFeed(t *testing.T) {
	const noParents = "whom the comments answer is not in it: the feed does not say"
	for _, b := range []*blog{{noRest: true}, {refuse: 404}} {
		w := newTown(t)
		b.feed = commentsFeed(35)
		w.host("blog.example", b.serve)
		f := w.fetch("https://blog.example/2025/the-gap/")
		if len(f.Documents) != 36 || f.Origin != "page:blog.example/2025/the-gap" || f.Missing[len(f.Missing)-1] != noParents {
			t.Fatal(tell(f))
		}
		for i, d := range f.Documents[1:] {
			if want := fmt.Sprintf(`comment %d<essay by "r" 2025-06-11T12:00Z: Words %d.`, i+1, i+1); line(d) != want {
				t.Errorf("%s, not %s", line(d), want)
			}
		}
		b.feed = func(int) string { return "<rss><channel>" }
		if f := w.fetch("https://blog.example/2025/the-gap/"); len(f.Documents) != 1 || len(f.Missing) == 0 {
			t.Error(tell(f))
		}
	}
}

func TestAProtectedPostIsNotItsPasswordForm(t *testing.T) {
	w := newTown(t)
	protected := `"content":{"rendered":"","protected":true}`
	w.host("blog.example", func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/wp-json/wp/v2/posts/60" {
			answer(rw, `{"id":60,"link":"https://blog.example/2025/the-gap/","title":{"rendered":"Protected: the gap"},`+protected+`}`)
			return
		}
		rw.Header().Set("Content-Type", "text/html")
		fmt.Fprint(rw, strings.Replace(blogPage, "<p>", "<p>This content is password protected. ", 1))
	})
	if got := w.refused("https://blog.example/2025/the-gap/"); got != "https://blog.example/2025/the-gap/ is protected by a password: it cannot be imported" {
		t.Error(got)
	}
}

func TestAWordPressReadAsAnyPageSaysWhy(t *testing.T) {
	w := newTown(t)
	b := &blog{noRest: true, feed: commentsFeed(1)}
	w.host("blog.example", b.serve)
	const why = "it was read as any page is, and what only the site's own answer tells is not in it: https://blog.example/wp-json/wp/v2/posts/60?… is not shown to us (401): save the page as a file and import that"
	if f := w.fetch("https://blog.example/2025/the-gap/"); len(f.Documents) != 2 || len(f.Missing) == 0 || f.Missing[0] != why {
		t.Error(tell(f))
	}
}
