package matrix

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"marginalia/internal/chat"
)

// remove takes a message's words away: those of its edits first, which stay
// readable otherwise, then its own. Without a message it finds what the key of
// an earlier try made. What is redacted already stays so.
func (p *Platform) remove(ctx context.Context, a chat.Action) (chat.Done, error) {
	on := a.On.ID
	if on == "" {
		found, err := p.find(ctx, a, a.On.Place.Thread, "m.thread")
		if err != nil || found == "" {
			return chat.Done{Found: true}, err
		}
		return chat.Done{Ref: chat.Ref{Place: a.On.Place, ID: found, As: bot}, Found: true}, nil
	}
	edits, err := p.edited(ctx, a, on)
	if err != nil {
		return chat.Done{}, err
	}
	for _, id := range append(edits, on) {
		if err := p.redact(ctx, a, id); err != nil {
			return chat.Done{}, err
		}
	}
	return chat.Done{}, nil
}

// edited are the edits of a message that may hold words: those that a names,
// and those that the server knows. Of a person's message these are the edits
// of whoever made them.
func (p *Platform) edited(ctx context.Context, a chat.Action, on string) ([]string, error) {
	var edits []string
	for _, old := range a.Old {
		if old.ID != "" && old.ID != on {
			edits = append(edits, old.ID)
		}
	}
	err := p.eachRelation(ctx, roomOf(a), on, "m.replace", func(e wire) bool {
		ours := e.Sender == p.userID() || a.On.As == ""
		if ours && !e.redacted() && !slices.Contains(edits, e.ID) {
			edits = append(edits, e.ID)
		}
		return true
	})
	return edits, err
}

// redact takes away what an event says. The event's own id is part of the
// transaction's: one Action may redact several.
func (p *Platform) redact(ctx context.Context, a chat.Action, event string) error {
	if gone, _ := recall(&p.memory, &p.memory.gone, event); gone {
		return nil
	}
	var answer struct{}
	err := p.put(ctx, p.address("v3", "rooms", roomOf(a), "redact", event, a.Key+event), struct{}{}, &answer)
	if errors.Is(err, chat.ErrGone) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("redact %s: %w", event, err)
	}
	note(&p.memory, &p.memory.gone, event, true)
	return nil
}
