package web

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/local"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

// essay is read in most tests here. Its paragraphs are its passages.
const essay = `# On Margins

A margin is the part of the page that *belongs to the reader*. The printer leaves it empty on purpose, and then for four hundred years people apologise for using it.

There is a kind of book that is not finished until somebody has disagreed with it in pencil.

> What is written next to the words stays next to the words.

The rest is talk, and talk is lovely, and talk is gone by Friday.`

var garden, harbour = chat.Room{Platform: "local", ID: "garden"}, chat.Room{Platform: "local", ID: "harbour"}

// house is a bot with two local rooms and its web server.
type house struct {
	t     *testing.T
	db    *store.DB
	local *local.Platform
	d     discussion.Discussion
	site  *httptest.Server
}

func build(t *testing.T, change ...func(*Config)) *house {
	t.Helper()
	return buildWithout(t, nil, change...)
}

// buildWithout is build where some rooms have no threads.
func buildWithout(t *testing.T, threads []chat.Room, change ...func(*Config)) *house {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	db, err := store.Open(ctx, filepath.Join(t.TempDir(), "web.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, db: db, local: local.New(local.Options{}), d: onMargins()}
	h.update(func(tx *store.Tx) error { _, err := tx.PutDiscussion(h.d, time.Now()); return err })
	engine := relay.New(relay.Config{DB: db, Platforms: []chat.Platform{h.local}, Rooms: []chat.Room{garden, harbour}, Flat: threads})
	var all sync.WaitGroup
	all.Go(func() { engine.Run(ctx) })
	c := Config{DB: db, Local: h.local, Rooms: []chat.Room{garden, harbour}, Open: true, Default: discussion.Named, Ready: engine.Ready, Done: ctx.Done()}
	for _, f := range change {
		f(&c)
	}
	h.site = httptest.NewServer(New(c))
	t.Cleanup(func() {
		cancel()
		h.site.Close()
		all.Wait()
		db.Close()
	})
	h.await("the bot listens", func() bool { return engine.Ready() == nil })
	return h
}

func onMargins() discussion.Discussion {
	body := format.Markdown{}.Parse(essay).Append(format.Text(`<script>alert("the essay")</script>`))
	d := discussion.Discussion{Title: "On Margins", URL: "https://example.org/margins"}
	d.Documents = []discussion.Document{{ID: "essay", Kind: discussion.Essay, Author: "Imre Vale", Confidence: 1, Body: body}}
	for i, b := range body.Blocks[1:] {
		d.Passages = append(d.Passages, discussion.Passage{ID: discussion.PassageID("passage-" + string('a'+rune(i))), Document: "essay", Seq: i + 1, Start: b.Start, End: b.End})
	}
	d.ID = discussion.NewID(d.Title, d.Documents)
	return d
}

func (h *house) update(f func(*store.Tx) error) {
	h.t.Helper()
	if err := h.db.Update(context.Background(), f); err != nil {
		h.t.Fatal(err)
	}
}

// await waits until something is so.
func (h *house) await(what string, so func() bool) {
	h.t.Helper()
	for end := time.Now().Add(10 * time.Second); !so(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			h.t.Fatalf("waited 10 s until %s", what)
		}
	}
}

// post lets the first n passages be posted in both rooms, and waits for it.
func (h *house) post(n int) {
	h.t.Helper()
	for _, p := range h.d.Passages[:n] {
		h.update(func(tx *store.Tx) error {
			for _, room := range []chat.Room{garden, harbour} {
				if err := tx.Stale(store.PassageThing(p.ID), room, "", store.ClassPost, time.Now()); err != nil {
					return err
				}
			}
			return nil
		})
		for _, room := range []chat.Room{garden, harbour} {
			h.await("passage "+string(p.ID)+" stands in "+room.ID, func() bool {
				_, ok := h.thread(room, p.ID)
				return ok
			})
		}
	}
}

func (h *house) thread(room chat.Room, p discussion.PassageID) (place chat.Place, ok bool) {
	h.t.Helper()
	err := h.db.View(context.Background(), func(tx *store.Tx) error {
		copies, err := tx.Copies(store.PassageThing(p), room)
		place, ok = threadOf(copies)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return place, ok
}

// browser is a visitor without a script.
type visit struct {
	h      *house
	client *http.Client
}

func (h *house) visitor(name string) visit {
	jar, _ := cookiejar.New(nil)
	v := visit{h, &http.Client{Jar: jar}}
	v.get("")
	if name != "" {
		v.do("/name", url.Values{"name": {name}})
	}
	return v
}

func (v visit) get(path string) string {
	v.h.t.Helper()
	status, body := v.answer(v.client.Get(v.h.site.URL + v.path(path)))
	if status != 200 {
		v.h.t.Fatalf("GET %s: %d %s", path, status, body)
	}
	return body
}

// path is below the discussion, but for what belongs to the whole site.
func (v visit) path(p string) string {
	for _, site := range []string{"/name", "/live", "/ready", "/static", "/d/", "/?"} {
		if strings.HasPrefix(p, site) {
			return p
		}
	}
	return "/d/" + string(v.h.d.ID) + p
}

func (v visit) answer(r *http.Response, err error) (int, string) {
	v.h.t.Helper()
	if err != nil {
		v.h.t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		v.h.t.Fatal(err)
	}
	return r.StatusCode, string(body)
}

// try posts a form as the script does and returns the status and the complaint.
func (v visit) try(path string, form url.Values) (int, string) {
	v.h.t.Helper()
	r, err := http.NewRequest("POST", v.h.site.URL+v.path(path), strings.NewReader(form.Encode()))
	if err != nil {
		v.h.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Origin", v.h.site.URL)
	status, body := v.answer(v.client.Do(r))
	var said struct{ Error string }
	if body != "" {
		if err := json.Unmarshal([]byte(body), &said); err != nil {
			v.h.t.Fatalf("%s answers %q", path, body)
		}
	}
	return status, said.Error
}

func (v visit) do(path string, form url.Values) {
	v.h.t.Helper()
	if status, why := v.try(path, form); status != http.StatusNoContent {
		v.h.t.Fatalf("%s: %d %s", path, status, why)
	}
}

// part is what stands between two strings of a page.
func between(s, from, to string) string {
	_, s, _ = strings.Cut(s, from)
	s, _, _ = strings.Cut(s, to)
	return s
}

func (h *house) annotation(words string) discussion.AnnotationID {
	h.t.Helper()
	var id discussion.AnnotationID
	err := h.db.View(context.Background(), func(tx *store.Tx) error {
		all, err := tx.Annotations(h.d.ID)
		for _, a := range all {
			if strings.Contains(a.Body.Text, words) {
				id = a.ID
			}
		}
		return err
	})
	if err != nil || id == "" {
		h.t.Fatalf("no annotation says %q: %v", words, err)
	}
	return id
}
