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
	shut  bool // the bot may not read it
}

// survey looks at the servers for the rooms, and for those of their threads
// that may hold something new: all that are active, and those that were
// archived since the bot heard last.
func (l *listener) survey(ctx context.Context) (map[chat.Place]seen, error) {
	found := map[chat.Place]seen{}
	servers, err := l.servers(ctx)
	if err != nil {
		return nil, err
	}
	for _, guild := range servers {
		if err := l.surveyServer(ctx, guild, found); err != nil {
			return nil, err
		}
	}
	for r := range l.rooms {
		if _, ok := found[chat.Place{Room: r}]; !ok {
			l.c.Log.Warn("the bot does not see a channel that it is to listen to", "channel", r.ID)
			continue
		}
		if err := l.surveyArchive(ctx, r, found); err != nil {
			return nil, err
		}
	}
	for place, s := range found {
		l.hears(s.last)
		l.hears(place.Room.ID)
	}
	return found, nil
}

// surveyRoom is survey for one room.
func (l *listener) surveyRoom(ctx context.Context, r chat.Room) (map[chat.Place]seen, error) {
	all, here := map[chat.Place]seen{}, map[chat.Place]seen{}
	if err := l.surveyServer(ctx, l.guildOf(r.ID), all); err != nil {
		return nil, err
	}
	for place, s := range all {
		if place.Room == r {
			here[place] = s
		}
	}
	return here, l.surveyArchive(ctx, r, here)
}

// servers are those that the rooms are on: all that the bot is on, unless it is
// known of each room.
func (l *listener) servers(ctx context.Context) ([]string, error) {
	of := map[string]bool{}
	for r := range l.rooms {
		if guild := l.guildOf(r.ID); guild != "" {
			of[guild] = true
			continue
		}
		if len(l.guilds) > 0 {
			return slices.Sorted(maps.Keys(l.guilds)), nil
		}
		err := l.waited(ctx, func() error { _, err := l.find(ctx, r.ID); return err })
		if err != nil && !errors.Is(err, chat.ErrForbidden) && !errors.Is(err, chat.ErrGone) {
			return nil, fmt.Errorf("look for channel %s: %w", r.ID, err)
		}
		of[l.guildOf(r.ID)] = true
	}
	delete(of, "")
	return slices.Sorted(maps.Keys(of)), nil
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
	if errors.Is(err, chat.ErrForbidden) || errors.Is(err, chat.ErrGone) {
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
				s.shut = errors.Is(err, chat.ErrForbidden)
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
