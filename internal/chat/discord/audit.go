package discord

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"marginalia/internal/chat"
)

// Audit implements chat.Auditor. Beside the threads that are named it reads
// those of the room that are active.
func (p *Platform) Audit(ctx context.Context, room chat.Room, threads []string, from time.Time) iter.Seq2[chat.Event, error] {
	return func(yield func(chat.Event, error) bool) {
		err := p.auditRoom(ctx, room, threads, from, func(e chat.Event) bool { return yield(e, nil) })
		if err != nil && !errors.Is(err, errEnough) {
			yield(chat.Event{}, fmt.Errorf("read %s: %w", room, err))
		}
	}
}

// errEnough says that whoever reads has heard enough.
var errEnough = errors.New("enough")

func (p *Platform) auditRoom(ctx context.Context, room chat.Room, threads []string, from time.Time, tell func(chat.Event) bool) error {
	if err := p.waited(ctx, func() error { _, err := p.who(ctx); return err }); err != nil {
		return err
	}
	var w where
	if err := p.waited(ctx, func() (err error) { w, err = p.find(ctx, room.ID); return err }); err != nil {
		return err
	}
	active, err := p.activeThreads(ctx, room)
	if err != nil {
		return err
	}
	if !w.forum {
		if err := p.auditChannel(ctx, room.ID, from, tell); err != nil {
			return err
		}
	}
	all := map[string]bool{}
	for _, id := range slices.Concat(threads, active) {
		all[id] = true
	}
	for _, id := range slices.Sorted(maps.Keys(all)) {
		err := p.auditChannel(ctx, id, from, tell)
		if is(err, unknownChannel) || errors.Is(err, chat.ErrGone) {
			gone := chat.Event{Kind: chat.Deleted}
			gone.Message.Ref.Place = chat.Place{Room: room, Thread: id}
			if tell(gone) {
				continue
			}
			return errEnough
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// activeThreads are the ids of a room's threads that are not archived.
func (p *Platform) activeThreads(ctx context.Context, room chat.Room) ([]string, error) {
	var active struct {
		Threads []channel `json:"threads"`
	}
	err := p.waited(ctx, func() error { return p.get(ctx, "guilds/"+p.guildOf(room.ID)+"/threads/active", nil, &active) })
	var all []string
	for _, c := range active.Threads {
		if c.Parent == room.ID {
			p.learn(c)
			all = append(all, c.ID)
		}
	}
	return all, err
}

// auditChannel tells of what stands in a channel or thread.
func (p *Platform) auditChannel(ctx context.Context, id string, from time.Time, tell func(chat.Event) bool) error {
	var w where
	if err := p.waited(ctx, func() (err error) { w, err = p.find(ctx, id); return err }); err != nil {
		return err
	}
	after := uint64(0)
	if !from.IsZero() {
		after = number(idAt(from))
	}
	for {
		var some sheet
		err := p.waited(ctx, func() (err error) { some, err = p.messages(ctx, id, idOf(after)); return err })
		if err != nil {
			return err
		}
		for _, m := range some.messages {
			e, told, err := p.audited(ctx, m, w)
			if err != nil {
				return err
			}
			if told && !(tell(e) && tellHeld(m, e.Message.Ref, tell)) {
				return errEnough
			}
		}
		if !some.full {
			return nil
		}
		after = some.last
	}
}

// tellHeld tells of the emoji that the bot itself holds on a message.
func tellHeld(m message, on chat.Ref, tell func(chat.Event) bool) bool {
	for _, r := range m.Reactions {
		if r.Me && r.Emoji.text() != "" && !tell(chat.Event{Kind: chat.Reacted, Message: chat.Message{Ref: on}, Emoji: r.Emoji.text()}) {
			return false
		}
	}
	return true
}

// audited is a message as it stands. Of the bot's own the header is no word.
func (p *Platform) audited(ctx context.Context, m message, w where) (chat.Event, bool, error) {
	if !m.isTalk() {
		return chat.Event{}, false, nil
	}
	if p.isOwn(m) && m.Webhook != "" && m.Content != nil {
		words := withoutHeader(*m.Content)
		m.Content = &words
	}
	e, told, err := p.said(ctx, m, w)
	if err != nil || !p.isOwn(m) {
		return e, told && e.Kind == chat.Said, err
	}
	e.Kind = chat.Said
	e.Message.From = chat.Person{ID: m.Author.ID, Name: m.Author.Name}
	e.By = e.Message.From
	p.write(&e, m, w)
	return e, true, nil
}

// Stands implements chat.Auditor.
func (p *Platform) Stands(ctx context.Context, r chat.Ref) (bool, error) {
	if err := p.waited(ctx, func() error { return p.ready(ctx, r.Place.Room.ID) }); err != nil {
		return false, err
	}
	var m message
	err := p.waited(ctx, func() error { return p.get(ctx, "channels/"+p.channelOf(r)+"/messages/"+r.ID, nil, &m) })
	if r.Place.Thread != "" && is(err, unknownChannel) || errors.Is(err, chat.ErrGone) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for %s: %w", r.ID, err)
	}
	return true, nil
}

var _ chat.Auditor = (*Platform)(nil)
