package web

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"marginalia/internal/discussion"
	"marginalia/internal/store"
)

// ask gets a page as a program would.
func (h *house) ask(path string, header ...string) *http.Response {
	h.t.Helper()
	r, err := http.NewRequest("GET", h.site.URL+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { answer.Body.Close() })
	return answer
}

func TestEveryAnswerIsGuarded(t *testing.T) {
	h := build(t)
	for path, status := range map[string]int{
		"/": 303, "/d/" + string(h.d.ID): 200, "/d/none": 404, "/nowhere": 404, "/static/style.css": 200, "/static/none": 404, "/live": 200, "/ready": 200,
		"/d/" + string(h.d.ID) + "/export.jsonld": 200, "/d/" + string(h.d.ID) + "/export.md": 200, "/d/" + string(h.d.ID) + "/export.html": 200,
		"/d/" + string(h.d.ID) + "/export.markdown": 404, "/d/" + string(h.d.ID) + "/else": 404, "/d/none/export.md": 404, "/d/none/events": 404,
	} {
		r := h.ask(path)
		if r.StatusCode != status {
			t.Errorf("%s answers %d, not %d", path, r.StatusCode, status)
		}
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'self'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
		} {
			if got := r.Header.Get(name); !strings.HasPrefix(got, want) {
				t.Errorf("%s has %s %q", path, name, got)
			}
		}
		if csp := r.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s may do %s", path, csp)
		}
	}
}

func TestFilesOfThePageAreKeptByBrowsers(t *testing.T) {
	h := build(t)
	first := h.ask("/static/style.css")
	tag := first.Header.Get("ETag")
	if again := h.ask("/static/style.css", "If-None-Match", tag); tag == "" || again.StatusCode != http.StatusNotModified {
		t.Errorf("asked again with %s the answer is %d", tag, again.StatusCode)
	}
	if small := h.ask("/static/style.css", "Accept-Encoding", "gzip"); small.Header.Get("Content-Encoding") != "gzip" {
		t.Error("it is not compressed")
	}
	page := h.visitor("").get("")
	link := between(page, `<link rel="stylesheet" href="`, `"`)
	if r := h.ask(strings.ReplaceAll(link, "&amp;", "&")); !strings.Contains(r.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("%s is kept as %q", link, r.Header.Get("Cache-Control"))
	}
	if strings.Contains(page, "style=") || strings.Contains(page, "onclick") || strings.Contains(page, "<style") {
		t.Error("the page holds what its policy forbids")
	}
}

func TestReadyTellsWhatIsMissing(t *testing.T) {
	missing := errors.New("matrix was not heard from yet")
	h := build(t, func(c *Config) { c.Here, c.Ready = true, func() error { return missing } })
	r := h.ask("/ready")
	line, _ := bufio.NewReader(r.Body).ReadString('\n')
	if r.StatusCode != 503 || line != "not ready: matrix was not heard from yet\n" {
		t.Errorf("%d %q", r.StatusCode, line)
	}
}

func TestTheListLeadsToEachText(t *testing.T) {
	h := build(t)
	h.update(func(tx *store.Tx) error {
		_, err := tx.PutDiscussion(discussion.Discussion{ID: "other-1", Title: "Other <b>"}, time.Now())
		return err
	})
	page := h.visitor("").get("/?")
	for _, want := range []string{`href="/d/other-1"`, "Other &lt;b&gt;", `href="/d/` + string(h.d.ID), "0 of 5 passages posted"} {
		if !strings.Contains(page, want) {
			t.Errorf("the list lacks %s", want)
		}
	}
}

