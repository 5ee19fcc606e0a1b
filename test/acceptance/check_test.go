//go:build unix

package acceptance

import (
	"fmt"
	"slices"
	"strings"
)

// finding is a difference between what people said and what can be read.
type finding struct{ kind, what string }

func (f finding) String() string { return f.kind + ": " + f.what }

// A check holds what was said against a reading.
type check struct {
	w       *world
	r       reading
	total   int // passages that should stand in each room
	mirrors []map[string][]mirrored
	pens    map[string]string // what the export calls who said something, by its token
	found   []finding
}

// findings are all differences there are.
//
//	lost       it has no mirror in a room, or one with words or emoji that are out of date
//	doubled    it has more than one, or a passage was posted twice
//	strayed    it stands under another passage, or answers something else
//	misnamed   somebody else is said to have said it, or somebody is mentioned
//	left       words that were deleted can still be read, or an emoji that was taken off
//	disorder   things stand in another order than they were said in
//	misfiled   the export says something else
func findings(w *world, r reading, total int) []finding {
	c := check{w: w, r: r, total: total, pens: r.ld.pens()}
	for _, side := range r.sides {
		c.mirrors = append(c.mirrors, side.mirrors())
	}
	for room := range r.sides {
		c.passages(room)
		for _, s := range w.said {
			if s.room != room {
				c.mirror(s, room, c.mirrors[room][s.token])
			}
			c.emoji(s, room)
		}
		c.own(room)
		c.order(room)
	}
	c.gone()
	c.export()
	return c.found
}

func (c *check) say(kind, format string, args ...any) {
	c.found = append(c.found, finding{kind, fmt.Sprintf(format, args...)})
}

func (c *check) name(room int) string { return c.w.sides[room].name() }

// passages wants each passage once in a room, in order.
func (c *check) passages(room int) {
	seqs := c.r.sides[room].posts()
	for i, seq := range seqs {
		switch {
		case slices.Contains(seqs[:i], seq):
			c.say("doubled", "passage %d in the %s", seq, c.name(room))
		case seq != i+1:
			c.say("disorder", "passage %d is number %d in the %s", seq, i+1, c.name(room))
		}
	}
	if len(seqs) < c.total {
		c.say("lost", "%d passages stand in the %s", len(seqs), c.name(room))
	}
}

// mirror looks at what a room shows of something that was said in another.
func (c *check) mirror(s *said, room int, ms []mirrored) {
	name := c.name(room)
	if s.deleted {
		if len(ms) > 0 {
			c.say("left", "%s was deleted and stands in the %s", s.token, name)
		}
		return
	}
	if len(ms) == 0 {
		c.say("lost", "%s, said in the %s, is not in the %s", s.token, c.name(s.room), name)
		return
	}
	if len(ms) > 1 {
		c.say("doubled", "%s stands %d times in the %s", s.token, len(ms), name)
	}
	m := ms[0]
	if !strings.Contains(m.words, s.word(s.version)) {
		c.say("lost", "%s is at version %d, the %s shows %.60q", s.token, s.version, name, m.words)
	}
	if m.passage != s.passage {
		c.say("strayed", "%s was said under passage %d, in the %s it stands under %d", s.token, s.passage, name, m.passage)
	}
	if who := c.called(s, room); m.who != who || m.rude != "" {
		c.say("misnamed", "%s was said by %s, in the %s by %q; %s", s.token, who, name, m.who, m.rude)
	}
	if p := s.answers; p != nil && !p.deleted && m.answers != c.standing(p, room, m.toName) {
		c.say("strayed", "%s answers %s, in the %s %q instead of %q", s.token, p.token, name, m.answers, c.standing(p, room, m.toName))
	}
	if s.answers == nil && m.answers != "" {
		c.say("strayed", "%s answers nothing, in the %s %q", s.token, name, m.answers)
	}
}

// called is how a room names who said s: as chats do; on the page as their
// words are published, unless they said them there.
func (c *check) called(s *said, room int) string {
	if room != s.room && c.w.sides[room].room().Platform == "local" {
		return c.pens[s.token]
	}
	return c.w.sides[s.room].people()[s.by]
}

