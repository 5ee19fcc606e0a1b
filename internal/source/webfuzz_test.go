package source

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"marginalia/internal/discussion"
)

// echo answers everything with the same.
type echo struct{ kind, body string }

func (e echo) RoundTrip(r *http.Request) (*http.Response, error) {
	h := http.Header{}
	h.Set("Content-Type", e.kind)
	return &http.Response{StatusCode: http.StatusOK, Header: h, Body: io.NopCloser(strings.NewReader(e.body)), Request: r}, nil
}

// FuzzAnswers has sites answer anything to whatever they are asked: an import
// ends, in one sentence or with documents that are a tree.
func FuzzAnswers(f *testing.F) {
	refs := []string{gap, "https://news.ycombinator.com/item?id=1", "https://redd.it/abc123", "https://site.example/t/x/42", "https://blog.example/2025/the-gap/"}
	for _, seed := range []struct {
		which int
		kind  string
		body  string
	}{
		{0, "application/json", `{"data":{"post":{"result":{"_id":"p","title":"T","contents":{"html":"<p>x</p>"}}},"comments":{"totalCount":9,"results":[{"_id":"a","parentCommentId":"b","descendentCount":3},{"_id":"b","parentCommentId":"a","topLevelCommentId":"b"}]}}}`},
		{0, "application/json", `{"errors":[{"message":"Unknown argument"},{"message":"Cannot query field \"html\""}]}`},
		{1, "application/json", `{"id":1,"type":"story","title":"T","text":"<p>&gt; x<p>y","kids":[1,2,1],"children":[{"id":2,"children":[null,{"id":1,"children":[{}]}]}]}`},
		{1, "application/json", `{"id":1,"type":"comment","parent":1,"story_id":7}`},
		{2, "application/json", `[{"data":{"children":[{"kind":"t3","data":{"id":"abc123","selftext":"x"}}]}},{"data":{"children":[{"kind":"t1","data":{"name":"t1_a","body":"y","replies":{"data":{"children":[{"kind":"more","data":{"parent_id":"t1_a","children":[]}}]}}}},{"kind":"more","data":{"children":["a","b"]}}]}}]`},
		{3, "text/html", discoursePage},
		{4, "text/html", blogPage},
		{4, "application/atom+xml", `<feed xmlns="http://www.w3.org/2005/Atom" xmlns:thr="http://purl.org/syndication/thread/1.0"><link rel="next" href="?p"/><entry><id>e</id><title>T</title><content>x</content></entry><entry><id>c</id><thr:in-reply-to ref="c"/><content>y</content></entry></feed>`},
		{4, "text/plain", "words"}, {4, "", "<html><body>words"}, {4, "image/png", "\x89PNG"},
	} {
		f.Add(uint8(seed.which), seed.kind, seed.body)
	}
	f.Fuzz(func(t *testing.T, which uint8, kind, body string) {
		web := Web{
			transport: echo{kind, body}, pause: func(context.Context, time.Duration) error { return nil },
			limits: func(l limits) limits { l.requests = 30; return l },
		}
		got, err := Fetch(t.Context(), refs[int(which)%len(refs)], Options{Web: web})
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r") {
				t.Errorf("more than one line: %q", err)
			}
			return
		}
		tree(t, got)
		got.Discussion(discussion.CutOptions{})
	})
}

// tree checks that documents have one name each and stand behind what they
// answer, so that no circle is among them.
func tree(t *testing.T, f Fetched) {
	t.Helper()
	stands := map[discussion.DocumentID]bool{"": true}
	for _, d := range f.Documents {
		if err := d.Body.Check(); err != nil {
			t.Errorf("%s: %v", d.ID, err)
		}
		if f.Origin != "" && stands[d.ID] {
			t.Errorf("%q came twice, or has no name", d.ID)
		}
		if f.Origin != "" && !stands[d.Parent] {
			t.Errorf("%q stands before %q, which it answers", d.ID, d.Parent)
		}
		stands[d.ID] = true
	}
}
