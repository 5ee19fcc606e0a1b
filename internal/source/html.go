package source

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
)

// fetchHTML reads a saved page: the words of its article, else of its main
// part, else of its body without navigation. Title, author, address and date
// are those that the page's head gives.
func fetchHTML(ctx context.Context, ref string, o Options) (Fetched, error) {
	text, err := read(ctx, ref, o)
	if err != nil {
		return Fetched{}, err
	}
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		return Fetched{}, fmt.Errorf("%s cannot be read as HTML: %w", ref, err)
	}
	head := headOf(root)
	main := mainPart(root)
	var b strings.Builder
	if err := html.Render(&b, main); err != nil {
		return Fetched{}, fmt.Errorf("%s cannot be read as HTML: %w", ref, err)
	}
	doc := discussion.Document{
		Kind: discussion.Essay, Confidence: 1, Body: format.HTML{}.Parse(b.String()),
		Author: head.first("author", "article:author", "dc.creator", "citation_author", "byl"),
		URL:    address(head.first("canonical", "og:url")),
		Posted: date(head.first("article:published_time", "datepublished", "date", "dc.date", "citation_publication_date", "published")),
	}
	return Fetched{Title: cmp.Or(pageTitle(head, doc.Body), titleOf(ref)), URL: doc.URL, Documents: []discussion.Document{doc}}, nil
}

// pageTitle prefers the article's heading where the head's title is that and
// the site's name.
func pageTitle(h head, body format.Doc) string {
	title, first := h.first("title"), heading(body)
	if first != "" && strings.Contains(title, first) {
		return first
	}
	return cmp.Or(title, first, h.first("og:title"))
}

// head is what a page says of itself, by name in lower case.
type head map[string]string

func (h head) first(names ...string) string {
	for _, n := range names {
		if h[n] != "" {
			return h[n]
		}
	}
	return ""
}

func headOf(root *html.Node) head {
	h := head{}
	put := func(name, value string) {
		name, value = strings.ToLower(strings.TrimSpace(name)), oneLine(value)
		if name != "" && value != "" && h[name] == "" {
			h[name] = value
		}
	}
	for n := range root.Descendants() {
		switch {
		case n.Type != html.ElementNode:
		case n.DataAtom == atom.Title && n.Parent.DataAtom == atom.Head:
			put("title", words(n))
		case n.DataAtom == atom.Meta:
			put(cmp.Or(attr(n, "name"), attr(n, "property"), attr(n, "itemprop")), attr(n, "content"))
		case n.DataAtom == atom.Link && strings.EqualFold(attr(n, "rel"), "canonical"):
			put("canonical", attr(n, "href"))
		case n.DataAtom == atom.Time && attr(n, "itemprop") == "datePublished":
			put("datepublished", attr(n, "datetime"))
		}
	}
	return h
}

// address returns s if it is a whole web address of usual length, else "".
func address(s string) string {
	u, err := url.Parse(s)
	if err != nil || len(s) > LongestAddress || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return s
}

// mainPart finds what is to be read: the article with the most words, else
// main, else body. What is never read is taken out of it.
func mainPart(root *html.Node) *html.Node {
	best, most := (*html.Node)(nil), 0
	var mains, bodies []*html.Node
	for n := range root.Descendants() {
		switch n.DataAtom {
		case atom.Article:
			if size := len(words(n)); size > most && !within(n, atom.Article) {
				best, most = n, size
			}
		case atom.Main:
			mains = append(mains, n)
		case atom.Body:
			bodies = append(bodies, n)
		}
	}
	if best == nil && len(mains) > 0 {
		best = mains[0]
	}
	if best == nil && len(bodies) > 0 {
		best = bodies[0]
		prune(best, atom.Header, atom.Footer)
	}
	if best == nil {
		best = root
	}
	prune(best, atom.Nav, atom.Aside, atom.Form, atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Iframe, atom.Svg, atom.Button)
	return best
}

func within(n *html.Node, a atom.Atom) bool {
	for p := range n.Ancestors() {
		if p.DataAtom == a {
			return true
		}
	}
	return false
}

// prune takes elements out of n.
func prune(n *html.Node, kinds ...atom.Atom) {
	var out []*html.Node
	for d := range n.Descendants() {
		for _, k := range kinds {
			if d.DataAtom == k {
				out = append(out, d)
			}
		}
	}
	for _, d := range out {
		d.Parent.RemoveChild(d)
	}
}

// words are the words in n, as they stand.
func words(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
