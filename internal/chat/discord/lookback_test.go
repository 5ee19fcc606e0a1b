package discord

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/discord/discordtest"
)

// past is a thread in which much was said before the session was lost.
type past struct {
	*world
	ada, bob *person
	room     chat.Room
	thread   chat.Place
	said     []chat.Ref
	since    map[chat.Place]chat.Cursor
	known    map[chat.Place][]chat.Standing // what the relay would know
	asked    int                            // how often it was asked
}

// spoken is a past of so many messages, each of them heard; it ends with the
// bot, whose session is lost. Under the first stands an emoji.
func spoken(t *testing.T, w *world, many int) *past {
	r := w.Room(t)
	b := &past{world: w, room: r, ada: w.User(t, "ada").(*person), bob: w.User(t, "bob").(*person), known: map[chat.Place][]chat.Standing{}}
	p := w.open(t)
	e := hear(t, p, fromNow(r))
	root := does(t, p, posting(at(r), "", "A passage.")).Ref
	b.thread = opened(t, p, root)
	b.known[at(r)] = []chat.Standing{{Ref: root, Emoji: map[string]int{}}}
	for i := range many {
		ref := b.ada.Say(t, b.thread, fmt.Sprintf("Word %d.", i), chat.Ref{})
		b.said = append(b.said, ref)
		b.known[b.thread] = append(b.known[b.thread], chat.Standing{Ref: ref, Emoji: map[string]int{}})
	}
	b.bob.React(t, b.said[0], "❤️")
	b.known[b.thread][0].Emoji["❤"] = 1
	e.hears("the emoji", func(o chat.Event) bool { return o.Kind == chat.Reacted })
	e.said(b.said[many-1].ID)
	b.since = e.stop()
	w.Server.Restart()
	return b
}

// open is the bot, which knows what it knew.
func (b *past) open(t *testing.T) *Platform {
	p := b.world.open(t)
	p.Compare(func(_ context.Context, place chat.Place) ([]chat.Standing, error) {
		b.asked++
		return b.known[place], nil
	})
	return p
}

func of(kind chat.Kind, ref chat.Ref) func(chat.Event) bool {
	return func(o chat.Event) bool { return o.Kind == kind && o.Message.Ref == ref }
}

// While the bot is down an old message is edited, one is deleted, one gets an
// emoji and one loses it: far behind the last ones of the thread. All of it
// arrives, once, and what is said now does not wait for it.
func TestOldMessages(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		b := spoken(t, w, 500)
		b.ada.Edit(t, b.said[10], "Another word.")
		b.ada.Delete(t, b.said[11])
		b.bob.React(t, b.said[12], "👍")
		b.bob.Unreact(t, b.said[0], "❤️")
		b.bob.Delete(t, b.said[449]) // the last that no cursor holds
		late := b.ada.Say(t, b.thread, "Late.", chat.Ref{})
		e := hear(t, b.open(t), b.since)
		began := time.Now()
		e.said(late.ID)
		if waited := time.Since(began); waited > time.Second {
			t.Errorf("new words came after %s", waited)
		}
		if o := e.hears("the edit", of(chat.Edited, b.said[10])); o.Message.Body.Text != "Another word." || o.Revised.IsZero() {
			t.Errorf("the edit is told as %+v", o)
		}
		e.hears("the deletion", of(chat.Deleted, b.said[11]))
		if o := e.hears("the emoji", of(chat.Reacted, b.said[12])); o.Emoji != "👍" || o.By.ID != b.bob.Person().ID {
			t.Errorf("the emoji is told as %+v", o)
		}
		e.hears("the last deletion", of(chat.Deleted, b.said[449]))
		e.hears("that nobody holds the emoji any more", of(chat.Unreacted, b.said[0]))
		e.wait("the end of it", func() bool { return readAccount(e.since[chat.Place{}]).Back == "" })
		goesOn(t, w, e, b.room)
		if n := len(e.all()); n != 7 {
			t.Errorf("7 things happened, heard:\n%s", list(e.all()))
		}
		if pages := w.Ops()["list_messages"].N; pages > 20 {
			t.Errorf("%d pages were read", pages)
		}
		since, asked := e.stop(), b.asked
		e = hear(t, b.open(t), since) // its session is taken up: nothing is to be looked at
		goesOn(t, w, e, b.room)
		if b.asked != asked || len(e.all()) != 1 {
			t.Errorf("a session that was not lost is compared; heard:\n%s", list(e.all()))
		}
		e.stop()
	})
}

// The bot is stopped again and again while it looks at old messages, each time
// with a session that is taken up: it goes on where it was.
func TestStoppedWhileItLooksBack(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		b := spoken(t, w, 500)
		b.ada.Delete(t, b.said[440])
		since, stops := b.since, 0
		for done := false; !done; stops++ {
			e := hear(t, b.open(t), since)
			e.wait("where it is", func() bool { return readAccount(e.since[chat.Place{}]).Back != "" })
			if stops > 0 {
				e.wait("the deletion", func() bool {
					done = slices.ContainsFunc(e.events, of(chat.Deleted, b.said[440]))
					return done
				})
			}
			since = e.stop()
		}
		if n := w.Ops()["IDENTIFY"].N; n != 2 {
			t.Errorf("%d sessions were begun", n)
		}
	})
}

