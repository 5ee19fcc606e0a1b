package relay_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/chattest"
	"marginalia/internal/format"
	"marginalia/internal/relay"
	"marginalia/internal/store"
	"marginalia/test/require"
)

// hand is the bot's own account, used behind the bot's back.
type hand struct {
	n    *town
	made int
}

func (h *hand) do(room chat.Room, a chat.Action) chat.Ref {
	h.n.t.Helper()
	h.made++
	a.Key = fmt.Sprintf("planted%d", h.made)
	done, err := h.n.net(room).open(h.n.t).Do(context.Background(), a)
	if err != nil {
		h.n.t.Fatalf("plant %s: %v", a.Verb, err)
	}
	return done.Ref
}

func (h *hand) post(m chat.Message) chat.Ref {
	return h.do(m.Ref.Place.Room, chat.Action{Verb: chat.Post, Message: m})
}

// beside is a relay of another process, which only looks, and mends what it is told to.
func (n *town) beside() *relay.Relay {
	var platforms []chat.Platform
	for _, net := range n.all {
		platforms = append(platforms, net.open(n.t))
	}
	return relay.New(relay.Config{DB: n.db, Platforms: platforms, Rooms: n.rooms, Flat: n.flat, Settle: 30 * time.Second, Log: logger(n.t)})
}

func (n *town) verify() relay.Verdict {
	n.t.Helper()
	v, err := n.beside().Verify(context.Background())
	if err != nil {
		n.t.Fatal(err)
	}
	return v
}

// verified fails unless exactly these faults are found, each "kind: what".
func (n *town) verified(want ...string) relay.Verdict {
	n.t.Helper()
	v := n.verify()
	var got []string
	for _, f := range v.Faults {
		got = append(got, fmt.Sprintf("%s: %s", f.Kind, f.What))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		n.t.Errorf("found:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
	return v
}

func (n *town) mend(v relay.Verdict) {
	n.t.Helper()
	mended, err := n.beside().Mend(context.Background(), v.Faults, time.Now())
	if err != nil || mended != len(v.Faults) {
		n.t.Errorf("%d of %d faults are mended: %v", mended, len(v.Faults), err)
	}
	n.pass(5 * time.Minute)
}

// emojiUnder are the emoji that the bot is known to hold on a message.
func (n *town) emojiUnder(ref chat.Ref) (all []chat.Ref) {
	n.t.Helper()
	n.update(func(tx *store.Tx) error {
		thing, _, err := tx.CopyAt(ref.Place.Room, ref.ID)
		if err != nil {
			return err
		}
		copies, err := tx.Copies(thing, ref.Place.Room)
		for _, c := range copies {
			if strings.HasPrefix(c.Mark, "react:") && !c.Ref.IsZero() {
				all = append(all, c.Ref)
			}
		}
		return err
	})
	return all
}

// onBoth is storyOn, told on both databases.
func onBoth(t *testing.T, one, two chattest.Options, tell func(t *testing.T, n *town)) {
	databases(t, func(t *testing.T, dsn string) {
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
			n.pass(time.Hour + time.Minute)
			tell(t, n)
		})
	})
}

