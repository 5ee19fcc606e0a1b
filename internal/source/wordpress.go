package source

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
)

var wordPressPost = regexp.MustCompile(`(?:/|%2F)wp(?:/|%2F)v2(?:/|%2F)(?:posts|pages)(?:/|%2F)[0-9]+$`)

// wordPress reports whether p is a post of a WordPress, where its REST routes
// begin, and where the post's is: "" if only its name in p's address tells.
func (p *page) wordPress() (root, post string, ok bool) {
	for _, l := range p.links {
		switch {
		case l.rel == "https://api.w.org/":
			root = l.href
		case l.rel == "alternate" && l.kind == "application/json" && wordPressPost.MatchString(l.href):
			post = l.href
		}
	}
	return root, post, root != "" && (post != "" || len(steps(p.address)) > 0)
}

// errProtected is a post whose page holds no words of it, but the form that asks
// for its password.
var errProtected = errors.New("is protected by a password: it cannot be imported")

type wordPressWords struct {
	ID      int    `json:"id"`
	Parent  int    `json:"parent"`
	Type    string `json:"type"`
	Author  string `json:"author_name"`
	Date    string `json:"date_gmt"`
	Link    string `json:"link"`
	Content struct {
		Rendered  string `json:"rendered"`
		Protected bool   `json:"protected"`
	} `json:"content"`
	Title struct {
		Rendered string `json:"rendered"`
	} `json:"title"`
	Embedded struct {
		Author []struct {
			Name string `json:"name"`
		} `json:"author"`
	} `json:"_embedded"`
}

// wordPress reads a post and its comments by the REST routes. If the post does
// not come, that is an error; if comments do not, their feed is tried.
func (v *visit) wordPress(ctx context.Context, p *page, root, post string) error {
	w, err := v.wordPressPost(ctx, p, root, post)
	if err != nil {
		return err
	}
	page := p.article()
	d := discussion.Document{
		ID: essayID, Kind: discussion.Essay, Confidence: 1,
		Author: page.Author, Posted: moment(w.Date), URL: cmp.Or(address(w.Link), page.URL), Body: htmlAt(p.address.String(), w.Content.Rendered),
	}
	if a := w.Embedded.Author; len(a) > 0 && a[0].Name != "" {
		d.Author = oneLine(a[0].Name)
	}
	if d.Body.Empty() {
		d.Body = page.Body
	}
	v.Title, v.URL, v.Origin = cmp.Or(oneLine(lineOf(w.Title.Rendered)), p.address.Hostname()), d.URL, page.origin
	v.Documents = []discussion.Document{d}
	comments, err := v.wordPressComments(ctx, root, w.ID)
	feed := p.commentFeed()
	switch {
	case err == nil || len(comments) > 0 || feed == "":
		if err != nil && len(comments) > 0 {
			v.miss("some comments are not in it: %s", err)
		} else if err != nil {
			v.miss("the comments are not in it: %s", err)
		}
		v.tell(d.ID, comments)
	default:
		v.miss("whom the comments answer is not in it, since they come from the feed: %s", err)
		v.commentFeed(ctx, feed)
	}
	return nil
}

// lineOf is a line of HTML in plain words.
func lineOf(s string) string { return format.HTML{}.Parse(s).Text }

func (v *visit) wordPressPost(ctx context.Context, p *page, root, post string) (w wordPressWords, err error) {
	if post != "" {
		err = v.getJSON(ctx, with(post, "_embed", "author"), &w)
	} else {
		path := steps(p.address)
		var found []wordPressWords
		err = v.getJSON(ctx, with(route(root, "wp/v2/posts"), "slug", path[len(path)-1], "_embed", "author"), &found)
		if len(found) > 0 {
			w = found[0]
		}
	}
	switch {
	case err != nil:
		return w, err
	case w.ID == 0:
		return w, fmt.Errorf("%s is no post of its site", shown(p.address.String()))
	case w.Content.Protected && w.Content.Rendered == "":
		return w, fmt.Errorf("%s %w", shown(p.address.String()), errProtected)
	}
	return w, nil
}

