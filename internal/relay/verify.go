package relay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/lang"
	"marginalia/internal/store"
)

// FaultKind is how a room differs from what the store says of it.
type FaultKind string

// The kinds of fault.
const (
	Lost    FaultKind = "lost"    // it should stand there and does not, and nothing is on its way
	Doubled FaultKind = "doubled" // it shows what another message of the bot's shows too
	Strayed FaultKind = "strayed" // it is the bot's and shows nothing that is known, stands in another thread than is known, or should be gone
	Stale   FaultKind = "stale"   // it has other words than it should
	Unheard FaultKind = "unheard" // a person said it under something of the bot's, and it is not recorded
)

// Fault is one thing in which a room differs from what the store says of it.
type Fault struct {
	Kind FaultKind
	Room chat.Room
	What string   // which passage, which words, in the operator's words
	Ref  chat.Ref // of the message; zero if there is none
	Why  string

	thing  store.Thing                                           // "" if it is no copy of anything
	was    store.Copy                                            // what the store says
	change func(c store.Copy, now time.Time) store.Copy          // what mends was; nil: its delivery alone does
	put    func(tx *store.Tx, now time.Time) (did bool, _ error) // mends what is no copy; nil otherwise
	thread bool                                                  // its thread is gone too: another is opened
	under  discussion.PassageID
	class  uint8
	seq    int // of a passage in its text; 0 of what answers one
}

// Verdict is what Verify found in all rooms.
type Verdict struct {
	Faults []Fault
	Coming int // things on their way to rooms: they are not looked at
	Given  int // things that were given up: not either
}

// Count tells how many faults are of a kind.
func (v Verdict) Count(k FaultKind) (n int) {
	for _, f := range v.Faults {
		if f.Kind == k {
			n++
		}
	}
	return n
}

// Verify holds what stands in the rooms against the store. It changes nothing,
// and works beside a relay that runs. What is on its way is not looked at, nor
// which emoji people put where. A network that is no chat.Auditor is taken at the
// store's word. A room that cannot be read is an error, and the others are
// looked at all the same.
func (r *Relay) Verify(ctx context.Context) (Verdict, error) {
	var v Verdict
	var all []error
	var rooms []chat.Room // of those that were replaced, the others
	err := r.c.DB.View(ctx, func(tx *store.Tx) (err error) {
		rooms, err = Successors(tx, r.c.Rooms)
		return err
	})
	if err != nil {
		return v, err
	}
	for _, room := range rooms {
		if err := r.verifyRoom(ctx, room, &v); err != nil {
			all = append(all, fmt.Errorf("look at %s: %w", room, err))
		}
	}
	return v, errors.Join(all...)
}

// verifyRoom looks at a room between two looks at the store: what differs
// between these was being changed.
func (r *Relay) verifyRoom(ctx context.Context, room chat.Room, v *Verdict) error {
	platform, ok := r.platforms[room.Platform]
	if !ok {
		return errors.New("no such platform")
	}
	a := audit{relay: r, room: room, profile: platform.Profile()}
	var from time.Time
	err := r.c.DB.View(ctx, func(tx *store.Tx) (err error) {
		if from, err = firstImport(tx); err != nil {
			return err
		}
		a.before, err = booksOf(tx, room)
		return err
	})
	if err != nil {
		return err
	}
	if auditor, ok := platform.(chat.Auditor); ok {
		if err := a.read(ctx, auditor, from); err != nil {
			return err
		}
	}
	err = r.c.DB.View(ctx, func(tx *store.Tx) (err error) {
		a.found, a.coming = nil, 0
		if a.now, err = booksOf(tx, room); err != nil {
			return err
		}
		return a.judge(tx, time.Now())
	})
	v.Faults = append(v.Faults, a.found...)
	v.Coming += a.coming
	v.Given += a.now.given
	return err
}

// beforeImport is how much earlier than the first import of a text a network's
// clock may say that something of the bot's was said.
const beforeImport = time.Hour