// Each kind of fault is planted by the bot's own account behind its back, is
// found, is mended, and is gone then.
func TestVerifyFindsWhatIsPlanted(t *testing.T) {
	keyless := netTwo
	keyless.Keyless = true
	for name, two := range map[string]chattest.Options{"with keys": netTwo, "without keys": keyless} {
		t.Run(name, func(t *testing.T) {
			on := onBoth
			if two.Keyless { // once is enough
				on = storyOn
			}
			on(t, netOne, two, func(t *testing.T, n *town) {
				hall, club := n.rooms[0], n.rooms[2]
				for _, words := range []string{"first", "second", "third", "fourth"} {
					n.say(hall, 0, words, chat.Ref{})
				}
				n.people["one"][1].React(n.mirror(n.rooms[1], "first"), "👍")
				n.say(club, 1, "fifth", chat.Ref{})
				n.verified()

				h := &hand{n: n}
				h.do(club, chat.Action{Verb: chat.Delete, On: n.mirror(club, "first")})
				there := n.nets["two"].Read(n.threads(club)[1])
				h.post(chat.Message{Ref: chat.Ref{Place: n.threads(club)[1]}, Body: there[0].Body}) // "second"
				h.post(chat.Message{Ref: chat.Ref{Place: n.threads(hall)[1]}, Body: format.Text("who said that?")})
				h.post(chat.Message{Ref: chat.Ref{Place: chat.Place{Room: club}}, Body: format.Text("and that?")})
				h.do(hall, chat.Action{Verb: chat.Edit, On: n.mirror(hall, "fifth"), Message: chat.Message{Body: format.Text("other words")}})
				h.do(hall, chat.Action{Verb: chat.React, On: n.mirror(hall, "third"), Emoji: "🎉"})
				h.do(hall, chat.Action{Verb: chat.Unreact, On: n.mirror(hall, "first"), Emoji: "👍", Old: n.emojiUnder(n.mirror(hall, "first"))})

				planted := []string{
					"lost: the remark “first”", "lost: the remark “first”", // its mirror, and an emoji
					"doubled: the remark “second”", "strayed: a message of the bot's, “who said that?”", "strayed: a message of the bot's, “and that?”",
					"stale: the remark “fifth”", "strayed: the remark “third”",
				}
				v := n.verified(planted...)
				n.verified(planted...) // looking changes nothing
				n.mend(v)
				n.verified()
				for words, want := range map[string]int{"first": 1, "third": 0} {
					if got := n.net(hall).Reactions(n.mirror(hall, words)); len(got) != want {
						t.Errorf("in the hall %q bears %q", words, got)
					}
				}
				n.shows(club, "second", "third", "fourth", "fifth", "first")
				n.shows(hall, "first", "second", "third", "fourth", "fifth")
				if all := n.nets["two"].Read(chat.Place{Room: club}); len(all) != 1 {
					t.Errorf("in the club's main timeline stand %q", texts(all))
				}
				if got := n.nets["two"].Reactions(n.mirror(club, "first")); len(got) != 1 {
					t.Errorf("on what was posted again: %q", got)
				}
				n.quiet()
			})
		})
	}
}

// A post that was lost is posted again, and what was said under it stays where
// it is and goes on.
func TestAPostThatIsLostIsPostedAgain(t *testing.T) {
	onBoth(t, netOne, netTwo, func(t *testing.T, n *town) {
		hall, club := n.rooms[0], n.rooms[2]
		n.say(hall, 0, "first", chat.Ref{})
		old := n.threads(club)[1]
		h := &hand{n: n}
		h.do(club, chat.Action{Verb: chat.Delete, On: n.nets["two"].Read(chat.Place{Room: club})[0].Ref})
		n.mend(n.verified("lost: passage 1 of The Story"))
		n.verified()
		n.people["two"][0].Say(old, "second", chat.Ref{})
		n.pass(time.Minute)
		n.shows(hall, "first", "second")
		if posts := n.nets["two"].Read(chat.Place{Room: club}); len(posts) != 1 {
			t.Errorf("in the club stand %d posts", len(posts))
		}
	})
}

// What the store itself has lost is found: a remark and a passage that were
// never enqueued, an edit that was not, a thing that should be gone.
func TestVerifyHoldsTheStoreToItsWord(t *testing.T) {
	onBoth(t, netOne, netTwo, func(t *testing.T, n *town) {
		hall, yard, club := n.rooms[0], n.rooms[1], n.rooms[2]
		n.say(hall, 0, "first", chat.Ref{})
		n.say(hall, 0, "second", chat.Ref{})
		n.say(hall, 0, "third", chat.Ref{})
		n.stop()
		said := n.annotations()
		n.update(func(tx *store.Tx) error {
			edited, gone := said[0], said[1]
			edited.Body = format.Text("first, edited")
			gone.Deleted, gone.Body = time.Now(), format.Doc{}
			late := said[2]
			late.ID, late.Body = "late", format.Text("late")
			p, err := tx.Plan("drip")
			if err != nil {
				return err
			}
			p.Next++ // over passage 2
			for _, write := range []func() error{
				func() error { return tx.PutAnnotation(edited) },
				func() error { return tx.PutAnnotation(gone) },
				func() error { return tx.PutAnnotation(late) },
				func() error { return tx.PutPlan(p) },
			} {
				if err := write(); err != nil {
					return err
				}
			}
			return nil
		})
		var want []string
		for range []chat.Room{yard, club} {
			want = append(want, "stale: the remark “first, edited”", "strayed: a remark that was deleted", "lost: the remark “late”", "lost: passage 2 of The Story")
		}
		v := n.verified(append(want, "lost: the remark “late”", "lost: passage 2 of The Story")...) // nobody's own message in the hall
		n.start()
		n.mend(v)
		n.verified()
		n.shows(yard, "first, edited", "third", "late")
		n.shows(club, "first, edited", "third", "late")
		for _, room := range n.rooms {
			if threads := n.threads(room); len(threads) != 2 {
				t.Errorf("in %s stand %d passages", room, len(threads))
			}
		}
	})
}

