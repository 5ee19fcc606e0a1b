package discord

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"marginalia/internal/chat"
)

// looksAround takes note of what an event says about what the bot may see, and
// fills rooms that have come into sight.
func (l *listener) looksAround(ctx context.Context, h heard) error {
	switch h.kind {
	case "CHANNEL_CREATE", "CHANNEL_UPDATE":
		var c channel
		if json.Unmarshal(h.data, &c) != nil || !l.rooms[room(c.ID)] {
			return nil
		}
		l.sight.excepts(room(c.ID), c.Overwrites)
		return l.lookAtRoom(ctx, room(c.ID))
	case "GUILD_ROLE_CREATE", "GUILD_ROLE_UPDATE", "GUILD_ROLE_DELETE", "GUILD_MEMBER_UPDATE", "THREAD_LIST_SYNC":
	default:
		return nil
	}
	var e struct {
		Guild string   `json:"guild_id"`
		User  user     `json:"user"`  // of a member
		Roles []string `json:"roles"` // of a member
		Role  role     `json:"role"`
		Gone  string   `json:"role_id"`
	}
	if json.Unmarshal(h.data, &e) != nil || h.kind == "GUILD_MEMBER_UPDATE" && e.User.ID != l.me().user {
		return nil
	}
	if g := l.sight.grants[e.Guild]; g != nil {
		switch h.kind {
		case "GUILD_ROLE_CREATE", "GUILD_ROLE_UPDATE":
			g.put(e.Role)
		case "GUILD_ROLE_DELETE":
			g.roles = slices.DeleteFunc(slices.Clone(g.roles), func(r role) bool { return r.ID == e.Gone })
		case "GUILD_MEMBER_UPDATE":
			g.mine = e.Roles
		}
	}
	for _, r := range l.roomsOn(e.Guild) {
		if l.rests(r) {
			continue
		}
		if err := l.lookAtRoom(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// sightPause is how long a room in which something happens, though it cannot be
// read, is not looked at again.
const sightPause = time.Minute

// hearsOf: something happened in a room. If it could not be read, it perhaps can be
// now without that being told: a session that is taken up does not tell of servers.
func (l *listener) hearsOf(ctx context.Context, r chat.Room) error {
	v := l.sight.rooms[r]
	l.tells(l.guildOf(r.ID))
	if !v.missed || time.Now().Before(v.next) {
		return nil
	}
	v.next = time.Now().Add(sightPause)
	l.sight.rooms[r] = v
	return l.lookAtRoom(ctx, r)
}

// untilSight is how long it is until a room may be looked at again.
func (l *listener) untilSight() time.Duration {
	wait := idle
	for _, v := range l.sight.rooms {
		if !v.due.IsZero() {
			wait = min(wait, max(0, time.Until(v.due)))
		}
	}
	return wait
}

// lookAround looks at the rooms that may be looked at again.
func (l *listener) lookAround(ctx context.Context) error {
	for r, v := range l.sight.rooms {
		if v.due.IsZero() || time.Now().Before(v.due) {
			continue
		}
		v.due = time.Time{}
		l.sight.rooms[r] = v
		if err := l.lookAtRoom(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// lookLater has a room looked at later, with which Discord is in trouble.
func (l *listener) lookLater(r chat.Room, err error) {
	wait, _ := waitOf(err)
	v := l.sight.rooms[r]
	v.tries++
	v.due = time.Now().Add(max(wait, rest(v.tries)))
	l.sight.rooms[r] = v
	if v.tries == 1 {
		l.c.Log.Warn("whether a channel can be seen is not known yet", "channel", r.ID, "error", err)
	}
}

// rest is how long Discord is left alone with something that it was so often in
// trouble with.
func rest(tries int) time.Duration { return min(10*time.Minute, time.Second<<min(tries, 10)) }

// lookAtRoom finds out whether a room has come out of sight, or into it again,
// and has it read then. While its server is away it is not looked at. Where
// Discord is in trouble with it, or contradicts itself, it is looked at later.
func (l *listener) lookAtRoom(ctx context.Context, r chat.Room) error {
	if l.away(l.guildOf(r.ID)) {
		return nil
	}
	ask := l.waited
	if l.sight.rooms[r].tries > 0 || l.guildOf(r.ID) == "" { // nobody else has to wait for it
		ask = once
	}
	shown, err := l.isShownAgain(ctx, r, ask)
	if err == nil && shown {
		err = l.readAgain(ctx, l.guildOf(r.ID), []chat.Room{r})
	}
	if err != nil && mayPass(err) {
		l.lookLater(r, err)
		return nil
	}
	l.looked(r)
	return err
}

// looked notes that Discord told of a room. One whose server is still not known
// may be on any: it rests the longer, the more events of servers were none of it.
func (l *listener) looked(r chat.Room) {
	v := l.sight.rooms[r]
	v.due, v.rests = time.Time{}, time.Time{}
	v.tries++
	if l.guildOf(r.ID) != "" {
		v.tries = 0
	}
	if v.tries > 0 {
		v.rests = time.Now().Add(rest(v.tries))
	}
	l.sight.rooms[r] = v
}

// rests reports whether an event that may be about a room has to wait; the room is
// looked at then.
func (l *listener) rests(r chat.Room) bool {
	v := l.sight.rooms[r]
	if l.guildOf(r.ID) != "" || !time.Now().Before(v.rests) {
		return false
	}
	v.due = v.rests
	l.sight.rooms[r] = v
	return true
}

// asking is how something is asked for: l.waited, or once.
type asking func(ctx context.Context, do func() error) error

func once(_ context.Context, do func() error) error { return do() }

// isShownAgain notes that a room has come out of sight, or reports that it has
// come into it again. By what the events say it is hidden even if Discord, asked
// now, would show it again; that it can be seen is believed of Discord alone.
func (l *listener) isShownAgain(ctx context.Context, r chat.Room, ask asking) (bool, error) {
	v := l.sight.rooms[r]
	hidden, err := l.isHidden(ctx, r, v, ask)
	if err != nil {
		return false, fmt.Errorf("look whether channel %s can be seen: %w", r.ID, err)
	}
	if hidden && !v.missed {
		l.c.Log.Warn("a channel is hidden from the bot", "channel", r.ID)
		l.misses(r)
	}
	if hidden || v.readable || l.away(l.guildOf(r.ID)) {
		return false, nil
	}
	err = ask(ctx, func() error { return l.mayRead(ctx, r.ID) })
	if isRefusal(err) && !is(err, noAccess) { // it is granted sight of it, by all that is known
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look whether channel %s can be read: %w", r.ID, err)
	}
	return true, nil
}

// isHidden tells by what is known whether a room is hidden, and finds out what
// is not known.
func (l *listener) isHidden(ctx context.Context, r chat.Room, v view, ask asking) (bool, error) {
	var g *grant
	var err error
	if v.over == nil || l.guildOf(r.ID) == "" {
		var c channel
		err = ask(ctx, func() (err error) { c, err = l.channel(ctx, r.ID); return err })
		v.over = c.Overwrites
		if err == nil {
			l.sight.excepts(r, c.Overwrites)
		}
	}
	if err == nil {
		g, err = l.granted(ctx, l.guildOf(r.ID), ask)
	}
	if isRefusal(err) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return g.inChannel(l.me().user, g.mine, v.over)&viewChannel == 0, nil
}

// granted is what the bot is granted on a server.
func (l *listener) granted(ctx context.Context, guild string, ask asking) (*grant, error) {
	if g := l.sight.grants[guild]; g != nil {
		return g, nil
	}
	var m member
	var a authority
	if err := ask(ctx, func() (err error) { a, err = l.authorityOf(ctx, guild); return err }); err != nil {
		return nil, err
	}
	if err := ask(ctx, func() error { return l.get(ctx, "guilds/"+guild+"/members/"+l.me().user, nil, &m) }); err != nil {
		return nil, err
	}
	g := &grant{a, m.Roles}
	l.sight.grants[guild] = g
	return g, nil
}
