package relay

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/store"
)

// Want is something that should stand in a room: a part of a message, the
// thread under it, or a reaction on it.
type Want struct {
	Part    int
	Mark    string       // as store.Copy.Mark
	Name    string       // of a thread, or of one that begins with a part; "" where there is to be none
	Emoji   string       // of a reaction
	Message chat.Message // of a part
	Instead chat.Message // of a part with a file: what says so where the file cannot be had, or is not taken
	Source  string       // the platform that has the file
}

// Step is the one next request that brings a room closer to what should stand
// there.
type Step struct {
	Action chat.Action
	Copy   store.Copy // as it is to be recorded before the request is made
	Free   bool       // settled by itself: Copy is recorded, nothing is asked of the network
	Late   bool       // asked for once more, after all else: it was refused before

	Instead chat.Message // as Want's
	Source  string       // likewise
}

// Next compares what should stand in room of thing with what stands there and
// returns the one next request, or false if nothing is left to do. It is pure.
//
// The order is: first whatever is in flight; then part 0, its thread, the
// other parts, surplus parts last to first, and reactions; at last, once more,
// edits and deletions that were refused before, which hold up nothing of the
// thing's. A person's own message is never edited or deleted by us, and what is
// [struck] is left alone.
func Next(thing store.Thing, room chat.Room, threads chat.Threads, want []Want, have []store.Copy) (Step, bool) {
	n := need{thing: thing, room: room, threads: threads, want: want, have: have}
	for _, rule := range []func() (Step, bool){n.resolve, n.fallen, n.message, n.thread, n.surplus, n.reactions, n.late} {
		if s, ok := rule(); ok {
			return s, true
		}
	}
	return Step{}, false
}

// struck is the Hash of a copy that is left as it is for good: a post of the
// bot's own words that someone removed, or an emoji that the network refuses.
const struck = "struck"

// refusedOnce is the Hash of a copy whose edit or deletion the network refused:
// what stands there is not what should.
const refusedOnce = "refused"

type need struct {
	thing   store.Thing
	room    chat.Room
	threads chat.Threads
	want    []Want
	have    []store.Copy
	isLate  bool
}

func (n need) wanted(part int, mark string) (Want, bool) {
	i := slices.IndexFunc(n.want, func(w Want) bool { return w.Part == part && w.Mark == mark })
	if i < 0 {
		return Want{}, false
	}
	return n.want[i], true
}

func (n need) copy(part int, mark string) store.Copy {
	i := slices.IndexFunc(n.have, func(c store.Copy) bool { return c.Part == part && c.Mark == mark })
	if i < 0 {
		return store.Copy{Part: part, Mark: mark}
	}
	return n.have[i]
}

// root is what the thread is opened under and emoji are put on.
func (n need) root() chat.Ref { return n.first().Ref }

// first is part 0, or where a remark began with files the first that stands.
func (n need) first() store.Copy {
	words := n.copy(0, "")
	if words.Seq > 0 || !words.Ref.IsZero() {
		return words
	}
	for _, i := range n.parts() {
		if c := n.copy(i, ""); i >= store.FirstFile && !c.Ref.IsZero() {
			return c
		}
	}
	return words
}

// begin makes the step that asks for verb on copy c under its next key.
func (n need) begin(c store.Copy, verb chat.Verb) Step {
	c.Seq++
	c.Verb = verb
	c.Key = keyOf(n.thing, n.room, c.Part, c.Mark, c.Seq)
	return Step{Copy: c, Action: chat.Action{Verb: verb, Key: c.Key, On: c.Ref, Old: c.Old}}
}

// keyOf is the key of a copy's nth request.
func keyOf(thing store.Thing, room chat.Room, part int, mark string, n int) string {
	return discussion.Derive("copy", string(thing), room.String(), strconv.Itoa(part), mark, strconv.Itoa(n))
}

// resolve asks again for what is in flight, under the key of the first try:
// for the same change if that is still wanted, else for its undoing. A post
// whose words have changed since is undone, too: another try that is lost
// could not be found by either words.
func (n need) resolve() (Step, bool) {
	i := slices.IndexFunc(n.have, store.Copy.InFlight)
	if i < 0 {
		return Step{}, false
	}
	c := n.have[i]
	w, wanted := n.wanted(c.Part, c.Mark)
	switch c.Verb {
	case chat.Post:
		if !wanted || Hash(w.Message) != c.Hash || sentAs(c).From != w.Message.From {
			return n.again(c, chat.Delete), true
		}
		return n.again(c, chat.Post).carrying(w), true
	case chat.Edit:
		if !wanted {
			return n.again(c, chat.Delete), true
		}
		s := n.again(c, chat.Edit).carrying(w)
		if s.Copy.Hash != Hash(w.Message) {
			s.Copy.Hash = "" // either words may stand there
		}
		return s, true
	case chat.Delete:
		return n.again(c, chat.Delete), true
	}
	return n.resolveOnRoot(c, w, wanted), true
}

// again makes the step that asks for verb under the key that is in flight.
func (n need) again(c store.Copy, verb chat.Verb) Step {
	c.Verb = verb
	sent := sentAs(c)
	on := c.Ref
	on.Place.Room = n.room
	return Step{Copy: c, Action: chat.Action{
		Verb: verb, Key: c.Key, Again: true, On: on, Old: c.Old, Sent: sent.Words, Filed: sent.File, Began: c.Began,
		Message: chat.Message{Ref: chat.Ref{Place: on.Place}, From: sent.From},
	}}
}

