//go:build unix

package acceptance

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

// visitor is someone at the reader page, without a browser: they fill in its
// forms and read its HTML.
type visitor struct {
	name string
	site string // of the bot; a new one when it was started again
	at   string // the id of what is read
	http *http.Client
}

// visit comes to the page and takes a name.
func visit(ctx context.Context, site, at, name string) (*visitor, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	v := &visitor{name: name, site: site, at: at, http: &http.Client{Jar: jar}}
	if _, err := v.page(ctx); err != nil {
		return nil, err
	}
	return v, v.post(ctx, "/name", url.Values{"name": {name}})
}

// say replies in a local room: under a passage, perhaps to something in its thread.
func (v *visitor) say(ctx context.Context, room int, passage, answers, words string) error {
	return v.post(ctx, v.room(room, "say"), url.Values{"passage": {passage}, "answers": {answers}, "text": {words}})
}

// edit gives something that the visitor said new words.
func (v *visitor) edit(ctx context.Context, room int, annotation, words string) error {
	return v.post(ctx, v.room(room, "edit"), url.Values{"annotation": {annotation}, "text": {words}})
}

// remove deletes something that the visitor said.
func (v *visitor) remove(ctx context.Context, room int, annotation string) error {
	return v.post(ctx, v.room(room, "delete"), url.Values{"annotation": {annotation}})
}

// react presses the button of an emoji under something that was said.
func (v *visitor) react(ctx context.Context, room int, annotation, emoji string) error {
	return v.post(ctx, v.room(room, "react"), url.Values{"annotation": {annotation}, "emoji": {emoji}})
}

func (v *visitor) room(n int, deed string) string {
	return fmt.Sprintf("/d/%s/rooms/%d/%s", v.at, n, deed)
}

// post sends a form, as the page's script does.
func (v *visitor) post(ctx context.Context, path string, form url.Values) error {
	req, err := http.NewRequestWithContext(ctx, "POST", v.site+path, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	_, err = v.ask(req, http.StatusNoContent)
	return err
}

func (v *visitor) ask(req *http.Request, want int) ([]byte, error) {
	resp, err := v.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != want {
		err = fmt.Errorf("%s %s: %s: %.300s", req.Method, req.URL.Path, resp.Status, body)
	}
	return body, err
}

// page is the reader page as this visitor gets it.
func (v *visitor) page(ctx context.Context) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, "GET", v.site+"/d/"+v.at, nil)
	if err != nil {
		return nil, err
	}
	return v.ask(req, http.StatusOK)
}

// thread is a passage in a local room, with what stands under it.
type thread struct {
	passage  string // its id
	seq      int
	words    string
	messages []message
}

// message is what the page shows of one.
type message struct {
	annotation string
	who, to    string // to: whom it answers
	words      string
	own        bool // this visitor's
	mirrored   bool // said in another room
	edited     bool
	emoji      []tally
}

// tally is an emoji under a message: how many hold it, and whether this visitor does.
type tally struct {
	emoji       string
	count, mine int
}

// threads reads a local room off the page.
func (v *visitor) threads(ctx context.Context, room int) ([]thread, error) {
	body, err := v.page(ctx)
	if err != nil {
		return nil, err
	}
	root, err := html.Parse(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	var all []thread
	for post := range find(root, "post", fmt.Sprintf("post-%d-", room)) {
		t := thread{passage: attr(post, "data-p")}
		for n := range find(post, "seq", "") {
			if _, err := fmt.Sscanf(text(n), "%d of", &t.seq); err != nil {
				return nil, fmt.Errorf("a passage is numbered %q", text(n))
			}
		}
		for w := range find(post, "words", "") {
			t.words = text(w)
		}
		for m := range find(post, "message", "") {
			t.messages = append(t.messages, readMessage(m))
		}
		all = append(all, t)
	}
	return all, nil
}

func readMessage(n *html.Node) message {
	m := message{annotation: attr(n, "data-a"), own: is(n, "own"), mirrored: is(n, "mirrored")}
	for class, into := range map[string]*string{"who": &m.who, "answers-whom": &m.to, "said": &m.words} {
		for part := range find(n, class, "") {
			*into = strings.TrimSpace(text(part))
		}
	}
	for range find(n, "edited", "") {
		m.edited = true
	}
	for e := range find(n, "emoji", "") {
		held := tally{emoji: attr(e, "value"), count: 1}
		if is(e, "mine") {
			held.mine = 1
		}
		if _, count, many := strings.Cut(seen(e), " "); many {
			held.count, _ = strconv.Atoi(count)
		}
		m.emoji = append(m.emoji, held)
	}
	return m
}

// seen is the text of an element without what is there for the ear alone.
func seen(n *html.Node) string {
	all := text(n)
	for part := range find(n, "sr", "") {
		all = strings.Replace(all, text(part), "", 1)
	}
	return strings.TrimSpace(all)
}

// find yields the elements below n of a class whose id begins with id, and not
// what stands inside such an element.
func find(n *html.Node, class, id string) func(func(*html.Node) bool) {
	return func(yield func(*html.Node) bool) { seek(n, class, id, yield) }
}

func seek(n *html.Node, class, id string, yield func(*html.Node) bool) bool {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode && is(c, class) && strings.HasPrefix(attr(c, "id"), id) {
			if !yield(c) {
				return false
			}
			continue
		}
		if !seek(c, class, id, yield) {
			return false
		}
	}
	return true
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func is(n *html.Node, class string) bool {
	return slices.Contains(strings.Fields(attr(n, "class")), class)
}

// text is all that is written inside n.
func text(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(text(c))
	}
	return b.String()
}
