package relay_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/test/require"
)

// TestTortureSeesWhatIsWrong plants one of each fault that TestTorture looks
// for, after a life without any.
func TestTortureSeesWhatIsWrong(t *testing.T) {
	require.Long(t)
	dsn := filepath.Join(t.TempDir(), "bot.db")
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 5, dsn)
		w.live()
		w.calm()
		if found := w.check(); len(found) > 0 {
			t.Fatalf("before anything is planted: %q", found)
		}
		for _, p := range []struct {
			kind  string
			plant func(mirror chat.Message)
		}{
			{"lost", func(m chat.Message) { w.do(chat.Action{Verb: chat.Delete, On: m.Ref}) }},
			{"reactions", func(m chat.Message) { w.do(chat.Action{Verb: chat.React, On: m.Ref, Emoji: "🤔"}) }},
			{"disorder", func(m chat.Message) {
				w.do(chat.Action{Verb: chat.Delete, On: m.Ref})
				w.post(m.Ref.Place, m.Body.Text)
			}},
			{"doubled", func(m chat.Message) { w.post(m.Ref.Place, m.Body.Text) }},
			{"strayed", func(m chat.Message) { w.post(chat.Place{Room: m.Ref.Place.Room}, m.Body.Text) }},
			{"out of date", func(m chat.Message) {
				m.Body = format.Text(strings.ReplaceAll(m.Body.Text, "-", "-1"))
				w.do(chat.Action{Verb: chat.Edit, On: m.Ref, Message: m})
			}},
			{"left behind", func(chat.Message) { w.post(chat.Place{Room: w.rooms[0]}, w.dead().token) }},
		} {
			p.plant(w.followed())
			if !slices.ContainsFunc(w.check(), func(f string) bool { return strings.HasPrefix(f, p.kind) }) {
				t.Errorf("a planted fault (%s) was not found", p.kind)
			}
		}
	})
}

// followed is a mirror of one message behind which stands another one.
func (w *world) followed() chat.Message {
	for _, place := range w.threads(w.rooms[1]) {
		var mirrors []chat.Message
		for _, m := range w.nets[place.Room.Platform].Read(place) {
			if s := w.sayingIn(m); s != nil && m.Ref.As != "" && s.length == 1 && len(w.nets[place.Room.Platform].Reactions(m.Ref)) == 0 {
				mirrors = append(mirrors, m)
			}
		}
		if len(mirrors) > 1 {
			return mirrors[0]
		}
	}
	w.t.Fatal("nothing stands behind anything")
	return chat.Message{}
}

// dead is something that was deleted.
func (w *world) dead() *saying {
	return w.said[slices.IndexFunc(w.said, func(s *saying) bool { return s.deleted })]
}

func (w *world) post(p chat.Place, text string) {
	w.do(chat.Action{Verb: chat.Post, Message: chat.Message{Ref: chat.Ref{Place: p}, Body: w.nets[p.Room.Platform].Open("").Profile().Dialect.Parse(text)}})
}

// do has the bot's account do something behind the engine's back.
func (w *world) do(a chat.Action) {
	room := a.On.Place.Room
	if room == (chat.Room{}) {
		room = a.Message.Ref.Place.Room
	}
	a.Key = discussion.Derive("planted", time.Now().String())
	time.Sleep(time.Millisecond)
	if _, err := w.nets[room.Platform].Open("bot").Do(w.t.Context(), a); err != nil {
		w.t.Fatal(err)
	}
}
