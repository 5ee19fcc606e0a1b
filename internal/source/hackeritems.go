package source

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// item is a Hacker News item as its own API tells it: one a request.
type item struct {
	ID      int     `json:"id"`
	By      string  `json:"by"`
	Time    float64 `json:"time"`
	Type    string  `json:"type"`
	Title   string  `json:"title"`
	URL     string  `json:"url"`
	Text    string  `json:"text"`
	Score   number  `json:"score"`
	Below   int     `json:"descendants"`
	Parent  int     `json:"parent"`
	Kids    []int   `json:"kids"`
	Deleted bool    `json:"deleted"`
	Dead    bool    `json:"dead"`
}

func (i item) news() *news {
	n := &news{ID: i.ID, Created: i.Time, Type: i.Type, Author: i.By, Title: i.Title, URL: i.URL, Text: i.Text, Points: i.Score}
	if i.Deleted || i.Dead {
		n.Author, n.Text = "", ""
	}
	return n
}

// itemwise asks for a story's items one by one. Those that do not come are
// missing; so is what is below them.
func (v *visit) itemwise(ctx context.Context, id int) (*news, error) {
	top, err := v.item(ctx, id)
	if err != nil {
		return nil, err
	}
	for climbed := 0; top.Type == "comment" && top.Parent > 0 && climbed < 100; climbed++ {
		if top, err = v.item(ctx, top.Parent); err != nil {
			return nil, err
		}
	}
	type wanted struct {
		id    int
		under *news
	}
	story := top.news()
	var queue []wanted
	want := func(kids []int, under *news) {
		for _, k := range kids {
			queue = append(queue, wanted{k, under})
		}
	}
	want(top.Kids, story)
	seen, failed, inARow := map[int]bool{top.ID: true}, 0, 0
	for n := 0; n < len(queue); n++ {
		w := queue[n]
		if seen[w.id] {
			continue
		}
		if inARow == patience || ctx.Err() != nil {
			failed += len(queue) - n
			break
		}
		seen[w.id] = true
		got, itemErr := v.item(ctx, w.id)
		if itemErr != nil {
			failed, inARow, err = failed+1, inARow+1, itemErr
			continue
		}
		inARow = 0
		below := got.news()
		w.under.Children = append(w.under.Children, below)
		want(got.Kids, below)
		v.progress("comments", n+1, max(top.Below, len(queue)))
	}
	if failed > 0 {
		why := fmt.Sprint(err)
		if errors.Is(err, errNoItem) { // it was one, for whom answers it
			why = "Hacker News names but does not show them"
		}
		v.miss("%s, with what answers them, not in it: %s", plural(failed, "comment is", "comments are"), why)
	}
	return story, nil
}

func (v *visit) item(ctx context.Context, id int) (item, error) {
	var i item
	address := fmt.Sprintf("https://hacker-news.firebaseio.com/v0/item/%d.json", id)
	a, err := v.get(ctx, address)
	if err != nil {
		return i, err
	}
	if strings.TrimSpace(string(a.Body)) == "null" {
		return i, errNoItem
	}
	if _, err := decode(a, &i); err != nil {
		return i, err
	}
	if i.ID != id {
		return i, fmt.Errorf("%s answers with another item: import again later", shown(address))
	}
	return i, nil
}
