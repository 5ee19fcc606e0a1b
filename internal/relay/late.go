package relay

import (
	"slices"
	"strconv"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/lang"
	"marginalia/internal/store"
)

// Late is the Kind of the note that tells in a thread that the remark above it was
// said long before.
const Late = "late"

const (
	lateAfter      = time.Hour // from when it was said to when it comes
	lateOnceWithin = 12 * time.Hour
)

// comesLate reports whether what is posted now is the last of a remark that was
// said long before it comes, and not one that is posted anew or filled in.
func comesLate(d store.Delivery, s Step, want []Want, have []store.Copy, now time.Time) bool {
	if d.Thing.Annotation() == "" || s.Action.Verb != chat.Post || d.Class != store.ClassReply && d.Class != store.ClassFile || now.Sub(d.Born) < lateAfter {
		return false
	}
	have = append(slices.Clone(have), store.Copy{Part: s.Copy.Part, Hash: struck})
	return !slices.ContainsFunc(want, func(w Want) bool {
		return w.Mark == "" && !slices.ContainsFunc(have, func(c store.Copy) bool {
			return c.Part == w.Part && c.Mark == "" && (c.Hash == struck || !c.Ref.IsZero() && c.Verb != chat.Post)
		})
	})
}

// tellLate has a line stand behind a remark that came late to a thread, as after
// an outage. A thread has one of an outage, however long that takes to make up for.
func tellLate(tx *store.Tx, in lang.Language, d store.Delivery, at chat.Place, said, now time.Time) error {
	a, err := tx.Annotation(d.Thing.Annotation())
	if err != nil || a.Gone() {
		return err
	}
	key := "late:" + discussion.Derive(at.Room.String(), at.Thread)
	last, err := tx.Setting(key)
	if err != nil {
		return err
	}
	if err := tx.PutSetting(key, strconv.FormatInt(now.UnixMilli(), 10)); err != nil {
		return err
	}
	ms, _ := strconv.ParseInt(last, 10, 64)                         // what is no number was not told
	if last != "" && now.Sub(time.UnixMilli(ms)) < lateOnceWithin { // as where someone's clock is hours behind
		return nil
	}
	n := store.Note{
		ID:   discussion.NoteID(discussion.Derive(Late, at.Room.String(), at.Thread, string(a.ID))),
		Kind: Late, Discussion: a.Discussion, Place: at, Created: now.UTC(),
		Body: format.Text(in.Sprintf("What people said elsewhere from %s on comes late.", in.Date(said))),
	}
	if err := tx.PutNote(n); err != nil {
		return err
	}
	return tx.Stale(store.NoteThing(n.ID), d.Room, d.Thread, store.ClassPost, now) // ahead of all that waits in its thread
}

// unsayLate takes back a line that could not be posted behind what it tells of:
// later it would tell of something else.
func unsayLate(tx *store.Tx, d store.Delivery, id discussion.NoteID, now time.Time) error {
	n, err := tx.Note(id)
	if err != nil || n.Kind != Late {
		return ignoreMissing(err)
	}
	return reword(tx, n, d.Thread, format.Doc{}, now)
}
