package relay_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/command"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

// Stories of moderators.

// moderated is a story in which the last of each network's people are moderators,
// who tell the bot commands.
func moderated(t *testing.T, tell func(t *testing.T, n *town)) {
	t.Helper()
	story(t, func(t *testing.T, n *town) {
		n.moderators()
		tell(t, n)
	})
}

// moderators makes moderators of the last of each network's people, and has the
// bot take commands.
func (n *town) moderators() {
	n.stop()
	n.command = command.Dispatcher(command.Env{DB: n.db})
	for _, net := range []string{"one", "two"} {
		n.nets[net].User(net + "-3").May(chat.Moderator)
	}
	n.start()
	n.pass(time.Minute)
}

// advance has what comes first at a number of the text posted now.
func (n *town) advance(seq int) {
	n.t.Helper()
	n.update(func(tx *store.Tx) error {
		p, err := tx.Plan("drip")
		if err != nil {
			return err
		}
		p.Next = seq
		if err := tx.PutPlan(p); err != nil {
			return err
		}
		_, err = relay.Advance(tx, "drip", strconv.Itoa(seq), 1, time.Now())
		return err
	})
	n.pass(time.Minute)
}

// answered is what the bot answered to a call.
func (n *town) answered(room chat.Room, call chat.Ref) string {
	n.t.Helper()
	for _, m := range n.net(room).Read(n.threads(room)[1]) {
		if m.Ref.As != "" && m.ReplyTo == call {
			return m.Body.Text
		}
	}
	n.t.Fatal("nothing was answered")
	return ""
}

// talks fails unless exactly the given words stand in the first passage's
// thread of a room, without commands and the answers to them.
func (n *town) talks(room chat.Room, want ...string) {
	n.t.Helper()
	var got []string
	calls := map[string]bool{}
	for _, m := range n.net(room).Read(n.threads(room)[1]) {
		if strings.HasPrefix(m.Body.Text, "!essay") {
			calls[m.Ref.ID] = true
		} else if !calls[m.ReplyTo.ID] {
			got = append(got, m.Body.Text)
		}
	}
	if len(got) != len(want) {
		n.t.Fatalf("%s shows %q, want %q", room, got, want)
	}
	for i := range want {
		if !strings.HasSuffix(got[i], want[i]) {
			n.t.Errorf("%s shows %q, want %q", room, got, want)
		}
	}
}

func TestAModeratorHidesARemarkAndBringsItBack(t *testing.T) {
	moderated(t, func(t *testing.T, n *town) {
		hall, yard, club := n.rooms[0], n.rooms[1], n.rooms[2]
		long := strings.TrimSpace(strings.Repeat("rude ", 500))
		own := n.say(hall, 0, long, chat.Ref{})
		n.say(hall, 1, "kind", chat.Ref{})
		n.people["one"][2].React(own, "👎")
		if call := n.say(club, 0, "!essay hide", n.net(club).Read(n.threads(club)[1])[0].Ref); !strings.Contains(n.answered(club, call), "Only a moderator") {
			t.Error("anybody may hide what others say")
		}
		n.say(club, 3, "!essay hide", n.net(club).Read(n.threads(club)[1])[0].Ref)
		n.talks(yard, "kind")
		n.talks(club, "kind")
		n.talks(hall, long, "kind") // a person's own message is theirs
		if said := n.annotations(); !said[0].Hidden || said[1].Hidden || said[0].Body.Empty() {
			t.Errorf("hidden: %v and %v", said[0].Hidden, said[1].Hidden)
		}
		n.say(club, 3, "!essay restore", chat.Ref{}) // in the thread: it is the only one
		n.talks(yard, "kind", long)
		rude := 0
		for _, m := range n.net(club).Read(n.threads(club)[1]) {
			rude += strings.Count(m.Body.Text, "rude")
		}
		if rude != 500 {
			t.Errorf("of 500 words the club shows %d", rude)
		}
		if got := n.net(yard).Reactions(n.mirror(yard, long)); len(got) != 1 {
			t.Errorf("the new mirror has %q", got)
		}
		if said := n.annotations(); said[0].Hidden {
			t.Error("it is still hidden")
		}
		n.people["one"][0].Edit(own, "kind, too")
		n.pass(time.Minute)
		n.talks(yard, "kind", "kind, too")
	})
}