// A reaction is taken off while the page with it is being looked at: what is
// told last is what holds.
func TestLiveWhileItLooksBack(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		b := spoken(t, w, 120)
		b.bob.React(t, b.said[5], "👍")
		w.Fault(discordtest.Fault{Op: "list_message_reactions_by_emoji", Kind: discordtest.Delay, After: true, Wait: 3 * time.Second, Count: 1})
		e := hear(t, b.open(t), b.since)
		must(t, w.Wait(t.Context(), func() bool { return w.Ops()["list_message_reactions_by_emoji"].N > 0 }))
		synctest.Wait() // until the page is read, and its answer delayed
		b.bob.Unreact(t, b.said[5], "👍")
		e.hears("that it was taken off", of(chat.Unreacted, b.said[5]))
		goesOn(t, w, e, b.room)
		all := e.all(chat.Reacted, chat.Unreacted)
		if len(all) != 2 || all[1].Kind != chat.Unreacted {
			t.Errorf("heard:\n%s", list(all))
		}
		e.stop()
	})
}

// Discord is in trouble with one page, at first and then for an hour: what is
// said meanwhile is heard, and what was deleted is told in the end.
func TestTroubleWhileItLooksBack(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		b := spoken(t, w, 120)
		b.ada.Delete(t, b.said[5])
		p := b.open(t)
		known, first := p.known, errors.New("the database is down")
		p.Compare(func(ctx context.Context, place chat.Place) ([]chat.Standing, error) {
			if err := first; err != nil {
				first = nil
				return nil, err
			}
			w.Fault(discordtest.Fault{Op: "list_messages", Kind: discordtest.Fail, Count: 2})
			return known(ctx, place)
		})
		if err := p.Run(t.Context(), b.since, func(context.Context, chat.Batch) error { return nil }); err == nil {
			t.Error("it goes on though nobody tells what is known")
		}
		e := hear(t, p, b.since)
		e.hears("the deletion", of(chat.Deleted, b.said[5]))
		b.since = e.stop()
		w.Server.Restart()
		b.ada.Delete(t, b.said[6])
		p = b.open(t)
		p.Compare(func(ctx context.Context, place chat.Place) ([]chat.Standing, error) {
			w.Fault(discordtest.Fault{Op: "list_messages", Kind: discordtest.Fail, Channel: b.thread.Thread})
			return known(ctx, place)
		})
		e = hear(t, p, b.since)
		time.Sleep(time.Hour)
		goesOn(t, w, e, b.room)
		w.Heal()
		e.hears("the deletion", of(chat.Deleted, b.said[6]))
		e.wait("the end of it", func() bool { return readAccount(e.since[chat.Place{}]).Back == "" })
		e.stop()
	})
}

// A session is lost again while it looks at old messages, once in the same
// process and once with the process: what was left is looked at then.
func TestLostAgainWhileItLooksBack(t *testing.T) {
	for name, again := range map[string]bool{"the session": false, "the process too": true} {
		t.Run(name, func(t *testing.T) {
			bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
				b := spoken(t, w, 500)
				b.ada.Delete(t, b.said[440])
				must(t, w.Server.User("Mod", discordtest.ManageThreads).Archive(b.thread.Thread, true))
				e := hear(t, b.held(t), b.since)
				e.wait("where it is", func() bool { return readAccount(e.since[chat.Place{}]).Back != "" })
				time.Sleep(time.Hour) // the thread was archived long before the session is lost
				goesOn(t, w, e, b.room)
				if again {
					b.since = e.stop()
				}
				w.Server.Restart()
				if again {
					e = hear(t, b.open(t), b.since)
				}
				goesOn(t, w, e, b.room)
				w.Heal()
				e.hears("the deletion", of(chat.Deleted, b.said[440]))
				e.wait("the end of it", func() bool { return readAccount(e.since[chat.Place{}]).Back == "" })
				e.stop()
			})
		})
	}
}

