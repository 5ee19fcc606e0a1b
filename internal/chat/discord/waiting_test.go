package discord

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/discord/discordtest"
)

// Discord is in trouble with a busy thread for so long that not all that happens
// there meanwhile is kept: all of it is told when the thread can be read, in its
// order, and so is what became of older words.
func TestTooMuchWaits(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		b := spoken(t, w, 120)
		w.Fault(discordtest.Fault{Op: "list_messages", Kind: discordtest.Fail, Channel: b.thread.Thread})
		e := listenTo(t, b.open(t), b.since)
		must(t, w.Wait(t.Context(), func() bool { return w.Ops()["fault on list_messages"].N > 0 }))
		goesOn(t, w, e, b.room)
		b.ada.Edit(t, b.said[10], "Another word.")
		b.ada.Delete(t, b.said[11])
		b.bob.Delete(t, b.said[100])
		b.bob.React(t, b.said[12], "👍")
		said := tooMuch(t, b)
		taken := chat.Ref{Place: b.thread, ID: said[40]}
		b.ada.Delete(t, taken)
		b.ada.Edit(t, chat.Ref{Place: b.thread, ID: said[41]}, "Not so long.")
		goesOn(t, w, e, b.room)
		w.Heal()
		e.said(said[len(said)-1])
		said = slices.Delete(said, 40, 41)
		var got []string
		for _, o := range e.all(chat.Said) {
			if id := o.Message.Ref.ID; o.Message.Ref.Place == b.thread && id != taken.ID && !slices.Contains(got, id) {
				got = append(got, id)
			}
		}
		if !slices.Equal(got, said) {
			t.Errorf("%d were said, %d heard, or in another order", len(said), len(got))
		}
		e.hears("the edit", of(chat.Edited, b.said[10]))
		e.hears("the deletion", of(chat.Deleted, b.said[11]))
		e.hears("the other deletion", of(chat.Deleted, b.said[100]))
		e.hears("the emoji", of(chat.Reacted, b.said[12]))
		e.hears("the new edit", func(o chat.Event) bool { return o.Message.Ref.ID == said[40] && o.Message.Body.Text == "Not so long." })
		e.wait("the end of it", func() bool { a := readAccount(e.since[chat.Place{}]); return a.ID != "" && a.Back == "" })
		e.stop()
	})
}

// So much is said while a thread is read that not all of it is kept: what became
// meanwhile of the words that were read first is told all the same.
func TestTooMuchWaitsWhileItReads(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		b := spoken(t, w, 60)
		var missed []chat.Ref
		for i := range 150 {
			ref := b.ada.Say(t, b.thread, fmt.Sprintf("Missed %d.", i), chat.Ref{})
			missed = append(missed, ref)
			b.known[b.thread] = append(b.known[b.thread], chat.Standing{Ref: ref, Emoji: map[string]int{}})
		}
		w.Fault(discordtest.Fault{Op: "list_messages", Kind: discordtest.Delay, Wait: 3 * time.Second, Count: 2, Channel: b.thread.Thread})
		e := listenTo(t, b.open(t), b.since)
		must(t, w.Wait(t.Context(), func() bool { return w.Ops()["fault on list_messages"].N == 2 }))
		e.said(missed[0].ID)
		b.ada.Edit(t, missed[0], "Not missed.")
		b.ada.Delete(t, missed[1])
		said := tooMuch(t, b)
		e.said(said[len(said)-1])
		e.hears("the edit", of(chat.Edited, missed[0]))
		e.hears("the deletion", of(chat.Deleted, missed[1]))
		e.stop()
	})
}

// tooMuch is said in a thread: twice of what is kept.
func tooMuch(t *testing.T, b *past) []string {
	var said []string
	long := strings.Repeat("long ", 390)
	for i := range 2 * mostWaiting / len(long) {
		said = append(said, b.ada.Say(t, b.thread, fmt.Sprint(long, i), chat.Ref{}).ID)
	}
	return said
}

// However much is said behind gaps, no more than so much of it is kept, and the
// place that is let go is the one of which most is.
func TestWhatWaitsIsBounded(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		busy, quiet := room("100000000000000001"), room("100000000000000002")
		p := w.open(t)
		p.learn(channel{ID: busy.ID})
		p.learn(channel{ID: quiet.ID})
		l, err := p.listener(fromNow(busy, quiet), nil)
		must(t, err)
		for _, r := range []chat.Room{busy, quiet} {
			l.trail(at(r)).newest = number(r.ID)
			l.gaps[at(r)] = &gap{read: newRecent[string, bool](4096), due: time.Now().Add(time.Hour)}
		}
		say := func(r chat.Room, i int) {
			must(t, l.takeOne(t.Context(), heard{kind: "MESSAGE_CREATE", data: json.RawMessage(fmt.Sprintf(
				`{"id":"2%017d","channel_id":%q,"content":%q,"author":{"id":"7"}}`, i, r.ID, strings.Repeat("x", 2000)))}))
		}
		say(quiet, 0)
		for i := range 2000 {
			say(busy, i+1)
			if kept := l.gaps[at(busy)].weight + l.gaps[at(quiet)].weight; kept > mostWaiting {
				t.Fatalf("after %d messages %d bytes wait", i, kept)
			}
		}
		if g := l.gaps[at(busy)]; !g.again {
			t.Error("what was let go is not read again")
		}
		if g := l.gaps[at(quiet)]; g.again || len(g.waiting) != 1 {
			t.Errorf("of the quiet room %d events wait", len(g.waiting))
		}
	})
}