func firstImport(tx *store.Tx) (time.Time, error) {
	all, err := tx.Discussions()
	if err != nil || len(all) == 0 {
		return time.Time{}, err
	}
	return all[0].Imported.Add(-beforeImport), nil
}

// books are what the store says of a room.
type books struct {
	copies map[store.Thing][]store.Copy
	waits  map[store.Thing]store.Delivery
	ids    map[string]bool // of messages, and of events that hold words of them
	flying []store.Copy    // posts whose outcome is not known
	given  int
}

func booksOf(tx *store.Tx, room chat.Room) (b books, err error) {
	b.waits, b.ids = map[store.Thing]store.Delivery{}, map[string]bool{}
	if b.copies, err = tx.CopiesIn(room); err != nil {
		return b, err
	}
	waits, err := tx.Deliveries(room)
	for _, d := range waits {
		b.waits[d.Thing] = d
		if !d.Dead.IsZero() {
			b.given++
		}
	}
	for _, all := range b.copies {
		for _, c := range all {
			if c.InFlight() && c.Mark == "" {
				b.flying = append(b.flying, c)
			}
			if c.Mark != "" || c.Ref.IsZero() {
				continue
			}
			for _, ref := range append(c.Old[:len(c.Old):len(c.Old)], c.Ref) {
				b.ids[ref.ID] = true
			}
		}
	}
	return b, err
}

// comes reports whether a thing is on its way to the room.
func (b books) comes(t store.Thing) bool {
	d, waits := b.waits[t]
	return waits && d.Dead.IsZero()
}

// has reports whether anything is recorded of a thing in the room.
func (b books) has(t store.Thing) bool {
	_, waits := b.waits[t]
	return waits || len(b.copies[t]) > 0
}

func (b books) copy(t store.Thing, part int, mark string) store.Copy {
	return need{have: b.copies[t]}.copy(part, mark)
}

// Mend puts faults right by what always does: the copies are recorded as they
// are, and the couriers, here or in another process, do the rest. It returns
// how many it did so. What changed since Verify saw it is left alone. What a
// person said is recorded here and now; where no relay runs it is no fault, for
// the next one reads it, and the caller leaves it out.
func (r *Relay) Mend(ctx context.Context, faults []Fault, now time.Time) (mended int, err error) {
	type subject struct {
		room    chat.Room
		thing   store.Thing
		message string // where there is no thing
	}
	faults = slices.Clone(faults)
	slices.SortStableFunc(faults, func(a, b Fault) int { return cmp.Compare(uint(a.seq-1), uint(b.seq-1)) }) // first what others answer
	var order []subject
	of := map[subject][]Fault{}
	for _, f := range faults {
		s := subject{room: f.Room, thing: f.thing}
		if f.thing == "" {
			s.message = f.Ref.ID
		}
		if of[s] == nil {
			order = append(order, s)
		}
		of[s] = append(of[s], f)
	}
	var all []error
	for _, s := range order {
		n := 0
		err := r.c.DB.Update(ctx, func(tx *store.Tx) (err error) {
			n, err = mend(tx, of[s], now)
			return err
		})
		if err != nil {
			all = append(all, fmt.Errorf("mend %s in %s: %w", of[s][0].What, s.room, err))
			continue
		}
		mended += n
	}
	return mended, errors.Join(all...)
}

// mend puts the faults of one thing in one room right, or of one message that
// is of no thing.
func mend(tx *store.Tx, faults []Fault, now time.Time) (n int, err error) {
	room, thing := faults[0].Room, faults[0].thing
	if d, err := tx.Delivery(thing, room); err == nil && d.Dead.IsZero() {
		return 0, nil // on its way meanwhile
	} else if err != nil && !errors.Is(err, store.ErrNotFound) {
		return 0, err
	}
	have, err := tx.Copies(thing, room)
	if err != nil {
		return 0, err
	}
	for _, f := range faults {
		do := f.put
		if do == nil {
			do = func(tx *store.Tx, now time.Time) (bool, error) { return f.mend(tx, have, now) }
		}
		did, err := do(tx, now)
		if err != nil {
			return 0, err
		}
		if did {
			n++
		}
	}
	return n, nil
}

