package discord

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"marginalia/internal/chat"
)

// places knows what channels are: rooms, or threads of rooms.
type places struct {
	mu  sync.Mutex
	all recent[string, where]
}

// where is what a channel is. The zero value is none that concerns the bot.
type where struct {
	place            chat.Place
	forum            bool     // its messages stand in threads alone
	tags             []string // ids of those that the bot's posts have in a forum
	underForum       bool     // a thread whose first message stands for it
	archived, locked bool
}

func newPlaces() places { return places{all: newRecent[string, where](16384)} }

func (p *places) get(channel string) (where, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all.get(channel)
}

func (p *places) put(channel string, w where) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if parent, known := p.all.get(w.place.Room.ID); known && w.place.Thread != "" {
		w.underForum = parent.forum
	}
	p.all.put(channel, w)
}

// learn takes note of a channel or thread, as Discord tells of it.
func (p *Platform) learn(c channel) {
	if !isID(c.ID) || c.isThread() && !isID(c.Parent) {
		return
	}
	p.mu.Lock()
	if isID(c.Guild) {
		p.guilds[c.ID] = c.Guild
		if c.isThread() {
			delete(p.guilds, c.ID) // its channel has it
			p.guilds[c.Parent] = c.Guild
		}
	}
	p.mu.Unlock()
	if !c.isThread() {
		if known, _ := p.places.get(c.ID); !known.forum && p.insists(c) {
			p.c.Log.Warn("threads = false is ignored for a channel: in a forum each post is a thread", "channel", "#"+c.Name)
		}
		p.places.put(c.ID, where{place: chat.Place{Room: room(c.ID)}, forum: c.isForum(), tags: p.tagsIn(c)})
		return
	}
	w := where{place: chat.Place{Room: room(c.Parent), Thread: c.ID}}
	if c.Thread != nil {
		w.archived, w.locked = c.Thread.Archived, c.Thread.Locked
	}
	p.places.put(c.ID, w)
}

// insists reports whether a channel has threads although none are wanted: in a
// forum each post is one.
func (p *Platform) insists(c channel) bool { return c.isForum() && slices.Contains(p.c.Flat, c.ID) }

// Board reports whether a room is a forum, or not known yet. See chat.Boarder.
func (p *Platform) Board(room chat.Room) bool {
	w, known := p.places.get(room.ID)
	return w.forum || !known
}

// find tells what a channel is, and asks Discord if need be.
func (p *Platform) find(ctx context.Context, id string) (where, error) {
	if w, known := p.places.get(id); known {
		return w, nil
	}
	if !isID(id) {
		return where{}, fmt.Errorf("%q is no id of a channel: %w", id, chat.ErrForbidden)
	}
	c, err := p.channel(ctx, id)
	if err != nil {
		return where{}, err
	}
	w, _ := p.places.get(id)
	if c.isThread() {
		if _, known := p.places.get(c.Parent); !known { // a forum's?
			if _, err := p.channel(ctx, c.Parent); err != nil {
				return w, err
			}
			p.learn(c)
			w, _ = p.places.get(id)
		}
	}
	return w, nil
}

// heardIn tells what the channel of an event is; false: none that concerns the
// bot.
func (p *Platform) heardIn(ctx context.Context, id string) (where, bool, error) {
	var w where
	err := p.waited(ctx, func() (err error) { w, err = p.find(ctx, id); return err })
	if isRefusal(err) {
		p.places.put(id, where{})
		return where{}, false, nil
	}
	return w, err == nil && w.place.Room.ID != "", err
}

// channelOf is the channel or thread in which a message stands.
func (p *Platform) channelOf(r chat.Ref) string {
	if r.Place.Thread != "" {
		return r.Place.Thread
	}
	if w, _ := p.places.get(r.Place.Room.ID); w.forum && r.ID != "" {
		return r.ID
	}
	return r.Place.Room.ID
}

// placeOf is the place of a message in a channel: the first one of a forum's
// thread stands in the forum.
func placeOf(w where, id string) chat.Place {
	if w.underForum && w.place.Thread == id {
		return chat.Place{Room: w.place.Room}
	}
	return w.place
}
