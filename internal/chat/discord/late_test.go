package discord

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/discord/discordtest"
)

// delays are what happens while a server, which was away when the session began,
// has not come yet.
var delays = []struct {
	name string
	tell func(t *testing.T, w *world, h *hidden, e *ear) *ear
}{
	{"the process goes on", func(_ *testing.T, _ *world, _ *hidden, e *ear) *ear { return e }},
	{"the line is cut", func(_ *testing.T, w *world, _ *hidden, e *ear) *ear {
		w.Cut()
		return e
	}},
	{"the session is lost", func(_ *testing.T, w *world, _ *hidden, e *ear) *ear {
		w.Server.Restart()
		return e
	}},
	{"the next process takes the session up", func(t *testing.T, w *world, _ *hidden, e *ear) *ear {
		return hear(t, w.open(t), e.stop())
	}},
	{"the next process begins a session", func(t *testing.T, w *world, _ *hidden, e *ear) *ear {
		since := e.stop()
		w.Server.Restart()
		return listenTo(t, w.open(t), since)
	}},
}

// A session begins while the server is away. Whatever is said there until it
// comes is told when it comes, before what is said then: also what is said after
// the bot was heard from, and whether Discord answers about the server or not.
func TestServerThatComesLate(t *testing.T) {
	for _, c := range delays {
		for name, dumb := range map[string]bool{"": false, ", and Discord knows nothing of the server": true} {
			t.Run(c.name+name, func(t *testing.T) {
				bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
					h := hideable(t, w)
					w.Outage(true)
					w.Server.Restart()
					h.say(t, at(h.room), "While nobody listens.")
					if dumb {
						for _, op := range []string{"get_guild*", "list_guild*", "get_active*", "get_channel", "list_*"} {
							w.Fault(discordtest.Fault{Op: op, Kind: discordtest.Fail, Status: http.StatusServiceUnavailable})
						}
					}
					e := hear(t, w.open(t), h.since)
					time.Sleep(time.Minute)
					h.meanwhile(t)
					e = c.tell(t, w, h, e)
					time.Sleep(time.Minute)
					h.say(t, h.thread, "Still away.")
					w.Heal()
					w.Outage(false)
					h.afterwards(t)
					h.check(t, e)
					if gone := e.all(chat.Deleted); len(gone) > 0 {
						t.Errorf("nothing was deleted, heard:\n%s", list(gone))
					}
					e.wait("the end of it", func() bool { return len(readAccount(e.since[chat.Place{}]).Missed) == 0 })
					goesOn(t, w, e, h.room)
					e.stop()
				})
			})
		}
	}
}

// Of two servers one never comes, and Discord does not answer about it: what was
// missed on the other is told within seconds, and what is said there now, too.
func TestServerThatNeverComes(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		h := hideable(t, w)
		w.Down()
		lost := w.Nowhere(t)
		h.since[at(lost)] = ""
		w.Fault(discordtest.Fault{Op: "get_channel", Kind: discordtest.Fail, Channel: lost.ID})
		w.Server.Restart()
		h.meanwhile(t)
		began := time.Now()
		e := listenTo(t, w.open(t), h.since)
		h.checkAll(t, e)
		goesOn(t, w, e, h.room)
		if waited := time.Since(began); waited > 30*time.Second {
			t.Errorf("it was told after %s", waited)
		}
		e.wait("where it is", func() bool {
			_, missing := readAccount(e.since[chat.Place{}]).Missed[lost.ID]
			return missing
		})
		if !strings.Contains(w.logs.String(), "a server has not come yet") {
			t.Error("nobody is told of the server")
		}
		e.stop()
	})
}

// The gateway tells of a server once more that was there all the time, it seems:
// it was not, and what was said meanwhile is told.
func TestServerThatIsToldTwice(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		h := hideable(t, w)
		e := hear(t, w.open(t), h.since)
		goesOn(t, w, e, h.room)
		for range 2 {
			w.Lapse()
			h.meanwhile(t)
			w.Outage(false)
			h.afterwards(t)
			h.check(t, e)
		}
		if n := w.Ops()["IDENTIFY"].N; n != 1 {
			t.Errorf("%d sessions were begun", n)
		}
		e.stop()
	})
}

// A server is lost and comes back within a session: once quietly, once while the
// last page of what was missed in a room is on its way.
func TestServerLostAndBack(t *testing.T) {
	for name, busy := range map[string]bool{"quietly": false, "while its room is read": true} {
		t.Run(name, func(t *testing.T) {
			bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
				h := hideable(t, w)
				e := hear(t, w.open(t), h.since)
				goesOn(t, w, e, h.room)
				if busy {
					w.Server.Restart()
					before := w.Ops()["list_messages"].N
					w.Fault(discordtest.Fault{Op: "list_messages", Kind: discordtest.Delay, After: true, Wait: 3 * time.Second, Count: 1, Channel: h.room.ID})
					must(t, w.Wait(t.Context(), func() bool { return w.Ops()["list_messages"].N > before }))
				}
				w.Outage(true)
				h.meanwhile(t)
				w.Outage(false)
				h.afterwards(t)
				h.check(t, e)
				e.stop()
			})
		})
	}
}

// Discord is in trouble with one thread for an hour, or with who holds an emoji
// there: what was missed elsewhere is told meanwhile, and what was missed there in
// the end, before what was said there meanwhile.
func TestTroubleWithOneThread(t *testing.T) {
	for name, op := range map[string]string{"its pages": "list_messages", "its emoji": "list_message_reactions_by_emoji"} {
		t.Run(name, func(t *testing.T) {
			bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
				h := hideable(t, w)
				w.Server.Restart()
				h.meanwhile(t)
				h.ada.React(t, chat.Ref{Place: h.thread, ID: h.said[h.thread][0]}, "👍")
				w.Fault(discordtest.Fault{Op: op, Kind: discordtest.Fail, Channel: h.thread.Thread})
				e := hear(t, w.open(t), h.since)
				e.said(h.said[h.fresh][0])
				goesOn(t, w, e, h.room)
				h.afterwards(t)
				time.Sleep(time.Hour)
				goesOn(t, w, e, h.room)
				w.Heal()
				h.check(t, e)
				e.hears("the emoji", func(o chat.Event) bool { return o.Kind == chat.Reacted && o.Message.Ref.ID == h.said[h.thread][0] })
				e.wait("the end of it", func() bool { return readAccount(e.since[chat.Place{}]).ID != "" })
				e.stop()
			})
		})
	}
}

// What happens on one server says nothing about when another was heard of.
func TestHeardOnAServer(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		quiet, loud := room("100000000000000001"), room("200000000000000001")
		p := w.open(t)
		p.learn(channel{ID: quiet.ID, Guild: "100000000000000000"})
		p.learn(channel{ID: loud.ID, Guild: "200000000000000000"})
		l, err := p.listener(fromNow(quiet, loud), nil)
		must(t, err)
		l.hears("300000000000000001")
		must(t, l.hearsOf(t.Context(), quiet))
		l.hears("300000000000000002")
		must(t, l.hearsOf(t.Context(), loud))
		l.misses(quiet)
		l.misses(loud)
		if one, two := l.sight.rooms[quiet].since, l.sight.rooms[loud].since; one != "300000000000000001" || two != "300000000000000002" {
			t.Errorf("missed is what came after %s and %s", one, two)
		}
	})
}
