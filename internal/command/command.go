// Package command is what people can tell the bot from a room: one table,
// [All], that serves !essay, slash commands and the local rooms alike, and one
// file for each command.
//
// A command may be run again for the same call (the bot may have died before
// it answered), also after later calls: its effect must come once, so it is
// made by [once], or derives its keys from the call.
package command

import (
	"context"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/lang"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
)

// Command is what people can tell the bot, and what it does then.
type Command struct {
	chat.Command
	Run func(ctx context.Context, env Env, call chat.Call, now time.Time) (format.Doc, error)

	// Complete offers what may be meant by the options that it has, by name.
	Complete map[string]func(ctx context.Context, env Env, call chat.Call) ([]chat.Choice, error)
}

// The groups of commands: what the host of a room does with what is read there,
// and with what people say about it.
const (
	host     = "host"
	moderate = "moderate"
)

// All commands, in the order in which help shows them.
var All = []Command{
	status, where, find, passage, who, heat, digest, missed, annotate, annotations, anchor, retract, exported, me, help,
	next, skip, back, pause, resume, start, scheduled, list, rooms, imported,
	hide, restore, lock, unlock, retry,
}

// Env is what a command works with.
type Env struct {
	DB     *store.DB
	Reader string                // address of the reader page, "" if there is none
	Link   func(chat.Ref) string // the web address of a message, or ""; nil: none has one
	Log    *slog.Logger

	// Profile is what a network can do; nil: nothing is known of any.
	Profile func(platform string) chat.Profile

	// Missing is what keeps the bot from working in rooms, as the networks tell
	// now; nil: they are not asked.
	Missing func(context.Context, []chat.Room) []chat.Finding

	// Wished is called when Wishes has one more. nil: nobody fetches texts.
	Wished func()

	Default discussion.CreatorState // how people are named who chose nothing yet
	Lexicon discussion.Lexicon      // what emoji mean

	// Language is the one that the bot speaks in a room; nil: English.
	Language func(chat.Room) lang.Language

	in  lang.Language // in which is answered: that of the room of a call
	all []Command     // what Dispatcher serves, for help
}

func (e Env) withDefaults() Env {
	if e.Log == nil {
		e.Log = slog.New(slog.DiscardHandler)
	}
	if e.Link == nil {
		e.Link = func(chat.Ref) string { return "" }
	}
	if e.Language == nil {
		e.Language = func(chat.Room) lang.Language { return lang.English }
	}
	if e.Profile == nil {
		e.Profile = func(string) chat.Profile { return chat.Profile{} }
	}
	return e
}

// speaking is e for what is said in a room.
func (e Env) speaking(room chat.Room) Env {
	e.in = e.Language(room)
	return e
}

// read reads what was typed on a network as it is read there.
func (e Env) read(platform, typed string) format.Doc {
	p := e.Profile(platform)
	switch {
	case p.Typed != nil:
		return p.Typed(typed)
	case p.Dialect != nil:
		return p.Dialect.Parse(typed)
	}
	return format.Text(typed)
}

// Words lists the commands as data, for platforms that register them. What
// may be meant by an option is looked up in env.
func Words(env Env) []chat.Command {
	env = env.withDefaults()
	var all []chat.Command
	for _, c := range All {
		said := c.Command
		said.Options, said.Local = slices.Clone(c.Options), inOthers(c)
		for i, o := range said.Options {
			if offer := c.Complete[o.Name]; offer != nil {
				said.Options[i].Complete = completer(env, c.Name, offer)
			}
		}
		all = append(all, said)
	}
	return all
}

// Keys are the words of a command, by which those of other languages are found.
// What is typed and what names a file's format is the same in all.
func Keys(c Command) []lang.Key {
	all := []lang.Key{lang.Key(c.Help)}
	if c.Menu != "" {
		all = append(all, lang.Key(c.Menu))
	}
	for _, o := range c.Options {
		if o.Help != "" {
			all = append(all, lang.Key(o.Help))
		}
		if o.Asked != "" {
			all = append(all, lang.Key(o.Asked))
		}
		for _, choice := range o.Choices {
			if choice.Label != choice.Value {
				all = append(all, lang.Key(choice.Label))
			}
		}
	}
	return all
}

// inOthers is what stands for the words of a command in other languages.
func inOthers(c Command) map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, l := range lang.Others() {
		all[l.Tag()] = map[string]string{}
		for _, key := range Keys(c) {
			if l.Has(key) {
				all[l.Tag()][string(key)] = l.Words(key)
			}
		}
	}
	return all
}

// completer is what Option.Complete is. What goes wrong is the log's: whoever
// types is offered nothing.
func completer(env Env, name string, offer func(context.Context, Env, chat.Call) ([]chat.Choice, error)) func(context.Context, chat.Call) []chat.Choice {
	return func(ctx context.Context, call chat.Call) []chat.Choice {
		choices, err := offer(ctx, env.speaking(call.Ref.Place.Room), call)
		if err != nil && ctx.Err() == nil {
			env.Log.Error("nothing is offered for a command", "command", name, "room", call.Ref.Place.Room.String(), "error", err)
		}
		return choices
	}
}

