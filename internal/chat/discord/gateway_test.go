package discord

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/discord/discordtest"
)

// goesOn checks that the bot still hears what is said.
func goesOn(t *testing.T, w *world, e *ear, r chat.Room) {
	t.Helper()
	ref := w.User(t, "ada").Say(t, at(r), "Does it go on?", chat.Ref{})
	e.said(ref.ID)
}

// stories of a connection: what happens to it, and that nothing is lost.
var lines = []struct {
	name  string
	o     discordtest.Options
	trial func(t *testing.T, w *world, r chat.Room)
	again bool // the session is not taken up: a new one is begun
}{
	{"it is cut", discordtest.Options{}, func(_ *testing.T, w *world, _ chat.Room) { w.Cut() }, false},
	{"it is asked to reconnect", discordtest.Options{}, func(_ *testing.T, w *world, _ chat.Room) { w.Reconnect() }, false},
	{"it is asked to reconnect at once, three times", discordtest.Options{}, func(_ *testing.T, w *world, _ chat.Room) { w.ReconnectFirst(3); w.Reconnect() }, false},
	{"its session may be taken up again", discordtest.Options{}, func(_ *testing.T, w *world, _ chat.Room) { w.Invalidate(true) }, false},
	{"its session is over", discordtest.Options{}, func(_ *testing.T, w *world, _ chat.Room) { w.Invalidate(false) }, true},
	{"its session is refused", discordtest.Options{}, func(_ *testing.T, w *world, _ chat.Room) { w.RefuseResume(1); w.Cut() }, true},
	{"its session is refused, and the next two also", discordtest.Options{}, func(_ *testing.T, w *world, _ chat.Room) { w.RefuseResume(1); w.InvalidFirst(2); w.Cut() }, true},
	{"it falls silent", discordtest.Options{}, func(_ *testing.T, w *world, _ chat.Room) { w.Zombie() }, false},
	{"it is closed with 4000", discordtest.Options{}, func(_ *testing.T, w *world, _ chat.Room) { w.CloseWith(4000) }, false},
	{"it is closed with 4009", discordtest.Options{}, func(_ *testing.T, w *world, _ chat.Room) { w.CloseWith(4009) }, true},
	{"the server restarts", discordtest.Options{}, func(_ *testing.T, w *world, _ chat.Room) { w.Server.Restart() }, true},
	{"the server is away for a while", discordtest.Options{}, func(t *testing.T, w *world, _ chat.Room) {
		w.Outage(true)
		time.Sleep(time.Minute)
		w.Outage(false)
	}, false},
}

func TestLine(t *testing.T) {
	for _, c := range lines {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, c.o, func(t *testing.T, w *world) {
				r := w.Room(t)
				ada := w.User(t, "ada")
				e := hear(t, w.open(t), fromNow(r))
				before := ada.Say(t, at(r), "Before.", chat.Ref{})
				e.said(before.ID)
				identified := w.Ops()["IDENTIFY"].N
				c.trial(t, w, r)
				missed := ada.Say(t, at(r), "Meanwhile.", chat.Ref{})
				ada.Edit(t, before, "Before that.")
				e.said(missed.ID)
				e.hears("the edit", func(o chat.Event) bool { return o.Kind == chat.Edited && o.Message.Body.Text == "Before that." })
				goesOn(t, w, e, r)
				if n := w.Ops()["IDENTIFY"].N - identified; c.again != (n > 0) {
					t.Errorf("%d sessions were begun anew", n)
				}
				e.stop()
			})
		})
	}
}

// The first answer may be the wish for a new connection: discordgo by itself
// would wait for itself for ever.
func TestReconnectBeforeReady(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		r := w.Room(t)
		w.ReconnectFirst(2)
		e := hear(t, w.open(t), fromNow(r))
		goesOn(t, w, e, r)
		e.stop()
	})
}

