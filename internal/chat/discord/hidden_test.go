package discord

import (
	"context"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/discord/discordtest"
)

// comebacks are what happens between the hiding of a room and its showing.
var comebacks = []struct {
	name string
	tell func(t *testing.T, w *world, h *hidden, e *ear) *ear
}{
	{"the process goes on", func(_ *testing.T, w *world, h *hidden, e *ear) *ear {
		h.show(w)
		return e
	}},
	{"the session is lost", func(t *testing.T, w *world, h *hidden, e *ear) *ear {
		w.Server.Restart()
		h.goesOn(t, w, e)
		h.show(w)
		return e
	}},
	{"the next process takes the session up", func(t *testing.T, w *world, h *hidden, e *ear) *ear {
		e = hear(t, w.open(t), e.stop())
		h.goesOn(t, w, e)
		h.show(w)
		return e
	}},
	{"the one after it does", func(t *testing.T, w *world, h *hidden, e *ear) *ear {
		for range 2 {
			e = hear(t, w.open(t), e.stop())
			h.goesOn(t, w, e)
		}
		h.show(w)
		return e
	}},
	{"the next process begins a session", func(t *testing.T, w *world, h *hidden, e *ear) *ear {
		since := e.stop()
		w.Server.Restart()
		e = hear(t, w.open(t), since)
		h.goesOn(t, w, e)
		h.show(w)
		return e
	}},
	{"it is shown before the next process, which takes the session up", func(t *testing.T, w *world, h *hidden, e *ear) *ear {
		since := e.stop()
		h.show(w)
		return hear(t, w.open(t), since)
	}},
	{"it is shown before the next process, which begins a session", func(t *testing.T, w *world, h *hidden, e *ear) *ear {
		since := e.stop()
		w.Server.Restart()
		h.show(w)
		return listenTo(t, w.open(t), since)
	}},
}

// While a room is hidden, threads of it are archived, old ones and new ones,
// and people elsewhere are heard. Whatever becomes of the bot meanwhile, all that
// was said is told when the room is shown, before what is said then.
func TestArchivedWhileHidden(t *testing.T) {
	for i, way := range ways {
		for _, back := range comebacks {
			t.Run(way.name+", "+back.name, func(t *testing.T) {
				bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
					h, e := archived(t, w, i)
					e = back.tell(t, w, h, e)
					h.check(t, e)
					h.afterwards(t)
					h.check(t, e)
					e.stop()
				})
			})
		}
	}
}

// archived is a room that was hidden long ago, with threads that were archived
// since, and the bot, which hears others. Hidden in the first way it keeps one
// that is not archived.
func archived(t *testing.T, w *world, way int) (*hidden, *ear) {
	h := besides(t, w)
	h.way = way
	e := hear(t, w.open(t), h.since)
	goesOn(t, w, e, h.other)
	h.hide(w)
	h.meanwhile(t)
	still, err := h.ada.u.Thread(h.room.ID, "", "New, and still open")
	must(t, err)
	h.say(t, chat.Place{Room: h.room, Thread: still}, "While it is hidden.")
	h.archive(t, w)
	if way > 0 {
		must(t, w.Server.User("Mod", discordtest.ManageThreads).Archive(still, true))
	}
	time.Sleep(time.Hour)
	h.goesOn(t, w, e)
	return h, e
}

func (h *hidden) archive(t *testing.T, w *world) {
	mod := w.Server.User("Mod", discordtest.ManageThreads)
	must(t, mod.Archive(h.thread.Thread, true))
	must(t, mod.Archive(h.fresh.Thread, true))
}

func (h *hidden) hide(w *world) { ways[h.way].hide(w, h.room) }
func (h *hidden) show(w *world) { ways[h.way].show(w, h.room) }

// goesOn is that others are heard while the room is hidden, unless they are, too.
func (h *hidden) goesOn(t *testing.T, w *world, e *ear) {
	t.Helper()
	if !ways[h.way].all {
		goesOn(t, w, e, h.other)
	}
}

// A thread cannot be read just when what was missed in it is to be, and its room
// is hidden for good only then: it is read when the room is shown.
func TestThreadHiddenBeforeItsRoom(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		h := besides(t, w)
		w.Server.Restart()
		h.meanwhile(t)
		h.archive(t, w)
		w.Fault(discordtest.Fault{Op: "list_messages", Kind: discordtest.Refused, Code: noAccess, Channel: h.thread.Thread, Count: 1})
		e := hear(t, w.open(t), h.since)
		time.Sleep(time.Hour)
		goesOn(t, w, e, h.other)
		h.hide(w)
		goesOn(t, w, e, h.other)
		h.show(w)
		h.check(t, e)
		e.stop()
	})
}

