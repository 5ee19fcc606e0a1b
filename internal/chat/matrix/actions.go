package matrix

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"go.mau.fi/util/variationselector"
	"maunium.net/go/mautrix"

	"marginalia/internal/chat"
)

// Do makes one change, with one try. What it finds out about the network's
// state before it does so it may find out again.
func (p *Platform) Do(ctx context.Context, a chat.Action) (chat.Done, error) {
	do := map[chat.Verb]func(context.Context, chat.Action) (chat.Done, error){
		chat.Post: p.post, chat.Edit: p.edits, chat.Delete: p.remove,
		chat.OpenThread: p.open, chat.React: p.react, chat.Unreact: p.unreact,
	}[a.Verb]
	if do == nil {
		return chat.Done{}, fmt.Errorf("%q is nothing that can be done: %w", a.Verb, chat.ErrRefused)
	}
	if roomOf(a) == "" {
		return chat.Done{}, fmt.Errorf("%s: it is not said in which room: %w", a.Verb, chat.ErrRefused)
	}
	done, err := do(ctx, a)
	if err != nil {
		return done, fmt.Errorf("%s in %s: %w", a.Verb, roomOf(a), err)
	}
	return done, nil
}

// roomOf is the id of the room in which a is to be done.
func roomOf(a chat.Action) string {
	if room := a.On.Place.Room.ID; room != "" {
		return room
	}
	return a.Message.Ref.Place.Room.ID
}

// post says something. With Again it looks first for what the key made: among
// the messages of the thread, and in the room.
func (p *Platform) post(ctx context.Context, a chat.Action) (chat.Done, error) {
	place := a.Message.Ref.Place
	ref := chat.Ref{Place: place, As: bot}
	if a.Again {
		found, err := p.find(ctx, a, place.Thread, "m.thread")
		if err != nil || found != "" {
			ref.ID = found
			return chat.Done{Ref: ref, Found: true}, err
		}
	}
	newest, known := recall(&p.memory, &p.memory.newest, place)
	if !known {
		newest = place.Thread
	}
	c, err := p.filed(ctx, a)
	if err != nil {
		return chat.Done{}, err
	}
	if r := relates(place, a.Message.ReplyTo, newest); r != nil {
		c["m.relates_to"] = r
	}
	if ref.ID, err = p.send(ctx, "m.room.message", a, c); err != nil {
		return chat.Done{}, err
	}
	p.follow(ref)
	return chat.Done{Ref: ref}, nil
}

// edits gives a message new words, by an event of its own. What was redacted
// is not edited: its new words would stand where nobody looks.
func (p *Platform) edits(ctx context.Context, a chat.Action) (chat.Done, error) {
	ref := chat.Ref{Place: a.On.Place, As: bot}
	if a.Again {
		found, err := p.find(ctx, a, a.On.ID, "m.replace")
		if err != nil || found != "" {
			ref.ID = found
			return chat.Done{Ref: ref, Found: true}, err
		}
	}
	if err := p.stands(ctx, a.On); err != nil {
		return chat.Done{}, err
	}
	c, err := p.filed(ctx, a)
	if err != nil {
		return chat.Done{}, err
	}
	ref.ID, err = p.send(ctx, "m.room.message", a, editOf(a.On.ID, c))
	return chat.Done{Ref: ref}, err
}

// stands returns chat.ErrGone if a message was redacted. One that the server
// cannot find may be too new.
func (p *Platform) stands(ctx context.Context, r chat.Ref) error {
	if gone, _ := recall(&p.memory, &p.memory.gone, r.ID); gone {
		return chat.ErrGone
	}
	e, err := p.event(ctx, r.Place.Room.ID, r.ID)
	if e.redacted() {
		return chat.ErrGone
	}
	if errors.Is(err, chat.ErrGone) {
		return nil
	}
	return looking(err)
}

// open opens a thread, which on Matrix is there as soon as someone speaks.
func (p *Platform) open(_ context.Context, a chat.Action) (chat.Done, error) {
	place := a.On.Place
	place.Thread = a.On.ID
	return chat.Done{Ref: chat.Ref{Place: place, ID: a.On.ID, As: a.On.As}}, nil
}

// react puts an emoji under a message. Each account can do so once.
func (p *Platform) react(ctx context.Context, a chat.Action) (chat.Done, error) {
	ref := chat.Ref{Place: a.On.Place, As: bot}
	if a.Again {
		found, err := p.reactions(ctx, a)
		if err != nil || len(found) > 0 {
			return firstOf(ref, found), err
		}
	}
	id, err := p.send(ctx, "m.reaction", a, map[string]any{"m.relates_to": map[string]any{
		"rel_type": "m.annotation", "event_id": a.On.ID, "key": colourful(a.Emoji),
	}})
	if errors.Is(err, mautrix.RespError{ErrCode: "M_DUPLICATE_ANNOTATION"}) {
		found, err := p.reactions(ctx, a)
		return firstOf(ref, found), err
	}
	ref.ID = id
	return chat.Done{Ref: ref}, err
}

func firstOf(ref chat.Ref, found []string) chat.Done {
	if len(found) > 0 {
		ref.ID = found[0]
	}
	return chat.Done{Ref: ref, Found: true}
}

// unreact takes an emoji off: the reaction that is named, or any of the
// account's own with that emoji.
func (p *Platform) unreact(ctx context.Context, a chat.Action) (chat.Done, error) {
	var found []string
	for _, old := range a.Old {
		if old.ID != "" {
			found = append(found, old.ID)
		}
	}
	if len(found) == 0 {
		var err error
		if found, err = p.reactions(ctx, a); err != nil {
			return chat.Done{}, err
		}
	}
	for _, id := range found {
		if err := p.redact(ctx, a, id); err != nil {
			return chat.Done{}, err
		}
	}
	return chat.Done{Found: len(found) == 0}, nil
}

// reactions looks for the account's own reactions with an emoji.
func (p *Platform) reactions(ctx context.Context, a chat.Action) ([]string, error) {
	var found []string
	err := p.eachRelation(ctx, roomOf(a), a.On.ID, "m.annotation", func(e wire) bool {
		emoji := e.Content.object("m.relates_to").text("key")
		if e.Sender == p.userID() && plainEmoji(emoji) == plainEmoji(a.Emoji) && !e.redacted() {
			found = append(found, e.ID)
		}
		return true
	})
	return found, err
}

// colourful is an emoji with the mark that it is to be shown in colour, as
// clients send it. Words, digits too, stay as they are.
func colourful(e string) string {
	if !strings.ContainsFunc(e, func(r rune) bool { return r > unicode.MaxASCII }) {
		return e
	}
	return variationselector.Add(e)
}

// plainEmoji is an emoji without the mark that it is to be shown in colour.
func plainEmoji(e string) string { return strings.ReplaceAll(e, variationselector.VS16, "") }

// send sends an event with the key of a, and returns its id.
func (p *Platform) send(ctx context.Context, kind string, a chat.Action, content map[string]any) (string, error) {
	content[keyField] = a.Key
	var answer struct {
		Event string `json:"event_id"`
	}
	err := p.put(ctx, p.address("v3", "rooms", roomOf(a), "send", kind, a.Key), content, &answer)
	if err != nil {
		return "", inRoom(err)
	}
	if answer.Event == "" {
		return "", errors.New("the server's answer does not name the event")
	}
	note(&p.memory, &p.memory.made, a.Key, answer.Event)
	note(&p.memory, &p.memory.types, answer.Event, kind)
	return answer.Event, nil
}
