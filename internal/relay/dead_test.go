package relay_test

import (
	"slices"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

// A remark that one room refuses bears a warning where its writer sees it; the
// writer's emoji, or a moderator's command in the thread, has it tried again,
// and once it came through the warning is gone.
func TestADeadLetterIsToldToItsWriter(t *testing.T) {
	onBoth(t, netOne, netTwo, func(t *testing.T, n *town) {
		hall, club := n.rooms[0], n.rooms[2]
		under := func(ref chat.Ref) []string { return n.nets["one"].Reactions(ref) }
		n.nets["two"].FailOn(chat.Post, chat.ErrRefused)
		one := n.say(hall, 0, "one", chat.Ref{})
		two := n.say(hall, 0, "two", chat.Ref{})
		for _, ref := range []chat.Ref{one, two} {
			if got := under(ref); !slices.Equal(got, []string{"⚠"}) {
				t.Errorf("under a remark that was refused: %q", got)
			}
		}
		if got := under(n.mirror(n.rooms[1], "one")); len(got) != 0 {
			t.Errorf("under its mirror: %q", got)
		}
		n.people["one"][1].React(one, "🔁") // somebody else's: they changed their mind
		n.nets["two"].FailOn(chat.Post, nil)
		n.pass(time.Minute)
		n.shows(club)

		n.people["one"][0].React(one, "🔁")
		n.pass(time.Minute)
		n.shows(club, "one")
		if got := under(one); !slices.Equal(got, []string{"🔁", "🔁"}) {
			t.Errorf("under what came through: %q", got)
		}
		if got := n.opinions("one"); got != 1 {
			t.Errorf("%d changed their mind about what was tried again, want the one who did not write it", got)
		}
		if got := under(two); !slices.Equal(got, []string{"⚠"}) {
			t.Errorf("under the other: %q", got)
		}

		n.update(func(tx *store.Tx) error {
			for place, want := range map[chat.Place]int{
				n.threads(hall)[1]: 1, n.threads(club)[1]: 1, {Room: club}: 1, {Room: hall}: 1, {Room: n.rooms[1]}: 0,
			} {
				dead, err := relay.Dead(tx, place)
				if err != nil || len(dead) != want {
					t.Errorf("given up in %v: %d, want %d (%v)", place, len(dead), want, err)
				}
			}
			dead, err := relay.Dead(tx, n.threads(hall)[1])
			if err != nil {
				return err
			}
			return relay.Revive(tx, dead, time.Now())
		})
		n.pass(time.Minute)
		n.shows(club, "one", "two")
		if got := under(two); len(got) != 0 {
			t.Errorf("under what came through: %q", got)
		}
		n.verified()

		n.people["one"][0].React(two, "🔁") // nothing of it is dead
		n.people["one"][0].Unreact(one, "🔁")
		n.pass(time.Minute)
		if got := n.opinions("one"); got != 1 {
			t.Errorf("the request was taken off: %d opinions, want 1", got)
		}
		n.people["one"][0].React(one, "🔁")
		n.pass(time.Minute)
		for words, want := range map[string]int{"one": 2, "two": 1} {
			if got := n.opinions(words); got != want {
				t.Errorf("%d changed their mind about %q, want %d", got, words, want)
			}
			if got := n.nets["two"].Reactions(n.mirror(club, words)); !slices.Equal(got, []string{"🔁"}) {
				t.Errorf("under the mirror of %q: %q", words, got)
			}
		}
		n.verified()
		n.quiet()
	})
}

// opinions counts the reactions to a remark that say something of it.
func (n *town) opinions(words string) (count int) {
	n.t.Helper()
	n.update(func(tx *store.Tx) error {
		said, err := tx.Annotations(n.text.ID)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(said, func(a discussion.Annotation) bool { return a.Body.Text == words })
		all, err := relay.OpinionsOn(tx, store.AnnotationThing(said[i].ID))
		count = len(all)
		return err
	})
	return count
}
