package web

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/store"
)

// mirrored has someone of another network say something in the thread of the
// first passage, which stands mirrored in the first room.
func (h *house) mirrored(words string) {
	h.t.Helper()
	h.update(func(tx *store.Tx) error {
		who, err := tx.PutPerson("matrix", chat.Person{ID: "@grace:example.org", Name: "Grace Far"})
		if err != nil {
			return err
		}
		a := discussion.Annotation{
			ID: "far", Discussion: h.d.ID, Under: "passage-a", Creator: who.ID, Motivation: discussion.Commenting,
			Body: format.Text(words), Target: discussion.Target{Source: "essay"},
		}
		if err := tx.PutAnnotation(a); err != nil {
			return err
		}
		ref := chat.Ref{Place: chat.Place{Room: garden}, ID: "mirror", As: "bot"}
		return tx.PutCopy(store.AnnotationThing(a.ID), garden, store.Copy{Ref: ref, Seq: 1})
	})
}

func TestMirroredTalkIsNamedAsItsWritersArePublished(t *testing.T) {
	for _, c := range []struct {
		chosen      discussion.CreatorState
		said, named bool
	}{{discussion.Named, true, true}, {discussion.Pseudonym, true, false}, {discussion.Unpublished, false, false}} {
		h := build(t, func(config *Config) { config.Default = c.chosen })
		h.post(1)
		h.mirrored("from afar")
		h.visitor("Ada").do("/rooms/1/say", url.Values{"passage": {"passage-a"}, "text": {"from here"}, "answers": {"far"}})
		page := h.visitor("Ben").get("")
		if said, named := strings.Contains(page, "from afar"), strings.Contains(page, "Grace Far"); said != c.said || named != c.named {
			t.Errorf("default %q: the page shows the words: %v, the name: %v", c.chosen, said, named)
		}
		if room := between(page, `id="room-1"`, "</section>"); !strings.Contains(room, "Ada") || !strings.Contains(room, "from here") {
			t.Errorf("default %q: the room does not name who speaks in it", c.chosen)
		}
	}
}

// Whom somebody mentions has not agreed to more by being mentioned.
func TestMentionedPeopleAreNamedAsTheyArePublished(t *testing.T) {
	link := func(user, name string) string { return `<a href="https://matrix.to/#/` + user + `">` + name + "</a>" }
	body := format.Matrix{}.Parse("<b>ask</b> " + link("@grace:example.org", "Grace Far") + " or " + link("@ada:example.org", "Ada Lovelace") + ", <i>please</i>")
	for def, grace := range map[discussion.CreatorState]string{discussion.Named: "@Grace Far", discussion.Pseudonym: "@Reader "} {
		h := build(t, func(c *Config) { c.Default = def })
		h.post(1)
		h.mirrored("from afar")
		h.update(func(tx *store.Tx) error {
			bob, err := tx.PutPerson("matrix", chat.Person{ID: "@bob:example.org", Name: "Bob"})
			if err != nil {
				return err
			}
			return tx.PutAnnotation(discussion.Annotation{
				ID: "asked", Discussion: h.d.ID, Under: "passage-a", Creator: bob.ID, Motivation: discussion.Commenting,
				Body: body, Target: discussion.Target{Source: "essay"},
			})
		})
		for _, path := range []string{"", "/export.jsonld", "/export.md", "/export.html"} {
			shown := h.visitor("Ben").get(path)
			if !strings.Contains(shown, grace) || !strings.Contains(shown, "@someone") {
				t.Errorf("default %q: %q names whom it mentions otherwise than %q and someone", def, path, grace)
			}
			if strings.Contains(shown, "Lovelace") || def != discussion.Named && strings.Contains(shown, "Grace Far") {
				t.Errorf("default %q: %q tells a name that nobody agreed to", def, path)
			}
		}
	}
}

// A page of another site whose name was made to point to this machine would be
// of one origin with ours. In a container the bot listens everywhere, and
// knows its name from Base alone.
func TestAPageAnswersToNoNameButItsOwn(t *testing.T) {
	own := map[string]int{
		"": 200, "localhost:8080": 200, "127.0.0.1": 200, "[::1]:8080": 200, "essay.example.org": 200, "Essay.Example.Org:443": 200,
		"evil.example": 421, "evil.example:8080": 421, "localhost.evil.example": 421,
	}
	for _, c := range []struct {
		here bool
		base string
		want map[string]int
	}{
		{true, "https://essay.example.org", own},
		{false, "https://essay.example.org", own},
		{true, "", map[string]int{"localhost": 200, "essay.example.org": 421}},
		{false, "", map[string]int{"localhost": 200, "evil.example": 200}},
	} {
		h := build(t, func(config *Config) { config.Here, config.Base = c.here, c.base })
		for host, want := range c.want {
			if got := h.asked(host); got != want {
				t.Errorf("here %v, base %q: as %q it answers %d, not %d", c.here, c.base, host, got, want)
			}
		}
	}
}

// asked is the status of an answer to a request that names a host.
func (h *house) asked(host string) int {
	h.t.Helper()
	r, err := http.NewRequest("GET", h.site.URL+"/live", nil)
	if err != nil {
		h.t.Fatal(err)
	}
	r.Host = host
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	answer.Body.Close()
	return answer.StatusCode
}

func TestLivePagesAreCounted(t *testing.T) {
	s := &server{}
	s.lines.Store(mostLines)
	w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/d/x/events", nil)
	r.Header.Set("Accept", "application/json")
	s.events(w, r)
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || s.lines.Load() != mostLines {
		t.Errorf("one too many is answered with %d, and %d are counted", w.Code, s.lines.Load())
	}
}

func TestWhatIsNotReadyIsToldToThisMachineAlone(t *testing.T) {
	for here, told := range map[bool]bool{true: true, false: false} {
		h := build(t, func(c *Config) {
			c.Here = here
			c.Ready = func() error { return errors.New("matrix: 10.1.2.3 does not answer") }
		})
		answer, err := http.Get(h.site.URL + "/ready")
		status, words := h.visitor("").answer(answer, err)
		if status != http.StatusServiceUnavailable || strings.Contains(words, "10.1.2.3") != told {
			t.Errorf("served here alone: %v: %d %q", here, status, words)
		}
	}
}
