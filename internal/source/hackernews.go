package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
)

// newsItem is the number of the Hacker News item that an address names.
func newsItem(ref string) (int, bool) {
	u := addressOf(ref)
	if u == nil || u.Host != "news.ycombinator.com" || u.Path != "/item" {
		return 0, false
	}
	n, err := strconv.Atoi(u.Query().Get("id"))
	return n, err == nil && n > 0
}

func isHackerNews(ref string) bool { _, ok := newsItem(ref); return ok }

// news is an item as the search's API tells it, with all that is below it. Of
// a deleted one only its number and what is below it are told.
type news struct {
	ID       int     `json:"id"`
	Created  float64 `json:"created_at_i"`
	Type     string  `json:"type"`
	Author   string  `json:"author"`
	Title    string  `json:"title"`
	URL      string  `json:"url"`
	Text     string  `json:"text"`
	Points   number  `json:"points"`
	Story    int     `json:"story_id"`
	Children []*news `json:"children"`
}

// fetchHackerNews reads a story with its comments, and what it links to. The
// search's API tells all at once; where it does not, each item is asked for.
func fetchHackerNews(ctx context.Context, ref string, o Options) (Fetched, error) {
	v := newVisit(o)
	id, _ := newsItem(ref)
	story, err := v.story(ctx, id)
	if err == nil && story.Type == "comment" && story.Story > 0 && story.Story != id {
		story, err = v.story(ctx, story.Story)
	}
	if err != nil {
		return Fetched{}, err
	}
	root := discussion.DocumentID(strconv.Itoa(story.ID))
	v.Title, v.Origin, v.URL = cmp.Or(oneLine(story.Title), fmt.Sprintf("Hacker News %d", story.ID)), fmt.Sprintf("hackernews:%d", story.ID), newsAddress(story.ID)
	v.Documents = append(v.Documents, discussion.Document{
		ID: root, Kind: discussion.Post, Confidence: 1, Author: story.Author, URL: v.URL,
		Posted: seconds(story.Created), Score: discussion.Score{Points: story.Points.n}, Body: newsWords(story.Text),
	})
	if link := address(story.URL); link != "" {
		v.addLinked(ctx, link)
	}
	v.tell(root, newsComments(story))
	return v.end(ctx)
}

func newsAddress(id int) string { return fmt.Sprintf("https://news.ycombinator.com/item?id=%d", id) }

func (v *visit) story(ctx context.Context, id int) (*news, error) {
	var story news
	err := v.getJSON(ctx, fmt.Sprintf("https://hn.algolia.com/api/v1/items/%d", id), &story)
	if err == nil && story.ID == id {
		v.progress("comments", len(newsComments(&story)), 0)
		return &story, nil
	}
	if ctx.Err() != nil {
		return nil, err
	}
	return v.itemwise(ctx, id)
}

var errNoItem = errors.New("there is no such item on Hacker News: check the number at the end of the address")

// newsComments flattens what is below story.
func newsComments(story *news) []discussion.Document {
	var out []discussion.Document
	type below struct {
		parent int
		items  []*news
	}
	stack := []below{{story.ID, story.Children}}
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if len(top.items) == 0 {
			stack = stack[:len(stack)-1]
			continue
		}
		c, parent := top.items[0], top.parent
		top.items = top.items[1:]
		if c == nil || c.ID == 0 {
			continue
		}
		out = append(out, discussion.Document{
			ID: discussion.DocumentID(strconv.Itoa(c.ID)), Parent: discussion.DocumentID(strconv.Itoa(parent)), Author: c.Author,
			URL: newsAddress(c.ID), Posted: seconds(c.Created), Score: discussion.Score{Points: c.Points.n}, Body: newsWords(c.Text),
		})
		stack = append(stack, below{c.ID, c.Children})
	}
	return out
}

var (
	newsParagraph = regexp.MustCompile(`(?i)<p>`)
	newsQuote     = regexp.MustCompile(`^\s*((?:<i>)?)\s*(?:&gt;|>)+\s*`)
)

// newsWords reads the HTML of Hacker News, where a paragraph that begins with
// ">" is a quotation.
func newsWords(text string) format.Doc {
	var b strings.Builder
	for _, p := range newsParagraph.Split(strings.ReplaceAll(text, "</p>", ""), -1) {
		if words := newsQuote.ReplaceAllString(p, "$1"); words != p {
			b.WriteString("<blockquote><p>" + words + "</p></blockquote>")
			continue
		}
		b.WriteString("<p>" + p + "</p>")
	}
	return format.HTML{}.Parse(b.String())
}
