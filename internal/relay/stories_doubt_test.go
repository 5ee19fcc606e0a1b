package relay_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/chattest"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

// Stories of requests whose outcome is in doubt. Each of them was a bug.

// keyless is a network of webhooks: messages bear no keys and are shown under
// people's names, and the bot is not told of them.
var keyless = chattest.Options{Name: "two", Threads: chat.OpenedThreads, Limit: 2000, Moderator: true, Keyless: true, Names: true, NoEcho: true}

func TestTheSameWordsTwiceOnANetworkWithoutKeys(t *testing.T) {
	storyOn(t, netOne, keyless, func(t *testing.T, n *town) {
		n.say(n.rooms[0], 0, "ok", chat.Ref{})
		n.nets["two"].Drop(1)
		n.say(n.rooms[0], 0, "ok", chat.Ref{})
		n.shows(n.rooms[2], "ok", "ok")
		n.nets["two"].Lose(1)
		n.say(n.rooms[0], 0, "ok", chat.Ref{})
		n.shows(n.rooms[2], "ok", "ok", "ok")
	})
}

func TestAnEditWhileThePostIsInDoubt(t *testing.T) {
	for _, two := range []chattest.Options{netTwo, keyless} {
		storyOn(t, netOne, two, func(t *testing.T, n *town) {
			n.nets["two"].Drop(1) // the first try
			n.nets["two"].Lose(1) // the second
			ref := n.people["one"][0].Say(n.threads(n.rooms[0])[1], "once", chat.Ref{})
			n.pass(10 * time.Second)
			n.people["one"][0].Edit(ref, "once, edited")
			n.pass(10 * time.Minute)
			n.shows(n.rooms[2], "once, edited")
		})
	}
}

func TestWordsTakenBackWhileTheirPostIsInDoubt(t *testing.T) {
	for _, two := range []chattest.Options{netTwo, keyless} {
		storyOn(t, netOne, two, func(t *testing.T, n *town) {
			n.nets["two"].Late(1, 20*time.Second)
			ref := n.people["one"][0].Say(n.threads(n.rooms[0])[1], "a secret", chat.Ref{})
			n.pass(10 * time.Second)
			n.people["one"][0].Delete(ref)
			n.pass(10 * time.Minute)
			n.nowhere("a secret")
			n.quiet()
		})
	}
}

// The post takes effect between the look for it and the answer to that: the
// echo is the only one to tell.
func TestWordsThatComeToLightWhileTheyAreTakenBack(t *testing.T) {
	storyOn(t, netOne, netTwo, func(t *testing.T, n *town) {
		n.nets["two"].Late(1, 32*time.Second)
		ref := n.people["one"][0].Say(n.threads(n.rooms[0])[1], "a secret", chat.Ref{})
		n.pass(10 * time.Second)
		n.people["one"][0].Delete(ref)
		n.nets["two"].SlowAnswers(5 * time.Second)
		n.pass(10 * time.Minute)
		n.nowhere("a secret")
		n.quiet()
	})
}

// The bot gave up, and did not know that the network had not.
func TestAPostThatWasGivenUpInDoubtAndStandsAfterAll(t *testing.T) {
	storyOn(t, netOne, netTwo, func(t *testing.T, n *town) {
		n.pass(5 * time.Hour) // all is posted
		n.nets["two"].Late(1, 80*time.Hour)
		n.people["one"][0].Say(n.threads(n.rooms[0])[1], "patience", chat.Ref{})
		n.pass(time.Second)
		n.nets["two"].FailNext(200, errors.New("500"))
		n.pass(79 * time.Hour)
		n.update(func(tx *store.Tx) error {
			dead, err := tx.Dead(n.rooms[2])
			if len(dead) != 1 {
				t.Errorf("dead letters: %+v", dead)
			}
			return err
		})
		n.pass(2 * time.Hour)
		n.shows(n.rooms[2], "patience")
		n.quiet()
	})
}

func TestSomeoneIsForgottenWhileAPostIsInDoubt(t *testing.T) {
	storyOn(t, netOne, keyless, func(t *testing.T, n *town) {
		n.nets["two"].Lose(1)
		n.people["one"][0].Say(n.threads(n.rooms[0])[1], "a secret", chat.Ref{})
		n.pass(10 * time.Second)
		who := n.annotations()[0].Creator
		n.update(func(tx *store.Tx) error { return relay.Forget(tx, who, time.Now()) })
		n.pass(10 * time.Minute)
		n.shows(n.rooms[2])
		n.quiet()
	})
}

func TestAnEditInDoubtGoesWithItsMessage(t *testing.T) {
	one := netOne
	one.NoEcho = true
	storyOn(t, one, netTwo, func(t *testing.T, n *town) {
		ref := n.say(n.rooms[0], 0, "harmless", chat.Ref{})
		n.nets["one"].Late(1, 20*time.Second)
		n.people["one"][0].Edit(ref, "a secret")
		n.pass(10 * time.Second)
		n.people["one"][0].Delete(ref)
		n.pass(10 * time.Minute)
		n.nowhere("harmless")
		n.nowhere("a secret")
	})
}

