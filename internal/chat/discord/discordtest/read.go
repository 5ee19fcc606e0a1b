package discordtest

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Message is a message as the server has it.
type Message struct {
	ID, Channel string
	Author      string // id of the account, or of the webhook
	Name        string // as shown: the person's, or the webhook's persona
	Text        string // the newest words
	Webhook     bool
	System      bool // written by Discord: a thread's first line, and the like
	ReplyTo     string
	Thread      string // the thread under it
	Nonce       string
	Kind, Flags int
	At, Edited  time.Time
	Files       []string // names
	Components  int      // how many
	Buttons     []Button
	Embeds      int
	Avatar      string // address of a persona's picture
}

// Messages are what stands in a channel or thread, oldest first. What was
// deleted and what only one person sees is left out.
func (s *Server) Messages(channel string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Message
	c := s.channels[channel]
	if c == nil {
		return nil
	}
	for _, m := range c.messages {
		all = append(all, s.plain(m))
	}
	return all
}

// plain is a message in plain words.
func (s *Server) plain(m *message) Message {
	one := Message{
		ID: m.id, Channel: m.in.id, Text: m.content, Kind: m.kind, Flags: m.flags, At: m.at, Edited: m.edited, Nonce: nonceText(m.nonce),
		System: m.kind == threadCreated || m.kind == threadStarter, Embeds: len(m.embeds), Avatar: m.avatar,
	}
	if m.webhook != nil {
		one.Webhook, one.Author, one.Name = true, m.webhook.id, m.persona
	} else {
		one.Author, one.Name = m.author.id, m.author.global
	}
	if m.kind == reply {
		one.ReplyTo = m.refers.message
	}
	if m.started != nil && !m.started.gone {
		one.Thread = m.started.id
	}
	for _, a := range m.attachments {
		one.Files = append(one.Files, a["filename"].(string))
	}
	walkComponents(m.components, func(object) { one.Components++ })
	one.Buttons = m.buttons()
	return one
}

// Everything is every text that can still be read in a channel by any means:
// messages, embeds, components, files, and the names of threads and personas,
// its threads included.
func (s *Server) Everything(channel string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, c := range s.sorted() {
		if c.gone || c.id != channel && (c.parent == nil || c.parent.id != channel) {
			continue
		}
		if c.thread() {
			all = append(all, c.name)
		}
		for _, m := range c.messages {
			all = append(all, m.words()...)
		}
	}
	return all
}

// Reactions are the emoji on a message with who put them there: ids of
// accounts, in order.
func (s *Server) Reactions(message string) map[string][]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[string][]string{}
	m := s.messages[message]
	if m == nil {
		return all
	}
	for _, r := range m.reactions {
		name := r.name
		if r.id != "" {
			name += ":" + r.id
		}
		all[name] = slices.Clone(r.by)
	}
	return all
}

// Thread is a thread as the server has it.
type Thread struct {
	ID, Name, Parent string
	Archived, Locked bool
	Count            int
	Tags             []string // names of those that a forum's post has
}

// ThreadOf tells of a thread; ok is false if there is none.
func (s *Server) ThreadOf(id string) (t Thread, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channels[id]
	if c == nil || c.gone || !c.thread() {
		return Thread{}, false
	}
	t = Thread{ID: c.id, Name: c.name, Parent: c.parent.id, Archived: c.archived, Locked: c.locked, Count: c.count}
	for _, tag := range c.parent.tags {
		if slices.ContainsFunc(c.applied, func(id string) bool { return tag["id"] == id }) {
			t.Tags = append(t.Tags, tag["name"].(string))
		}
	}
	return t, true
}

// Ping is someone whose phone the bot let ring: an account, a role ("&id"), or
// "everyone".
type Ping struct{ Message, Who string }

// Pings are all pings by the bot and its webhooks.
func (s *Server) Pings() []Ping {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.pings)
}

// Count is how often something was asked for, and with which codes it was
// refused. Faults that cut the connection are no answers.
type Count struct {
	N      int
	Errors map[int]int // by Discord's code, or the HTTP status where there is none
}

// count notes a request, or with a code its refusal. The caller holds mu.
func (s *Server) count(op string, code int) {
	defer s.note()
	c := s.ops[op]
	if c == nil {
		c = &Count{Errors: map[int]int{}}
		s.ops[op] = c
	}
	if code == 0 {
		c.N++
		return
	}
	c.Errors[code]++
}

// Ops are the counts by operation: Discord's names of REST operations, and
// IDENTIFY, RESUME and HEARTBEAT.
func (s *Server) Ops() map[string]Count {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[string]Count{}
	for name, c := range s.ops {
		all[name] = Count{c.N, maps.Clone(c.Errors)}
	}
	return all
}

// Unused are the operations of the double that nobody asked for.
func (s *Server) Unused() []string {
	used := s.Ops()
	var all []string
	for _, op := range operations {
		if used[op.name].N == 0 {
			all = append(all, op.name)
		}
	}
	for _, op := range []string{"IDENTIFY", "RESUME", "HEARTBEAT"} {
		if used[op].N == 0 {
			all = append(all, op)
		}
	}
	return all
}

// Bad are the violations: what a careful bot would not have asked for, and
// where the double itself was wrong. A test fails if there are any.
func (s *Server) Bad() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.bad)
}

// ForgetBad forgets the violations, after a test that wanted them.
func (s *Server) ForgetBad() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bad = nil
}

// String says where the server is, for logs.
func (s *Server) String() string { return fmt.Sprintf("discordtest at %s", s.api) }
