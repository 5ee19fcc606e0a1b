//go:build unix

package main

import (
	"fmt"
	"slices"
)

// planted are the faults that prove a check: each is put into what was read of
// each room, alone, and must be found there.
var planted = []struct {
	kind, what string
	rare       bool                           // there may be nothing to spoil where people only talk
	spoil      func(a account, s *shown) bool // false: there is nothing to spoil
}{
	{"lost", "a mirror taken away", false, func(a account, s *shown) bool {
		return atMirror(a, s, func(i int) {
			name := s.lines[i].name
			s.lines = slices.DeleteFunc(s.lines, func(l line) bool { return l.name == name })
		})
	}},
	{"lost", "an edit taken back", true, func(a account, s *shown) bool {
		i := slices.IndexFunc(s.lines, func(l line) bool { return !l.own && !l.frozen && l.version > 0 && living(a)[l.name] })
		if i < 0 {
			return false
		}
		name := s.lines[i].name
		for j := range s.lines {
			if s.lines[j].name == name {
				s.lines[j].version = 0
			}
		}
		return true
	}},
	{"doubled", "a mirror said twice", false, func(a account, s *shown) bool {
		return atMirror(a, s, func(i int) { s.lines = append(s.lines, s.lines[i]) })
	}},
	{"strayed", "a mirror in another thread", false, func(a account, s *shown) bool {
		return atMirror(a, s, func(i int) { s.lines[i].passage++ })
	}},
	{"left", "a deleted remark that stands", true, func(a account, s *shown) bool {
		i := slices.IndexFunc(a.remarks, func(r remark) bool { return r.deleted })
		if i >= 0 {
			s.lines = append(s.lines, line{id: "planted", name: a.remarks[i].token})
		}
		return i >= 0
	}},
	{"disorder", "two mirrors exchanged", false, exchange},
	{"emoji", "a reaction too many", false, func(a account, s *shown) bool {
		return !s.mute && atMirror(a, s, func(i int) { s.lines[i].emojis = append(slices.Clone(s.lines[i].emojis), "🧨") })
	}},
	{"emoji", "a reaction too few", true, func(a account, s *shown) bool {
		i := slices.IndexFunc(s.lines, func(l line) bool { return len(l.emojis) > 0 && living(a)[l.name] })
		if i >= 0 {
			s.lines[i].emojis = s.lines[i].emojis[1:]
		}
		return i >= 0
	}},
}

// living are the tokens of what was said once and not deleted.
func living(a account) map[string]bool {
	all := map[string]bool{}
	for _, r := range a.remarks {
		all[r.token] = !r.deleted && len(r.ids) == 1
	}
	return all
}

// atMirror lets do spoil the first mirror of a living remark.
func atMirror(a account, s *shown, do func(i int)) bool {
	alive := living(a)
	i := slices.IndexFunc(s.lines, func(l line) bool { return !l.own && !l.edit && alive[l.name] })
	if i >= 0 {
		do(i)
	}
	return i >= 0
}

// exchange exchanges the first two mirrors of some thread.
func exchange(a account, s *shown) bool {
	alive := living(a)
	first := map[int]int{} // by passage
	for i, l := range s.lines {
		if l.own || l.edit || !alive[l.name] {
			continue
		}
		if j, ok := first[l.passage]; ok {
			s.lines[i], s.lines[j] = s.lines[j], s.lines[i]
			return true
		}
		first[l.passage] = i
	}
	return false
}

// without leaves out the remarks that something was found about: a fault in
// place of another would be found as one.
func without(a account, found []finding) account {
	a.remarks = slices.DeleteFunc(slices.Clone(a.remarks), func(r remark) bool {
		return slices.ContainsFunc(found, func(f finding) bool { return f.name == r.token })
	})
	return a
}

// prove plants each fault into what was read of each room and wants it found
// there. One for which there was nothing to spoil in any room is an error, but
// for the rare ones where people only talked.
func prove(a account, rooms []shown, onlyTalk bool) error {
	caught := map[string]int{}
	for i, room := range rooms {
		there := check(a, rooms[i:i+1])
		sound := without(a, there)
		for _, p := range planted {
			bad := shown{room.at, slices.Clone(room.lines), room.mute}
			if !p.spoil(sound, &bad) {
				continue
			}
			found := check(a, []shown{bad})
			if len(found) <= len(there) || !slices.ContainsFunc(found, func(f finding) bool { return f.kind == p.kind }) {
				return fmt.Errorf("planted in %s: %s was not found", room.at, p.what)
			}
			caught[p.what]++
		}
	}
	for _, p := range planted {
		fmt.Printf("planted %-29s caught in %d of %d rooms\n", p.what+":", caught[p.what], len(rooms))
		if caught[p.what] == 0 && !(p.rare && onlyTalk) {
			return fmt.Errorf("%s could be planted nowhere", p.what)
		}
	}
	return nil
}
