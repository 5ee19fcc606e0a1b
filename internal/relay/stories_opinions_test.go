package relay_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/page"
	"marginalia/internal/relay"
	"marginalia/internal/store"
	"marginalia/internal/web"
)

// post is the message that shows the first passage in a room.
func (n *town) post(room chat.Room) (ref chat.Ref) {
	n.t.Helper()
	n.update(func(tx *store.Tx) error {
		copies, err := tx.Copies(store.PassageThing(n.text.Passages[0].ID), room)
		i := slices.IndexFunc(copies, func(c store.Copy) bool { return c.Part == 0 && c.Mark == "" })
		ref = copies[i].Ref
		return err
	})
	return ref
}

// published is how the page tells what people gave to the first passage, and to
// the first note on it.
func (n *town) published() (passage, note string) {
	n.t.Helper()
	n.update(func(tx *store.Tx) error {
		b, err := web.Load(tx, n.text.ID, discussion.Pseudonym)
		if err != nil {
			return err
		}
		run := b.Page().Texts[0].Runs[0]
		passage, note = "", tallied(run.Notes[0].Reactions)
		for _, a := range run.Assessed {
			passage += tallied(a.Reactions)
		}
		return nil
	})
	return passage, note
}

func tallied(all []page.Emoji) (s string) {
	for _, e := range all {
		s += fmt.Sprint(e.Emoji, e.Count)
	}
	return s
}

// On two networks people agree and approve. Whoever has an account on each
// counts once for a meaning, whatever the emoji; what the bot repeats of it does
// not count; nor does who is not published, or was forgotten.
func TestPeopleCountOnceForWhatTheyMean(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		hall, club := n.rooms[0], n.rooms[2]
		here, there, other := n.people["one"][0], n.people["two"][0], n.people["two"][1]
		remark := n.say(hall, 1, "a remark", chat.Ref{})
		here.React(n.post(hall), "✅")
		there.React(n.post(club), "✅")
		other.React(n.post(club), "✅")
		other.React(n.post(club), "👍")
		here.React(remark, "👍")
		there.React(n.mirror(club, "a remark"), "❤")
		other.React(n.mirror(club, "a remark"), "❌")
		n.pass(time.Minute)
		if got := n.net(n.rooms[1]).Reactions(n.post(n.rooms[1])); len(got) != 2 {
			t.Errorf("where nobody reacted the passage bears %q", got)
		}
		counts := func(when, passage, note string) {
			t.Helper()
			if p, o := n.published(); p != passage || o != note {
				t.Errorf("%s: the passage has %q, want %q; the note %q, want %q", when, p, passage, o, note)
			}
		}
		counts("before", "✅3👍1", "❌1👍2")
		n.links(n.person("two", 0), n.code(n.person("one", 0)), relay.LinkDone)
		counts("linked", "✅2👍1", "❌1👍1")
		third := n.person("two", 1)
		n.update(func(tx *store.Tx) error { return tx.SetState(third.ID, discussion.Unpublished) })
		counts("one is not published", "✅1", "👍1")
		n.update(func(tx *store.Tx) error { return tx.SetState(third.ID, discussion.Named) })
		n.forget("two", 0)
		n.pass(time.Minute)
		counts("one is forgotten", "✅1👍1", "❌1")
		there.React(n.post(club), "❓") // after it: nobody's, who is not published
		n.pass(time.Minute)
		counts("and comes back", "✅1👍1", "❌1")
	})
}
