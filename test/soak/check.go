//go:build unix

package main

import (
	"fmt"
	"slices"
	"strings"

	"marginalia/test/matrixuser"
)

// A remark is what a person of ours said: the truth that mirrors are held
// against. Every version of its words begins with the token.
type remark struct {
	token   string // unique, a word of its own
	room    string // where it was said
	root    string // thread there
	by      string
	ids     []string // events that carry it; more than one if the person's own client had to say it twice
	version int      // of the newest words
	deleted bool
}

func (r remark) words(version int) string { return fmt.Sprintf("%s v%d. ", r.token, version) }

// raw is what raw clients saw in a room: each of its events in the order of
// their live /sync, and which of them still hold words on the server.
type raw struct {
	room   string
	events []matrixuser.Event
	alive  map[string]bool // event id → its content still stands
}

// finding is one difference between what was said and what stands.
type finding struct{ kind, what string }

func (f finding) String() string { return f.kind + ": " + f.what }

// check compares what people said with what the bot's mirrors show.
//
//	lost:     a remark has no mirror, or its mirror lacks the newest words
//	doubled:  it has more mirrors than it was said
//	strayed:  it stands in another thread than its passage's
//	left:     words of a deleted remark are still readable
//	disorder: mirrors in a thread stand in another order than they were committed
//
// roots maps a thread's root in one room to the same passage's root in the
// other; committed lists the tokens of each thread (by root) in the order in
// which the bot recorded them.
func check(bot string, remarks []remark, rooms []raw, roots map[string]string, committed [][]string) []finding {
	var found []finding
	mirrors := map[string]mirrored{}
	for _, r := range rooms {
		collect(bot, r, mirrors)
	}
	for _, r := range remarks {
		found = append(found, checkRemark(r, mirrors[r.token], roots)...)
	}
	for _, order := range committed {
		found = append(found, checkOrder(order, remarks, mirrors)...)
	}
	return found
}

// mirrored is what the bot showed of one remark.
type mirrored struct {
	posts  []post // that still stand
	newest int    // version of the newest words that stand
	alive  []string
}

type post struct {
	id, room, root string
	at             int // place in the room's live order
}

func collect(bot string, r raw, into map[string]mirrored) {
	for at, e := range r.events {
		if e.Sender != bot || e.Type != "m.room.message" {
			continue
		}
		token, version := tokenOf(e)
		if token == "" || !r.alive[e.ID] {
			continue
		}
		m := into[token]
		m.alive = append(m.alive, e.ID)
		if kind, to := e.Relation(); kind != "m.replace" {
			m.posts = append(m.posts, post{id: e.ID, room: r.room, root: to, at: at})
		}
		m.newest = max(m.newest, version)
		into[token] = m
	}
}

// tokenOf reads the token and version out of a mirror's words.
func tokenOf(e matrixuser.Event) (token string, version int) {
	words := e.Body()
	if edit := e.NewBody(); edit != "" {
		words = edit
	}
	fields := strings.Fields(words)
	for i, f := range fields {
		if strings.HasPrefix(f, "tk-") && i+1 < len(fields) {
			if _, err := fmt.Sscanf(fields[i+1], "v%d.", &version); err == nil {
				return f, version
			}
		}
	}
	return "", 0
}

func checkRemark(r remark, m mirrored, roots map[string]string) []finding {
	var found []finding
	say := func(kind, format string, args ...any) {
		found = append(found, finding{kind, r.token + " " + fmt.Sprintf(format, args...)})
	}
	if r.deleted {
		if len(m.alive) > 0 {
			say("left", "was deleted, but %v still hold its words", m.alive)
		}
		return found
	}
	switch n := len(m.posts); {
	case n < len(r.ids):
		say("lost", "said %d times, mirrored %d times", len(r.ids), n)
	case n > len(r.ids):
		say("doubled", "said %d times, mirrored %d times", len(r.ids), n)
	case m.newest != r.version:
		say("lost", "version %d was said, version %d stands", r.version, m.newest)
	}
	for _, p := range m.posts {
		if p.room == r.room || p.root != roots[r.root] {
			say("strayed", "said under %s, stands in %s under %s", r.root, p.room, p.root)
		}
	}
	return found
}

func checkOrder(order []string, remarks []remark, mirrors map[string]mirrored) []finding {
	said := map[string]remark{}
	for _, r := range remarks {
		said[r.token] = r
	}
	last := map[string]post{} // by room
	var found []finding
	for _, token := range order {
		if said[token].deleted || len(mirrors[token].posts) != 1 {
			continue
		}
		p := mirrors[token].posts[0]
		if before, ok := last[p.room]; ok && before.at > p.at {
			found = append(found, finding{"disorder", fmt.Sprintf("%s stands before what was committed before it (%s)", token, before.id)})
		}
		last[p.room] = p
	}
	return found
}

// plant returns three copies of what was read, each with one fault planted:
// a mirror taken away, one doubled, two exchanged. Each must be found.
func plant(bot string, remarks []remark, rooms []raw) map[string][]raw {
	faults := map[string][]raw{}
	for _, kind := range []string{"lost", "doubled", "disorder"} {
		var bad []raw
		done := false
		for _, r := range rooms {
			r.events = slices.Clone(r.events)
			if !done {
				done = spoil(kind, bot, remarks, &r)
			}
			bad = append(bad, r)
		}
		if done {
			faults[kind] = bad
		}
	}
	return faults
}

func spoil(kind, bot string, remarks []remark, r *raw) bool {
	living := map[string]bool{}
	for _, m := range remarks {
		living[m.token] = !m.deleted && len(m.ids) == 1
	}
	first := map[string]int{} // by root
	for i, e := range r.events {
		rel, root := e.Relation()
		token, _ := tokenOf(e)
		if e.Sender != bot || rel == "m.replace" || !living[token] || !r.alive[e.ID] {
			continue
		}
		switch kind {
		case "lost":
			r.events = slices.DeleteFunc(r.events, func(o matrixuser.Event) bool { t, _ := tokenOf(o); return t == token })
			return true
		case "doubled":
			r.events = append(r.events, e)
			return true
		}
		if j, ok := first[root]; ok {
			r.events[i], r.events[j] = r.events[j], r.events[i]
			return true
		}
		first[root] = i
	}
	return false
}
