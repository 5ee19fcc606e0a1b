package source

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"marginalia/test/require"
)

const discoursePage = `<html><head><meta name="generator" content="Discourse 3.5.0 - https://github.com/discourse/discourse"><title>The gap</title></head><body>…</body></html>`

// board is a Discourse forum with one topic, of posts as JSON by their numbers.
type board struct {
	topic string
	posts map[string]string
	fail  map[string]bool // posts that are not given
	most  int
}

func (b *board) serve(rw http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/talk/t/42.json", "/t/42.json":
		answer(rw, b.topic)
	case "/talk/t/42/posts.json", "/t/42/posts.json":
		if behind := r.URL.Query().Get("post_number"); behind != "" {
			b.onward(rw, behind, r.URL.Query().Get("asc"))
			return
		}
		var some []string
		for _, id := range r.URL.Query()["post_ids[]"] {
			if b.fail[id] {
				rw.WriteHeader(http.StatusNotFound)
				return
			}
			some = append(some, b.posts[id])
		}
		b.most = max(b.most, len(some))
		answer(rw, `{"post_stream":{"posts":[`+strings.Join(some, ",")+`]},"id":42}`)
	default:
		rw.Header().Set("Content-Type", "text/html")
		fmt.Fprint(rw, discoursePage)
	}
}

// onward gives the twenty posts behind one, which a topic too long for a list
// of its posts is read by.
func (b *board) onward(rw http.ResponseWriter, behind, asc string) {
	n, err := strconv.Atoi(behind)
	if err != nil || asc != "true" || b.fail[behind] {
		rw.WriteHeader(http.StatusInternalServerError)
		return
	}
	var some []string
	for i := n + 1; i <= n+20 && b.posts[strconv.Itoa(999+i)] != ""; i++ {
		some = append(some, b.posts[strconv.Itoa(999+i)])
	}
	answer(rw, `{"post_stream":{"posts":[`+strings.Join(some, ",")+`]},"id":42}`)
}

func TestATopicOfDiscourse(t *testing.T) {
	w := newTown(t)
	b := &board{topic: sampleOf(t, "discourse.json", "sample"), posts: map[string]string{
		"804": `{"id":804,"post_number":4,"post_type":3,"username":"system","cooked":""}`,
		"805": `{"id":805,"post_number":5,"post_type":1,"username":"gone","cooked":"<p>(post deleted by author)</p>","user_deleted":true,"reply_to_post_number":3}`,
		"806": `{"id":806,"post_number":6,"post_type":1,"username":"late","cooked":"<p>Late.</p>","reply_to_post_number":99}`,
	}}
	b.topic = strings.Replace(b.topic, "803\n", "803, 804, 805, 806\n", 1)
	if !strings.Contains(b.topic, "806") {
		b.topic = strings.Replace(b.topic, "803]", "803,804,805,806]", 1)
	}
	w.host("forum.example", b.serve)
	want := `
"The gap" https://forum.example/talk/t/the-gap/42 discourse:https://forum.example/talk/t/42
post 1< by "Reader" 2025-06-11T12:00Z points 3: Discussion of the gap
comment 2<1 by "Reader" 2025-06-11T12:00Z points 3: The gap is never empty. | I doubt it.
comment 3<2 by "Reader" 2025-06-11T12:00Z points 3: Why?
comment 5<3 by "gone" points 0:
comment 6< by "late" points 0: Late.
missing: 1 comment answers what is not shown there`
	w.wants("https://forum.example/talk/t/the-gap/42/3?u=x", want)
	if d := w.fetch("https://forum.example/talk/t/42").Documents[1]; d.Body.Blocks[0].Quote != 1 {
		t.Errorf("the quotation is %+v", d.Body.Blocks)
	}
	b.fail = map[string]bool{"805": true}
	f := w.fetch("https://forum.example/talk/t/42")
	if len(f.Documents) != 3 || !strings.HasPrefix(f.Missing[0], "3 posts are not in it: https://forum.example/talk/t/42/posts.json?… is not there (404)") {
		t.Error(tell(f))
	}
	b.fail, b.topic = nil, `{"id":42,"title":"Private","post_stream":{"posts":[],"stream":[]}}`
	if got := w.refused("https://forum.example/talk/t/42"); got != "https://forum.example/talk/t/42 has no posts that are shown to everyone: check the address" {
		t.Error(got)
	}
	b.topic = "<html>"
	if got := w.refused("https://forum.example/talk/t/42"); got != "https://forum.example/talk/t/42.json does not answer in JSON: the site may have changed, or asks for a login" {
		t.Error(got)
	}
}

// TestTenThousandPostsOfDiscourse has a topic that lists its posts, and one more
// post, with which a forum lists them no longer.
func TestTenThousandPostsOfDiscourse(t *testing.T) {
	require.Long(t)
	for _, n := range []int{9_998, 10_000} {
		b := &board{posts: map[string]string{}}
		var stream []int
		parent := func(i int) string { return strconv.Itoa(max(1, (i+2)/2)) }
		for i := range n + 1 {
			stream = append(stream, 1000+i)
			b.posts[strconv.Itoa(1000+i)] = fmt.Sprintf(`{"id":%d,"post_number":%d,"post_type":1,"username":"r","created_at":"2025-06-11T12:00:00.000Z","cooked":"<p>Words.</p>","reply_to_post_number":%s,"actions_summary":[{"id":2,"count":%d}]}`,
				1000+i, i+1, map[bool]string{true: "null", false: parent(i - 1)}[i == 0], i)
		}
		all, _ := json.Marshal(stream)
		rest := `"stream":` + string(all)
		if n+1 >= 10_000 {
			rest = `"isMegaTopic":true,"firstId":1000,"lastId":` + strconv.Itoa(1000+n)
		}
		b.topic = fmt.Sprintf(`{"id":42,"title":"T","slug":"t","chunk_size":20,"posts_count":%d,"post_stream":{"posts":[%s],%s}}`, n+1, b.posts["1000"], rest)
		w := newTown(t)
		w.host("forum.example", b.serve)
		f := w.fetch("https://forum.example/talk/t/t/42")
		wholeTree(t, f, n, func(i int) string { return strconv.Itoa(i + 2) }, parent)
		w.counted(n + 1)
		for _, d := range f.Documents {
			if strconv.Itoa(1+*d.Score.Points) != string(d.ID) {
				t.Fatal(line(d))
			}
		}
		if b.most > 20 {
			t.Errorf("%d posts were asked for at once", b.most)
		}
		if n+1 < 10_000 {
			continue
		}
		b.fail = map[string]bool{"5001": true}
		f = w.fetch("https://forum.example/talk/t/t/42")
		const why = "5000 posts are not in it: https://forum.example/talk/t/42/posts.json?… is out of order (500): import again later"
		if len(f.Documents) != 5001 || fmt.Sprint(f.Missing) != "["+why+"]" {
			t.Errorf("%d documents, missing %q", len(f.Documents), f.Missing)
		}
	}
}
