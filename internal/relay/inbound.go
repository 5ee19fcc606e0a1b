package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/store"
)

// Handle records one answer of a network: all of its events and cursors, in
// one transaction. It may be called again with the same batch. An event that
// cannot be handled is put into the inbox and does not hold up the others.
func (r *Relay) Handle(ctx context.Context, platform string, b chat.Batch) error {
	now := time.Now()
	called := false
	err := r.c.DB.Update(ctx, func(tx *store.Tx) error {
		called = false
		for _, e := range b.Events {
			if !r.rooms[e.Message.Ref.Place.Room] {
				continue
			}
			called = called || e.Kind == chat.Called
			if err := r.event(tx, e, now); err != nil {
				return fmt.Errorf("event %s %s: %w", e.Kind, e.Message.Ref.ID, err)
			}
		}
		return tx.PutCursors(platform, b.Since)
	})
	if err != nil {
		return fmt.Errorf("record what %s said: %w", platform, err)
	}
	if called {
		r.ring()
	}
	return nil
}

// event handles one event; a panic in it is the event's fault, not the bot's.
func (r *Relay) event(tx *store.Tx, e chat.Event, now time.Time) (err error) {
	defer func() {
		if broken := recover(); broken != nil {
			err = tx.PutHeld(held(e, fmt.Sprintf("broke the handler: %v", broken), now))
		}
	}()
	switch e.Kind {
	case chat.Said:
		return r.said(tx, e, now)
	case chat.Edited:
		return r.edited(tx, e, now)
	case chat.Deleted:
		return r.deleted(tx, e, now)
	case chat.Reacted:
		return r.reacted(tx, e, now)
	case chat.Unreacted:
		return r.unreacted(tx, e, now)
	case chat.Called:
		_, err := tx.PutCall(*e.Call, now)
		return err
	case chat.Echoed:
		return r.echoed(tx, e, now)
	}
	return tx.PutHeld(held(e, "an event of a kind that is not known", now))
}

func held(e chat.Event, why string, now time.Time) store.Held {
	return store.Held{
		ID:   discussion.Derive("held", e.Message.Ref.Place.Room.String(), e.Message.Ref.ID, string(e.Kind), e.Own, e.By.ID, e.Emoji, e.Revised.String()),
		Room: e.Message.Ref.Place.Room, On: e.Message.Ref.ID, Event: e, Why: why, At: now,
	}
}

// said turns a reply into an annotation. Talk that is neither in a passage's
// thread nor an answer to something of ours is left alone.
func (r *Relay) said(tx *store.Tx, e chat.Event, now time.Time) error {
	room, id := e.Message.Ref.Place.Room, e.Message.Ref.ID
	if dead, err := tx.Tombstoned(room, id); dead || err != nil {
		return err
	}
	if _, _, err := tx.CopyAt(room, id); !errors.Is(err, store.ErrNotFound) {
		return err // known already, or the store's trouble
	}
	about, err := whatAbout(tx, e.Message)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	person, err := tx.PutPerson(room.Platform, e.Message.From)
	if err != nil {
		return err
	}
	a := discussion.Annotation{
		ID:         discussion.AnnotationID(discussion.Derive("annotation", room.String(), id)),
		Discussion: about.discussion, Under: about.passage.ID, Creator: person.ID,
		Body: withFiles(e.Message), Via: r.link(e.Message.Ref), Created: e.At.UTC(), Modified: e.Revised.UTC(),
	}
	about.aim(&a)
	if err := tx.PutAnnotation(a); err != nil {
		return err
	}
	thing := store.AnnotationThing(a.ID)
	if err := tx.PutCopy(thing, room, store.Copy{Ref: e.Message.Ref}); err != nil {
		return err
	}
	if err := r.mirror(tx, a, room, store.ClassReply, now); err != nil {
		return err
	}
	return r.release(tx, room, id, now)
}

// release handles what came before the message that it is about.
func (r *Relay) release(tx *store.Tx, room chat.Room, id string, now time.Time) error {
	waiting, err := tx.HeldOn(room, id)
	if err != nil {
		return err
	}
	for _, h := range waiting {
		if err := tx.DropHeld(h.ID); err != nil {
			return err
		}
		if err := r.event(tx, h.Event, now); err != nil {
			return err
		}
	}
	return nil
}

