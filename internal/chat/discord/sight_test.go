package discord

import (
	"slices"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/discord/discordtest"
)

// ways are how a room is hidden from the bot, and shown again.
var ways = []struct {
	name       string
	hide, show func(w *world, r chat.Room)
	all        bool // every room is hidden
}{
	{"an exception of the channel",
		func(w *world, r chat.Room) { w.Deny(r.ID, discordtest.ViewChannel|discordtest.ReadHistory) },
		func(w *world, r chat.Room) { w.Allow(r.ID, discordtest.ViewChannel|discordtest.ReadHistory) }, false},
	{"its role loses a right",
		func(w *world, _ chat.Room) { w.Revoke(discordtest.ViewChannel) },
		func(w *world, _ chat.Room) { w.Grant(discordtest.ViewChannel) }, true},
	{"it loses its role",
		func(w *world, _ chat.Room) { w.TakeRole() },
		func(w *world, _ chat.Room) { w.GiveRole() }, true},
	{"first it may see, then read", // two events, of which the second brings it back
		func(w *world, r chat.Room) { w.Deny(r.ID, discordtest.ViewChannel|discordtest.ReadHistory) },
		func(w *world, r chat.Room) {
			w.Allow(r.ID, discordtest.ViewChannel)
			w.Allow(r.ID, discordtest.ReadHistory)
		}, false},
}

// A room is hidden from the bot for a while, within one session. What is said in
// it and in its threads meanwhile, and done to what was said before, is told as
// soon as it is shown again, before what is said then.
func TestHiddenForAWhile(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
				h := hideable(t, w)
				e := hear(t, w.open(t), h.since)
				goesOn(t, w, e, h.room)
				way.hide(w, h.room)
				h.meanwhile(t)
				way.show(w, h.room)
				h.afterwards(t)
				h.check(t, e)
				if n := w.Ops()["IDENTIFY"].N; n != 1 {
					t.Errorf("%d sessions were begun", n)
				}
				e.stop()
			})
		})
	}
}

// The same, while the bot is stopped and its next process takes the session up.
func TestHiddenWhenItBegan(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
				h := hideable(t, w)
				way.hide(w, h.room)
				e := hear(t, w.open(t), h.since)
				h.meanwhile(t)
				h.since = e.stop()
				e = hear(t, w.open(t), h.since)
				way.show(w, h.room)
				h.afterwards(t)
				h.check(t, e)
				e.stop()
			})
		})
	}
}

// It is hidden when a session begins, so that what was missed before cannot be
// read: that, too, is told when it is shown.
func TestHiddenAtFirst(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
				h := hideable(t, w)
				w.Server.Restart()
				h.meanwhile(t)
				way.hide(w, h.room)
				e := hear(t, w.open(t), h.since)
				e.wait("the end of it", func() bool { return e.since[chat.Place{}] != h.since[chat.Place{}] })
				if n := len(e.all()); n > 0 {
					t.Errorf("heard:\n%s", list(e.all()))
				}
				way.show(w, h.room)
				h.afterwards(t)
				h.check(t, e)
				e.stop()
			})
		})
	}
}

// The server is lost and comes back while what was missed in a room is read: what
// was said elsewhere meanwhile is caught up with.
func TestServerLostWhileARoomIsRead(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		r, other := w.Room(t), w.Room(t)
		ada := w.User(t, "ada")
		e := hear(t, w.open(t), fromNow(r, other))
		goesOn(t, w, e, r)
		goesOn(t, w, e, other)
		w.Deny(r.ID, discordtest.ViewChannel|discordtest.ReadHistory)
		ada.Say(t, at(r), "While it is hidden.", chat.Ref{})
		before := w.Ops()["list_messages"].N
		w.Fault(discordtest.Fault{Op: "list_messages", Kind: discordtest.Delay, After: true, Wait: 3 * time.Second, Count: 1, Channel: r.ID})
		w.Allow(r.ID, discordtest.ViewChannel|discordtest.ReadHistory)
		must(t, w.Wait(t.Context(), func() bool { return w.Ops()["list_messages"].N > before }))
		w.Outage(true)
		missed := ada.Say(t, at(other), "While the server is lost.", chat.Ref{})
		w.Outage(false)
		e.said(missed.ID)
		e.stop()
	})
}

