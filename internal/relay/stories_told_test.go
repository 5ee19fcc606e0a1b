package relay_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/chattest"
	"marginalia/internal/format"
	"marginalia/internal/relay"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
)

// Stories of what networks tell and of what moderators do. Each of them was a
// bug.

func TestAnAnswerToSomethingUnknownInAThreadOfOurs(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		n.command = nil
		hall := n.threads(n.rooms[0])[1]
		asked := n.say(n.rooms[0], 0, "!essay what", chat.Ref{})
		n.say(n.rooms[0], 1, "he asked something", asked)
		for _, m := range n.net(n.rooms[0]).Read(hall) {
			if m.Ref.As != "" && m.ReplyTo == asked {
				n.say(n.rooms[0], 2, "and was answered", m.Ref)
			}
		}
		n.shows(n.rooms[2], "he asked something", "and was answered")
	})
}

// Where every message may be a thread's root, people open one under a remark.
func TestAThreadUnderARemark(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		hall := chat.Place{Room: n.rooms[0]}
		first := n.people["one"][0].Say(hall, "a plain reply", n.net(n.rooms[0]).Read(hall)[0].Ref)
		n.pass(time.Minute)
		n.people["one"][1].Say(chat.Place{Room: n.rooms[0], Thread: first.ID}, "under it", chat.Ref{})
		n.pass(time.Minute)
		n.shows(n.rooms[2], "a plain reply", "under it")
		if said := n.annotations(); said[1].Target.Annotation != said[0].ID {
			t.Errorf("it is about %+v", said[1].Target)
		}
	})
}

func TestAModeratorsRemovalTakesEarlierEditsAlong(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		ref := n.say(n.rooms[2], 0, "rude", chat.Ref{})
		n.people["two"][0].Edit(ref, "ruder")
		n.pass(time.Minute)
		n.people["two"][0].Edit(ref, "rudest")
		n.pass(time.Minute)
		n.people["one"][3].Delete(n.mirror(n.rooms[0], "rudest"))
		n.pass(time.Minute)
		for _, room := range n.rooms[:2] {
			if all := strings.Join(n.net(room).Everything(room), " "); strings.Contains(all, "rude") {
				t.Errorf("%s still holds %q", room, all)
			}
		}
		n.shows(n.rooms[2], "rudest")
		n.quiet()
	})
}

// A passage that a moderator removes is not posted again, whatever happens to
// it elsewhere, and the thread under it lives on.
func TestAPassageThatIsRemovedStaysRemoved(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		club := chat.Place{Room: n.rooms[2]}
		thread := n.threads(n.rooms[2])[1]
		n.people["two"][0].Delete(n.net(n.rooms[2]).Read(club)[0].Ref)
		n.pass(time.Minute)
		n.people["one"][0].React(n.net(n.rooms[0]).Read(chat.Place{Room: n.rooms[0]})[0].Ref, "👍")
		n.say(n.rooms[0], 0, "still talking", chat.Ref{})
		if got := n.net(n.rooms[2]).Read(club); len(got) != 0 {
			t.Errorf("the club shows %d posts", len(got))
		}
		if got := n.net(n.rooms[2]).Read(thread); len(got) != 1 {
			t.Errorf("the thread shows %d messages", len(got))
		}
		n.quiet()
	})
}

