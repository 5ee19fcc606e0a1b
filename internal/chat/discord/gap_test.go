package discord

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/discord/discordtest"
)

// TestGap misses 5,000 messages in 40 threads and their room, some of them
// archived, and reads all of them on the next READY; what is said meanwhile
// comes behind them.
func TestGap(t *testing.T) {
	const threads, missed = 40, 5000
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		r := w.Room(t)
		ada, mod := w.User(t, "ada"), w.Server.User("Mod", discordtest.ManageThreads)
		p := w.open(t)
		e := hear(t, p, fromNow(r))
		places := []chat.Place{at(r)}
		for i := range threads {
			thread := opened(t, p, does(t, p, posting(at(r), "", fmt.Sprintf("Passage %d.", i))).Ref)
			places = append(places, thread)
			e.mu.Lock()
			e.since[thread] = "" // as the relay does
			e.mu.Unlock()
		}
		last := ada.Say(t, at(r), "Before.", chat.Ref{})
		e.said(last.ID)
		since := e.stop()

		want := map[chat.Place][]string{}
		say := func(place chat.Place, text string) {
			want[place] = append(want[place], ada.Say(t, place, text, chat.Ref{}).ID)
		}
		for i := range missed {
			say(places[i*7%len(places)], fmt.Sprintf("Missed %d.", i))
			if i%500 == 0 {
				must(t, mod.Archive(places[1+i/500].Thread, true))
			}
		}
		for i := range 10 {
			must(t, mod.Archive(places[1+i].Thread, true))
		}
		w.Server.Restart() // no session is left
		e = listenTo(t, w.open(t), since)
		live := 0
		for heard := 0; heard < missed+live; {
			if live < 300 {
				say(places[live*3%len(places)], fmt.Sprintf("Live %d.", live))
				live++
			}
			time.Sleep(100 * time.Millisecond)
			heard = len(e.all(chat.Said))
		}
		for _, place := range places {
			var got []string
			for _, o := range e.all(chat.Said) {
				if o.Message.Ref.Place == place {
					got = append(got, o.Message.Ref.ID)
				}
			}
			if !slices.Equal(got, want[place]) {
				t.Errorf("in %v were said %d, heard %d, in another order or not all", place, len(want[place]), len(got))
			}
		}
		e.stop()
	})
}

// What became, while nobody listened, of messages that were heard before.
func TestMeanwhile(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		r := w.Room(t)
		ada, bob := w.User(t, "ada").(*person), w.User(t, "bob")
		p := w.open(t)
		e := hear(t, p, fromNow(r))
		root := does(t, p, posting(at(r), "", "A passage.")).Ref
		surplus := does(t, p, posting(at(r), "", "Too much.")).Ref
		thread := opened(t, p, root)
		var said []chat.Ref
		for i := range 60 {
			said = append(said, ada.Say(t, thread, fmt.Sprintf("Word %d.", i), chat.Ref{}))
		}
		bob.React(t, said[55], "👍")
		e.hears("a reaction", func(o chat.Event) bool { return o.Kind == chat.Reacted })
		since := e.stop()
		w.Server.Restart()
		ada.Edit(t, said[58], "Another word.")
		ada.Delete(t, said[57])
		bob.Delete(t, surplus)
		bob.React(t, said[56], "👍")
		bob.Unreact(t, said[55], "👍")
		bob.React(t, root, "🎉")
		late := ada.Say(t, thread, "Late.", chat.Ref{})
		bob.React(t, late, "❤️")

		e = hear(t, w.open(t), since)
		e.said(late.ID)
		e.hears("the edit", func(o chat.Event) bool {
			return o.Kind == chat.Edited && o.Message.Ref == said[58] && !o.Revised.IsZero()
		})
		e.hears("the deletion", func(o chat.Event) bool { return o.Kind == chat.Deleted && o.Message.Ref == said[57] })
		e.hears("a moderator's deletion", func(o chat.Event) bool { return o.Kind == chat.Deleted && o.Message.Ref.ID == surplus.ID })
		for ref, emoji := range map[chat.Ref]string{said[56]: "👍", root: "🎉", late: "❤"} {
			e.hears("the reaction "+emoji, func(o chat.Event) bool {
				return o.Kind == chat.Reacted && o.Message.Ref.ID == ref.ID && plainEmoji(o.Emoji) == emoji && o.By.ID == bob.Person().ID && o.By.Name == bob.Person().Name
			})
		}
		e.hears("that nobody holds an emoji any more", func(o chat.Event) bool {
			return o.Kind == chat.Unreacted && o.Message.Ref == said[55] && o.By.ID == "" && o.Emoji == ""
		})
		goesOn(t, w, e, r)
		if n := len(e.all()); n != 9 {
			t.Errorf("9 things happened, heard:\n%s", list(e.all()))
		}
		since = e.stop()
		w.Server.Restart()
		e = hear(t, w.open(t), since) // and once more: nothing is new
		goesOn(t, w, e, r)
		if n := len(e.all()); n != 1 {
			t.Errorf("one thing happened, heard:\n%s", list(e.all()))
		}
		e.stop()
	})
}

