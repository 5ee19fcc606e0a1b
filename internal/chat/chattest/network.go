// Package chattest is a chat network in memory, and the contract that every
// platform must pass.
//
// A [Network] has rooms, threads, people and a history, and outlives the
// platforms that are opened on it, so that a test can restart the bot. It is
// strict: what a real network would refuse it refuses, and what a careful bot
// would never ask for it writes down in [Network.Bad]. Its faults are those of
// real networks: answers that are lost, requests that arrive late, outages,
// limits, events told twice. It holds no sockets and sleeps on channels alone,
// so it runs in a testing/synctest bubble.
//
// [Test] is the contract. It is no simulation of a network's own rules: those
// belong to the doubles beside each platform.
package chattest

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"marginalia/internal/chat"
	"marginalia/internal/format"
)

// Options of a Network. The zero value is like Matrix without its edit events.
type Options struct {
	Name       string         // Profile.Name; default "net"
	Threads    chat.Threads   // how threads come to be
	Limit      int            // code points of a message as it is printed; default 2000
	Dialect    format.Dialect // how texts are written; default format.Plain
	Prefix     string         // of commands; default "!essay"
	Names      bool           // speakers are shown by Message.From
	EditEvents bool           // an edit is an event of its own that stays readable until it is deleted too (Matrix)
	Keyless    bool           // messages bear no key (Discord's webhooks): with Again what stands there is compared by its words
	NoEcho     bool           // the bot is not told of its own posts
	NoReacting bool           // the network has no reactions
	Moderator  bool           // the bot may delete what people said
	Largest    int64          // bytes of a file; default 1 MiB, below 0: it takes none
}

// Network is a chat network in memory. It may be used by any number of
// goroutines.
type Network struct {
	o Options

	mu       sync.Mutex
	rooms    map[chat.Room]*room
	messages map[string]*message // by id
	log      []entry             // all that ever happened; a cursor is an index into it
	moved    chan struct{}       // closed when log or faults change
	ids      int
	bad      []string
	members  map[string]*Member
	commands []chat.Command
	keys     map[string]*use
	files    map[string][]byte // by Origin
	busy     map[chat.Place]int
	faults   faults
}

// room is a room with all that stands in it, oldest first.
type room struct {
	chat.Room
	messages []*message
	places   map[string][]*message // the same by thread, "" is the main timeline
	threads  map[string]*message   // opened threads: their id → their root
	closed   bool                  // to the bot
}

// message is a message with its history.
type message struct {
	place   chat.Place
	id      string
	account string      // whose it is
	from    chat.Person // as shown
	as      string      // "" of a person
	key     string
	replyTo chat.Ref
	rest    chat.Message // Files, Buttons, Silent
	words   []version
	deleted bool
	thread  string // opened under it
	emoji   []reaction
	index   int // in the log
}

// version is the words of a message at one time.
type version struct {
	id, key string
	sent    string // by the bot, exactly as printed
	body    format.Doc
	at      time.Time
	gone    bool
}

type reaction struct {
	id, key, emoji string
	by             chat.Person
	at             time.Time
}

// entry is something that happened.
type entry struct {
	event   chat.Event
	account string   // who did it
	of      *message // whose words the event holds: once they are gone, it is not told any more
	version int
}

// New makes an empty network.
func New(o Options) *Network {
	if o.Name == "" {
		o.Name = "net"
	}
	if o.Limit == 0 {
		o.Limit = 2000
	}
	if o.Dialect == nil {
		o.Dialect = format.Plain{}
	}
	if o.Prefix == "" {
		o.Prefix = "!essay"
	}
	if o.Largest == 0 {
		o.Largest = 1 << 20
	}
	return &Network{
		o:        o,
		rooms:    map[chat.Room]*room{},
		messages: map[string]*message{},
		moved:    make(chan struct{}),
		members:  map[string]*Member{},
		keys:     map[string]*use{},
		files:    map[string][]byte{},
		busy:     map[chat.Place]int{},
	}
}

// Room returns the room of that name, which is made if there is none.
func (n *Network) Room(id string) chat.Room {
	n.mu.Lock()
	defer n.mu.Unlock()
	r := chat.Room{Platform: n.o.Name, ID: id}
	if n.rooms[r] == nil {
		n.rooms[r] = &room{Room: r, places: map[string][]*message{}, threads: map[string]*message{}}
	}
	return r
}

// Open returns the bot of that name as a process would that has just started.
// The one before it is stopped by its contexts.
func (n *Network) Open(name string) *Platform { return &Platform{net: n, account: name} }

// Read returns what anyone can read at a place now, oldest first.
func (n *Network) Read(p chat.Place) []chat.Message {
	n.mu.Lock()
	defer n.mu.Unlock()
	var all []chat.Message
	if r := n.rooms[p.Room]; r != nil {
		for _, m := range r.places[p.Thread] {
			if !m.deleted {
				all = append(all, m.shown())
			}
		}
	}
	return all
}

// Everything returns every text that can be found in a room by whatever
// means: of all threads, earlier versions included.
func (n *Network) Everything(r chat.Room) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var all []string
	if r := n.rooms[r]; r != nil {
		for _, m := range r.messages {
			for _, v := range m.words {
				if !v.gone {
					all = append(all, v.body.Text)
				}
			}
			for _, f := range m.rest.Files {
				all = append(all, f.Name)
			}
		}
	}
	return all
}

// SaidBy is Everything that an account said, each text behind the name that is
// shown with it.
func (n *Network) SaidBy(account string, r chat.Room) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var all []string
	if r := n.rooms[r]; r != nil {
		for _, m := range r.messages {
			for _, v := range m.words {
				if m.account == account && !v.gone {
					all = append(all, m.from.Name+": "+v.body.Text)
				}
			}
		}
	}
	return all
}