// route is below root, which may be a path or, where a site has no nice
// addresses, a query.
func route(root, below string) string { return strings.TrimSuffix(root, "/") + "/" + below }

// with adds names and values to an address's query.
func with(address string, pairs ...string) string {
	sep := "?"
	if strings.Contains(address, "?") {
		sep = "&"
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		address += sep + url.QueryEscape(pairs[i]) + "=" + url.QueryEscape(pairs[i+1])
		sep = "&"
	}
	return address
}

// mostRounds is how often a list is read again because something left it while
// it was read, page by page: what stood behind moved a place to the front, and
// one of them from a page that was not read to one that was.
const mostRounds = 3

// wordPressComments are a post's comments; err says why some did not come.
func (v *visit) wordPressComments(ctx context.Context, root string, post int) (out []discussion.Document, err error) {
	have := map[discussion.DocumentID]bool{}
	for range mostRounds {
		some, steady, roundErr := v.wordPressRound(ctx, root, post)
		for _, d := range some {
			if !have[d.ID] {
				have[d.ID] = true
				out = append(out, d)
			}
		}
		if err = roundErr; err != nil || steady {
			break
		}
	}
	return out, err
}

// wordPressRound reads the comments page by page, and reports whether none of
// them left meanwhile.
func (v *visit) wordPressRound(ctx context.Context, root string, post int) (out []discussion.Document, steady bool, err error) {
	const perPage = 100
	pages, total := 1, 0
	steady = true
	for n := 1; n <= pages && ctx.Err() == nil; n++ {
		a, pageErr := v.get(ctx, with(route(root, "wp/v2/comments"), "post", strconv.Itoa(post), "per_page", strconv.Itoa(perPage),
			"page", strconv.Itoa(n), "order", "asc", "orderby", "date_gmt"))
		if pastTheLast(a, pageErr) {
			break
		}
		var raw []json.RawMessage
		if pageErr == nil {
			_, pageErr = decode(a, &raw)
		}
		if pageErr != nil {
			err = cmp.Or(err, pageErr)
			if c := code(pageErr); n == 1 || c == http.StatusUnauthorized || c == http.StatusForbidden || c == http.StatusTooManyRequests {
				return out, steady, err
			}
			continue
		}
		pages = more(pages, n, a.Pages, len(raw) == perPage)
		now, _ := strconv.Atoi(a.Total)
		steady, total = steady && now >= total, now
		for _, r := range raw {
			var w wordPressWords
			if json.Unmarshal(r, &w) != nil && w.ID == 0 {
				v.miss("comments that are not as expected are not in it")
				continue
			}
			if w.Type == "" || w.Type == "comment" {
				out = append(out, w.comment())
			}
		}
		v.progress("comments", len(out), total)
	}
	return out, steady, err
}

// more is how many pages there are, as far as page n tells. Behind a full one
// there may be another, whatever the header says: it may be an older answer's.
func more(pages, n int, header string, full bool) int {
	if total, err := strconv.Atoi(header); err == nil {
		pages = max(pages, min(total, 10_000))
	}
	if full {
		pages = max(pages, n+1)
	}
	return pages
}

func pastTheLast(a Answer, err error) bool {
	return code(err) == http.StatusBadRequest && strings.Contains(string(a.Body), "rest_post_invalid_page_number")
}

func (w wordPressWords) comment() discussion.Document {
	d := discussion.Document{
		ID: discussion.DocumentID(strconv.Itoa(w.ID)), Author: oneLine(html.UnescapeString(w.Author)), URL: address(w.Link),
		Posted: moment(w.Date), Body: htmlAt(w.Link, w.Content.Rendered),
	}
	if w.Parent > 0 {
		d.Parent = discussion.DocumentID(strconv.Itoa(w.Parent))
	}
	return d
}
