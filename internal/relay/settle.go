package relay

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/store"
)

// settle records what came of a request in the copy, and returns the delivery
// as it is to be recorded (a zero one if it was dropped); on tells that it may go
// on at once. have are the copies as they are now, nil if they must be
// read again.
func (r *Relay) settle(tx *store.Tx, j job, now time.Time) (d store.Delivery, have []store.Copy, on bool, err error) {
	have, err = tx.Copies(j.delivery.Thing, j.delivery.Room)
	if err != nil {
		return d, nil, false, err
	}
	at := slices.IndexFunc(have, func(c store.Copy) bool { return c.Part == j.step.Copy.Part && c.Mark == j.step.Copy.Mark })
	if at < 0 {
		return d, nil, false, fmt.Errorf("part %d%s of it is not recorded: %w", j.step.Copy.Part, j.step.Copy.Mark, store.ErrNotFound)
	}
	v, others := judge(j.err, j.step.Action), false
	if v == refused && mayComeLate(j.step.Action) && !j.step.Late {
		v = struckOut // the others of this thing first
	}
	if c := have[at]; !c.InFlight() || c.Key != j.step.Copy.Key {
		v = made // an echo has settled it meanwhile
	} else if have[at], others, err = r.settleCopy(tx, j, c, v, now); err != nil {
		return d, nil, false, err
	}
	if c := have[at]; v == made && !j.late.IsZero() && !c.Ref.IsZero() && !c.InFlight() {
		if err := tellLate(tx, r.Language(j.delivery.Room), j.delivery, c.Ref.Place, j.late, now); err != nil {
			return d, nil, false, err
		}
	}
	if v != made || others {
		have = nil
	}
	if dropped, err := r.drop(tx, j, have, now); dropped || err != nil {
		return d, nil, false, err
	}
	if d, err = tx.Delivery(j.delivery.Thing, j.delivery.Room); err != nil {
		return store.Delivery{}, nil, false, ignoreMissing(err)
	}
	return r.rescheduled(d, j, v, now), have, v <= struckOut, nil
}

// drop drops a delivery of which all was done with the request, and reports
// whether it did: of a thing that is one message nothing else is to be said once
// that stands, unless somebody asked for it again meanwhile. What nobody asks for,
// such as a new name of the speaker, is as it was when the request was begun.
func (r *Relay) drop(tx *store.Tx, j job, have []store.Copy, now time.Time) (bool, error) {
	if have == nil || j.alone == nil {
		return false, nil
	}
	d := j.delivery
	if _, more := Next(d.Thing, d.Room, r.platforms[d.Room.Platform].Profile().Threads, j.alone, have); more {
		return false, nil
	}
	if dropped, err := tx.DropUnasked(d); !dropped || err != nil {
		return false, err
	}
	return true, reassure(tx, d, now)
}

// settleCopy records and returns what became of the copy, and whether others
// may have changed with it.
func (r *Relay) settleCopy(tx *store.Tx, j job, c store.Copy, v outcome, now time.Time) (_ store.Copy, others bool, err error) {
	thing, room := j.delivery.Thing, j.delivery.Room
	switch {
	case v <= gone && appeared(c, j.step.Action):
		return c, false, nil // what was to be taken back came to light meanwhile: taken back once more, with where it stands
	case c.Verb == chat.Delete && j.step.Copy.Verb != chat.Delete && (v == made || v != gone && j.step.Copy.Verb == chat.Edit):
		if v == made && !slices.Contains(c.Old, j.done.Ref) {
			c = located(c, j.done.Ref)
		}
		c, err = r.comesToLight(tx, thing, room, c, now)
		return c, true, err // it is to be made anew since: taken back, with what was said just now
	case v == made && finds(j):
		c, err = r.comesToLight(tx, thing, room, located(c, j.done.Ref), now)
		return c, true, err
	case v <= gone && j.step.Action.Verb == chat.Delete:
		err = leaves(tx, thing, c.Ref)
		c = settled(c, j.step.Action, chat.Done{})
		return c, false, errors.Join(err, tx.PutCopy(thing, room, c))
	case v == made:
		c = settled(c, j.step.Action, j.done)
		others, err = r.stands(tx, thing, room, c, j.step.Action.Verb, now)
		return c, others, err
	case v == gone && j.step.Action.Verb == chat.Edit:
		if c.Verb = chat.Delete; !j.step.Action.Again {
			c = quiet(c)
		}
		return c, true, r.removed(tx, thing, room, c, now)
	case v == gone:
		c = settled(c, j.step.Action, chat.Done{})
	case v == struckOut && mayComeLate(j.step.Action), v == refused && mayComeLate(j.step.Action):
		c = quiet(c)
		c.Hash = refusedOnce
	case v == struckOut:
		c = quiet(c)
		c.Hash = struck
	case v == open, j.step.Action.Again:
		return c, false, nil // what the first try did is still not known
	default:
		c = undone(c, j.step.Action.Verb)
	}
	return c, false, tx.PutCopy(thing, room, c)
}