// Where edits are events, one of them may be deleted alone.
func TestAnEditThatIsTakenBack(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		ref := n.say(n.rooms[0], 0, "version 1", chat.Ref{})
		me := n.people["one"][0].Person()
		edit := func(id, words string) {
			n.tell(chat.Event{Kind: chat.Edited, Message: chat.Message{Ref: ref, Body: format.Text(words)}, Own: id, By: me, At: time.Now(), Revised: time.Now()})
		}
		edit("e2", "version 2")
		edit("e3", "a secret")
		edit("e4", "version 4")
		n.people["one"][1].React(ref, "👍")
		n.pass(time.Minute)
		n.takeBack(n.rooms[0], "e3")
		edit("e3", "a secret") // told again
		for _, room := range n.rooms[1:] {
			n.shows(room, "version 4")
			if all := strings.Join(n.net(room).Everything(room), " "); strings.Contains(all, "secret") {
				t.Errorf("%s still holds %q", room, all)
			}
			if got := n.net(room).Reactions(n.mirror(room, "version 4")); len(got) != 1 {
				t.Errorf("the new mirror in %s has %v", room, got)
			}
		}
		n.takeBack(n.rooms[0], "e4") // nobody knows what it shows now
		n.shows(n.rooms[1])
		n.shows(n.rooms[2])
		edit("e5", "version 5")
		n.shows(n.rooms[1], "version 5")
		n.shows(n.rooms[2], "version 5")
		edit("e6", "another secret") // taken back and edited anew before any mirror is gone
		n.tell(chat.Event{Kind: chat.Deleted, Message: chat.Message{Ref: chat.Ref{Place: ref.Place, ID: "e6"}}, At: time.Now()},
			chat.Event{Kind: chat.Edited, Message: chat.Message{Ref: ref, Body: format.Text("version 7")}, Own: "e7", By: me, At: time.Now(), Revised: time.Now()})
		for _, room := range n.rooms[1:] {
			n.shows(room, "version 7")
			if all := strings.Join(n.net(room).Everything(room), " "); strings.Contains(all, "secret") {
				t.Errorf("%s still holds %q", room, all)
			}
		}
		n.quiet()
	})
}

// takeBack tells the bot that an event was deleted.
func (n *town) takeBack(room chat.Room, id string) {
	n.t.Helper()
	n.tell(chat.Event{Kind: chat.Deleted, Message: chat.Message{Ref: chat.Ref{Place: chat.Place{Room: room}, ID: id}}, At: time.Now()})
}

// tell tells the bot of events, as its first network would.
func (n *town) tell(events ...chat.Event) {
	n.t.Helper()
	n.hear(events...)
	n.pass(time.Minute)
}

// hear records what the first network is said to tell.
func (n *town) hear(events ...chat.Event) {
	n.t.Helper()
	r := relay.New(relay.Config{DB: n.db, Platforms: []chat.Platform{n.nets["one"].Open("bot")}, Rooms: n.rooms, Hint: n.hint})
	if err := r.Handle(n.t.Context(), "one", chat.Batch{Events: events}); err != nil {
		n.t.Error(err)
	}
}

// A network that was not heard for a while tells who holds an emoji now, not
// who took theirs off; and where a moderator takes them all off it does not say
// whose they were.
func TestNobodyHoldsWhatIsNotReported(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		ref := n.say(n.rooms[0], 0, "look", chat.Ref{})
		far := n.mirror(n.rooms[2], "look")
		ann, ben := n.people["one"][1].Person(), n.people["one"][2].Person()
		on := func(kind chat.Kind, emoji string, by chat.Person) chat.Event {
			return chat.Event{Kind: kind, Message: chat.Message{Ref: ref}, Emoji: emoji, By: by, At: time.Now()}
		}
		wants := func(want ...string) {
			t.Helper()
			if got := n.nets["two"].Reactions(far); !slices.Equal(slices.Sorted(slices.Values(got)), want) {
				t.Errorf("on the mirror: %q, want %q", got, want)
			}
		}
		n.tell(on(chat.Reacted, "🎯", ann), on(chat.Reacted, "👍", ann), on(chat.Reacted, "👍", ben))
		wants("🎯", "👍")
		n.tell(on(chat.Unreacted, "", chat.Person{}), on(chat.Reacted, "👍", ben))
		wants("👍")
		n.tell(on(chat.Reacted, "🎯", ben), on(chat.Unreacted, "👍\ufe0f", chat.Person{}))
		wants("🎯")
		n.people["two"][0].React(far, "💡")
		n.pass(time.Minute)
		n.tell(on(chat.Unreacted, "", chat.Person{}))
		wants("💡")
		if got := n.nets["one"].Reactions(ref); !slices.Equal(got, []string{"💡"}) {
			t.Errorf("what was put on elsewhere is shown as %q", got)
		}
		n.quiet()
	})
}

