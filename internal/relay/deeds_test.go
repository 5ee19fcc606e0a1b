package relay_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"marginalia/internal/chat"
	"marginalia/internal/chat/chattest"
	"marginalia/internal/store"
)

var emojis = []string{"👍", "❤", "🤔"}

// deed has someone do something.
func (w *world) deed() {
	switch n := w.dice.IntN(100); {
	case n < 40:
		w.say()
	case n < 43:
		w.stray()
	case n < 45:
		w.call()
	case n < 62:
		w.edit()
	case n < 70:
		w.delete()
	case n < 73:
		w.moderate()
	default:
		w.react()
	}
}

func (w *world) someone(r chat.Room) *chattest.Member { return pick(w, w.people[r.Platform]) }

// say has someone say something in a thread, or in the main timeline in
// answer to a passage; perhaps in answer to something that stands there.
func (w *world) say() {
	room := pick(w, w.rooms)
	net := w.nets[room.Platform]
	threads := w.threads(room)
	if len(threads) == 0 {
		return
	}
	s := &saying{token: fmt.Sprintf("tk%04d", len(w.said)), length: 1, room: room, by: w.someone(room), fans: map[fan]bool{}}
	if w.odds(6) {
		s.length = 2 + w.dice.IntN(120)
	}
	s.seq = pick(w, keysOf(threads))
	place, to := threads[s.seq], chat.Ref{}
	if there := w.talk(room, s.seq); len(there) > 0 && w.odds(3) {
		to = pick(w, there).Ref
	}
	if w.odds(12) || place.Thread == "" && to.IsZero() {
		place, to = chat.Place{Room: room}, w.roots(room)[s.seq].Ref
	}
	if place.Thread == "" {
		s.about = to
	}
	if place.Thread == "" && net.Thread(to).Thread == to.ID && w.odds(12) { // opened by whoever speaks
		place, to = net.Thread(to), chat.Ref{}
	}
	s.ref = s.by.Say(place, s.text(), to)
	w.said = append(w.said, s)
}

// talk is what stands in the thread of a passage; without threads, what is known to be
// said about it in the main timeline.
func (w *world) talk(room chat.Room, seq int) []chat.Message {
	return slices.DeleteFunc(w.nets[room.Platform].Read(w.threads(room)[seq]), func(m chat.Message) bool {
		s := w.sayingIn(m)
		return m.Ref.Place.Thread == "" && (s == nil || s.seq != seq)
	})
}

// stray has someone say something that is nothing to us.
func (w *world) stray() {
	room := pick(w, w.rooms)
	s := &saying{token: fmt.Sprintf("tk%04d", 9000+len(w.strays)), length: 1, room: room, by: w.someone(room)}
	s.ref = s.by.Say(chat.Place{Room: room}, s.text(), chat.Ref{})
	w.strays = append(w.strays, s)
	if w.odds(2) {
		s.by.Edit(s.ref, s.text()+" Better.")
	}
	if w.odds(3) {
		s.by.Delete(s.ref)
	}
}

// call has someone tell the bot a command.
func (w *world) call() {
	room := pick(w, w.rooms)
	place := chat.Place{Room: room}
	if threads := w.threads(room); len(threads) > 0 && w.odds(2) {
		place = threads[pick(w, keysOf(threads))]
	}
	s := &saying{token: fmt.Sprintf("call%04d", len(w.calls)), room: room, by: w.someone(room)}
	s.ref = s.by.Say(place, "!essay what a="+s.token, chat.Ref{})
	w.calls = append(w.calls, s)
}

func (w *world) living() []*saying {
	return slices.DeleteFunc(slices.Clone(w.said), func(s *saying) bool { return s.deleted })
}

func (w *world) edit() {
	living := w.living()
	if len(living) == 0 {
		return
	}
	s := pick(w, living)
	for range 1 + w.dice.IntN(3) {
		before := s.length
		s.version++
		s.length = 1
		if w.odds(4) {
			s.length = 2 + w.dice.IntN(120)
		}
		s.grown = s.grown || s.length > before
		s.by.Edit(s.ref, s.text())
		if w.odds(2) {
			return
		}
	}
}