// hidden is a room with a thread, a person, and what they did.
type hidden struct {
	room   chat.Room
	other  chat.Room // which is not hidden
	thread chat.Place
	ada    *person
	since  map[chat.Place]chat.Cursor
	first  chat.Ref
	said   map[chat.Place][]string
	fresh  chat.Place
	way    int // of ways
}

func hideable(t *testing.T, w *world) *hidden {
	h := &hidden{room: w.Room(t), ada: w.User(t, "ada").(*person), said: map[chat.Place][]string{}}
	p := w.open(t)
	e := hear(t, p, fromNow(h.room))
	h.thread = opened(t, p, does(t, p, posting(at(h.room), "", "A passage.")).Ref)
	h.first = h.ada.Say(t, h.thread, "Frist.", chat.Ref{})
	e.said(h.first.ID)
	goesOn(t, w, e, h.room)
	h.since = e.stop()
	return h
}

// besides is hideable with another room, which is listened to from the next time
// on, and stays in sight.
func besides(t *testing.T, w *world) *hidden {
	h := hideable(t, w)
	h.other = w.Room(t)
	h.since[at(h.other)] = ""
	return h
}

func (h *hidden) say(t *testing.T, p chat.Place, text string) {
	h.said[p] = append(h.said[p], h.ada.Say(t, p, text, chat.Ref{}).ID)
}

func (h *hidden) meanwhile(t *testing.T) {
	fresh, err := h.ada.u.Thread(h.room.ID, "", "New")
	must(t, err)
	h.fresh = chat.Place{Room: h.room, Thread: fresh}
	for _, p := range []chat.Place{at(h.room), h.thread, h.fresh} {
		h.say(t, p, "While it is hidden.")
	}
	h.ada.Edit(t, h.first, "First.")
}

func (h *hidden) afterwards(t *testing.T) {
	for _, p := range []chat.Place{at(h.room), h.thread, h.fresh} {
		h.say(t, p, "Now that it is shown.")
	}
}

func (h *hidden) check(t *testing.T, e *ear) {
	t.Helper()
	for place, want := range h.said {
		e.said(want[len(want)-1])
		var got []string
		for _, o := range e.all(chat.Said) {
			if id := o.Message.Ref.ID; o.Message.Ref.Place == place && slices.Contains(want, id) && !slices.Contains(got, id) { // it may be told twice
				got = append(got, o.Message.Ref.ID)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("in %+v was said %q, heard %q", place, want, got)
		}
	}
	e.hears("the edit", of(chat.Edited, h.first))
}

// A room is hidden whose server is not known, since the session was taken up.
// However often roles change, Discord is hardly asked for it; the change that
// shows the room has it read all the same.
func TestHiddenOnAnUnknownServer(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		h := hideable(t, w)
		way := ways[1]
		way.hide(w, h.room)
		h.since = hear(t, w.open(t), h.since).stop()
		e := hear(t, w.open(t), h.since)
		h.meanwhile(t)
		before := w.Ops()["get_channel"].N
		for range 300 {
			w.Revoke(discordtest.AddReactions)
			w.Grant(discordtest.AddReactions)
			time.Sleep(time.Second)
		}
		if n := w.Ops()["get_channel"].N - before; n == 0 || n > 20 {
			t.Errorf("Discord was asked for it %d times", n)
		}
		way.show(w, h.room)
		h.check(t, e)
		h.afterwards(t)
		h.check(t, e)
		before = w.Ops()["get_channel"].N
		time.Sleep(24 * time.Hour)
		if n := w.Ops()["get_channel"].N - before; n > 0 {
			t.Errorf("though nothing happened, Discord was asked for it %d times", n)
		}
		e.stop()
	})
}

// The session is taken up by a process that knows no channel yet, and which Discord
// does not let look at one just then: what is said in it is told, now and later.
func TestRoomThatCannotBeLookedUp(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		r := w.Room(t)
		e := hear(t, w.open(t), fromNow(r))
		goesOn(t, w, e, r)
		w.Fault(discordtest.Fault{Op: "get_channel", Kind: discordtest.Refused, Code: noAccess, Count: 1})
		e = hear(t, w.open(t), e.stop())
		goesOn(t, w, e, r)
		goesOn(t, w, e, r)
		e.stop()
	})
}