// resolveOnRoot asks again for a thread under part 0 or an emoji on it. With
// part 0 gone there is nothing left to ask for.
func (n need) resolveOnRoot(c store.Copy, w Want, wanted bool) Step {
	root := n.root()
	if root.IsZero() {
		c.Ref = chat.Ref{}
		return Step{Copy: quiet(c), Free: true}
	}
	verb := c.Verb
	if verb == chat.React && !wanted {
		verb = chat.Unreact
	}
	s := n.again(c, verb)
	s.Action.On, s.Action.Name, s.Action.Emoji, s.Action.Old = root, w.Name, emojiOf(c.Mark), ownID(c)
	return s
}

// fallen takes note that the emoji on part 0 went with it.
func (n need) fallen() (Step, bool) {
	for _, c := range n.have {
		if n.root().IsZero() && emojiOf(c.Mark) != "" && !c.Ref.IsZero() {
			c.Ref = chat.Ref{}
			return Step{Copy: c, Free: true}, true
		}
	}
	return Step{}, false
}

// message posts or edits part 0.
func (n need) message() (Step, bool) { return n.part(0) }

func (n need) part(i int) (Step, bool) {
	w, wanted := n.wanted(i, "")
	c := n.copy(i, "")
	if !wanted || c.Hash == struck || c.Hash == refusedOnce && !n.isLate {
		return Step{}, false
	}
	if c.Ref.IsZero() {
		c.Ref = chat.Ref{Place: w.Message.Ref.Place} // where to look for it, should its answer be lost
		return n.saying(c, chat.Post, w), true
	}
	if c.Ref.As == "" || c.Hash == Hash(w.Message) {
		return Step{}, false
	}
	return n.saying(c, chat.Edit, w), true
}

// saying begins a step that carries w's words.
func (n need) saying(c store.Copy, verb chat.Verb, w Want) Step {
	s := n.begin(c, verb).carrying(w)
	s.Copy.Hash = Hash(w.Message)
	return s
}

// carrying is a step that says what w wants.
func (s Step) carrying(w Want) Step {
	s.Action.Message, s.Action.Name, s.Instead, s.Source = w.Message, w.Name, w.Instead, w.Source
	return s
}

// thread opens the thread under part 0, then posts and edits the other parts.
func (n need) thread() (Step, bool) {
	root := n.root()
	_, words := n.wanted(0, "")
	if root.IsZero() && (words || n.copy(0, "").Seq > 0) {
		return Step{}, false
	}
	if w, wanted := n.wanted(0, store.ThreadMark); wanted && !root.IsZero() {
		if c := n.copy(0, store.ThreadMark); c.Ref.IsZero() {
			return n.open(c, root, w.Name), true
		}
	}
	for _, i := range n.parts() {
		if i == 0 {
			continue
		}
		if s, ok := n.part(i); ok {
			return s, true
		}
	}
	return Step{}, false
}

func (n need) open(c store.Copy, root chat.Ref, name string) Step {
	if n.threads == chat.FreeThreads {
		c.Ref = chat.Ref{Place: chat.Place{Room: n.room, Thread: root.ID}, ID: root.ID, As: root.As}
		if name == "" {
			c.Ref.Place.Thread = ""
		}
		return Step{Copy: c, Free: true}
	}
	s := n.begin(c, chat.OpenThread)
	s.Action.On, s.Action.Name = root, name
	return s
}

// parts are the numbers of all parts that are wanted or known, in order.
func (n need) parts() []int {
	all := map[int]bool{}
	for _, w := range n.want {
		all[w.Part] = true
	}
	for _, c := range n.have {
		all[c.Part] = true
	}
	return slices.Sorted(maps.Keys(all))
}

// surplus deletes parts that are not wanted any more, last to first. Part 0
// stays while its thread is wanted.
func (n need) surplus() (Step, bool) {
	for _, i := range slices.Backward(n.parts()) {
		c := n.copy(i, "")
		if _, wanted := n.wanted(i, ""); wanted || c.Ref.IsZero() || c.Ref.As == "" || c.Hash == refusedOnce && !n.isLate {
			continue
		}
		if _, thread := n.wanted(0, store.ThreadMark); i == 0 && thread {
			continue
		}
		s := n.begin(c, chat.Delete)
		s.Copy.Hash = ""
		return s, true
	}
	return Step{}, false
}

// reactions puts on and takes off the emoji on part 0.
func (n need) reactions() (Step, bool) {
	root := n.root()
	if root.IsZero() {
		return Step{}, false
	}
	for _, w := range n.want {
		if c := n.copy(0, w.Mark); w.Emoji != "" && c.Ref.IsZero() && c.Hash != struck {
			s := n.begin(c, chat.React)
			s.Action.On, s.Action.Emoji = root, w.Emoji
			return s, true
		}
	}
	for _, c := range n.have {
		_, wanted := n.wanted(0, c.Mark)
		if emojiOf(c.Mark) == "" || c.Ref.IsZero() || c.Hash == struck || wanted {
			continue
		}
		s := n.begin(c, chat.Unreact)
		s.Action.On, s.Action.Emoji, s.Action.Old = root, emojiOf(c.Mark), ownID(c)
		return s, true
	}
	return Step{}, false
}

// late asks once more for what was refused.
func (n need) late() (Step, bool) {
	n.isLate = true
	for _, rule := range []func() (Step, bool){n.message, n.thread, n.surplus} {
		if s, ok := rule(); ok {
			s.Late = true
			return s, true
		}
	}
	return Step{}, false
}

// Hash tells whether two messages would look the same: their words and files
// count, never their speaker (a name that changes must not set off edits).
func Hash(m chat.Message) string {
	b, err := json.Marshal(struct {
		Body  any
		Files []chat.File
	}{m.Body, m.Files})
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(b)
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}
