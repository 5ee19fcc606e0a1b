package source

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"strings"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
)

// A site is a forum that runs ForumMagnum.
type site struct {
	host string
	key  string // of its database: two sites may share one
	name string
}

var (
	lessWrong = site{"www.lesswrong.com", "lesswrong", "LessWrong"}
	alignment = site{"www.alignmentforum.org", "lesswrong", "the Alignment Forum"}
	effective = site{"forum.effectivealtruism.org", "eaforum", "the EA Forum"}
)

// forums are the sites by the hosts that show them.
var forums = map[string]site{
	"www.lesswrong.com": lessWrong, "lesswrong.com": lessWrong, "www.greaterwrong.com": lessWrong, "greaterwrong.com": lessWrong,
	"www.alignmentforum.org": alignment, "alignmentforum.org": alignment,
	"forum.effectivealtruism.org": effective, "ea.greaterwrong.com": effective,
}

// postOf finds the forum and the post that an address names: /posts/ID/slug,
// or /s/SEQUENCE/p/ID.
func postOf(ref string) (site, string, bool) {
	u := addressOf(ref)
	if u == nil {
		return site{}, "", false
	}
	s, ok := forums[u.Host]
	path := steps(u)
	switch {
	case !ok:
	case len(path) >= 2 && path[0] == "posts":
		return s, path[1], true
	case len(path) >= 4 && path[0] == "s" && path[2] == "p":
		return s, path[3], true
	}
	return site{}, "", false
}

func isForum(ref string) bool { _, _, ok := postOf(ref); return ok }

// fetchForum reads a post of LessWrong, the Alignment Forum or the EA Forum
// with its comments and answers. If it links to an essay elsewhere, that essay
// comes too, and the post is the words that stood beside the link.
func fetchForum(ctx context.Context, ref string, o Options) (Fetched, error) {
	v := newVisit(o)
	s, id, _ := postOf(ref)
	g := &graph{visit: v, site: s}
	p, err := g.postByID(ctx, id)
	if err != nil {
		return Fetched{}, err
	}
	v.Title, v.Origin = cmp.Or(oneLine(p.Title), "Post "+id), s.key+":"+p.ID
	v.URL = g.addressOf(p)
	if body, came := g.words(ctx, p); came {
		v.Documents = append(v.Documents, discussion.Document{
			ID: discussion.DocumentID(p.ID), Kind: discussion.Essay, Confidence: 1, Author: p.authors(), URL: v.URL,
			Posted: moment(p.PostedAt), Score: p.score(), Body: body,
		})
	}
	if link := elsewhere(p.URL, p.ID); link != "" {
		v.addLinked(ctx, link)
	}
	v.tell(discussion.DocumentID(p.ID), g.comments(ctx, p))
	return v.end(ctx)
}

func (g *graph) addressOf(p forumPost) string {
	return fmt.Sprintf("https://%s/posts/%s/%s", g.site.host, url.PathEscape(p.ID), url.PathEscape(p.Slug))
}

// elsewhere is where a linkpost leads, or "" if it is none or leads to itself.
func elsewhere(link, id string) string {
	if _, there, ok := postOf(link); ok && there == id {
		return ""
	}
	return address(link)
}

// addLinked adds the essay that a post links to; then the post's own words, if
// they came, are no essay but a post.
func (v *visit) addLinked(ctx context.Context, link string) {
	essay, err := v.article(ctx, link)
	if err != nil {
		v.miss("the essay that is linked is not in it: %s", err)
		return
	}
	for i := range v.Documents {
		v.Documents[i].Kind = discussion.Post
	}
	essay.ID = essayID
	v.Documents = append([]discussion.Document{essay.Document}, v.Documents...)
}

// said is what posts and comments have in common.
type said struct {
	ID        string `json:"_id"`
	PostedAt  string `json:"postedAt"`
	BaseScore number `json:"baseScore"`
	VoteCount number `json:"voteCount"`
	Extended  *struct {
		Agreement number `json:"agreement"`
		Agree     number `json:"agree"` // the EA Forum counts those who do, and those who do not
		Disagree  number `json:"disagree"`
	} `json:"extendedScore"`
	User     *writer `json:"user"`
	Contents *struct {
		HTML string `json:"html"`
	} `json:"contents"`
}

type writer struct {
	DisplayName string `json:"displayName"`
}

func (s said) score() discussion.Score {
	score := discussion.Score{Points: s.BaseScore.n, Votes: s.VoteCount.n}
	if e := s.Extended; e != nil {
		score.Agreement = e.Agreement.n
		if score.Agreement == nil && (e.Agree.n != nil || e.Disagree.n != nil) {
			score.Agreement = new(e.Agree.or0() - e.Disagree.or0())
		}
	}
	return score
}

func (s said) html() string {
	if s.Contents == nil {
		return ""
	}
	return s.Contents.HTML
}

type forumPost struct {
	said
	Slug      string   `json:"slug"`
	Title     string   `json:"title"`
	URL       string   `json:"url"`
	Question  bool     `json:"question"`
	Coauthors []writer `json:"coauthors"`
	Crosspost *struct {
		Is     bool   `json:"isCrosspost"`
		Hosted bool   `json:"hostedHere"`
		There  string `json:"foreignPostId"`
	} `json:"fmCrosspost"`
}

func (p forumPost) authors() string {
	var all []string
	if p.User != nil && p.User.DisplayName != "" {
		all = append(all, p.User.DisplayName)
	}
	for _, c := range p.Coauthors {
		if c.DisplayName != "" {
			all = append(all, c.DisplayName)
		}
	}
	return oneLine(strings.Join(all, ", "))
}

const (
	saidFields = "_id postedAt baseScore voteCount extendedScore user { displayName } contents { html }"
	postFields = saidFields + " slug title url question coauthors { displayName } fmCrosspost { isCrosspost hostedHere foreignPostId }"
)

func (g *graph) postByID(ctx context.Context, id string) (forumPost, error) {
	var data struct {
		Post struct {
			Result *forumPost `json:"result"`
		} `json:"post"`
	}
	err := g.ask(ctx, question{
		newer:  "query Post($id: String!) { post(selector: {_id: $id}) { result { FIELDS } } }",
		older:  "query Post($id: String) { post(input: {selector: {_id: $id}}) { result { FIELDS } } }",
		fields: postFields, vars: func(bool) any { return map[string]any{"id": id} },
	}, &data)
	if err == nil && (data.Post.Result == nil || data.Post.Result.ID == "") {
		err = &graphError{g.site.name, "missing_document"}
	}
	if err != nil {
		return forumPost{}, err
	}
	return *data.Post.Result, nil
}

// words are p's own, which for a crosspost may be kept on the other forum. If
// they may come from there later they did not come, whatever stands here.
func (g *graph) words(ctx context.Context, p forumPost) (words format.Doc, came bool) {
	here := htmlAt(g.addressOf(p), p.html())
	c := p.Crosspost
	if c == nil || !c.Is || c.Hosted || c.There == "" {
		return here, true
	}
	other := effective
	if g.site.key == effective.key {
		other = lessWrong
	}
	there := &graph{visit: g.visit, site: other}
	post, err := there.postByID(ctx, c.There)
	if err != nil {
		g.miss("the post's words are kept on another forum and are not in it: %s", err)
		return here, !here.Empty() && !forNow(err)
	}
	return htmlAt("https://"+other.host+"/", post.html()), true
}