// What was too old for a room when its passage came there is not lost, also when
// what was filled in instead is gone since; what is said after it and lost is.
func TestVerifyKnowsWhatWasTooOldForARoom(t *testing.T) {
	onBoth(t, netOne, netTwo, func(t *testing.T, n *town) {
		hall := n.threads(n.rooms[0])[1]
		var all []chat.Ref
		for i := range 30 {
			all = append(all, n.people["one"][0].Say(hall, fmt.Sprint("remark ", i), chat.Ref{}))
			n.pass(time.Second)
		}
		n.pass(time.Minute)
		late := n.late()
		if got := n.net(late).Read(n.threads(late)[1]); len(got) != 20 {
			t.Errorf("%d remarks are filled in", len(got))
		}
		for _, ref := range all[15:] {
			n.people["one"][0].Delete(ref)
		}
		n.pass(time.Minute)
		n.verified()
		for _, ref := range all[10:15] {
			n.people["one"][0].Delete(ref)
		}
		n.pass(time.Minute)
		n.shows(late)
		n.verified()

		n.update(func(tx *store.Tx) error {
			lost := n.annotations()[9]
			lost.ID, lost.Body = "lost", format.Text("lost")
			return tx.PutAnnotation(lost)
		})
		var want []string
		for range n.rooms {
			want = append(want, "lost: the remark “lost”")
		}
		n.mend(n.verified(want...))
		n.shows(late, "lost")
	})
}

// A remark that was hidden before a room came late is brought back there unless
// what was said after it is too old for the room: that would then seem lost.
func TestBroughtBackWhereARoomCameLate(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		hall := n.threads(n.rooms[0])[1]
		for i := range 30 {
			n.people["one"][0].Say(hall, fmt.Sprint("remark ", i), chat.Ref{})
			n.pass(time.Second)
		}
		n.pass(time.Minute)
		said := n.annotations()
		hide := func(i int) { n.update(func(tx *store.Tx) error { return relay.Hide(tx, said[i].ID, time.Now()) }) }
		for _, i := range []int{3, 9, 20} {
			hide(i)
		}
		late := n.late()
		first := n.net(late).Read(n.threads(late)[1])[0]
		if !strings.HasSuffix(first.Body.Text, "remark 8") {
			t.Errorf("what is filled in begins with %q", first.Body.Text)
		}
		for _, i := range []int{3, 9, 20} {
			n.update(func(tx *store.Tx) error { return relay.Restore(tx, said[i].ID, time.Now()) })
		}
		n.pass(time.Minute)
		n.verified()
		var again []string
		for _, m := range n.net(late).Read(n.threads(late)[1])[20:] {
			_, words, _ := strings.Cut(m.Body.Text, "remark ")
			again = append(again, words)
		}
		if !slices.Equal(again, []string{"9", "20"}) {
			t.Errorf("brought back in the late room are %q", again)
		}
		if got := len(n.net(n.rooms[1]).Read(n.threads(n.rooms[1])[1])); got != 30 {
			t.Errorf("the yard shows %d", got)
		}
	})
}

