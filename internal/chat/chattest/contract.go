package chattest

import (
	"slices"
	"testing"
	"time"

	"marginalia/internal/chat"
)

// World is a network as a test sees it: the platform that is tested, people,
// and eyes and hands of the test's own. Each story of the contract is told in
// a World of its own; it is taken down by t.Cleanup.
//
// Whatever the test reads and whatever people do goes through raw clients,
// never through the platform.
type World interface {
	// Open returns the platform as a process would that has just started,
	// always with the same account. The one before it is stopped by its
	// contexts.
	Open(t testing.TB) chat.Platform
	// Room returns a fresh room that the bot and all users are in.
	Room(t testing.TB) chat.Room
	// Nowhere returns a room that does not exist.
	Nowhere(t testing.TB) chat.Room
	// User returns someone, who joins if need be.
	User(t testing.TB, name string) User
	// Read returns what anyone sees at a place now, oldest first: the newest
	// words, Body as the platform's dialect reads it, deleted messages left
	// out; where Profile.Names, From as it is shown.
	Read(t testing.TB, p chat.Place) []chat.Message
	// Reactions returns the emoji under a message, one for each person.
	Reactions(t testing.TB, ref chat.Ref) []string
	// History returns every text that can be found in the room by whatever
	// means: of all threads, earlier edits included.
	History(t testing.TB, r chat.Room) []string
	// Lose makes the next n requests of the platform that would change
	// something be done and their answers be lost; Drop loses the requests.
	Lose(n int)
	Drop(n int)
	// Restart stops the network's server and starts it again. It may do
	// nothing.
	Restart(t testing.TB)
	// Settle is how long a request may still be done after its answer was
	// lost.
	Settle() time.Duration
	// Lacks tells which abilities the network does not have, and why. What
	// it lacks is not asked of it, and its reason is printed.
	Lacks() map[string]string
}

// User is someone on a network. A method returns once the network has taken
// it. It fails t if it does not, save that Say returns a zero Ref where the
// network lets nobody speak.
type User interface {
	Person() chat.Person
	Say(t testing.TB, p chat.Place, text string, replyTo chat.Ref) chat.Ref
	Edit(t testing.TB, ref chat.Ref, text string)
	Delete(t testing.TB, ref chat.Ref)
	// React returns the reaction's own id, "" if it has none. Unreact takes
	// the emoji off again.
	React(t testing.TB, ref chat.Ref, emoji string) string
	Unreact(t testing.TB, ref chat.Ref, emoji string)
}

// Caller is a User who can tell the bot a command. A World whose users cannot
// lacks Commands.
type Caller interface {
	Call(t testing.TB, p chat.Place, name string, args map[string]string)
}

// Pinger is a World that knows whose phones rang.
type Pinger interface {
	Pinged(t testing.TB) []string
}

// Filer is a World in which files can be attached to messages. A World that is
// none lacks Files.
type Filer interface {
	// Attach has someone say words with a file.
	Attach(t testing.TB, u User, p chat.Place, text string, f Attached) chat.Ref
	// Attached returns what hangs on a message, or is one, as anyone can get it.
	Attached(t testing.TB, ref chat.Ref) []Attached
}

// Attached is a file and what is told of it.
type Attached struct {
	Name, Type string
	Data       []byte
}

// The abilities that a World may lack.
const (
	Away      = "away"      // what was said while the platform was not running is reported later
	AwayEdits = "awayedits" // … what was edited
	AwayGone  = "awaygone"  // … what was deleted
	Gone      = "gone"      // the platform can tell that a message is gone
	History   = "history"   // the platform is a chat.Reader
	Commands  = "commands"  // the platform is a chat.Commander and users are Callers
	Reacting  = "reacting"  // there are reactions; must agree with Profile.Reactions
	Names     = "names"     // speakers are shown; must agree with Profile.Names
	Opening   = "opening"   // threads are opened by requests; must agree with Profile.Threads
	Moderator = "moderator" // users may delete what the bot said
	Doubt     = "doubt"     // requests and answers can be lost
	Files     = "files"     // the World is a Filer; must agree with Profile.Files
)

var abilities = []string{Away, AwayEdits, AwayGone, Gone, History, Commands, Reacting, Names, Opening, Moderator, Doubt, Files}

// story is one subtest of the contract.
type story struct {
	name  string
	needs []string
	tell  func(*stage)
}

// Test tells each story of the contract in a World that open makes for it.
func Test(t *testing.T, open func(t testing.TB) World) {
	for _, s := range stories {
		t.Run(s.name, func(t *testing.T) { s.play(t, open(t)) })
	}
}

// play tells the story, unless the world lacks what it needs.
func (s story) play(t testing.TB, w World) {
	t.Helper()
	for ability := range w.Lacks() {
		if !slices.Contains(abilities, ability) {
			t.Fatalf("the World lacks %q, which no story needs", ability)
		}
	}
	for _, ability := range s.needs {
		if why, lacks := w.Lacks()[ability]; lacks {
			t.Logf("NOT ASKED of this network: it lacks %q: %s", ability, why)
			return
		}
	}
	s.tell(&stage{TB: t, w: w})
}

var stories = slices.Concat(heard, ordered, away, done, doubted, filed, audited)
