package relay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/store"
)

// Handle records one answer of a network: all of its events and cursors, in
// one transaction. It may be called again with the same batch. An event that
// cannot be handled is put into the inbox and does not hold up the others;
// where the database is down nothing is recorded, and all comes again.
func (r *Relay) Handle(ctx context.Context, platform string, b chat.Batch) error {
	if r.begun.has(platform, b.Since) && r.echoes.putOff(platform, b, time.Now()) {
		return nil
	}
	b = r.echoes.with(platform, b)
	b.Events = slices.DeleteFunc(slices.Clone(b.Events), func(e chat.Event) bool { return r.bellOf(e.Message.Ref.Place.Room) == nil })
	poison := map[int]error{}
	err := r.record(ctx, platform, b, poison)
	var p poisoned
	for errors.As(err, &p) && poison[p.event] == nil && ctx.Err() == nil && !errors.Is(err, store.ErrDown) {
		poison[p.event] = p.why // and all the others again, without it
		err = r.record(ctx, platform, b, poison)
	}
	if err != nil {
		return fmt.Errorf("record what %s said: %w", platform, err)
	}
	for _, e := range b.Events {
		switch e.Kind {
		case chat.Called, chat.Edited:
			if e.Call != nil {
				r.desk.done(e.Call.Ref) // of what was edited the words before are not answered any more
				ring(r.bell)
			}
		case chat.Echoed:
			ring(r.bellOf(e.Message.Ref.Place.Room))
		case chat.Moved:
			if e.Why == "" {
				r.attend(e.To, e.Message.Ref.Place.Room)
				r.holds.clear(e.Message.Ref.Place.Room.String(), time.Now())
			}
		}
	}
	return nil
}

// poisoned says which event of a batch could not be handled.
type poisoned struct {
	event int
	why   error
}

func (p poisoned) Error() string { return p.why.Error() }
func (p poisoned) Unwrap() error { return p.why }

func (r *Relay) record(ctx context.Context, platform string, b chat.Batch, poison map[int]error) error {
	now, again := time.Now(), r.begun.has(platform, b.Since) && toldAgain(b)
	err := r.c.DB.Update(ctx, func(tx *store.Tx) error {
		if again {
			tx.Lazy()
		}
		for i, e := range b.Events {
			if why := poison[i]; why != nil {
				r.c.Log.Error("an event is put aside", "kind", e.Kind, "room", e.Message.Ref.Place.Room.String(), "error", why)
				if err := keep(tx, e, e.Message.Ref.ID, why.Error(), 1, now); err != nil {
					return err
				}
			} else if err := r.event(tx, e, now); err != nil {
				return poisoned{i, fmt.Errorf("event %s %s: %w", e.Kind, e.Message.Ref.ID, err)}
			}
		}
		return tx.PutCursors(platform, b.Since)
	})
	if err == nil && !again {
		r.begun.add(platform, b.Since)
	}
	return err
}

// toldAgain reports whether the network tells all of a batch again from the
// cursors before it, if there are such. Of calls it does not everywhere; of what is
// deleted it may tell by its absence, which for something of ours reads as if it had
// not been made; and where there are no cursors nothing is told twice.
func toldAgain(b chat.Batch) bool {
	return len(b.Since) > 0 && !slices.ContainsFunc(b.Events, func(e chat.Event) bool { return e.Kind == chat.Called || e.Kind == chat.Deleted })
}

// event handles one event; a panic in it is the event's fault, not the bot's.
func (r *Relay) event(tx *store.Tx, e chat.Event, now time.Time) (err error) {
	defer func() {
		if broken := recover(); broken != nil {
			err = brokenBy{broken}
		}
	}()
	if late, err := unheard(tx, e); late || err != nil {
		return err
	}
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
		call := *e.Call
		call.Files = e.Message.Files
		_, err := tx.PutCall(call, now)
		return err
	case chat.Echoed:
		return r.echoed(tx, e, now)
	case chat.Moved:
		return r.moved(tx, e, now)
	}
	return errors.New("it is of a kind that is not known")
}

// said turns a reply into an annotation. Talk that is neither in a passage's
// thread nor an answer to something of ours is left alone. What is known
// already may have been edited since.
func (r *Relay) said(tx *store.Tx, e chat.Event, now time.Time) error {
	room, id := e.Message.Ref.Place.Room, e.Message.Ref.ID
	if dead, err := tx.Tombstoned(room, id); dead || err != nil {
		return err
	}
	_, _, err := tx.CopyAt(room, id)
	if err == nil && !e.Revised.IsZero() {
		e.Kind, e.By = chat.Edited, e.Message.From
		return r.edited(tx, e, now)
	}
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if heard, err := r.heardChoice(tx, e, now); heard || err != nil {
		return err
	}
	about, err := whatAbout(tx, e.Message)
	if errors.Is(err, store.ErrNotFound) {
		return r.perhapsOurs(tx, e, now)
	}
	if err != nil {
		return err
	}
	locked, err := Locked(tx, chat.Ref{Place: e.Message.Ref.Place, ID: e.Message.ReplyTo.ID}, orNow(e.At, now))
	if err != nil {
		return err
	}
	if locked || r.tooOld(orNow(e.At, now), now) {
		return tx.PutTombstone(room, id) // nor does it become a remark when the thread is opened again
	}
	a, err := r.annotation(tx, about, e, now)
	if err != nil {
		return err
	}
	several := about.aim(&a, &r.texts)
	if err := tx.PutAnnotation(a); err != nil {
		return err
	}
	if len(several) > 1 {
		if err := about.ask(tx, r.Language(room), a, several, e.Message.Ref, e.At, now); err != nil {
			return err
		}
	}
	if err := tx.PutCopy(store.AnnotationThing(a.ID), room, store.Copy{Ref: e.Message.Ref}); err != nil {
		return err
	}
	if err := mirror(tx, a, room, notAfter(orNow(e.At, now), now)); err != nil { // it is late from when it was said
		return err
	}
	if err := r.readOn(tx, store.PassageThing(a.Under), room); err != nil {
		return err
	}
	if err := r.hint(tx, a, e, now); err != nil {
		return err
	}
	_, err = r.release(tx, room, id, store.AnnotationThing(a.ID), now)
	return err
}

