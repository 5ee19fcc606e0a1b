//go:build unix

package acceptance

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// finding is a difference between what people said and what can be read.
type finding struct{ kind, what string }

func (f finding) String() string { return f.kind + ": " + f.what }

// A check holds what was said against a reading.
type check struct {
	all     []*said
	r       reading
	total   int // passages that should stand in each room
	mirrors []map[string][]mirrored
	found   []finding
}

// findings are all differences there are.
//
//	lost       it has no mirror in a room, or one with words that are out of date
//	doubled    it has more than one, or a passage was posted twice
//	strayed    it stands under another passage, or answers something else
//	misnamed   somebody else is said to have said it, or somebody is mentioned
//	left       words that were deleted can still be read
//	disorder   things stand in another order than they were said in
//	misfiled   the export says something else
func findings(all []*said, r reading, total int) []finding {
	c := check{all: all, r: r, total: total}
	for room := range roomNames {
		c.mirrors = append(c.mirrors, r.mirrors(room))
	}
	c.passages()
	for room := range roomNames {
		for _, s := range all {
			if s.room != room {
				c.mirror(s, room, c.mirrors[room][s.token])
			}
		}
		c.order(room)
	}
	c.ownInLobby()
	c.gone()
	c.export()
	return c.found
}

func (c *check) say(kind, format string, args ...any) {
	c.found = append(c.found, finding{kind, fmt.Sprintf(format, args...)})
}

// passages wants each passage once in each room, in order.
func (c *check) passages() {
	seqs := map[int][]int{}
	for room := range c.r.events {
		for _, e := range c.r.events[room] {
			if seq := c.r.isPassage(e); seq > 0 {
				seqs[room] = append(seqs[room], seq)
			}
		}
	}
	for _, th := range c.r.lobby {
		seqs[lobby] = append(seqs[lobby], th.seq)
	}
	for room, name := range roomNames {
		for i, seq := range seqs[room] {
			switch {
			case slices.Contains(seqs[room][:i], seq):
				c.say("doubled", "passage %d in the %s", seq, name)
			case seq != i+1:
				c.say("disorder", "passage %d is number %d in the %s", seq, i+1, name)
			}
		}
		if len(seqs[room]) < c.total {
			c.say("lost", "%d passages stand in the %s", len(seqs[room]), name)
		}
	}
}

