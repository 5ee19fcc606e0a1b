package web

import (
	"bufio"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/command"
	"marginalia/internal/discussion"
	"marginalia/internal/lang"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

// What people choose with the command me, and what moderators do, as the page shows it.

// TestWhatSomeoneChoosesShowsAtOnce: in the margin and in exports, for what was
// said before, and on pages that are open.
func TestWhatSomeoneChoosesShowsAtOnce(t *testing.T) {
	h := build(t)
	h.post(1)
	h.mirrored("from afar")
	grace := chat.Person{ID: "@grace:example.org", Name: "Grace Far"}
	tell := command.Dispatcher(command.Env{DB: h.db, Default: discussion.Named})
	page := between(h.visitor("Ben").get(""), `data-state="`, `"`)
	answer := h.ask("/d/" + string(h.d.ID) + "/events?state=" + page)
	defer answer.Body.Close()
	lines := make(chan string, 100)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(answer.Body); s.Scan(); {
			lines <- s.Text()
		}
	}()
	for i, c := range []struct {
		say         string
		said, named bool
		live        string
	}{
		{"pseudonym", true, false, "Reader "}, {"name", true, true, "Grace Far"},
		{"unpublished", false, false, "nothing in the margin yet"}, {"pseudonym", true, false, "Reader "},
	} {
		call := chat.Call{
			Ref: chat.Ref{Place: chat.Place{Room: chat.Room{Platform: "matrix", ID: "!far"}}, ID: string(rune('a' + i))},
			By:  grace, Name: "me", Args: map[string]string{"1": c.say},
		}
		if _, err := tell(t.Context(), call, time.Now()); err != nil {
			t.Fatal(err)
		}
		late := time.After(30 * time.Second)
		for told := false; !told; {
			select {
			case line := <-lines:
				told = strings.Contains(line, c.live)
			case <-late:
				t.Fatalf("%s: an open page is not told %q", c.say, c.live)
			}
		}
		for _, path := range []string{"", "/export.jsonld", "/export.md", "/export.html"} {
			shown := h.visitor("Ben").get(path)
			if said, named := strings.Contains(shown, "from afar"), strings.Contains(shown, "Grace Far"); said != c.said || named != c.named {
				t.Errorf("%s: %q shows the words: %v, the name: %v", c.say, path, said, named)
			}
		}
	}
}

// What somebody says in a room of the page stays talk there, whatever of it is
// published; and who was forgotten can still take back what they say later.
func TestTalkInTheRoomsOfThePageThatIsNotPublished(t *testing.T) {
	h := build(t)
	h.post(1)
	ada, ben := h.visitor("Ada"), h.visitor("Ben")
	room := func(v visit) string { return between(v.get(""), `id="room-1"`, "</section>") }
	margin := func() string { return ben.get("/export.md") }
	say := func(words string) {
		t.Helper()
		ada.do("/rooms/1/say", url.Values{"passage": {"passage-a"}, "text": {words}})
	}
	say("low water")
	id := h.annotation("low water")
	h.update(func(tx *store.Tx) error {
		a, err := tx.Annotation(id)
		if err != nil {
			return err
		}
		return tx.SetState(a.Creator, discussion.Unpublished)
	})
	if page := room(ben); !strings.Contains(page, "low water") || !strings.Contains(page, "Ada") || strings.Contains(margin(), "low water") {
		t.Errorf("the room: %q, the margin: %q", page, margin())
	}
	h.update(func(tx *store.Tx) error {
		a, err := tx.Annotation(id)
		if err != nil {
			return err
		}
		return relay.Forget(tx, a.Creator, time.Now())
	})
	if page := ben.get(""); strings.Contains(page, "low water") || strings.Contains(page, "Ada") {
		t.Errorf("of who was forgotten the page shows %q", page)
	}
	say("high water")
	if page := room(ben); !strings.Contains(page, "high water") || strings.Contains(page, "Ada") || strings.Contains(margin(), "high water") {
		t.Errorf("afterwards, the room: %q, the margin: %q", page, margin())
	}
	id = h.annotation("high water")
	if status, _ := ben.try("/rooms/1/delete", url.Values{"annotation": {string(id)}}); status != http.StatusForbidden {
		t.Errorf("somebody else took it back: %d", status)
	}
	ada.do("/rooms/1/delete", url.Values{"annotation": {string(id)}})
	if page := room(ben); strings.Contains(page, "high water") {
		t.Error("it is not taken back")
	}
}

func TestARoomWithoutThreads(t *testing.T) {
	h := buildWithout(t, []chat.Room{harbour})
	h.post(1)
	ada, bea := h.visitor("Ada"), h.visitor("Bea")
	ada.do("/rooms/1/say", url.Values{"passage": {"passage-a"}, "text": {"high water"}})
	h.await("what is said elsewhere stands under the passage", func() bool {
		return strings.Contains(between(bea.get(""), `id="post-2-passage-a"`, "</article>"), "high water")
	})
	bea.do("/rooms/2/say", url.Values{"passage": {"passage-a"}, "text": {"low water"}})
	h.await("what is said under it is carried", func() bool {
		return strings.Contains(between(ada.get(""), `id="post-1-passage-a"`, "</article>"), "low water")
	})
	h.update(func(tx *store.Tx) error { return relay.SetLocked(tx, english, "passage-a", true, time.Now()) })
	if status, why := bea.try("/rooms/2/say", url.Values{"passage": {"passage-a"}, "text": {"too late"}}); status != http.StatusConflict {
		t.Errorf("%d %s", status, why)
	}
}

func TestAClosedThreadTellsSoWhoSpeaksInIt(t *testing.T) {
	h := build(t)
	h.post(2)
	lock := func(locked bool) {
		t.Helper()
		h.update(func(tx *store.Tx) error { return relay.SetLocked(tx, english, "passage-a", locked, time.Now()) })
	}
	ada := h.visitor("Ada")
	say := url.Values{"passage": {"passage-a"}, "text": {"still here"}}
	lock(true)
	h.await("the thread tells that it is closed", func() bool {
		return strings.Contains(between(ada.get(""), `id="post-1-passage-a"`, "</article>"), "closed this thread")
	})
	if status, why := ada.try("/rooms/1/say", say); status != http.StatusConflict || !strings.Contains(why, "closed this thread") {
		t.Errorf("%d %s", status, why)
	}
	ada.do("/rooms/1/say", url.Values{"passage": {"passage-b"}, "text": {"elsewhere"}})
	ada.do("/rooms/1/say", url.Values{"passage": {"passage-a"}, "text": {"!essay help"}})
	lock(false)
	ada.do("/rooms/1/say", say)
	h.annotation("still here")
	h.await("nothing tells that it is closed", func() bool { return !strings.Contains(ada.get(""), "closed this thread") })
}

func english(chat.Room) lang.Language { return lang.English }
