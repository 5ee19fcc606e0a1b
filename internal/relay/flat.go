package relay

import (
	"errors"
	"slices"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/store"
)

// In a flat room posts get no threads: what people elsewhere say about one stands
// in the main timeline and answers it. The copy of a post that is its thread then
// has none in its Place; so each keeps what it came with when the choice changes.

// isFlat reports whether posts that come to a room get no threads: as was chosen
// for it, or for the room in whose place the bot went on there.
func (r *Relay) isFlat(tx *store.Tx, room chat.Room) (bool, error) {
	if slices.Contains(r.c.Flat, room) {
		return true, nil
	}
	if r.settled.Load() || slices.Contains(r.c.Rooms, room) {
		return false, nil
	}
	for _, flat := range r.c.Flat {
		if went, err := chain(tx, flat); err != nil || slices.Contains(went, room) {
			return err == nil, err
		}
	}
	return false, nil
}

// standsFlat reports whether a passage stands, or stood, in a room without a thread.
func standsFlat(tx *store.Tx, p discussion.PassageID, room chat.Room) (bool, error) {
	place, _, err := threadIn(tx, p, room)
	if errors.Is(err, errParked) {
		return false, nil
	}
	return err == nil && place.Thread == "", err
}

// answersPost is the post that an excerpt answers in a room where what it quotes
// stands without a thread, as the excerpt then does; zero if that was removed.
func answersPost(tx *store.Tx, p discussion.Passage, room chat.Room) (post chat.Ref, flat bool, err error) {
	quoted, err := tx.Quoted(p)
	if err != nil {
		return post, false, ignoreMissing(err)
	}
	if flat, err = standsFlat(tx, quoted.ID, room); !flat || err != nil {
		return post, false, err
	}
	post, err = standing(tx, store.PassageThing(quoted.ID), room)
	return post, true, err
}

// talkOf is the passage to whose talk it belongs what is said about one in a room
// where it stands without a thread: that which it quotes, if it is an excerpt.
func talkOf(tx *store.Tx, p discussion.PassageID, room chat.Room) (discussion.PassageID, error) {
	for seen := []discussion.PassageID{p}; ; seen = append(seen, p) {
		quoted, err := quotedBy(tx, p)
		if quoted == "" || slices.Contains(seen, quoted) || err != nil {
			return p, err
		}
		if flat, err := standsFlat(tx, quoted, room); !flat || err != nil {
			return p, err
		}
		p = quoted
	}
}

// aboveFlat is what is answered by what is said about a passage that stands without
// a thread: its post, or nothing once somebody removed that. While that is being
// posted anew it is errParked.
func aboveFlat(copies []store.Copy) (chat.Ref, error) {
	c := need{have: copies}.copy(0, "")
	if c.Verb == chat.Post || c.Verb == chat.Delete || c.Ref.IsZero() && c.Hash != struck {
		return chat.Ref{}, errParked
	}
	return c.Ref, nil
}
