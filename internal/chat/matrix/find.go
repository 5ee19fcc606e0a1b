package matrix

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"marginalia/internal/chat"
)

const (
	slack     = 5 * time.Minute // how far the server's clock may be from this machine's
	mostPages = 50
)

// find looks for the event that an earlier try of a made, "" if there is none.
// It asks its memory, the relations of kind to the event on, and the room's
// events back to when a began.
func (p *Platform) find(ctx context.Context, a chat.Action, on, kind string) (string, error) {
	if id, known := recall(&p.memory, &p.memory.made, a.Key); known {
		return id, nil
	}
	began := a.Began.Add(-slack)
	found := ""
	sought := func(e wire) bool { // reports whether to go on
		if e.Sender == p.userID() && e.Content.text(keyField) == a.Key {
			found = e.ID
		}
		return found == "" && !(p.isNeighbour(e.Sender) && e.time().Before(began))
	}
	if on != "" {
		if err := p.eachRelation(ctx, roomOf(a), on, kind, sought); err != nil || found != "" {
			return found, err
		}
	}
	err := p.eachNewest(ctx, roomOf(a), p.c.Timeline, sought)
	if err == nil && found != "" {
		note(&p.memory, &p.memory.made, a.Key, found)
	}
	return found, err
}

// isNeighbour reports whether a user's messages are dated by the same clock as
// the account's own: those of other servers may bear any date.
func (p *Platform) isNeighbour(user string) bool {
	_, theirs, _ := strings.Cut(user, ":")
	_, ours, _ := strings.Cut(p.userID(), ":")
	return theirs == ours
}

// eachRelation calls do with what relates to an event, newest first, until do
// returns false. Of an event that the server does not know nothing is told.
func (p *Platform) eachRelation(ctx context.Context, room, event, kind string, do func(wire) bool) error {
	from := ""
	for {
		page, err := p.relations(ctx, room, event, kind, from)
		if errors.Is(err, chat.ErrGone) {
			return nil
		}
		if err != nil {
			return looking(err)
		}
		for _, e := range read(page.Chunk) {
			if !do(e) {
				return nil
			}
		}
		if page.Next == "" || page.Next == from || len(page.Chunk) == 0 {
			return nil
		}
		from = page.Next
	}
}

// eachNewest calls do with the events of a room, newest first, until do
// returns false. The first many events are asked for by a sync of its own: a
// server that was written to by several at once leaves none out of that.
func (p *Platform) eachNewest(ctx context.Context, room string, many int, do func(wire) bool) error {
	answer, err := p.ask(ctx, "", 0, syncFilter([]string{room}, many, []string{}))
	if err != nil {
		return looking(err)
	}
	there, in := answer.Rooms.Join[room]
	if !in { // what stands there cannot be seen, which does not mean that nothing does
		return fmt.Errorf("look whether it was done: the account is not in %s: %w", room, chat.ErrForbidden)
	}
	news := there.Timeline
	events := read(news.Events)
	for i := range events {
		if !do(events[len(events)-1-i]) {
			return nil
		}
	}
	if !news.Limited {
		return nil
	}
	for from, pages := news.Prev, 0; from != "" && pages < mostPages; pages++ {
		page, err := p.messages(ctx, room, from, "b")
		if err != nil {
			return looking(err)
		}
		for _, e := range read(page.Chunk) {
			if !do(e) {
				return nil
			}
		}
		if page.End == from {
			return nil
		}
		from = page.End
	}
	return nil
}
