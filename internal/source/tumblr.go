package source

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"regexp"
	"strings"

	"marginalia/internal/discussion"
)

var tumblrNumber = regexp.MustCompile(`^[0-9]{1,20}$`)

// tumblrPost finds the blog and the number of the Tumblr post that an address
// names: BLOG.tumblr.com/post/NUMBER/…, or www.tumblr.com/BLOG/NUMBER/….
func tumblrPost(ref string) (blog, number string, ok bool) {
	u := addressOf(ref)
	if u == nil {
		return "", "", false
	}
	path := steps(u)
	blog, isBlog := strings.CutSuffix(u.Host, ".tumblr.com")
	switch {
	case !isBlog || len(path) < 2:
		return "", "", false
	case blog == "www":
		blog, number = path[0], path[1]
	case path[0] == "post":
		number = path[1]
	}
	return blog, number, tumblrNumber.MatchString(number) && !strings.ContainsAny(blog, ".:@")
}

func isTumblr(ref string) bool { _, _, ok := tumblrPost(ref); return ok }

// fetchTumblr reads a post as Tumblr tells it, else its page.
func fetchTumblr(ctx context.Context, ref string, o Options) (Fetched, error) {
	v := newVisit(o)
	post, ok, err := v.tumblr(ctx, ref)
	if err != nil {
		v.close()
		return Fetched{}, err
	}
	if !ok {
		v.close()
		f, err := fetchPage(ctx, ref, o)
		f.Origin = tumblrOrigin(ref)
		return f, err
	}
	post.ID = essayID
	v.Title, v.URL, v.Origin, v.Documents = cmp.Or(post.title, post.Author), post.URL, post.origin, []discussion.Document{post.Document}
	return v.end(ctx)
}

// tumblrOrigin names a post in whatever way it came.
func tumblrOrigin(ref string) string {
	blog, number, _ := tumblrPost(ref)
	return originOf("https://" + blog + ".tumblr.com/post/" + number)
}

// tumblr is the post at ref as Tumblr itself tells it: pages of its themes hold
// the notes too, or nothing without their scripts. ok is false for what is no
// text on Tumblr, and where Tumblr does not tell it. Where it may tell it later
// that is an error: what came of the page instead would stay the essay for good.
func (v *visit) tumblr(ctx context.Context, ref string) (post article, ok bool, err error) {
	blog, number, ok := tumblrPost(ref)
	if !ok {
		return post, false, nil
	}
	a, err := v.get(ctx, "https://"+blog+".tumblr.com/api/read/json?id="+url.QueryEscape(number))
	if err != nil && (forNow(err) || ctx.Err() != nil) {
		return post, false, err
	}
	if err != nil {
		return post, false, nil
	}
	var told struct {
		Posts []struct {
			URL   string  `json:"url"`
			Slug  string  `json:"url-with-slug"`
			Time  float64 `json:"unix-timestamp"`
			Title string  `json:"regular-title"`
			Body  string  `json:"regular-body"`
		} `json:"posts"`
	}
	_, script, _ := bytes.Cut(a.Body, []byte("=")) // var tumblr_api_read = {…};
	if json.Unmarshal(bytes.TrimRight(script, "; \r\n"), &told) != nil || len(told.Posts) == 0 {
		return post, false, nil
	}
	p := told.Posts[0]
	post.Document = discussion.Document{
		Kind: discussion.Essay, Confidence: 1, Author: blog, Posted: seconds(p.Time), Body: htmlAt(ref, p.Body),
	}
	for _, at := range []string{address(p.Slug), address(p.URL), ref} {
		if post.URL == "" {
			post.URL = at
		}
	}
	post.title, post.origin = oneLine(lineOf(p.Title)), tumblrOrigin(ref)
	return post, !post.Body.Empty(), nil
}
