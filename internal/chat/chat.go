// Package chat is how people talk: platforms, rooms, threads and messages, in
// words that hold on every network.
//
// A [Platform] reports what people do and does what it is told, one visible
// change at a time. It decides nothing and remembers nothing that matters:
// cursors, copies and keys are kept by whoever runs it. Package chattest
// holds the contract as tests.
package chat

import (
	"context"
	"encoding/json"
	"iter"
	"time"

	"marginalia/internal/format"
)

// Room is a place where people talk: a channel, a Matrix room.
type Room struct {
	Platform string `json:"platform"` // Profile.Name
	ID       string `json:"id"`       // the network's own
}

func (r Room) String() string { return r.Platform + ":" + r.ID }

// Place is a room's main timeline (Thread "") or one of its threads.
type Place struct {
	Room   Room
	Thread string // the network's own id of the thread
}

// Cursor says how far a place, or the whole account (the zero Place), was
// read. Only the platform that made it understands it.
type Cursor string

// Ref points at a message (or thread, or reaction) on a network.
type Ref struct {
	Place Place
	ID    string // the network's own; "" points nowhere
	As    string // who speaks there: "bot", a webhook's or puppet's id; "" = a person, never edited by us
}

// IsZero reports whether r points nowhere.
func (r Ref) IsZero() bool { return r.ID == "" }

// Person is someone on a network.
type Person struct {
	ID     string // the network's own
	Name   string // as shown; may be anything
	Avatar string // an address that the network understands, or ""
}

// Button stands under a message, where the network has such: a link, or the call
// of a command that is about the message.
type Button struct {
	Text string
	URL  string // where a link leads; "" of a call
	Call string // what is called, as it is typed behind the prefix, at most 70 bytes
}

// Message is words in a place. A zero From is the bot itself.
type Message struct {
	Ref     Ref
	ReplyTo Ref // the message it answers expressly; zero in a thread's plain flow
	From    Person
	Body    format.Doc
	Files   []File // of what the bot says: at most one, and then the words may be missing
	Buttons []Button
	Silent  bool // nobody's phone rings
}

// Kind is what happened.
type Kind string

// The kinds of event.
const (
	Said      Kind = "said"
	Edited    Kind = "edited"    // Message holds the new words, and the files that are left; Revised is set
	Deleted   Kind = "deleted"   // Message.Ref alone
	Reacted   Kind = "reacted"   // By, Emoji, on Message.Ref; Own holds the reaction's own id where it has one
	Unreacted Kind = "unreacted" // likewise; or only Own, where the network tells no more; without both By and Own: nobody holds Emoji, or if that is "" any, but who is reported after it
	Called    Kind = "called"    // a command; Call is set
	Moved     Kind = "moved"     // Message.Ref.Place.Room was closed in favour of the room To; Why is what keeps the bot out of that, "" once it is in and Run listens there too
	Echoed    Kind = "echoed"    // a post, edit or reaction of the bot's own, seen on the network with the Key of the Action that made it; Message.Ref is its Done.Ref
)

// Event is something that happened in a room.
type Event struct {
	Kind    Kind
	Message Message
	Emoji   string
	Own     string // id of the reaction itself, where it has one
	By      Person // who did it (a moderator may delete another's message)
	At      time.Time
	Revised time.Time       // when the words were last edited; zero if never
	Call    *Call           // of Called; of Edited: what the message calls as its words are now
	Key     string          // of Echoed
	To      Room            `json:",omitzero"`  // of Moved
	Why     string          `json:",omitempty"` // of Moved
	Raw     json.RawMessage // as the network said it, for the inbox
}

// Batch is one answer of the network: events in order per place, and how far
// it has been read with them. Both are recorded in one transaction.
type Batch struct {
	Events []Event
	Since  map[Place]Cursor // the zero Place holds an account's cursor
}

// Verb is what a platform is asked to do.
type Verb string

// The verbs.
const (
	Post       Verb = "post"       // Message at Message.Ref.Place, answering Message.ReplyTo
	Edit       Verb = "edit"       // On gets Message's words, file and buttons, and has no others
	Delete     Verb = "delete"     // On and every Old and, with Again, whatever else Key made of it; without On.ID, and with Again, it only finds what Key made in On.Place
	OpenThread Verb = "openthread" // under On, named Name; Done.Ref.Place is the thread. Of OpenedThreads none is opened without a Name: it is On's own Place, or what On began by itself (in a forum)
	React      Verb = "react"      // Emoji on On; Done.Ref.ID is the reaction where it has an id
	Unreact    Verb = "unreact"    // Emoji off On; Old[0] is the reaction where it has an id
)