// finds reports whether a request found a post that is to be taken back, of which it was
// not known where it stands.
func finds(j job) bool {
	return j.step.Action.Verb == chat.Delete && j.step.Action.On.ID == "" && !j.done.Ref.IsZero()
}

// comesToLight records where something stands that is being taken back, and handles
// what people answered before it was known that it is ours. What was printed is no
// longer needed to find it.
func (r *Relay) comesToLight(tx *store.Tx, thing store.Thing, room chat.Room, c store.Copy, now time.Time) (store.Copy, error) {
	if c.Ref.ID == "" {
		return c, tx.PutCopy(thing, room, c)
	}
	if c.Sent != "" {
		c.Sent = wordless
	}
	if err := tx.PutCopy(thing, room, c); err != nil {
		return c, err
	}
	_, err := r.release(tx, room, c.Ref.ID, thing, now)
	return c, err
}

// appeared reports whether an echo told, while a request took something back,
// where that stands, and the request did not know.
func appeared(c store.Copy, a chat.Action) bool {
	switch {
	case !a.Again:
		return false
	case a.Verb == chat.Delete:
		return c.Ref.ID != a.On.ID || len(c.Old) > len(a.Old)
	}
	return a.Verb == chat.Unreact && len(ownID(c)) > len(a.Old)
}

// stands records a copy that verb settled, and handles what came before it was
// known that this is ours. It reports whether anything did.
func (r *Relay) stands(tx *store.Tx, thing store.Thing, room chat.Room, c store.Copy, verb chat.Verb, now time.Time) (any bool, err error) {
	if err := tx.PutCopy(thing, room, c); err != nil {
		return false, err
	}
	switch verb {
	case chat.Post:
		return r.release(tx, room, c.Ref.ID, thing, now)
	case chat.OpenThread:
		if err := tellLocked(tx, r.Language(room), thing.Passage(), room, now); err != nil || c.Ref.Place.Thread == "" {
			return false, err
		}
		if err := keepCursor(tx, c.Ref.Place); err != nil {
			return false, err
		}
		return r.release(tx, room, c.Ref.Place.Thread, thing, now)
	}
	return false, nil
}

// keepCursor has a thread that was opened listened to, from its beginning.
func keepCursor(tx *store.Tx, p chat.Place) error {
	known, err := tx.Cursors(p.Room.Platform)
	if err != nil {
		return err
	}
	if _, ok := known[p]; ok {
		return nil
	}
	return tx.PutCursors(p.Room.Platform, map[chat.Place]chat.Cursor{p: ""})
}

// removed takes note that a copy of ours was removed by someone else. What a
// person said is hidden, and its other copies go; what is left of this one,
// earlier edits, goes with them. Words of the bot's own do not come back, but in
// which thread they stood is kept: what was said about them stands there still.
func (r *Relay) removed(tx *store.Tx, thing store.Thing, room chat.Room, c store.Copy, now time.Time) error {
	if err := leaves(tx, thing, c.Ref); err != nil {
		return err
	}
	id := thing.Annotation()
	switch {
	case id == "":
		c = quiet(c)
		c.Ref, c.Old, c.Hash = chat.Ref{Place: chat.Place{Room: room, Thread: threadAround(c.Ref)}}, nil, struck
	case !c.InFlight() && len(c.Old) == 0:
		c.Ref, c.Hash = chat.Ref{}, ""
	}
	if err := tx.PutCopy(thing, room, c); err != nil {
		return err
	}
	if id == "" {
		return lookAgain(tx, thing, room)
	}
	return Hide(tx, id, now)
}

// settled is c after a went through.
func settled(c store.Copy, a chat.Action, done chat.Done) store.Copy {
	ref := done.Ref
	switch a.Verb {
	case chat.Post, chat.OpenThread, chat.React:
		if ref.ID == "" {
			ref.ID = a.Emoji
		}
		if ref.As == "" {
			ref.As = "bot"
		}
		c.Ref, c.Old = ref, nil
	case chat.Edit:
		if !ref.IsZero() {
			c.Old = append(c.Old, ref)
		}
		if !done.Found {
			c.Hash = Hash(a.Message)
		}
	case chat.Delete, chat.Unreact:
		c.Ref, c.Old, c.Hash = chat.Ref{}, nil, ""
	}
	return quiet(c)
}

