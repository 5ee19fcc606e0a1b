//go:build unix

package main

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"marginalia/internal/chat"
	"marginalia/internal/store"
)

// A side is a room on one network, with people who talk in it. What they do
// they do as people do, and what is read is read from the network itself: a
// side knows nothing of the bot but its name.
type side interface {
	room() chat.Room
	people() int // how many talk here, and do so at the same time

	// posts are the passages that can be answered here, by their numbers.
	posts() map[int]bool
	// shows reports whether what bears a name stands here, as far as people can
	// tell: a remark's token, or what passageName makes.
	shows(name string) bool

	// What a person does. It is begun and ended, whatever becomes of the network
	// meanwhile; false if it came to nothing. who counts from 0.
	say(who int, r *remark) bool // answers what r.answers names, if that stands here
	edit(who int, r *remark, words string) bool
	remove(who int, r *remark) bool
	react(who int, name, emoji string) bool
	unreact(who int, name, emoji string) bool

	// complete looks in every way for what people were not shown as it happened,
	// and takes it in. It tells how much that is.
	complete(ctx context.Context) (int, error)
	// said are the messages by people that carry a remark.
	said(r remark) []string
	// read tells what stands here, with the bot at rest.
	read(ctx context.Context) (shown, error)
}

// A network carries some of the sides, and stands between them and the bot.
type network interface {
	name() string
	misbehave()              // from now on it has faults
	behave()                 // no more
	cutOff(on bool)          // out of the bot's reach, while people go on to talk there
	played() string          // the faults that it had
	late() map[string]string // names of what was said in requests that took effect beyond the settle time, and why they did
	sends() int              // requests of the bot's for a change that have come in
	// stage is how far the request had come that c has in flight: one of stages.
	stage(room chat.Room, c store.Copy) string
	// jolt restarts what can be restarted; it is called while the bot is down.
	jolt(ctx context.Context, kill int) error
	// config are the network's tables of the bot's configuration.
	config() string
	close() error
}

// A line is a message that stands in a room: one by the bot, or a person's own.
type line struct {
	id      string
	passage int      // under which it stands; 0: under none
	name    string   // of what it shows
	version int      // of the words
	edit    bool     // it holds newer words of a message before it
	own     bool     // a person said it
	frozen  bool     // nobody can give it other words any more
	astray  bool     // its place in the order is not known
	emojis  []string // that the bot shows on it
}

// shown is what stands in a room, in its order. mute: reactions are not shown
// by the bot there.
type shown struct {
	at    chat.Room
	lines []line
	mute  bool
}

// passageName names a passage as a thing that one can react to.
func passageName(n int) string { return fmt.Sprintf("passage-%d", n) }

func isPassage(name string) bool { return strings.HasPrefix(name, "passage-") }

// footer is what a passage ends with: its number, and how many there are.
var footer = regexp.MustCompile(`· (\d+)/\d+`)

// passageIn reads the number of the passage that words are; 0: they are none.
func passageIn(words string) int {
	all := footer.FindAllStringSubmatch(words, -1)
	if all == nil {
		return 0
	}
	n, _ := strconv.Atoi(all[len(all)-1][1])
	return n
}

// tokenIn reads token and version out of what someone said, or of its mirror.
func tokenIn(words string) (token string, version int) {
	fields := strings.Fields(words)
	for i, f := range fields {
		if strings.HasPrefix(f, "tk-") && i+1 < len(fields) {
			if _, err := fmt.Sscanf(fields[i+1], "v%d.", &version); err == nil {
				return f, version
			}
		}
	}
	return "", 0
}

// plain is an emoji without what some networks add to it.
func plain(emoji string) string { return strings.ReplaceAll(emoji, "\ufe0f", "") }
