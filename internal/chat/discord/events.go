package discord

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"marginalia/internal/chat"
)

// happened is what an event in a place means.
func (l *listener) happened(ctx context.Context, h heard, w where) ([]chat.Event, error) {
	switch h.kind {
	case "MESSAGE_CREATE":
		return l.created(ctx, h, w)
	case "MESSAGE_UPDATE":
		return l.updated(ctx, h, w)
	case "MESSAGE_DELETE", "MESSAGE_DELETE_BULK":
		return l.deleted(h, w), nil
	}
	return l.reacted(ctx, h, w)
}

// created: in a room of which something is missed the trails stay where they end, since something
// before the message was not read. The message is told once more with that.
func (l *listener) created(ctx context.Context, h heard, w where) ([]chat.Event, error) {
	m, ok := read(h.data)
	if !ok {
		return nil, nil
	}
	l.hears(m.ID)
	l.tells(l.guildOf(w.place.Room.ID))
	missed := l.sight.rooms[w.place.Room].missed
	if !missed {
		l.trail(w.place).newest = max(l.trail(w.place).newest, number(m.ID))
	}
	if !m.isTalk() {
		return nil, nil
	}
	if !missed {
		l.trail(w.place).read(number(m.ID), l.isOwn(m), plainState)
	}
	e, ok, err := l.said(ctx, m, w)
	if !ok || err != nil {
		return nil, err
	}
	return []chat.Event{e}, nil
}

// updated: Discord says so of much that is no edit, and now and then again of
// old edits.
func (l *listener) updated(ctx context.Context, h heard, w where) ([]chat.Event, error) {
	m, ok := read(h.data)
	if !ok || m.Edited.IsZero() {
		return nil, nil
	}
	l.touches(w.place, func(t *trail) { t.changed(number(m.ID)) })
	if edited, known := l.edits.get(m.ID); known && edited.Equal(m.Edited) {
		return nil, nil
	}
	if m.Content == nil || m.Author.ID == "" { // the event tells only a part
		whole, ok, err := l.again(ctx, m)
		if !ok || err != nil {
			return nil, err
		}
		m = whole
	}
	if !m.isTalk() {
		return nil, nil
	}
	e, ok, err := l.said(ctx, m, w)
	if !ok || err != nil || e.Kind != chat.Said && e.Kind != chat.Called || e.Revised.IsZero() {
		return nil, err
	}
	e.Kind = chat.Edited
	l.edits.put(m.ID, m.Edited)
	return []chat.Event{e}, nil
}

// again is a message as it is now.
func (l *listener) again(ctx context.Context, m message) (message, bool, error) {
	var raw json.RawMessage
	err := l.waited(ctx, func() error { return l.get(ctx, "channels/"+m.Channel+"/messages/"+m.ID, nil, &raw) })
	if isRefusal(err) {
		return message{}, false, nil
	}
	if err != nil {
		return message{}, false, fmt.Errorf("look at message %s: %w", m.ID, err)
	}
	whole, ok := read(raw)
	return whole, ok, nil
}

// deleted: what the bot deleted itself is no news, as far as this process knows
// of it.
func (l *listener) deleted(h heard, w where) []chat.Event {
	var e struct {
		ID  string   `json:"id"`
		IDs []string `json:"ids"`
	}
	if json.Unmarshal(h.data, &e) != nil {
		return nil
	}
	if h.kind == "MESSAGE_DELETE" {
		e.IDs = []string{e.ID}
	}
	var events []chat.Event
	for _, id := range e.IDs {
		if !isID(id) {
			continue
		}
		l.touches(w.place, func(t *trail) { t.gone(number(id)) })
		if _, ours := recall(&l.memory, &l.memory.gone, id); ours {
			continue
		}
		events = append(events, chat.Event{
			Kind: chat.Deleted, Message: chat.Message{Ref: chat.Ref{Place: placeOf(w, id), ID: id}}, At: time.Now().UTC(), Raw: h.data,
		})
	}
	return events
}

