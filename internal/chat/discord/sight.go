package discord

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"marginalia/internal/chat"
)

// sight is which rooms the bot can read. A room is hidden from it by what it is
// granted; and what is said in a room is missed while it is hidden, while its
// server is away, or while what was said cannot be read: that is a gap, which is
// filled as soon as the room can be read again.
type sight struct {
	rooms  map[chat.Room]view
	grants map[string]*grant // by server, as far as they are known
}

// view is what is known of one room. The zero value is not known: a session
// that was taken up may have been without sight of it.
type view struct {
	readable, missed bool

	since string      // the newest id that was heard of before something was missed in it
	over  []overwrite // nil: not known
	next  time.Time   // when a live event may have it looked at again
	tries int         // to look at it, of which nothing came
	due   time.Time   // when it is looked at again; zero: not of itself
	rests time.Time   // where its server is not known: no event has it looked at before then
}

// grant is what the bot is granted on a server.
type grant struct {
	authority
	mine []string // its roles
}

func newSight() sight { return sight{map[chat.Room]view{}, map[string]*grant{}} }

// reads notes that a room can be read.
func (s *sight) reads(r chat.Room) {
	v := s.rooms[r]
	v.readable, v.missed = true, false
	s.rooms[r] = v
}

// forgets forgets all that is known of a room but what is missed of it.
func (s *sight) forgets(r chat.Room) {
	s.rooms[r] = view{missed: s.rooms[r].missed, since: s.rooms[r].since}
}

// missing are the rooms of which something is missed, by id, with what was heard
// of before: the next process has to know it.
func (s *sight) missing() map[string]string {
	all := map[string]string{}
	for r, v := range s.rooms {
		if v.missed {
			all[r.ID] = v.since
		}
	}
	return all
}

// misses notes that what is said in a room is missed from now on; or since when it
// was before, or something was missed in it that is not read yet.
func (l *listener) misses(r chat.Room) {
	v := l.sight.rooms[r]
	before := v.missed || slices.ContainsFunc(l.gapped(), func(p chat.Place) bool { return p.Room == r })
	if !before || v.since == "" {
		v.since = l.heardOn(l.guildOf(r.ID))
	}
	v.readable, v.missed = false, true
	l.sight.rooms[r] = v
}

// roomsOn are the rooms on a server, or of which the server is not known, in an
// order that does not change.
func (l *listener) roomsOn(guild string) []chat.Room {
	var all []chat.Room
	for r := range l.rooms {
		if on := l.guildOf(r.ID); on == guild || on == "" {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b chat.Room) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// excepts notes the exceptions of a room.
func (s *sight) excepts(r chat.Room, over []overwrite) {
	v := s.rooms[r]
	v.over = append([]overwrite{}, over...)
	s.rooms[r] = v
}

// put replaces a role, or adds it. Nobody else holds the list.
func (g *grant) put(one role) {
	g.roles = slices.DeleteFunc(slices.Clone(g.roles), func(r role) bool { return r.ID == one.ID })
	g.roles = append(g.roles, one)
}

// learnSight learns what a server tells of itself: its roles, the exceptions of
// its channels, and the bot's own roles.
func (l *listener) learnSight(h heard) {
	var g struct {
		ID       string    `json:"id"`
		Owner    string    `json:"owner_id"`
		Roles    []role    `json:"roles"`
		Channels []channel `json:"channels"`
		Members  []member  `json:"members"`
	}
	if json.Unmarshal(h.data, &g) != nil {
		return
	}
	delete(l.sight.grants, g.ID)
	me := slices.IndexFunc(g.Members, func(m member) bool { return m.User != nil && m.User.ID == l.me().user })
	if me >= 0 {
		l.sight.grants[g.ID] = &grant{authority{guild: g.ID, owner: g.Owner, roles: g.Roles}, g.Members[me].Roles}
	}
	for _, c := range g.Channels {
		if r := room(c.ID); l.rooms[r] {
			l.sight.excepts(r, c.Overwrites)
		}
	}
}