// A message that is read back from the network's history was perhaps edited
// while nobody listened.
func TestAMessageReadAgainAfterItWasEdited(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		ref := n.say(n.rooms[0], 0, "before", chat.Ref{})
		me := n.people["one"][0].Person()
		again := chat.Event{Kind: chat.Said, Message: chat.Message{Ref: ref, From: me, Body: format.Text("after")}, By: me, At: time.Now()}
		n.tell(again)
		n.shows(n.rooms[2], "before")
		again.Revised = time.Now()
		n.tell(again)
		n.shows(n.rooms[2], "after")
	})
}

// A network may tell of a deletion before what was deleted, when it fills a gap.
func TestWhatWasDeletedBeforeItCame(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		me := n.people["one"][0].Person()
		ref := chat.Ref{Place: n.threads(n.rooms[0])[1], ID: "late"}
		said := chat.Event{Kind: chat.Said, Message: chat.Message{Ref: ref, From: me, Body: format.Text("too late")}, By: me, At: time.Now()}
		n.takeBack(n.rooms[0], ref.ID)
		n.tell(said)
		n.shows(n.rooms[2])
		if said := n.annotations(); len(said) != 0 {
			t.Errorf("recorded: %+v", said)
		}
		on := n.say(n.rooms[0], 1, "in time", chat.Ref{})
		reacted := chat.Event{Kind: chat.Reacted, Message: chat.Message{Ref: on}, By: me, Emoji: "👍", Own: "r-late", At: time.Now()}
		n.takeBack(n.rooms[0], "r-late")
		n.tell(reacted)
		if got := n.nets["two"].Reactions(n.mirror(n.rooms[2], "in time")); len(got) != 0 {
			t.Errorf("on the mirror: %v", got)
		}
		n.quiet()
	})
}

// Where speakers are not shown, their name stands in the first message, never
// in one of its own; and what has grown too long keeps its beginning.
func TestTheSpeakersNameIsNotAMessageOfItsOwn(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		club := n.threads(n.rooms[2])[1]
		long := strings.TrimSpace(strings.Repeat("Words of a remark. ", 105)) // fits alone, but not under a name
		ref := n.say(n.rooms[0], 0, long, chat.Ref{})
		got := n.net(n.rooms[2]).Read(club)
		if len(got) != 2 || len(got[0].Body.Text) < 1000 {
			t.Fatalf("the club shows %d messages, the first %q", len(got), got[0].Body.Text)
		}
		n.people["one"][0].Edit(ref, "short")
		n.say(n.rooms[0], 1, "next", chat.Ref{})
		n.people["one"][0].Edit(ref, long)
		n.pass(time.Minute)
		if got := n.net(n.rooms[2]).Read(club); len(got) != 2 || len(got[0].Body.Text) < 1000 || !strings.Contains(got[0].Body.Text, "…") {
			t.Errorf("the club shows %d messages, the first %q", len(got), got[0].Body.Text)
		}
	})
}

// late is a room to which the first passage comes only now.
func (n *town) late() chat.Room {
	n.t.Helper()
	late := n.nets["one"].Room("late")
	n.stop()
	n.rooms = append(n.rooms, late)
	n.start()
	n.update(func(tx *store.Tx) error {
		if err := tx.PutPlan(schedule.Plan{Name: "late", Does: schedule.Drip, Discussion: n.text.ID, Cron: "0 0 1 1 *",
			Rooms: []chat.Room{late}, Count: 1, Start: time.Now(), Next: 1}); err != nil {
			return err
		}
		_, err := relay.Advance(tx, "late", "by hand", 1, time.Now())
		return err
	})
	n.pass(time.Minute)
	return late
}