// The bot's emoji for what people of other rooms put on a remark goes from the
// person's own message while the remark is hidden, and comes back with it.
func TestTheEmojiUnderARemarkComeBackWithIt(t *testing.T) {
	moderated(t, func(t *testing.T, n *town) {
		hall, club := n.rooms[0], n.rooms[2]
		own := n.say(hall, 0, "rude", chat.Ref{})
		n.people["two"][1].React(n.mirror(club, "rude"), "👍")
		n.pass(time.Minute)
		if got := n.net(hall).Reactions(own); len(got) != 1 {
			t.Fatalf("before it is hidden it bears %q", got)
		}
		n.say(hall, 3, "!essay hide", own)
		if got := n.net(hall).Reactions(own); len(got) != 0 {
			t.Errorf("while it is hidden it bears %q", got)
		}
		n.say(hall, 3, "!essay restore", own)
		if got := n.net(hall).Reactions(own); len(got) != 1 {
			t.Errorf("after it came back it bears %q", got)
		}
		n.talks(hall, "rude")
		n.verified()
	})
}

// What a moderator removed by hand is hidden as well, and comes back; what its
// writer took back does not.
func TestWhatCanBeBroughtBack(t *testing.T) {
	moderated(t, func(t *testing.T, n *town) {
		hall, yard := n.rooms[0], n.rooms[1]
		one, two := n.say(hall, 0, "one", chat.Ref{}), n.say(hall, 0, "two", chat.Ref{})
		n.people["one"][3].Delete(n.mirror(yard, "one"))
		n.pass(time.Minute)
		n.say(hall, 3, "!essay hide", two)
		n.talks(yard)
		if call := n.say(yard, 3, "!essay restore", chat.Ref{}); !strings.Contains(n.answered(yard, call), "Several remarks are hidden") {
			t.Errorf("of two it answers %q", n.answered(yard, call))
		}
		n.people["one"][0].Delete(two)
		n.pass(time.Minute)
		n.say(hall, 3, "!essay restore", one)
		n.talks(yard, "one")
		if call := n.say(hall, 3, "!essay restore", chat.Ref{}); !strings.Contains(n.answered(hall, call), "Nothing is hidden") {
			t.Errorf("of none it answers %q", n.answered(hall, call))
		}
		n.talks(yard, "one")
	})
}

// After a thread was closed what is said in it is no remark, in no room and on
// no network, whether or not it is opened again; that is said once.
func TestAThreadThatIsClosed(t *testing.T) {
	moderated(t, func(t *testing.T, n *town) {
		hall, yard, club := n.rooms[0], n.rooms[1], n.rooms[2]
		before := n.say(hall, 0, "before", chat.Ref{})
		n.say(club, 3, "!essay lock", chat.Ref{})
		n.say(club, 3, "!essay lock", chat.Ref{})
		notice := "Remarks from before it may still be edited."
		during := n.say(hall, 0, "during", chat.Ref{})
		n.people["one"][0].Edit(during, "during it")
		n.say(club, 1, "from the club", n.mirror(club, "before"))
		n.people["one"][0].Edit(before, "before it")
		n.pass(time.Minute)
		n.talks(hall, "before it", notice, "during it")
		n.talks(yard, "before it", notice)
		n.talks(club, "before it", notice, "from the club")
		n.nets["one"].Repeat(200)
		n.say(club, 3, "!essay unlock", chat.Ref{})
		n.say(hall, 0, "after", chat.Ref{})
		n.talks(hall, "before it", "during it", "after")
		n.talks(yard, "before it", "after")
		n.talks(club, "before it", "from the club", "after")
		if said := n.annotations(); len(said) != 2 {
			t.Errorf("%d remarks are recorded", len(said))
		}
		n.say(hall, 3, "!essay lock", chat.Ref{}) // and once more
		n.talks(yard, "before it", "after", notice)
		n.update(func(tx *store.Tx) error {
			held, err := tx.Held()
			if len(held) > 0 {
				t.Errorf("waiting is %+v", held)
			}
			if locked, err := relay.Locked(tx, chat.Ref{Place: n.threads(hall)[2]}, time.Now()); locked || err != nil {
				t.Error("another thread is closed, too", err)
			}
			return err
		})
	})
}

