package discord

import (
	"context"
	"errors"
	"strings"
	"time"

	"marginalia/internal/chat"
)

// slack is how far Discord's clock may be from this machine's.
const slack = 5 * time.Minute

// findPost looks for what an earlier try of a said in a place: in its memory,
// and among the messages since then. A nonce alone does not do: Discord knows
// it for a few minutes, and not at all for webhooks. However much was said since
// then, what is looked for stands near the beginning.
func (p *Platform) findPost(ctx context.Context, a chat.Action, place chat.Place) (chat.Ref, bool, error) {
	if ref, known := recall(&p.memory, &p.memory.made, a.Key); known && a.Key != "" {
		return ref, true, nil
	}
	w, _ := p.places.get(place.Room.ID)
	if w.forum && place.Thread == "" {
		return p.findInForum(ctx, a, place)
	}
	id := place.Thread
	if id == "" {
		id = place.Room.ID
	}
	for after := max(number(a.After.ID), number(idAt(a.Began.Add(-slack)))); ; {
		some, err := p.messages(ctx, id, idOf(after))
		if err != nil {
			return chat.Ref{}, false, looking(err)
		}
		for _, m := range some.messages {
			if ref := p.refIn(place, m); p.isSent(m, a) && (a.Taken == nil || !a.Taken(ref)) {
				return ref, true, nil
			}
		}
		if !some.full {
			return chat.Ref{}, false, nil
		}
		after = some.last
	}
}

func (p *Platform) refIn(place chat.Place, m message) chat.Ref {
	return chat.Ref{Place: place, ID: m.ID, As: p.as(m)}
}

// isSent reports whether m is what a said, or may have: the bot's own, by the
// same name, with the same words.
func (p *Platform) isSent(m message, a chat.Action) bool {
	if !p.isOwn(m) || m.Content == nil {
		return false
	}
	if m.Nonce != "" {
		return string(m.Nonce) == a.Key
	}
	if a.Message.From.Name == "" {
		return m.Webhook == "" && (sameText(*m.Content, a.Sent) || isFiled(m, a.Filed))
	}
	shown, _ := persona(a.Message.From.Name)
	return m.Webhook != "" && (m.Author.Name == shown || m.Author.Name == anyone) &&
		(sameText(withoutHeader(*m.Content), a.Sent) || isFiled(m, a.Filed))
}

// isFiled reports whether m is a file of that name, and no words.
func isFiled(m message, name string) bool {
	if name == "" || len(m.Attachments) != 1 {
		return false
	}
	return strings.TrimSpace(withoutHeader(*m.Content+"\n")) == "" && strings.TrimPrefix(m.Attachments[0].Name, spoilerMark) == uploadName(name)
}

// sameText compares texts as Discord keeps them: without white space around.
func sameText(a, b string) bool { return strings.TrimSpace(a) == strings.TrimSpace(b) }

// findInForum looks for it among the threads of a forum.
func (p *Platform) findInForum(ctx context.Context, a chat.Action, place chat.Place) (chat.Ref, bool, error) {
	var active struct {
		Threads []channel `json:"threads"`
	}
	if err := p.get(ctx, "guilds/"+p.guildOf(place.Room.ID)+"/threads/active", nil, &active); err != nil {
		return chat.Ref{}, false, looking(err)
	}
	until := number(idAt(a.Began.Add(-slack)))
	for _, c := range active.Threads {
		if c.Parent != place.Room.ID || number(c.ID) <= until {
			continue
		}
		found, err := p.messages(ctx, c.ID, idOf(number(c.ID)-1))
		if err != nil && !errors.Is(err, chat.ErrGone) && !errors.Is(err, chat.ErrForbidden) {
			return chat.Ref{}, false, looking(err)
		}
		some := found.messages
		if len(some) == 0 || some[0].ID != c.ID || !p.isSent(some[0], a) {
			continue
		}
		if ref := p.refIn(place, some[0]); a.Taken == nil || !a.Taken(ref) {
			return ref, true, nil
		}
	}
	return chat.Ref{}, false, nil
}
