package relay_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/command"
	"marginalia/internal/format"
	"marginalia/internal/lang"
	"marginalia/internal/relay"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
)

// speaksGerman has the bot speak German in some rooms, from its next start on.
func (n *town) speaksGerman(rooms ...chat.Room) {
	n.stop()
	n.speaks = func(room chat.Room) lang.Language {
		if slices.Contains(rooms, room) {
			return lang.German
		}
		return lang.English
	}
	env := command.Env{DB: n.db, Language: n.speaks}
	n.digest, n.command = command.Digests(env), command.Dispatcher(env)
	n.start()
}

// told fails unless some message of a place is, or begins with, words.
func (n *town) told(p chat.Place, words string) {
	n.t.Helper()
	all := n.net(p.Room).Read(p)
	if !slices.ContainsFunc(all, func(m chat.Message) bool { return strings.HasPrefix(m.Body.Text, words) }) {
		n.t.Errorf("nothing in %+v says %q: %+v", p, words, all)
	}
}

// The same is said in two rooms, and what the bot has to say of it stands in each
// in the language of that room: questions, answers, digests, what comes late, the
// list of open threads, and that a thread is closed.
func TestEachRoomHasItsLanguage(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		hall, yard, club := n.rooms[0], n.rooms[1], n.rooms[2]
		n.indexed = []chat.Room{hall, club}
		n.hint = func(_ string, in lang.Language) format.Doc { return format.Text(in.Sprintf("Done.")) }
		n.speaksGerman(yard, club)
		n.update(func(tx *store.Tx) error {
			return tx.PutPlan(schedule.Plan{Name: "news", Does: schedule.Digest, Discussion: n.text.ID, Cron: "30 * * * *", Rooms: n.rooms, Count: 1, Start: time.Now()})
		})
		n.quote(hall, 0, sevens, "is it so?")
		n.quote(club, 0, sevens, "is it so?")
		n.say(yard, 0, "the same person, who was told", chat.Ref{})
		n.say(hall, 1, "!essay status", chat.Ref{})
		n.say(club, 1, "!essay status", chat.Ref{})
		n.pass(time.Hour)
		english, german := n.threads(hall)[1], n.threads(club)[1]
		n.told(english, "The words that you quote stand at 2 places. Which one do you mean?")
		n.told(german, "Die Worte, die du zitierst, stehen an 2 Stellen. Welche meinst du?")
		n.told(english, "Done.")
		n.told(german, "Erledigt.")
		for _, m := range n.net(yard).Read(n.threads(yard)[1]) {
			if m.Body.Text == "Erledigt." {
				t.Error("somebody was told the same twice, in two languages")
			}
		}
		n.told(chat.Place{Room: hall}, "The Story: 3 annotations on 1 passage since the last digest.")
		n.told(chat.Place{Room: club}, "The Story: 3 Anmerkungen zu 1 Passage seit dem letzten Überblick.")
		n.told(chat.Place{Room: hall}, "Open threads of The Story:")
		n.told(chat.Place{Room: club}, "Offene Threads zu The Story:")

		n.nets["two"].SetDown(true)
		n.say(hall, 1, "nobody hears it there", chat.Ref{})
		n.pass(2 * time.Hour)
		n.nets["two"].SetDown(false)
		n.pass(time.Hour)
		n.told(german, "Was anderswo seit dem 1. Januar 2000, ")
		n.update(func(tx *store.Tx) error {
			return relay.SetLocked(tx, n.speaks, n.text.Passages[0].ID, true, time.Now())
		})
		n.pass(time.Hour)
		n.told(english, "A moderator closed this thread: ")
		n.told(german, "Die Moderation hat diesen Thread geschlossen: ")
		n.quiet()
		n.verified()
	})
}

// A room that replaces another has the language of that, at once and after a start.
func TestTheRoomThatReplacesAnotherHasItsLanguage(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		hall := n.rooms[0]
		attic := n.nets["one"].Room("attic")
		n.speaksGerman(hall)
		moves := n.closings()
		moves <- chat.Event{Kind: chat.Moved, Message: chat.Message{Ref: chat.Ref{Place: chat.Place{Room: hall}}}, At: time.Now(), To: attic}
		n.pass(2 * time.Hour) // two more are posted, there
		asks := func(seq int) {
			t.Helper()
			place := n.threads(attic)[seq]
			n.people["one"][0].Say(place, fmt.Sprintf("> 7 of paragraph %d goes on and on\n\nwhere?", seq), chat.Ref{})
			n.pass(time.Minute)
			n.told(place, "Die Worte, die du zitierst, stehen an 2 Stellen.")
		}
		asks(2)
		n.stop()
		n.start()
		asks(3)
	})
}