// What ends the bot's listening is told in one sentence, and which it is.
func TestFatalCloseCodes(t *testing.T) {
	for code, words := range map[int]string{
		4004: "does not accept the token", 4010: "shard", 4011: "too many servers", 4012: "updated", 4013: "intents",
	} {
		t.Run(words, func(t *testing.T) {
			bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
				w.CloseNext(code)
				err := w.open(t).Run(t.Context(), fromNow(w.Room(t)), func(context.Context, chat.Batch) error { return nil })
				if !errors.Is(err, chat.ErrAuth) || !strings.Contains(err.Error(), words) {
					t.Errorf("%d: %v", code, err)
				}
				if n := w.Ops()["IDENTIFY"].N; n != 1 {
					t.Errorf("%d: %d sessions were begun", code, n)
				}
			})
		})
	}
}

// A token that is taken back while the bot listens ends it, too.
func TestTokenRevoked(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		e := hear(t, w.open(t), fromNow(w.Room(t)))
		w.RevokeToken()
		if err := <-e.ended; !errors.Is(err, chat.ErrAuth) || strings.Contains(err.Error(), w.Token()) {
			t.Errorf("Run returned %v", err)
		}
		w.ForgetBad() // it tried once more
	})
}

// Without the privilege to read the bot goes on with what it may read, and says
// where the switch is.
func TestWithoutMessageContent(t *testing.T) {
	bubble(t, discordtest.Options{Intents: -1}, func(t *testing.T, w *world) {
		r := w.Room(t)
		ada := w.User(t, "ada")
		p := w.open(t)
		e := hear(t, p, fromNow(r))
		if log := w.logs.String(); !strings.Contains(log, "https://discord.com/developers/applications/"+w.Application()+"/bot") {
			t.Errorf("it does not say where the switch is: %s", log)
		}
		blank := ada.Say(t, at(r), "Nobody may read this.", chat.Ref{})
		root := does(t, p, posting(at(r), "", "A passage."))
		answer := ada.Say(t, at(r), "But this.", root.Ref)
		e.said(answer.ID)
		for _, o := range e.all(chat.Said) {
			if o.Message.Ref.ID == blank.ID {
				t.Errorf("what may not be read is reported: %q", o.Message.Body.Text)
			}
		}
		e.stop()
	})
}

// 66 hours with heartbeats, breaks and a word now and then.
func TestManyHours(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		r := w.Room(t)
		ada := w.User(t, "ada")
		e := hear(t, w.open(t), fromNow(r))
		breaks := []func(){w.Cut, w.Reconnect, w.Zombie, w.Server.Restart, func() { w.Invalidate(false) }, func() {}}
		for i := range 66 {
			ref := ada.Say(t, at(r), "An hour has passed.", chat.Ref{})
			e.said(ref.ID)
			breaks[i%len(breaks)]()
			time.Sleep(time.Hour)
		}
		if n := len(e.all(chat.Said)); n < 66 {
			t.Errorf("heard %d of 66", n)
		}
		e.stop()
	})
}

// Sessions are begun as far apart as Discord wishes, and not at all if it
// allows no more of them.
func TestSpacing(t *testing.T) {
	bubble(t, discordtest.Options{Spacing: 5 * time.Second}, func(t *testing.T, w *world) {
		r := w.Room(t)
		e := hear(t, w.open(t), fromNow(r))
		for range 5 {
			w.Server.Restart()
			goesOn(t, w, e, r)
			e.drained()
		}
		e.stop()
	})
	bubble(t, discordtest.Options{Identify: 1}, func(t *testing.T, w *world) {
		r := w.Room(t)
		e := hear(t, w.open(t), fromNow(r))
		w.Server.Restart()
		var wait chat.RetryAfter
		if err := <-e.ended; !errors.As(err, &wait) || wait.Wait < time.Hour {
			t.Errorf("with no session left to begin Run returned %v", err)
		}
		if n := w.Ops()["IDENTIFY"].N; n != 1 {
			t.Errorf("%d sessions were begun", n)
		}
	})
}
