package relay_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/store"
)

// findings are the differences between what stands in the rooms and what was
// said, in words.
type findings struct{ all []string }

func (f *findings) say(format string, args ...any) {
	f.all = append(f.all, fmt.Sprintf(format, args...))
}

// check holds what stands in the rooms, read raw, against what was said, and
// the store against its own rules.
func (w *world) check() []string {
	var f findings
	for _, net := range []string{"one", "two"} {
		for _, bad := range w.nets[net].Bad() {
			f.say("bad: %s: %s", net, bad)
		}
	}
	m := w.remembered()
	for _, s := range w.said { // a message that the bot took back in doubt may have hidden nothing
		s.hidden = s.hidden && !(s.doubted && s.version > 0 && !m.hides(w, s))
	}
	for _, room := range w.rooms {
		w.checkPosts(&f, m, room)
		w.checkSayings(&f, m, room)
		w.checkOrder(&f, m, room)
		w.checkStrays(&f, room)
	}
	w.checkCalls(&f)
	w.checkStore(&f, m)
	return f.all
}

func (w *world) checkPosts(f *findings, m memory, room chat.Room) {
	net, threads := w.nets[room.Platform], w.threads(room)
	var all []string
	for _, msg := range net.Read(chat.Place{Room: room}) {
		all = append(all, msg.Body.Text)
	}
	for _, place := range threads {
		for _, msg := range net.Read(place) {
			if msg.Ref.As != "" && place.Thread != "" {
				all = append(all, msg.Body.Text)
			}
		}
	}
	text := strings.Join(all, "\n")
	for seq := range len(w.text.Passages) {
		s := w.posts[seq+1]
		if m.given(w, room, s) {
			continue
		}
		words := strings.Count(text, fmt.Sprintf("of paragraph %d goes", seq+1))
		feet := strings.Count(text, fmt.Sprintf("The Story · %d/%d", seq+1, len(w.text.Passages)))
		if words != 18 || feet != 1 {
			f.say("passage %d stands in %s with %d of 18 sentences and %d footers", seq+1, room, words, feet)
		}
		if _, ok := threads[seq+1]; !ok {
			f.say("lost: passage %d has no thread in %s", seq+1, room)
			continue
		}
		w.checkReactions(f, m, s, room, w.roots(room)[seq+1].Ref)
	}
}

func (w *world) checkSayings(f *findings, m memory, room chat.Room) {
	net, threads := w.nets[room.Platform], w.threads(room)
	everything := strings.Join(net.Everything(room), "\n")
	mirrors := map[string][]chat.Message{}
	places := []chat.Place{{Room: room}}
	for _, place := range threads {
		if place.Thread != "" {
			places = append(places, place)
		}
	}
	for _, place := range places {
		for _, msg := range net.Read(place) {
			if at := sentence.FindStringSubmatch(msg.Body.Text); at != nil && msg.Ref.As != "" {
				mirrors[at[1]] = append(mirrors[at[1]], msg)
			}
		}
	}
	for _, s := range w.said {
		there := mirrors[s.token]
		switch {
		case m.given(w, room, s):
		case s.deleted || s.hidden && s.room != room:
			if strings.Contains(everything, s.token) {
				f.say("left behind: %s (deleted %v, hidden %v) in %s, standing %q", s.token, s.deleted, s.hidden, room, texts(there))
			}
		case s.room == room:
			if len(there) > 0 {
				f.say("doubled: %s has a mirror in its own room %s", s.token, room)
			}
			w.checkReactions(f, m, s, room, s.ref)
		case len(there) == 0 && m.unknowable(w, s):
		default:
			w.checkMirror(f, m, s, room, threads[s.seq], there)
		}
	}
}

func texts(all []chat.Message) (t []string) {
	for _, m := range all {
		t = append(t, m.Body.Text)
	}
	return t
}

func (w *world) checkMirror(f *findings, m memory, s *saying, room chat.Room, thread chat.Place, there []chat.Message) {
	if len(there) == 0 {
		w.trace(s, room)
		f.say("lost: %s of %s has no mirror in %s", s.token, s.room, room)
		return
	}
	next := 0
	if thread.Thread == "" && there[0].ReplyTo.IsZero() {
		f.say("strayed: %s answers nothing in %s", s.token, room)
	}
	for _, msg := range there {
		if msg.Ref.Place != thread {
			f.say("strayed: %s stands in %v", s.token, msg.Ref.Place)
		}
		for _, at := range sentence.FindAllStringSubmatch(msg.Body.Text, -1) {
			version, _ := strconv.Atoi(at[2])
			i, _ := strconv.Atoi(at[3])
			if at[1] != s.token || version != s.version {
				f.say("out of date: %s in %s shows %s, not version %d", s.token, room, at[0], s.version)
				return
			}
			if i != next {
				f.say("doubled or lost: %s in %s shows sentence %d where %d is due (%d messages)", s.token, room, i, next, len(there))
				return
			}
			next++
		}
	}
	short := strings.Contains(there[len(there)-1].Body.Text, "…")
	if next != s.length && !(short && (s.grown || w.refuse)) {
		f.say("lost: %s in %s shows %d of %d sentences in %d messages", s.token, room, next, s.length, len(there))
	}
	w.checkReactions(f, m, s, room, there[0].Ref)
}