// People see a post before the bot knows that it stands.
func TestPeopleAnswerAPostBeforeItIsKnownToStand(t *testing.T) {
	one, two := netOne, netTwo
	one.NoEcho, two.NoEcho = true, true
	dawn(t, one, two, func(t *testing.T, n *town) {
		n.nets["one"].Lose(2) // a post in each room
		n.nets["two"].Lose(1) // the post
		n.pass(time.Hour + 10*time.Second)
		n.nets["two"].Delay(1, time.Second)
		n.nets["two"].Lose(1) // its thread
		n.pass(22 * time.Second)
		hall, club := n.rooms[0], n.rooms[2]
		root := n.net(hall).Read(chat.Place{Room: hall})[0].Ref
		ben := n.people["one"][1]
		said := ben.Say(chat.Place{Room: hall, Thread: root.ID}, "first!", chat.Ref{})
		ben.Edit(said, "first")
		ben.React(root, "👍")
		slip := ben.Say(chat.Place{Room: hall, Thread: root.ID}, "a slip", chat.Ref{})
		ben.Delete(slip)
		ben.Say(chat.Place{Room: hall}, "lunch?", chat.Ref{})
		n.people["two"][0].Say(n.threads(club)[1], "from the club", chat.Ref{})
		n.pass(10 * time.Minute)
		n.shows(n.rooms[1], "first", "from the club")
		n.shows(club, "from the club", "first")
		if got := n.net(club).Reactions(n.net(club).Read(chat.Place{Room: club})[0].Ref); len(got) != 1 {
			t.Errorf("the post in the club has the emoji %v", got)
		}
		n.quiet()
	})
}

func TestAMirrorIsRemovedBeforeItIsKnownToStand(t *testing.T) {
	two := netTwo
	two.NoEcho = true
	storyOn(t, netOne, two, func(t *testing.T, n *town) {
		n.nets["two"].Lose(1)
		n.people["one"][0].Say(n.threads(n.rooms[0])[1], "rude", chat.Ref{})
		n.pass(10 * time.Second)
		n.people["two"][3].Delete(n.mirror(n.rooms[2], "rude"))
		n.pass(10 * time.Minute)
		n.shows(n.rooms[0], "rude")
		n.shows(n.rooms[1])
		n.shows(n.rooms[2])
		n.quiet()
	})
}

// A reply of several messages is not shortened because someone in the room
// spoke before it was complete.
func TestALongRemarkIsNotCutShortByTalkInBetween(t *testing.T) {
	storyOn(t, netOne, netTwo, func(t *testing.T, n *town) {
		long := strings.TrimSpace(strings.Repeat("One more sentence of a long remark. ", 90))
		n.people["one"][0].Say(n.threads(n.rooms[0])[1], long, chat.Ref{})
		n.pass(time.Millisecond)
		n.nets["two"].FailNext(1, errors.New("500"))
		n.people["one"][0].Say(n.threads(n.rooms[0])[1], long, chat.Ref{})
		n.pass(time.Second)
		n.say(n.rooms[2], 1, "in between", chat.Ref{})
		n.pass(10 * time.Minute)
		var all []string
		for _, m := range n.net(n.rooms[2]).Read(n.threads(n.rooms[2])[1]) {
			all = append(all, m.Body.Text)
		}
		if text := strings.Join(all, " "); strings.Count(text, "One more sentence") != 180 || strings.Contains(text, "…") {
			t.Errorf("the club shows %d messages: %q", len(all), all)
		}
	})
}

// What is posted in answer to a message that was just removed is posted all
// the same.
func TestAnAnswerToAMessageThatIsGone(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		first := n.say(n.rooms[0], 0, "a remark", chat.Ref{})
		n.nets["two"].FailNext(1, chat.ErrGone)
		n.say(n.rooms[0], 1, "an answer", first)
		n.pass(time.Minute)
		n.shows(n.rooms[2], "a remark", "an answer")
		n.quiet()
	})
}

func TestANetworkThatAsksToWaitForNoTime(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		for _, scope := range []chat.Scope{chat.MessageScope, chat.RoomScope, chat.AccountScope} {
			n.nets["two"].FailNext(20, chat.RetryAfter{Scope: scope})
			began := time.Now()
			n.people["one"][0].Say(n.threads(n.rooms[0])[1], "patience", chat.Ref{})
			n.pass(5 * time.Second)
			if n.nets["two"].Read(n.threads(n.rooms[2])[1]) != nil && scope == chat.MessageScope {
				t.Errorf("20 tries in %s", time.Since(began))
			}
			n.pass(time.Hour)
		}
		n.shows(n.rooms[2], "patience", "patience", "patience")
	})
}

