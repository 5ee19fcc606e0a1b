package discord

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"marginalia/internal/chat"
)

// server is what is known of a server that the gateway named.
type server struct {
	there bool   // the gateway tells what happens on it
	heard string // the newest id that was heard of when it last told something
}

// mostArrival is how long those who can be heard wait, when a session begins,
// for servers that have not come yet.
const mostArrival = 5 * time.Second

// anew: a session begins, which names servers and tells of none of them yet. All
// of the rooms are missed until their servers come.
func (l *listener) anew(named []string) {
	for r := range l.rooms {
		l.misses(r)
		l.sight.forgets(r)
	}
	clear(l.gaps)
	clear(l.servers)
	clear(l.sight.grants)
	for _, guild := range named {
		l.servers[guild] = server{}
	}
	l.whole, l.arrival = false, time.Now().Add(mostArrival)
}

// waits reports whether a session begins, and a server may still come in time on
// which one of the rooms is.
func (l *listener) waits() bool {
	if l.whole || l.arrival.IsZero() {
		return !l.whole
	}
	late := func(s server) bool { return !s.there }
	if l.untilArrival() == 0 || !slices.ContainsFunc(slices.Collect(maps.Values(l.servers)), late) {
		return false
	}
	for r := range l.rooms {
		if guild := l.guildOf(r.ID); guild == "" || l.away(guild) {
			return true
		}
	}
	return false
}

// untilArrival is how long servers are waited for when a session begins.
func (l *listener) untilArrival() time.Duration {
	if l.arrival.IsZero() { // it has not begun
		return idle
	}
	return max(0, time.Until(l.arrival))
}

// away reports whether the gateway does not tell what happens on a server.
func (l *listener) away(guild string) bool {
	s, named := l.servers[guild]
	return named && !s.there
}

// arrived: a session has begun as far as servers came. What was not told waited
// for that; the rooms of servers that come later are missed until then.
func (l *listener) arrived(ctx context.Context) error {
	l.whole = true
	for r := range l.rooms {
		if _, named := l.servers[l.guildOf(r.ID)]; !named && l.sight.rooms[r].missed {
			if err := l.lookAtRoom(ctx, r); err != nil {
				return err
			}
		}
	}
	for guild, s := range l.servers {
		if !s.there && len(l.roomsOn(guild)) > 0 {
			l.c.Log.Warn("a server has not come yet", "server", guild)
		}
	}
	for r := range l.rooms {
		if l.sight.rooms[r].missed {
			l.c.Log.Warn("the bot does not see a channel that it is to listen to", "channel", r.ID)
		}
	}
	return l.tell(ctx) // where "from now on" is
}

// serverGone: a server cannot be seen, and so none of its rooms.
func (l *listener) serverGone(guild string) {
	for _, r := range l.roomsOn(guild) {
		l.misses(r)
		l.sight.forgets(r)
	}
	l.servers[guild] = server{heard: l.servers[guild].heard}
}

// serverThere: a server can be seen from now on. It could not be before, whether
// that was told or not: its rooms are read from where they were read up to.
func (l *listener) serverThere(ctx context.Context, h heard) error {
	var g struct {
		ID          string `json:"id"`
		Unavailable bool   `json:"unavailable"`
	}
	if json.Unmarshal(h.data, &g) != nil || !isID(g.ID) {
		return nil
	}
	if g.Unavailable {
		l.serverGone(g.ID)
		return nil
	}
	l.learnAll(h, g.ID)
	l.learnSight(h)
	l.servers[g.ID] = server{there: true, heard: l.servers[g.ID].heard}
	rooms := l.roomsOn(g.ID)
	err := l.readAgain(ctx, g.ID, rooms)
	if err == nil || !mayPass(err) {
		return err
	}
	for _, r := range rooms {
		if l.guildOf(r.ID) == g.ID {
			l.misses(r)
			l.lookLater(r, err)
		}
	}
	return nil
}

// tells: the gateway tells what happens on a server.
func (l *listener) tells(guild string) {
	if guild != "" {
		l.servers[guild] = server{there: true, heard: l.heard}
	}
}

// heardOn is the newest id that was heard of when nothing was missed yet on a
// server, as far as it is known.
func (l *listener) heardOn(guild string) string {
	if s := l.servers[guild]; s.heard != "" {
		return s.heard
	}
	return l.heard
}

// readAgain has rooms of a server, or of which the server is not known, read,
// and their threads, from where they were read up to. What is said there now
// waits for it.
func (l *listener) readAgain(ctx context.Context, guild string, rooms []chat.Room) error {
	if len(rooms) == 0 {
		return nil
	}
	found, err := l.survey(ctx, guild, rooms)
	if err != nil {
		return err
	}
	for _, r := range rooms {
		s, there := found[chat.Place{Room: r}]
		if !there && l.guildOf(r.ID) != guild {
			continue
		}
		l.misses(r)
		if there && !s.mute {
			l.sight.reads(r)
		}
		l.back.anew(r)
	}
	for place, s := range found {
		l.begin(place, s)
	}
	l.back.sort()
	l.tells(guild)
	return nil
}
