package discord

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/discord/discordtest"
	"marginalia/internal/format"
)

// An answer that its reader took away cannot be changed any more.
func TestAnswerGone(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		must(t, p.Register(t.Context(), table()))
		e := hear(t, p, fromNow(r))
		i, err := w.Server.User("Ada").Slash(r.ID, "essay status", nil)
		must(t, err)
		c := called(e, "status")
		must(t, p.Answer(t.Context(), c, chat.Message{Body: format.Text("Soon.")}))
		must(t, w.Server.User("Mod", discordtest.ManageMessages).Delete(i.Answers()[0].ID))
		if err := p.Answer(t.Context(), c, chat.Message{Body: format.Text("Now.")}); !errors.Is(err, chat.ErrGone) {
			t.Errorf("change an answer that is gone: %v", err)
		}
		e.stop()
		if w.Ops()["update_original_webhook_message"].Errors[unknownMessage] != 1 {
			t.Error("it was not refused")
		}
	})
}

// A call that is heard too late, since the connection was away, is not
// reported: its caller was told by Discord that nobody answers.
func TestCalledTooLate(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		must(t, p.Register(t.Context(), table()))
		e := hear(t, p, fromNow(r))
		ada := w.Server.User("Ada")
		w.ReconnectFirst(3) // it tries at once, after 1 s, 3 s, and 7 s
		w.Cut()
		time.Sleep(3500 * time.Millisecond)
		i, err := ada.Slash(r.ID, "essay status", nil)
		must(t, err)
		must(t, w.Wait(t.Context(), func() bool { return w.Ops()["create_interaction_response"].Errors[unknownAsking] > 0 }))
		goesOn(t, w, e, r)
		synctest.Wait() // until the refusal has come to whoever asked
		e.stop()
		if calls := e.all(chat.Called); len(calls) > 0 || i.Answered() {
			t.Errorf("it is reported as %+v", calls)
		}
		if !strings.Contains(w.logs.String(), "a command was not answered in time") {
			t.Error("nobody is told that it came too late")
		}
	})
}

// The process before still listens while the next begins: both promise an
// answer, and the one that comes second reports the call all the same.
func TestCalledTwice(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		must(t, p.Register(t.Context(), table()))
		next := w.open(t)
		must(t, next.Register(t.Context(), table()))
		one, two := hear(t, p, fromNow(r)), hear(t, next, fromNow(r))
		i, err := w.Server.User("Ada").Slash(r.ID, "essay status", nil)
		must(t, err)
		a, b := called(one, "status"), called(two, "status")
		if a.Token != b.Token || !i.Deferred() {
			t.Errorf("heard %+v and %+v", a, b)
		}
		if n := w.Ops()["create_interaction_response"].Errors[answeredAlready]; n != 1 {
			t.Errorf("%d promises were one too many", n)
		}
		one.stop()
		two.stop()
	})
}
