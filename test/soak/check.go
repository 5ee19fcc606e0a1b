//go:build unix

package main

import (
	"fmt"
	"slices"

	"marginalia/internal/chat"
)

// A remark is what a person of ours said: the truth that mirrors are held
// against. Every version of its words begins with the token.
type remark struct {
	token   string // unique, a word of its own
	room    chat.Room
	passage int      // under which it was said
	by      int      // the person of that room
	answers string   // the name of what it answers expressly, or ""
	ids     []string // messages that carry it; more than one if the person's own client had to say it twice
	version int      // of the newest words
	deleted bool     // the first of ids; what the client had said twice still stands
}

// stands is how many messages of a remark there are to be mirrored.
func (r remark) stands() int {
	if r.deleted {
		return max(0, len(r.ids)-1)
	}
	return len(r.ids)
}

func (r remark) words(version int) string { return fmt.Sprintf("%s v%d. ", r.token, version) }

// A hold is an emoji that somebody has put on something and not taken off.
type hold struct {
	name  string // of what it is on
	emoji string
	room  chat.Room
}

// account is what people did, as they know it themselves. order lists the
// tokens of each thread in the order in which the bot recorded them.
type account struct {
	remarks []remark
	holds   []hold
	order   [][]string
}

// finding is one difference between what was said and what stands.
type finding struct {
	kind, name, what string
	room             chat.Room
}

func (f finding) String() string {
	return fmt.Sprintf("%s: %s in %s: %s", f.kind, f.name, f.room, f.what)
}

// kinds of findings.
//
//	lost:     a remark has no mirror in a room, or its mirror lacks the newest words
//	doubled:  it has more mirrors there than it was said
//	strayed:  it stands under another passage than it was said under
//	left:     words of a deleted remark are still readable
//	disorder: mirrors in a thread stand in another order than they were committed
//	emoji:    the bot shows one that nobody elsewhere holds, or not one that somebody holds
//
// and one that is no fault, and only counted:
//
//	frozen:   a mirror lacks the newest words because nobody can edit it any more
var kinds = []string{"lost", "doubled", "strayed", "left", "disorder", "emoji"}

// check compares what people did with what stands in the rooms.
func check(a account, rooms []shown) []finding {
	var found []finding
	given := givenUp(a, rooms)
	for _, room := range rooms {
		there := gather(room)
		for _, r := range a.remarks {
			found = append(found, checkRemark(r, room.at, there[r.token])...)
		}
		for _, order := range a.order {
			found = append(found, checkOrder(order, room.at, there)...)
		}
		if !room.mute {
			found = append(found, checkEmojis(a, room.at, there, given)...)
		}
	}
	return found
}

// standing is what a room shows of one thing.
type standing struct {
	posts  []post   // mirrors, in the room's order
	own    []post   // by people
	frozen bool     // its words can not be changed any more
	newest int      // version of the newest words of the mirrors
	alive  []string // messages of the bot's that hold words of it
}

type post struct {
	line
	at int // place in the room's order
}

func gather(room shown) map[string]standing {
	all := map[string]standing{}
	for at, l := range room.lines {
		if l.name == "" {
			continue
		}
		s := all[l.name]
		switch {
		case l.own:
			s.own = append(s.own, post{l, at})
		default:
			s.alive = append(s.alive, l.id)
			s.frozen = s.frozen || l.frozen
			s.newest = max(s.newest, l.version)
			if !l.edit {
				s.posts = append(s.posts, post{l, at})
			}
		}
		all[l.name] = s
	}
	return all
}

func checkRemark(r remark, room chat.Room, s standing) []finding {
	var found []finding
	say := func(kind, format string, args ...any) {
		found = append(found, finding{kind, r.token, fmt.Sprintf(format, args...), room})
	}
	want := r.stands()
	if room == r.room {
		want = 0
	}
	switch n := len(s.posts); {
	case r.deleted && (len(s.alive) > want || s.newest > 0): // of what was said twice nobody edits the second
		say("left", "it was deleted, and stands %d times, but %v still hold its words", want, s.alive)
		return found
	case n < want:
		say("lost", "said %d times, mirrored %d times", want, n)
	case n > want:
		say("doubled", "said %d times, mirrored %d times", want, n)
	case r.deleted: // its newest words went with it
	case n > 0 && s.newest != r.version && s.frozen:
		say("frozen", "version %d was said, version %d stands", r.version, s.newest)
	case n > 0 && s.newest != r.version:
		say("lost", "version %d was said, version %d stands", r.version, s.newest)
	}
	for _, p := range s.posts {
		if p.passage != r.passage {
			say("strayed", "said under passage %d, %s stands under %d", r.passage, p.id, p.passage)
		}
	}
	return found
}

func checkOrder(order []string, room chat.Room, there map[string]standing) []finding {
	var found []finding
	last := post{at: -1}
	for _, token := range order {
		if len(there[token].posts) != 1 {
			continue
		}
		p := there[token].posts[0]
		if p.astray {
			continue
		}
		if p.at < last.at {
			found = append(found, finding{"disorder", token, "it stands before " + last.name + ", which was committed before it", room})
		}
		last = p
	}
	return found
}

// givenUp are the remarks whose newest words could not be shown in some room.
func givenUp(a account, rooms []shown) map[string]bool {
	all := map[string]bool{}
	for _, room := range rooms {
		there := gather(room)
		for _, r := range a.remarks {
			s := there[r.token]
			all[r.token] = all[r.token] || !r.deleted && s.frozen && s.newest != r.version
		}
	}
	return all
}

// warning is what the bot puts under what a person said if it was given up.
const warning = "⚠"

// checkEmojis wants on what shows a thing in a room exactly the emojis that
// somebody holds on it in another room, and the warning where it is due.
func checkEmojis(a account, room chat.Room, there map[string]standing, given map[string]bool) []finding {
	held := map[string][]string{}
	for _, h := range a.holds {
		if h.room != room && !slices.Contains(held[h.name], h.emoji) {
			held[h.name] = append(held[h.name], h.emoji)
		}
	}
	skip := map[string]bool{}
	for _, r := range a.remarks {
		s := there[r.token]
		skip[r.token] = r.deleted || len(r.ids) != 1 || s.frozen && s.newest != r.version // given up with its edit
	}
	var found []finding
	for name, s := range there {
		all := append(slices.Clone(s.posts), s.own...)
		if skip[name] || len(all) != 1 {
			continue
		}
		if given[name] && len(s.own) == 1 {
			held[name] = append(held[name], warning)
		}
		want, have := slices.Sorted(slices.Values(held[name])), slices.Sorted(slices.Values(all[0].emojis))
		if !slices.Equal(want, have) {
			found = append(found, finding{"emoji", name, fmt.Sprintf("%s shows %q, elsewhere are held %q", all[0].id, have, want), room})
		}
	}
	return found
}