func TestUnpublishedTalkStaysInTheRooms(t *testing.T) {
	h := build(t, func(c *Config) { c.Default = discussion.Unset })
	h.post(1)
	ada := h.visitor("Ada")
	ada.do("/rooms/1/say", url.Values{"passage": {"passage-a"}, "text": {"between us"}})
	page := ada.get("")
	if text := between(page, "<main", "</main>"); strings.Contains(text, "between us") || strings.Contains(text, "Ada") {
		t.Error("the margin shows what is not published")
	}
	if !strings.Contains(between(page, `id="room-1"`, "</section>"), "between us") {
		t.Error("the room does not show what was said in it")
	}
	for _, file := range []string{"/export.jsonld", "/export.md", "/export.html"} {
		if strings.Contains(ada.get(file), "between us") {
			t.Errorf("%s holds what is not published", file)
		}
	}
	h.update(func(tx *store.Tx) error { return tx.SetState(h.said()[0].Creator, discussion.Pseudonym) })
	h.await("it is published under another name", func() bool {
		text := between(ada.get(""), "<main", "</main>")
		return strings.Contains(text, "between us") && strings.Contains(text, "Reader ") && !strings.Contains(text, "Ada")
	})
}

func TestClosedRoomsAreReadOnly(t *testing.T) {
	h := build(t, func(c *Config) { c.Open = false })
	h.post(1)
	v := h.visitor("")
	page := v.get("")
	if strings.Contains(page, "<form") || !strings.Contains(page, `id="post-2-passage-a"`) {
		t.Error("the rooms are not as they should be")
	}
	if status, _ := v.try("/rooms/1/say", url.Values{"passage": {"passage-a"}, "text": {"hello"}}); status != http.StatusForbidden {
		t.Errorf("something was said: %d", status)
	}
}

// told reads the next patch of a live page.
func told(t *testing.T, lines *bufio.Reader) (p patch, id string) {
	t.Helper()
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		id = strings.TrimSpace(strings.TrimPrefix(line, "id: "))
		if strings.HasPrefix(line, "id: ") {
			break
		}
	}
	line, _ := lines.ReadString('\n')
	if err := json.Unmarshal([]byte(strings.TrimPrefix(line, "data: ")), &p); err != nil {
		t.Fatal(err)
	}
	return p, id
}

func TestALivePageIsToldWhatChangesAndNoMore(t *testing.T) {
	h := build(t)
	h.post(1)
	ada := h.visitor("Ada")
	state := between(ada.get(""), `data-state="`, `"`)
	events := func(header ...string) *bufio.Reader {
		r := h.ask("/d/"+string(h.d.ID)+"/events?state="+state, header...)
		if r.Header.Get("Content-Type") != "text/event-stream" || r.Header.Get("Content-Encoding") != "" {
			t.Fatalf("the events come as %v", r.Header)
		}
		return bufio.NewReader(r.Body)
	}
	cookie := "marginalia=" + ada.secret()
	live := events("Cookie", cookie)
	ada.do("/rooms/1/say", url.Values{"passage": {"passage-a"}, "text": {"news"}})
	seen, last := map[string]bool{}, ""
	for !seen["post-2-passage-a"] || !seen["post-1-passage-a"] || !seen["tally"] {
		p, id := told(t, live)
		last = id
		for _, part := range p.Parts {
			seen[part.ID] = true
			if len(p.Parts) > 6 || strings.Contains(part.HTML, "gone by Friday") {
				t.Errorf("the page is told of %s, which did not change", part.ID)
			}
		}
	}
	again := events("Cookie", cookie, "Last-Event-ID", last)
	h.post(2)
	p, _ := told(t, again)
	for _, part := range p.Parts {
		if part.ID == "tally" {
			t.Error("a page that came back is told what it knows")
		}
	}
	stranger := events("Last-Event-ID", "something old")
	if p, _ := told(t, stranger); len(p.Parts) < 8 {
		t.Errorf("a page of which nothing is known is told only of %d parts", len(p.Parts))
	}
}

func (v visit) secret() string {
	u, err := url.Parse(v.h.site.URL)
	if err != nil {
		v.h.t.Fatal(err)
	}
	return v.client.Jar.Cookies(u)[0].Value
}

func TestLivePagesLetGoWhenTheBotStops(t *testing.T) {
	done, stop := context.WithCancel(context.Background())
	h := build(t, func(c *Config) { c.Done = done.Done() })
	r := h.ask("/d/" + string(h.d.ID) + "/events")
	ended := make(chan error, 1)
	go func() {
		_, err := bufio.NewReader(r.Body).WriteTo(discard{})
		ended <- err
	}()
	stop()
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		t.Fatal("the live page holds on")
	}
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }
