package relay_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/command"
	"marginalia/internal/format"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

// Stories of what is heard of somebody after they were forgotten.

// forgetting is a story in which people tell the bot commands.
func forgetting(t *testing.T, tell func(t *testing.T, n *town)) {
	t.Helper()
	story(t, func(t *testing.T, n *town) {
		n.stop()
		n.command = command.Dispatcher(command.Env{DB: n.db})
		n.start()
		tell(t, n)
	})
}

// forget forgets one of a network's people.
func (n *town) forget(net string, who int) {
	n.t.Helper()
	n.update(func(tx *store.Tx) error {
		p, err := tx.PutPerson(net, n.people[net][who].Person())
		if err != nil {
			return err
		}
		return relay.Forget(tx, p.ID, time.Now())
	})
}

// recorded fails unless the annotations are those with the given words.
func (n *town) recorded(when string, want ...string) {
	n.t.Helper()
	var got []string
	for _, a := range n.annotations() {
		if !a.Gone() {
			got = append(got, a.Body.Text)
		}
	}
	if !slices.Equal(got, want) {
		n.t.Errorf("%s: recorded is %q, want %q", when, got, want)
	}
}

// What somebody said and did before they were forgotten stays out when it is
// heard after it, and also once they chose anew; what they say later counts.
func TestWhatIsHeardAfterForgettingStaysOut(t *testing.T) {
	forgetting(t, func(t *testing.T, n *town) {
		club, them := n.rooms[2], n.people["two"][0]
		n.say(club, 0, "known", chat.Ref{})
		other := n.say(club, 1, "another's", chat.Ref{})
		n.nets["two"].SetDown(true)
		n.pass(time.Minute)
		early := n.say(club, 0, "said before", chat.Ref{})
		late := n.say(club, 0, "said before, too", chat.Ref{})
		them.Edit(early, "edited before")
		them.React(other, "🦑")
		n.say(club, 0, "!essay me name", chat.Ref{})
		n.pass(time.Minute)
		n.forget("two", 0)
		n.pass(time.Minute)
		them.Edit(late, "edited later")
		n.say(club, 0, "said later", chat.Ref{})
		n.nets["two"].SetDown(false)
		n.pass(2 * time.Hour)
		n.recorded("the network is back", "another's", "said later")
		n.update(func(tx *store.Tx) error {
			if _, still, err := tx.Forgotten("two", them.Person().ID); !still || err != nil {
				t.Errorf("what they chose before they were forgotten holds (%v)", err)
			}
			return nil
		})
		if got := n.nets["one"].Reactions(n.mirror(n.rooms[0], "another's")); len(got) > 0 {
			t.Errorf("an emoji from before is shown as %q", got)
		}
		n.say(club, 0, "!essay me name", chat.Ref{})
		n.nets["two"].Repeat(100)
		them.Edit(late, "edited much later")
		n.say(club, 0, "said as themselves", chat.Ref{})
		n.pass(time.Hour)
		n.recorded("they chose anew", "another's", "said later", "said as themselves")
		n.quiet()
	})
}

// What waits in the inbox when its writer is forgotten is not taken when the
// network tells of it again, whose clock may be ahead.
func TestWhatWaitedForNothingIsForgottenForGood(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		hall, them := n.rooms[0], n.people["one"][0].Person()
		said := chat.Event{Kind: chat.Said, By: them, At: time.Now().Add(time.Hour), Message: chat.Message{
			Ref: chat.Ref{Place: n.threads(hall)[1], ID: "from-a-gap"}, From: them, Body: format.Text("held words")}}
		edit := said
		edit.Kind, edit.Own, edit.Revised, edit.Message.Ref.ID = chat.Edited, "its-edit", said.At, "edited-early"
		n.update(func(tx *store.Tx) error {
			for _, e := range []chat.Event{said, edit} {
				id := e.Message.Ref.ID
				if err := tx.PutHeld(store.Held{ID: id, Room: hall, On: id, Event: e, Why: "it broke", Tries: 1, At: time.Now()}); err != nil {
					return err
				}
			}
			return nil
		})
		n.forget("one", 0)
		edited := said
		edited.Message.Ref.ID = edit.Message.Ref.ID
		n.tell(said, edit, edited)
		n.recorded("told again")
		n.update(func(tx *store.Tx) error {
			waiting, err := tx.Held()
			if len(waiting) > 0 {
				t.Errorf("there waits %+v", waiting)
			}
			return err
		})
	})
}

// Whose emoji was forgotten may put the same one on the same message again, once
// they took the old one off.
func TestAnEmojiThatWasForgottenMayBePutAgain(t *testing.T) {
	forgetting(t, func(t *testing.T, n *town) {
		hall, club, them := n.rooms[0], n.rooms[2], n.people["two"][0]
		ref := n.say(hall, 0, "look", chat.Ref{})
		far := n.mirror(club, "look")
		shows := func(when string, want ...string) {
			t.Helper()
			if got := n.nets["one"].Reactions(ref); !slices.Equal(got, want) {
				t.Errorf("%s: shown is %q, should be %q", when, got, want)
			}
		}
		them.React(far, "🦑")
		n.pass(time.Minute)
		shows("at first", "🦑")
		n.forget("two", 0)
		n.nets["two"].Repeat(100)
		n.pass(time.Minute)
		shows("forgotten and told again")
		them.Unreact(far, "🦑")
		n.pass(time.Minute)
		them.React(far, "🦑")
		n.pass(time.Minute)
		shows("put again", "🦑")
	})
}

// Who is mentioned in what is under way is forgotten: where an edit is an event
// it would leave the name in the one before it, so that the message is made anew.
func TestAMentionIsForgottenWhileItsPostIsUnderWay(t *testing.T) {
	for echo, mute := range map[string]bool{"heard": false, "not heard": true} {
		t.Run("its echo "+echo, func(t *testing.T) {
			one := netOne
			one.NoEcho = mute
			storyOn(t, one, netTwo, func(t *testing.T, n *town) {
				them := n.people["two"][1].Person()
				n.people["two"][0].SayDoc(n.threads(n.rooms[2])[1], mentioning(them, "it is so"), chat.Ref{})
				n.nets["one"].SlowAnswers(5 * time.Second)
				n.pass(time.Second)
				n.forget("two", 1)
				n.pass(time.Minute)
				for _, room := range n.rooms[:2] {
					if all := strings.Join(n.net(room).Everything(room), "\n"); strings.Contains(all, them.Name) || strings.Count(all, "it is so") != 1 {
						t.Errorf("%s holds %q", room, all)
					}
				}
				n.quiet()
			})
		})
	}
}
