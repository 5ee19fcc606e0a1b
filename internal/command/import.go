package command

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/lang"
	"marginalia/internal/relay"
	"marginalia/internal/source"
	"marginalia/internal/store"
)

var imported = Command{
	Command: chat.Command{
		Group: host, Name: "import", Needs: chat.Operator,
		Help:    "fetches a text from a web address and stores it; what became of it is said here when it is done",
		Options: []chat.Option{{Name: "address", Help: "where the text stands, as in https://example.org/essay", Required: true}},
	},
	Run: func(ctx context.Context, env Env, call chat.Call, now time.Time) (d format.Doc, err error) {
		address := strings.Trim(argument(call, "address", 1), "<>")
		switch {
		case !source.IsAddress(address):
			return format.Text(env.in.Sprintf("Say a web address, as in: import https://example.org/essay")), nil
		case len(address) > source.LongestAddress:
			return format.Text(env.in.Sprintf("An address of more than %d bytes is not fetched: say a shorter one of the same text.", source.LongestAddress)), nil
		case env.Wished == nil:
			return format.Text(env.in.Sprintf("This bot fetches nothing: whoever runs it imports texts with bot import.")), nil
		}
		err = env.DB.Update(ctx, func(tx *store.Tx) (err error) {
			d, err = wish(env.in, tx, Wish{Address: address, By: call.Ref, Typed: !call.Private}, callKey(call), now)
			return err
		})
		if err == nil {
			env.Wished()
		}
		return d, err
	},
}

// mostWishes is how many texts may wait to be fetched, one after another.
const mostWishes = 5

// wish has a text fetched, once for a call. What is refused was not done.
func wish(in lang.Language, tx *store.Tx, w Wish, key string, now time.Time) (format.Doc, error) {
	said := format.Text(in.Sprintf("It is being fetched. That may take minutes; what became of it is said here."))
	if !w.Typed {
		said = format.Text(in.Sprintf("It is being fetched. That may take minutes. All here are told then whether it came, and by its title alone; the rest is in the bot's log."))
	}
	all, err := Wishes(tx)
	if err != nil || slices.Contains(all, w) {
		return said, err
	}
	if len(all) >= mostWishes {
		return format.Text(in.Sprintf("There are %d texts to be fetched already: ask again when they are here.", len(all))), nil
	}
	first, err := tx.PutFiring("command import", key, now)
	if err != nil || !first {
		return said, err
	}
	return said, keepWishes(tx, append(all, w))
}

// Wish is a text that somebody asked for in a room.
type Wish struct {
	Address string
	By      chat.Ref // the call
	Typed   bool     // that is a message, which can be answered
}

const wishes = "imports" // the setting that keeps them

// Wishes are the texts that were asked for and not told of yet, the first one first.
func Wishes(tx *store.Tx) (all []Wish, err error) {
	value, err := tx.Setting(wishes)
	if err == nil && value != "" {
		err = json.Unmarshal([]byte(value), &all)
	}
	if err != nil {
		return nil, fmt.Errorf("which texts were asked for: %w", err)
	}
	return all, nil
}

func keepWishes(tx *store.Tx, all []Wish) error {
	value, err := json.Marshal(all)
	if err != nil {
		return err
	}
	return tx.PutSetting(wishes, string(value))
}

// Outcome is what became of a wish.
type Outcome struct {
	Said  string // to who asked
	Title string // of what was imported; "": nothing was
}

// told is what a wish's room is told. Who asked where nobody else reads it said
// the address to the bot alone, and much of an outcome repeats it.
func (w Wish) told(in lang.Language, o Outcome) string {
	switch {
	case w.Typed:
		return o.Said
	case o.Title == "":
		return in.Sprintf("Nothing was imported; the bot's log says why.")
	}
	return in.Sprintf("Imported: %s. To have it read here: start", relay.Title(o.Title))
}

// Fulfilled says in the room of a wish what became of it, in its language, and
// drops it.
func Fulfilled(tx *store.Tx, in lang.Language, w Wish, o Outcome, now time.Time) error {
	all, err := Wishes(tx)
	if err != nil {
		return err
	}
	if err := keepWishes(tx, slices.DeleteFunc(all, func(o Wish) bool { return o == w })); err != nil {
		return err
	}
	n := store.Note{
		ID:   discussion.NoteID(discussion.Derive("imported", w.By.Place.Room.String(), w.By.ID)),
		Kind: "answer", Body: format.Text(w.told(in, o)), Place: w.By.Place, Created: now,
	}
	if w.Typed {
		n.ReplyTo = w.By
	}
	if err := tx.PutNote(n); err != nil {
		return err
	}
	return tx.Stale(store.NoteThing(n.ID), w.By.Place.Room, "", store.ClassAnswer, now)
}
