package local

import (
	"context"
	"fmt"
	"unicode/utf8"

	"marginalia/internal/chat"
	"marginalia/internal/format"
)

// The methods of this file are what people do. Each returns once the bot has
// recorded it, or with the reason why it has not: then it has not happened,
// and may be tried again.
//
// They ask nobody whether by may do it: who draws the room knows whose
// messages stand there.

// Say says what someone typed at a place, in answer to replyTo if that points
// at a message. A text that begins with the prefix of commands calls one: on
// what it answers, or else on the message whose thread it stands in.
func (p *Platform) Say(ctx context.Context, at chat.Place, by chat.Person, text string, replyTo chat.Ref) (chat.Ref, error) {
	ref := chat.Ref{Place: at, ID: p.o.ID()}
	e := p.event(chat.Said, chat.Message{Ref: ref, ReplyTo: replyTo, From: by}, by)
	if err := write(&e, text); err != nil {
		return chat.Ref{}, fmt.Errorf("say in %s: %w", at.Room, err)
	}
	if e.Call = p.call(e.Message, text); e.Call != nil {
		e.Kind = chat.Called
	}
	if err := p.tell(ctx, e); err != nil {
		return chat.Ref{}, fmt.Errorf("say in %s: %w", at.Room, err)
	}
	return ref, nil
}

// call is what a message with a text calls, nil if it calls nothing.
func (p *Platform) call(m chat.Message, text string) *chat.Call {
	name, args, ok := chat.ParseCommand(p.o.Prefix, text)
	if !ok {
		return nil
	}
	on, at := m.ReplyTo, m.Ref.Place
	if on.IsZero() && at.Thread != "" {
		on = chat.Ref{Place: chat.Place{Room: at.Room}, ID: at.Thread}
	}
	return &chat.Call{Ref: m.Ref, On: on, By: m.From, Rights: p.o.Rights(m.From), Name: name, Args: args, Typed: true, Text: chat.CommandText(p.o.Prefix, text)}
}

// Calls reports whether a text would call a command.
func (p *Platform) Calls(text string) bool {
	_, _, ok := chat.ParseCommand(p.o.Prefix, text)
	return ok
}

// Edit gives a message new words.
func (p *Platform) Edit(ctx context.Context, ref chat.Ref, by chat.Person, text string) error {
	e := p.event(chat.Edited, chat.Message{Ref: ref, From: by}, by)
	e.Revised = e.At
	if err := write(&e, text); err != nil {
		return fmt.Errorf("edit in %s: %w", ref.Place.Room, err)
	}
	e.Call = p.call(e.Message, text)
	if err := p.tell(ctx, e); err != nil {
		return fmt.Errorf("edit in %s: %w", ref.Place.Room, err)
	}
	return nil
}

// Delete removes a message.
func (p *Platform) Delete(ctx context.Context, ref chat.Ref, by chat.Person) error {
	if err := p.tell(ctx, p.event(chat.Deleted, chat.Message{Ref: ref}, by)); err != nil {
		return fmt.Errorf("delete in %s: %w", ref.Place.Room, err)
	}
	return nil
}

// React puts an emoji under a message, or takes it off.
func (p *Platform) React(ctx context.Context, ref chat.Ref, by chat.Person, emoji string, on bool) error {
	kind := chat.Reacted
	if !on {
		kind = chat.Unreacted
	}
	e := p.event(kind, chat.Message{Ref: ref}, by)
	e.Emoji = emoji
	if emoji == "" || len(emoji) > 64 {
		return fmt.Errorf("react in %s: %w: %.64q is no emoji", ref.Place.Room, chat.ErrRefused, emoji)
	}
	if err := p.tell(ctx, e); err != nil {
		return fmt.Errorf("react in %s: %w", ref.Place.Room, err)
	}
	return nil
}

func (p *Platform) event(kind chat.Kind, m chat.Message, by chat.Person) chat.Event {
	return chat.Event{Kind: kind, Message: m, By: by, At: p.o.Now()}
}

// write gives an event the words that were typed.
func write(e *chat.Event, text string) error {
	if n := utf8.RuneCountInString(text); n > Limit {
		return fmt.Errorf("%w: %d characters are more than %d", chat.ErrRefused, n, Limit)
	}
	e.Message.Body = format.Typed(text)
	if e.Message.Body.Empty() {
		return fmt.Errorf("%w: it has no words", chat.ErrRefused)
	}
	return nil
}

// tell hands an event to Run and waits until handle has taken it.
func (p *Platform) tell(ctx context.Context, e chat.Event) error {
	room := e.Message.Ref.Place.Room
	p.mu.Lock()
	s := p.open
	p.mu.Unlock()
	if s == nil {
		return ErrAway
	}
	if !p.has(room) || !s.rooms[room] {
		return chat.ErrForbidden
	}
	t := typed{e, make(chan error, 1)}
	select {
	case s.typed <- t:
		return <-t.taken
	case <-s.over:
		return ErrAway
	case <-ctx.Done():
		return ctx.Err()
	}
}