// mend puts a fault of a copy right, unless that changed since. The copies are
// those of its thing in its room.
func (f Fault) mend(tx *store.Tx, have []store.Copy, now time.Time) (did bool, err error) {
	of := need{have: have}
	c := of.copy(f.was.Part, f.was.Mark)
	if c.InFlight() || c.Ref.ID != f.was.Ref.ID || c.Seq != f.was.Seq {
		return false, nil
	}
	if f.change != nil {
		if err := tx.PutCopy(f.thing, f.Room, f.change(c, now)); err != nil {
			return false, err
		}
	}
	if c := of.copy(0, store.ThreadMark); f.thread && !c.InFlight() {
		c.Ref = chat.Ref{}
		if err := tx.PutCopy(f.thing, f.Room, c); err != nil {
			return false, err
		}
	}
	return true, tx.Stale(f.thing, f.Room, f.under, f.class, now)
}

// anewAt is the change that has a message deleted where it stands, if it does,
// and posted again: what is left of it goes first, so that nothing is doubled.
func anewAt(thing store.Thing, room chat.Room, at chat.Ref) func(store.Copy, time.Time) store.Copy {
	return func(c store.Copy, now time.Time) store.Copy {
		c.Ref = at
		c = need{thing: thing, room: room}.begin(c, chat.Delete).Copy
		c.Began = now
		return c
	}
}

// reworded is the change that has a message edited.
func reworded(c store.Copy, _ time.Time) store.Copy {
	c.Hash = ""
	return c
}

// forgotten is the change that has an emoji put on again.
func forgotten(c store.Copy, _ time.Time) store.Copy {
	c.Ref = chat.Ref{}
	return c
}

// foundAt is the change that makes something known that stands there: it stays
// if it is wanted, and is taken off else.
func foundAt(ref chat.Ref) func(store.Copy, time.Time) store.Copy {
	return func(c store.Copy, _ time.Time) store.Copy {
		c.Ref = ref
		return c
	}
}

// takeAway has a message that shows nothing known deleted: it becomes the copy
// of a note that has no words, and such are not wanted anywhere.
func takeAway(ref chat.Ref) (store.Thing, func(*store.Tx, time.Time) (bool, error)) {
	room := ref.Place.Room
	id := discussion.NoteID(discussion.Derive("stray", room.String(), ref.ID))
	thing := store.NoteThing(id)
	return thing, func(tx *store.Tx, now time.Time) (bool, error) {
		if _, _, err := tx.CopyAt(room, ref.ID); !errors.Is(err, store.ErrNotFound) {
			return false, err // it is known by now
		}
		if err := tx.PutNote(store.Note{ID: id, Kind: "stray", Place: ref.Place, Created: now}); err != nil {
			return false, err
		}
		if err := tx.PutCopy(thing, room, store.Copy{Ref: ref}); err != nil {
			return false, err
		}
		return true, tx.Stale(thing, room, "", store.ClassEdit, now)
	}
}

// Describe is a thing, or a part of it, in words.
func Describe(tx *store.Tx, in lang.Language, t store.Thing, part int) (string, error) {
	var what string
	switch {
	case t.Passage() != "":
		p, of, _, err := tx.Passage(t.Passage())
		if err != nil {
			return "", err
		}
		head, err := tx.Head(of)
		if err != nil {
			return "", err
		}
		what = in.Sprintf("passage %d of %s", p.Seq, Title(head.Title))
	case t.Annotation() != "":
		a, err := tx.Annotation(t.Annotation())
		if err != nil {
			return "", err
		}
		what = in.Sprintf("the remark “%s”", format.Excerpt(a.Told(), 40))
		if a.Told().Empty() {
			what = in.Sprintf("a remark that was deleted")
		}
	default:
		n, err := tx.Note(t.Note())
		if err != nil {
			return "", err
		}
		what = in.Sprintf("the bot's %s “%s”", n.Kind, format.Excerpt(n.Body, 40))
	}
	if part > 0 {
		what += in.Sprintf(", part %d", part+1)
	}
	return what, nil
}
