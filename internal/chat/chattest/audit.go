package chattest

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"marginalia/internal/chat"
)

// Audit implements chat.Auditor.
func (p *Platform) Audit(ctx context.Context, room chat.Room, _ []string, _ time.Time) iter.Seq2[chat.Event, error] {
	return func(yield func(chat.Event, error) bool) {
		events, err := p.net.audit(room)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			yield(chat.Event{}, fmt.Errorf("read %s: %w", room, err))
			return
		}
		for _, e := range events {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func (n *Network) audit(at chat.Room) ([]chat.Event, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	r := n.rooms[at]
	if err := n.away(); err != nil {
		return nil, err
	}
	if r == nil || r.closed {
		return nil, chat.ErrForbidden
	}
	var events []chat.Event
	for _, thread := range slices.Sorted(maps.Keys(r.places)) {
		for _, m := range r.places[thread] {
			_, _, call := chat.ParseCommand(n.o.Prefix, m.words[0].body.Text)
			if m.deleted || call && m.as == "" {
				continue
			}
			said := chat.Event{Kind: chat.Said, Message: m.shown(), By: m.from, At: m.words[0].at, Key: m.key}
			if last := m.words[len(m.words)-1]; len(m.words) > 1 {
				said.Revised = last.at
			}
			events = append(events, said)
			for _, e := range m.emoji {
				if e.key != "" {
					events = append(events, chat.Event{Kind: chat.Reacted, Message: chat.Message{Ref: m.ref()}, Emoji: e.emoji, Own: e.id})
				}
			}
		}
	}
	return events, nil
}

// Stands implements chat.Auditor.
func (p *Platform) Stands(_ context.Context, r chat.Ref) (bool, error) {
	p.net.mu.Lock()
	defer p.net.mu.Unlock()
	if err := p.net.away(); err != nil {
		return false, fmt.Errorf("look for %s: %w", r.ID, err)
	}
	m := p.net.messages[r.ID]
	return m != nil && !m.deleted && m.place.Room == r.Place.Room, nil
}
