package relay_test

import (
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/relay"
	"marginalia/internal/store"
	"marginalia/internal/web"
)

// person is who an account is, as it is recorded now.
func (n *town) person(net string, who int) (p discussion.Person) {
	n.t.Helper()
	n.update(func(tx *store.Tx) (err error) {
		p, err = tx.PutPerson(net, n.people[net][who].Person())
		return err
	})
	return p
}

func (n *town) code(p discussion.Person) (code string) {
	n.t.Helper()
	n.update(func(tx *store.Tx) (err error) {
		code, err = relay.NewCode(tx, p.ID, time.Now())
		return err
	})
	return code
}

func (n *town) links(p discussion.Person, code string, want relay.LinkOutcome) {
	n.t.Helper()
	n.update(func(tx *store.Tx) error {
		if want == relay.LinkDone { // who was asked before
			if _, _, err := relay.Link(tx, p.ID, code, false, time.Now()); err != nil {
				return err
			}
		}
		got, _, err := relay.Link(tx, p.ID, code, want != relay.LinkAsk, time.Now())
		if got != want {
			n.t.Errorf("linking with %q comes to %d, not %d", code, got, want)
		}
		return err
	})
	n.pass(time.Minute)
}

// Someone has an account on each network. Linked, they put an emoji under a
// remark once, and are named alike; what one account chooses holds for the
// other; unlinked, each is its own; and forgotten, both are.
func TestAccountsThatAreLinked(t *testing.T) {
	onBoth(t, netOne, netTwo, func(t *testing.T, n *town) {
		hall, yard, club := n.rooms[0], n.rooms[1], n.rooms[2]
		here, there := n.people["one"][0], n.people["two"][0]
		remark := n.say(hall, 1, "a remark", chat.Ref{})
		n.say(hall, 0, "mine here", chat.Ref{})
		n.say(club, 0, "mine there", chat.Ref{})
		here.React(remark, "👍")
		there.React(n.mirror(club, "a remark"), "👍")
		n.pass(time.Minute)
		emoji := func(when string, inHall, inYard, inClub, published int) {
			t.Helper()
			for room, want := range map[chat.Room]int{hall: inHall, yard: inYard, club: inClub} {
				if got := n.net(room).Reactions(n.mirror(room, "a remark")); len(got) != want {
					t.Errorf("%s: in %s the remark bears %q, not %d", when, room, got, want)
				}
			}
			n.update(func(tx *store.Tx) error {
				b, err := web.Load(tx, n.text.ID, discussion.Pseudonym)
				who := map[discussion.PersonID]bool{}
				for _, r := range b.Reactions {
					who[r.Person] = true
				}
				if len(who) != published {
					t.Errorf("%s: %d people's emoji are published, not %d", when, len(who), published)
				}
				return err
			})
		}
		emoji("before", 2, 1, 2, 2)

		one, two := n.person("one", 0), n.person("two", 0)
		code := n.code(one)
		n.links(two, "AAAA-BBBB-CCCC", relay.WrongCode)
		n.links(one, code, relay.OwnCode)
		n.links(two, code, relay.LinkAsk)
		emoji("asked whether they are sure", 2, 1, 2, 2)
		n.links(two, strings.ToLower(strings.ReplaceAll(code, "-", " ")), relay.LinkDone)
		n.links(n.person("two", 1), code, relay.WrongCode)
		emoji("linked", 1, 1, 1, 1)
		n.update(func(tx *store.Tx) error { return relay.SetNaming(tx, two.ID, discussion.Named) })
		alike := func(def discussion.CreatorState, want bool) {
			t.Helper()
			a, _ := n.person("one", 0).Credit(def)
			b, _ := n.person("two", 0).Credit(def)
			if (a == b) != want {
				t.Errorf("they are published as %q and %q; alike should be %v", a, b, want)
			}
		}
		alike(discussion.Pseudonym, true)
		if got, _ := n.person("two", 0).Credit(discussion.Pseudonym); got != here.Person().Name {
			t.Errorf("the other account is published as %q", got)
		}
		n.update(func(tx *store.Tx) error { return relay.SetNaming(tx, one.ID, discussion.Pseudonym) })
		alike(discussion.Named, true)

		n.update(func(tx *store.Tx) error {
			was, err := relay.Unlink(tx, one.ID, time.Now())
			if !was {
				t.Error("they were not linked")
			}
			return err
		})
		n.pass(time.Minute)
		alike(discussion.Named, false)
		emoji("unlinked", 2, 1, 2, 2)

		n.links(two, n.code(one), relay.LinkDone)
		n.forget("two", 0)
		n.pass(time.Minute)
		n.recorded("forgotten on the other network", "a remark")
		emoji("forgotten", 1, 0, 1, 0)
		if a, b := n.person("one", 0), n.person("two", 0); a.User != "" || b.User != "" || a.Self() == b.Self() {
			t.Errorf("they are still known as %+v and %+v", a, b)
		}
	})
}

// A code holds for a quarter of an hour, and the newest alone; and nobody may
// guess for long. The database does not hold it.
func TestCodesAreShortLived(t *testing.T) {
	onBoth(t, netOne, netTwo, func(t *testing.T, n *town) {
		one, two := n.person("one", 0), n.person("two", 0)
		old := n.code(one)
		n.update(func(tx *store.Tx) error {
			kept, err := tx.LinkCodes(time.Now())
			if len(kept) != 1 || strings.Contains(strings.ToUpper(kept[0].Hash), old[:4]) {
				t.Errorf("kept of the code %s: %+v", old, kept)
			}
			return err
		})
		newer := n.code(one)
		n.links(two, old, relay.WrongCode)
		time.Sleep(relay.CodeHolds)
		n.links(two, newer, relay.WrongCode)
		for range 4 {
			n.links(two, "AAAA-BBBB-CCCC", relay.WrongCode)
		}
		newest := n.code(one)
		n.links(two, newest, relay.TooOften)
		time.Sleep(relay.CodeHolds)
		n.links(two, n.code(one), relay.LinkDone)
	})
}
