package source

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"marginalia/test/require"
)

func TestAnArticle(t *testing.T) {
	w := newTown(t)
	long := strings.Repeat("The keeper climbed the stairs again, as on every evening. ", 12)
	w.page("site.example", `<html><head><title>On Lamps – The Site</title><meta name="author" content="Ada Keeper"><meta property="article:published_time" content="2025-06-07T10:00:00Z">
<link rel="canonical" href="https://site.example/lamps"></head><body><nav><a href="/">Home</a></nav><div class="sidebar"><p>Subscribe now</p></div>
<div id="content"><h1>On Lamps</h1><p>`+long+`</p><h2>Oil</h2><p>`+long+`</p><blockquote><p>A lamp is a promise.</p></blockquote><ul><li>wick</li><li>glass</li></ul><p>`+long+`</p></div>
<footer><p>All rights reserved by nobody in particular</p></footer></body></html>`)
	f := w.fetch("http://site.example/lamps?utm_source=x#top")
	d := f.Documents[0]
	if f.Title != "On Lamps" && f.Title != "On Lamps – The Site" || d.Author != "Ada Keeper" || d.Posted.Format("2006-01-02") != "2025-06-07" || f.URL != "https://site.example/lamps" || f.Origin != "page:site.example/lamps" {
		t.Errorf("%s", tell(f))
	}
	for _, s := range []string{"Subscribe", "rights reserved", "Home"} {
		if strings.Contains(d.Body.Text, s) {
			t.Errorf("%q is in %q", s, d.Body.Text)
		}
	}
	kinds := blocks(d.Body)
	for _, s := range []string{`heading "Oil"`, `list "wick"`, `"A lamp is a promise."`, "climbed the stairs"} {
		if !strings.Contains(kinds, s) {
			t.Errorf("%q is not in\n%s", s, kinds)
		}
	}
}

func TestAPageInAnotherEncoding(t *testing.T) {
	w := newTown(t)
	w.host("site.example", func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "text/html; charset=windows-1252")
		fmt.Fprint(rw, "<html><body><p>Un caf\xe9, \x93deux\x94.</p></body></html>")
	})
	if f := w.fetch("https://site.example/"); f.Documents[0].Body.Text != "Un café, “deux”." {
		t.Errorf("%q", f.Documents[0].Body.Text)
	}
}

func TestTextsOnTheWeb(t *testing.T) {
	w := newTown(t)
	w.host("site.example", func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprint(rw, "# A *title*\n\nWords of it.\n")
	})
	w.wants("https://site.example/essay.md", `
"A title" https://site.example/essay.md 
essay < by "": A title | Words of it.`)
	w.wants("https://site.example/notes.txt", `
"notes" https://site.example/notes.txt 
essay < by "": # A *title* | Words of it.`)
}

// TestATangledPage has what is no page at all end soon, whatever is in it.
func TestATangledPage(t *testing.T) {
	require.Long(t)
	for name, body := range map[string]string{
		"nested": strings.Repeat("<div>", 400) + "words",
		"wide":   strings.Repeat("<p>w</p>", 100_000),
		"links":  strings.Repeat("<link rel=alternate type=application/rss+xml href=/x>", 50_000) + "words",
		"tables": strings.Repeat("<table><tr><td>", 90) + "words",
	} {
		w := newTown(t)
		w.page("site.example", "<html><body>"+body)
		if f := w.fetch("https://site.example/"); f.Documents[0].Body.Empty() {
			t.Errorf("%s: nothing was found", name)
		}
	}
	w := newTown(t)
	w.page("site.example", strings.Repeat("<div>", 100_000)+"words")
	if got := w.refused("https://site.example/"); !strings.HasPrefix(got, "https://site.example/ is no HTML that can be read (") {
		t.Error(got)
	}
}

// A theme that gives all its pages one canonical address does not make one text
// of them; one that only takes a campaign's name off still names the page.
func TestPagesWithOneCanonicalAddressAreSeveral(t *testing.T) {
	w := newTown(t)
	w.page("site.example", strings.Replace(gapPage, "<head>", `<head><link rel="canonical" href="https://site.example/essays/first">`, 1))
	for ref, want := range map[string]string{
		"https://site.example/essays/first":       "page:site.example/essays/first",
		"https://site.example/essays/first?utm=x": "page:site.example/essays/first",
		"https://site.example/essays/second#top":  "page:site.example/essays/second",
		"https://site.example/?p=3":               "page:site.example/?p=3",
	} {
		if f := w.fetch(ref); f.Origin != want || f.URL != "https://site.example/essays/first" {
			t.Errorf("%s is named %s, shown as %s", ref, f.Origin, f.URL)
		}
	}
}

// What a redirect puts behind an address may be a key. It is shown to nobody,
// and the page is named by what was asked.
func TestAKeyInAnAddressIsNotPublished(t *testing.T) {
	w := newTown(t)
	w.host("site.example", func(rw http.ResponseWriter, r *http.Request) {
		page := gapPage
		switch {
		case r.URL.RawQuery == "":
			http.Redirect(rw, r, r.URL.Path+".there?token=s3cret", http.StatusFound)
			return
		case strings.HasPrefix(r.URL.Path, "/echo"):
			page = strings.Replace(page, "<head>", `<head><meta property="og:url" content="/echo.there?token=s3cret">`, 1)
		case strings.HasPrefix(r.URL.Path, "/text"):
			rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
		}
		fmt.Fprint(rw, page)
	})
	for ref, want := range map[string]string{
		"https://site.example/page":             "https://site.example/page.there page:site.example/page",
		"https://site.example/echo":             "https://site.example/echo.there page:site.example/echo",
		"https://site.example/text.txt":         "https://site.example/text.txt ",
		"https://site.example/text.txt?sig=s3c": "https://site.example/text.txt ",
		"https://site.example/page?id=7":        "https://site.example/page?id=7 page:site.example/page?id=7",
	} {
		if f := w.fetch(ref); f.URL+" "+f.Origin != want {
			t.Errorf("%s is shown as %s and named %s", ref, f.URL, f.Origin)
		}
	}
}

// A text is not found by an address that is longer than any index holds, whoever
// gives it: who asks, the page itself, or where it leads.
func TestALongAddressNamesNoText(t *testing.T) {
	long := "https://site.example/" + strings.Repeat("a", LongestAddress)
	w := newTown(t)
	if got := w.refused(long); !strings.HasPrefix(got, "an address of more than 2000 bytes is not imported: ") || len(w.asked) > 0 {
		t.Errorf("%q, asked were %q", got, w.asked)
	}
	page := strings.Replace(gapPage, "<head>", `<head><link rel="canonical" href="`+long+`">`, 1)
	w.host("site.example", func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/away" {
			http.Redirect(rw, r, long, http.StatusFound)
			return
		}
		fmt.Fprint(rw, page)
	})
	if f := w.fetch("https://site.example/essay"); f.URL != "https://site.example/essay" || f.Origin != "page:site.example/essay" {
		t.Errorf("it is called %q, %q", f.URL, f.Origin)
	}
	if got := w.refused("https://site.example/away"); !strings.HasPrefix(got, "https://site.example/away leads elsewhere: an address of more than") {
		t.Error(got)
	}
}
