package source

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"marginalia/internal/discussion"
)

// discourse reports whether p is a topic of a Discourse forum, where that
// begins ("https://host/folder"), and its number.
func (p *page) discourse() (base, topic string, ok bool) {
	if !strings.HasPrefix(headOf(p.root).first("generator"), "Discourse") {
		return "", "", false
	}
	before, behind, ok := strings.Cut(p.address.Path, "/t/")
	if !ok {
		return "", "", false
	}
	for part := range strings.SplitSeq(behind, "/") {
		if n, err := strconv.Atoi(part); err == nil && n > 0 {
			return (&url.URL{Scheme: p.address.Scheme, Host: p.address.Host, Path: before}).String(), part, true
		}
	}
	return "", "", false
}

// talk is a topic of Discourse. Posts holds the first of its posts, All the
// numbers of all; of a topic of ten thousand posts and more it is not told.
type talk struct {
	ID     int    `json:"id"`
	Title  string `json:"title"`
	Slug   string `json:"slug"`
	Chunk  int    `json:"chunk_size"`
	Link   string `json:"featured_link"`
	Count  int    `json:"posts_count"`
	Stream struct {
		Posts []talkPost `json:"posts"`
		All   []int      `json:"stream"`
		Mega  bool       `json:"isMegaTopic"`
	} `json:"post_stream"`
}

type talkPost struct {
	ID       int    `json:"id"`
	Number   int    `json:"post_number"`
	Kind     int    `json:"post_type"`
	Name     string `json:"name"`
	User     string `json:"username"`
	Created  string `json:"created_at"`
	Cooked   string `json:"cooked"`
	Answers  int    `json:"reply_to_post_number"`
	Hidden   bool   `json:"hidden"`
	Deleted  bool   `json:"user_deleted"`
	DeletedA string `json:"deleted_at"`
	Actions  []struct {
		ID    int `json:"id"`
		Count int `json:"count"`
	} `json:"actions_summary"`
}

// The kinds of post that people wrote for all to read: posts, and those of
// moderators.
const regularPost, moderatorPost = 1, 2

const likes = 2 // among actions

// discourse reads a topic: its first post, and the others as comments.
func (v *visit) discourse(ctx context.Context, base, topic string) error {
	var t talk
	if err := v.getJSON(ctx, base+"/t/"+topic+".json", &t); err != nil {
		return err
	}
	if len(t.Stream.Posts) == 0 {
		return fmt.Errorf("%s/t/%s has no posts that are shown to everyone: check the address", base, topic)
	}
	read := v.talkPosts
	if t.Stream.Mega {
		read = v.onward
	}
	posts := read(ctx, base, t)
	first, rest := posts[0], posts[1:]
	v.Title, v.URL, v.Origin = cmp.Or(oneLine(t.Title), "Topic "+topic), base+"/t/"+cmp.Or(t.Slug, "-")+"/"+topic, "discourse:"+base+"/t/"+topic
	d := first.document(v.URL)
	d.Kind, d.Confidence, d.Parent = discussion.Post, 1, ""
	v.Documents = []discussion.Document{d}
	if link := address(t.Link); link != "" {
		v.addLinked(ctx, link)
	}
	var comments []discussion.Document
	for _, p := range rest {
		if p.Kind == regularPost || p.Kind == moderatorPost {
			comments = append(comments, p.document(v.URL))
		}
	}
	for i := range comments {
		if comments[i].Parent == postNumber(first.Number) {
			comments[i].Parent = ""
		}
	}
	v.tell(d.ID, comments)
	return nil
}

// talkPosts are all posts of t in its order, as far as they come.
func (v *visit) talkPosts(ctx context.Context, base string, t talk) []talkPost {
	have := map[int]talkPost{}
	for _, p := range t.Stream.Posts {
		have[p.ID] = p
	}
	var rest []int
	for _, id := range t.Stream.All {
		if _, ok := have[id]; !ok {
			rest = append(rest, id)
		}
	}
	lost, why, chunk := 0, error(nil), min(max(t.Chunk, 20), 50)
	for some := range slices.Chunk(rest, chunk) {
		q := url.Values{}
		for _, id := range some {
			q.Add("post_ids[]", strconv.Itoa(id))
		}
		var more talk
		err := v.getJSON(ctx, fmt.Sprintf("%s/t/%d/posts.json?%s", base, t.ID, q.Encode()), &more)
		if err != nil {
			lost, why = lost+len(some), err
			continue
		}
		for _, p := range more.Stream.Posts {
			have[p.ID] = p
		}
		v.progress("posts", len(have), len(t.Stream.All))
	}
	if lost > 0 {
		v.miss("%s not in it: %s", plural(lost, "post is", "posts are"), why)
	}
	posts, listed := []talkPost{}, map[int]bool{}
	for _, id := range t.Stream.All {
		if p, ok := have[id]; ok && !listed[id] {
			listed[id] = true
			posts = append(posts, p)
		}
	}
	if gone := len(t.Stream.All) - len(posts) - lost; gone > 0 {
		v.miss("%s not in it: the forum lists but does not show them", plural(gone, "post is", "posts are"))
	}
	if len(posts) == 0 {
		return t.Stream.Posts
	}
	return posts
}

// onward are the posts of t from the first on: those behind one are asked for
// until there are none.
func (v *visit) onward(ctx context.Context, base string, t talk) []talkPost {
	posts := t.Stream.Posts
	for ctx.Err() == nil {
		last := posts[len(posts)-1].Number
		var more talk
		err := v.getJSON(ctx, fmt.Sprintf("%s/t/%d/posts.json?post_number=%d&asc=true", base, t.ID, last), &more)
		if err != nil {
			v.miss("%s not in it: %s", plural(max(1, t.Count-len(posts)), "post is", "posts are"), err)
			return posts
		}
		before := len(posts)
		for _, p := range more.Stream.Posts {
			if p.Number > posts[len(posts)-1].Number {
				posts = append(posts, p)
			}
		}
		if len(posts) == before {
			return posts
		}
		v.progress("posts", len(posts), t.Count)
	}
	return posts
}

// postNumber is a post's name within its topic: that is how others answer it.
func postNumber(n int) discussion.DocumentID { return discussion.DocumentID(strconv.Itoa(n)) }

func (p talkPost) document(topic string) discussion.Document {
	d := discussion.Document{
		ID: postNumber(p.Number), Author: cmp.Or(oneLine(p.Name), p.User), Posted: moment(p.Created),
		URL: fmt.Sprintf("%s/%d", topic, p.Number),
	}
	if p.Answers > 0 {
		d.Parent = postNumber(p.Answers)
	}
	if !p.Hidden && !p.Deleted && p.DeletedA == "" {
		d.Body = htmlAt(topic, cooked(p.Cooked))
	}
	d.Score.Points = new(0)
	for _, a := range p.Actions {
		if a.ID == likes {
			d.Score.Points = new(a.Count)
		}
	}
	return d
}

// cooked is a post's HTML with quotations as such, without the line above them
// that tells who is quoted, and without pictures of who that is.
func cooked(s string) string {
	if !strings.Contains(s, "<aside") {
		return s
	}
	root, err := html.Parse(strings.NewReader(s))
	if err != nil {
		return s
	}
	var titles []*html.Node
	for n := range root.Descendants() {
		if n.DataAtom == atom.Div && n.Parent.DataAtom == atom.Aside && slices.Contains(strings.Fields(attr(n, "class")), "title") {
			titles = append(titles, n)
		}
	}
	for _, n := range titles {
		n.Parent.RemoveChild(n)
	}
	return rendered(root)
}
