package relay_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/lang"
	"marginalia/internal/store"
)

// hints are how many messages of a room tell what becomes of one's words.
func (n *town) hints(room chat.Room) (many int) {
	for _, said := range n.net(room).(inMemory).SaidBy("bot", room) {
		many += strings.Count(said, "what becomes of it")
	}
	return many
}

// Who speaks for the first time is told once what becomes of it, in the thread
// and silently; and however many do so in a thread, there it stands once.
func TestWhoSpeaksForTheFirstTimeIsTold(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		n.stop()
		n.hint = func(platform string, _ lang.Language) format.Doc {
			if platform == "two" {
				return format.Doc{}
			}
			return format.Text("This is what becomes of it.")
		}
		n.start()
		hall, yard, club := n.rooms[0], n.rooms[1], n.rooms[2]
		tells := func(what string, inHall, inYard int) {
			t.Helper()
			if a, b, c := n.hints(hall), n.hints(yard), n.hints(club); a != inHall || b != inYard || c != 0 {
				t.Errorf("%s: it stands %d, %d and %d times, should be %d, %d and 0", what, a, b, c, inHall, inYard)
			}
		}
		n.say(hall, 0, "first", chat.Ref{})
		tells("after the first", 1, 0)
		for _, m := range n.net(hall).Read(n.threads(hall)[1]) {
			if strings.Contains(m.Body.Text, "becomes of it") && (!m.Silent || !m.ReplyTo.IsZero()) {
				t.Errorf("it rings: %+v", m)
			}
		}
		n.say(hall, 0, "second", chat.Ref{})
		n.say(hall, 1, "another's first", chat.Ref{}) // who has it before their eyes
		n.say(club, 1, "from the club", chat.Ref{})
		tells("after all have spoken", 1, 0)

		n.pass(time.Hour)
		n.stop()
		n.start()
		n.people["one"][1].Say(n.threads(hall)[2], "in the next thread", chat.Ref{})
		n.pass(time.Minute)
		tells("nobody is told twice", 1, 0)
		n.update(func(tx *store.Tx) error {
			who, err := tx.PutPerson("one", n.people["one"][3].Person())
			if err != nil {
				return err
			}
			return tx.SetState(who.ID, discussion.Pseudonym)
		})
		n.say(yard, 3, "who chose already", chat.Ref{})
		tells("who chose is not told", 1, 0)
		n.people["one"][2].Say(n.threads(yard)[2], "a newcomer", chat.Ref{})
		n.pass(time.Minute)
		tells("a newcomer elsewhere", 1, 1)
		n.tell(chat.Event{Kind: chat.Said, By: chat.Person{ID: "u-old", Name: "Old"}, At: time.Now().Add(-2 * time.Hour),
			Message: chat.Message{Ref: chat.Ref{Place: n.threads(yard)[1], ID: "from-an-outage"}, From: chat.Person{ID: "u-old", Name: "Old"}, Body: format.Text("long ago")}})
		n.say(yard, 3, "go on", chat.Ref{})
		tells("what an outage kept back", 1, 1)
		n.quiet()
	})
}

// What the operator changed is told to those who were told otherwise, and what
// stands in the threads says it, too; but not to who has it before their eyes.
func TestAHintThatHoldsNoMoreIsReworded(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		hall, yard := n.rooms[0], n.rooms[1]
		says := func(how string) {
			n.stop()
			n.hint = func(string, lang.Language) format.Doc { return format.Text("This is what becomes of it: " + how) }
			n.start()
			n.pass(time.Hour)
		}
		stands := func(when string, room chat.Room, passage int, how ...string) {
			t.Helper()
			var got []string
			for _, m := range n.net(room).Read(n.threads(room)[passage]) {
				if _, told, ok := strings.Cut(m.Body.Text, "becomes of it: "); ok {
					got = append(got, told)
				}
			}
			if !slices.Equal(got, how) {
				t.Errorf("%s: in the thread of passage %d in %s stands %q, should be %q", when, passage, room, got, how)
			}
		}
		says("a pseudonym")
		n.say(hall, 0, "first", chat.Ref{})
		n.say(yard, 1, "from the yard", chat.Ref{})
		says("your name")
		stands("nobody spoke yet", hall, 1, "a pseudonym")
		n.people["one"][0].Say(n.threads(hall)[2], "further on", chat.Ref{})
		n.pass(time.Minute)
		stands("who was told otherwise speaks", hall, 2, "your name")
		stands("who was told otherwise speaks", hall, 1, "your name")
		stands("who was told otherwise speaks", yard, 1, "your name")
		n.say(yard, 1, "again", chat.Ref{})
		n.say(yard, 1, "and again", chat.Ref{})
		stands("all have spoken", yard, 1, "your name")
		n.quiet()
	})
}
