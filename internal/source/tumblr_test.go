package source

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

const tumblrPage = `<html><head><title>author — the gap</title></head><body><article class="post text"><h2>the gap</h2><p>The gap is never empty.</p>
<ol class="notes"><li>reader liked this</li><li>other reblogged this from author</li></ol></article></body></html>`

// tumblrBlog is a Tumblr with one post; told is what it answers who asks for that.
func tumblrBlog(told string) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path != "/api/read/json":
			rw.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(rw, tumblrPage)
		case told == "" || r.URL.Query().Get("id") != "785000000000000001":
			http.NotFound(rw, r)
		default:
			rw.Header().Set("Content-Type", "text/javascript; charset=utf-8")
			fmt.Fprint(rw, "var tumblr_api_read = "+told+";\n")
		}
	}
}

const tumblrTold = `{"tumblelog":{"title":"A","name":"author"},"posts":[{"id":"785000000000000001","url":"https://author.tumblr.com/post/785000000000000001","url-with-slug":"https://author.tumblr.com/post/785000000000000001/the-gap",
"type":"regular","unix-timestamp":1749297600,"regular-title":"the gap","regular-body":"<p>The gap is <i>never</i> empty.<\/p><blockquote><p>See <a href=\"/about\">this</a>.<\/p><\/blockquote>"}]}`

// An essay on Tumblr comes as Tumblr tells it, by itself and where a post of a
// forum links to it, without the notes that its page shows.
func TestAnEssayOnTumblr(t *testing.T) {
	w := newTown(t)
	w.host("author.tumblr.com", tumblrBlog(tumblrTold))
	const essay = `essay essay< by "author" 2025-06-07T12:00Z: The gap is never empty. | See this.`
	for _, ref := range []string{"https://author.tumblr.com/post/785000000000000001/the-gap", "https://www.tumblr.com/author/785000000000000001/the-gap?source=share"} {
		w.wants(ref, `
"the gap" https://author.tumblr.com/post/785000000000000001/the-gap page:author.tumblr.com/post/785000000000000001
`+essay)
	}
	m := sampleForum(t)
	m.posts["aBcDeFgHiJkLmNoPq"]["url"] = "https://author.tumblr.com/post/785000000000000001"
	w.host("www.lesswrong.com", m.serve)
	f := w.fetch(gap)
	if line(f.Documents[0]) != essay || f.Documents[1].Kind != "post" || len(f.Documents) != 5 || len(f.Missing) > 0 {
		t.Error(tell(f))
	}
}

// Where Tumblr is in trouble its page, with the notes, is no essay: it may be
// told later, and a post of a forum that links to it comes without it.
func TestTumblrInTrouble(t *testing.T) {
	w := newTown(t)
	told := tumblrBlog(tumblrTold)
	w.host("author.tumblr.com", func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/read/json" {
			http.Error(rw, "later", http.StatusServiceUnavailable)
			return
		}
		told(rw, r)
	})
	if why := w.refused("https://author.tumblr.com/post/785000000000000001/the-gap"); !strings.Contains(why, "503") {
		t.Errorf("refused with %q", why)
	}
	m := sampleForum(t)
	m.posts["aBcDeFgHiJkLmNoPq"]["url"] = "https://author.tumblr.com/post/785000000000000001"
	w.host("www.lesswrong.com", m.serve)
	if f := w.fetch(gap); f.Documents[0].ID == essayID || len(f.Documents) != 4 || len(f.Missing) != 1 {
		t.Error(tell(f))
	}
}

// Where Tumblr does not tell the post, its page is read.
func TestAPageOfTumblr(t *testing.T) {
	for _, told := range []string{"", "{", `{"posts":[]}`, `{"posts":[{"type":"photo","photo-caption":"x"}]}`} {
		w := newTown(t)
		w.host("author.tumblr.com", tumblrBlog(told))
		f := w.fetch("https://author.tumblr.com/post/785000000000000001/the-gap")
		if !strings.Contains(f.Documents[0].Body.Text, "The gap is never empty.") || len(f.Missing) > 0 || f.Origin != "page:author.tumblr.com/post/785000000000000001" {
			t.Errorf("%q: %s", told, tell(f))
		}
	}
	for _, ref := range []string{"https://www.tumblr.com/about/x", "https://author.tumblr.com/archive/1", "https://author.tumblr.com.example/post/1", "https://tumblr.com/post/1"} {
		if isTumblr(ref) {
			t.Errorf("%s is taken for a post of Tumblr", ref)
		}
	}
}
