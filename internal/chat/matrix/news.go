package matrix

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"marginalia/internal/chat"
)

// batch makes an answer into what handle is given. Rooms come in the order of
// their ids.
func (l *listener) batch(ctx context.Context, a answer) (chat.Batch, error) {
	l.now = nil
	b := chat.Batch{Since: map[chat.Place]chat.Cursor{{}: chat.Cursor(a.Next)}}
	for _, room := range slices.Sorted(maps.Keys(a.Rooms.Join)) {
		if _, listened := l.since[mainOf(room)]; !listened {
			continue
		}
		events, err := l.news(ctx, room, a.Rooms.Join[room])
		if err != nil {
			return b, err
		}
		b.Events = append(b.Events, events...)
	}
	for place, cursor := range l.since {
		_, told := a.Rooms.Join[place.Room.ID]
		if cursor == "" && (told || l.joined[place.Room.ID]) {
			b.Since[place] = chat.Cursor(a.Next)
		}
	}
	return b, nil
}

// news is what happened in a room that is listened to, oldest first. What is
// older than the room's first cursor, or than the account's joining, is not
// told.
func (l *listener) news(ctx context.Context, room string, n roomNews) ([]chat.Event, error) {
	for _, e := range read(n.State.Events) {
		l.learn(room, e)
		l.closed(room, e)
	}
	events := read(n.Timeline.Events)
	switch {
	case l.token == "":
		events = nil
	case !l.joined[room]:
		var err error
		if events, err = l.sinceJoining(ctx, room, events); err != nil {
			return nil, fmt.Errorf("enter %s: %w", room, err)
		}
	case l.since[mainOf(room)] == "":
		events = nil
	case n.Timeline.Limited:
		var err error
		if events, err = l.gap(ctx, room, events); err != nil {
			return nil, fmt.Errorf("read what was missed in %s: %w", room, err)
		}
	}
	var all []chat.Event
	for _, e := range events {
		if l.told.all[e.ID] || l.tooOld(room, e) {
			continue
		}
		l.now = append(l.now, e.ID)
		told, ok, err := l.understand(ctx, room, e)
		if err != nil {
			return nil, fmt.Errorf("understand %s in %s: %w", e.ID, room, err)
		}
		if ok {
			all = append(all, told)
		}
	}
	return all, nil
}

// understand tells what an event means. One that breaks the reader of it is
// left out: it would come again for ever.
func (l *listener) understand(ctx context.Context, room string, e wire) (told chat.Event, ok bool, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			l.c.Log.Error("an event cannot be understood", "room", room, "event", e.ID, "error", broken)
			told, ok, err = chat.Event{}, false, nil
		}
	}()
	l.learn(room, e)
	l.closed(room, e)
	return l.tell(ctx, room, e)
}