// A room is shown while the bot is stopped in the midst of looking at old
// messages: the next process, which takes the session up, goes on with both.
func TestShownWhileItLooksBack(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		b := spoken(t, w, 120)
		b.ada.Delete(t, b.said[5])
		other := w.Room(t)
		b.since[at(other)] = ""
		p := b.open(t)
		known := p.known
		p.Compare(func(ctx context.Context, place chat.Place) ([]chat.Standing, error) {
			w.Fault(discordtest.Fault{Op: "list_messages", Kind: discordtest.Fail, Channel: b.thread.Thread})
			return known(ctx, place)
		})
		e := hear(t, p, b.since)
		e.wait("where it is", func() bool { return readAccount(e.since[chat.Place{}]).Back != "" })
		must(t, w.Server.User("Mod", discordtest.ManageThreads).Archive(b.thread.Thread, true))
		time.Sleep(time.Hour) // it is not among those that were archived lately
		goesOn(t, w, e, other)
		ways[0].hide(w, other)
		goesOn(t, w, e, b.room)
		b.since = e.stop()
		w.Heal()
		said := b.ada.Say(t, at(other), "While it is hidden.", chat.Ref{})
		ways[0].show(w, other)
		e = hear(t, b.open(t), b.since)
		e.said(said.ID)
		e.hears("the deletion", of(chat.Deleted, b.said[5]))
		e.wait("the end of it", func() bool { return readAccount(e.since[chat.Place{}]).Back == "" })
		if n := w.Ops()["IDENTIFY"].N; n != 2 {
			t.Errorf("%d sessions were begun", n)
		}
		e.stop()
	})
}

// A forum is hidden when a session begins, and once more just when it is shown:
// what was said in its posts, which are archived meanwhile, is told in the end.
func TestForumHiddenAtFirst(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		f := room(w.Forum("essays"))
		other := w.Room(t)
		w.rooms = append(w.rooms, f.ID)
		ada, p := w.User(t, "ada"), w.open(t)
		e := hear(t, p, fromNow(f, other))
		post := opened(t, p, does(t, p, posting(at(f), "", "An essay.")).Ref)
		e.said(ada.Say(t, post, "Before.", chat.Ref{}).ID)
		since := e.stop()
		ways[0].hide(w, f)
		w.Server.Restart()
		said := ada.Say(t, post, "While it is hidden.", chat.Ref{})
		must(t, w.Server.User("Mod", discordtest.ManageThreads).Archive(post.Thread, true))
		time.Sleep(time.Hour)
		e = hear(t, w.open(t), since)
		goesOn(t, w, e, other)
		shownForAMoment(t, w, f)
		time.Sleep(time.Hour)
		goesOn(t, w, e, other)
		ways[0].show(w, f)
		e.said(said.ID)
		e.stop()
	})
}

// The room is shown, and hidden again before the bot has looked what is in it.
func TestHiddenAgainAtOnce(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		h, e := archived(t, w, 0)
		shownForAMoment(t, w, h.room)
		time.Sleep(time.Hour)
		goesOn(t, w, e, h.other)
		h.show(w)
		h.check(t, e)
		e.stop()
	})
}

// shownForAMoment shows a room until the bot begins to look what is in it.
func shownForAMoment(t *testing.T, w *world, r chat.Room) {
	w.Fault(discordtest.Fault{Op: "list_guild_channels", Kind: discordtest.Delay, Wait: 3 * time.Second, Count: 1})
	ways[0].show(w, r)
	must(t, w.Wait(t.Context(), func() bool { return w.Ops()["fault on list_guild_channels"].N > 0 }))
	ways[0].hide(w, r)
}

// The server is lost while the bot looks at old messages; the bot is stopped
// then, and comes back after the server: what was said meanwhile is told.
func TestServerLostOverARestart(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		b := spoken(t, w, 300)
		e := hear(t, b.open(t), b.since)
		e.wait("where it is", func() bool { return readAccount(e.since[chat.Place{}]).Back != "" })
		w.Outage(true)
		must(t, w.Wait(t.Context(), func() bool { return strings.Contains(w.logs.String(), "a server cannot be seen") }))
		said := b.ada.Say(t, at(b.room), "While the server is lost.", chat.Ref{})
		b.since = e.stop()
		w.Outage(false)
		e = hear(t, b.open(t), b.since)
		e.said(said.ID)
		if n := w.Ops()["IDENTIFY"].N; n != 2 {
			t.Errorf("%d sessions were begun", n)
		}
		e.stop()
	})
}
