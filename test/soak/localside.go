//go:build unix

package main

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/net/html"

	"marginalia/internal/chat"
)

// localSide is the first local room of the bot's page. Nobody talks in it; it
// is read as the page shows it, while the bot runs.
type localSide struct {
	id   string
	page func(ctx context.Context) (string, error)
}

func (l *localSide) room() chat.Room                       { return chat.Room{Platform: "local", ID: l.id} }
func (l *localSide) people() int                           { return 0 }
func (l *localSide) posts() map[int]bool                   { return nil }
func (l *localSide) shows(string) bool                     { return false }
func (l *localSide) say(int, *remark) bool                 { return false }
func (l *localSide) edit(int, *remark, string) bool        { return false }
func (l *localSide) remove(int, *remark) bool              { return false }
func (l *localSide) react(int, string, string) bool        { return false }
func (l *localSide) unreact(int, string, string) bool      { return false }
func (l *localSide) complete(context.Context) (int, error) { return 0, nil }
func (l *localSide) said(remark) []string                  { return nil }

// read finds the messages under each passage on the page. The page counts
// everybody's reactions together: what the bot would add cannot be told.
func (l *localSide) read(ctx context.Context) (shown, error) {
	s := shown{at: l.room(), mute: true}
	page, err := l.page(ctx)
	if err != nil {
		return s, err
	}
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return s, err
	}
	l.walk(root, 0, &s)
	return s, nil
}

func (l *localSide) walk(n *html.Node, passage int, s *shown) {
	id := attribute(n, "id")
	if strings.HasPrefix(id, "post-1-") {
		_, _ = fmt.Sscanf(attribute(n, "aria-label"), "Passage %d", &passage)
	}
	if strings.HasPrefix(id, "msg-1-") {
		at := line{id: id, passage: passage}
		at.name, at.version = tokenIn(text(n))
		s.lines = append(s.lines, at)
		return
	}
	for c := range n.ChildNodes() {
		l.walk(c, passage, s)
	}
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// text is all words inside n, but for those in fields to type in.
func text(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data + " "
	}
	if n.Data == "textarea" {
		return ""
	}
	var all strings.Builder
	for c := range n.ChildNodes() {
		all.WriteString(text(c))
	}
	return all.String()
}
