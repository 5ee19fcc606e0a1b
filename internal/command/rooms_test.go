package command

import (
	"context"
	"slices"
	"strings"
	"testing"

	"marginalia/internal/chat"
	"marginalia/internal/store"
)

// A moderator sees which rooms the plan of this room posts into, what waits for
// them, and what their networks say is missing; of other rooms nothing.
func TestRooms(t *testing.T) {
	h := newHouse(t, "daily")
	h.update(func(tx *store.Tx) error {
		p, err := tx.Plan("daily")
		if err != nil {
			return err
		}
		p.Rooms = append(p.Rooms, attic)
		return tx.PutPlan(p)
	})
	var asked []chat.Room
	var missing []chat.Finding
	h.run = Dispatcher(Env{DB: h.db, Missing: func(_ context.Context, rooms []chat.Room) []chat.Finding {
		asked = rooms
		return missing
	}})
	h.say("1", lobby, chat.Moderator, "next")
	is := func(ref string, want ...string) {
		t.Helper()
		got := strings.Split(strings.ReplaceAll(h.say(ref, lobby, chat.Moderator, "rooms"), "\n\n", "\n"), "\n")
		if !slices.Equal(got, want) {
			t.Errorf("%q; want %q", got, want)
		}
	}
	list := []string{`"daily" posts into 2 rooms:`, "local lobby (this one): 1 message for this room waiting.", "local attic: 1 message for this room waiting."}
	is("2", append(list, "As far as the networks tell, nothing is missing.")...)
	if !slices.Equal(asked, []chat.Room{lobby, attic}) {
		t.Errorf("asked was for %v", asked)
	}
	missing = []chat.Finding{{What: "room attic: post messages", Why: "the bot may not", Do: "let it", Room: attic}}
	is("3", append(list, "What is missing:", "room attic: post messages: the bot may not. To mend it: let it")...)
	if got := h.say("4", chat.Room{Platform: "local", ID: "cellar"}, chat.Moderator, "rooms"); !strings.HasPrefix(got, "No plan posts into this room.") {
		t.Errorf("in another room: %q", got)
	}
	if got := h.say("5", lobby, chat.Anyone, "rooms"); got != `Only a moderator of this room may use "rooms".` {
		t.Errorf("anyone is told %q", got)
	}
}
