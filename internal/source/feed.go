package source

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mmcdole/gofeed"
	"github.com/mmcdole/gofeed/atom"

	"marginalia/internal/discussion"
)

func parseFeed(a Answer) (*gofeed.Feed, error) {
	p := gofeed.NewParser()
	p.KeepOriginalFeed = true
	body, err := xmlInUTF8(a)
	if err != nil {
		return nil, err
	}
	f, err := p.Parse(bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%s is no feed that can be read: name the page that it is about", shown(a.URL))
	}
	f.Items = slices.DeleteFunc(f.Items, func(i *gofeed.Item) bool { return i == nil })
	f.Link = whole(a.URL, f.Link)
	for _, i := range f.Items {
		i.Link = whole(cmp.Or(f.Link, a.URL), i.Link)
	}
	return f, nil
}

// whole is href as it is read at base; "" stays "".
func whole(base, href string) string {
	if href == "" {
		return ""
	}
	return cmp.Or(joined(base, href), href)
}

var ofComment = regexp.MustCompile(`#comment-([0-9]+)$`)

// isComment reports whether an item of a feed answers something.
func isComment(i *gofeed.Item) bool {
	return len(inReplyTo(i)) > 0 || ofComment.MatchString(i.Link) || ofComment.MatchString(i.GUID)
}

// inReplyTo are the names of what an item answers (RFC 4685).
func inReplyTo(i *gofeed.Item) []string {
	var all []string
	for _, e := range i.Extensions["thr"]["in-reply-to"] {
		if ref := cmp.Or(e.Attrs["ref"], e.Attrs["href"]); ref != "" {
			all = append(all, ref)
		}
	}
	return all
}

// feed reads a feed of one essay with its comments, or of the comments alone.
func (v *visit) feed(ctx context.Context, a Answer) error {
	f, err := parseFeed(a)
	if err != nil {
		return err
	}
	var essays []*gofeed.Item
	for _, i := range f.Items {
		if !isComment(i) {
			essays = append(essays, i)
		}
	}
	switch {
	case len(f.Items) == 0:
		return fmt.Errorf("%s is an empty feed: there is nothing to import", shown(a.URL))
	case len(essays) > 1:
		return fmt.Errorf("%s is a feed of %d texts: name the address of one of them", shown(a.URL), len(essays))
	case len(essays) == 0 && address(f.Link) == "":
		return fmt.Errorf("%s holds comments and does not say on what: name the page that they are about", shown(a.URL))
	case len(essays) == 0:
		return v.feedOf(ctx, address(f.Link), &gofeed.Item{}, a.URL, f)
	}
	return v.feedOf(ctx, cmp.Or(address(essays[0].Link), a.URL), essays[0], a.URL, f)
}

// feedOf reads the essay at an address, or as its item in the feed f tells it,
// and the comments in f and in the feeds that the item names. An essay that may
// come later is left out: as a document it would be known, and stay as it is.
func (v *visit) feedOf(ctx context.Context, at string, essay *gofeed.Item, feed string, f *gofeed.Feed) error {
	d := itemDocument(essay)
	d.Kind, d.Confidence = discussion.Essay, 1
	title, origin, missed := oneLine(lineOf(essay.Title)), "", false
	if essay.Content == "" {
		page, err := v.article(ctx, at)
		switch {
		case err == nil:
			d.Body, d.URL, d.Author, d.Posted = page.Body, page.URL, cmp.Or(d.Author, page.Author), later(d.Posted, page.Posted)
			origin = page.origin
		case d.Body.Empty() || forNow(err):
			v.miss("the essay is not in it: %s", err)
			missed = true
		default:
			v.miss("the essay is in it as its feed cuts it, and no later import changes that: %s", err)
		}
	}
	d.ID, d.URL = essayID, cmp.Or(d.URL, at)
	v.Title, v.URL = cmp.Or(title, heading(d.Body), titleOfComments(f.Title), at), d.URL
	v.Origin = cmp.Or(origin, originOf(d.URL))
	if !missed {
		v.Documents = []discussion.Document{d}
	}
	c := &feedComments{essay: map[string]bool{essay.GUID: true, essay.Link: true, at: true}, seen: map[string]bool{}}
	delete(c.essay, "") // an item without a name is not the essay
	c.add(f)
	v.rest(ctx, c, feed, f)
	for _, more := range commentFeeds(essay, f) {
		if !c.read[more] {
			v.readFeed(ctx, c, more)
		}
	}
	v.tellFeed(c, essay)
	return nil
}

