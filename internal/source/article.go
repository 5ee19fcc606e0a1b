package source

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"strings"

	"codeberg.org/readeck/go-readability/v2"
	"golang.org/x/net/html"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
)

// mostElements of a page are looked at to find its article.
const mostElements = 100_000

// An article is what is to be read on a page.
type article struct {
	discussion.Document
	title  string
	origin string // what names the page (see [originOf])
}

// article fetches the essay that stands at an address. Forums and Tumblr tell
// their posts themselves.
func (v *visit) article(ctx context.Context, ref string) (article, error) {
	if s, id, ok := postOf(ref); ok {
		return v.linkedPost(ctx, s, id)
	}
	if post, ok, err := v.tumblr(ctx, ref); ok || err != nil {
		return post, err
	}
	a, err := v.get(ctx, ref)
	if err != nil {
		return article{}, err
	}
	if kind := kindOf(a); kind != "page" {
		return article{}, fmt.Errorf("%s is no page but %s", shown(ref), cmp.Or(mediaType(a.Type), "of no kind"))
	}
	p, err := openPage(ref, a)
	if err != nil {
		return article{}, err
	}
	d := p.article()
	if d.Body.Empty() {
		return d, fmt.Errorf("%s holds no words without its scripts: save the page as a file and import that", shown(ref))
	}
	return d, nil
}

func (v *visit) linkedPost(ctx context.Context, s site, id string) (article, error) {
	g := &graph{visit: v, site: s}
	p, err := g.postByID(ctx, id)
	if err != nil {
		return article{}, err
	}
	words, came := g.words(ctx, p)
	if !came || words.Empty() {
		return article{}, fmt.Errorf("%s does not show its words: import it by itself", g.addressOf(p))
	}
	return article{Document: discussion.Document{
		Kind: discussion.Essay, Confidence: 1, Author: p.authors(), URL: g.addressOf(p), Posted: moment(p.PostedAt), Score: p.score(), Body: words,
	}, title: oneLine(p.Title)}, nil
}

// article is what is to be read on p. Where readability finds nothing, it is
// what a saved page would give.
func (p *page) article() article {
	head := headOf(p.root)
	var d article
	d.Document = discussion.Document{
		Kind: discussion.Essay, Confidence: 1,
		Author: head.first("author", "dc.creator", "citation_author", "byl"),
		Posted: date(head.first("article:published_time", "datepublished", "date", "dc.date", "citation_publication_date", "published")),
	}
	d.URL, d.origin = p.named(head)
	parser := readability.NewParser()
	parser.MaxElemsToParse = mostElements
	if found, err := parser.ParseDocument(p.root, p.address); err == nil && found.Node != nil {
		d.Body = format.HTML{}.Parse(rendered(found.Node))
		d.Author = cmp.Or(d.Author, oneLine(found.Byline()))
		if t, err := found.PublishedTime(); err == nil && d.Posted.IsZero() {
			d.Posted = t.UTC()
		}
		d.title = oneLine(found.Title())
	}
	if d.Body.Empty() {
		d.Body = format.HTML{}.Parse(rendered(mainPart(p.root)))
	}
	d.title = cmp.Or(d.title, pageTitle(head, d.Body), p.address.Hostname())
	return d
}

func rendered(n *html.Node) string {
	var b strings.Builder
	if err := html.Render(&b, n); err != nil {
		return ""
	}
	return b.String()
}

// named is the address under which p is shown, and the origin that names it.
//
// It is shown under the address that it gives itself, if that is of its own
// host, else under the one where redirects ended. A query that a redirect added
// may hold a key and is left out; then what was asked names the page. Whole
// sites give all their pages one address by mistake, and so an address that a
// page gives itself names it only if its path ends as that of the page.
func (p *page) named(h head) (address, origin string) {
	own, itself := *p.address, *p.address
	added := p.address.RawQuery
	if added == p.asked.RawQuery {
		added = ""
	}
	if added != "" {
		own.RawQuery, itself = "", *p.asked
	}
	own.Fragment, itself.Fragment = "", ""
	u, err := url.Parse(p.whole(h.first("canonical", "og:url")))
	if err != nil || u.Host != own.Host || u.Path == "/" && own.Path != "/" {
		return own.String(), originOf(itself.String())
	}
	u.Fragment = ""
	if added != "" && u.RawQuery == added {
		u.RawQuery = ""
		return u.String(), originOf(itself.String())
	}
	if end := lastStep(u); end != "" && end == lastStep(p.address) {
		itself = *u
	}
	return u.String(), originOf(itself.String())
}

func lastStep(u *url.URL) string {
	path := steps(u)
	if len(path) == 0 {
		return ""
	}
	return path[len(path)-1]
}
