package relay

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
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
	Name    string       // of a thread
	Emoji   string       // of a reaction
	Message chat.Message // of a part
}

// Step is the one next request that brings a room closer to what should stand
// there.
type Step struct {
	Action chat.Action
	Copy   store.Copy // as it is to be recorded before the request is made
	Free   bool       // settled by itself: Copy is recorded, nothing is asked of the network
}

// Next compares what should stand in room of thing with what stands there and
// returns the one next request, or false if nothing is left to do. It is pure.
//
// The order is: first whatever is in flight; then part 0, its thread, the
// other parts, surplus parts last to first, and reactions. A person's own
// message is never edited or deleted by us.
func Next(thing store.Thing, room chat.Room, threads chat.Threads, want []Want, have []store.Copy) (Step, bool) {
	n := need{thing: thing, room: room, threads: threads, want: want, have: have}
	for _, rule := range []func() (Step, bool){n.resolve, n.message, n.thread, n.surplus, n.reactions} {
		if s, ok := rule(); ok {
			return s, true
		}
	}
	return Step{}, false
}

type need struct {
	thing   store.Thing
	room    chat.Room
	threads chat.Threads
	want    []Want
	have    []store.Copy
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

// begin makes the step that asks for verb on copy c under its next key.
func (n need) begin(c store.Copy, verb chat.Verb) Step {
	c.Seq++
	c.Verb = verb
	c.Key = discussion.Derive("copy", string(n.thing), n.room.String(), strconv.Itoa(c.Part), c.Mark, strconv.Itoa(c.Seq))
	return Step{Copy: c, Action: chat.Action{Verb: verb, Key: c.Key, On: c.Ref, Old: c.Old}}
}

// resolve asks again for what is in flight, under the key of the first try.
func (n need) resolve() (Step, bool) {
	i := slices.IndexFunc(n.have, store.Copy.InFlight)
	if i < 0 {
		return Step{}, false
	}
	c := n.have[i]
	w, wanted := n.wanted(c.Part, c.Mark)
	s := Step{Copy: c, Action: chat.Action{Verb: c.Verb, Key: c.Key, Again: true, On: c.Ref, Old: c.Old, Sent: c.Sent, Began: c.Began}}
	switch c.Verb {
	case chat.Post, chat.Edit:
		if wanted {
			return s.saying(w), true
		}
		s.Action.Verb, s.Action.Sent, s.Copy.Sent = chat.Delete, c.Sent, "" // whatever the key made goes
	case chat.OpenThread:
		s.Action.On, s.Action.Name = n.copy(0, "").Ref, w.Name
	case chat.React, chat.Unreact:
		s.Action.On, s.Action.Emoji, s.Action.Old = n.copy(0, "").Ref, emojiOf(c.Mark), ownID(c)
	}
	return s, true
}

// saying gives a step w's words. If they are other words than those that the
// first try carried, what will stand there is not known until it is edited.
func (s Step) saying(w Want) Step {
	s.Action.Message = w.Message
	if h := Hash(w.Message); s.Action.Again && h != s.Copy.Hash {
		s.Copy.Hash = ""
	} else {
		s.Copy.Hash = h
	}
	return s
}

// message posts or edits part 0.
func (n need) message() (Step, bool) { return n.part(0) }

func (n need) part(i int) (Step, bool) {
	w, wanted := n.wanted(i, "")
	if !wanted {
		return Step{}, false
	}
	c := n.copy(i, "")
	if c.Ref.IsZero() {
		c.Ref = chat.Ref{Place: w.Message.Ref.Place} // where to look for it, should its answer be lost
		return n.begin(c, chat.Post).saying(w), true
	}
	if c.Ref.As == "" || c.Hash == Hash(w.Message) {
		return Step{}, false
	}
	return n.begin(c, chat.Edit).saying(w), true
}

// thread opens the thread under part 0, then posts and edits the other parts.
func (n need) thread() (Step, bool) {
	root := n.copy(0, "").Ref
	if w, wanted := n.wanted(0, store.ThreadMark); wanted && !root.IsZero() {
		if c := n.copy(0, store.ThreadMark); c.Ref.IsZero() {
			return n.open(c, root, w.Name), true
		}
	}
	for i := 1; i <= n.last(); i++ {
		if s, ok := n.part(i); ok {
			return s, true
		}
	}
	return Step{}, false
}

func (n need) open(c store.Copy, root chat.Ref, name string) Step {
	if n.threads == chat.FreeThreads {
		c.Ref = chat.Ref{Place: chat.Place{Room: n.room, Thread: root.ID}, ID: root.ID, As: root.As}
		return Step{Copy: c, Free: true}
	}
	s := n.begin(c, chat.OpenThread)
	s.Action.On, s.Action.Name = root, name
	return s
}

func (n need) last() int {
	last := 0
	for _, w := range n.want {
		last = max(last, w.Part)
	}
	for _, c := range n.have {
		last = max(last, c.Part)
	}
	return last
}

// surplus deletes parts that are not wanted any more, last to first. Part 0
// stays while its thread is wanted.
func (n need) surplus() (Step, bool) {
	for i := n.last(); i >= 0; i-- {
		c := n.copy(i, "")
		if _, wanted := n.wanted(i, ""); wanted || c.Ref.IsZero() || c.Ref.As == "" {
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
	root := n.copy(0, "").Ref
	if root.IsZero() {
		return Step{}, false
	}
	for _, w := range n.want {
		if c := n.copy(0, w.Mark); w.Emoji != "" && c.Ref.IsZero() {
			s := n.begin(c, chat.React)
			s.Action.On, s.Action.Emoji = root, w.Emoji
			return s, true
		}
	}
	for _, c := range n.have {
		_, wanted := n.wanted(0, c.Mark)
		if emojiOf(c.Mark) == "" || c.Ref.IsZero() || wanted {
			continue
		}
		s := n.begin(c, chat.Unreact)
		s.Action.On, s.Action.Emoji, s.Action.Old = root, emojiOf(c.Mark), ownID(c)
		return s, true
	}
	return Step{}, false
}

const reactMark = "react:"

func emojiOf(mark string) string {
	if len(mark) > len(reactMark) && mark[:len(reactMark)] == reactMark {
		return mark[len(reactMark):]
	}
	return ""
}

// ownID is the reaction that c is, where the network gave it an id of its own.
func ownID(c store.Copy) []chat.Ref {
	if c.Ref.IsZero() || c.Ref.ID == emojiOf(c.Mark) {
		return nil
	}
	return []chat.Ref{c.Ref}
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
