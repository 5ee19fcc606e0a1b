package relay

import (
	"cmp"
	"errors"
	"strings"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/store"
)

// reacted records an emoji on something of ours.
func (r *Relay) reacted(tx *store.Tx, e chat.Event, now time.Time) error {
	room := e.Message.Ref.Place.Room
	thing, _, err := tx.CopyAt(room, e.Message.Ref.ID)
	if errors.Is(err, store.ErrNotFound) {
		return r.perhapsOurs(tx, e, now)
	}
	if err != nil {
		return err
	}
	person, err := tx.PutPerson(room.Platform, e.By)
	if err != nil {
		return err
	}
	reaction := store.Reaction{Thing: thing, Person: person.ID, Emoji: r.emoji(room, e.Emoji), Room: room, Own: e.Own, At: e.At}
	if dead, err := tx.Tombstoned(room, cmp.Or(e.Own, reactionName(reaction))); dead || err != nil {
		return err
	}
	if err := askedAgain(tx, reaction, now); err != nil {
		return err
	}
	if err := tx.PutReaction(reaction); err != nil {
		return err
	}
	if err := r.readOn(tx, reaction.Thing, reaction.Room); err != nil {
		return err
	}
	return mirrorReaction(tx, reaction, now)
}

func (r *Relay) emoji(room chat.Room, e string) string {
	if normal := r.platforms[room.Platform].Profile().Normal; normal != nil {
		e = normal(e)
	}
	return strings.ReplaceAll(e, "\ufe0f", "")
}

// unreacted takes an emoji back, by its own id or by whose it was. One that is
// not known is remembered: it may still come.
func (r *Relay) unreacted(tx *store.Tx, e chat.Event, now time.Time) error {
	room := e.Message.Ref.Place.Room
	if e.Own != "" {
		reaction, err := tx.ReactionAt(room, e.Own)
		if errors.Is(err, store.ErrNotFound) {
			return tx.PutTombstone(room, e.Own)
		}
		if err != nil {
			return err
		}
		return takeBack(tx, reaction, now)
	}
	thing, _, err := tx.CopyAt(room, e.Message.Ref.ID)
	if e.By.ID == "" {
		return r.allTakenOff(tx, e, thing, err, now)
	}
	if errors.Is(err, store.ErrNotFound) {
		return r.perhapsOurs(tx, e, now)
	}
	if err != nil {
		return err
	}
	person, err := tx.PutPerson(room.Platform, e.By)
	if err != nil {
		return err
	}
	reaction := store.Reaction{Thing: thing, Person: person.ID, Emoji: r.emoji(room, e.Emoji), Room: room}
	if err := tx.DropTombstone(room, reactionName(reaction)); err != nil { // of the one that was forgotten: the next is another
		return err
	}
	return takeBack(tx, reaction, now)
}

// allTakenOff takes back what people put on a thing in the event's room: each
// emoji, or one. Of a thing that is not known (err says so) nothing is kept that
// came before.
func (r *Relay) allTakenOff(tx *store.Tx, e chat.Event, thing store.Thing, err error, now time.Time) error {
	room, emoji := e.Message.Ref.Place.Room, r.emoji(e.Message.Ref.Place.Room, e.Emoji)
	if errors.Is(err, store.ErrNotFound) {
		return dropReactions(tx, room, e.Message.Ref.ID, func(held string) bool { return e.Emoji == "" || r.emoji(room, held) == emoji })
	}
	if err != nil {
		return err
	}
	all, err := tx.Reactions(thing)
	if err != nil {
		return err
	}
	for _, reaction := range all {
		if reaction.Room != room || e.Emoji != "" && reaction.Emoji != emoji {
			continue
		}
		if err := takeBack(tx, reaction, now); err != nil {
			return err
		}
	}
	return nil
}

// dropReactions forgets the reactions that wait for a message.
func dropReactions(tx *store.Tx, room chat.Room, message string, suits func(emoji string) bool) error {
	waiting, err := tx.HeldOf(room, message)
	if err != nil {
		return err
	}
	for _, h := range waiting {
		if k := h.Event.Kind; k != chat.Reacted && k != chat.Unreacted || !suits(h.Event.Emoji) {
			continue
		}
		if err := tx.DropHeld(h.ID); err != nil {
			return err
		}
	}
	return nil
}

func takeBack(tx *store.Tx, reaction store.Reaction, now time.Time) error {
	if reaction.Own != "" {
		if err := tx.PutTombstone(reaction.Room, reaction.Own); err != nil {
			return err
		}
	}
	if err := tx.DropTombstone(reaction.Room, requestName(reaction)); err != nil {
		return err
	}
	if err := tx.DeleteReaction(reaction.Thing, reaction.Person, reaction.Emoji, reaction.Room); err != nil {
		return err
	}
	return mirrorReaction(tx, reaction, now)
}

// mirrorReaction marks a thing stale in the other rooms that show it; in its own
// too where the person has other accounts: they may hold the same there through
// the bot.
func mirrorReaction(tx *store.Tx, reaction store.Reaction, now time.Time) error {
	rooms, err := tx.RoomsOf(reaction.Thing)
	if err != nil {
		return err
	}
	under, err := underOf(tx, reaction.Thing)
	if err != nil {
		return err
	}
	accounts, err := tx.Linked(reaction.Person)
	if ignoreMissing(err) != nil {
		return err
	}
	for _, room := range rooms {
		if room == reaction.Room && len(accounts) < 2 {
			continue
		}
		if err := tx.Stale(reaction.Thing, room, under, store.ClassReaction, now); err != nil {
			return err
		}
	}
	return nil
}

// underOf is the passage in whose thread a thing stands, "" if it is one itself.
func underOf(tx *store.Tx, t store.Thing) (discussion.PassageID, error) {
	if t.Annotation() == "" {
		return "", nil
	}
	a, err := tx.Annotation(t.Annotation())
	return a.Under, err
}

// reactMark begins the Mark of a copy that is an emoji.
const reactMark = "react:"

// emojiOf is the emoji that a copy with that mark is, "" if it is none.
func emojiOf(mark string) string {
	if emoji, ok := strings.CutPrefix(mark, reactMark); ok {
		return emoji
	}
	return ""
}

// ownID is the reaction that c is, where the network gave it an id of its own.
func ownID(c store.Copy) []chat.Ref {
	if c.Ref.IsZero() || c.Ref.ID == emojiOf(c.Mark) {
		return nil
	}
	return []chat.Ref{c.Ref}
}
