package source

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"marginalia/internal/discussion"
)

// A redditor gathers the comments of one thread.
type redditor struct {
	*visit
	id       string
	total    int // comments that Reddit counts, deleted ones included
	comments []discussion.Document
	came     map[string]bool // the comments' names
	children []string        // comments that must be asked for by their names
	threads  []string        // comments under which it goes on
	asked    map[string]bool // of both
	broken   int             // things that were no comments
}

// address is the thread's, or the one of what is under a comment of it.
func (r *redditor) address(under string) string {
	q := url.Values{"limit": {"500"}, "depth": {"10"}, "raw_json": {"1"}}
	if under != "" {
		q.Set("comment", under)
		q.Set("context", "0")
	}
	return "https://www.reddit.com/comments/" + r.id + ".json?" + q.Encode()
}

// take keeps comments with what is below them, and notes what to ask for.
func (r *redditor) take(things []thing) {
	var stack []thing // the next one at its end
	push := func(some []thing) {
		for _, t := range slices.Backward(some) {
			stack = append(stack, t)
		}
	}
	push(things)
	for len(stack) > 0 {
		t := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if t.Kind == "more" {
			r.note(t.Data)
			continue
		}
		var w redditWords
		if err := json.Unmarshal(t.Data, &w); t.Kind != "t1" || err != nil && w.Name == "" {
			r.broken++
			continue
		}
		r.comments = append(r.comments, w.document())
		r.came[w.Name] = true
		push(w.Replies.Things)
	}
	r.progress("comments", len(r.comments), r.total)
}

func (r *redditor) note(raw json.RawMessage) {
	var more struct {
		ID       string   `json:"id"`
		Parent   string   `json:"parent_id"`
		Children []string `json:"children"`
	}
	_ = json.Unmarshal(raw, &more) // what is readable of it is enough
	if parent, ok := strings.CutPrefix(more.Parent, "t1_"); ok && len(more.Children) == 0 && !r.asked["_"+parent] {
		r.asked["_"+parent] = true
		r.threads = append(r.threads, parent)
	}
	for _, c := range more.Children {
		if !r.asked[c] {
			r.asked[c] = true
			r.children = append(r.children, c)
		}
	}
}

// more asks for what was left out, until nothing is.
func (r *redditor) more(ctx context.Context) {
	lost, why := 0, error(nil)
	var asked []string // and answered
	for len(r.children)+len(r.threads) > 0 && ctx.Err() == nil {
		var err error
		var n int
		if n = min(100, len(r.children)); n > 0 {
			batch := r.children[:n]
			r.children = r.children[n:]
			if err = r.named(ctx, batch); err == nil {
				asked = append(asked, batch...)
			}
		} else {
			n = 1
			under := r.threads[0]
			r.threads = r.threads[1:]
			err = r.under(ctx, under)
		}
		if err != nil {
			lost, why = lost+n, err
		}
	}
	if lost > 0 {
		r.miss("%s with what answers them, which Reddit shows only when asked, not in it: %s", plural(lost, "comment is,", "comments are,"), why)
	}
	gone := slices.DeleteFunc(asked, func(name string) bool { return r.came["t1_"+name] })
	if len(gone) > 0 && r.broken == 0 {
		r.miss("%s not in it: Reddit names but does not show them", plural(len(gone), "comment is", "comments are"))
	}
	if r.broken > 0 {
		r.miss("%s not as expected and not in it", plural(r.broken, "comment is", "comments are"))
	}
}

func (r *redditor) named(ctx context.Context, children []string) error {
	q := url.Values{"api_type": {"json"}, "raw_json": {"1"}, "link_id": {"t3_" + r.id}, "children": {strings.Join(children, ",")}}
	var got struct {
		JSON struct {
			Data struct {
				Things []thing `json:"things"`
			} `json:"data"`
		} `json:"json"`
	}
	err := r.getJSON(ctx, "https://www.reddit.com/api/morechildren.json?"+q.Encode(), &got)
	r.take(got.JSON.Data.Things)
	return err
}

func (r *redditor) under(ctx context.Context, comment string) error {
	var halves []listing
	err := r.getJSON(ctx, r.address(comment), &halves)
	if len(halves) > 1 {
		r.take(halves[1].Things)
	}
	return err
}