// What is on its way, and what people are yet to be heard of, is no fault; what
// they said and nobody recorded is, and is recorded.
func TestVerifyWaitsForWhatIsOnItsWay(t *testing.T) {
	onBoth(t, netOne, netTwo, func(t *testing.T, n *town) {
		hall, club := n.rooms[0], n.rooms[2]
		n.nets["two"].FailOn(chat.Post, chat.RetryAfter{Wait: time.Hour, Scope: chat.MessageScope})
		n.say(hall, 0, "first", chat.Ref{})
		if v := n.verified(); v.Coming != 1 {
			t.Errorf("%d are on their way", v.Coming)
		}
		n.nets["two"].FailOn(chat.Post, nil)
		n.pass(2 * time.Hour)
		n.shows(club, "first", "1 January 2000, 01:01 UTC on comes late.")
		n.verified()

		n.stop()
		n.people["two"][0].Say(n.threads(club)[1], "!essay status", chat.Ref{})
		n.people["two"][0].Say(chat.Place{Room: club}, "lunch?", chat.Ref{})
		n.people["two"][0].Say(n.threads(club)[1], "unheard", chat.Ref{})
		n.verified()
		n.pass(2 * time.Minute)
		v := n.verified("unheard: what two-0 said, “unheard”")
		for i, want := range []int{1, 0} { // once is enough
			if mended, err := n.beside().Mend(context.Background(), v.Faults, time.Now()); err != nil || mended != want {
				t.Errorf("in turn %d of mending %d faults were mended: %v", i+1, mended, err)
			}
		}
		if said := n.annotations(); len(said) != 2 || said[1].Body.Text != "unheard" {
			t.Errorf("before the bot runs again %d remarks are recorded", len(said))
		}
		n.start()
		n.pass(time.Minute)
		n.shows(hall, "first", "unheard")
		n.verified()
	})
}

// On Discord, with webhooks that speak under other people's names, and a thread
// that somebody deleted.
func TestVerifyOnDiscord(t *testing.T) {
	require.Shared(t, "discord")
	dsn := filepath.Join(t.TempDir(), "story.db")
	synctest.Test(t, func(t *testing.T) {
		d, one, both := discordBeside(t)
		club, hall := d.Room("club"), one.Room("hall")
		n := settleTown(t, dsn, 2, both, hall, club)
		n.plan("0 * * * *")
		n.start()
		n.pass(2*time.Hour + time.Minute)
		for _, words := range []string{"first", "second", "third"} {
			n.say(hall, 0, words, chat.Ref{})
		}
		answered := n.say(hall, 1, "fourth", n.mirror(hall, "first"))
		n.say(club, 0, "fifth", chat.Ref{})
		n.verified()

		thread := n.threads(club)[1]
		ref := func(words string) chat.Ref {
			r := n.mirror(club, words)
			for _, c := range n.copiesIn(club) {
				if c.Ref.ID == r.ID {
					return c.Ref
				}
			}
			return r
		}
		n.stop() // whoever deletes something is not told of on Discord: it would be a moderator
		h := &hand{n: n}
		h.do(club, chat.Action{Verb: chat.Delete, On: ref("first")})
		h.post(chat.Message{Ref: chat.Ref{Place: thread}, From: n.people["one"][0].Person(), Body: format.Text("second")})
		h.post(chat.Message{Ref: chat.Ref{Place: chat.Place{Room: club}}, Body: format.Text("who said that?")})
		h.do(club, chat.Action{Verb: chat.Edit, On: ref("fourth"), Message: chat.Message{From: n.people["one"][1].Person(), ReplyTo: answered, Body: format.Text("other words")}})
		n.mend(n.verified("lost: the remark “first”", "doubled: the remark “second”", "strayed: a message of the bot's, “who said that?”", "stale: the remark “fourth”"))
		n.start()
		n.pass(5 * time.Minute)
		n.verified()
		n.shows(club, "second", "third", "fourth", "fifth", "first")

		n.stop()
		d.DeleteChannel(thread.Thread)
		n.mend(n.verified("lost: passage 1 of The Story", "lost: the remark “first”", "lost: the remark “second”", "lost: the remark “third”", "lost: the remark “fourth”"))
		n.start()
		n.pass(5 * time.Minute)
		n.verified()
		if got := len(n.net(club).Read(n.threads(club)[1])); got != 4 || n.threads(club)[1] == thread {
			t.Errorf("%d messages stand in %v", got, n.threads(club)[1])
		}
		n.stop()
		d.Check(t)
		if err := n.db.Close(); err != nil {
			t.Error(err)
		}
	})
}

func (n *town) copiesIn(room chat.Room) (all []store.Copy) {
	n.t.Helper()
	n.update(func(tx *store.Tx) error {
		all = nil
		in, err := tx.CopiesIn(room)
		for _, some := range in {
			all = append(all, some...)
		}
		return err
	})
	return all
}
