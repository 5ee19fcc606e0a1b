package store

import (
	"errors"
	"fmt"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
)

// Answered reports whether what people said from a room stands under a passage,
// or a reaction of theirs, to the passage or to what stands there. What they had
// said for them in private is from every room of their network.
func (tx *Tx) Answered(p discussion.PassageID, room chat.Room) (bool, error) {
	in, err := tx.knownRoom(room)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	var n int
	if err == nil {
		n, err = row(tx, one[int], `SELECT CASE WHEN EXISTS (SELECT 1 FROM annotations a WHERE a.under = `+numberOfPassage+`
				AND a.deleted = 0 AND a.hidden = 0 AND (EXISTS (SELECT 1 FROM copies c WHERE c.thing = a.num AND c.room = CAST($2 AS BIGINT) AND `+ownMessage+`)
				OR NOT EXISTS (SELECT 1 FROM copies c WHERE c.thing = a.num AND `+ownMessage+`)
				AND (SELECT w.platform FROM people w WHERE w.num = a.creator) = CAST($3 AS TEXT)))
			OR EXISTS (SELECT 1 FROM reactions r WHERE r.room = CAST($2 AS BIGINT) AND r.thing = (SELECT num FROM things WHERE id = 'p:' || CAST($1 AS TEXT)))
			OR EXISTS (SELECT 1 FROM annotations a JOIN reactions r ON r.thing = a.num WHERE a.under = `+numberOfPassage+`
				AND r.room = CAST($2 AS BIGINT)) THEN 1 ELSE 0 END`, p, in, room.Platform)
	}
	if err != nil {
		return false, fmt.Errorf("whether passage %s was answered in %s: %w", p, room, err)
	}
	return n == 1, nil
}

const (
	numberOfPassage = "(SELECT num FROM passages WHERE id = CAST($1 AS TEXT))"

	// ownMessage is true of a copy that is somebody's own message, or had the bot speak.
	ownMessage = "(c.mark = '' AND c.speaker = '' AND c.id <> '' OR c.mark = 'call')"
)
