package matrix

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"marginalia/internal/chat"
)

// move is a room that was closed in favour of another one, to, which the
// account is yet to enter. Nothing of it is kept: the closed room's state says
// so for ever, and is asked when Run begins.
type move struct {
	to    string
	by    string    // who closed the room: their server knows the way into the other
	at    time.Time // when
	tries int
	due   time.Time // not tried before
	told  string    // what was last told to keep the account out
}

const (
	firstKnock = 30 * time.Second // after the account was not let in
	lastKnock  = time.Hour
)

// closed takes note of an event that closes its room in favour of another.
func (l *listener) closed(room string, e wire) {
	if e.isState("m.room.tombstone") && *e.StateKey == "" {
		l.replaced(room, e)
	}
}

func (l *listener) replaced(room string, e wire) {
	to := e.Content.text("replacement_room")
	if m := l.moves[room]; !l.stays[room] && to != "" && to != room && (m == nil || m.to != to) {
		l.moves[room] = &move{to: to, by: e.Sender, at: e.time()}
	}
}

// lookForMoves asks rooms that the account has come to be in whether they were
// closed: perhaps that was heard in another life, or never. A room that does not
// say is asked again later, and holds up nothing.
func (l *listener) lookForMoves(ctx context.Context) error {
	for _, room := range slices.Sorted(maps.Keys(l.unasked)) {
		if time.Now().Before(l.unasked[room]) {
			continue
		}
		e, err := l.tombstone(ctx, room)
		if ctx.Err() != nil || errors.Is(err, chat.ErrAuth) {
			return err
		}
		if err != nil {
			l.c.Log.Warn("a room does not say whether it was replaced", "room", room, "error", err)
			l.unasked[room] = time.Now().Add(firstKnock)
			continue
		}
		delete(l.unasked, room)
		l.replaced(room, e)
	}
	return nil
}

// tombstone is the event that closed a room in favour of another, a zero one
// if there is none. Some servers tell its content alone.
func (p *Platform) tombstone(ctx context.Context, room string) (wire, error) {
	var said object
	query := map[string]string{"format": "event"}
	err := p.lookUp(ctx, p.addressWith(query, "v3", "rooms", room, "state", "m.room.tombstone", ""), &said)
	if err != nil {
		return wire{}, fmt.Errorf("ask whether %s was replaced: %w", room, err)
	}
	if content := said.object("content"); content != nil {
		at, _ := said.number("origin_server_ts")
		return wire{Sender: said.text("sender"), At: at, Content: content}, nil
	}
	return wire{Content: said}, nil
}

// invited has the room that the account was invited to entered at once, if it
// takes the place of another.
func (l *listener) invited(room string) {
	for _, m := range l.moves {
		if m.to == room {
			m.due = time.Time{}
		}
	}
}

// follow enters the rooms that replace others, when it is time to, and tells
// what came of it if that is news. A room that was entered is listened to from
// then on.
func (l *listener) follow(ctx context.Context) error {
	if err := l.lookForMoves(ctx); err != nil {
		return err
	}
	for _, room := range slices.Sorted(maps.Keys(l.moves)) {
		m := l.moves[room]
		if time.Now().Before(m.due) {
			continue
		}
		why := l.moveInto(ctx, room, m)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if why == "" || why != m.told {
			told := chat.Event{
				Kind: chat.Moved, Message: chat.Message{Ref: chat.Ref{Place: mainOf(room)}}, By: chat.Person{ID: m.by},
				At: m.at, To: mainOf(m.to).Room, Why: why,
			}
			if err := l.handle(ctx, chat.Batch{Events: []chat.Event{told}}); err != nil {
				return handleError{err}
			}
		}
		if why == "" {
			delete(l.moves, room)
			if _, listened := l.since[mainOf(m.to)]; !listened {
				l.since[mainOf(m.to)] = ""
				l.unasked[m.to] = time.Time{}
			}
			continue
		}
		m.told, m.due = why, time.Now().Add(min(firstKnock<<m.tries, lastKnock))
		m.tries = min(m.tries+1, 10)
	}
	return nil
}

// moveInto enters the room that replaces another, and looks whether it does:
// a room names the one that it was made from. It returns what keeps the account
// out, "" if nothing does. A room that was entered for nothing is left again.
func (l *listener) moveInto(ctx context.Context, old string, m *move) (why string) {
	was := l.joined[m.to]
	if !was {
		if err := l.joinBy(ctx, m.to, m.by); err != nil {
			if errors.Is(err, chat.ErrForbidden) || errors.Is(err, chat.ErrGone) {
				return fmt.Sprintf("the bot may not enter it: invite %s there", l.userID())
			}
			return fmt.Sprintf("the bot cannot enter it yet: %s", err)
		}
	}
	replaces, err := l.replaces(ctx, m.to, old)
	if err != nil {
		return fmt.Sprintf("the bot cannot ask where it comes from: %s", err)
	}
	if replaces {
		return ""
	}
	if !was {
		if err := l.call(ctx, l.c.Timeout, http.MethodPost, l.address("v3", "rooms", m.to, "leave"), struct{}{}, nil); err != nil {
			l.c.Log.Warn("the account is still in a room that it does not belong to", "room", m.to, "error", err)
		}
	}
	return notMadeFrom
}

const notMadeFrom = "it does not say that it replaces this room, so the bot does not follow: close the room in favour of one that was made from it (/upgraderoom)"

// replaces reports whether a room that the account is in was made from another.
func (p *Platform) replaces(ctx context.Context, room, old string) (bool, error) {
	var create object
	err := p.get(ctx, p.address("v3", "rooms", room, "state", "m.room.create", ""), &create)
	return create.object("predecessor").text("room_id") == old, err
}

// joinBy enters a room by the server of a user.
func (l *listener) joinBy(ctx context.Context, room, user string) error {
	address := l.address("v3", "join", room)
	if _, server, ok := strings.Cut(user, ":"); ok {
		address += "?" + url.Values{"via": {server}, "server_name": {server}}.Encode()
	}
	return l.call(ctx, l.c.Timeout, http.MethodPost, address, struct{}{}, nil)
}
