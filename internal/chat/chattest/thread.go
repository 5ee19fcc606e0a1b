package chattest

import "marginalia/internal/chat"

// OpenThread opens a thread under a message, as people may; its id is the
// message's, as on Discord.
func (u *Member) OpenThread(ref chat.Ref) chat.Place {
	n := u.net
	n.mu.Lock()
	defer n.mu.Unlock()
	m := u.find(ref)
	if n.o.Threads == chat.OpenedThreads && m.thread == "" {
		m.thread = m.id
		n.rooms[m.place.Room].threads[m.thread] = m
	}
	return chat.Place{Room: m.place.Room, Thread: m.id}
}

// Thread returns the thread under a message, as a person sees it in their
// client; the zero Place if there is none.
func (n *Network) Thread(ref chat.Ref) chat.Place {
	n.mu.Lock()
	defer n.mu.Unlock()
	m := n.messages[ref.ID]
	if m == nil {
		return chat.Place{}
	}
	if n.o.Threads == chat.FreeThreads {
		return chat.Place{Room: m.place.Room, Thread: m.id}
	}
	if m.thread == "" {
		return chat.Place{}
	}
	return chat.Place{Room: m.place.Room, Thread: m.thread}
}