// mirror marks an annotation stale in every room that shows its passage, but
// not in the one that it was made in.
func (r *Relay) mirror(tx *store.Tx, a discussion.Annotation, origin chat.Room, class uint8, now time.Time) error {
	rooms, err := tx.RoomsOf(store.PassageThing(a.Under))
	if err != nil {
		return err
	}
	for _, room := range rooms {
		if room == origin {
			continue
		}
		if err := tx.Stale(store.AnnotationThing(a.ID), room, a.Under, class, now); err != nil {
			return err
		}
	}
	return nil
}

func (r *Relay) link(ref chat.Ref) string {
	if link := r.platforms[ref.Place.Room.Platform].Profile().Link; link != nil {
		return link(ref)
	}
	return ""
}

// withFiles is a message's words, with a line for each file.
func withFiles(m chat.Message) format.Doc {
	body := m.Body
	for _, f := range m.Files {
		name := f.Name
		if name == "" {
			name = "file"
		}
		if f.Alt != "" {
			name += ": " + f.Alt
		}
		body = body.Add(format.Block{Kind: format.Paragraph}, "["+strings.Join(strings.Fields(name), " ")+"]")
	}
	return body
}

// edited replaces an annotation's words, if its creator is who edits, and if
// the edit is not older than what is known.
func (r *Relay) edited(tx *store.Tx, e chat.Event, now time.Time) error {
	room := e.Message.Ref.Place.Room
	thing, c, err := tx.CopyAt(room, e.Message.Ref.ID)
	if errors.Is(err, store.ErrNotFound) {
		return r.tooEarly(tx, e, now)
	}
	if err != nil || thing.Annotation() == "" || c.Ref.As != "" || c.Ref.ID != e.Message.Ref.ID {
		return err
	}
	a, err := tx.Annotation(thing.Annotation())
	if err != nil || !a.Deleted.IsZero() || e.Revised.Before(a.Modified) {
		return err
	}
	person, err := tx.Person(a.Creator)
	if err != nil || person.User != e.By.ID {
		return err
	}
	if e.Own != "" && !slices.ContainsFunc(c.Old, func(o chat.Ref) bool { return o.ID == e.Own }) {
		c.Old = append(c.Old, chat.Ref{Place: c.Ref.Place, ID: e.Own})
		if err := tx.PutCopy(thing, room, c); err != nil {
			return err
		}
	}
	about, err := aboutAnnotation(tx, a)
	if err != nil {
		return err
	}
	a.Body, a.Modified = withFiles(e.Message), e.Revised.UTC()
	about.aim(&a)
	if err := tx.PutAnnotation(a); err != nil {
		return err
	}
	return r.mirror(tx, a, room, store.ClassEdit, now)
}

// tooEarly keeps an edit or deletion whose message has not come yet, if it may
// be one for us: words of other people's talk are not kept.
func (r *Relay) tooEarly(tx *store.Tx, e chat.Event, now time.Time) error {
	if e.Kind == chat.Edited {
		if _, err := tx.ThingOf(e.Message.Ref.Place); err != nil {
			return ignoreMissing(err)
		}
	}
	if e.Kind == chat.Deleted {
		e = chat.Event{Kind: e.Kind, Message: chat.Message{Ref: e.Message.Ref}, Own: e.Own, By: chat.Person{ID: e.By.ID}, At: e.At}
	}
	return tx.PutHeld(held(e, "came before its message", now))
}

