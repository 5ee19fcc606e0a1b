package relay_test

import (
	"context"
	"encoding/json"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/chattest"
	"marginalia/internal/format"
	"marginalia/internal/relay"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
)

// Stories of what cannot be done, and must hold up nothing else. Each of them
// was a bug.

func TestAnEmojiThatIsRefusedHoldsUpNoOther(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		ref := n.say(n.rooms[0], 0, "look", chat.Ref{})
		far := n.mirror(n.rooms[2], "look")
		n.nets["two"].FailNext(1, chat.ErrRefused)
		n.people["one"][1].React(ref, "🦄")
		n.pass(time.Minute)
		n.people["one"][1].React(ref, "👍")
		n.pass(time.Minute)
		if got := n.nets["two"].Reactions(far); len(got) != 1 || got[0] != "👍" {
			t.Errorf("on the mirror: %v", got)
		}
		n.people["one"][1].Unreact(ref, "👍")
		n.pass(time.Minute)
		if got := n.nets["two"].Reactions(far); len(got) != 0 {
			t.Errorf("on the mirror: %v", got)
		}
		n.quiet()
	})
}

// An edit that the network never takes holds up no emoji, neither one that waits
// with it nor one that comes later; and it is known as given up.
func TestAnEditThatIsRefusedHoldsUpNoEmoji(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		ref := n.say(n.rooms[0], 0, "look", chat.Ref{})
		far := n.mirror(n.rooms[2], "look")
		ada, bob := n.people["one"][0], n.people["one"][1]
		for _, emoji := range []string{"👍", "🦄"} {
			n.nets["two"].FailOn(chat.Edit, chat.ErrRefused)
			ada.Edit(ref, "look, "+emoji)
			bob.React(ref, emoji)
			n.pass(time.Minute)
			bob.React(ref, emoji+emoji)
			n.pass(time.Minute)
			if dead := n.dead(n.rooms[2]); len(dead) != 1 || dead[0].Why == "" {
				t.Errorf("given up: %+v", dead)
			}
		}
		if got := n.nets["two"].Reactions(far); len(got) != 4 {
			t.Errorf("on the mirror: %v", got)
		}
		n.shows(n.rooms[2], "look")
		n.nets["two"].FailOn(chat.Edit, nil)
		ada.Edit(ref, "look here")
		n.pass(time.Minute)
		n.shows(n.rooms[2], "look here")
		n.quiet()
	})
}

// dead is what was given up in a room.
func (n *town) dead(room chat.Room) (all []store.Delivery) {
	n.t.Helper()
	n.update(func(tx *store.Tx) (err error) { all, err = tx.Dead(room); return err })
	return all
}

// A network that cannot be reached at all is asked ever more seldom: each try is
// written down before it is made. Once it is heard again nothing waits any more.
func TestALongOutageIsSeldomAskedAbout(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		n.stop()
		var tries atomic.Int32
		n.through = func(p *chattest.Platform) chat.Platform {
			if p.Profile().Name == "two" {
				return counted{p, &tries}
			}
			return p
		}
		n.start()
		n.nets["two"].SetDown(true)
		n.say(n.rooms[0], 0, "are you there?", chat.Ref{})
		n.pass(34 * time.Hour)
		if got := tries.Load(); got < 24 || got > 60 {
			t.Errorf("in 34 hours it was asked %d times", got)
		}
		n.nets["two"].SetDown(false)
		n.pass(time.Minute + 15*time.Second) // as long as the listener may pause
		n.shows(n.rooms[2], "are you there?", "1 January 2000, 01:01 UTC on comes late.")
	})
}

// counted is a platform that counts what it is asked for.
type counted struct {
	*chattest.Platform
	asked *atomic.Int32
}

func (c counted) Do(ctx context.Context, a chat.Action) (chat.Done, error) {
	c.asked.Add(1)
	return c.Platform.Do(ctx, a)
}

// Replies under a post that was given up are parked, and flow once it stands.
func TestRepliesUnderADeadPost(t *testing.T) {
	dawn(t, netOne, netTwo, func(t *testing.T, n *town) {
		n.nets["two"].FailNext(1, chat.ErrRefused)
		n.pass(time.Hour + time.Minute)
		n.say(n.rooms[0], 0, "one", chat.Ref{})
		ref := n.say(n.rooms[0], 0, "two", chat.Ref{})
		n.say(n.rooms[1], 1, "three", chat.Ref{})
		n.people["one"][0].Delete(ref)
		n.pass(time.Hour)
		n.update(func(tx *store.Tx) error {
			p := store.PassageThing(n.text.Passages[0].ID)
			return tx.Stale(p, n.rooms[2], "", store.ClassPost, time.Now())
		})
		n.pass(time.Minute)
		n.shows(n.rooms[2], "one", "1 January 2000, 01:01 UTC on comes late.", "three")
		n.quiet()
	})
}

