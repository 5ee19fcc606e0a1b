package discord

import (
	"context"
	"fmt"
	"iter"

	"marginalia/internal/chat"
)

// History implements chat.Reader.
func (p *Platform) History(ctx context.Context, place chat.Place, after chat.Cursor) iter.Seq2[chat.Event, error] {
	return func(yield func(chat.Event, error) bool) {
		if err := p.readBack(ctx, place, after, func(e chat.Event) bool { return yield(e, nil) }); err != nil {
			yield(chat.Event{}, fmt.Errorf("read %s: %w", place.Room, err))
		}
	}
}

// readBack calls tell with what stands in a place, until that returns false.
func (p *Platform) readBack(ctx context.Context, place chat.Place, after chat.Cursor, tell func(chat.Event) bool) error {
	from := uint64(0)
	if after != "" {
		t, err := readTrail(after)
		if err != nil {
			return err
		}
		from = t.newest
	}
	if err := p.waited(ctx, func() error { _, err := p.who(ctx); return err }); err != nil {
		return err
	}
	id := channelAt(place)
	var w where
	if err := p.waited(ctx, func() (err error) { w, err = p.find(ctx, id); return err }); err != nil {
		return err
	}
	for {
		var some sheet
		err := p.waited(ctx, func() (err error) { some, err = p.messages(ctx, id, idOf(from)); return err })
		if err != nil {
			return err
		}
		for _, m := range some.messages {
			events, err := p.stands(ctx, m, w)
			if err != nil {
				return err
			}
			for _, e := range events {
				if !tell(e) {
					return nil
				}
			}
		}
		if !some.full {
			return nil
		}
		from = some.last
	}
}

// stands is a message as it stands, and who reacted to it.
func (p *Platform) stands(ctx context.Context, m message, w where) ([]chat.Event, error) {
	if !m.isTalk() {
		return nil, nil
	}
	e, told, err := p.said(ctx, m, w)
	if err != nil {
		return nil, err
	}
	if p.isOwn(m) {
		e.Kind, e.Key, told = chat.Said, "", true
		e.Message.From = chat.Person{ID: m.Author.ID, Name: m.Author.Name, Avatar: avatar(m.Author)}
		e.By = e.Message.From
		p.write(&e, m, w)
	}
	if e.Kind == chat.Called {
		e.Kind, e.Call = chat.Said, nil
	}
	if !told {
		return nil, nil
	}
	reactions, err := p.reactionsOn(ctx, m, w)
	return append([]chat.Event{e}, reactions...), err
}