func later(a, b time.Time) time.Time {
	if a.IsZero() {
		return b
	}
	return a
}

// titleOfComments is a comment feed's title without what says that it is one.
func titleOfComments(s string) string {
	for _, prefix := range []string{"Comments on: ", "Comments on "} {
		s = strings.TrimPrefix(s, prefix)
	}
	return oneLine(s)
}

// commentFeed adds the comments of a feed to the essay that was read.
func (v *visit) commentFeed(ctx context.Context, feed string) {
	c := &feedComments{essay: map[string]bool{v.URL: true}, seen: map[string]bool{}}
	v.readFeed(ctx, c, feed)
	v.tellFeed(c, &gofeed.Item{})
}

// A feed of comments is read page by page.
type feedComments struct {
	essay map[string]bool // names of what the comments are about
	seen  map[string]bool
	read  map[string]bool // pages
	items []*gofeed.Item
}

func (c *feedComments) add(f *gofeed.Feed) (fresh int) {
	for _, i := range f.Items {
		if name := itemName(i); !c.seen[name] && !c.essay[i.GUID] && !c.essay[i.Link] {
			c.seen[name] = true
			c.items = append(c.items, i)
			fresh++
		}
	}
	return fresh
}

func (v *visit) readFeed(ctx context.Context, c *feedComments, feed string) {
	a, err := v.get(ctx, feed)
	var f *gofeed.Feed
	if err == nil {
		f, err = parseFeed(a)
	}
	if err != nil {
		v.miss("the comments are not in it: %s", err)
		return
	}
	c.add(f)
	v.rest(ctx, c, feed, f)
}

const (
	mostPages = 1000 // of a feed
	fullPage  = 10   // comments of a feed that may go on
)

// rest reads the pages behind f, the first: those that it names, or else
// those that WordPress has for whom asks.
func (v *visit) rest(ctx context.Context, c *feedComments, feed string, f *gofeed.Feed) {
	if c.read == nil {
		c.read = map[string]bool{}
	}
	c.read[feed] = true
	for n := 2; n <= mostPages && ctx.Err() == nil; n++ {
		next, named := nextPage(f, feed)
		if !named {
			if len(f.Items) < fullPage {
				return
			}
			next = paged(feed, n)
		}
		if c.read[next] {
			return
		}
		c.read[next] = true
		a, err := v.get(ctx, next)
		if !named && (code(err) == http.StatusNotFound || code(err) == http.StatusBadRequest) {
			return // behind the last
		}
		if err == nil {
			f, err = parseFeed(a)
		}
		if err != nil {
			v.miss("comments behind the first %d are not in it: %s", len(c.items), err)
			return
		}
		if c.add(f) == 0 {
			return
		}
		v.progress("comments", len(c.items), 0)
	}
	if ctx.Err() == nil {
		v.miss("comments behind the first %d are not in it: no more than %d pages of a feed are read", len(c.items), mostPages)
	}
}

func paged(feed string, n int) string {
	u, err := url.Parse(feed)
	if err != nil {
		return feed
	}
	q := u.Query()
	q.Set("paged", strconv.Itoa(n))
	u.RawQuery = q.Encode()
	return u.String()
}

// nextPage is where an Atom feed says that it goes on (RFC 5005).
func nextPage(f *gofeed.Feed, feed string) (string, bool) {
	a, ok := f.OriginalFeed().(*atom.Feed)
	if !ok {
		return "", false
	}
	for _, l := range a.Links {
		if l != nil && l.Rel == "next" {
			next := joined(feed, l.Href)
			return next, next != ""
		}
	}
	return "", false
}

