package source

import (
	"context"
	"net/url"

	"marginalia/internal/discussion"
)

type forumComment struct {
	said
	Parent  string `json:"parentCommentId"`
	Thread  string `json:"topLevelCommentId"`
	Below   int    `json:"descendentCount"`
	Deleted bool   `json:"deleted"`
}

const commentFields = saidFields + " parentCommentId topLevelCommentId descendentCount deleted"

// A forum takes no offset beyond furthest, but any limit.
const (
	forumPage = 500
	furthest  = 2000
)

// gathered are the comments of a post, in the order they came.
type gathered struct {
	all   []forumComment
	have  map[string]bool
	total int  // as the forum told it last
	part  bool // of the comments: one thread, or the answers
	left  bool // something was taken away while a view was read: what is there is known only from one that was read whole
}

func (c *gathered) add(some []forumComment) (fresh int) {
	for _, x := range some {
		if x.ID != "" && !c.have[x.ID] {
			c.have[x.ID] = true
			c.all = append(c.all, x)
			fresh++
		}
	}
	return fresh
}

// comments are those of p, as far as they come. They are asked for in views
// that show the same comments in other orders, since no view can be read to its
// end if it is long; and then thread by thread.
func (g *graph) comments(ctx context.Context, p forumPost) []discussion.Document {
	c := &gathered{have: map[string]bool{}}
	whole := false
	var failed error
	for _, view := range []string{"postCommentsTop", "postCommentsNew", "postCommentsOld"} {
		if whole, failed = g.view(ctx, c, view, "postId", p.ID); whole || failed != nil && len(c.all) == 0 {
			break
		}
	}
	if !whole && len(c.all) > 0 {
		g.threads(ctx, c)
	}
	switch {
	case failed != nil && len(c.all) == 0:
		g.miss("the comments are not in it: %s", failed)
	case len(c.all) < c.total && failed != nil:
		g.miss("%d of %d comments are not in it: %s", c.total-len(c.all), c.total, failed)
	case len(c.all) < c.total:
		g.miss("%d of %d comments are not in it: %s does not show them", c.total-len(c.all), c.total, g.site.name)
	}
	if p.Question {
		answers := &gathered{have: map[string]bool{}, part: true}
		if whole, failed := g.view(ctx, answers, "answersAndReplies", "postId", p.ID); failed != nil {
			g.miss("answers are not in it: %s", failed)
		} else if !whole {
			g.miss("%d of %d answers are not in it: %s does not show them", answers.total-len(answers.all), answers.total, g.site.name)
		}
		c.add(answers.all)
	}
	return g.documents(p, c.all)
}

// view reads a view page by page and reports whether all that it has came.
func (g *graph) view(ctx context.Context, c *gathered, view, by, id string) (whole bool, err error) {
	read, before := 0, 0
	for read <= furthest {
		limit := forumPage
		if read+forumPage > furthest { // the last offset that is taken
			limit = max(forumPage, c.total-read)
		}
		some, total, err := g.page(ctx, view, by, id, limit, read)
		if err != nil {
			return false, err
		}
		shrunk := total > 0 && total < before // so a page may lack what moved to the one that was read
		if total > 0 {
			c.left, before, c.total = c.left || shrunk, total, total
		}
		c.add(some)
		read += len(some)
		if !c.part {
			g.progress("comments", len(c.all), c.total)
		}
		switch {
		case shrunk:
			return false, nil
		case read >= total && total > 0, !c.left && len(c.all) >= total && total > 0:
			return len(c.all) >= total, nil
		case len(some) == 0 || total == 0 && len(some) < limit:
			return len(c.all) >= total, nil
		}
	}
	return !c.left && len(c.all) >= c.total, nil
}

func (g *graph) page(ctx context.Context, view, by, id string, limit, offset int) ([]forumComment, int, error) {
	var data struct {
		Comments struct {
			Total   int            `json:"totalCount"`
			Results []forumComment `json:"results"`
		} `json:"comments"`
	}
	err := g.ask(ctx, question{
		newer: "query Comments($id: String!, $limit: Int, $offset: Int) { comments(selector: {" + view + ": {" + by +
			": $id}}, limit: $limit, offset: $offset, enableTotal: true) { totalCount results { FIELDS } } }",
		older:  "query Comments($terms: JSON) { comments(input: {terms: $terms, enableTotal: true}) { totalCount results { FIELDS } } }",
		fields: commentFields,
		vars: func(older bool) any {
			if older {
				return map[string]any{"terms": map[string]any{"view": view, by: id, "limit": limit, "offset": offset}}
			}
			return map[string]any{"id": id, "limit": limit, "offset": offset}
		},
	}, &data)
	return data.Comments.Results, data.Comments.Total, err
}

// threads asks for the threads of which something is missing, one by one.
func (g *graph) threads(ctx context.Context, c *gathered) {
	size := map[string]int{}
	for _, x := range c.all {
		if x.Thread != "" && x.Thread != x.ID {
			size[x.Thread]++
		}
	}
	for _, x := range c.all[:len(c.all):len(c.all)] {
		if !c.left && len(c.all) >= c.total || ctx.Err() != nil {
			return
		}
		if x.Parent != "" || size[x.ID] >= x.Below {
			continue
		}
		part := &gathered{have: map[string]bool{}, part: true}
		if _, err := g.view(ctx, part, "repliesToCommentThread", "topLevelCommentId", x.ID); err != nil {
			return
		}
		c.add(part.all)
		g.progress("comments", len(c.all), c.total)
	}
}

// documents makes one of each comment. A deleted one has no words.
func (g *graph) documents(p forumPost, all []forumComment) []discussion.Document {
	var out []discussion.Document
	for _, c := range all {
		d := discussion.Document{
			ID: discussion.DocumentID(c.ID), Parent: discussion.DocumentID(c.Parent),
			Posted: moment(c.PostedAt), Score: c.score(), URL: g.URL + "?commentId=" + url.QueryEscape(c.ID),
		}
		if !c.Deleted {
			d.Body = htmlAt(g.URL, c.html())
		}
		if c.User != nil {
			d.Author = oneLine(c.User.DisplayName)
		}
		out = append(out, d)
	}
	return out
}
