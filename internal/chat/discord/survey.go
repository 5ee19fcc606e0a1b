package discord

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"time"

	"marginalia/internal/chat"
)

// seen is a room or thread as it is found when a session begins.
type seen struct {
	last  string // the newest message
	forum bool
	mute  bool // the bot may not read what was said there
}

// survey looks on a server for some of the rooms, and for those of their threads
// that may hold something new: all that are active, and those that were archived
// since something was missed.
func (l *listener) survey(ctx context.Context, guild string, rooms []chat.Room) (map[chat.Place]seen, error) {
	all := map[chat.Place]seen{}
	if err := l.surveyServer(ctx, guild, all); err != nil {
		return nil, err
	}
	maps.DeleteFunc(all, func(p chat.Place, _ seen) bool { return !slices.Contains(rooms, p.Room) })
	for _, r := range rooms {
		if _, there := all[chat.Place{Room: r}]; !there {
			continue
		}
		l.misses(r)
		if err := l.surveyArchive(ctx, r, all); err != nil {
			return nil, err
		}
	}
	for place, s := range all {
		l.hears(s.last)
		l.hears(place.Room.ID)
	}
	return all, nil
}

// hears notes the newest id that was heard of.
func (l *listener) hears(id string) {
	if isID(id) && newer(id, l.heard) {
		l.heard = id
	}
}

// surveyServer finds the rooms of a server, and their active threads.
func (l *listener) surveyServer(ctx context.Context, guild string, found map[chat.Place]seen) error {
	var channels []channel
	err := l.waited(ctx, func() error { return l.get(ctx, "guilds/"+guild+"/channels", nil, &channels) })
	if isRefusal(err) {
		l.c.Log.Warn("the bot does not see a server that it is on", "server", guild, "error", err)
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for the channels of server %s: %w", guild, err)
	}
	here := false
	for _, c := range channels {
		c.Guild = guild
		l.learn(c)
		if r := room(c.ID); l.rooms[r] {
			here = true
			found[chat.Place{Room: r}] = seen{last: c.Last, forum: c.isForum()}
		}
	}
	if !here {
		return nil
	}
	var active struct {
		Threads []channel `json:"threads"`
	}
	if err := l.waited(ctx, func() error { return l.get(ctx, "guilds/"+guild+"/threads/active", nil, &active) }); err != nil {
		return fmt.Errorf("look for the threads of server %s: %w", guild, err)
	}
	for _, c := range active.Threads {
		c.Guild = guild
		l.finds(c, found)
	}
	return nil
}

// finds notes a thread if it is one of a room's.
func (l *listener) finds(c channel, found map[chat.Place]seen) {
	l.learn(c)
	if r := room(c.Parent); l.rooms[r] {
		found[chat.Place{Room: r, Thread: c.ID}] = seen{last: c.Last}
	}
}

// surveyArchive finds the threads of a room that were archived since something
// was missed in it.
func (l *listener) surveyArchive(ctx context.Context, r chat.Room, found map[chat.Place]seen) error {
	at, since := chat.Place{Room: r}, l.sight.rooms[r].since
	knows := func(p chat.Place) bool { _, known := l.trails[p]; return known && p.Room == r && p.Thread != "" }
	if since == "" && !slices.ContainsFunc(slices.Collect(maps.Keys(l.trails)), knows) {
		return nil // the bot is new here
	}
	before := ""
	for {
		var answer struct {
			Threads []channel `json:"threads"`
			More    bool      `json:"has_more"`
		}
		query := url.Values{"limit": {strconv.Itoa(page)}}
		if before != "" {
			query.Set("before", before)
		}
		err := l.waited(ctx, func() error { return l.get(ctx, "channels/"+r.ID+"/threads/archived/public", query, &answer) })
		if errors.Is(err, chat.ErrForbidden) || errors.Is(err, chat.ErrRefused) {
			l.c.Log.Warn("the bot does not see a channel's archived threads", "channel", r.ID, "error", err)
			if s, there := found[at]; there {
				s.mute = errors.Is(err, chat.ErrForbidden)
				found[at] = s
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("look for the archived threads of channel %s: %w", r.ID, err)
		}
		for _, c := range answer.Threads {
			c.Guild = l.guildOf(r.ID)
			if c.Thread == nil || c.Thread.Since.Before(timeOf(since).Add(-time.Minute)) {
				return nil
			}
			l.finds(c, found)
			before = c.Thread.Since.Format(time.RFC3339Nano)
		}
		if !answer.More || len(answer.Threads) == 0 {
			return nil
		}
	}
}