func (w *world) delete() {
	living := w.living()
	if len(living) == 0 {
		return
	}
	s := pick(w, living)
	s.deleted = true
	s.by.Delete(s.ref)
}

// moderate has someone remove a mirror. Where messages bear no keys, and nobody
// knows yet that one is the bot's, its removal tells the bot nothing.
func (w *world) moderate() {
	room := pick(w, w.rooms)
	threads := w.threads(room)
	if len(threads) == 0 {
		return
	}
	seq := pick(w, keysOf(threads))
	for _, m := range w.talk(room, seq) {
		if s := w.sayingIn(m); s != nil && m.Ref.As != "" && w.odds(2) && (!w.keyless[room.Platform] || w.known(m.Ref)) {
			if w.there(func() { w.someone(room).Delete(m.Ref) }) {
				s.hidden, s.doubted = true, s.doubted || !w.known(m.Ref)
			}
			return
		}
	}
}

// sayingIn is what a message in a thread shows, or nil.
func (w *world) sayingIn(m chat.Message) *saying {
	at := sentence.FindStringSubmatch(m.Body.Text)
	i := slices.IndexFunc(w.said, func(s *saying) bool { return at != nil && s.token == at[1] })
	if i < 0 {
		return nil
	}
	return w.said[i]
}

// react puts someone's emoji on something that stands in a room, or takes it
// off again, once or several times at a stroke.
func (w *world) react() {
	room := pick(w, w.rooms)
	threads := w.threads(room)
	if len(threads) == 0 || w.silent[room.Platform] {
		return
	}
	seq := pick(w, keysOf(threads))
	s, ref := w.posts[seq], w.roots(room)[seq].Ref
	if there := w.talk(room, seq); len(there) > 0 && !w.odds(4) {
		m := pick(w, there)
		ref = m.Ref
		if s = w.sayingIn(m); s == nil || !strings.Contains(m.Body.Text, "-0 is said.") {
			return
		}
	}
	f := fan{w.someone(room), pick(w, emojis), ref}
	for range 1 + w.dice.IntN(4) {
		if s.fans[f] && w.there(func() { f.by.Unreact(ref, f.emoji) }) {
			delete(s.fans, f)
		} else if w.there(func() { f.by.React(ref, f.emoji) }) {
			s.fans[f] = true
		}
	}
}

// there does something to a message, unless the bot has just removed it.
func (w *world) there(deed func()) (done bool) {
	defer func() { done = recover() == nil }()
	deed()
	return true
}

// known reports whether the bot knows a message as its own.
func (w *world) known(ref chat.Ref) bool {
	if w.bot == nil || w.bot.dead() {
		return false
	}
	return w.bot.db.View(context.Background(), func(tx *store.Tx) error {
		_, _, err := tx.CopyAt(ref.Place.Room, ref.ID)
		return err
	}) == nil
}

// threads lists the threads under the passages of a room, as people see them; where
// there are none, the main timeline of each.
func (w *world) threads(r chat.Room) map[int]chat.Place {
	seqs := map[int]chat.Place{}
	for seq, m := range w.roots(r) {
		if slices.Contains(w.flat, r) {
			seqs[seq] = chat.Place{Room: r}
		} else if place := w.nets[r.Platform].Thread(m.Ref); place != (chat.Place{}) {
			seqs[seq] = place
		}
	}
	return seqs
}

var footer = regexp.MustCompile(`paragraph (\d+) goes`)

// roots lists the posts of the passages in a room.
func (w *world) roots(r chat.Room) map[int]chat.Message {
	roots := map[int]chat.Message{}
	for _, m := range w.nets[r.Platform].Read(chat.Place{Room: r}) {
		var seq int
		if at := footer.FindStringSubmatch(m.Body.Text); at != nil && m.Ref.As != "" {
			fmt.Sscan(at[1], &seq)
			if _, known := roots[seq]; !known { // else it is more of it
				roots[seq] = m
			}
		}
	}
	return roots
}

func keysOf[V any](m map[int]V) []int {
	var all []int
	for k := range m {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}
