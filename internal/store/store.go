// Package store is the memory of Marginalia: SQLite or PostgreSQL behind one
// SQL text. It keeps rows and their invariants; it decides nothing and does
// not know the time.
//
// What is promised: an [DB.Update] that returned nil is on disk, unless it was
// [Tx.Lazy]: then it is committed, and on disk with the next that is not. Among any
// number of writers, in one process or several, there is one copy for each
// (thing, room, part, mark); Seq never falls; each firing and each call is
// recorded once; a room's deliveries are ordered as they were enqueued.
package store

import (
	"errors"
	"strings"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
)

// ErrNotFound is returned for what is not in the store.
var ErrNotFound = errors.New("not in the store")

// ErrLocked is returned by Lock while another process runs on the database.
var ErrLocked = errors.New("another bot runs on this database")

// Thing is something that is shown in rooms: a passage, an annotation or a
// note. Its messages are its copies.
type Thing string

// PassageThing, AnnotationThing and NoteThing name things.
func PassageThing(id discussion.PassageID) Thing       { return Thing("p:" + id) }
func AnnotationThing(id discussion.AnnotationID) Thing { return Thing("a:" + id) }
func NoteThing(id discussion.NoteID) Thing             { return Thing("n:" + id) }

// Passage returns the passage that t is, or "".
func (t Thing) Passage() discussion.PassageID { return discussion.PassageID(t.tail("p:")) }

// Annotation returns the annotation that t is, or "".
func (t Thing) Annotation() discussion.AnnotationID { return discussion.AnnotationID(t.tail("a:")) }

// Note returns the note that t is, or "".
func (t Thing) Note() discussion.NoteID { return discussion.NoteID(t.tail("n:")) }

func (t Thing) tail(kind string) string {
	if rest, ok := strings.CutPrefix(string(t), kind); ok {
		return rest
	}
	return ""
}

// ThreadMark is the Mark of the copy that is a passage's thread.
const ThreadMark = "thread"

// CallMark is the Mark of the copy that is the message by which a person had an
// annotation made that stands elsewhere.
const CallMark = "call"

// FirstFile is the Part of the first file of an annotation. One that began
// without words has no part 0.
const FirstFile = 1000

// Copy is one message, thread or reaction that shows a thing in a room. It is
// unique by (thing, room, Part, Mark) and its row stays when the message is
// removed, so that Seq never falls.
//
// Settled: Verb is "" and Ref points at what stands there, or is zero if
// nothing does. In flight: Verb, Key, Sent and Began tell the request that
// was begun; its outcome is not known. Of a settled copy they are not kept.
type Copy struct {
	Part  int        // 0, 1, 2, … of a long text; from FirstFile on, of what is attached to it
	Mark  string     // "" the message, ThreadMark, CallMark, "react:👍"
	Ref   chat.Ref   // where it stands; for a thread Ref.Place is the thread
	Old   []chat.Ref // further events that hold words of it
	Hash  string     // of what stands there, or of what is in flight; "" unknown
	Seq   int        // how many requests were begun for this copy
	Verb  chat.Verb  // what is in flight, "" if settled
	Key   string     // of the request in flight; unique
	Sent  string     // what is being printed, while in flight
	Began time.Time  // when the request in flight was begun
}

// InFlight reports whether a request was begun whose outcome is not known.
func (c Copy) InFlight() bool { return c.Verb != "" }

// Classes of delivery: lower goes first.
const (
	ClassPost     uint8 = 1
	ClassAnswer   uint8 = 2
	ClassReply    uint8 = 3
	ClassEdit     uint8 = 4
	ClassReaction uint8 = 5
	ClassFile     uint8 = 6 // that is waited for
)

// Delivery says that a room may not show a thing as it is now. It is unique by
// (thing, room) and goes once nothing is left to do.
type Delivery struct {
	Thing  Thing
	Room   chat.Room
	Thread discussion.PassageID // in whose thread the thing stands, "" in the main timeline
	Class  uint8
	Order  int64     // rises by one with each delivery enqueued for the room
	Born   time.Time // when it was enqueued
	Due    time.Time // not before
	Tries  int
	Spent  time.Duration // waited after tries that the network answered
	Dead   time.Time     // given up; zero while alive
	Why    string        // the newest error, in words for the operator
	Asked  int64         // how often Stale asked for it
}

// Note is what the bot itself says.
type Note struct {
	ID         discussion.NoteID
	Kind       string // "answer", "digest", "question", "closed", "hint", "late", "index"
	Discussion discussion.ID
	Body       format.Doc // without words: not wanted any more
	Place      chat.Place // of all but a digest, which goes to the main timeline of its rooms
	ReplyTo    chat.Ref
	Created    time.Time
}

// Reaction is someone's emoji on a thing, and in which room it was given.
type Reaction struct {
	Thing  Thing
	Person discussion.PersonID
	Self   discussion.PersonID // discussion.Person.Self of Person, as it is read
	Emoji  string
	Room   chat.Room
	Own    string // the reaction's own id there, or ""
	At     time.Time
}

// Held is an event that waits in the inbox: it came before what it is about,
// or it could not be handled.
type Held struct {
	ID    string // derived
	Room  chat.Room
	On    string // the message that it is about
	Event chat.Event
	Why   string
	Tries int
	At    time.Time
}

// Summary is a discussion without its words.
type Summary struct {
	ID          discussion.ID
	Title, URL  string
	Documents   int
	Comments    int // documents that came in with what they are about
	Passages    int
	Posted      int // passages that stand in at least one room
	Waiting     int // documents that have no passages until somebody reviewed their borders
	Annotations int // neither deleted nor hidden
	Imported    time.Time
}

// RoomStatus is how a room stands.
type RoomStatus struct {
	Room    chat.Room
	Pending int
	Dead    int
	Oldest  time.Time // Born of the oldest pending delivery
	Why     string    // the newest error among them
}
