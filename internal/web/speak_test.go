package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/store"
)

func TestWhatIsSaidInOneRoomStandsInTheOtherAndInTheMargin(t *testing.T) {
	h := build(t)
	h.post(2)
	ada, bea := h.visitor("Ada"), h.visitor("Bea")
	ada.do("/rooms/1/say", url.Values{"passage": {"passage-a"}, "text": {"> belongs to the reader\n\nIt *does* \\<b>not\\</b>."}})
	h.await("the reply stands in the other room", func() bool {
		return strings.Contains(between(bea.get(""), `id="room-2"`, "</section>"), "via garden")
	})
	page := bea.get("")
	for _, want := range []string{
		`<mark class="m1" data-a="`, `>belongs to the reader</mark>`, `<p>It <em>does</em> &lt;b&gt;not&lt;/b&gt;.</p>`, `one note in the margin`,
		`&lt;script&gt;alert(&#34;the essay&#34;)`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(page, "<script>") {
		t.Error("the page holds a script of the essay's")
	}
	id := string(h.annotation("not"))
	if status, why := bea.try("/rooms/1/edit", url.Values{"annotation": {id}, "text": {"mine now"}}); status != http.StatusForbidden || !strings.HasSuffix(why, ".") {
		t.Errorf("somebody else's message was edited: %d %s", status, why)
	}
	if status, _ := bea.try("/rooms/1/delete", url.Values{"annotation": {id}}); status != http.StatusForbidden {
		t.Errorf("somebody else's message was deleted: %d", status)
	}
	if status, _ := ada.try("/rooms/2/delete", url.Values{"annotation": {id}}); status != http.StatusForbidden {
		t.Errorf("a mirror was deleted: %d", status)
	}
	bea.do("/rooms/2/say", url.Values{"passage": {"passage-a"}, "answers": {id}, "text": {"Whose, then?"}})
	bea.do("/rooms/2/react", url.Values{"annotation": {id}, "emoji": {"👍"}})
	ada.do("/rooms/1/edit", url.Values{"annotation": {id}, "text": {"It does, after all."}})
	h.await("answer, reaction and edit are shown", func() bool {
		page := ada.get("")
		first := between(page, `id="room-1"`, "</section>")
		return strings.Contains(first, "via harbour") && strings.Contains(first, `<span class="answers-whom">to Ada</span>`) &&
			strings.Contains(page, "<p>It does, after all.</p>") && !strings.Contains(page, "&lt;b&gt;not") && strings.Contains(first, ">👍</span>")
	})
	ada.do("/rooms/1/delete", url.Values{"annotation": {id}})
	h.await("the deletion is shown", func() bool {
		page := ada.get("")
		return !strings.Contains(page, "after all") && strings.Contains(page, "This note was withdrawn.") && strings.Contains(page, "Whose, then?")
	})
	bea.do("/rooms/2/delete", url.Values{"annotation": {string(h.annotation("Whose"))}})
	h.await("the margin is empty", func() bool { return strings.Contains(ada.get(""), "nothing in the margin yet") })
}

// An excerpt that was posted under the passage that it quotes is shown there,
// and what is said of it stands in the same thread.
func TestAnExcerptStandsInThePassagesThread(t *testing.T) {
	h := build(t)
	h.d = discussion.Assemble("Tides", "", []discussion.Document{
		{Kind: discussion.Essay, Confidence: 1, Body: format.Text("The tide is never late.")},
		{Kind: discussion.Comment, Confidence: 1, Author: "Quire", Body: format.Markdown{}.Parse("> The tide is never late.\n\nMine was.")},
	}, discussion.CutOptions{})
	h.update(func(tx *store.Tx) error { _, err := tx.PutDiscussion(h.d, time.Now()); return err })
	h.post(1)
	under, excerpt := h.d.Passages[0].ID, h.d.Passages[1].ID
	h.update(func(tx *store.Tx) error {
		return tx.Stale(store.PassageThing(excerpt), garden, under, store.ClassReply, time.Now())
	})
	ada := h.visitor("Ada")
	post := func() string { return between(ada.get(""), `id="post-1-`+string(under), "</article>") }
	h.await("the excerpt stands under the passage", func() bool { return strings.Contains(post(), "Mine was.") })
	if !strings.Contains(post(), ">Quire</b> <span class=\"via\">comments, 2 of 2</span>") {
		t.Errorf("the post does not say who comments: %s", post())
	}
	if room := between(ada.get(""), `id="room-1"`, "</section>"); strings.Count(room, "<article") != 1 || !strings.Contains(room, "<p>1 passage ·") {
		t.Errorf("the excerpt is a post of its own: %s", room)
	}
	ada.do("/rooms/1/react", url.Values{"passage": {string(excerpt)}, "emoji": {"👍"}})
	h.await("the reaction is shown", func() bool {
		return strings.Contains(between(post(), `id="post-1-`+string(excerpt), "</li>"), ">👍</span>")
	})
	to := between(post(), `data-answer="`, `"`)
	ada.do("/rooms/1/say", url.Values{"passage": {string(under)}, "answers": {to}, "text": {"Which tide?"}})
	h.await("the answer stands in the thread", func() bool { return strings.Contains(post(), "Which tide?") })
	err := h.db.View(t.Context(), func(tx *store.Tx) error {
		a, err := tx.Annotation(h.annotation("Which tide?"))
		if a.Target.Source != h.d.Passages[1].Document {
			t.Errorf("what answers the excerpt is about %+v", a.Target)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// Where a quotation stands twice, only who wrote it sees the question.
func TestAQuestionIsForItsWriterAlone(t *testing.T) {
	h := build(t)
	h.post(4)
	ada, bea := h.visitor("Ada"), h.visitor("Bea")
	say := func(v visit, words string) {
		v.do("/rooms/1/say", url.Values{"passage": {"passage-d"}, "text": {words}})
	}
	say(ada, "> and talk is\n\nIs it?")
	h.await("it is asked", func() bool { return strings.Contains(ada.get(""), "Which one do you mean?") })
	if page := bea.get(""); strings.Contains(page, "Which one do you mean?") || !strings.Contains(page, "Is it?") {
		t.Errorf("somebody else sees the question, or not the remark: %s", between(page, `id="room-1"`, "</section>"))
	}
	say(ada, "2")
	h.await("the choice is marked, and the question gone", func() bool {
		page := ada.get("")
		return strings.Contains(page, "lovely, <mark") && strings.Contains(page, ">and talk is</mark> gone") && !strings.Contains(page, "Which one do you mean?")
	})
}

func TestEachWrongRequestGetsOneSentence(t *testing.T) {
	h := build(t)
	h.post(1)
	v := h.visitor("Ada")
	for _, c := range []struct {
		path   string
		form   url.Values
		status int
	}{
		{"/rooms/1/say", url.Values{"passage": {"passage-a"}, "text": {"  "}}, 400},
		{"/rooms/1/say", url.Values{"passage": {"passage-a"}, "text": {strings.Repeat("ä", 4001)}}, 413},
		{"/rooms/1/say", url.Values{"passage": {"passage-a"}, "text": {strings.Repeat("a", 200_000)}}, 413},
		{"/rooms/1/say", url.Values{"passage": {"passage-a"}, "text": {"a\x00b"}}, 400},
		{"/rooms/1/say", url.Values{"passage": {"passage-b"}, "text": {"early"}}, 409},
		{"/rooms/1/say", url.Values{"passage": {"nowhere"}, "text": {"hello"}}, 409},
		{"/rooms/3/say", url.Values{"passage": {"passage-a"}, "text": {"hello"}}, 404},
		{"/rooms/1/edit", url.Values{"annotation": {"none"}, "text": {"hello"}}, 404},
		{"/rooms/1/react", url.Values{"passage": {"passage-a"}, "emoji": {"not an emoji"}}, 400},
		{"/rooms/1/react", url.Values{"annotation": {"none"}, "emoji": {"👍"}}, 404},
	} {
		status, why := v.try(c.path, c.form)
		if status != c.status || !strings.HasSuffix(why, ".") || strings.Count(why, "\n") > 0 {
			t.Errorf("%s %.60q: %d %q, not %d", c.path, c.form.Encode(), status, why, c.status)
		}
	}
}

func TestWhatAnotherSiteSendsIsNotFollowed(t *testing.T) {
	h := build(t)
	h.post(1)
	v := h.visitor("Ada")
	for _, header := range [][2]string{{"Origin", "https://evil.example"}, {"Sec-Fetch-Site", "cross-site"}} {
		r, _ := http.NewRequest("POST", h.site.URL+v.path("/rooms/1/say"), strings.NewReader("passage=passage-a&text=hello"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set(header[0], header[1])
		status, body := v.answer(v.client.Do(r))
		if status != http.StatusForbidden || !strings.Contains(body, "another site") {
			t.Errorf("with %s the answer is %d", header, status)
		}
	}
}

func TestAFormWithoutAScriptLeadsBackToItsPassage(t *testing.T) {
	h := build(t)
	h.post(1)
	v := h.visitor("Ada")
	v.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	r, err := v.client.PostForm(h.site.URL+v.path("/rooms/2/say"), url.Values{"passage": {"passage-a"}, "text": {"hello"}})
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if want := v.path("") + "#post-2-passage-a"; r.StatusCode != 303 || r.Header.Get("Location") != want {
		t.Errorf("it leads to %d %s, not to %s", r.StatusCode, r.Header.Get("Location"), want)
	}
}

func TestAMessageIsEditedAsItWasTyped(t *testing.T) {
	h := build(t)
	h.post(1)
	v := h.visitor("Ada")
	for _, typed := range []string{
		"one\ntwo", "a\\\\\nb", "```\na\\\nb\n```", "a *b* **c** `d`", "> belongs to the reader\n\nyes", "- a\n- b", "1 < 2 & <b> \\ * _ #1", "# no heading?", "https://example.org/a_b",
	} {
		v.do("/rooms/1/say", url.Values{"passage": {"passage-a"}, "text": {typed}})
		var before, after string
		all := h.said()
		last := all[len(all)-1]
		before = last.Body.Text
		v.do("/rooms/1/edit", url.Values{"annotation": {string(last.ID)}, "text": {typedOf(last)}})
		for _, a := range h.said() {
			if a.ID == last.ID {
				after = a.Body.Text
			}
		}
		if before != after {
			t.Errorf("%q is edited as %q and becomes %q instead of %q", typed, typedOf(last), after, before)
		}
	}
}

func typedOf(a discussion.Annotation) string { return typed(a.Body) }

func (h *house) said() (all []discussion.Annotation) {
	h.t.Helper()
	err := h.db.View(context.Background(), func(tx *store.Tx) (err error) {
		all, err = tx.Annotations(h.d.ID)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return all
}

func TestNamesAreTidied(t *testing.T) {
	for name, want := range map[string]string{
		"  Ada \n Lovelace ": "Ada Lovelace", "": "", "\u202eevil\x00": "evil", strings.Repeat("é", 60): strings.Repeat("é", 40),
	} {
		if got := tidyName(name); got != want {
			t.Errorf("%q becomes %q, not %q", name, got, want)
		}
	}
}
