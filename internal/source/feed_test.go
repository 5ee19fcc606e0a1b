package source

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"marginalia/internal/discussion"
)

func TestAnAtomFeedWithThreads(t *testing.T) {
	w := newTown(t)
	first := sampleOf(t, "atom-rfc4685.json", "xml")
	second := `<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xmlns:thr="http://purl.org/syndication/thread/1.0"><id>x</id><title>2</title>
<link rel="next" href="/the-gap/comments.atom"/>
<entry><id>tag:blog.example,2025:comment-140</id><updated>2025-06-11T13:00:00Z</updated><author><name>Third</name></author><thr:in-reply-to ref="tag:blog.example,2025:comment-129"/><content type="html">&lt;blockquote&gt;Why?&lt;/blockquote&gt;&lt;p&gt;Because.&lt;/p&gt;</content></entry>
<entry><id>tag:blog.example,2025:comment-141</id><updated>2025-06-11T13:01:00Z</updated><author><name>Lost</name></author><thr:in-reply-to ref="tag:blog.example,2025:comment-9"/><content type="html">To what is gone.</content></entry></feed>`
	w.host("blog.example", func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "application/atom+xml")
		if r.URL.RawQuery == "page=2" {
			fmt.Fprint(rw, second)
			return
		}
		fmt.Fprint(rw, first)
	})
	w.wants("https://blog.example/the-gap/comments.atom", `
"the gap" https://blog.example/the-gap page:blog.example/the-gap
essay essay< by "author" 2025-06-11T09:00Z: The gap is never empty.
comment tag:blog.example,2025:comment-124<essay by "Reader" 2025-06-11T12:00Z: I doubt this step.
comment tag:blog.example,2025:comment-129<tag:blog.example,2025:comment-124 by "Other" 2025-06-11T12:05Z: Why?
comment tag:blog.example,2025:comment-140<tag:blog.example,2025:comment-129 by "Third" 2025-06-11T13:00Z: Why? | Because.
comment tag:blog.example,2025:comment-141< by "Lost" 2025-06-11T13:01Z: To what is gone.
missing: 1 comment answers what is not shown there`)
}

func TestAnRSSFeedNamesItsComments(t *testing.T) {
	w := newTown(t)
	post, comments := sampleOf(t, "rss-wfw-slash.json", "xml_post_feed"), sampleOf(t, "rss-wfw-slash.json", "xml_comment_feed")
	w.host("blog.example", func(rw http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/the-gap/feed/":
			rw.Header().Set("Content-Type", "text/xml; charset=UTF-8")
			fmt.Fprint(rw, comments)
		case "/the-gap/":
			fmt.Fprint(rw, gapPage)
		default:
			rw.Header().Set("Content-Type", "application/rss+xml")
			fmt.Fprint(rw, post)
		}
	})
	const comment = `comment 124<essay by "Reader" 2025-06-11T12:00Z: I doubt this step.`
	w.wants("https://blog.example/feed/", `
"the gap" https://blog.example/the-gap/ page:blog.example/the-gap
essay essay< by "author" 2025-06-11T09:00Z: The gap is never empty.
`+comment+`
missing: 1 of 2 comments are not in it: the feed does not hold them`)
	w.wants("https://blog.example/the-gap/feed/", `
"the gap" https://blog.example/the-gap/ page:blog.example/the-gap
essay essay< by "The Author": The gap is never empty, whatever is said of it by those who fell in.
`+comment)
}

func TestBadFeeds(t *testing.T) {
	item := `<item><title>One</title><link>https://blog.example/1</link><description>Words.</description></item>`
	for _, c := range []struct{ body, want string }{
		{"<rss version='2.0'><channel><title>B</title></channel></rss>", "https://blog.example/feed is an empty feed: there is nothing to import"},
		{"<rss version='2.0'><channel>" + item + item + item + "</channel></rss>", "https://blog.example/feed is a feed of 3 texts: name the address of one of them"},
		{"<rss version='2.0'><channel><item><link>#comment-1</link><description>Words.</description></item></channel></rss>", "https://blog.example/feed holds comments and does not say on what: name the page that they are about"},
		{"<rss version='2.0'><channel><item>", "https://blog.example/feed is no feed that can be read: name the page that it is about"},
		{"", "https://blog.example/feed is no feed that can be read: name the page that it is about"},
		{strings.Repeat("<a>", 100_000), "https://blog.example/feed is no feed that can be read: name the page that it is about"},
		{`<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><rss version="2.0"><channel><item><title>&b;</title></item>`, "https://blog.example/feed is no feed that can be read: name the page that it is about"},
	} {
		w := newTown(t)
		w.host("blog.example", func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Type", "application/rss+xml")
			fmt.Fprint(rw, c.body)
		})
		if got := w.refused("https://blog.example/feed"); got != c.want {
			t.Errorf("%.60s gives\n%s\nand not\n%s", c.body, got, c.want)
		}
	}
}