// A room is hidden while the bot looks at its old messages, and shown again: then
// it goes on, once, whatever became of it meanwhile, even in threads that were
// archived long before. The others do not wait for it.
func TestHiddenWhileItLooksBack(t *testing.T) {
	goesBy := func(_ *testing.T, _ *past, e *ear) *ear { return e }
	takenUp := func(t *testing.T, b *past, e *ear) *ear { return hear(t, b.open(t), e.stop()) }
	begun := func(t *testing.T, b *past, e *ear) *ear {
		since := e.stop()
		b.Restart(t)
		return hear(t, b.open(t), since)
	}
	for _, c := range []struct {
		name string
		told bool
		tell func(t *testing.T, b *past, e *ear) *ear
		open bool // the thread is not archived
	}{
		{"the process goes on", true, goesBy, false},
		{"its thread is open", true, goesBy, true},
		{"nobody tells that it is hidden", false, goesBy, false},
		{"the next process takes the session up", true, takenUp, false},
		{"the next process begins a session", true, begun, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
				b := spoken(t, w, 500)
				other := w.Room(t)
				b.since[at(other)] = ""
				must(t, w.Server.User("Mod", discordtest.ManageThreads).Archive(b.thread.Thread, !c.open))
				b.ada.Delete(t, b.said[440])
				e := hear(t, b.held(t), b.since)
				e.wait("where it is", func() bool { return readAccount(e.since[chat.Place{}]).Back != "" })
				time.Sleep(time.Hour) // the thread was archived long before its room is hidden
				goesOn(t, w, e, other)
				w.Heal()
				if c.told {
					ways[0].hide(w, b.room)
				} else {
					w.Fault(discordtest.Fault{Op: "list_messages", Kind: discordtest.Refused, Code: noAccess, Channel: b.thread.Thread})
					w.Fault(discordtest.Fault{Op: "get_channel", Kind: discordtest.Refused, Code: noAccess, Channel: b.room.ID})
				}
				time.Sleep(time.Hour)
				goesOn(t, w, e, other)
				e = c.tell(t, b, e)
				goesOn(t, w, e, other)
				pages := w.Ops()["list_messages"].N
				time.Sleep(time.Hour)
				goesOn(t, w, e, other)
				if n := w.Ops()["list_messages"].N - pages; n > 0 {
					t.Errorf("it is hidden, and %d pages were asked for", n)
				}
				w.Heal()
				ways[0].show(w, b.room)
				ways[0].hide(w, b.room)
				ways[0].show(w, b.room)
				b.ada.Say(t, at(b.room), "I see you again.", chat.Ref{})
				e.hears("the deletion", of(chat.Deleted, b.said[440]))
				time.Sleep(time.Hour)
				if gone := e.all(chat.Deleted); len(gone) != 1 {
					t.Errorf("one was deleted, heard:\n%s", list(gone))
				}
				e.stop()
			})
		})
	}
}

// One thread alone is refused while the bot looks at its old messages, though its
// room can be read: the room is not read again for that, and the thread goes on
// when it can.
func TestOneThreadRefusedWhileItLooksBack(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		b := spoken(t, w, 120)
		must(t, w.Server.User("Mod", discordtest.ManageThreads).Archive(b.thread.Thread, true))
		b.ada.Delete(t, b.said[5])
		p := b.open(t)
		known := p.known
		p.Compare(func(ctx context.Context, place chat.Place) ([]chat.Standing, error) {
			w.Fault(discordtest.Fault{Op: "list_messages", Kind: discordtest.Refused, Code: noAccess, Channel: b.thread.Thread})
			return known(ctx, place)
		})
		e := hear(t, p, b.since)
		e.wait("where it is", func() bool { return readAccount(e.since[chat.Place{}]).Back != "" })
		before := w.Ops()["list_messages"].N
		for range 120 {
			goesOn(t, w, e, b.room)
			time.Sleep(time.Minute)
		}
		if n := w.Ops()["list_messages"].N - before; n > 30 {
			t.Errorf("in two hours %d pages were asked for", n)
		}
		w.Heal()
		e.hears("the deletion", of(chat.Deleted, b.said[5]))
		e.stop()
	})
}

// held is open, but Discord is in trouble with the thread as soon as it is asked
// what is known of it, once.
func (b *past) held(t *testing.T) *Platform {
	p := b.open(t)
	known, once := p.known, sync.Once{} // what is left is asked for anew after the fault is gone
	p.Compare(func(ctx context.Context, place chat.Place) ([]chat.Standing, error) {
		once.Do(func() {
			b.Fault(discordtest.Fault{Op: "list_messages", Kind: discordtest.Fail, Channel: b.thread.Thread})
		})
		return known(ctx, place)
	})
	return p
}

// A post of a forum is deleted while the bot is down, with its thread: of those
// that were made after it is told what became of them.
func TestForumPostDeletedBeforeItLooksBack(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		f, other := room(w.Forum("essays")), w.Room(t)
		w.rooms = append(w.rooms, f.ID)
		b := &past{world: w, room: f, known: map[chat.Place][]chat.Standing{}}
		p, mod := b.open(t), w.Server.User("Mod", discordtest.ManageThreads|discordtest.ManageMessages)
		e := hear(t, p, fromNow(f, other))
		for range 2 {
			ref := does(t, p, posting(at(f), "", "An essay.")).Ref
			b.said = append(b.said, ref)
			b.known[at(f)] = append(b.known[at(f)], chat.Standing{Ref: ref, Emoji: map[string]int{}})
			must(t, mod.Archive(ref.ID, true))
		}
		time.Sleep(time.Hour)
		goesOn(t, w, e, other)
		b.since = e.stop()
		w.Server.Restart()
		w.DeleteChannel(b.said[0].ID)
		must(t, mod.Delete(b.said[1].ID))
		e = hear(t, b.open(t), b.since)
		e.hears("the deletion", of(chat.Deleted, chat.Ref{Place: at(f), ID: b.said[1].ID}))
		e.stop()
	})
}
