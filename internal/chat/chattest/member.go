package chattest

import (
	"fmt"
	"slices"

	"marginalia/internal/chat"
	"marginalia/internal/format"
)

// Member is someone on a [Network]. Its methods panic where a test asks for
// what cannot be: those are faults of the test.
type Member struct {
	net    *Network
	person chat.Person
	rights chat.Right
}

// User returns the member of that name, who joins if need be.
func (n *Network) User(name string) *Member {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.members[name] == nil {
		n.members[name] = &Member{net: n, person: chat.Person{ID: "u-" + name, Name: name}}
	}
	return n.members[name]
}

// Person returns who the member is.
func (u *Member) Person() chat.Person { return u.person }

// May gives the member a right.
func (u *Member) May(r chat.Right) *Member {
	u.net.mu.Lock()
	defer u.net.mu.Unlock()
	u.rights = r
	return u
}

// Say says something, in reply to a message if replyTo points at one. A text
// that begins with the prefix of commands is one.
func (u *Member) Say(p chat.Place, text string, replyTo chat.Ref) chat.Ref {
	return u.SayDoc(p, u.net.o.Dialect.Parse(text), replyTo)
}

// SayDoc is Say for words with structure.
func (u *Member) SayDoc(p chat.Place, d format.Doc, replyTo chat.Ref) chat.Ref {
	n := u.net
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.rooms[p.Room] == nil || !n.threadKnown(p) {
		panic(fmt.Sprintf("chattest: %s speaks where no room or thread is: %v", u.person.Name, p))
	}
	m := &message{place: p, account: u.person.ID, from: u.person, replyTo: replyTo}
	n.add(m, d)
	if u.calls(m, d) {
		n.log[len(n.log)-1].event.Kind = chat.Called
	}
	return m.ref()
}

// calls gives what was told last the call that a message with words is, if it is
// one.
func (u *Member) calls(m *message, d format.Doc) bool {
	n := u.net
	name, args, ok := chat.ParseCommand(n.o.Prefix, d.Text)
	if ok {
		n.log[len(n.log)-1].event.Call = &chat.Call{Ref: m.ref(), On: m.replyTo, By: u.person, Rights: u.rights, Name: name, Args: args, Typed: true, Text: chat.CommandText(n.o.Prefix, d.Text)}
	}
	return ok
}

// Edit gives a message of the member's own new words.
func (u *Member) Edit(ref chat.Ref, text string) {
	u.net.mu.Lock()
	defer u.net.mu.Unlock()
	m := u.find(ref)
	if m.account != u.person.ID {
		panic(fmt.Sprintf("chattest: %s edits %s, which is another's", u.person.Name, ref.ID))
	}
	d := u.net.o.Dialect.Parse(text)
	u.net.change(m, u.person, u.person.ID, "", d)
	u.calls(m, d)
}

// Delete removes a message. Everyone may remove what others said, as a
// moderator may; where edits are events, those of others' messages stay.
func (u *Member) Delete(ref chat.Ref) {
	u.net.mu.Lock()
	defer u.net.mu.Unlock()
	m := u.find(ref)
	var all []string
	if m.account == u.person.ID {
		for _, v := range m.words {
			all = append(all, v.id)
		}
	}
	u.net.remove(m, u.person, u.person.ID, all)
}

// React reacts to a message and returns the reaction's id, "" if it has none.
func (u *Member) React(ref chat.Ref, emoji string) string {
	u.net.mu.Lock()
	defer u.net.mu.Unlock()
	m := u.find(ref)
	if m.reacted(u.person.ID, emoji) >= 0 {
		panic(fmt.Sprintf("chattest: %s reacts twice with %s to %s", u.person.Name, emoji, ref.ID))
	}
	return u.net.react(m, u.person, u.person.ID, "", emoji)
}

// Unreact takes a reaction back, which is named by its emoji.
func (u *Member) Unreact(ref chat.Ref, emoji string) {
	u.net.mu.Lock()
	defer u.net.mu.Unlock()
	m := u.find(ref)
	i := slices.IndexFunc(m.emoji, func(r reaction) bool { return r.by == u.person && r.emoji == emoji })
	if i < 0 {
		panic(fmt.Sprintf("chattest: %s takes back %s from %s, where it is not", u.person.Name, emoji, ref.ID))
	}
	u.net.unreact(m, i, u.person.ID)
}

func (u *Member) find(ref chat.Ref) *message {
	m := u.net.messages[ref.ID]
	if m == nil || m.deleted {
		panic(fmt.Sprintf("chattest: %s looks for %s, which is not there", u.person.Name, ref.ID))
	}
	return m
}