// A delivery that cannot even be looked at is given up alone.
func TestADeliveryThatBreaksTheCourier(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		n.update(func(tx *store.Tx) error {
			return tx.Stale(store.AnnotationThing("nobody said that"), n.rooms[2], n.text.Passages[0].ID, store.ClassReply, time.Now())
		})
		n.say(n.rooms[0], 0, "goes on", chat.Ref{})
		n.shows(n.rooms[2], "goes on")
		n.update(func(tx *store.Tx) error {
			dead, err := tx.Dead(n.rooms[2])
			if len(dead) != 1 || dead[0].Why == "" {
				t.Errorf("dead letters: %+v", dead)
			}
			return err
		})
	})
}

// An event that cannot be handled is put aside, tried twice more, and dropped
// after a day; what came with it is recorded.
func TestAnEventThatBreaksTheHandler(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		r := relay.New(relay.Config{DB: n.db, Platforms: []chat.Platform{n.nets["one"].Open("bot")}, Rooms: n.rooms})
		at := chat.Ref{Place: n.threads(n.rooms[0])[1], ID: "m-one"}
		person := chat.Person{ID: "u", Name: "someone"}
		said := chat.Event{Kind: chat.Said, Message: chat.Message{Ref: at, From: person, Body: format.Text("said beside it")}, By: person, At: time.Now()}
		broken := chat.Event{Kind: chat.Called, Message: chat.Message{Ref: chat.Ref{Place: at.Place, ID: "m-two"}}, Raw: json.RawMessage(`{"a":1}`)}
		strange := chat.Event{Kind: "sung", Message: chat.Message{Ref: chat.Ref{Place: at.Place, ID: "m-three"}}}
		for range 2 {
			if err := r.Handle(t.Context(), "one", chat.Batch{Events: []chat.Event{broken, said, strange}}); err != nil {
				t.Fatal(err)
			}
		}
		n.pass(time.Hour)
		n.shows(n.rooms[2], "said beside it")
		held := n.held()
		if len(held) != 2 || held[0].Tries != 3 || held[1].Tries != 3 || string(held[0].Event.Raw) != `{"a":1}` || held[0].Why == "" {
			t.Errorf("held: %+v", held)
		}
		n.pass(25 * time.Hour)
		if held := n.held(); len(held) != 0 {
			t.Errorf("held after a day: %+v", held)
		}
	})
}

func TestACommandThatBreaks(t *testing.T) {
	dawn(t, netOne, netTwo, func(t *testing.T, n *town) {
		n.stop()
		n.command = func(context.Context, chat.Call, time.Time) (format.Doc, error) { panic("broken") }
		n.start()
		n.pass(time.Second)
		n.people["one"][0].Say(chat.Place{Room: n.rooms[0]}, "!essay what", chat.Ref{})
		n.pass(time.Minute)
		if got := n.net(n.rooms[0]).Read(chat.Place{Room: n.rooms[0]}); len(got) != 2 || !strings.Contains(got[1].Body.Text, "what") {
			t.Errorf("the hall shows %+v", got)
		}
	})
}

func TestAPlanThatCannotBeCarriedOutHoldsUpNoOther(t *testing.T) {
	dawn(t, netOne, netTwo, func(t *testing.T, n *town) {
		n.update(func(tx *store.Tx) error {
			return tx.PutPlan(schedule.Plan{Name: "a digest of nothing", Does: schedule.Digest, Discussion: "nothing", Cron: "0 * * * *",
				Rooms: n.rooms, Count: 1, Start: time.Now()})
		})
		n.pass(time.Hour + time.Minute)
		n.shows(n.rooms[0])
		if got := n.threads(n.rooms[0]); len(got) != 1 {
			t.Errorf("%d passages are posted", len(got))
		}
	})
}

