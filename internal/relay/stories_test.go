package relay_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/chattest"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/relay"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
)

// story runs one story in a town where the first passage stands in all rooms.
func story(t *testing.T, tell func(t *testing.T, n *town)) {
	t.Helper()
	storyOn(t, netOne, netTwo, tell)
}

// storyOn is story on other networks.
func storyOn(t *testing.T, one, two chattest.Options, tell func(t *testing.T, n *town)) {
	t.Helper()
	dawn(t, one, two, func(t *testing.T, n *town) {
		n.pass(time.Hour + time.Minute)
		tell(t, n)
	})
}

// dawn is storyOn before the first passage is posted, which happens on the
// hour.
func dawn(t *testing.T, one, two chattest.Options, tell func(t *testing.T, n *town)) {
	t.Helper()
	dsn := filepath.Join(t.TempDir(), "story.db")
	synctest.Test(t, func(t *testing.T) {
		n := newTown(t, dsn, 6, one, two)
		n.plan("0 * * * *")
		n.start()
		defer func() {
			n.stop()
			for _, net := range n.nets {
				net.Check(t)
			}
			if err := n.db.Close(); err != nil {
				t.Error(err)
			}
		}()
		tell(t, n)
	})
}

// pass lets time go by until everyone has come to rest.
func (n *town) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// shows fails unless exactly the given words stand in the first passage's
// thread of a room.
func (n *town) shows(room chat.Room, want ...string) {
	n.t.Helper()
	var got []string
	for _, m := range n.net(room).Read(n.threads(room)[1]) {
		got = append(got, m.Body.Text)
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

func (n *town) say(room chat.Room, who int, words string, to chat.Ref) chat.Ref {
	ref := n.people[room.Platform][who].Say(n.threads(room)[1], words, to)
	n.pass(time.Minute)
	return ref
}

// mirror finds a message with the given words in the first thread of a room.
func (n *town) mirror(room chat.Room, words string) chat.Ref {
	n.t.Helper()
	for _, m := range n.net(room).Read(n.threads(room)[1]) {
		if strings.HasSuffix(m.Body.Text, words) {
			return m.Ref
		}
	}
	n.t.Fatalf("%q does not stand in %s", words, room)
	return chat.Ref{}
}

func (n *town) annotations() []discussion.Annotation {
	n.t.Helper()
	var said []discussion.Annotation
	if err := n.db.View(context.Background(), func(tx *store.Tx) (err error) {
		said, err = tx.Annotations(n.text.ID)
		return err
	}); err != nil {
		n.t.Fatal(err)
	}
	return said
}

func TestAReplyBecomesAnAnnotation(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		hall := n.rooms[0]
		quote := "Sentence 3 of paragraph 1 goes on and on."
		n.say(hall, 0, "a plain remark", chat.Ref{})
		n.people["one"][1].SayDoc(n.threads(hall)[1], format.Doc{}.
			Add(format.Block{Kind: format.Quote, Quote: 1}, quote).
			Add(format.Block{Kind: format.Paragraph}, "is that so?"), chat.Ref{})
		n.pass(time.Minute)
		first := n.say(n.rooms[2], 0, "an answer from afar", n.mirror(n.rooms[2], "a plain remark"))
		n.say(hall, 2, "nowhere", chat.Ref{})
		said := n.annotations()
		if len(said) != 4 || first.IsZero() {
			t.Fatalf("%d annotations, want 4", len(said))
		}
		text := n.text.Documents[0].Body.Text
		if a := said[0]; a.Motivation != discussion.Commenting || a.Target.Selector.End-a.Target.Selector.Start < 500 {
			t.Errorf("a remark is %s on %+v", a.Motivation, a.Target.Selector)
		}
		if a := said[1]; a.Motivation != discussion.Questioning || a.Target.Selector.Exact != quote || a.Target.Selector.Start != strings.Index(text, quote) {
			t.Errorf("a quoting question is %s on %+v", a.Motivation, a.Target.Selector)
		}
		if a := said[2]; a.Motivation != discussion.Replying || a.Target.Annotation != said[0].ID {
			t.Errorf("an answer is %s on %q", a.Motivation, a.Target.Annotation)
		}
	})
}

func TestATalkOutsideThreadsIsLeftAlone(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		n.people["one"][0].Say(chat.Place{Room: n.rooms[0]}, "lunch?", chat.Ref{})
		n.pass(time.Minute)
		if said := n.annotations(); len(said) != 0 {
			t.Errorf("annotations: %+v", said)
		}
		n.shows(n.rooms[1])
	})
}

func TestAReplyMadeWhileTheOtherNetworkIsDown(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		n.nets["two"].SetDown(true)
		ref := n.say(n.rooms[0], 0, "into the void", chat.Ref{})
		n.people["one"][0].Edit(ref, "into the void, edited")
		gone := n.say(n.rooms[0], 0, "never mind", chat.Ref{})
		n.people["one"][0].Delete(gone)
		n.pass(30 * time.Hour)
		n.nets["two"].SetDown(false)
		n.pass(time.Hour)
		n.shows(n.rooms[2], "into the void, edited", "1 January 2000, 01:01 UTC on comes late.")
	})
}