func joined(base, href string) string {
	u, err := url.Parse(base)
	if err != nil {
		return ""
	}
	if u, err = u.Parse(href); err != nil {
		return ""
	}
	return address(u.String())
}

// commentFeeds are the feeds that an essay's item names.
func commentFeeds(i *gofeed.Item, f *gofeed.Feed) []string {
	var all []string
	for _, name := range []string{"commentRss", "commentRSS"} {
		for _, e := range i.Extensions["wfw"][name] {
			all = append(all, address(whole(i.Link, strings.TrimSpace(e.Value))))
		}
	}
	if a, ok := f.OriginalFeed().(*atom.Feed); ok {
		for _, e := range a.Entries {
			if e == nil || e.ID != i.GUID {
				continue
			}
			for _, l := range e.Links {
				if l != nil && l.Rel == "replies" && strings.Contains(l.Type, "atom") {
					all = append(all, address(whole(i.Link, l.Href)))
				}
			}
		}
	}
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

// itemName is what names a comment within its essay: its number, where a
// WordPress tells it, so that it is the same by feed and by REST.
func itemName(i *gofeed.Item) string {
	for _, s := range []string{i.Link, i.GUID} {
		if m := ofComment.FindStringSubmatch(s); m != nil {
			return m[1]
		}
	}
	return cmp.Or(i.GUID, i.Link, discussion.Derive("item", i.Title, i.Published, i.Content, i.Description))
}

func itemDocument(i *gofeed.Item) discussion.Document {
	d := discussion.Document{ID: discussion.DocumentID(itemName(i)), URL: address(i.Link), Body: htmlAt(i.Link, cmp.Or(i.Content, i.Description))}
	for _, a := range i.Authors {
		if a != nil && d.Author == "" {
			d.Author = oneLine(a.Name)
		}
	}
	switch {
	case i.PublishedParsed != nil:
		d.Posted = i.PublishedParsed.UTC()
	case i.UpdatedParsed != nil:
		d.Posted = i.UpdatedParsed.UTC()
	}
	return d
}

// tellFeed makes documents of the comments, the oldest first.
func (v *visit) tellFeed(c *feedComments, essay *gofeed.Item) {
	named := map[string]discussion.DocumentID{}
	for _, i := range c.items {
		named[i.GUID] = discussion.DocumentID(itemName(i))
	}
	var comments []discussion.Document
	unthreaded := 0
	for _, i := range c.items {
		d := itemDocument(i)
		refs := inReplyTo(i)
		if len(refs) == 0 {
			unthreaded++
		}
		for _, ref := range refs {
			if !c.essay[ref] {
				d.Parent = cmp.Or(d.Parent, named[ref], discussion.DocumentID(ref))
			}
		}
		comments = append(comments, d)
	}
	slices.SortStableFunc(comments, func(a, b discussion.Document) int { return a.Posted.Compare(b.Posted) })
	if unthreaded > 1 {
		v.miss("whom the comments answer is not in it: the feed does not say")
	}
	for _, e := range essay.Extensions["slash"]["comments"] {
		if n, err := strconv.Atoi(strings.TrimSpace(e.Value)); err == nil && n > len(comments) {
			v.miss("%d of %d comments are not in it: the feed does not hold them", n-len(comments), n)
		}
	}
	v.tell(essayID, comments)
}

var bloggerComments = regexp.MustCompile(`/feeds/[0-9]+/comments/`)

// commentFeed is the feed of the comments on p, or "".
func (p *page) commentFeed() string {
	own := strings.TrimSuffix(p.address.Path, "/") + "/"
	for _, l := range p.links {
		u, err := url.Parse(l.href)
		if err != nil || l.rel != "alternate" || l.kind != "application/rss+xml" && l.kind != "application/atom+xml" {
			continue
		}
		if own != "/" && strings.HasPrefix(u.Path, own) || bloggerComments.MatchString(u.Path) {
			return l.href
		}
	}
	return ""
}
