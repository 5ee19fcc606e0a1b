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

// article fetches the essay that stands at an address.
func (v *visit) article(ctx context.Context, ref string) (discussion.Document, error) {
	a, err := v.get(ctx, ref)
	if err != nil {
		return discussion.Document{}, err
	}
	if kind := kindOf(a); kind != "page" {
		return discussion.Document{}, fmt.Errorf("%s is no page but %s", shown(ref), cmp.Or(mediaType(a.Type), "of no kind"))
	}
	p, err := openPage(a)
	if err != nil {
		return discussion.Document{}, err
	}
	d, _ := p.article()
	if d.Body.Empty() {
		return d, fmt.Errorf("%s holds no words without its scripts: save the page as a file and import that", shown(ref))
	}
	return d, nil
}

// article is what is to be read on a page, and its title. Where readability
// finds nothing, it is what a saved page would give.
func (p *page) article() (discussion.Document, string) {
	head := headOf(p.root)
	d := discussion.Document{
		Kind: discussion.Essay, Confidence: 1,
		Author: head.first("author", "dc.creator", "citation_author", "byl"),
		Posted: date(head.first("article:published_time", "datepublished", "date", "dc.date", "citation_publication_date", "published")),
		URL:    p.canonical(head),
	}
	parser := readability.NewParser()
	parser.MaxElemsToParse = mostElements
	title := ""
	if found, err := parser.ParseDocument(p.root, p.address); err == nil && found.Node != nil {
		d.Body = format.HTML{}.Parse(rendered(found.Node))
		d.Author = cmp.Or(d.Author, oneLine(found.Byline()))
		if t, err := found.PublishedTime(); err == nil && d.Posted.IsZero() {
			d.Posted = t.UTC()
		}
		title = oneLine(found.Title())
	}
	if d.Body.Empty() {
		d.Body = format.HTML{}.Parse(rendered(mainPart(p.root)))
	}
	return d, cmp.Or(title, pageTitle(head, d.Body), p.address.Hostname())
}

func rendered(n *html.Node) string {
	var b strings.Builder
	if err := html.Render(&b, n); err != nil {
		return ""
	}
	return b.String()
}

// canonical is the address that the page gives itself, if it is of its own
// host, else the one where it was found; without what is behind "#".
func (p *page) canonical(h head) string {
	own := *p.address
	own.Fragment = ""
	u, err := url.Parse(p.whole(h.first("canonical", "og:url")))
	if err != nil || u.Host != own.Host || u.Path == "/" && own.Path != "/" {
		return own.String()
	}
	u.Fragment = ""
	return u.String()
}
