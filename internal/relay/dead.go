package relay

import (
	"slices"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/store"
)

// What could not be said somewhere is a dead letter. Who wrote it is told where
// they did, by an emoji under their message, for as long as it is one; another
// emoji of theirs, or a command, has it tried again.
const (
	warning = "⚠" // under a message that did not come everywhere
	again   = "🔁" // of its writer puts it back to life; elsewhere it is an emoji as others are
)

// giveUp records a delivery that is dead, and has its writer told.
func giveUp(tx *store.Tx, d store.Delivery, now time.Time) error {
	if err := tx.PutDelivery(d); err != nil {
		return err
	}
	if note := d.Thing.Note(); note != "" {
		return unsayLate(tx, d, note, now)
	}
	id := d.Thing.Annotation()
	if id == "" {
		return lookAgain(tx, d.Thing, d.Room)
	}
	a, err := tx.Annotation(id)
	if err != nil {
		return ignoreMissing(err)
	}
	copies, err := tx.AllCopies(d.Thing)
	if err != nil {
		return err
	}
	for _, room := range inOrder(copies) {
		if room != d.Room && slices.ContainsFunc(copies[room], isOwn) {
			return tx.Stale(d.Thing, room, a.Under, store.ClassReaction, now)
		}
	}
	return nil
}

// isOwn reports whether a copy is a person's own message.
func isOwn(c store.Copy) bool { return c.Mark == "" && !c.Ref.IsZero() && c.Ref.As == "" }

// reassure has the warning under a message taken off, if there is one, once what
// it told of has come through to a room.
func reassure(tx *store.Tx, d store.Delivery, now time.Time) error {
	if d.Thing.Annotation() == "" {
		return nil
	}
	rooms, err := tx.Marked(d.Thing, reactMark+warning)
	if err != nil {
		return err
	}
	for _, room := range rooms {
		if room == d.Room {
			continue
		}
		if err := tx.Stale(d.Thing, room, d.Thread, store.ClassReaction, now); err != nil {
			return err
		}
	}
	return nil
}

// Dead returns the dead letters that concern a place: in a thread, those of its
// passage and of what was said about it, to whatever room; in a room's main
// timeline those to the room, and those of what was said in it.
func Dead(tx *store.Tx, p chat.Place) ([]store.Delivery, error) {
	about, err := About(tx, chat.Ref{Place: p})
	if err != nil {
		return nil, err
	}
	under := about.Passage()
	if id := about.Annotation(); id != "" {
		a, err := tx.Annotation(id)
		if err != nil {
			return nil, err
		}
		under = a.Under
	}
	return deadIf(tx, func(d store.Delivery) (bool, error) {
		switch {
		case p.Thread != "":
			return under != "" && (d.Thread == under || d.Thing == store.PassageThing(under)), nil
		case d.Room == p.Room:
			return true, nil
		}
		here, err := tx.Copies(d.Thing, p.Room)
		return slices.ContainsFunc(here, isOwn), err
	})
}

// DeadOf returns the dead letters of what somebody said, by whatever account of
// theirs, and did not take back.
func DeadOf(tx *store.Tx, who discussion.Person) ([]store.Delivery, error) {
	return deadIf(tx, func(d store.Delivery) (bool, error) {
		id := d.Thing.Annotation()
		if id == "" || d.Class == store.ClassReaction {
			return false, nil
		}
		a, err := tx.Annotation(id)
		if err != nil || a.Gone() {
			return false, ignoreMissing(err)
		}
		by, err := tx.Person(a.Creator)
		return err == nil && by.Self() == who.Self(), ignoreMissing(err)
	})
}

func deadIf(tx *store.Tx, suits func(store.Delivery) (bool, error)) ([]store.Delivery, error) {
	rooms, err := tx.RoomStatus()
	if err != nil {
		return nil, err
	}
	var all []store.Delivery
	for _, r := range rooms {
		if r.Dead == 0 {
			continue
		}
		dead, err := tx.Dead(r.Room)
		if err != nil {
			return nil, err
		}
		for _, d := range dead {
			if ok, err := suits(d); err != nil {
				return nil, err
			} else if ok {
				all = append(all, d)
			}
		}
	}
	return all, nil
}

// Revive has dead letters tried again from the beginning.
func Revive(tx *store.Tx, dead []store.Delivery, now time.Time) error {
	for _, d := range dead {
		if err := tx.Stale(d.Thing, d.Room, d.Thread, d.Class, now); err != nil {
			return err
		}
	}
	return nil
}

// askedAgain has a remark's dead letters tried again if its writer asks for it
// by an emoji, the first time that this is told. Such an emoji is a request, and
// stays one until it is taken off: it says nothing of the remark, and is shown
// nowhere else. Where nothing is dead it is no request.
func askedAgain(tx *store.Tx, reaction store.Reaction, now time.Time) error {
	id := reaction.Thing.Annotation()
	if reaction.Emoji != again || id == "" {
		return nil
	}
	a, err := tx.Annotation(id)
	if err != nil || a.Creator != reaction.Person {
		return err
	}
	held, err := tx.Reactions(reaction.Thing)
	if err != nil || slices.ContainsFunc(held, func(r store.Reaction) bool {
		return r.Person == reaction.Person && r.Emoji == again && r.Room == reaction.Room
	}) {
		return err
	}
	dead, err := deadIf(tx, func(d store.Delivery) (bool, error) { return d.Thing == reaction.Thing, nil })
	if err != nil || len(dead) == 0 {
		return err
	}
	if err := tx.PutTombstone(reaction.Room, requestName(reaction)); err != nil {
		return err
	}
	return Revive(tx, dead, now)
}

// requestName is under what name a reaction is recorded as a request: one that
// must not come back as anything else.
func requestName(r store.Reaction) string {
	return discussion.Derive("request", string(r.Thing), string(r.Person), r.Emoji)
}

// Opinions are the reactions to the things of a text that say something of them:
// all but the requests of writers to try again.
func Opinions(tx *store.Tx, text discussion.ID) ([]store.Reaction, error) {
	all, err := tx.ReactionsIn(text)
	if err != nil {
		return nil, err
	}
	return opinions(tx, all)
}

// Says reports whether a reaction says something of what it is to, as Opinions do.
func Says(tx *store.Tx, r store.Reacted) (bool, error) {
	if r.Emoji != again || !r.Remark {
		return true, nil
	}
	whole, err := tx.ReactionOf(r)
	if err != nil {
		return false, err
	}
	request, err := isRequest(tx, whole)
	return !request, err
}

// OpinionsOn are those to one thing.
func OpinionsOn(tx *store.Tx, t store.Thing) ([]store.Reaction, error) {
	all, err := tx.Reactions(t)
	if err != nil {
		return nil, err
	}
	return opinions(tx, all)
}

func opinions(tx *store.Tx, all []store.Reaction) ([]store.Reaction, error) {
	var left []store.Reaction
	for _, r := range all {
		request, err := isRequest(tx, r)
		if err != nil {
			return nil, err
		}
		if !request {
			left = append(left, r)
		}
	}
	return left, nil
}

func isRequest(tx *store.Tx, r store.Reaction) (bool, error) {
	if r.Emoji != again || r.Thing.Annotation() == "" {
		return false, nil
	}
	return tx.Tombstoned(r.Room, requestName(r))
}

// diedElsewhere reports whether a remark could not be said in another room.
func diedElsewhere(tx *store.Tx, id discussion.AnnotationID, here chat.Room) (bool, error) {
	dead, err := tx.DeadIn(store.AnnotationThing(id))
	return slices.ContainsFunc(dead, func(r chat.Room) bool { return r != here }), err
}