func TestAnswersLostAreNotSaidTwice(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		n.nets["two"].Lose(1)
		ref := n.say(n.rooms[0], 0, "once", chat.Ref{})
		n.shows(n.rooms[2], "once")
		n.nets["two"].Late(1, 20*time.Second) // commits within the settle time
		n.people["one"][0].Edit(ref, "once, edited")
		n.pass(2 * time.Minute)
		n.shows(n.rooms[2], "once, edited")
		n.nets["two"].Drop(2)
		n.say(n.rooms[0], 1, "twice", chat.Ref{})
		n.pass(5 * time.Minute)
		n.shows(n.rooms[2], "once, edited", "twice")
		n.nets["two"].FailNext(3, errors.New("500"))
		n.people["one"][0].Delete(ref)
		n.pass(10 * time.Minute)
		n.shows(n.rooms[2], "twice")
	})
}

func TestAModeratorWhoRemovesAMirrorHidesTheRemark(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		n.say(n.rooms[2], 0, "rude", chat.Ref{})
		n.say(n.rooms[2], 0, "kind", chat.Ref{})
		n.people["one"][3].Delete(n.mirror(n.rooms[0], "rude"))
		n.pass(time.Minute)
		n.shows(n.rooms[0], "kind")
		n.shows(n.rooms[1], "kind")
		n.shows(n.rooms[2], "rude", "kind") // a person's own message is theirs
		if said := n.annotations(); !said[0].Hidden || said[1].Hidden {
			t.Errorf("hidden: %v and %v", said[0].Hidden, said[1].Hidden)
		}
	})
}

func TestSomeoneWhoIsForgotten(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		n.say(n.rooms[0], 0, "my secret", chat.Ref{})
		n.say(n.rooms[0], 1, "another's words", chat.Ref{})
		who := n.annotations()[0].Creator
		n.update(func(tx *store.Tx) error { return relay.Forget(tx, who, time.Now()) })
		n.pass(time.Minute)
		n.shows(n.rooms[1], "another's words")
		n.shows(n.rooms[2], "another's words")
		n.nets["one"].Repeat(20) // an old event told again brings nothing back
		n.say(n.rooms[0], 1, "more", chat.Ref{})
		n.shows(n.rooms[1], "another's words", "more")
		for _, a := range n.annotations() {
			if a.Creator == who && (a.Body.Text != "" || !a.Gone()) {
				t.Errorf("still there: %+v", a)
			}
		}
	})
}

func TestReactionsCountOncePerEmoji(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		ref := n.say(n.rooms[0], 0, "look", chat.Ref{})
		far := n.mirror(n.rooms[2], "look")
		ann, ben := n.people["one"][1], n.people["one"][2]
		ann.React(ref, "👍")
		ben.React(ref, "👍")
		n.pass(time.Minute)
		if got := n.nets["two"].Reactions(far); len(got) != 1 {
			t.Errorf("on the mirror: %v", got)
		}
		ann.Unreact(ref, "👍")
		n.pass(time.Minute)
		if got := n.nets["two"].Reactions(far); len(got) != 1 {
			t.Errorf("one is left, on the mirror: %v", got)
		}
		ben.Unreact(ref, "👍")
		n.pass(time.Minute)
		ben.React(ref, "👍")
		ben.Unreact(ref, "👍")
		ben.React(ref, "👍")
		n.pass(time.Minute)
		if got := n.nets["two"].Reactions(far); len(got) != 1 {
			t.Errorf("off and on again, on the mirror: %v", got)
		}
	})
}

func TestARoomThatRefusesHoldsUpNobody(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		n.nets["one"].Forbid(n.rooms[1], true)
		n.say(n.rooms[0], 0, "hello", chat.Ref{})
		n.shows(n.rooms[2], "hello")
		n.nets["one"].Forbid(n.rooms[1], false)
		n.pass(2 * time.Hour)
		n.shows(n.rooms[1], "hello")
	})
}

func TestAMessageThatIsRefusedIsADeadLetterAndTheThreadGoesOn(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		n.nets["two"].FailNext(1, chat.ErrRefused)
		ref := n.say(n.rooms[0], 0, "unspeakable", chat.Ref{})
		n.say(n.rooms[0], 0, "speakable", chat.Ref{})
		n.shows(n.rooms[2], "speakable")
		var dead []store.Delivery
		n.update(func(tx *store.Tx) (err error) { dead, err = tx.Dead(n.rooms[2]); return err })
		if len(dead) != 1 || dead[0].Why == "" {
			t.Fatalf("dead letters: %+v", dead)
		}
		n.people["one"][0].Edit(ref, "put otherwise")
		n.pass(time.Minute)
		n.shows(n.rooms[2], "speakable", "put otherwise")
	})
}