// undone is c after its request was certainly not made.
func undone(c store.Copy, v chat.Verb) store.Copy {
	if v == chat.Edit {
		c.Hash = "" // what stands there is older than what was to be said
	}
	return quiet(c)
}

func quiet(c store.Copy) store.Copy {
	c.Verb, c.Key, c.Sent, c.Began = "", "", "", time.Time{}
	return c
}

// outcome is what an answer means for the request.
type outcome uint8

const (
	made      outcome = iota // it went through
	gone                     // what it was about is no longer there
	struckOut                // it will never go through, and the delivery goes on without it
	refused                  // it will never go through
	waiting                  // not made; the network will take it later
	open                     // nobody knows
)

func judge(err error, a chat.Action) outcome {
	var wait chat.RetryAfter
	emoji := a.Verb == chat.React || a.Verb == chat.Unreact
	switch {
	case err == nil:
		return made
	case errors.Is(err, chat.ErrGone) && a.Verb == chat.Post && !a.Message.ReplyTo.IsZero():
		return waiting // it was to answer what is gone: the next try answers nobody
	case errors.Is(err, chat.ErrGone) && (a.Verb == chat.Post || a.Verb == chat.OpenThread):
		return refused
	case errors.Is(err, chat.ErrGone):
		return gone
	case errors.Is(err, chat.ErrRefused) && emoji:
		return struckOut
	case errors.Is(err, chat.ErrRefused):
		return refused
	case errors.As(err, &wait), errors.Is(err, chat.ErrForbidden), errors.Is(err, chat.ErrAuth), errors.Is(err, chat.ErrUnreached):
		return waiting
	}
	return open
}

// mayComeLate reports whether a is of those that are asked for once more, after
// all else, when they were refused: it changes what is known to stand there.
func mayComeLate(a chat.Action) bool {
	return !a.On.IsZero() && (a.Verb == chat.Edit || a.Verb == chat.Delete)
}

// answersNobody is the Why of a delivery that was to answer a message that is
// gone. It is tried again without.
const answersNobody = "what it answers is gone"

// leastWait keeps a network that asks to wait for no time from being asked
// without end.
const leastWait = time.Second

// rescheduled is the delivery after a request: due at once if all went well,
// later if not, dead if it was refused.
func (r *Relay) rescheduled(d store.Delivery, j job, v outcome, now time.Time) store.Delivery {
	if v <= struckOut {
		d.Due, d.Tries, d.Spent, d.Why = now, 0, 0, ""
		return d
	}
	d.Tries++
	d.Why = j.err.Error()
	if v == refused {
		d.Dead = now
		return d
	}
	if errors.Is(j.err, chat.ErrUnreached) || errors.Is(j.err, chat.ErrAuth) {
		d.Due, d.Tries = now, d.Tries-1 // the platform is held, not this delivery
		return d
	}
	var asked chat.RetryAfter
	if errors.As(j.err, &asked) && asked.Scope != chat.MessageScope {
		d.Due, d.Tries = now, d.Tries-1 // likewise, or the room: it keeps its place there
		d.Spent += max(asked.Wait, leastWait)
		return d
	}
	wait := backoff(j.step.Action.Key, d.Tries)
	switch {
	case errors.As(j.err, &asked):
		wait = max(asked.Wait, leastWait)
	case errors.Is(j.err, chat.ErrGone):
		d.Why = answersNobody
	case v == open:
		wait = max(wait, r.c.Settle)
	}
	d.Due = now.Add(wait + time.Millisecond) // the store keeps whole ones
	if answered(j.err) {
		d.Spent += wait
	}
	return d
}

// backoff is 1 s, 2 s, 4 s, … up to an hour, give or take a fifth that depends
// on the key and the try alone.
func backoff(key string, tries int) time.Duration {
	wait := time.Hour
	if tries < 13 {
		wait = min(wait, time.Second<<max(tries-1, 0))
	}
	sum := sha256.Sum256(fmt.Append(nil, key, tries))
	part := int64(binary.BigEndian.Uint16(sum[:2])) - 1<<15
	return wait + time.Duration(int64(wait)/5*part/(1<<15))
}

// answered reports whether the network said anything at all.
func answered(err error) bool {
	var broken net.Error
	return !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) &&
		!errors.Is(err, chat.ErrUnreached) && !errors.As(err, &broken)
}