// annotation is what a message becomes, but for its target.
func (r *Relay) annotation(tx *store.Tx, about about, e chat.Event, now time.Time) (discussion.Annotation, error) {
	at := e.Message.Ref
	person, err := tx.PutPerson(at.Place.Room.Platform, e.Message.From)
	if err != nil {
		return discussion.Annotation{}, err
	}
	body, err := bodyOf(tx, e.Message)
	if err != nil {
		return discussion.Annotation{}, err
	}
	return discussion.Annotation{
		ID:         annotationBy(at),
		Discussion: about.discussion, Under: about.passage.ID, Creator: person.ID,
		Body: body, Files: filesOf(nil, e.Message), Motivation: about.motivation(body), Via: r.link(at), Created: notAfter(e.At, now).UTC(), Modified: e.Revised.UTC(),
	}, nil
}

// mirror marks a new annotation stale in every room that shows its passage, or
// will, but not in the one that it was made in.
func mirror(tx *store.Tx, a discussion.Annotation, origin chat.Room, now time.Time) error {
	rooms, err := showing(tx, store.PassageThing(a.Under))
	if err != nil {
		return err
	}
	for _, room := range rooms {
		if room == origin {
			continue
		}
		if err := tx.Stale(store.AnnotationThing(a.ID), room, a.Under, store.ClassReply, now); err != nil {
			return err
		}
	}
	return nil
}

// showing are the rooms that show a thing or are about to, those that gave it
// up: there too it may come to stand some day; and those in which somebody
// removed an excerpt from a thread: what is said about it stands there.
func showing(tx *store.Tx, t store.Thing) ([]chat.Room, error) {
	rooms, err := tx.RoomsOf(t)
	if err != nil {
		return nil, err
	}
	tried, err := tx.AllCopies(t)
	if err != nil {
		return nil, err
	}
	for _, room := range inOrder(tried) {
		if slices.Contains(rooms, room) {
			continue
		}
		if slices.ContainsFunc(tried[room], func(c store.Copy) bool { return c.Hash == struck && stoodUnder(c) }) {
			rooms = append(rooms, room)
			continue
		}
		if _, err := tx.Delivery(t, room); err == nil {
			rooms = append(rooms, room)
		} else if !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
	}
	return rooms, nil
}

// inOrder are the rooms of copies, in the same order each time: transactions
// that write for several rooms must not wait for each other.
func inOrder(copies map[chat.Room][]store.Copy) []chat.Room {
	return slices.SortedFunc(maps.Keys(copies), func(a, b chat.Room) int { return cmp.Compare(a.String(), b.String()) })
}

func (r *Relay) link(ref chat.Ref) string {
	if link := r.platforms[ref.Place.Room.Platform].Profile().Link; link != nil {
		return link(ref)
	}
	return ""
}

// echoed settles a request whose effect was seen on the network, perhaps
// before its own answer came, or instead of it.
func (r *Relay) echoed(tx *store.Tx, e chat.Event, now time.Time) error {
	thing, room, c, err := tx.CopyOfKey(e.Key)
	if err != nil {
		return ignoreMissing(err)
	}
	if room != e.Message.Ref.Place.Room {
		return nil
	}
	if c.Verb == chat.Delete || c.Verb == chat.Unreact {
		_, err := r.comesToLight(tx, thing, room, located(c, e.Message.Ref), now)
		return err
	}
	verb := c.Verb
	c = settled(c, chat.Action{Verb: verb, Emoji: emojiOf(c.Mark)}, chat.Done{Ref: e.Message.Ref, Found: true})
	if _, err := r.stands(tx, thing, room, c, verb, now); err != nil {
		return err
	}
	d, err := tx.Delivery(thing, room)
	if err != nil {
		return ignoreMissing(err)
	}
	d.Due = now
	if !d.Dead.IsZero() { // it was given up in doubt, and there is no doubt any more
		d.Dead, d.Tries, d.Spent, d.Why = time.Time{}, 0, 0, ""
	}
	return tx.PutDelivery(d)
}

// located is a copy whose request is being taken back, now that it is known
// that the request went through, and where.
func located(c store.Copy, ref chat.Ref) store.Copy {
	switch {
	case c.Ref.IsZero():
		c.Ref = ref
	case c.Ref.ID != ref.ID && c.Mark == "":
		c.Old = append(c.Old, ref)
	}
	return c
}