func ignoreMissing(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// deleted empties an annotation whose message was deleted, hides one whose
// mirror was removed, and takes back a reaction (some networks do not say
// what it is that was deleted).
func (r *Relay) deleted(tx *store.Tx, e chat.Event, now time.Time) error {
	room, id := e.Message.Ref.Place.Room, e.Message.Ref.ID
	thing, c, err := tx.CopyAt(room, id)
	if errors.Is(err, store.ErrNotFound) {
		if reaction, err := tx.ReactionAt(room, id); err == nil {
			return r.takeBack(tx, reaction, now)
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		return r.tooEarly(tx, e, now)
	}
	if err != nil || thing.Annotation() == "" || c.Ref.ID != id {
		return err
	}
	if c.Ref.As != "" {
		c.Ref, c.Old, c.Hash = chat.Ref{}, nil, ""
		if err := tx.PutCopy(thing, room, c); err != nil {
			return err
		}
		return hide(tx, thing.Annotation(), now)
	}
	if err := tx.PutTombstone(room, id); err != nil {
		return err
	}
	return erase(tx, thing.Annotation(), orNow(e.At, now), now)
}

func orNow(at, now time.Time) time.Time {
	if at.IsZero() {
		return now
	}
	return at
}

// reacted records an emoji on something of ours.
func (r *Relay) reacted(tx *store.Tx, e chat.Event, now time.Time) error {
	room := e.Message.Ref.Place.Room
	thing, _, err := tx.CopyAt(room, e.Message.Ref.ID)
	if err != nil {
		return ignoreMissing(err)
	}
	if e.Own != "" {
		if dead, err := tx.Tombstoned(room, e.Own); dead || err != nil {
			return err
		}
	}
	person, err := tx.PutPerson(room.Platform, e.By)
	if err != nil {
		return err
	}
	reaction := store.Reaction{Thing: thing, Person: person.ID, Emoji: r.emoji(room, e.Emoji), Room: room, Own: e.Own, At: e.At}
	if err := tx.PutReaction(reaction); err != nil {
		return err
	}
	return r.mirrorReaction(tx, reaction, now)
}

func (r *Relay) emoji(room chat.Room, e string) string {
	if normal := r.platforms[room.Platform].Profile().Normal; normal != nil {
		e = normal(e)
	}
	return strings.ReplaceAll(e, "\ufe0f", "")
}

// unreacted takes an emoji back, by its own id or by whose it was.
func (r *Relay) unreacted(tx *store.Tx, e chat.Event, now time.Time) error {
	room := e.Message.Ref.Place.Room
	if e.Own != "" {
		reaction, err := tx.ReactionAt(room, e.Own)
		if err != nil {
			return ignoreMissing(err)
		}
		return r.takeBack(tx, reaction, now)
	}
	thing, _, err := tx.CopyAt(room, e.Message.Ref.ID)
	if err != nil {
		return ignoreMissing(err)
	}
	person, err := tx.PutPerson(room.Platform, e.By)
	if err != nil {
		return err
	}
	return r.takeBack(tx, store.Reaction{Thing: thing, Person: person.ID, Emoji: r.emoji(room, e.Emoji), Room: room}, now)
}

func (r *Relay) takeBack(tx *store.Tx, reaction store.Reaction, now time.Time) error {
	if reaction.Own != "" {
		if err := tx.PutTombstone(reaction.Room, reaction.Own); err != nil {
			return err
		}
	}
	if err := tx.DeleteReaction(reaction.Thing, reaction.Person, reaction.Emoji, reaction.Room); err != nil {
		return err
	}
	return r.mirrorReaction(tx, reaction, now)
}

// mirrorReaction marks a thing stale in the other rooms that show it.
func (r *Relay) mirrorReaction(tx *store.Tx, reaction store.Reaction, now time.Time) error {
	rooms, err := tx.RoomsOf(reaction.Thing)
	if err != nil {
		return err
	}
	under := discussion.PassageID("")
	if id := reaction.Thing.Annotation(); id != "" {
		a, err := tx.Annotation(id)
		if err != nil {
			return err
		}
		under = a.Under
	}
	for _, room := range rooms {
		if room == reaction.Room {
			continue
		}
		if err := tx.Stale(reaction.Thing, room, under, store.ClassReaction, now); err != nil {
			return err
		}
	}
	return nil
}

// echoed settles a request whose effect was seen on the network, perhaps
// before its own answer came, or instead of it.
func (r *Relay) echoed(tx *store.Tx, e chat.Event, now time.Time) error {
	thing, room, c, err := tx.CopyOfKey(e.Key)
	if err != nil {
		return ignoreMissing(err)
	}
	if !c.InFlight() || c.Key != e.Key || room != e.Message.Ref.Place.Room {
		return nil
	}
	c = settled(c, job{step: Step{Action: chat.Action{Verb: c.Verb, Emoji: emojiOf(c.Mark)}}, done: chat.Done{Ref: e.Message.Ref}})
	if err := tx.PutCopy(thing, room, c); err != nil {
		return err
	}
	d, err := tx.Delivery(thing, room)
	if err != nil {
		return ignoreMissing(err)
	}
	d.Due = now
	return tx.PutDelivery(d)
}
