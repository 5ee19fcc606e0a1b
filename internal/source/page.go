package source

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"marginalia/internal/discussion"
)

// IsAddress reports whether ref is an address on the web, not a file.
func IsAddress(ref string) bool {
	ref = strings.ToLower(ref)
	return strings.HasPrefix(ref, "http://") || strings.HasPrefix(ref, "https://")
}

// LongestAddress is how many bytes an address has at most: texts are found by it.
const LongestAddress = 2000

var errLong = fmt.Errorf("an address of more than %d bytes is not imported: name a shorter one of the same text, or copy its words into a file", LongestAddress)

// bare is u without what is behind its path.
func bare(u url.URL) *url.URL {
	u.RawQuery, u.ForceQuery, u.Fragment, u.RawFragment = "", false, "", ""
	return &u
}

// A page is what an address answered, as HTML.
type page struct {
	asked   *url.URL // by us
	address *url.URL // where redirects ended
	root    *html.Node
	links   []link // of its head, and of the header Link
}

// link is a <link>, its address made whole.
type link struct{ rel, kind, title, href string }

// fetchPage looks at what stands at an address: a feed, a page of a site that
// tells its comments, a text, or an article.
func fetchPage(ctx context.Context, ref string, o Options) (Fetched, error) {
	v := newVisit(o)
	most := v.fetcher.body
	v.fetcher.body = min(most, max(o.MaxBytes, defaultMaxBytes))
	a, err := v.get(ctx, ref)
	if err != nil {
		return Fetched{}, err
	}
	v.fetcher.body = most
	if len(a.URL) > LongestAddress {
		return Fetched{}, fmt.Errorf("%s leads elsewhere: %w", shown(ref), errLong)
	}
	there := a.URL // a short link may lead to what a source of its own tells
	switch {
	case isForum(there):
		return fetchForum(ctx, there, o)
	case isHackerNews(there):
		return fetchHackerNews(ctx, there, o)
	case isReddit(there):
		return fetchReddit(ctx, there, o)
	}
	switch kindOf(a) {
	case "feed":
		err = v.feed(ctx, a)
	case "page":
		err = v.site(ctx, ref, a)
	case "markdown":
		return textAt(ctx, ref, a, o, fetchMarkdown)
	case "text":
		return textAt(ctx, ref, a, o, fetchText)
	default:
		err = fmt.Errorf("%s is no page but %s: import a page, a feed or a text", shown(ref), cmp.Or(mediaType(a.Type), "of no kind"))
	}
	if err != nil {
		return Fetched{}, err
	}
	return v.end(ctx)
}

func mediaType(header string) string {
	kind, _, err := mime.ParseMediaType(header)
	if err != nil {
		return ""
	}
	return kind
}

// kindOf tells what an answer is by its type, and by how it begins where the
// type says little.
func kindOf(a Answer) string {
	kind := mediaType(a.Type)
	start := strings.ToLower(string(bytes.TrimSpace(a.Body[:min(len(a.Body), 1024)])))
	xml := strings.HasPrefix(start, "<?xml") || strings.HasPrefix(start, "<rss") || strings.HasPrefix(start, "<feed")
	switch {
	case kind == "application/rss+xml" || kind == "application/atom+xml" || kind == "application/feed+json":
		return "feed"
	case xml && (strings.Contains(start, "<rss") || strings.Contains(start, "<feed") || strings.Contains(start, "<rdf:rdf")):
		return "feed"
	case kind == "text/html" || kind == "application/xhtml+xml":
		return "page"
	case kind == "text/markdown" || kind == "text/plain" && strings.HasSuffix(strings.ToLower(a.URL), ".md"):
		return "markdown"
	case kind == "text/plain":
		return "text"
	case kind == "" && strings.HasPrefix(http.DetectContentType(a.Body), "text/html"):
		return "page"
	}
	return ""
}

// textAt reads a text as it would be read from a file of its name: it is what
// its words are, and does not grow. It is shown under the address ref that was
// asked, without its query, which may hold a key.
func textAt(ctx context.Context, ref string, a Answer, o Options, read func(context.Context, string, Options) (Fetched, error)) (Fetched, error) {
	body, err := inUTF8(a)
	if err != nil {
		return Fetched{}, err
	}
	o.Stdin = bytes.NewReader(body)
	f, err := read(ctx, Stdin, o)
	if err != nil {
		return f, fmt.Errorf("%s: %w", shown(a.URL), err)
	}
	if u := addressOf(ref); u != nil {
		f.URL = bare(*u).String()
	}
	if f.Title == titleOf(Stdin) {
		f.Title = titleOf(path.Base(shown(a.URL)))
	}
	return f, nil
}

// openPage reads a's HTML in whatever way it is encoded. ref was asked for it.
func openPage(ref string, a Answer) (*page, error) {
	asked, err := url.Parse(ref)
	if err != nil {
		return nil, err
	}
	at, err := url.Parse(a.URL)
	if err != nil {
		return nil, err
	}
	body, err := inUTF8(a)
	if err != nil {
		return nil, err
	}
	root, err := html.Parse(bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%s is no HTML that can be read (%w): copy its words into a file and import that", shown(a.URL), err)
	}
	p := &page{asked: asked, address: at, root: root}
	for n := range root.Descendants() {
		if n.DataAtom == atom.Link {
			p.links = append(p.links, link{strings.ToLower(attr(n, "rel")), strings.ToLower(attr(n, "type")), attr(n, "title"), p.whole(attr(n, "href"))})
		}
	}
	for part := range strings.SplitSeq(a.Link, ",") {
		href, more, _ := strings.Cut(part, ";")
		rel := strings.Trim(strings.TrimPrefix(strings.TrimSpace(more), "rel="), `"`)
		p.links = append(p.links, link{rel: strings.ToLower(rel), href: p.whole(strings.Trim(strings.TrimSpace(href), "<>"))})
	}
	return p, nil
}

// whole is href as an address of its own, or "".
func (p *page) whole(href string) string {
	u, err := p.address.Parse(strings.TrimSpace(href))
	if err != nil || href == "" {
		return ""
	}
	return address(u.String())
}

// site reads a page, and its comments where it is of a kind that tells them.
func (v *visit) site(ctx context.Context, ref string, a Answer) error {
	p, err := openPage(ref, a)
	if err != nil {
		return err
	}
	if base, topic, ok := p.discourse(); ok {
		return v.discourse(ctx, base, topic)
	}
	if root, post, ok := p.wordPress(); ok {
		err := v.wordPress(ctx, p, root, post)
		if err == nil || ctx.Err() != nil || errors.Is(err, errProtected) {
			return err
		}
		v.miss("it was read as any page is, and what only the site's own answer tells is not in it: %s", err)
	}
	return v.plainPage(ctx, p)
}

// plainPage is an article, with the comments of its feed if it has one.
func (v *visit) plainPage(ctx context.Context, p *page) error {
	essay := p.article()
	essay.ID = essayID
	v.Title, v.URL, v.Origin = essay.title, essay.URL, essay.origin
	v.Documents = []discussion.Document{essay.Document}
	if feed := p.commentFeed(); feed != "" {
		v.commentFeed(ctx, feed)
	}
	return nil
}

// essayID names the essay among the documents of a discussion, in whatever way
// it came.
const essayID discussion.DocumentID = "essay"

// originOf is what names a page and what is said about it, in whatever way it
// is told: another import may have to take another one.
func originOf(address string) string {
	_, behind, _ := strings.Cut(address, "://")
	return "page:" + strings.TrimPrefix(strings.TrimSuffix(behind, "/"), "www.")
}
