package limits

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/matrix"
	"marginalia/internal/command"
	"marginalia/internal/discussion"
	"marginalia/internal/relay"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
)

const (
	largestEvent = 65_536 // bytes, with what servers add
	serversOwn   = 4_000  // what they may add: names of rooms and users, hashes, signatures, earlier events
	longestKey   = 255    // bytes of a type, and of ids
)

// scale is a homeserver that weighs what is sent to it, and keeps nothing.
type scale struct {
	t       *testing.T
	sent    int
	largest int
}

func (s *scale) RoundTrip(r *http.Request) (*http.Response, error) {
	answer := `{"event_id":"$some","type":"m.room.message","sender":"@bot:hs.example","content":{"body":"words"}}`
	if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/send/") {
		s.sent++
		s.weigh(r)
		answer = fmt.Sprintf(`{"event_id":"$event%d"}`, s.sent)
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(answer)), Request: r,
	}, nil
}

// weigh holds an event against the limits: in the form in which servers sign it.
func (s *scale) weigh(r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var content map[string]any
	if err == nil {
		err = json.Unmarshal(body, &content)
	}
	if err != nil {
		s.t.Errorf("an event that is no JSON: %v", err)
		return
	}
	var signed bytes.Buffer
	e := json.NewEncoder(&signed)
	e.SetEscapeHTML(false)
	if err := e.Encode(content); err != nil {
		s.t.Error(err)
	}
	s.largest = max(s.largest, signed.Len())
	if n := signed.Len() + serversOwn; n > largestEvent {
		s.t.Errorf("an event of %d bytes", n)
	}
	for _, part := range strings.Split(r.URL.Path, "/") {
		if len(part) > longestKey {
			s.t.Errorf("%d bytes of an id or type", len(part))
		}
	}
	if words, _ := content["body"].(string); strings.TrimSpace(words) == "" {
		s.t.Errorf("an event without words: %s", body)
	}
	if strings.ContainsRune(signed.String(), 0) || strings.Contains(signed.String(), `\u0000`) {
		s.t.Errorf("an event has a zero byte, which some servers cannot keep: %.300q", signed.String())
	}
}

// TestMatrix has hostile texts, remarks and answers posted and edited on Matrix:
// each is an event that every server takes.
func TestMatrix(t *testing.T) {
	each(t, func(t *testing.T, w *writer) {
		s := &scale{t: t}
		p, err := matrix.Open(t.Context(), matrix.Config{Homeserver: "http://hs.example", UserID: "@bot:hs.example", Token: "token", HTTP: &http.Client{Transport: s}})
		if err != nil {
			t.Fatal(err)
		}
		h := hall{t, w, p, chat.Room{Platform: "matrix", ID: "!hall:hs.example"}, "https://read.example.org/" + strings.Repeat("x", oneOf(w, 1, 500))}
		text := discussionOf(w)
		for _, one := range text.Passages {
			i := slices.IndexFunc(text.Documents, func(d discussion.Document) bool { return d.ID == one.Document })
			h.says(relay.Words{Thing: store.PassageThing(one.ID), Discussion: text, Document: text.Documents[i], Passage: one, Total: len(text.Passages)})
		}
		for range 10 {
			h.says(relay.Words{
				Thing: store.AnnotationThing("a"), Creator: discussion.Person{ID: "p", User: "@stranger:hs.example", Name: w.line()},
				Annotation: discussion.Annotation{ID: "a", Body: readings[w.dice.IntN(len(readings))].Parse(w.text(oneOf(w, 10, 4000)))},
			})
		}
		h.answers(text)
		t.Logf("%d events, the largest of %d bytes", s.sent, s.largest)
	})
}

// hall is a room of Matrix.
type hall struct {
	*testing.T
	w      *writer
	p      *matrix.Platform
	room   chat.Room
	reader string
}

// says posts what there is to say about a thing, and edits it.
func (h hall) says(words relay.Words) {
	h.Helper()
	place := chat.Place{Room: h.room, Thread: oneOf(h.w, "", "$root")}
	v := relay.View{Room: h.room, Language: inEither(h.w)(h.room), Profile: h.p.Profile(), Reader: h.reader, Place: place, Thread: place, ReplyTo: chat.Ref{Place: place, ID: "$answered"}}
	for i, want := range relay.Render(words, v) {
		if want.Mark != "" {
			continue
		}
		a := chat.Action{Verb: chat.Post, Key: fmt.Sprintf("key-%d", i), Message: want.Message, Began: time.Now()}
		done, err := h.p.Do(h.Context(), a)
		if err != nil {
			h.Error(err)
			continue
		}
		a.Verb, a.On = chat.Edit, done.Ref
		if _, err := h.p.Do(h.Context(), a); err != nil {
			h.Error(err)
		}
	}
}

// answers has each command used with hostile words, and answered for all to read.
func (h hall) answers(text discussion.Discussion) {
	db := opened(h.T, text)
	defer db.Close()
	update(h.T, db, func(tx *store.Tx) error {
		return tx.PutPlan(schedule.Plan{Name: "drip", Does: schedule.Drip, Discussion: text.ID, Cron: "0 0 29 2 *", Rooms: []chat.Room{h.room}, Count: 1, Start: time.Now(), Next: 1})
	})
	env := command.Env{DB: db, Language: inEither(h.w), Reader: h.reader, Link: h.p.Profile().Link, Profile: func(string) chat.Profile { return h.p.Profile() }}
	run := command.Dispatcher(env)
	for i, c := range command.Words(env) {
		for j, typed := range []string{c.Name, c.Name + " " + h.w.line(), c.Name + " 2", c.Name + " > " + h.w.line() + "\n" + h.w.text(500)} {
			name, args, _ := chat.ParseCommand("!essay", "!essay "+typed)
			said, err := run(h.Context(), chat.Call{
				Ref: chat.Ref{Place: chat.Place{Room: h.room}, ID: fmt.Sprintf("$call%d-%d", i, j)}, By: chat.Person{ID: "@ann:hs.example", Name: h.w.line()},
				Rights: chat.Operator, Name: name, Args: args, Typed: true, Text: chat.CommandText("!essay", "!essay "+typed),
			}, time.Now())
			if err != nil {
				h.Errorf("%q: %v", typed, err)
			}
			if !said.Empty() {
				h.says(relay.Words{Thing: store.NoteThing("n"), Note: store.Note{ID: "n", Kind: "answer", Body: said}})
			}
		}
	}
}