// checkReactions: under a message stand the emoji of those who gave them
// there, and one from the bot for each emoji that somebody gave elsewhere. What
// was given to a message that is gone may have gone with it.
func (w *world) checkReactions(f *findings, m memory, s *saying, room chat.Room, ref chat.Ref) {
	if w.silent[room.Platform] || w.refuse && m.struck(w, room, s) {
		return
	}
	var own []string
	must, may := map[string]bool{}, map[string]bool{}
	for fan := range s.fans {
		switch {
		case fan.ref == ref:
			own = append(own, fan.emoji)
		case fan.ref.Place.Room != room && !s.hidden && w.stands(fan.ref):
			must[fan.emoji] = true
		case fan.ref.Place.Room != room && !s.hidden:
			may[fan.emoji] = true
		}
	}
	got := w.nets[room.Platform].Reactions(ref)
	for _, emoji := range emojis {
		n := count(got, emoji) - count(own, emoji)
		if n != 0 && n != 1 || n == 0 && must[emoji] || n == 1 && !must[emoji] && !may[emoji] {
			w.trace(s, room)
			f.say("reactions: %s:%d in %s (%s) has %v, people's %v, to be carried %v", s.token, s.seq, room, ref.ID, got, own, must)
			return
		}
	}
}

func count(all []string, one string) (n int) {
	for _, s := range all {
		if s == one {
			n++
		}
	}
	return n
}

func (w *world) stands(ref chat.Ref) bool {
	return slices.ContainsFunc(w.nets[ref.Place.Room.Platform].Read(ref.Place), func(m chat.Message) bool { return m.Ref.ID == ref.ID })
}

// checkOrder: what was said stands in the order in which it was recorded.
func (w *world) checkOrder(f *findings, m memory, room chat.Room) {
	for seq, place := range w.threads(room) {
		position := map[string]int{}
		for i, msg := range w.nets[room.Platform].Read(place) {
			if s := w.sayingIn(msg); s != nil && msg.Ref.As != "" {
				if _, known := position[s.token]; !known {
					position[s.token] = i
				}
			}
		}
		last := -1
		for _, a := range m.annotations[w.text.Passages[seq-1].ID] {
			at := sentence.FindStringSubmatch(a.Body.Text)
			if at == nil {
				continue
			}
			i, stands := position[at[1]]
			s := w.said[atoi(at[1][2:])]
			if !stands || w.refuse && s.version > 0 {
				continue
			}
			if i < last {
				f.say("disorder: %s stands too early in %s", s.token, room)
			}
			last = i
		}
	}
}

func atoi(s string) int { n, _ := strconv.Atoi(s); return n }

// checkStrays: talk that is nothing to us is neither mirrored nor kept.
func (w *world) checkStrays(f *findings, room chat.Room) {
	everything := strings.Join(w.nets[room.Platform].Everything(room), "\n")
	for _, s := range w.strays {
		if s.room != room && strings.Contains(everything, s.token) {
			f.say("strayed: talk of %s was carried to %s", s.room, room)
		}
	}
}

// checkCalls: each command is answered once.
func (w *world) checkCalls(f *findings) {
	for _, c := range w.calls {
		n := 0
		for _, text := range w.nets[c.room.Platform].Everything(c.room) {
			if strings.Contains(text, "The answer to "+c.token+".") {
				n++
			}
		}
		if n != 1 && !w.refuse {
			f.say("%s was answered %d times", c.token, n)
		}
	}
}

// checkStore: nothing is left to do, and each copy stands or does not.
func (w *world) checkStore(f *findings, m memory) {
	for _, s := range m.status {
		parked := slices.ContainsFunc(w.text.Passages, func(p discussion.Passage) bool { return m.dead[s.Room][store.PassageThing(p.ID)] })
		if s.Pending > 0 && !parked {
			f.say("pending: %d deliveries to %s since %s: %s", s.Pending, s.Room, s.Oldest, s.Why)
		}
		if s.Dead > 0 && !w.refuse {
			f.say("dead: %d deliveries to %s: %s", s.Dead, s.Room, s.Why)
		}
	}
	for _, d := range m.flying {
		if !m.dead[d.Room][d.Thing] {
			f.say("in flight: %s in %s", d.Thing, d.Room)
		}
	}
	living, known, unknowable := 0, 0, 0
	for _, s := range w.said {
		switch {
		case s.deleted:
		case m.unknowable(w, s):
			unknowable++
		default:
			living++
		}
	}
	if unknowable > 5+len(w.said)/4 {
		f.say("of %d of %d sayings nobody is said to know what they are about", unknowable, len(w.said))
	}
	for _, p := range w.text.Passages {
		for _, a := range m.annotations[p.ID] {
			if a.Deleted.IsZero() {
				known++
			} else if a.Body.Text != "" {
				f.say("left behind: annotation %s was deleted and holds %q", a.ID, a.Body.Text)
			}
		}
	}
	if living != known {
		f.say("%d sayings live, %d annotations do", living, known)
	}
	for _, h := range m.held {
		f.say("held: %s %s %q: %s", h.Event.Kind, h.On, h.Event.Message.Body.Text, h.Why)
	}
	for _, c := range m.copies {
		for room, copies := range c {
			for _, c := range copies {
				if c.Sent != "" && !c.InFlight() {
					f.say("kept: what was sent to %s is not forgotten: %q", room, c.Sent)
				}
			}
		}
	}
}
