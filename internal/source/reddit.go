package source

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
)

var (
	redditHost = regexp.MustCompile(`^((www|old|new|np|sh|i|amp)\.)?reddit\.com$`)
	redditID   = regexp.MustCompile(`^[0-9a-z]{1,13}$`)
)

// redditThread is the thread that an address names.
func redditThread(ref string) (string, bool) {
	u := addressOf(ref)
	if u == nil {
		return "", false
	}
	path, id := steps(u), ""
	switch {
	case u.Host == "redd.it" && len(path) == 1:
		id = path[0]
	case redditHost.MatchString(u.Host):
		for i := range len(path) - 1 {
			if path[i] == "comments" {
				id = strings.TrimSuffix(strings.ToLower(path[i+1]), ".json")
				break
			}
		}
	}
	return id, redditID.MatchString(id)
}

func isReddit(ref string) bool { _, ok := redditThread(ref); return ok }

// A thing is anything of Reddit's: kind says what data is.
type thing struct {
	Kind string          `json:"kind"`
	Data json.RawMessage `json:"data"`
}

// listing holds things; where there are none Reddit writes "" in its place.
type listing struct{ Things []thing }

func (l *listing) UnmarshalJSON(raw []byte) error {
	if len(raw) == 0 || raw[0] != '{' {
		return nil
	}
	var whole struct {
		Data struct {
			Children []thing `json:"children"`
		} `json:"data"`
	}
	err := json.Unmarshal(raw, &whole)
	l.Things = whole.Data.Children
	return err
}

// redditWords is a post (t3) or comment (t1).
type redditWords struct {
	ID       string  `json:"id"`
	Name     string  `json:"name"`
	Title    string  `json:"title"`
	Author   string  `json:"author"`
	Self     bool    `json:"is_self"`
	URL      string  `json:"url"`
	Text     string  `json:"selftext"`
	TextHTML string  `json:"selftext_html"`
	Body     string  `json:"body"`
	BodyHTML string  `json:"body_html"`
	Link     string  `json:"permalink"`
	Created  float64 `json:"created_utc"`
	Score    number  `json:"score"`
	Hidden   bool    `json:"score_hidden"`
	Count    int     `json:"num_comments"`
	Parent   string  `json:"parent_id"`
	Replies  listing `json:"replies"`
	// What a crosspost shows from another place of Reddit.
	Shown []redditWords `json:"crosspost_parent_list"`
}

// own are the words and the link of a post: of a crosspost those of the post
// that it shows.
func (w redditWords) own() redditWords {
	if len(w.Shown) == 0 {
		return w
	}
	there := w.Shown[0]
	if w.Text == "" {
		w.Text, w.TextHTML = there.Text, there.TextHTML
		if w.Text != "" && there.Author != "" { // else they would be signed by who shares them
			w.Author, w.Created = there.Author, there.Created
		}
	}
	w.Self, w.URL = there.Self, there.URL
	return w
}

func (w redditWords) document() discussion.Document {
	d := discussion.Document{
		ID: discussion.DocumentID(w.Name), Parent: discussion.DocumentID(w.Parent), Posted: seconds(w.Created), Confidence: 1,
		Body: redditDoc(w.BodyHTML+w.TextHTML, w.Body+w.Text),
	}
	if w.Author != "[deleted]" {
		d.Author = w.Author
	}
	if !w.Hidden {
		d.Score.Points = w.Score.n
	}
	if strings.HasPrefix(w.Link, "/") {
		d.URL = "https://www.reddit.com" + w.Link
	}
	return d
}

// redditDoc reads what someone wrote; "[deleted]" and "[removed]" are no words.
func redditDoc(page, markdown string) format.Doc {
	switch strings.TrimSpace(markdown) {
	case "[deleted]", "[removed]", "[ Removed by Reddit ]":
		return format.Doc{}
	}
	if page == "" {
		return format.Markdown{}.Parse(html.UnescapeString(markdown))
	}
	if strings.HasPrefix(strings.TrimSpace(page), "&lt;") {
		page = html.UnescapeString(page)
	}
	return htmlAt("https://www.reddit.com/", strings.ReplaceAll(page, `"md-spoiler-text"`, `"spoiler"`))
}

// fetchReddit reads a thread: the post, what it links to, and the comments,
// those too that Reddit shows only when they are asked for.
func fetchReddit(ctx context.Context, ref string, o Options) (Fetched, error) {
	id, _ := redditThread(ref)
	r := &redditor{visit: newVisit(o), id: id, asked: map[string]bool{}, came: map[string]bool{}}
	var halves []listing
	if err := r.getJSON(ctx, r.address(""), &halves); err != nil {
		if c := code(err); c == http.StatusForbidden || c == http.StatusTooManyRequests {
			err = fmt.Errorf("without a login, Reddit does not answer this network (%d): import it from another one, or save the page as a file", c)
		}
		return Fetched{}, err
	}
	var post redditWords
	if len(halves) < 1 || len(halves[0].Things) < 1 || json.Unmarshal(halves[0].Things[0].Data, &post) != nil && post.ID == "" {
		return Fetched{}, fmt.Errorf("%s has no post in it: check the address", shown(r.address("")))
	}
	post = post.own()
	d := post.document()
	d.ID, d.Kind, d.Parent = discussion.DocumentID("t3_"+id), discussion.Post, ""
	r.Title, r.Origin, r.URL = cmp.Or(oneLine(post.Title), "Reddit "+id), "reddit:"+id, cmp.Or(d.URL, "https://www.reddit.com/comments/"+id+"/")
	r.Documents = append(r.Documents, d)
	if link := address(html.UnescapeString(post.URL)); link != "" && !post.Self && !redditHost.MatchString(hostOf(link)) {
		r.addLinked(ctx, link)
	}
	r.total = post.Count
	if len(halves) > 1 {
		r.take(halves[1].Things)
	}
	r.more(ctx)
	r.tell(d.ID, r.comments)
	return r.end(ctx)
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}
