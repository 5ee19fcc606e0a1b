package source

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"marginalia/test/require"
)

// magnum is a forum that answers GraphQL as ForumMagnum does: in the newer or
// the older form, no offset beyond 2,000, answers in a view of their own.
type magnum struct {
	older    bool
	most     int    // results a request; 0 for any number
	without  string // a field that it does not know
	posts    map[string]map[string]any
	comments []map[string]any
	fail     func(view string, offset int) int // status instead of an answer, or 0
}

var (
	viewAsked = regexp.MustCompile(`comments\(selector: \{([A-Za-z]+): \{`)
	formAsked = regexp.MustCompile(`\((selector|input):`)
)

func (m *magnum) serve(rw http.ResponseWriter, r *http.Request) {
	var q struct {
		Query     string         `json:"query"`
		Variables map[string]any `json:"variables"`
	}
	if json.NewDecoder(r.Body).Decode(&q) != nil || r.Method != http.MethodPost || r.URL.Path != "/graphql" {
		http.Error(rw, "no query", http.StatusBadRequest)
		return
	}
	refuse := func(message string) {
		rw.WriteHeader(http.StatusBadRequest)
		answer(rw, map[string]any{"errors": []any{map[string]any{"message": message}}})
	}
	form := formAsked.FindStringSubmatch(q.Query)
	switch {
	case form == nil:
		refuse("Syntax Error")
	case m.older != (form[1] == "input"):
		refuse(fmt.Sprintf("Unknown argument %q on field \"Query.post\".", form[1]))
	case m.without != "" && strings.Contains(q.Query, m.without):
		refuse(fmt.Sprintf("Cannot query field %q on type \"Comment\".", m.without))
	case strings.Contains(q.Query, "post("):
		id, _ := q.Variables["id"].(string)
		if m.posts[id] == nil {
			answer(rw, `{"errors":[{"message":"app.missing_document"}],"data":{"post":null}}`)
			return
		}
		answer(rw, map[string]any{"data": map[string]any{"post": map[string]any{"result": m.posts[id]}}})
	default:
		m.list(rw, q.Query, q.Variables)
	}
}

func (m *magnum) list(rw http.ResponseWriter, query string, vars map[string]any) {
	view := ""
	if terms, ok := vars["terms"].(map[string]any); ok {
		vars = terms
		view, _ = terms["view"].(string)
		vars["id"] = cmp.Or(terms["postId"], terms["topLevelCommentId"])
	} else {
		view = viewAsked.FindStringSubmatch(query)[1]
	}
	limit, offset := int(vars["limit"].(float64)), int(vars["offset"].(float64))
	if m.fail != nil && m.fail(view, offset) != 0 {
		rw.WriteHeader(m.fail(view, offset))
		return
	}
	if offset > 2000 {
		answer(rw, `{"errors":[{"message":"Exceeded maximum value for skip"}],"data":null}`)
		return
	}
	found := m.view(view, vars["id"].(string))
	total := len(found)
	found = found[min(offset, total):]
	if m.most > 0 {
		limit = min(limit, m.most)
	}
	answer(rw, map[string]any{"data": map[string]any{"comments": map[string]any{"totalCount": total, "results": found[:min(limit, len(found))]}}})
}

func (m *magnum) view(view, id string) []map[string]any {
	var found []map[string]any
	for _, c := range m.comments {
		answers := c["answer"] == true || c["parentAnswerId"] != nil
		switch view {
		case "answersAndReplies":
			if answers {
				found = append(found, c)
			}
		case "repliesToCommentThread":
			if c["topLevelCommentId"] == id {
				found = append(found, c)
			}
		default:
			if !answers {
				found = append(found, c)
			}
		}
	}
	if view == "postCommentsNew" {
		slices.Reverse(found)
	}
	return found
}

// sampleForum answers with the shared shapes.
func sampleForum(t *testing.T) *magnum {
	t.Helper()
	raw, err := os.ReadFile(require.Shared(t, "sources", "lesswrong-graphql.json"))
	if err != nil {
		t.Fatal(err)
	}
	var sample struct {
		Queries struct {
			Post struct {
				Answer struct {
					Data struct {
						Post struct{ Result map[string]any }
					}
				}
			}
			Comments struct {
				Answer struct {
					Data struct {
						Comments struct{ Results []map[string]any }
					}
				}
			}
		}
	}
	if err := json.Unmarshal(raw, &sample); err != nil {
		t.Fatal(err)
	}
	post := sample.Queries.Post.Answer.Data.Post.Result
	return &magnum{posts: map[string]map[string]any{post["_id"].(string): post}, comments: sample.Queries.Comments.Answer.Data.Comments.Results}
}

