package relay

import (
	"maps"
	"slices"

	"marginalia/internal/chat"
	"marginalia/internal/store"
)

// emoji finds what differs of the emoji that the bot itself holds on a thing:
// some that are gone, and some that are not known.
func (a *audit) emoji(tx *store.Tx, n need) error {
	root := n.first().Ref
	if _, there := a.shown[root.ID]; !there || root.ID == "" {
		return nil
	}
	held := map[string]chat.Event{}
	for _, e := range a.held[root.ID] {
		held[a.relay.emoji(a.room, e.Emoji)] = e
	}
	for _, c := range n.have {
		emoji := emojiOf(c.Mark)
		if _, there := held[emoji]; emoji == "" || there || !a.rests(n.thing, c) {
			continue
		}
		if _, wanted := n.wanted(0, c.Mark); !wanted || c.Ref.IsZero() || c.Hash == struck {
			continue
		}
		f := Fault{Kind: Lost, Why: emoji + " under it is gone", thing: n.thing, was: c, change: forgotten, class: store.ClassReaction}
		if err := a.sayAt(tx, f, root); err != nil {
			return err
		}
	}
	for _, emoji := range slices.Sorted(maps.Keys(held)) {
		e := held[emoji]
		c := n.copy(0, reactMark+emoji)
		if !a.rests(n.thing, c) || !c.Ref.IsZero() {
			continue
		}
		ref := settled(store.Copy{}, chat.Action{Verb: chat.React, Emoji: emoji}, chat.Done{Ref: chat.Ref{Place: root.Place, ID: e.Own}}).Ref
		f := Fault{Kind: Strayed, Why: "the bot's own " + emoji + " under it is not known", thing: n.thing, was: c, change: foundAt(ref), class: store.ClassReaction}
		if err := a.sayAt(tx, f, root); err != nil {
			return err
		}
	}
	return nil
}

// rests reports whether a copy was the same before the room was read, and
// nothing is on its way to it.
func (a *audit) rests(thing store.Thing, c store.Copy) bool {
	was := a.before.copy(thing, c.Part, c.Mark)
	return !c.InFlight() && !was.InFlight() && was.Ref == c.Ref && was.Seq == c.Seq
}

// sayAt is say of something under a message.
func (a *audit) sayAt(tx *store.Tx, f Fault, at chat.Ref) error {
	said := len(a.found)
	if err := a.say(tx, f); err != nil {
		return err
	}
	for i := range a.found[said:] {
		a.found[said+i].Ref = at
	}
	return nil
}