func TestALongRemarkIsSplitAndShrinks(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		long := strings.TrimSpace(strings.Repeat("One more sentence of a long remark. ", 90))
		ref := n.say(n.rooms[0], 0, long, chat.Ref{})
		if parts := n.net(n.rooms[2]).Read(n.threads(n.rooms[2])[1]); len(parts) != 2 {
			t.Fatalf("%d parts", len(parts))
		}
		n.people["one"][0].Edit(ref, "short")
		n.pass(time.Minute)
		n.shows(n.rooms[2], "short")
		n.say(n.rooms[0], 1, "next", chat.Ref{})
		n.people["one"][0].Edit(ref, long)
		n.pass(time.Minute)
		parts := n.net(n.rooms[2]).Read(n.threads(n.rooms[2])[1])
		if len(parts) != 2 || !strings.Contains(parts[0].Body.Text, "…") {
			t.Errorf("%d parts after it grew behind something newer: %q", len(parts), parts[0].Body.Text)
		}
	})
}

func TestWhatWasSaidBeforeAPassageCameToARoomIsFilledIn(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		n.say(n.rooms[0], 0, "early one", chat.Ref{})
		n.say(n.rooms[0], 0, "early two", chat.Ref{})
		late := n.nets["one"].Room("late")
		n.update(func(tx *store.Tx) error {
			return tx.PutPlan(schedule.Plan{Name: "late", Does: schedule.Drip, Discussion: n.text.ID, Cron: "0 0 1 1 *",
				Rooms: []chat.Room{late}, Count: 1, Start: time.Now(), Next: 1})
		})
		n.stop()
		n.rooms = append(n.rooms, late)
		n.start()
		n.update(func(tx *store.Tx) error {
			_, err := relay.Advance(tx, "late", "by hand", 1, time.Now())
			return err
		})
		n.update(func(tx *store.Tx) error {
			_, err := relay.Advance(tx, "late", "by hand", 1, time.Now())
			return err
		})
		n.pass(time.Minute)
		n.say(n.rooms[0], 0, "now", chat.Ref{})
		n.shows(late, "early one", "early two", "now")
		if got := n.net(late).Read(chat.Place{Room: late}); len(got) != 1 {
			t.Errorf("the same key posted %d passages", len(got))
		}
	})
}

func TestEachRoomHasADigestOfItsOwnOnce(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		n.update(func(tx *store.Tx) error {
			return tx.PutPlan(schedule.Plan{Name: "news", Does: schedule.Digest, Discussion: n.text.ID, Cron: "30 * * * *",
				Rooms: []chat.Room{n.rooms[0], n.rooms[2]}, Count: 1, Start: time.Now()})
		})
		digests := func(room chat.Room) (all []string) {
			for _, m := range n.net(room).Read(chat.Place{Room: room}) {
				if strings.HasPrefix(m.Body.Text, "digest: ") {
					all = append(all, m.Body.Text)
				}
			}
			return all
		}
		n.pass(time.Hour) // nothing was said, and nothing is told
		n.say(n.rooms[1], 0, "worth a line", chat.Ref{})
		n.say(n.rooms[1], 0, "about nothing any more", chat.Ref{})
		n.update(func(tx *store.Tx) error {
			all, err := tx.Annotations(n.text.ID)
			if err != nil {
				return err
			}
			lost := all[len(all)-1]
			lost.Under = ""
			return tx.PutAnnotation(lost)
		})
		n.pass(time.Hour)
		n.pass(time.Hour) // nothing new
		for i, want := range []int{1, 0, 1} {
			got := digests(n.rooms[i])
			if len(got) != want || want == 1 && got[0] != "digest: 1 said, for "+n.rooms[i].String() {
				t.Errorf("%s: digests %q, want %d", n.rooms[i], got, want)
			}
		}
	})
}

// What people only reacted to is told of with the next that somebody says: a digest
// goes back to the last that told anything.
func TestADigestGoesBackToTheLastThatToldAnything(t *testing.T) {
	dawn(t, netOne, netTwo, func(t *testing.T, n *town) {
		var since []time.Time
		n.stop()
		n.digest = func(tx *store.Tx, d relay.Digest) (format.Doc, error) {
			if d.Room == n.rooms[0] {
				since = append(since, d.Since)
			}
			return newsOf(tx, d)
		}
		n.update(func(tx *store.Tx) error {
			return tx.PutPlan(schedule.Plan{Name: "news", Does: schedule.Digest, Discussion: n.text.ID, Cron: "30 * * * *",
				Rooms: n.rooms, Count: 1, Start: time.Now()})
		})
		n.start()
		n.pass(3 * time.Hour) // from midnight: at half past each hour
		n.say(n.rooms[0], 0, "one", chat.Ref{})
		n.pass(3 * time.Hour)
		n.say(n.rooms[0], 0, "two", chat.Ref{})
		n.pass(time.Hour)
		var got []string
		for _, at := range since {
			got = append(got, at.Format("15:04"))
		}
		if want := []string{"00:00", "00:00", "00:00", "00:00", "03:30", "03:30", "03:30"}; !slices.Equal(got, want) {
			t.Errorf("they go back to %q, want %q", got, want)
		}
		if !since[3].IsZero() {
			t.Errorf("before the first it goes back to %s", since[3])
		}
	})
}