const (
	gap     = "https://www.lesswrong.com/posts/aBcDeFgHiJkLmNoPq/the-gap"
	gapPage = `<html><head><title>the gap</title><meta name=author content="The Author"></head><body><article><h1>the gap</h1><p>The gap is never empty, whatever is said of it by those who fell in.</p></article></body></html>`
)

const gapTold = `
"the gap" https://www.lesswrong.com/posts/aBcDeFgHiJkLmNoPq/the-gap lesswrong:aBcDeFgHiJkLmNoPq
essay essay< by "The Author": The gap is never empty, whatever is said of it by those who fell in.
post aBcDeFgHiJkLmNoPq< by "author" 2025-06-11T09:00Z points 120 votes 60: Several people asked for this, hence this linkpost. | ~40 words.
comment c1c1c1c1c1c1c1c1c<aBcDeFgHiJkLmNoPq by "Reader One" 2025-06-11T12:00Z points 14 votes 5 agreement -3: The gap is never empty. | I doubt this step. | First reason.
Second reason.
comment c2c2c2c2c2c2c2c2c<c1c1c1c1c1c1c1c1c by "" 2025-06-11T12:00Z points 2 votes 5: Reply by someone whose name is hidden or gone.
comment c3c3c3c3c3c3c3c3c<aBcDeFgHiJkLmNoPq by "" 2025-06-11T12:00Z points -4 votes 5:`

func TestALinkpostOfLessWrong(t *testing.T) {
	w := newTown(t)
	w.host("www.lesswrong.com", sampleForum(t).serve)
	w.page("author.example.com", gapPage)
	w.wants(gap, gapTold)
	w.wants("https://www.greaterwrong.com/posts/aBcDeFgHiJkLmNoPq/the-gap/comment/c1c1c1c1c1c1c1c1c", gapTold)
	quoted := w.fetch(gap).Documents[2].Body
	if b := quoted.Blocks[0]; b.Quote != 1 || quoted.Text[b.Start:b.End] != "The gap is never empty." {
		t.Errorf("the quotation is %+v", b)
	}
}

func TestAnOlderForum(t *testing.T) {
	w := newTown(t)
	m := sampleForum(t)
	m.older, m.without = true, "fmCrosspost"
	w.host("forum.effectivealtruism.org", m.serve)
	w.page("author.example.com", gapPage)
	w.wants("https://forum.effectivealtruism.org/posts/aBcDeFgHiJkLmNoPq/the-gap",
		strings.NewReplacer("www.lesswrong.com", "forum.effectivealtruism.org", "lesswrong:", "eaforum:").Replace(gapTold))
}

// The EA Forum counts who agrees and who does not; older comments of it have one number.
func TestAgreementOfTheEAForum(t *testing.T) {
	c := func(id string, extended any) map[string]any {
		return map[string]any{"_id": id, "baseScore": 9, "voteCount": 4, "extendedScore": extended, "contents": map[string]any{"html": "<p>x</p>"}}
	}
	w := newTown(t)
	w.host("forum.effectivealtruism.org", (&magnum{
		posts: map[string]map[string]any{"p": {"_id": "p", "title": "T", "slug": "t", "contents": map[string]any{"html": "<p>Post.</p>"}}},
		comments: []map[string]any{
			c("a", map[string]any{"agree": 5, "disagree": 2, "love": 1}), c("b", map[string]any{"disagree": 2}),
			c("c", map[string]any{"agreement": -3, "agreementVoteCount": 2}), c("d", map[string]any{"love": 1}), c("e", nil),
		},
	}).serve)
	w.wants("https://forum.effectivealtruism.org/posts/p", `
"T" https://forum.effectivealtruism.org/posts/p/t eaforum:p
essay p< by "": Post.
comment a<p by "" points 9 votes 4 agreement 3: x
comment b<p by "" points 9 votes 4 agreement -2: x
comment c<p by "" points 9 votes 4 agreement -3: x
comment d<p by "" points 9 votes 4: x
comment e<p by "" points 9 votes 4: x`)
}

func TestALinkThatDoesNotCome(t *testing.T) {
	w := newTown(t)
	w.host("www.lesswrong.com", sampleForum(t).serve)
	w.host("author.example.com", http.NotFound)
	f := w.fetch(gap)
	if f.Documents[0].Kind != "essay" || len(f.Documents) != 4 || len(f.Missing) != 1 ||
		f.Missing[0] != "the essay that is linked is not in it: https://author.example.com/post/1/the-gap is not there (404): check the address" {
		t.Errorf("%s", tell(f))
	}
}

