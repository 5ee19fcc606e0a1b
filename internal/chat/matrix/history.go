package matrix

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"marginalia/internal/chat"
)

// History reads back what stands in a room's main timeline or in a thread,
// oldest first: each message with its newest words, followed by its reactions.
// after is a cursor of the account, as Run hands it out; a thread is read
// from its beginning whatever it is.
func (p *Platform) History(ctx context.Context, place chat.Place, after chat.Cursor) iter.Seq2[chat.Event, error] {
	return func(yield func(chat.Event, error) bool) {
		err := p.identify(ctx)
		if err == nil {
			err = p.tellAll(ctx, place, after, yield)
		}
		if err != nil && !errors.Is(err, errEnough) {
			yield(chat.Event{}, fmt.Errorf("read back %s: %w", place.Room, err))
		}
	}
}

// errEnough says that whoever reads has heard enough.
var errEnough = errors.New("enough")

// tellAll yields what stands at a place.
func (p *Platform) tellAll(ctx context.Context, place chat.Place, after chat.Cursor, yield func(chat.Event, error) bool) error {
	gather := p.inRoom
	if place.Thread != "" {
		gather = p.inThread
	}
	messages, about, err := gather(ctx, place, after)
	if err != nil {
		return err
	}
	for _, m := range messages {
		if !p.isMessage(m) || p.ref(place.Room.ID, m).Place != place {
			continue
		}
		events, err := p.state(ctx, place, m, about[m.ID])
		if err != nil {
			return err
		}
		for _, e := range events {
			if !yield(e, nil) {
				return errEnough
			}
		}
	}
	return nil
}

// isMessage reports whether an event is a message that stands, and no edit.
func (p *Platform) isMessage(e wire) bool {
	kind, _ := e.relation()
	said := e.Type == "m.room.message" || e.Type == "m.sticker"
	return said && e.StateKey == nil && kind != "m.replace" && !e.redacted()
}

// inRoom reads a room: all events, and those that relate to each of them.
func (p *Platform) inRoom(ctx context.Context, place chat.Place, after chat.Cursor) (all []wire, about map[string][]wire, err error) {
	if after == "" {
		all, err = p.wholeRoom(ctx, place.Room.ID)
	} else {
		var found pile
		found, err = p.after(ctx, place.Room.ID, string(after))
		all = found.all
	}
	about = map[string][]wire{}
	for _, e := range all {
		_, on := e.relation()
		about[on] = append(about[on], e)
	}
	return all, about, err
}

// wholeRoom reads all that the account may see of a room.
func (p *Platform) wholeRoom(ctx context.Context, room string) (all []wire, err error) {
	if err := p.enters(ctx, room); err != nil {
		return nil, err
	}
	var found pile
	err = p.eachNewest(ctx, room, mostEvents, func(e wire) bool {
		found.add([]wire{e})
		return true
	})
	slices.Reverse(found.all)
	return found.all, err
}

// enters returns an error if the account is not in a room.
func (p *Platform) enters(ctx context.Context, room string) error {
	var member object
	err := p.get(ctx, p.address("v3", "rooms", room, "state", "m.room.member", p.userID()), &member)
	return inRoom(err)
}

// inThread reads a thread: its messages, and what relates to each of them.
func (p *Platform) inThread(ctx context.Context, place chat.Place, _ chat.Cursor) (all []wire, about map[string][]wire, err error) {
	room := place.Room.ID
	if _, err := p.event(ctx, room, place.Thread); err != nil {
		return nil, nil, err
	}
	about = map[string][]wire{}
	gather := func(on, kind string, into *[]wire) error {
		err := p.eachRelation(ctx, room, on, kind, func(e wire) bool {
			*into = append(*into, e)
			return true
		})
		slices.Reverse(*into)
		return err
	}
	if err := gather(place.Thread, "m.thread", &all); err != nil {
		return nil, nil, err
	}
	for _, e := range all {
		var more []wire
		if err := gather(e.ID, "", &more); err != nil {
			return nil, nil, err
		}
		about[e.ID] = more
	}
	return all, about, nil
}

// state is how a message stands: said with its newest words, then the
// reactions to it, one for each person and emoji. about are the events that
// relate to it.
func (p *Platform) state(ctx context.Context, place chat.Place, m wire, about []wire) ([]chat.Event, error) {
	by, err := p.person(ctx, place.Room.ID, m.Sender)
	if err != nil {
		return nil, err
	}
	content, revised := m.Content, m
	for _, e := range about {
		if kind, on := e.relation(); kind == "m.replace" && on == m.ID && e.Sender == m.Sender && !e.redacted() && e.newer(revised) {
			content, revised = e.Content.object("m.new_content"), e
		}
	}
	said := chat.Event{Kind: chat.Said, Message: p.words(content, by), By: by, At: m.time(), Key: m.Content.text(keyField), Raw: m.raw}
	said.Message.Ref = p.ref(place.Room.ID, m)
	if to := m.answers(); to != "" {
		said.Message.ReplyTo = chat.Ref{Place: place, ID: to}
	}
	if revised.ID != m.ID {
		said.Revised = revised.time()
	}
	events := []chat.Event{said}
	for _, e := range about {
		reacted, ok, err := chat.Event{}, false, error(nil)
		if e.Type == "m.reaction" && !e.redacted() {
			reacted, ok, err = p.reaction(ctx, place.Room.ID, e)
		}
		if err != nil {
			return nil, err
		}
		if ok {
			events = append(events, reacted)
		}
	}
	return events, nil
}

// newer reports whether an edit holds above another one, or above its message.
func (e wire) newer(than wire) bool {
	if kind, _ := than.relation(); kind != "m.replace" || e.At != than.At {
		return kind != "m.replace" || e.At > than.At
	}
	return e.ID > than.ID
}