// A thread that people open while the bot is away is read from what was said
// in it since; what was said before the bot's time is not.
func TestUnknownThreads(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		r := w.Room(t)
		ada := w.User(t, "ada").(*person)
		root := ada.Say(t, at(r), "Let us talk.", chat.Ref{})
		old, err := ada.u.Thread(r.ID, root.ID, "Old")
		must(t, err)
		ada.Say(t, chat.Place{Room: r, Thread: old}, "Before the bot's time.", chat.Ref{})
		e := hear(t, w.open(t), fromNow(r))
		goesOn(t, w, e, r)
		since := e.stop()
		w.Server.Restart()
		one := ada.Say(t, chat.Place{Room: r, Thread: old}, "Meanwhile.", chat.Ref{})
		fresh, err := ada.u.Thread(r.ID, "", "New")
		must(t, err)
		two := ada.Say(t, chat.Place{Room: r, Thread: fresh}, "In a new thread.", chat.Ref{})
		must(t, ada.u.Archive(fresh, true))
		e = hear(t, w.open(t), since)
		e.said(one.ID)
		if o := e.said(two.ID); o.Message.Ref.Place.Thread != fresh || o.Message.Ref.Place.Room != r {
			t.Errorf("heard in %+v", o.Message.Ref.Place)
		}
		goesOn(t, w, e, r)
		if n := len(e.all()); n != 3 {
			t.Errorf("3 things happened, heard:\n%s", list(e.all()))
		}
		e.stop()
	})
}

// Somebody puts an emoji under what was said in a thread before the bot's time,
// edits it and takes some of it back: what stands there is told no more than before.
func TestOldWordsAreTouched(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		r := w.Room(t)
		ada := w.User(t, "ada").(*person)
		thread, err := ada.u.Thread(r.ID, "", "Old")
		must(t, err)
		old := chat.Place{Room: r, Thread: thread}
		one, two := ada.Say(t, old, "Before the bot's time.", chat.Ref{}), ada.Say(t, old, "And this.", chat.Ref{})
		e := hear(t, w.open(t), fromNow(r))
		goesOn(t, w, e, r)
		ada.React(t, one, "👍")
		ada.Edit(t, one, "Before its time.")
		ada.Delete(t, two)
		e.hears("the deletion", of(chat.Deleted, two))
		since := e.stop()
		w.Server.Restart()
		e = hear(t, w.open(t), since)
		goesOn(t, w, e, r)
		e.wait("the end of it", func() bool {
			return readAccount(e.since[chat.Place{}]).ID != readAccount(since[chat.Place{}]).ID
		})
		if n := len(e.all()); n != 1 {
			t.Errorf("one thing happened, heard:\n%s", list(e.all()))
		}
		e.stop()
	})
}

// The bot is killed while it fills a gap: the next process goes on.
func TestKilledInAGap(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		r := w.Room(t)
		ada := w.User(t, "ada")
		e := hear(t, w.open(t), fromNow(r))
		goesOn(t, w, e, r)
		since := e.stop()
		w.Server.Restart()
		var want []string
		for i := range 450 {
			want = append(want, ada.Say(t, at(r), fmt.Sprintf("Missed %d.", i), chat.Ref{}).ID)
		}
		var got []string
		for kills := 0; len(got) < len(want); kills++ {
			e = listenTo(t, w.open(t), since)
			e.wait("some of it", func() bool { return len(e.events) > 0 })
			since = e.stop() // wherever it is now
			for _, o := range e.all(chat.Said) {
				if !slices.Contains(got, o.Message.Ref.ID) {
					got = append(got, o.Message.Ref.ID)
				}
			}
			if kills > 100 {
				t.Fatalf("after 100 starts %d of %d were heard", len(got), len(want))
			}
		}
		if !slices.Equal(got, want) {
			t.Error("they were heard in another order")
		}
	})
}

func TestTrail(t *testing.T) {
	var long trail
	for i := range uint64(70) {
		long.read(1_000_000_000_000_000_000+i*i*1_000_000, i%7 == 0, plainState+uint32(i%3))
	}
	long.gone(long.tail[10].id)
	long.changed(long.tail[11].id)
	for _, c := range []trail{{}, {newest: 7}, {newest: 9, tail: []mark{{7, true, plainState}, {9, false, 0}}}, long} {
		got, err := readTrail(c.cursor())
		if err != nil || got.newest != c.newest || !slices.Equal(got.tail, c.tail) {
			t.Errorf("%q is read as %+v (%v), was %+v", c.cursor(), got, err, c)
		}
	}
	if len(long.tail) != tailSize-1 || long.newest != 1_000_000_000_000_000_000+69*69*1_000_000 {
		t.Errorf("the tail has %d marks", len(long.tail))
	}
	for _, bad := range []chat.Cursor{"", "x", "-1", "1.5"} {
		if got, err := readTrail(bad); err == nil {
			t.Errorf("%q is read as %+v", bad, got)
		}
	}
	if got, err := readTrail("12;zz,~~"); err != nil || got.newest != 12 || len(got.tail) != 0 {
		t.Errorf("a broken tail is read as %+v: %v", got, err)
	}
}
