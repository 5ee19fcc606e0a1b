package source

import (
	"fmt"
	"net/http"
	"testing"
)

// What header, head and declaration say of how a text is written is wrong at
// times; the words come right.
func TestWrongEncodings(t *testing.T) {
	const latin, utf8 = "Un caf\xe9 no\xebl", "Un café noël"
	rss := func(declared, words string) string {
		return `<?xml version="1.0"` + declared + `?><rss version="2.0"><channel><item><title>T</title><link>https://site.example/1</link><content:encoded xmlns:content="http://purl.org/rss/1.0/modules/content/">` + words + `</content:encoded></item></channel></rss>`
	}
	for name, c := range map[string]struct{ kind, body, want string }{
		"a page that says UTF-8 and is none":             {"text/html; charset=utf-8", "<p>" + latin + "</p>", utf8},
		"a page whose head says so":                      {"text/html", "<meta charset=utf-8><p>" + latin + "</p>", utf8},
		"a page of UTF-8 that says otherwise":            {"text/html; charset=iso-8859-1", "<p>" + utf8 + "</p>", utf8},
		"a page of UTF-8 with one broken byte":           {"text/html; charset=utf-8", "<p>" + utf8 + ", \xe9</p>", utf8 + ", \uFFFD"},
		"a page in Shift JIS":                            {"text/html; charset=shift_jis", "<p>\x93\xfa\x96\x7b</p>", "日本"},
		"a page that names what is not known":            {"text/html; charset=klingon", "<p>" + utf8 + "</p>", utf8},
		"a page in UTF-16":                               {"text/html", "\xff\xfe<\x00p\x00>\x00\xe9\x00", "é"},
		"a text in Latin 1":                              {"text/plain; charset=iso-8859-1", latin, utf8},
		"a text that does not say":                       {"text/plain", latin, utf8},
		"a feed that declares Latin 1":                   {"application/rss+xml", rss(` encoding="ISO-8859-1"`, latin), utf8},
		"a feed whose header alone says it":              {"application/rss+xml; charset=iso-8859-1", rss("", latin), utf8},
		"a feed that declares nothing and is in Latin 1": {"application/rss+xml", rss("", latin), utf8},
		"a feed of UTF-8 that declares otherwise":        {"application/rss+xml", rss(` encoding="windows-1252"`, utf8), utf8},
		"a feed that declares what is not known":         {"application/rss+xml", rss(` encoding="klingon"`, utf8), utf8},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			w.host("site.example", func(rw http.ResponseWriter, _ *http.Request) {
				rw.Header().Set("Content-Type", c.kind)
				fmt.Fprint(rw, c.body)
			})
			if f := w.fetch("https://site.example/1"); f.Documents[0].Body.Text != c.want {
				t.Errorf("%q", f.Documents[0].Body.Text)
			}
		})
	}
}

// A feed that names places as they are read from its own is read as one that
// names them whole.
func TestAFeedOfRelativeAddresses(t *testing.T) {
	w := newTown(t)
	w.host("blog.example", func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "application/rss+xml")
		switch r.URL.Path {
		case "/blog/feed":
			fmt.Fprint(rw, `<rss version="2.0" xmlns:wfw="http://wellformedweb.org/CommentAPI/"><channel><link>/blog/</link><item><title>T</title><link>the-gap/</link>
<guid>post</guid><wfw:commentRss>comments.xml</wfw:commentRss></item></channel></rss>`)
		case "/blog/the-gap/":
			rw.Header().Set("Content-Type", "text/html")
			fmt.Fprint(rw, gapPage)
		case "/blog/the-gap/comments.xml":
			fmt.Fprint(rw, `<rss version="2.0" xmlns:thr="http://purl.org/syndication/thread/1.0"><channel>
<item><guid>c1</guid><link>/blog/the-gap/?c=1</link><description>See &lt;a href="/x"&gt;x&lt;/a&gt;.</description><thr:in-reply-to ref="post"/></item>
<item><guid>c2</guid><link>/blog/the-gap/?c=2</link><description>I did.</description><thr:in-reply-to ref="c1"/></item></channel></rss>`)
		default:
			t.Errorf("asked for %s", r.URL)
		}
	})
	w.wants("https://blog.example/blog/feed", `
"T" https://blog.example/blog/the-gap/ page:blog.example/blog/the-gap
essay essay< by "The Author": The gap is never empty, whatever is said of it by those who fell in.
comment c1<essay by "": See x.
comment c2<c1 by "": I did.`)
	c := w.fetch("https://blog.example/blog/feed").Documents[1]
	if c.URL != "https://blog.example/blog/the-gap/?c=1" || len(c.Body.Spans) != 1 || c.Body.Spans[0].Attr != "https://blog.example/x" {
		t.Errorf("%+v", c)
	}
}

func TestLinksAreMadeWhole(t *testing.T) {
	for src, want := range map[string]string{
		`<a href="/u/a">a</a> <a href="b.html">b</a>`:      `<a href="https://f.example/u/a">a</a> <a href="https://f.example/t/b.html">b</a>`,
		`<a class=x href='//cdn.example/i'>i</a>`:          `<a class="x" href="https://cdn.example/i">i</a>`,
		`<img src="../i.png" alt=i>`:                       `<img src="https://f.example/i.png" alt="i">`,
		`<a href="https://x.example/">x</a>`:               `<a href="https://x.example/">x</a>`,
		`<a href="/x" title="a>b">x</a>`:                   `<a href="/x" title="a>b">x</a>`,
		`<a href="#note">1</a> <a href="javascript:x">j`:   `<a href="#note">1</a> <a href="javascript:x">j`,
		`<p>words that say href="/x" but are no link.</p>`: `<p>words that say href="/x" but are no link.</p>`,
	} {
		if got := wholeLinks("https://f.example/t/1", src); got != want {
			t.Errorf("%s becomes\n%s\nand not\n%s", src, got, want)
		}
	}
}

// A short link to a forum brings the comments along, as the link itself does.
func TestAShortLinkLeadsToWhatAForumTells(t *testing.T) {
	w := newTown(t)
	m := sampleForum(t)
	w.host("www.lesswrong.com", func(rw http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			fmt.Fprint(rw, gapPage)
			return
		}
		m.serve(rw, r)
	})
	w.page("author.example.com", gapPage)
	w.host("short.example", func(rw http.ResponseWriter, r *http.Request) { http.Redirect(rw, r, gap, http.StatusFound) })
	w.wants("https://short.example/x", gapTold)
}

// What Hacker News links to on a forum comes with the forum's own words, author and votes.
func TestALinkToAForumsPost(t *testing.T) {
	w := newTown(t)
	m := sampleForum(t)
	m.without = "coauthors"
	w.host("www.lesswrong.com", m.serve)
	w.host("hn.algolia.com", func(rw http.ResponseWriter, _ *http.Request) {
		answer(rw, `{"id":1,"type":"story","title":"T","author":"poster","url":"`+gap+`","children":[]}`)
	})
	w.wants("https://news.ycombinator.com/item?id=1", `
"T" https://news.ycombinator.com/item?id=1 hackernews:1
essay essay< by "author" 2025-06-11T09:00Z points 120 votes 60: Several people asked for this, hence this linkpost. | ~40 words.
post 1< by "poster":`)
}