// Reactions returns the emoji under a message as anyone sees them, one for
// each person, in order.
func (n *Network) Reactions(ref chat.Ref) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var all []string
	if m := n.messages[ref.ID]; m != nil && !m.deleted {
		for _, r := range m.emoji {
			all = append(all, r.emoji)
		}
	}
	slices.Sort(all)
	return all
}

// Bad returns what was asked of the network that a careful bot would not ask.
func (n *Network) Bad() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.bad)
}

// Check fails t for each Bad.
func (n *Network) Check(t testing.TB) {
	t.Helper()
	for _, b := range n.Bad() {
		t.Errorf("%s: %s", n.o.Name, b)
	}
}

// Commands returns what was registered.
func (n *Network) Commands() []chat.Command {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.commands)
}

// --- below: with n.mu held

func (n *Network) blame(format string, args ...any) {
	n.bad = append(n.bad, fmt.Sprintf(format, args...))
}

func (n *Network) id(kind string) string {
	n.ids++
	return kind + strconv.Itoa(n.ids)
}

// tell appends to the log.
func (n *Network) tell(e entry) {
	n.log = append(n.log, e)
	n.move()
}

func (n *Network) move() {
	close(n.moved)
	n.moved = make(chan struct{})
}

// add puts a new message where m.place says.
func (n *Network) add(m *message, body format.Doc) {
	m.id, m.index = n.id("m"), len(n.log)
	m.words = []version{{id: m.id, key: m.key, body: body, at: time.Now()}}
	n.messages[m.id] = m
	r := n.rooms[m.place.Room]
	r.messages = append(r.messages, m)
	r.places[m.place.Thread] = append(r.places[m.place.Thread], m)
	n.tell(entry{account: m.account, of: m, event: chat.Event{
		Kind: chat.Said, Message: m.shown(), By: m.from, At: time.Now(), Key: m.key,
	}})
}

// change gives m new words and returns the id of the edit.
func (n *Network) change(m *message, by chat.Person, account, key string, body format.Doc) string {
	v := version{id: m.id, key: key, body: body, at: time.Now()}
	if n.o.EditEvents {
		v.id = n.id("e")
	}
	m.words = append(m.words, v)
	e := chat.Event{Kind: chat.Edited, Message: m.shown(), By: by, At: v.at, Revised: v.at, Key: key}
	e.Message.Ref = n.pointer(m)
	n.tell(entry{account: account, of: m, version: len(m.words) - 1, event: e})
	return v.id
}

// remove takes m away, and those of its edits whose ids are in old; without
// EditEvents all of them go.
func (n *Network) remove(m *message, by chat.Person, account string, old []string) {
	for i := range m.words {
		v := &m.words[i]
		if !n.o.EditEvents || v.id == m.id || slices.Contains(old, v.id) {
			v.gone, v.body = true, format.Doc{}
		}
	}
	if m.deleted {
		return
	}
	m.deleted, m.emoji = true, nil
	n.hang(m, nil, nil)
	n.tell(entry{account: account, event: chat.Event{
		Kind: chat.Deleted, Message: chat.Message{Ref: n.pointer(m)}, By: by, At: time.Now(),
	}})
}

func (n *Network) react(m *message, by chat.Person, account, key, emoji string) string {
	r := reaction{key: key, emoji: emoji, by: by, at: time.Now()}
	if n.o.EditEvents {
		r.id = n.id("r")
	}
	m.emoji = append(m.emoji, r)
	n.tell(entry{account: account, event: chat.Event{
		Kind: chat.Reacted, Message: chat.Message{Ref: n.pointer(m)}, By: by, Emoji: emoji, Own: r.id, At: r.at,
	}})
	return r.id
}

// unreact takes reaction i off m. A network on which a reaction is a message
// of its own tells no more than that it was deleted.
func (n *Network) unreact(m *message, i int, account string) {
	r := m.emoji[i]
	m.emoji = slices.Delete(m.emoji, i, i+1)
	e := chat.Event{Kind: chat.Unreacted, Message: chat.Message{Ref: n.pointer(m)}, By: r.by, Emoji: r.emoji, Own: r.id, At: time.Now()}
	if r.id != "" {
		e.Emoji, e.Message = "", chat.Message{Ref: chat.Ref{Place: chat.Place{Room: m.place.Room}}}
	}
	n.tell(entry{account: account, event: e})
}

// pointer is how an event refers to m: where every message may be a thread's
// root, events that only point at a message do not tell its thread.
func (n *Network) pointer(m *message) chat.Ref {
	ref := m.ref()
	if n.o.Threads == chat.FreeThreads {
		ref.Place.Thread = ""
	}
	return ref
}

func (m *message) ref() chat.Ref { return chat.Ref{Place: m.place, ID: m.id, As: m.as} }

// shown is m as it reads now.
func (m *message) shown() chat.Message {
	s := m.rest
	s.Ref, s.ReplyTo, s.From, s.Body = m.ref(), m.replyTo, m.from, m.words[len(m.words)-1].body
	return s
}

func (n *Network) printed(d format.Doc) string { return n.o.Dialect.Print(d) }

func (n *Network) fits(m chat.Message) bool {
	return utf8.RuneCountInString(n.printed(m.Body)) <= n.o.Limit
}

func (n *Network) link(r chat.Ref) string {
	return "https://" + n.o.Name + ".example/" + r.Place.Room.ID + "/" + r.ID
}
