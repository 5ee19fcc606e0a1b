package source

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"marginalia/test/require"
)

// sampleOf is what a shared file holds under keys, as JSON.
func sampleOf(t *testing.T, file string, keys ...string) string {
	t.Helper()
	raw, err := os.ReadFile(require.Shared(t, "sources", file))
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(raw, &fields); err != nil {
			t.Fatal(err)
		}
		raw = fields[k]
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}

const newsTold = `
"The gap" https://news.ycombinator.com/item?id=44000001 hackernews:44000001
essay essay< by "The Author": The gap is never empty, whatever is said of it by those who fell in.
post 44000001< by "poster" 2025-06-11T09:00Z points 210:
comment 44000010<44000001 by "reader" 2025-06-11T12:00Z: The gap is never empty. | I doubt it.
comment 44000020<44000010 by "reader" 2025-06-11T12:00Z: Why?
comment 44000021<44000010 by "":
comment 44000030<44000021 by "reader" 2025-06-11T12:00Z: Reply under a deleted one.`

func TestAStoryOfHackerNews(t *testing.T) {
	w := newTown(t)
	w.page("author.example.com", gapPage)
	sample := sampleOf(t, "hackernews-algolia.json", "sample")
	w.host("hn.algolia.com", func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/v1/items/44000020" {
			answer(rw, `{"id":44000020,"type":"comment","story_id":44000001,"text":"<p>Why?</p>","children":[]}`)
			return
		}
		answer(rw, sample)
	})
	w.wants("https://news.ycombinator.com/item?id=44000001", newsTold)
	w.wants("https://news.ycombinator.com/item?id=44000020", newsTold)
	if d := w.fetch("https://news.ycombinator.com/item?id=44000001").Documents[2]; d.Body.Blocks[0].Quote != 1 || d.Body.Blocks[1].Quote != 0 {
		t.Errorf("the quotation is %+v", d.Body.Blocks)
	}
}

// itemHost is Hacker News item by item, as JSON; "503" stands for one that is out of order.
type itemHost map[int]string

func (h itemHost) serve(rw http.ResponseWriter, r *http.Request) {
	var id int
	if _, err := fmt.Sscanf(r.URL.Path, "/v0/item/%d.json", &id); err != nil {
		http.NotFound(rw, r)
		return
	}
	if h[id] == "503" {
		rw.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if h[id] == "" {
		answer(rw, "null")
		return
	}
	answer(rw, h[id])
}

func TestHackerNewsItemByItem(t *testing.T) {
	w := newTown(t)
	w.page("author.example.com", gapPage)
	w.host("hn.algolia.com", responds(500))
	items := itemHost{
		44000001: sampleOf(t, "hackernews-firebase.json", "sample", "story"),
		44000010: strings.Replace(sampleOf(t, "hackernews-firebase.json", "sample", "comment"), "44000020", "44000020, 44000021, 44000001", 1),
		44000020: `{"id":44000020,"by":"reader","time":1749643200,"type":"comment","text":"Why?","parent":44000010}`,
		44000021: sampleOf(t, "hackernews-firebase.json", "sample", "deleted"),
		44000030: `{"id":44000030,"by":"reader","time":1749643200,"type":"comment","text":"Reply under a deleted one.","parent":44000021}`,
	}
	w.host("hacker-news.firebaseio.com", items.serve)
	want := strings.Replace(newsTold, `44000021<44000010 by "":`, `44000021<44000010 by "" 2025-06-11T12:01Z:`, 1)
	w.wants("https://news.ycombinator.com/item?id=44000001", want)
	w.wants("https://news.ycombinator.com/item?id=44000030", want)

	items[44000021] = "503"
	f := w.fetch("https://news.ycombinator.com/item?id=44000001")
	if len(f.Documents) != 4 || fmt.Sprint(f.Missing) != "[1 comment is, with what answers them, not in it: https://hacker-news.firebaseio.com/v0/item/44000021.json is out of order (503): import again later]" {
		t.Errorf("%s", tell(f))
	}
	if got := w.refused("https://news.ycombinator.com/item?id=5"); got != "there is no such item on Hacker News: check the number at the end of the address" {
		t.Error(got)
	}
}

func TestTenThousandCommentsOfHackerNews(t *testing.T) {
	n := many()
	kids := make([][]int, n+1)
	parent := func(i int) int { return i / 3 }
	for i := 1; i <= n; i++ {
		kids[parent(i)] = append(kids[parent(i)], i)
	}
	var tree func(i int) map[string]any
	tree = func(i int) map[string]any {
		below := []any{}
		for _, k := range kids[i] {
			below = append(below, tree(k))
		}
		return map[string]any{"id": i + 1, "created_at_i": 1749643200, "type": "comment", "author": "r", "text": "<p>Words.</p>", "children": below}
	}
	w := newTown(t)
	w.host("hn.algolia.com", func(rw http.ResponseWriter, _ *http.Request) { answer(rw, tree(0)) })
	id := func(i int) string { return strconv.Itoa(i + 2) }
	up := func(i int) string { return strconv.Itoa(parent(i+1) + 1) }
	wholeTree(t, w.fetch("https://news.ycombinator.com/item?id=1"), n, id, up)
	w.counted(n)

	w.host("hn.algolia.com", responds(404))
	items := itemHost{}
	for i := range n + 1 {
		list := []int{}
		for _, k := range kids[i] {
			list = append(list, k+1)
		}
		raw, _ := json.Marshal(map[string]any{"id": i + 1, "time": 1749643200, "type": "comment", "by": "r", "text": "Words.", "kids": list})
		items[i+1] = strings.Replace(string(raw), `"comment"`, `"`+map[bool]string{true: "story", false: "comment"}[i == 0]+`"`, 1)
	}
	w.host("hacker-news.firebaseio.com", items.serve)
	wholeTree(t, w.fetch("https://news.ycombinator.com/item?id=1"), n, id, up)
	w.counted(n)
}