func TestACrosspostHasItsWordsElsewhere(t *testing.T) {
	w := newTown(t)
	here := &magnum{posts: map[string]map[string]any{"here1": {
		"_id": "here1", "title": "Both", "slug": "both", "user": map[string]any{"displayName": "A"}, "coauthors": []any{map[string]any{"displayName": "B"}},
		"fmCrosspost": map[string]any{"isCrosspost": true, "hostedHere": false, "foreignPostId": "there1"}, "contents": map[string]any{"html": "<p>stub</p>"},
	}}}
	there := &magnum{older: true, posts: map[string]map[string]any{"there1": {"_id": "there1", "title": "Both", "contents": map[string]any{"html": "<p>All of it.</p>"}}}}
	w.host("www.lesswrong.com", here.serve)
	w.host("forum.effectivealtruism.org", there.serve)
	w.wants("https://www.lesswrong.com/posts/here1/both", `
"Both" https://www.lesswrong.com/posts/here1/both lesswrong:here1
essay here1< by "A, B": All of it.`)
	m := map[string]any{"_id": "c1", "topLevelCommentId": "c1", "contents": map[string]any{"html": "<p>Yes.</p>"}}
	here.comments = append(here.comments, m)
	w.host("forum.effectivealtruism.org", responds(503))
	w.wants("https://www.lesswrong.com/posts/here1/both", `
"Both" https://www.lesswrong.com/posts/here1/both lesswrong:here1
comment c1<here1 by "": Yes.
missing: the post's words are kept on another forum and are not in it: https://forum.effectivealtruism.org/graphql is out of order (503): import again later`)
	here.posts["here1"]["url"] = "https://author.example.com/gap"
	w.page("author.example.com", gapPage)
	if f := w.fetch("https://www.lesswrong.com/posts/here1/both"); len(f.Documents) != 2 || f.Documents[0].ID != "essay" || f.Documents[1].ID != "c1" {
		t.Errorf("with the essay that it links to it is %s", tell(f))
	}
	delete(here.posts["here1"], "url")
	here.comments = nil
	w.host("forum.effectivealtruism.org", there.serve)
	delete(there.posts, "there1")
	w.wants("https://www.lesswrong.com/s/seq/p/here1", `
"Both" https://www.lesswrong.com/posts/here1/both lesswrong:here1
essay here1< by "A, B": stub
missing: the post's words are kept on another forum and are not in it: the EA Forum has no such post: check the address`)
}

// crowd is n comments: each answers the one at half its number, so threads of
// every size; the first ten are at the top.
func crowd(n int) []map[string]any {
	var all []map[string]any
	top := func(i int) int {
		for i >= 10 {
			i /= 2
		}
		return i
	}
	below := map[int]int{}
	for i := 10; i < n; i++ {
		below[top(i)]++
	}
	for i := range n {
		c := map[string]any{
			"_id": fmt.Sprint("c", i), "topLevelCommentId": fmt.Sprint("c", top(i)), "descendentCount": below[i], "postedAt": "2025-06-11T12:00:00.000Z",
			"baseScore": i, "voteCount": 2 * i, "extendedScore": map[string]any{"agreement": -i}, "user": map[string]any{"displayName": "R"},
			"contents": map[string]any{"html": fmt.Sprint("<p>Words ", i, ".</p>")},
		}
		if i >= 10 {
			c["parentCommentId"] = fmt.Sprint("c", i/2)
		}
		all = append(all, c)
	}
	return all
}

func TestTenThousandCommentsOfAForum(t *testing.T) {
	for name, m := range map[string]*magnum{
		"any number at once":   {},
		"1,000 at once":        {most: 1000},
		"older, 700 at once":   {most: 700, older: true},
		"not all views answer": {fail: func(view string, _ int) int { return map[string]int{"postCommentsOld": 403}[view] }, most: 1000},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t)
			m.posts = map[string]map[string]any{"p": {"_id": "p", "title": "T", "slug": "t", "contents": map[string]any{"html": "<p>Post.</p>"}}}
			m.comments = crowd(many())
			w.host("www.lesswrong.com", m.serve)
			f := w.fetch("https://www.lesswrong.com/posts/p")
			wholeTree(t, f, many(), func(i int) string { return fmt.Sprint("c", i) }, func(i int) string {
				if i < 10 {
					return "p"
				}
				return fmt.Sprint("c", i/2)
			})
			for _, d := range f.Documents[1:] {
				var i int
				fmt.Sscanf(string(d.ID), "c%d", &i)
				if *d.Score.Points != i || *d.Score.Votes != 2*i || *d.Score.Agreement != -i {
					t.Fatalf("%s", line(d))
				}
			}
			w.counted(many())
			t.Logf("%d requests", len(w.asked))
		})
	}
}