// What is done to a message that was put aside waits for it.
func TestARemarkThatWasPutAsideIsEdited(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		me := n.people["one"][0].Person()
		ref := chat.Ref{Place: n.threads(n.rooms[0])[1], ID: "aside"}
		pointer := chat.Ref{Place: chat.Place{Room: n.rooms[0]}, ID: ref.ID}
		said := chat.Event{Kind: chat.Said, Message: chat.Message{Ref: ref, From: me, Body: format.Text("before")}, By: me, At: time.Now()}
		edited := chat.Event{Kind: chat.Edited, Message: chat.Message{Ref: pointer, From: me, Body: format.Text("after")}, By: me, At: time.Now(), Revised: time.Now()}
		n.update(func(tx *store.Tx) error {
			return tx.PutHeld(store.Held{ID: "put aside", Room: n.rooms[0], On: ref.ID, Event: said, Why: "it broke", Tries: 1, At: time.Now()})
		})
		r := relay.New(relay.Config{DB: n.db, Platforms: []chat.Platform{n.nets["one"].Open("bot")}, Rooms: n.rooms})
		if err := r.Handle(t.Context(), "one", chat.Batch{Events: []chat.Event{edited}}); err != nil {
			t.Fatal(err)
		}
		n.pass(time.Hour)
		n.shows(n.rooms[2], "after")
		n.quiet()
	})
}

// What answers a message that was put aside waits for it. If that is taken back
// meanwhile, the answers are about what it was about itself, also those to an answer
// that is gone, too.
func TestAnAnswerToWhatWasPutAsideAndTakenBack(t *testing.T) {
	flatly(t, func(t *testing.T, n *town, flat, other chat.Room) {
		main, people := chat.Place{Room: flat}, n.people[flat.Platform]
		n.through = func(p *chattest.Platform) chat.Platform { return misreading{p, "aside"} }
		n.restart()
		aside := people[0].Say(main, "aside", n.at(main, "p1"))
		n.pass(10 * time.Minute)
		people[1].Say(main, "answer", aside)
		gone := people[1].Say(main, "gone", aside)
		people[2].Say(main, "another", gone)
		n.pass(time.Second)
		people[1].Delete(gone)
		n.pass(time.Second)
		for _, words := range []string{"aside", "answer", "another"} {
			if held := n.allThatWaits(); !strings.Contains(held, words) || strings.Contains(held, "gone") {
				t.Fatalf("%q and others wait: %s", words, held)
			}
		}
		people[0].Delete(aside)
		n.pass(5 * time.Minute)
		n.reads(n.under(other, "p1"), "excerpt", "answer", "another")
	})
}

// misreading is a platform that finds a quotation in some words that goes beyond them.
// Such a text cannot be read by anything.
type misreading struct {
	*chattest.Platform
	words string
}

func (p misreading) Run(ctx context.Context, since map[chat.Place]chat.Cursor, handle func(context.Context, chat.Batch) error) error {
	return p.Platform.Run(ctx, since, func(ctx context.Context, b chat.Batch) error {
		for i, e := range b.Events {
			if e.Kind == chat.Said && e.Message.Body.Text == p.words {
				b.Events[i].Message.Body.Blocks = []format.Block{{Kind: format.Quote, End: 2 * len(p.words), Quote: 1}}
			}
		}
		return handle(ctx, b)
	})
}

// A request that was given up in doubt is waited for no longer.
func TestAGivenUpRequestKeepsNobodysTalk(t *testing.T) {
	one := netOne
	one.NoEcho = true
	storyOn(t, one, netTwo, func(t *testing.T, n *town) {
		n.nets["one"].Lose(1)
		n.nets["one"].FailNext(1, chat.ErrRefused)
		n.say(n.rooms[2], 0, "hello", chat.Ref{})
		n.pass(10 * time.Minute)
		lunch := n.people["one"][0].Say(chat.Place{Room: n.rooms[0]}, "lunch?", chat.Ref{})
		for _, room := range n.rooms[:2] {
			n.people["one"][1].Say(chat.Place{Room: room}, "where?", lunch)
		}
		n.pass(time.Minute)
		if held := n.held(); len(held) != 0 {
			t.Errorf("held: %+v", held)
		}
	})
}

// A room that is named twice has one lane all the same.
func TestARoomThatIsNamedTwice(t *testing.T) {
	dawn(t, netOne, netTwo, func(t *testing.T, n *town) {
		n.stop()
		rooms := n.rooms
		n.rooms = append(append([]chat.Room{}, rooms...), rooms...)
		n.start()
		n.rooms = rooms
		n.pass(time.Hour + time.Minute)
		n.say(n.rooms[0], 0, "once", chat.Ref{})
		n.shows(n.rooms[2], "once")
	})
}

// held is what waits in the inbox.
func (n *town) held() []store.Held {
	n.t.Helper()
	var all []store.Held
	n.update(func(tx *store.Tx) (err error) { all, err = tx.Held(); return err })
	return all
}