// mirror looks at what a room shows of something that was said in another.
func (c *check) mirror(s *said, room int, ms []mirrored) {
	name := roomNames[room]
	if s.deleted {
		if len(ms) > 0 {
			c.say("left", "%s was deleted and stands in the %s", s.token, name)
		}
		return
	}
	if len(ms) == 0 {
		c.say("lost", "%s, said in the %s, is not in the %s", s.token, roomNames[s.room], name)
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
	if m.who != s.name() || m.rude != "" {
		c.say("misnamed", "%s was said by %s, in the %s by %q; %s", s.token, s.name(), name, m.who, m.rude)
	}
	if p := s.answers; p != nil && !p.deleted && m.answers != c.standing(p, room) {
		c.say("strayed", "%s answers %s, in the %s %q instead of %q", s.token, p.token, name, m.answers, c.standing(p, room))
	}
	if s.answers == nil && m.answers != "" {
		c.say("strayed", "%s answers nothing, in the %s %q", s.token, name, m.answers)
	}
}

// standing is what an answer to s names in a room: its event there, or in the
// lobby who said it.
func (c *check) standing(s *said, room int) string {
	if room == lobby {
		return s.name()
	}
	if s.room == room {
		return s.id
	}
	for _, m := range c.mirrors[room][s.token] {
		return m.id
	}
	return "nothing"
}

// order wants the mirrors of a thread to stand as each person said them, and in
// all as the bot recorded them. In which order two people spoke who spoke at
// the same time, Dendrite does not tell everybody alike: within one answer to
// /sync it sorts by the graph of events, else by when they came.
func (c *check) order(room int) {
	for from := range roomNames {
		for by, name := range names[from] {
			if from != room {
				c.follow(room, c.saidBy(from, by), "said by "+name)
			}
		}
	}
	var recorded []string
	for _, i := range c.r.ld.First.Items {
		if i.Body != nil {
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
			c.say("disorder", "in the %s %s stands before %.40q, %s before it", roomNames[room], token, last[m.passage].words, what)
		}
		last[ms[0].passage] = ms[0]
	}
}

// saidBy are the tokens of what a person said, in the order of the room.
func (c *check) saidBy(room, by int) (order []string) {
	if room == lobby {
		for _, m := range messagesOf(c.r.lobby) {
			if !m.mirrored {
				order = append(order, tokenIn(m.words))
			}
		}
		return order
	}
	byEvent := map[string]string{}
	for _, s := range c.all {
		if s.room == room && s.by == by {
			byEvent[s.id] = s.token
		}
	}
	for _, e := range c.r.events[room] {
		if token := byEvent[e.ID]; token != "" {
			order = append(order, token)
		}
	}
	return order
}

// ownInLobby wants what was said in the lobby to stand there once.
func (c *check) ownInLobby() {
	times := map[string]int{}
	for _, m := range messagesOf(c.r.lobby) {
		if !m.mirrored {
			times[tokenIn(m.words)]++
		}
	}
	for _, s := range c.all {
		want := 1
		if s.deleted || s.room != lobby {
			want = 0
		}
		if n := times[s.token]; n < want {
			c.say("lost", "%s is not in the lobby, where it was said", s.token)
		} else if n > want {
			c.say("doubled", "%s stands %d times in the lobby as said there", s.token, n)
		}
	}
}

// gone wants none of the words of what was deleted, edits included, in any
// event as the homeserver tells it now, on the page or in a file.
func (c *check) gone() {
	deleted := map[string]*said{}
	for _, s := range c.all {
		if s.deleted {
			deleted[s.token] = s
		}
	}
	look := func(where, text string) {
		for _, token := range tokens.FindAllString(text, -1) {
			if deleted[token] != nil {
				c.say("left", "words of %s, said in the %s, are in %s", token, roomNames[deleted[token].room], where)
			}
		}
	}
	for id, e := range c.r.now {
		text, err := json.Marshal(e)
		if err != nil {
			c.say("left", "%s cannot be read: %v", id, err)
		}
		look("event "+id+" of "+e.Sender, string(text))
	}
	for name, text := range c.r.files {
		look(name, text)
	}
}

// export wants each annotation once in the JSON-LD, as it is now, aimed at what
// it is about; of what is gone no more than that it was answered; and nobody's
// name.
func (c *check) export() {
	items := map[string][]item{}
	ids := map[string]item{}
	for _, i := range c.r.ld.First.Items {
		if _, twice := ids[i.ID]; twice {
			c.say("misfiled", "%s stands twice", i.ID)
		}
		ids[i.ID] = i
		if i.Body == nil {
			c.outline(i)
			continue
		}
		items[tokenIn(i.Body.Value)] = append(items[tokenIn(i.Body.Value)], i)
	}
	if c.r.ld.Total != len(c.r.ld.First.Items) {
		c.say("misfiled", "the total is %d, there are %d items", c.r.ld.Total, len(c.r.ld.First.Items))
	}
	for _, s := range c.all {
		switch is := items[s.token]; {
		case s.deleted && len(is) == 0:
		case s.deleted || len(is) != 1:
			c.say("misfiled", "%s (deleted: %v) was exported %d times", s.token, s.deleted, len(is))
		default:
			c.item(s, is[0], items, ids)
		}
	}
	if len(items[""]) > 0 {
		c.say("misfiled", "%d annotations are nobody's words: %.80q", len(items[""]), items[""][0].Body.Value)
	}
	for _, name := range append(slices.Concat(names...), "@person", "matrix.to") {
		if strings.Contains(c.r.files["jsonld"], name) {
			c.say("misfiled", "%s is named, who did not agree to it", name)
		}
	}
}

// outline looks at what is exported of something that is gone.
func (c *check) outline(i item) {
	if i.Creator != nil || i.Modified != "" {
		c.say("misfiled", "%s has no words, but a creator or a time of change", i.ID)
	}
	answered := slices.ContainsFunc(c.r.ld.First.Items, func(o item) bool { return target(o).annotation == i.ID })
	if !answered {
		c.say("misfiled", "%s is gone and nothing answers it", i.ID)
	}
}

func (c *check) item(s *said, i item, items map[string][]item, ids map[string]item) {
	if !strings.Contains(i.Body.Value, s.word(s.version)) {
		c.say("misfiled", "%s is at version %d, exported is %.60q", s.token, s.version, i.Body.Value)
	}
	if (i.Modified != "") != (s.version > 0) {
		c.say("misfiled", "%s is at version %d and modified %q", s.token, s.version, i.Modified)
	}
	switch to := target(i); {
	case s.answers == nil && to.annotation != "":
		c.say("misfiled", "%s answers nothing, exported is %s", s.token, to.annotation)
	case s.answers == nil && s.quote != "" && to.exact != s.quote:
		c.say("misfiled", "%s quotes %q, exported is %.60q", s.token, s.quote, to.exact)
	case s.answers != nil && !s.answers.deleted:
		if want := items[s.answers.token]; len(want) != 1 || to.annotation != want[0].ID || i.Motivation != "replying" {
			c.say("misfiled", "%s answers %s, exported is that it is %s to %q", s.token, s.answers.token, i.Motivation, to.annotation)
		}
	case s.answers != nil && to.annotation != "" && ids[to.annotation].ID == "":
		c.say("misfiled", "%s answers %s, of which there is no outline", s.token, to.annotation)
	}
}

// aim is what an item is about.
type aim struct{ annotation, exact string }

func target(i item) aim {
	var a aim
	if json.Unmarshal(i.Target, &a.annotation) == nil {
		return a
	}
	var words struct{ Selector []struct{ Exact string } }
	if json.Unmarshal(i.Target, &words) == nil {
		for _, s := range words.Selector {
			a.exact += s.Exact
		}
	}
	return a
}