func TestTenThousandCommentsOfAFeed(t *testing.T) {
	n, perPage := many(), 100
	w := newTown(t)
	w.host("blog.example", func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "application/atom+xml")
		page := 0
		fmt.Sscanf(r.URL.RawQuery, "page=%d", &page)
		fmt.Fprint(rw, `<feed xmlns="http://www.w3.org/2005/Atom" xmlns:thr="http://purl.org/syndication/thread/1.0">`)
		if page == 0 {
			fmt.Fprint(rw, `<entry><id>post</id><title>T</title><link rel="alternate" href="https://blog.example/t"/><content type="html">Words.</content></entry>`)
		}
		for i := page * perPage; i < (page+1)*perPage; i++ {
			ref := "post"
			if i/2 > 0 {
				ref = fmt.Sprint("c", i/2)
			}
			fmt.Fprintf(rw, `<entry><id>c%d</id><updated>2025-06-11T12:00:00Z</updated><author><name>r</name></author><thr:in-reply-to ref="%s"/><content type="html">Words.</content></entry>`, i+1, ref)
		}
		if (page+1)*perPage < n {
			fmt.Fprintf(rw, `<link rel="next" href="?page=%d"/>`, page+1)
		}
		fmt.Fprint(rw, `</feed>`)
	})
	wholeTree(t, w.fetch("https://blog.example/feed"), n, func(i int) string { return fmt.Sprint("c", i+1) }, func(i int) string {
		if i/2 == 0 {
			return "essay"
		}
		return fmt.Sprint("c", i/2)
	})
}

// What is left out comes with a later import, and what was there stays what it
// was: it is known by its ID, and a known document is never changed.
func TestAnEssayThatDidNotComeMayComeLater(t *testing.T) {
	w := newTown(t)
	state := http.StatusServiceUnavailable
	comments := sampleOf(t, "rss-wfw-slash.json", "xml_comment_feed")
	w.host("blog.example", func(rw http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/the-gap/feed/":
			rw.Header().Set("Content-Type", "text/xml; charset=UTF-8")
			fmt.Fprint(rw, comments)
		case r.URL.Path == "/cut/feed/":
			rw.Header().Set("Content-Type", "application/rss+xml")
			fmt.Fprint(rw, `<rss version="2.0"><channel><item><title>Cut</title><link>https://blog.example/cut/</link><description>The gap is …</description></item>
<item><link>https://blog.example/cut/#comment-9</link><description>Go on!</description></item></channel></rss>`)
		case state != http.StatusOK:
			rw.WriteHeader(state)
		default:
			fmt.Fprint(rw, gapPage)
		}
	})
	w.wants("https://blog.example/the-gap/feed/", `
"the gap" https://blog.example/the-gap/ page:blog.example/the-gap
comment 124<essay by "Reader" 2025-06-11T12:00Z: I doubt this step.
missing: the essay is not in it: https://blog.example/the-gap/ is out of order (503): import again later`)
	w.wants("https://blog.example/cut/feed/", `
"Cut" https://blog.example/cut/ page:blog.example/cut
comment 9<essay by "": Go on!
missing: the essay is not in it: https://blog.example/cut/ is out of order (503): import again later`)
	before := w.fetch("https://blog.example/the-gap/feed/").Discussion(discussion.CutOptions{})
	state = http.StatusForbidden
	w.wants("https://blog.example/cut/feed/", `
"Cut" https://blog.example/cut/ page:blog.example/cut
essay essay< by "": The gap is …
comment 9<essay by "": Go on!
missing: the essay is in it as its feed cuts it, and no later import changes that: https://blog.example/cut/ is not shown to us (403): save the page as a file and import that`)
	state = http.StatusOK
	after := w.fetch("https://blog.example/the-gap/feed/").Discussion(discussion.CutOptions{})
	if before.ID != after.ID || before.Documents[0].ID != after.Documents[1].ID || before.Documents[0].Parent != "" || after.Documents[1].Parent != after.Documents[0].ID {
		t.Errorf("it was\n%+v\nand is\n%+v", before.Documents, after.Documents)
	}
}
