package source

import (
	"regexp"
	"strings"

	"golang.org/x/net/html"

	"marginalia/internal/format"
)

// htmlAt reads HTML that stands at base: links that say only where to go from
// there are made whole.
func htmlAt(base, src string) format.Doc { return format.HTML{}.Parse(wholeLinks(base, src)) }

var (
	linkWithin = regexp.MustCompile(`(?i)\b(?:href|src)\s*=\s*["']?\s*(?:/|\.|\?|[a-z0-9_-]+[/."'?\s>])`)
	tagWithin  = regexp.MustCompile(`(?is)<(?:a|img)\b[^>]*>`)
)

func wholeLinks(base, src string) string {
	if base == "" || !linkWithin.MatchString(src) {
		return src
	}
	return tagWithin.ReplaceAllStringFunc(src, func(tag string) string {
		z := html.NewTokenizer(strings.NewReader(tag))
		if kind := z.Next(); kind != html.StartTagToken && kind != html.SelfClosingTagToken {
			return tag
		}
		t := z.Token()
		for i, a := range t.Attr {
			if a.Key != "href" && a.Key != "src" || strings.HasPrefix(a.Val, "#") {
				continue
			}
			if whole := joined(base, strings.TrimSpace(a.Val)); whole != "" {
				t.Attr[i].Val = whole
			}
		}
		return t.String()
	})
}