// Action is at most one change that people can see.
type Action struct {
	Verb    Verb
	Key     string // the same for every try of the same change, at most 25 characters of [A-Za-z0-9_-]
	Again   bool   // an earlier try may have gone through: look for what Key made before doing it
	On      Ref    // what is edited, deleted, opened under or reacted to
	Old     []Ref  // events that also hold words of On (earlier edits)
	Message Message
	Emoji   string
	Name    string    // of a thread that is opened, or begins with a Post (see Boarder), at most 100 code points
	Data    []byte    // the bytes of Message's file
	Sent    string    // with Again: what was printed the first time, Profile.Dialect.Print(Message.Body)
	Filed   string    // with Again: the name of the file that was posted the first time, perhaps: else Sent was, in its place
	After   Ref       // with Again: the newest message of ours in the place that is known to be older
	Began   time.Time // with Again: when the first try began
	Taken   func(Ref) bool
}

// Done is what came of an Action. For a Post, Ref is the message. For an Edit,
// Ref is the event that carries the new words where the network has such, else
// zero. For a Delete without On.ID it is what was found, and stands yet, zero if there
// is nothing; for any other it is zero.
type Done struct {
	Ref   Ref
	Found bool // with Again: an earlier try had gone through, nothing was done now
}

// Threads says how a network's threads come to be.
type Threads uint8

// The ways of threads.
const (
	FreeThreads   Threads = iota // every message is a thread's root (Matrix, local): its id is the thread's id
	OpenedThreads                // a thread is opened under a message by a request of its own (Discord)
)

// Profile is what a network can do. It never changes while the bot runs.
type Profile struct {
	Name      string // "matrix", "discord", "local"
	Threads   Threads
	Names     bool // speakers are shown by Message.From; else the relay puts the name into the text
	Buttons   bool // Message.Buttons can call commands; else they are left out, or only led to
	Reactions bool
	Link      func(Ref) string        // a web address of a message, or ""
	Fits      func(Message) bool      // whether Message can be sent in one piece
	Files     int64                   // bytes of the largest file that it may take; 0: it takes none
	Dialect   format.Dialect          // how texts are written there
	Typed     func(string) format.Doc // reads what is typed behind a command, Call.Text or one of Call.Args; nil: as Dialect.Parse does
	Normal    func(e string) string   // an emoji's form for counting; nil: as is
}

// A Boarder is a Platform with rooms in which each message of the main timeline
// begins a thread, as posts in a forum do.
type Boarder interface {
	Board(Room) bool // reports whether a room is one, or may be for all that is known
}

// Platform is a network.
type Platform interface {
	Profile() Profile
	// Run reports what happens, in order per place, until ctx is done or
	// handle fails (whose error it returns). since has the account's cursor
	// (zero Place) and an entry for each room to listen to ("" = from now on)
	// and each open thread ("" = from its beginning). An event that only points
	// (Edited, Deleted, Reacted) may leave the thread of its Place open. It may report an event twice; a live event never
	// passes a gap that is still being filled. handle may be called from one
	// goroutine at a time. What the bot itself did is reported as Echoed or
	// not at all. As soon as the network answers, handle is called, with an
	// empty Batch if nothing happened: that is how one sees that it is heard,
	// and it fixes every "" cursor.
	Run(ctx context.Context, since map[Place]Cursor, handle func(context.Context, Batch) error) error
	// Do makes at most one change that people can see. Look-ups and
	// preparations that may be repeated may precede it. Its errors are of the
	// kinds in errors.go; any other error leaves open whether the change was
	// made, and the same Action comes again with Again set.
	Do(ctx context.Context, a Action) (Done, error)
}

// Reader is a Platform that can read back what stands in a place, oldest
// first: Said for each message (Revised set if edited), then one Reacted for
// each person. Deletions are found by difference. The bot's own messages are
// among them, with Ref.As set.
type Reader interface {
	History(ctx context.Context, p Place, after Cursor) iter.Seq2[Event, error]
}

// Right is what someone may do.
type Right uint8

// The rights, each including those before it.
const (
	Anyone Right = iota
	Moderator
	Operator
)