// Two lanes of one account: one is told to wait, the other meets an outage,
// which ends earlier. The network sees to it that nobody asks too early.
func TestWhatTheNetworkWishesIsNotForgotten(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		for range 5 {
			n.nets["one"].FailNext(1, chat.RetryAfter{Wait: 40*time.Second + 300*time.Microsecond, Scope: chat.AccountScope})
			n.nets["one"].FailNext(1, chat.ErrUnreached)
			n.say(n.rooms[2], 0, "hello", chat.Ref{})
			n.pass(10 * time.Minute)
		}
		n.shows(n.rooms[0], "hello", "hello", "hello", "hello", "hello")
	})
}

// What the bot had begun when it was told to stop is settled, even where the
// network takes its time; and nothing of it is left running.
func TestAStopSettlesWhatWasBegun(t *testing.T) {
	two := netTwo
	two.NoEcho = true
	storyOn(t, netOne, two, func(t *testing.T, n *town) {
		n.nets["two"].SlowAnswers(3 * time.Second)
		n.people["one"][0].Say(n.threads(n.rooms[0])[1], "last words", chat.Ref{})
		n.pass(time.Second)
		n.nets["two"].SlowAnswers(time.Hour)
		n.people["one"][0].Say(n.threads(n.rooms[0])[1], "very last words", chat.Ref{})
		n.pass(3 * time.Second) // the second request is on its way
		began := time.Now()
		n.stop()
		if took := time.Since(began); took > 6*time.Second {
			t.Errorf("to stop took %s", took)
		}
		n.update(func(tx *store.Tx) error {
			for i, want := range []bool{true, false} {
				copies, err := tx.Copies(store.AnnotationThing(n.annotations()[i].ID), n.rooms[2])
				if err != nil || len(copies) != 1 || copies[0].InFlight() == want {
					t.Errorf("copies %+v, error %v", copies, err)
				}
			}
			return nil
		})
		n.nets["two"].SlowAnswers(0)
		n.start()
		n.pass(time.Hour)
		n.shows(n.rooms[2], "last words", "very last words")
	})
}

// A thing of one message is done with once that stands, unless somebody asked for
// it again while the network took its time to say so.
func TestWhatChangesWhileARequestIsUnderWayIsCarriedToo(t *testing.T) {
	two := netTwo
	two.NoEcho = true
	for name, deed := range map[string]struct {
		do   func(n *town, ref chat.Ref)
		want []string
	}{
		"nothing":   {func(*town, chat.Ref) {}, []string{"a thought"}},
		"edited":    {func(n *town, ref chat.Ref) { n.people["one"][0].Edit(ref, "a better thought") }, []string{"a better thought"}},
		"deleted":   {func(n *town, ref chat.Ref) { n.people["one"][0].Delete(ref) }, nil},
		"reacted":   {func(n *town, ref chat.Ref) { n.people["one"][1].React(ref, "👍") }, []string{"a thought"}},
		"forgotten": {func(n *town, _ chat.Ref) { n.forget("one", 0) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			storyOn(t, netOne, two, func(t *testing.T, n *town) {
				n.nets["two"].SlowAnswers(5 * time.Second)
				ref := n.people["one"][0].Say(n.threads(n.rooms[0])[1], "a thought", chat.Ref{})
				n.pass(time.Second)
				deed.do(n, ref)
				n.pass(time.Minute)
				n.shows(n.rooms[2], deed.want...)
				if name == "reacted" {
					if got := n.nets["two"].Reactions(n.mirror(n.rooms[2], "a thought")); len(got) != 1 {
						t.Errorf("reactions %q", got)
					}
				}
				n.quiet()
				if name != "edited" {
					return
				}
				n.people["one"][0].Edit(ref, "a bad thought")
				n.pass(time.Second)
				n.people["one"][0].Edit(ref, "the best thought")
				n.pass(time.Minute)
				n.shows(n.rooms[2], "the best thought")
				n.quiet()
			})
		})
	}
}

// nowhere fails if words can be found in a room by whatever means.
func (n *town) nowhere(words string) {
	n.t.Helper()
	for _, room := range n.rooms {
		for _, text := range n.net(room).Everything(room) {
			if strings.Contains(text, words) {
				n.t.Errorf("%s still holds %q", room, text)
			}
		}
	}
}

// quiet fails unless nothing is left to do, and nothing waits.
func (n *town) quiet() {
	n.t.Helper()
	n.update(func(tx *store.Tx) error {
		status, err := tx.RoomStatus()
		for _, s := range status {
			if s.Pending+s.Dead > 0 {
				n.t.Errorf("left to do: %+v", s)
			}
		}
		if err != nil {
			return err
		}
		held, err := tx.Held()
		for _, h := range held {
			n.t.Errorf("held: %s on %s: %s", h.Event.Kind, h.On, h.Why)
		}
		return err
	})
}
