package relay

import (
	"errors"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/store"
)

// Closed is the Kind of the note that tells in a thread that it is closed.
const Closed = "closed"

const closedWords = "A moderator closed this thread: what is said in it from now on stays talk in this room, and comes neither to the page nor to the other rooms."

// lockOf names the setting that tells whether a passage's thread is closed.
func lockOf(p discussion.PassageID) string { return "closed:" + string(p) }

// SetLocked closes the threads of a passage, or opens them again. Each of them
// is told so once; the note goes when they are opened.
func SetLocked(tx *store.Tx, p discussion.PassageID, locked bool, now time.Time) error {
	value, body := "", format.Doc{}
	if locked {
		value, body = "1", format.Text(closedWords)
	}
	if err := tx.PutSetting(lockOf(p), value); err != nil {
		return err
	}
	_, of, _, err := tx.Passage(p)
	if err != nil {
		return err
	}
	rooms, err := tx.RoomsOf(store.PassageThing(p))
	if err != nil {
		return err
	}
	for _, room := range rooms {
		if err := tellLocked(tx, p, of, room, body, now); err != nil {
			return err
		}
	}
	return nil
}

// tellLocked gives the note in a room's thread its words, or takes them back.
func tellLocked(tx *store.Tx, p discussion.PassageID, of discussion.ID, room chat.Room, body format.Doc, now time.Time) error {
	place, _, err := threadIn(tx, p, room)
	if errors.Is(err, errParked) {
		return nil // it has no thread yet, in which anything could be told
	}
	if err != nil {
		return err
	}
	n := store.Note{
		ID:   discussion.NoteID(discussion.Derive("closed", string(p), room.String())),
		Kind: Closed, Discussion: of, Place: place, Created: now,
	}
	if err := tx.PutNote(n); err != nil {
		return err
	}
	if n, err = tx.Note(n.ID); err != nil {
		return err
	}
	return reword(tx, n, p, body, now)
}

// Locked reports whether the threads of a passage are closed.
func Locked(tx *store.Tx, p discussion.PassageID) (bool, error) {
	value, err := tx.Setting(lockOf(p))
	return value != "", err
}

// locked reports whether what is said about b is no remark: because the thread
// of its passage is closed, or that of the passage under which it stands.
func (b about) locked(tx *store.Tx) (bool, error) {
	locked, err := Locked(tx, b.passage.ID)
	if locked || err != nil || b.document.Target.Source == "" {
		return locked, err
	}
	around, err := tx.Quoted(b.passage)
	if err != nil {
		return false, ignoreMissing(err)
	}
	return Locked(tx, around.ID)
}