// standing is what an answer to s names in a room: its message there, or who
// said it.
func (c *check) standing(s *said, room int, name bool) string {
	if name {
		return c.called(s, room)
	}
	if s.room == room {
		return s.id
	}
	for _, m := range c.mirrors[room][s.token] {
		return m.id
	}
	return "nothing"
}

// emoji wants under something in a room, once each, those that people of other
// rooms hold.
func (c *check) emoji(s *said, room int) {
	id := c.standing(s, room, false)
	if s.deleted || id == "nothing" {
		return
	}
	want := map[string]bool{}
	for _, f := range s.fans {
		if f.room != room {
			want[plainEmoji(f.emoji)] = true
		}
	}
	given := c.r.sides[room].given(id)
	for i, e := range given {
		switch {
		case i > 0 && given[i-1] == e:
			c.say("doubled", "%s is twice under %s in the %s", e, s.token, c.name(room))
		case !want[e]:
			c.say("left", "%s is under %s in the %s, nobody elsewhere holds it", e, s.token, c.name(room))
		}
		delete(want, e)
	}
	for e := range want {
		c.say("lost", "%s is not under %s in the %s", e, s.token, c.name(room))
	}
}

// own wants what was said in a room to stand there once, and nothing of what
// was deleted.
func (c *check) own(room int) {
	times := map[string]int{}
	for _, o := range c.r.sides[room].own() {
		times[o.token]++
	}
	for _, s := range c.w.said {
		want := 1
		if s.deleted || s.room != room {
			want = 0
		}
		if n := times[s.token]; n < want {
			c.say("lost", "%s is not in the %s, where it was said", s.token, c.name(room))
		} else if n > want {
			c.say("doubled", "%s stands %d times in the %s as said there", s.token, n, c.name(room))
		}
	}
}

// order wants the mirrors of a thread to stand as each person said them, and in
// all as the bot recorded them. In which order two people spoke who spoke at
// the same time, Dendrite does not tell everybody alike: within one answer to
// /sync it sorts by the graph of events, else by when they came.
func (c *check) order(room int) {
	for from := range c.r.sides {
		for by, name := range c.w.sides[from].people() {
			if from != room {
				c.follow(room, c.saidBy(from, by), "said by "+name)
			}
		}
	}
	var recorded []string
	for _, i := range c.r.ld.First.Items {
		if i.Body != nil && i.Motivation != assessing {
			recorded = append(recorded, tokenIn(i.Body.Value))
		}
	}
	c.follow(room, recorded, "recorded")
}

func (c *check) follow(room int, order []string, what string) {
	last := map[int]mirrored{} // by passage
	for _, token := range order {
		ms := c.mirrors[room][token]
		if len(ms) == 0 {
			continue
		}
		if m := ms[0]; m.at < last[m.passage].at {
			c.say("disorder", "in the %s %s stands before %.40q, %s before it", c.name(room), token, last[m.passage].words, what)
		}
		last[ms[0].passage] = ms[0]
	}
}

// saidBy are the tokens of what a person said, in the order of the room.
func (c *check) saidBy(room, by int) (order []string) {
	for _, o := range c.r.sides[room].own() {
		if s := c.w.by(o.token); s != nil && s.room == room && s.by == by {
			order = append(order, o.token)
		}
	}
	return order
}

// gone wants none of the words of what was deleted, edits included, to be read
// anywhere on any side, on the page or in a file.
func (c *check) gone() {
	deleted := map[string]*said{}
	for _, s := range c.w.said {
		if s.deleted {
			deleted[s.token] = s
		}
	}
	look := func(where, text string) {
		for _, token := range tokens.FindAllString(text, -1) {
			if deleted[token] != nil {
				c.say("left", "words of %s, said in the %s, are in %s", token, c.name(deleted[token].room), where)
			}
		}
	}
	for room, side := range c.r.sides {
		for where, text := range side.texts() {
			look(where+" in the "+c.name(room), text)
		}
	}
	for name, text := range c.r.files {
		look(name, text)
	}
}
