//go:build unix

package acceptance

import (
	"errors"
	"maps"
	"math/rand/v2"

	"marginalia/internal/chat"
)

// A side is a room with people in it. They act and look there through clients
// of their own, never through the bot, and several of them at once.
type side interface {
	name() string     // as plans call it
	room() chat.Room  // as the bot's database has it
	people() []string // what they call themselves; the first one is a moderator
	// config is what the bot's configuration says of the network, where it is
	// not local, and of the room.
	config() (network, room string)
	// opened tells that the bot runs, and at which address it shows the text.
	opened(site, text string) error

	// passages are the numbers of those that stand there with a thread, in order.
	passages() ([]int, error)
	// shown is the message of the bot's with a token in it, "" if there is none.
	shown(token string) (id string, err error)
	say(by int, u utterance, dice *rand.Rand) (id string, err error)
	edit(by int, id, words string) error
	remove(by int, id string) error
	react(by int, id, emoji string, on bool) error
	// ask tells the bot a command, and returns once it was answered with words.
	ask(by int, command, words string) error

	// read is all that can be read there now.
	read() (record, error)
}

// errGone is what is answered where a message is gone.
var errGone = errors.New("the message is gone")

// utterance is something to be said: under a passage, perhaps in answer to a
// message.
type utterance struct {
	passage        int
	answers, words string
}

// record is what can be read on one side in the end.
type record interface {
	// posts are the numbers of the passages that stand there, in order.
	posts() []int
	// mirrors are what shows things that were said elsewhere, by their tokens.
	mirrors() map[string][]mirrored
	// own is what its people said and did not delete, in order.
	own() []spoken
	// bot is all that the bot ever did there, each of its deeds under a name.
	bot() map[string]string
	// texts is whatever can be read there, earlier words and hidden parts of
	// messages included, by where it stands.
	texts() map[string]string
	// given are the emoji under a message that are not of the side's people.
	given(id string) []string
	// faults are what can go wrong with a record. They are planted into a clone.
	faults(of int) []fault
	clone() record
}

// spoken is something that one of the side's people said.
type spoken struct{ id, token string }

// mirrored is what a room shows of something that was said elsewhere.
type mirrored struct {
	id      string
	at      int // its place in the room's order
	passage int
	answers string // the id of a message, or where toName is set a name
	toName  bool
	who     string
	words   string // the newest
	rude    string // what a mirror should not do
}

// news are the deeds of the bot's that are in one record and not in another.
func news(before, after record) map[string]string {
	deeds, old := maps.Clone(after.bot()), before.bot()
	maps.DeleteFunc(deeds, func(name, words string) bool { was, ok := old[name]; return ok && was == words })
	return deeds
}
