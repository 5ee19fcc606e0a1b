package relay

import (
	"fmt"
	"strconv"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/store"
)

// Late is the Kind of the note that tells in a thread that the remark above it was
// said long before.
const Late = "late"

const lateAfter = time.Hour // from when it was said to when it comes

// comesLate reports whether what is posted now is a remark that was said long
// before, and not one that is posted anew.
func comesLate(d store.Delivery, w Words, v View, now time.Time) bool {
	if d.Thing.Annotation() == "" || v.Parts+len(v.Files) > 0 || now.Sub(w.Annotation.Created) < lateAfter {
		return false
	}
	return !v.Worded || d.Class == store.ClassReply && now.Sub(d.Born) >= lateAfter
}

// tellLate has a line stand behind a remark that came late to a thread, as after
// an outage. A thread has one line of an outage: what was said before the last of
// what came late has come is no news.
func tellLate(tx *store.Tx, d store.Delivery, at chat.Place, said, now time.Time) error {
	key := "late:" + discussion.Derive(at.Room.String(), at.Thread)
	last, err := tx.Setting(key)
	if err != nil {
		return err
	}
	if err := tx.PutSetting(key, strconv.FormatInt(now.UnixMilli(), 10)); err != nil {
		return err
	}
	if ms, _ := strconv.ParseInt(last, 10, 64); said.UnixMilli() <= ms { // what is no number was not told
		return nil
	}
	a, err := tx.Annotation(d.Thing.Annotation())
	if err != nil {
		return err
	}
	n := store.Note{
		ID:   discussion.NoteID(discussion.Derive(Late, at.Room.String(), at.Thread, string(a.ID))),
		Kind: Late, Discussion: a.Discussion, Place: at, Created: now.UTC(),
		Body: format.Text(fmt.Sprintf("What people said elsewhere from %s on comes late.", said.UTC().Format("2 January 2006, 15:04 UTC"))),
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