// What a choice is edited into in a closed thread is talk of its room, and no
// remark when the thread is opened again.
func TestAChoiceIsEditedInAClosedThread(t *testing.T) {
	moderated(t, func(t *testing.T, n *town) {
		hall, club := n.rooms[0], n.rooms[2]
		n.quote(hall, 0, sevens, "is it so?")
		choice := n.say(hall, 0, "2", n.asks(hall, 1).Ref)
		n.say(club, 3, "!essay lock", chat.Ref{})
		n.people["one"][0].Edit(choice, "2, or so I think")
		n.pass(time.Minute)
		n.say(club, 3, "!essay unlock", chat.Ref{})
		n.nets["one"].Repeat(200)
		n.say(hall, 0, "after", chat.Ref{})
		n.talks(club, "is it so?", "after")
	})
}

// Whether what is said is a remark is a matter of when it was said: an outage,
// after which the bot hears of it late, changes nothing.
func TestALockIsAboutWhenSomethingWasSaid(t *testing.T) {
	moderated(t, func(t *testing.T, n *town) {
		hall, club := n.rooms[0], n.rooms[2]
		n.nets["two"].SetDown(true)
		n.pass(time.Minute)
		n.say(club, 0, "before it", chat.Ref{})
		n.say(hall, 3, "!essay lock", chat.Ref{})
		n.say(club, 0, "while it stands", chat.Ref{})
		n.nets["two"].SetDown(false)
		n.pass(2 * time.Hour)
		notice := "Remarks from before it may still be edited."
		n.talks(hall, notice, "before it")
		n.nets["two"].SetDown(true)
		n.pass(time.Minute)
		n.say(club, 0, "while it stood", chat.Ref{})
		n.say(hall, 3, "!essay unlock", chat.Ref{})
		n.say(club, 0, "after it", chat.Ref{})
		n.say(hall, 3, "!essay lock", chat.Ref{})
		n.say(club, 0, "while the next stands", chat.Ref{})
		n.nets["two"].SetDown(false)
		n.pass(2 * time.Hour)
		n.say(hall, 3, "!essay unlock", chat.Ref{})
		n.talks(hall, "before it", "after it")
		n.talks(club, "before it", "while it stands", "while it stood", "after it", "while the next stands")
	})
}

// Said in reply to an excerpt, lock closes the thread in which that stands,
// which is another passage's.
func TestALockInReplyToAnExcerpt(t *testing.T) {
	quotingTown(t, discussed(2, comment{"Bo", 1, "Does it?"}), func(t *testing.T, n *town) {
		n.moderators()
		n.pass(time.Hour)
		hall, club := n.rooms[0], n.rooms[2]
		excerpt, notice := n.mirror(hall, "2/3"), "Remarks from before it may still be edited."
		n.say(hall, 3, "!essay lock", excerpt)
		n.talks(hall, "2/3", notice)
		n.talks(club, "2/3", notice)
		n.say(hall, 0, "about the excerpt", excerpt)
		n.say(club, 0, "about the passage", chat.Ref{})
		if said := n.annotations(); len(said) > 0 {
			t.Errorf("%d remarks are recorded", len(said))
		}
		n.say(club, 3, "!essay unlock", n.mirror(club, "2/3"))
		n.talks(hall, "2/3", "about the excerpt")
		n.say(hall, 0, "once more", excerpt)
		n.talks(club, "2/3", "about the passage", "once more")
	})
}

