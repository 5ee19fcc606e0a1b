package discord

import (
	"fmt"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/discord/discordtest"
)

// A room is hidden for a while; then the bot hears what is said in it, but may
// not read what was said. It is told that as soon as it may, however much it
// heard meanwhile, also of a thread that was opened before.
func TestHeardBeforeItMayRead(t *testing.T) {
	for name, restart := range map[string]bool{"the process goes on": false, "the next one takes the session up": true} {
		t.Run(name, func(t *testing.T) {
			bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
				h := hideable(t, w)
				e := hear(t, w.open(t), h.since)
				goesOn(t, w, e, h.room)
				h.hide(w)
				h.meanwhile(t)
				w.Allow(h.room.ID, discordtest.ViewChannel)
				h.talk(t, tailSize+10)
				h.heardLast(t, e)
				if restart {
					e = hear(t, w.open(t), e.stop())
				}
				w.Allow(h.room.ID, discordtest.ReadHistory)
				h.checkAll(t, e)
				e.stop()
			})
		})
	}
}

// What was missed in a thread cannot be read, while more is said in it than its
// cursor holds: what lies between is told when it can be read.
func TestMuchSaidBehindAGap(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		h := besides(t, w)
		w.Server.Restart()
		h.meanwhile(t)
		w.Fault(discordtest.Fault{Op: "list_messages", Kind: discordtest.Delay, Wait: 3 * time.Second, Count: 1})
		w.Fault(discordtest.Fault{Op: "list_messages", Kind: discordtest.Refused, Code: noAccess})
		e := listenTo(t, w.open(t), h.since)
		must(t, w.Wait(t.Context(), func() bool { return w.Ops()["fault on list_messages"].N > 0 }))
		h.talk(t, tailSize+10)
		goesOn(t, w, e, h.other)
		h.heardLast(t, e)
		w.Heal()
		h.hide(w)
		goesOn(t, w, e, h.other)
		h.show(w)
		h.checkAll(t, e)
		e.stop()
	})
}

// A session begins while the server is lost, so that its rooms are hidden: what
// was missed in them is told when the server comes back.
func TestServerLostWhenItBegan(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		h := hideable(t, w)
		w.Outage(true)
		w.Server.Restart()
		w.Fault(discordtest.Fault{Op: "list_guild_channels", Kind: discordtest.Refused, Code: noAccess})
		h.meanwhile(t)
		e := hear(t, w.open(t), h.since)
		w.Heal()
		w.Outage(false)
		h.checkAll(t, e)
		e.stop()
	})
}

// A room is shown just when Discord does not let the bot look at it. What is said
// in it next proves that it can be seen; where nobody speaks the bot looks again.
func TestShownWithoutNotice(t *testing.T) {
	for name, quiet := range map[string]bool{"somebody speaks": false, "nobody speaks": true} {
		t.Run(name, func(t *testing.T) {
			bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
				h := besides(t, w)
				e := hear(t, w.open(t), h.since)
				h.hide(w)
				h.meanwhile(t)
				goesOn(t, w, e, h.other)
				w.Fault(discordtest.Fault{Op: "get_channel", Kind: discordtest.Refused, Code: noAccess, Count: 2, Channel: h.room.ID})
				h.show(w)
				goesOn(t, w, e, h.other)
				if !quiet {
					h.say(t, at(h.room), "Who hears that?")
				}
				h.checkAll(t, e)
				e.stop()
			})
		})
	}
}

// What was missed is refused for a moment, and nobody speaks then: it is read all
// the same, before what was said there meanwhile.
func TestRefusedForAMoment(t *testing.T) {
	for name, op := range map[string]string{"a thread": "list_messages", "the list of threads": "get_active_guild_threads"} {
		t.Run(name, func(t *testing.T) {
			bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
				h := hideable(t, w)
				w.Server.Restart()
				h.meanwhile(t)
				f := discordtest.Fault{Op: op, Kind: discordtest.Refused, Code: noAccess, Count: 3}
				if op == "list_messages" {
					f.Channel = h.thread.Thread
				}
				w.Fault(f)
				e := hear(t, w.open(t), h.since)
				if f.Channel != "" { // else nothing of the room is known yet
					h.afterwards(t)
				}
				h.check(t, e)
				e.wait("the end of it", func() bool { a := readAccount(e.since[chat.Place{}]); return a.ID != "" && len(a.Missed) == 0 })
				e.stop()
			})
		})
	}
}

// talk is much talk in the room and its threads.
func (h *hidden) talk(t *testing.T, many int) {
	for i := range many {
		for _, p := range []chat.Place{at(h.room), h.thread, h.fresh} {
			h.say(t, p, fmt.Sprintf("Word %d.", i))
		}
	}
}

// heardLast waits until the last word of each place was heard.
func (h *hidden) heardLast(t *testing.T, e *ear) {
	t.Helper()
	for _, said := range h.said {
		e.said(said[len(said)-1])
	}
}

// checkAll waits until everything was heard, in whichever order.
func (h *hidden) checkAll(t *testing.T, e *ear) {
	t.Helper()
	for _, said := range h.said {
		for _, id := range said {
			e.said(id)
		}
	}
	e.hears("the edit", of(chat.Edited, h.first))
	if gone := e.all(chat.Deleted); len(gone) > 0 {
		t.Errorf("nothing was deleted, heard:\n%s", list(gone))
	}
}
