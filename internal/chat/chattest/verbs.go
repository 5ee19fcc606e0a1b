package chattest

import (
	"slices"

	"marginalia/internal/chat"
)

// commit does what is asked.
func (n *Network) commit(account string, a chat.Action, undo bool) (done chat.Done, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	defer func() {
		if err != nil && undo {
			delete(n.keys, a.Key)
		}
	}()
	place := whereabouts(a)
	if r := n.rooms[place.Room]; r == nil || r.closed {
		return chat.Done{}, chat.ErrForbidden
	}
	by := me{account, chat.Person{ID: account, Name: account}}
	if a.Verb == chat.Post {
		return n.doPost(by, a)
	}
	if a.Verb == chat.Delete {
		return n.doDelete(by, a)
	}
	m := n.messages[a.On.ID]
	if m == nil || m.deleted || m.place.Room != place.Room {
		return chat.Done{}, chat.ErrGone
	}
	if !n.standsThere(m, a) {
		return chat.Done{}, chat.ErrGone
	}
	switch a.Verb {
	case chat.Edit:
		return n.doEdit(by, m, a)
	case chat.React:
		return n.doReact(by, m, a)
	case chat.Unreact:
		return n.doUnreact(by, m, a)
	}
	return n.doOpen(by, m, a)
}

// standsThere reports whether m is in the thread where a seeks it. Where
// threads are free only the room counts.
func (n *Network) standsThere(m *message, a chat.Action) bool {
	if n.o.Threads == chat.FreeThreads || m.place == whereabouts(a) {
		return true
	}
	n.blame("%s %s: %s does not stand in %v", a.Verb, a.Key, m.id, whereabouts(a))
	return false
}

// me is the bot.
type me struct {
	account string
	person  chat.Person
}

func (n *Network) doPost(by me, a chat.Action) (chat.Done, error) {
	if a.Again {
		if m := n.find(by, a); m != nil {
			return chat.Done{Ref: m.ref(), Found: true}, nil
		}
	}
	place := a.Message.Ref.Place
	if !n.threadKnown(place) {
		n.blame("post %s: there is no thread %v", a.Key, place)
		return chat.Done{}, chat.ErrGone
	}
	m := &message{place: place, account: by.account, from: by.person, as: "bot", replyTo: a.Message.ReplyTo}
	m.rest = chat.Message{Buttons: a.Message.Buttons, Silent: a.Message.Silent}
	n.hang(m, a.Message.Files, a.Data)
	if n.o.Names && a.Message.From != (chat.Person{}) {
		m.from, m.as = a.Message.From, "hook"
	}
	if to := a.Message.ReplyTo; !to.IsZero() {
		if on := n.messages[to.ID]; on == nil || on.place.Room != place.Room {
			n.blame("post %s: answers %s, which is not in %v", a.Key, to.ID, place)
			m.replyTo = chat.Ref{}
		}
	}
	if !n.o.Keyless {
		m.key = a.Key
	}
	n.add(m, n.o.Dialect.Parse(n.printed(a.Message.Body)))
	m.words[0].sent = n.printed(a.Message.Body)
	return chat.Done{Ref: m.ref()}, nil
}

func (n *Network) threadKnown(p chat.Place) bool {
	if p.Thread == "" {
		return true
	}
	if n.o.Threads == chat.OpenedThreads {
		return n.rooms[p.Room].threads[p.Thread] != nil
	}
	root := n.messages[p.Thread]
	return root != nil && root.place == chat.Place{Room: p.Room}
}

// find looks for the message that an action with Again made earlier: by its
// key, or without keys by its words, of which each message is taken once.
func (n *Network) find(by me, a chat.Action) *message {
	after := -1
	if m := n.messages[a.After.ID]; m != nil {
		after = m.index
	}
	for _, m := range n.rooms[whereabouts(a).Room].messages {
		if m.account != by.account {
			continue
		}
		if !n.o.Keyless {
			if m.key == a.Key {
				return m
			}
			continue
		}
		filed := a.Filed != "" && len(m.rest.Files) == 1 && m.rest.Files[0].Name == a.Filed
		same := (m.words[len(m.words)-1].sent == a.Sent && len(m.rest.Files) == 0 || filed) && (m.as == "bot" || m.from == a.Message.From)
		if same && !m.deleted && m.place == whereabouts(a) && m.index > after && (a.Taken == nil || !a.Taken(m.ref())) {
			return m
		}
	}
	return nil
}

func (n *Network) ours(by me, m *message, a chat.Action) bool {
	if m.account == by.account {
		return true
	}
	n.blame("%s %s: %s is not the bot's", a.Verb, a.Key, m.id)
	return false
}