func TestWhatAForumDoesNotShowIsSaid(t *testing.T) {
	w := newTown(t)
	m := &magnum{most: 100, comments: crowd(3000), posts: map[string]map[string]any{"p": {"_id": "p", "title": "T", "slug": "t", "question": true, "contents": map[string]any{"html": "<p>Post.</p>"}}}}
	m.comments = append(m.comments,
		map[string]any{"_id": "a1", "answer": true, "contents": map[string]any{"html": "<p>An answer.</p>"}},
		map[string]any{"_id": "a2", "parentAnswerId": "a1", "parentCommentId": "a1", "contents": map[string]any{"html": "<p>A reply.</p>"}})
	w.host("www.lesswrong.com", m.serve)
	m.fail = func(view string, offset int) int {
		if view == "repliesToCommentThread" || offset >= 500 {
			return 503
		}
		return 0
	}
	f := w.fetch("https://www.lesswrong.com/posts/p")
	if got := len(f.Documents); got < 1+500+2 || len(f.Missing) == 0 ||
		!regexp.MustCompile(`^[0-9]+ of 3000 comments are not in it: https://www.lesswrong.com/graphql is out of order \(503\): import again later$`).MatchString(f.Missing[0]) {
		t.Errorf("%d documents, missing %q", got, f.Missing)
	}
	last := f.Documents[len(f.Documents)-2:]
	if line(last[0])+line(last[1]) != `comment a1<p by "": An answer.comment a2<a1 by "": A reply.` {
		t.Errorf("the answers are %v", last)
	}
}

func TestOddTreesOfAForum(t *testing.T) {
	w := newTown(t)
	c := func(id, parent string) map[string]any {
		return map[string]any{"_id": id, "parentCommentId": parent, "contents": map[string]any{"html": "<p>" + id + "</p>"}}
	}
	odd := c("odd", "")
	maps.Copy(odd, map[string]any{"baseScore": "many", "user": 17, "postedAt": 5})
	w.host("www.lesswrong.com", (&magnum{
		posts:    map[string]map[string]any{"p": {"_id": "p", "title": "T", "slug": "t", "contents": map[string]any{"html": "<p>Post.</p>"}}},
		comments: []map[string]any{c("x", "y"), c("y", "z"), c("z", "x"), c("self", "self"), c("orphan", "nobody"), odd},
	}).serve)
	w.wants("https://www.lesswrong.com/posts/p", `
"T" https://www.lesswrong.com/posts/p/t lesswrong:p
essay p< by "": Post.
comment orphan< by "": orphan
comment odd<p by "": odd
comment x< by "": x
comment z<x by "": z
comment y<z by "": y
comment self< by "": self
missing: LessWrong gave parts that are not as expected, and they were left out
missing: 1 comment answers what is not shown there`)
}

func TestBadAnswersOfAForum(t *testing.T) {
	for _, c := range []struct{ body, want string }{
		{`<html>log in</html>`, "https://www.lesswrong.com/graphql does not answer in JSON: the site may have changed, or asks for a login"},
		{`{"data":null,"errors":[{"message":"Boom\nat line 7"}]}`, `LessWrong answers "Boom at line 7": import again later`},
		{`{"data":{"post":{"result":null}}}`, "LessWrong has no such post: check the address"},
		{`{"errors":[{"message":"app.operation_not_allowed"}],"data":{"post":null}}`, "LessWrong does not show this post to everyone: it cannot be imported"},
		{`{"data":{"post":`, "https://www.lesswrong.com/graphql broke off in its answer: import again later"},
		{`{}`, `LessWrong answers "no data": import again later`},
		{`[]`, `LessWrong answers "no data": import again later`},
		{``, "https://www.lesswrong.com/graphql does not answer in JSON: the site may have changed, or asks for a login"},
	} {
		w := newTown(t)
		w.host("www.lesswrong.com", func(rw http.ResponseWriter, _ *http.Request) { answer(rw, c.body) })
		if got := w.refused(gap); got != c.want {
			t.Errorf("%s gives\n%s\nand not\n%s", c.body, got, c.want)
		}
	}
}