// reacted: somebody put an emoji under a message, or took it off; or a
// moderator took all of them off, and whose they were is not told.
func (l *listener) reacted(ctx context.Context, h heard, w where) ([]chat.Event, error) {
	var e struct {
		User    string  `json:"user_id"`
		Message string  `json:"message_id"`
		Emoji   emoji   `json:"emoji"`
		Member  *member `json:"member"`
	}
	if json.Unmarshal(h.data, &e) != nil || !isID(e.Message) {
		return nil, nil
	}
	l.touches(w.place, func(t *trail) { t.changed(number(e.Message)) })
	told := chat.Event{
		Kind: chat.Unreacted, Message: chat.Message{Ref: chat.Ref{Place: placeOf(w, e.Message), ID: e.Message}},
		Emoji: e.Emoji.text(), At: time.Now().UTC(), Raw: h.data,
	}
	switch h.kind {
	case "MESSAGE_REACTION_REMOVE_ALL":
		told.Emoji = ""
		return []chat.Event{told}, nil
	case "MESSAGE_REACTION_ADD":
		told.Kind = chat.Reacted
	}
	if told.Emoji == "" {
		return nil, nil
	}
	if h.kind == "MESSAGE_REACTION_REMOVE_EMOJI" {
		return []chat.Event{told}, nil
	}
	if !isID(e.User) || e.User == l.me().user || e.Member != nil && e.Member.User != nil && e.Member.User.Bot && !l.isBot(e.User) {
		return nil, nil
	}
	var err error
	told.By, err = l.personOf(ctx, w, user{ID: e.User}, e.Member)
	return []chat.Event{told}, err
}

// around is what an event means that happens in no place: what it tells of
// servers, channels and threads is kept.
func (l *listener) around(ctx context.Context, h heard) ([]chat.Event, error) {
	switch h.kind {
	case "CHANNEL_CREATE", "CHANNEL_UPDATE", "THREAD_CREATE", "THREAD_UPDATE":
		var c channel
		if json.Unmarshal(h.data, &c) == nil {
			l.learn(c)
		}
	case "CHANNEL_DELETE", "THREAD_DELETE":
		l.forget(h)
	case "THREAD_LIST_SYNC":
		l.learnAll(h, "")
	case "GUILD_CREATE":
		return nil, l.serverThere(ctx, h)
	case "GUILD_DELETE":
		var g struct {
			ID string `json:"id"`
		}
		if json.Unmarshal(h.data, &g) == nil && isID(g.ID) {
			l.serverGone(g.ID)
			l.c.Log.Warn("a server cannot be seen any more", "server", g.ID)
		}
	case "GUILD_ROLE_CREATE", "GUILD_ROLE_UPDATE", "GUILD_ROLE_DELETE", "GUILD_UPDATE":
		l.rightsChanged(h)
	}
	return nil, l.looksAround(ctx, h)
}

// forget: a channel or thread is no more.
func (l *listener) forget(h heard) {
	var c channel
	if json.Unmarshal(h.data, &c) != nil || !isID(c.ID) {
		return
	}
	if w, known := l.places.get(c.ID); known {
		delete(l.trails, w.place)
		delete(l.touched, w.place)
	}
	l.places.put(c.ID, where{})
}

// learnAll learns the channels and threads that an event holds.
func (l *listener) learnAll(h heard, guild string) {
	var all struct {
		ID       string    `json:"id"`
		Guild    string    `json:"guild_id"`
		Channels []channel `json:"channels"`
		Threads  []channel `json:"threads"`
	}
	if json.Unmarshal(h.data, &all) != nil {
		return
	}
	for _, c := range append(all.Channels, all.Threads...) {
		if c.Guild == "" {
			c.Guild = cmp.Or(all.Guild, guild)
		}
		l.learn(c)
	}
}