func (n *Network) doEdit(by me, m *message, a chat.Action) (chat.Done, error) {
	if !n.ours(by, m, a) {
		return chat.Done{}, chat.ErrForbidden
	}
	found := slices.IndexFunc(m.words, func(v version) bool { return v.key == a.Key })
	if a.Again && n.o.EditEvents && found >= 0 {
		return chat.Done{Ref: n.editRef(m, m.words[found].id), Found: true}, nil
	}
	n.hang(m, a.Message.Files, a.Data)
	id := n.change(m, by.person, by.account, a.Key, n.o.Dialect.Parse(n.printed(a.Message.Body)))
	m.words[len(m.words)-1].sent = n.printed(a.Message.Body)
	return chat.Done{Ref: n.editRef(m, id)}, nil
}

// editRef is zero where an edit is no event of its own.
func (n *Network) editRef(m *message, id string) chat.Ref {
	if !n.o.EditEvents {
		return chat.Ref{}
	}
	return chat.Ref{Place: m.place, ID: id, As: m.as}
}

// doDelete removes On, every Old and, with Again, whatever the key made of it, or finds
// what that is.
func (n *Network) doDelete(by me, a chat.Action) (chat.Done, error) {
	m := n.messages[a.On.ID]
	if a.On.IsZero() {
		if m = n.find(by, a); m == nil || m.deleted {
			return chat.Done{Found: true}, nil
		}
		return chat.Done{Ref: m.ref(), Found: true}, nil
	}
	if m == nil || m.place.Room != whereabouts(a).Room || !n.standsThere(m, a) {
		return chat.Done{}, chat.ErrGone
	}
	if !n.o.Moderator && m.account != by.account {
		n.blame("delete %s: %s is not the bot's", a.Key, m.id)
		return chat.Done{}, chat.ErrForbidden
	}
	var old []string
	for _, o := range a.Old {
		old = append(old, o.ID)
		if !slices.ContainsFunc(m.words, func(v version) bool { return v.id == o.ID }) {
			n.blame("delete %s: %s holds no words of %s", a.Key, o.ID, m.id)
		}
	}
	left := false // words that are to go
	for _, v := range m.words {
		if a.Again && v.key == a.Key {
			old = append(old, v.id)
		}
		left = left || !v.gone && slices.Contains(old, v.id)
	}
	if m.deleted && !left {
		if a.Again {
			return chat.Done{Found: true}, nil
		}
		return chat.Done{}, chat.ErrGone
	}
	n.remove(m, by.person, by.account, old)
	return chat.Done{}, nil
}

func (n *Network) doReact(by me, m *message, a chat.Action) (chat.Done, error) {
	if i := m.reacted(by.account, a.Emoji); i >= 0 {
		if !a.Again {
			n.blame("react %s: %s stands under %s already", a.Key, a.Emoji, m.id)
		}
		return chat.Done{Ref: n.reactionRef(m, m.emoji[i].id), Found: true}, nil
	}
	id := n.react(m, by.person, by.account, a.Key, a.Emoji)
	return chat.Done{Ref: n.reactionRef(m, id)}, nil
}

// reactionRef is zero where a reaction has no id.
func (n *Network) reactionRef(m *message, id string) chat.Ref {
	if id == "" {
		return chat.Ref{}
	}
	return chat.Ref{Place: m.place, ID: id, As: "bot"}
}

func (m *message) reacted(person, emoji string) int {
	return slices.IndexFunc(m.emoji, func(r reaction) bool { return r.by.ID == person && r.emoji == emoji })
}

func (n *Network) doUnreact(by me, m *message, a chat.Action) (chat.Done, error) {
	i := m.reacted(by.account, a.Emoji)
	if i < 0 && a.Again {
		return chat.Done{Found: true}, nil
	}
	if i < 0 {
		return chat.Done{}, chat.ErrGone
	}
	if len(a.Old) > 0 && a.Old[0].ID != m.emoji[i].id {
		n.blame("unreact %s: %s is not the reaction %s", a.Key, a.Old[0].ID, m.emoji[i].id)
	}
	if id := m.emoji[i].id; id != "" && len(a.Old) == 0 && !a.Again {
		n.blame("unreact %s: the reaction %s is not named", a.Key, id)
	}
	n.unreact(m, i, by.account)
	return chat.Done{}, nil
}

func (n *Network) doOpen(by me, m *message, a chat.Action) (chat.Done, error) {
	if m.place.Thread != "" {
		n.blame("openthread %s: %s stands in a thread itself", a.Key, m.id)
		return chat.Done{}, chat.ErrRefused
	}
	thread := chat.Ref{Place: chat.Place{Room: m.place.Room, Thread: m.id}, ID: m.id, As: "bot"}
	if n.o.Threads == chat.FreeThreads {
		return chat.Done{Ref: thread}, nil
	}
	if a.Name == "" {
		return chat.Done{Ref: chat.Ref{Place: m.place, ID: m.id, As: "bot"}}, nil
	}
	found := m.thread != ""
	if found && !a.Again {
		n.blame("openthread %s: %s has a thread already", a.Key, m.id)
		return chat.Done{}, chat.ErrRefused
	}
	if !found {
		m.thread = n.id("t")
		n.rooms[m.place.Room].threads[m.thread] = m
	}
	thread.Place.Thread, thread.ID = m.thread, m.thread
	return chat.Done{Ref: thread, Found: found}, nil
}
