package relay_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

// A room has a list of the threads in which people talk, if it wants one: behind
// the last passage, as it is now, without what is closed, and without what is old.
func TestOpenThreadsAreListed(t *testing.T) {
	dawn(t, netOne, netTwo, func(t *testing.T, n *town) {
		n.stop()
		n.indexed = n.rooms[:1]
		n.start()
		n.pass(3*time.Hour + 30*time.Minute) // three passages stand
		hall := n.rooms[0]
		lists := func(want ...string) {
			t.Helper()
			n.pass(11 * time.Minute)
			for _, room := range n.rooms[1:] {
				if all := n.listed(room); len(all) != 0 {
					t.Errorf("%s lists %q", room, all)
				}
			}
			all := n.net(hall).Read(chat.Place{Room: hall})
			got := n.listed(hall)
			if len(want) == 0 && len(got) == 0 {
				return
			}
			if len(got) != 1 || got[0] != all[len(all)-1].Body.Text {
				t.Fatalf("it lists %q, and the last words in the room are %q", got, all[len(all)-1].Body.Text)
			}
			lines := strings.Split(got[0], "\n")[1:]
			lines = slices.DeleteFunc(lines, func(l string) bool { return strings.TrimSpace(l) == "" })
			if len(lines) != len(want) {
				t.Fatalf("it lists %q, want %q", lines, want)
			}
			for i := range want {
				if !strings.HasPrefix(lines[i], "- "+want[i]+":") {
					t.Errorf("it lists %q, want %q", lines, want)
				}
			}
		}
		say := func(who, seq int) chat.Ref {
			return n.people["one"][who].Say(n.threads(hall)[seq], "a thought", chat.Ref{})
		}
		lists()
		say(0, 2)
		lists("1 remark by 1 person · 2")
		one := say(1, 1)
		lists("1 remark by 1 person · 1", "1 remark by 1 person · 2")
		say(1, 2)
		lists("2 remarks by 2 people · 2", "1 remark by 1 person · 1")
		n.pass(time.Hour) // another passage
		lists("2 remarks by 2 people · 2", "1 remark by 1 person · 1")
		n.people["one"][1].Delete(one)
		lists("2 remarks by 2 people · 2")
		second := n.text.Passages[1].ID
		n.update(func(tx *store.Tx) error { return relay.SetLocked(tx, english, second, true, time.Now()) })
		lists()
		n.update(func(tx *store.Tx) error { return relay.SetLocked(tx, english, second, false, time.Now()) })
		lists("2 remarks by 2 people · 2")
		n.stop()
		n.start()
		lists("2 remarks by 2 people · 2")
		n.quiet()
		n.verified()
		n.pass(15 * 24 * time.Hour)
		lists()
		n.quiet()
	})
}

// listed are the lists of open threads that stand in a room.
func (n *town) listed(room chat.Room) (all []string) {
	for _, m := range n.net(room).Read(chat.Place{Room: room}) {
		if strings.HasPrefix(m.Body.Text, "Open threads of ") {
			all = append(all, m.Body.Text)
		}
	}
	return all
}
