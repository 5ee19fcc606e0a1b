package command

import (
	"testing"

	"marginalia/internal/chat"
	"marginalia/internal/store"
)

const evening = "Mon 2 Mar 18:30 (Europe/Berlin)"

// What is skipped is not posted, and comes after all when somebody goes back to
// it; what stands in the room does not come again; a call that is run again skips
// nothing more.
func TestSkipAndBack(t *testing.T) {
	h := newHouse(t, "daily")
	for _, step := range []struct {
		ref, text, want string
		enqueued        int
	}{
		{"1", "back", "There is nothing to go back to: passage 1 comes next.", 0},
		{"2", "skip 0", "skip takes a number from 1 to 100.", 0},
		{"3", "skip", "Passage 1 of 3 is skipped: nothing of it is posted. Passage 2 comes next, " + evening + ". To have it after all: back 1", 0},
		{"3", "skip", "This was done already. Passage 2 comes next, " + evening + ".", 0}, // the bot died before it answered
		{"4", "status", "An Essay: 0 of 3 passages posted, 1 skipped, 0 annotations; daily at 18:30, next " + evening + ".", 0},
		{"5", "next", "Passage 2 of 3 is on its way.", 1},
		{"6", "back", "Passage 2 is on its way.\n\nPassage 1 is skipped. To go back there: back 1", 1},
		{"7", "back daily", "Passage 2 is on its way.\n\nPassage 1 is skipped. To go back there: back 1", 1},
		{"8", "back 3", "back takes a number from 1 to 2.", 1},
		{"9", "back 1", "Passage 1 is no longer skipped. Passage 1 comes next, " + evening + ". To post it now: next", 1},
		{"10", "back 1", "Passage 1 comes soon: it is no longer skipped.", 1},
		{"11", "status", "An Essay: 1 of 3 passages posted, 0 annotations; daily at 18:30, next " + evening + ".\n\n1 message for this room waiting.", 1},
		{"12", "next 2", "Passages 1, 3 of 3 are on their way.", 3},
		{"9", "back 1", "This was done already. The text is at its end: there is no further passage.", 3},
		{"13", "skip", "The text is at its end: there is no further passage.", 3},
		{"14", "status", "An Essay: 3 of 3 passages posted, 0 annotations; the text is at its end.\n\n3 messages for this room waiting.", 3},
	} {
		if got := h.say(step.ref, lobby, chat.Moderator, step.text); got != step.want {
			t.Errorf("%s: %q; want %q", step.text, got, step.want)
		}
		if n := h.enqueued(lobby); n != step.enqueued {
			t.Errorf("%s: %d deliveries wait; want %d", step.text, n, step.enqueued)
		}
	}
	for _, text := range []string{"skip", "back"} {
		if got := h.say("a"+text, lobby, chat.Anyone, text); got != `Only a moderator of this room may use "`+text+`".` {
			t.Errorf("anyone is told %q", got)
		}
		if got := h.say("b"+text, attic, chat.Moderator, text); got != "No plan posts passages into this room." {
			t.Errorf("in another room: %q", got)
		}
	}
}

// All of a text may be skipped, at the end too, and all of it comes back.
func TestSkippedToTheEnd(t *testing.T) {
	h := newHouse(t, "daily")
	h.say("1", lobby, chat.Moderator, "pause")
	for _, step := range []struct{ ref, text, want string }{
		{"2", "skip 7", "Passages 1 to 3 of 3 are skipped: nothing of it is posted. The text is at its end: there is no further passage. To have it after all: back 1"},
		{"3", "status", "An Essay: 0 of 3 passages posted, 3 skipped, 0 annotations; the text is at its end."},
		{"4", "back", "Passage 3 is no longer skipped. Passage 3 comes next; the plan is paused. To post it now: next"},
		{"5", "back", "Passage 2 is no longer skipped. Passage 2 comes next; the plan is paused. To post it now: next"},
		{"6", "back 1", "Passage 1 is no longer skipped. Passage 1 comes next; the plan is paused. To post it now: next"},
		{"7", "skip", "Passage 1 of 3 is skipped: nothing of it is posted. Passage 2 comes next; the plan is paused. To have it after all: back 1"},
		{"8", "next 3", "Passages 2 to 3 of 3 are on their way."},
	} {
		if got := h.say(step.ref, lobby, chat.Moderator, step.text); got != step.want {
			t.Errorf("%s: %q; want %q", step.text, got, step.want)
		}
	}
}

// What became of a passage in the room is what back says of it: where it stands,
// why it does not, and never that it would come again.
func TestBackToWhatWasPosted(t *testing.T) {
	h := newHouse(t, "daily")
	h.run = Dispatcher(Env{DB: h.db, Reader: "https://reader.example", Link: func(r chat.Ref) string { return "https://chat.example/" + r.ID }})
	h.say("1", lobby, chat.Moderator, "next 3")
	var ids []store.Thing
	h.update(func(tx *store.Tx) error {
		d, err := tx.Discussion(h.id)
		for _, p := range d.Passages {
			ids = append(ids, store.PassageThing(p.ID))
		}
		return err
	})
	here := func(seq int, c store.Copy) {
		h.update(func(tx *store.Tx) error {
			if err := tx.DropDelivery(ids[seq-1], lobby); err != nil {
				return err
			}
			return tx.PutCopy(ids[seq-1], lobby, c)
		})
	}
	here(3, store.Copy{Ref: chat.Ref{Place: chat.Place{Room: lobby}, ID: "m3", As: "bot"}, Seq: 1})
	here(1, store.Copy{Seq: 1}) // somebody removed it
	h.update(func(tx *store.Tx) error {
		d, err := tx.Delivery(ids[1], lobby)
		if err != nil {
			return err
		}
		d.Dead, d.Why = begin, "it is too long"
		return tx.PutDelivery(d)
	})
	for i, want := range []string{
		"Passage 1 stood here and was removed: what somebody took away is not posted again. · read",
		"Passage 2 could not be posted here (it is too long). To try again: retry · read",
		"Passage 3 stands here already, and nothing is posted twice. · post · read",
	} {
		ref := string(rune('a' + i))
		if got := h.say(ref, lobby, chat.Moderator, "back "+string(rune('1'+i))); got != want {
			t.Errorf("%q; want %q", got, want)
		}
	}
	if got := h.say("d", lobby, chat.Moderator, "next"); got != "The text is at its end: there is no further passage." {
		t.Errorf("and then: %q", got)
	}
}