// Only the last 20 of what stands are filled in; what is gone does not count.
func TestFillingInLeavesOutWhatIsGone(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		hall := n.threads(n.rooms[0])[1]
		n.people["one"][0].Say(hall, "the oldest", chat.Ref{})
		var all []chat.Ref
		for range 25 {
			all = append(all, n.people["one"][0].Say(hall, "gone", chat.Ref{}))
		}
		n.pass(time.Minute)
		for _, ref := range all {
			n.people["one"][0].Delete(ref)
		}
		n.pass(time.Minute)
		n.shows(n.late(), "the oldest")
	})
}

// Some networks do not say who deleted something. While the bot itself is about
// to, it was the bot: no moderator took offence.
func TestItsOwnDeletionIsToldAsAnyones(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		long := strings.TrimSpace(strings.Repeat("many words ", 600)) + " the end"
		ref := n.say(n.rooms[2], 0, long, chat.Ref{})
		last := n.mirror(n.rooms[0], "the end")
		n.nets["one"].SlowAnswers(40 * time.Second)
		n.people["two"][0].Edit(ref, "few words")
		n.pass(time.Minute) // part 0 was edited, and the last part is gone; nobody has said so yet
		n.tell(chat.Event{Kind: chat.Deleted, Message: chat.Message{Ref: last}, At: time.Now()})
		n.nets["one"].SlowAnswers(0)
		n.pass(5 * time.Minute)
		n.shows(n.rooms[0], "few words")
		n.shows(n.rooms[2], "few words")
	})
}

// Where the bot began to listen is kept with the first thing that it hears, though that
// be its own words alone, which are recorded later otherwise. Cursors of rooms that are
// kept too lazily for a power failure are TestTheFirstPowerFailure's.
func TestWhereItBeganToListenIsKept(t *testing.T) {
	dawn(t, netOne, netTwo, func(t *testing.T, n *town) {
		n.stop()
		n.execute("DELETE FROM cursors")
		a := &asked{runs: map[string]int{}}
		n.command = a.run
		n.through = func(p *chattest.Platform) chat.Platform { return hesitant{p} }
		n.start()
		n.pass(time.Hour)
		n.pass(time.Second) // less than cursors are put off for
		disk := &disk{t: t, path: n.dsn, told: new(told)}
		disk.keep() // as kill -9 leaves it: who is stopped records what was put off
		n.stop()
		if err := n.db.Close(); err != nil {
			t.Fatal(err)
		}
		disk.restore()
		var err error
		if n.db, err = store.Open(t.Context(), n.dsn, store.Options{NoListen: true}); err != nil {
			t.Fatal(err)
		}
		for i, room := range n.rooms {
			if got := n.net(room).Read(chat.Place{Room: room}); len(got) != 1 {
				t.Errorf("in %v stand %d posts", room, len(got))
			}
			n.ask(room, 0, fmt.Sprint(i))
		}
		n.start()
		n.pass(time.Minute)
		for i, room := range n.rooms {
			if got := a.runs[fmt.Sprint(i)]; got != 1 {
				t.Errorf("the command in %v ran %d times", room, got)
			}
		}
	})
}

// hesitant is a platform that does not tell where it began to listen to rooms before
// something happens there.
type hesitant struct{ *chattest.Platform }

func (p hesitant) Run(ctx context.Context, since map[chat.Place]chat.Cursor, handle func(context.Context, chat.Batch) error) error {
	rooms := map[chat.Place]chat.Cursor{}
	return p.Platform.Run(ctx, since, func(ctx context.Context, b chat.Batch) error {
		for place, c := range b.Since {
			if len(b.Events) == 0 && place != (chat.Place{}) {
				rooms[place] = c
				delete(b.Since, place)
			}
		}
		if len(b.Events) > 0 {
			maps.Copy(b.Since, rooms)
		}
		return handle(ctx, b)
	})
}