// Dispatcher returns what the relay runs for each call: it finds the command,
// asks for the right, and words its error for the one who called.
func Dispatcher(env Env) func(ctx context.Context, call chat.Call, now time.Time) (format.Doc, error) {
	env = env.withDefaults()
	env.all = All
	return func(ctx context.Context, call chat.Call, now time.Time) (format.Doc, error) {
		env := env.speaking(call.Ref.Place.Room)
		call = ungrouped(env.all, call)
		i := slices.IndexFunc(env.all, func(c Command) bool { return c.Name == call.Name })
		if i < 0 {
			return helpText(env.in, env.all, call.Name), nil
		}
		c := env.all[i]
		if call.Rights < c.Needs {
			return format.Text(reserved(env.in, c)), nil
		}
		said, err := c.Run(ctx, env, call, now)
		if err != nil && ctx.Err() == nil {
			return env.broken(call, err), nil
		}
		return said, err
	}
}

// broken tells the log why a call came to nothing, and its caller that it did.
func (e Env) broken(call chat.Call, why error) format.Doc {
	e.Log.Error("a command did not work", "command", call.Name, "room", call.Ref.Place.Room.String(), "error", why)
	return format.Text(e.in.Sprintf("%q did not work; whoever runs this bot finds the reason in its log.", call.Name))
}

// ungrouped is a typed call without the group before its name, which may be left
// out: !essay host next 2 is !essay next 2.
func ungrouped(all []Command, call chat.Call) chat.Call {
	name := strings.ToLower(call.Args["1"])
	if !slices.ContainsFunc(all, func(c Command) bool { return c.Group != "" && c.Group == call.Name && c.Name == name }) {
		return call
	}
	args := map[string]string{}
	for k, v := range call.Args {
		if n, err := strconv.Atoi(k); err == nil {
			k = strconv.Itoa(n - 1)
		}
		args[k] = v
	}
	delete(args, "0")
	call.Name, call.Args = name, args
	if word := strings.Fields(call.Text); len(word) > 0 {
		call.Text = strings.TrimSpace(strings.TrimPrefix(call.Text, word[0]))
	}
	return call
}

// reserved says who may use a command that is not for everyone.
func reserved(in lang.Language, c Command) string {
	if c.Needs == chat.Operator {
		return in.Sprintf("Only an operator of this room may use %q.", c.Name)
	}
	return in.Sprintf("Only a moderator of this room may use %q.", c.Name)
}

// argument is an option of a call by its name, or by its place from 1.
func argument(call chat.Call, name string, place int) string {
	if v, ok := call.Args[name]; ok {
		return v
	}
	return call.Args[strconv.Itoa(place)]
}

// spoken is an option that takes all that was typed, or is given by its name.
func spoken(call chat.Call, name string) string { return spokenFrom(call, name, 1) }

// spokenFrom is an option that takes all that was typed from a place on, or is
// given by its name.
func spokenFrom(call chat.Call, name string, place int) string {
	if v, ok := call.Args[name]; ok {
		return v
	}
	var words []string
	for i := place; call.Args[strconv.Itoa(i)] != ""; i++ {
		words = append(words, call.Args[strconv.Itoa(i)])
	}
	return strings.Join(words, " ")
}

// once is a command that is one transaction, and of which a call has its effect
// once. When the call is run again first is false: later calls may have changed
// what it did, so do changes nothing then and says what holds now.
func once(do func(tx *store.Tx, env Env, call chat.Call, first bool, now time.Time) (format.Doc, error)) func(context.Context, Env, chat.Call, time.Time) (format.Doc, error) {
	return func(ctx context.Context, env Env, call chat.Call, now time.Time) (said format.Doc, err error) {
		err = env.DB.Update(ctx, func(tx *store.Tx) error {
			first, err := tx.PutFiring("command "+call.Name, callKey(call), now)
			if err != nil {
				return err
			}
			said, err = do(tx, env, call, first, now)
			return err
		})
		return said, err
	}
}

// callKey names a call, so that what it does is done once.
func callKey(call chat.Call) string {
	return "call:" + discussion.Derive(call.Ref.Place.Room.String(), call.Deed().ID)
}

// plansHere are the plans that post into a call's room. One that the operator took
// out of the configuration is none: it is kept for when it comes back.
func plansHere(tx *store.Tx, call chat.Call) ([]schedule.Plan, error) {
	plans, err := tx.Plans()
	if err != nil {
		return nil, err
	}
	var here []schedule.Plan
	for _, p := range plans {
		if !slices.Contains(p.Rooms, call.Ref.Place.Room) {
			continue
		}
		retired, err := tx.Setting(store.RetiredSetting(p.Name))
		if err != nil {
			return nil, err
		}
		if retired == "" {
			here = append(here, p)
		}
	}
	return here, nil
}