// An excerpt that is a post of its own has a thread of its own: neither it nor
// that of the passage which it quotes is closed with the other.
func TestALockWhereAnExcerptHasItsOwnThread(t *testing.T) {
	says := strings.Repeat("Well, well, well. ", 80) + strings.Repeat("I think the main point of the essay is wrong because the data say so. ", 15)
	quotingTown(t, discussed(2, comment{"Bo", 1, says}), func(t *testing.T, n *town) {
		n.moderators()
		hall, yard := n.rooms[0], n.rooms[1]
		n.advance(2) // the excerpt, before any passage
		n.advance(1)
		posts := n.net(hall).Read(chat.Place{Room: hall})
		excerpt, passage := n.net(hall).Thread(posts[0].Ref), n.net(hall).Thread(posts[len(posts)-1].Ref)
		ada, mod := n.people["one"][0], n.people["one"][3]
		both := func(want ...string) {
			t.Helper()
			ada.Say(excerpt, "about the excerpt", chat.Ref{})
			ada.Say(passage, "about the passage", chat.Ref{})
			n.pass(time.Minute)
			var got []string
			for _, a := range n.annotations() {
				got = append(got, a.Body.Text)
			}
			if strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("remarks are %q, should be %q", got, want)
			}
		}
		mod.Say(passage, "!essay lock", chat.Ref{})
		n.pass(time.Minute)
		both("about the excerpt")
		mod.Say(passage, "!essay unlock", chat.Ref{})
		mod.Say(excerpt, "!essay lock", chat.Ref{})
		n.pass(time.Minute)
		both("about the excerpt", "about the passage")
		if got := n.net(yard).Read(n.threads(yard)[1]); len(got) != 1 {
			t.Errorf("under the passage the yard shows %d messages, should be one: %v", len(got), got)
		}
	})
}

// A thread that comes to be after its passage was locked is told so as well,
// and that goes with the lock: on a network that opens threads, and on one
// whose threads are free.
func TestALockIsToldInAThreadThatComesLater(t *testing.T) {
	for _, late := range []string{"one", "two"} {
		moderated(t, func(t *testing.T, n *town) {
			there, here := n.rooms[0], n.rooms[2]
			if late == "two" {
				there, here = here, there
			}
			n.nets[late].SetDown(true)
			n.pass(time.Hour) // the second passage is posted on the other network alone
			mod, newcomer := n.people[here.Platform][3], n.people[late][0]
			mod.Say(n.threads(here)[2], "!essay lock", chat.Ref{})
			n.pass(time.Minute)
			n.nets[late].SetDown(false)
			n.pass(30 * time.Minute)
			place := n.threads(there)[2]
			if got := n.net(there).Read(place); len(got) != 1 || got[0].Body.Text != n.net(here).Read(n.threads(here)[2])[1].Body.Text {
				t.Errorf("%s was told %v", there, got)
			}
			newcomer.Say(place, "hello", chat.Ref{})
			n.pass(time.Minute)
			mod.Say(n.threads(here)[2], "!essay unlock", chat.Ref{})
			n.pass(time.Minute)
			if got := n.net(there).Read(place); len(got) != 1 || got[0].Body.Text != "hello" || len(n.annotations()) > 0 {
				t.Errorf("afterwards %s shows %v", there, got)
			}
		})
	}
}

// A moderator stops the clock and has it go on; nothing is made up for, and a
// restart changes nothing.
func TestAModeratorStopsTheClock(t *testing.T) {
	moderated(t, func(t *testing.T, n *town) {
		hall := n.rooms[0]
		posted := func() int { return len(n.threads(hall)) }
		before := posted()
		n.say(hall, 3, "!essay pause", chat.Ref{})
		n.pass(3 * time.Hour)
		n.stop()
		n.start()
		n.pass(2 * time.Hour)
		if got := posted(); got != before {
			t.Errorf("while it is paused %d passages were posted", got-before)
		}
		n.say(hall, 3, "!essay resume", chat.Ref{})
		n.pass(time.Minute)
		if got := posted(); got != before {
			t.Errorf("%d were made up for", got-before)
		}
		n.pass(time.Hour)
		if got := posted(); got != before+1 {
			t.Errorf("in the next hour %d were posted", got-before)
		}
	})
}
