package discord

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/format"
)

// said is what a message tells: what someone said, or called, or an echo of
// what the bot said. Much is nothing to tell of.
func (p *Platform) said(ctx context.Context, m message, w where) (chat.Event, bool, error) {
	e := chat.Event{Kind: chat.Said, At: m.At.UTC(), Raw: m.raw}
	e.Message.Ref = chat.Ref{Place: placeOf(w, m.ID), ID: m.ID, As: p.as(m)}
	if p.isOwn(m) {
		e.Kind, e.Key = chat.Echoed, string(m.Nonce)
		if e.Key != "" {
			note(&p.memory, &p.memory.made, e.Key, e.Message.Ref)
		}
		return e, e.Key != "", nil
	}
	if !m.isTalk() || m.Webhook != "" && !p.isBot(m.Webhook) || m.Webhook == "" && m.Author.Bot && !p.isBot(m.Author.ID) {
		return e, false, nil
	}
	by, err := p.personOf(ctx, w, m.Author, m.Member)
	if err != nil {
		return e, false, err
	}
	e.By, e.Message.From = by, by
	p.write(&e, m, w)
	if e.Message.Body.Empty() && len(e.Message.Files) == 0 {
		return e, false, nil // it may be that the bot is not let read it
	}
	note(&p.memory, &p.memory.authors, m.ID, by.Name)
	if name, args, ok := chat.ParseCommand(p.c.Command, text(m)); ok {
		e.Kind = chat.Called
		e.Call = &chat.Call{Ref: e.Message.Ref, On: e.Message.ReplyTo, By: by, Name: name, Args: args, Typed: true, Text: chat.CommandText(p.c.Command, text(m))}
		e.Call.Rights, err = p.rightsOf(ctx, w, m.Author.ID, m.Member)
		return e, err == nil, err
	}
	return e, true, nil
}

// write gives an event a message's words, files and what it answers.
func (p *Platform) write(e *chat.Event, m message, w where) {
	if !m.Edited.IsZero() {
		e.Revised = m.Edited.UTC()
	}
	for _, who := range m.Mentions {
		note(&p.memory, &p.memory.names, "user "+who.ID, name(who.Member, who.user))
	}
	e.Message.Body = p.words.ParseCards(text(m), cardsOf(m))
	e.Message.Files = filesOf(m)
	if r := m.Reference; r != nil && m.Type == replyMessage && r.Type == 0 && r.Channel == m.Channel && isID(r.Message) {
		e.Message.ReplyTo = chat.Ref{Place: placeOf(w, r.Message), ID: r.Message}
	}
}

// text is a message's words, or those that it passes on, which are quoted.
func text(m message) string {
	if m.Content != nil && *m.Content != "" {
		return *m.Content
	}
	if m.Poll != nil {
		return m.Poll.Question.Text
	}
	var all []string
	for _, s := range m.Snapshots {
		all = append(all, "Forwarded:")
		if s.Message.Content == "" {
			continue
		}
		for line := range strings.SplitSeq(s.Message.Content, "\n") {
			all = append(all, "> "+line)
		}
	}
	return strings.Join(all, "\n")
}

// cardsOf are the cards that a bot shows. What stands below the words of people
// are previews of pages that they link to.
func cardsOf(m message) []format.Card {
	if !m.Author.Bot && m.Webhook == "" {
		return nil
	}
	var all []format.Card
	for _, e := range m.Embeds {
		if e.Type != "rich" {
			continue
		}
		c := format.Card{Author: e.Author.Name, Title: e.Title, URL: e.URL, Text: e.Text, Image: e.Image.URL, Footer: e.Footer.Text}
		for _, f := range e.Fields {
			c.Fields = append(c.Fields, format.CardField{Name: f.Name, Words: f.Value})
		}
		all = append(all, c)
	}
	return all
}

// isOwn reports whether the bot said something, or one of its webhooks.
func (p *Platform) isOwn(m message) bool {
	me := p.me()
	return m.Author.ID == me.user && me.user != "" || m.Application != "" && m.Application == me.application || p.hooks.has(m.Webhook)
}

// as is who speaks, of what is the bot's own.
func (p *Platform) as(m message) string {
	switch {
	case !p.isOwn(m):
		return ""
	case m.Webhook == "" || m.Webhook == p.me().application: // the latter: an answer to a command
		return bot
	}
	return m.Webhook
}

// personOf is someone by the name that they bear on the server. What Discord
// tells of old messages leaves it out.
func (p *Platform) personOf(ctx context.Context, w where, u user, m *member) (chat.Person, error) {
	if m != nil && m.User != nil && u.Name == "" {
		u = *m.User
	}
	who := chat.Person{ID: u.ID, Name: name(m, u), Avatar: avatar(u)}
	key := "user " + u.ID
	if m != nil || u.Bot {
		note(&p.memory, &p.memory.names, key, who.Name)
		return who, nil
	}
	if known, ok := recall(&p.memory, &p.memory.names, key); ok {
		who.Name = known
		return who, nil
	}
	guild := p.guildOf(w.place.Room.ID)
	if !isID(u.ID) || guild == "" {
		return who, nil
	}
	var found member
	err := p.waited(ctx, func() error { return p.get(ctx, "guilds/"+guild+"/members/"+u.ID, nil, &found) })
	if err == nil && found.User != nil {
		who.Name = name(&found, *found.User)
		who.Avatar = avatar(*found.User)
	}
	if err != nil && !isRefusal(err) && !errors.Is(err, chat.ErrRefused) {
		return who, err
	}
	note(&p.memory, &p.memory.names, key, who.Name) // who has left is called as before
	return who, nil
}

// reactionsOn reads who holds which emoji under a message.
func (p *Platform) reactionsOn(ctx context.Context, m message, w where) ([]chat.Event, error) {
	var events []chat.Event
	for _, r := range m.Reactions {
		if r.Count == 0 || r.Count == 1 && r.Me || r.Emoji.text() == "" {
			continue
		}
		all, err := p.reactors(ctx, m, r.Emoji.text())
		if err != nil {
			return nil, err
		}
		for _, u := range all {
			if u.ID == p.me().user || u.Bot && !p.isBot(u.ID) {
				continue
			}
			by, err := p.personOf(ctx, w, u, nil)
			if err != nil {
				return nil, err
			}
			events = append(events, chat.Event{
				Kind: chat.Reacted, Emoji: r.Emoji.text(), By: by, At: time.Now().UTC(),
				Message: chat.Message{Ref: chat.Ref{Place: placeOf(w, m.ID), ID: m.ID, As: p.as(m)}},
			})
		}
	}
	return events, nil
}

// reactors are all who hold an emoji under a message.
func (p *Platform) reactors(ctx context.Context, m message, emoji string) ([]user, error) {
	var all []user
	for after := "0"; ; {
		var some []user
		query := url.Values{"limit": {strconv.Itoa(page)}, "after": {after}}
		path := "channels/" + m.Channel + "/messages/" + m.ID + "/reactions/" + url.PathEscape(emoji)
		err := p.waited(ctx, func() error { return p.get(ctx, path, query, &some) })
		if errors.Is(err, chat.ErrGone) || errors.Is(err, chat.ErrRefused) {
			return all, nil // gone meanwhile
		}
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
		if len(some) < page {
			return all, nil
		}
		after = some[len(some)-1].ID
	}
}
