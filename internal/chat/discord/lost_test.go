package discord

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"

	"marginalia/internal/chat"
	"marginalia/internal/chat/discord/discordtest"
	"marginalia/internal/format"
)

// To who may not read what was said Discord shows an empty channel. That is no
// deletion of everything, and no proof that something was not said.
func TestWithoutReadHistory(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		r := w.Room(t)
		p := w.open(t)
		e := hear(t, p, fromNow(r))
		for i := range 5 {
			e.said(w.User(t, "ada").Say(t, at(r), fmt.Sprintf("Word %d.", i), chat.Ref{}).ID)
		}
		a := posting(at(r), "Bob", "Once.")
		w.Lose(1)
		if _, err := p.Do(t.Context(), a); err == nil {
			t.Fatal("the answer was not lost")
		}
		since := e.stop()
		w.Server.Restart()
		w.Deny(r.ID, discordtest.ReadHistory)
		p = w.open(t)
		e = hear(t, p, since)
		goesOn(t, w, e, r)
		if gone := e.all(chat.Deleted); len(gone) > 0 {
			t.Errorf("what cannot be read is reported as deleted:\n%s", list(gone))
		}
		if _, err := p.Do(t.Context(), again(a)); !errors.Is(err, chat.ErrForbidden) {
			t.Errorf("said again where nobody can look whether it was said: %v", err)
		}
		w.Allow(r.ID, discordtest.ReadHistory)
		if done := does(t, p, again(a)); !done.Found {
			t.Errorf("asked again: %+v", done)
		}
		e.stop()
	})
}

// A handle that does not keep an edit is told it once more by the next Run of
// the same platform.
func TestEditThatWasNotKept(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		r := w.Room(t)
		ada := w.User(t, "ada")
		p := w.open(t)
		since := fromNow(r)
		var said chat.Ref
		down := errors.New("the database is down")
		err := p.Run(t.Context(), maps.Clone(since), func(_ context.Context, b chat.Batch) error {
			for _, o := range b.Events {
				switch o.Kind {
				case chat.Said:
					ada.Edit(t, said, "First.")
				case chat.Edited:
					return down
				}
			}
			maps.Copy(since, b.Since)
			if said.ID == "" {
				said = ada.Say(t, at(r), "Frist.", chat.Ref{})
			}
			return nil
		})
		if !errors.Is(err, down) {
			t.Fatalf("Run returned %v", err)
		}
		e := listenTo(t, p, since)
		e.hears("the edit", func(o chat.Event) bool { return o.Kind == chat.Edited && o.Message.Body.Text == "First." })
		e.stop()
	})
}

// Nothing can be done in a thread that was deleted, and in its room everything.
func TestDeletedThread(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		thread := opened(t, p, does(t, p, posting(at(r), "", "A passage.")).Ref)
		own := does(t, p, posting(thread, "", "Own.")).Ref
		hers := does(t, p, posting(thread, "Ada", "Hers.")).Ref
		w.DeleteChannel(thread.Thread)
		for _, a := range []chat.Action{posting(thread, "", "More."), posting(thread, "Bob", "More."), editing(own, "", "Mine."), editing(hers, "Ada", "Mine.")} {
			if _, err := p.Do(t.Context(), a); !errors.Is(err, chat.ErrGone) || errors.Is(err, chat.ErrForbidden) {
				t.Errorf("%s from %q in a deleted thread: %v", a.Verb, a.Message.From.Name, err)
			}
		}
		for _, ref := range []chat.Ref{own, hers} {
			if done := does(t, p, chat.Action{Verb: chat.Delete, Key: "d", On: ref}); !done.Found {
				t.Errorf("what went with its thread is not found deleted: %+v", done)
			}
		}
		does(t, p, posting(at(r), "", "The next passage."))
	})
}

// A moderator deletes a post of the bot's while the bot is not there: the next
// process, which takes the session up, hears of both.
func TestDeletedInAReplay(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		r := w.Room(t)
		p := w.open(t)
		e := hear(t, p, fromNow(r))
		goesOn(t, w, e, r)
		since := e.stop()
		post := does(t, p, posting(at(r), "", "A passage.")).Ref
		must(t, w.Server.User("Mod", discordtest.ManageMessages).Delete(post.ID))
		e = hear(t, w.open(t), since)
		e.hears("the deletion", func(o chat.Event) bool { return o.Kind == chat.Deleted && o.Message.Ref.ID == post.ID })
		if n := w.Ops()["IDENTIFY"].N; n != 1 {
			t.Errorf("%d sessions were begun", n)
		}
		e.stop()
	})
}

// What was said once is found, however much was said since.
func TestFoundAfterMuchTalk(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		a := posting(at(r), "Ada", "Once.")
		w.Lose(1)
		if _, err := p.Do(t.Context(), a); err == nil {
			t.Fatal("the answer was not lost")
		}
		for i := range 2100 {
			w.User(t, "bob").Say(t, at(r), fmt.Sprintf("Word %d.", i), chat.Ref{})
		}
		if done := does(t, p, again(a)); !done.Found {
			t.Errorf("asked again: %+v", done)
		}
	})
}

// A message that is not understood hides none that stand behind it, and is not
// taken for deleted.
func TestMessageThatIsNotUnderstood(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		r := w.Room(t)
		ada := w.User(t, "ada")
		e := hear(t, w.open(t), fromNow(r))
		odd := ada.Say(t, at(r), "Odd.", chat.Ref{})
		e.said(odd.ID)
		since := e.stop()
		w.Server.Restart()
		var last chat.Ref
		for i := range 150 {
			last = ada.Say(t, at(r), fmt.Sprintf("Missed %d.", i), chat.Ref{})
		}
		p := w.open(t)
		p.rest.Client.Transport = spoiling{p.rest.Client.Transport, odd.ID}
		e = hear(t, p, since)
		e.said(last.ID)
		if gone := e.all(chat.Deleted); len(gone) > 0 {
			t.Errorf("what is not understood is reported as deleted:\n%s", list(gone))
		}
		e.stop()
	})
}

// The promise of an answer stands, though it is not known to: the call is
// reported all the same.
func TestPromiseInDoubt(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		must(t, p.Register(t.Context(), table()))
		e := hear(t, p, fromNow(r))
		w.Fault(discordtest.Fault{Op: "create_interaction_response", Kind: discordtest.CutOff, After: true, Count: 1})
		_, err := w.Server.User("Ada").Slash(r.ID, "essay status", nil)
		must(t, err)
		must(t, p.Answer(t.Context(), called(e, "status"), chat.Message{Body: format.Text("All is well.")}))
		e.stop()
	})
}

// spoiling makes one message, where messages are listed, hard to understand.
type spoiling struct {
	next http.RoundTripper
	id   string
}

func (s spoiling) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := s.next.RoundTrip(r)
	if err != nil || !strings.HasSuffix(r.URL.Path, "/messages") {
		return answer, err
	}
	defer answer.Body.Close()
	var all []map[string]any
	if err := json.NewDecoder(answer.Body).Decode(&all); err != nil {
		return nil, err
	}
	for _, m := range all {
		if m["id"] == s.id {
			m["timestamp"] = "some time ago"
		}
	}
	b, err := json.Marshal(all)
	answer.Body, answer.ContentLength = io.NopCloser(bytes.NewReader(b)), int64(len(b))
	return answer, err
}
