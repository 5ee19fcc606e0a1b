package command

import (
	"time"
	"unicode/utf8"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/lang"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

const linkedWords lang.Key = "Done: your two accounts are one person's. They are named alike where this is published, what you choose with me on one holds for both, also to be forgotten, and your emoji count once. If that is not what you want: me unlink"

// link says a code, or takes the one that the caller's other account was told.
// A code is told only where nobody else hears it: whoever has it can become the
// caller. And who takes one is asked first whether it is their own, for people
// can be talked into typing somebody else's.
func link(in lang.Language, tx *store.Tx, call chat.Call, code string, sure, first bool, now time.Time) (format.Doc, error) {
	who, gone, err := caller(tx, call)
	if err != nil {
		return format.Doc{}, err
	}
	switch {
	case gone:
		return format.Text(in.Sprintf("You asked to be forgotten. To link accounts, say first how you want to be named: me name, or me pseudonym.")), nil
	case code == "" && !call.Private:
		return format.Text(in.Sprintf("A code would be read by everyone here. Say me link on the other network, where only you see the answer (on Discord you do), and then here: me link CODE")), nil
	case !first && code != "":
		return format.Text(in.Sprintf("That was looked at before. me says how you are named.")), nil
	}
	if who, err = tx.PutPerson(call.Ref.Place.Room.Platform, call.By); err != nil {
		return format.Doc{}, err
	}
	if code == "" {
		code, err := relay.NewCode(tx, who.ID, now)
		return format.Text(in.Sprintf("Say with your other account, within %d minutes: me link %s", int(relay.CodeHolds.Minutes()), code)), err
	}
	done, other, err := relay.Link(tx, who.ID, code, sure, now)
	if err != nil {
		return format.Doc{}, err
	}
	if done == relay.LinkAsk {
		return beforeLinking(in, other, code, call.Private), nil
	}
	return format.Text(in.Words(map[relay.LinkOutcome]lang.Key{
		relay.WrongCode: "That is no code that holds. A code holds for 15 minutes, and once.",
		relay.OwnCode:   "That is this account's own code: say it with your other account.",
		relay.TooOften:  "You tried too many codes that are none. Try again in 15 minutes.",
		relay.LinkDone:  linkedWords,
	}[done])), nil
}

// beforeLinking asks whether the account that was told a code is the caller's
// own. Where others hear it no more of its name is said than lets the caller see
// that it is not.
func beforeLinking(in lang.Language, other discussion.Person, code string, private bool) format.Doc {
	whose := other.Name
	if !private {
		first, _ := utf8.DecodeRuneInString(other.Name)
		whose = in.Sprintf("whose name begins with “%c”", first)
	}
	return format.Text(in.Sprintf("This code was told to an account on %s, %s. If that is you, say: me link %s yes. If somebody asked you to type it, do not: they would decide how you are named and whether you are forgotten.",
		other.Platform, whose, code))
}

// unlink takes back what link did.
func unlink(in lang.Language, tx *store.Tx, call chat.Call, first bool, now time.Time) (format.Doc, error) {
	who, err := tx.PutPerson(call.Ref.Place.Room.Platform, call.By)
	if err != nil {
		return format.Doc{}, err
	}
	was, err := relay.Unlink(tx, who.ID, now)
	if err != nil {
		return format.Doc{}, err
	}
	if !was && first {
		return format.Text(in.Sprintf("This account is linked to no other.")), nil
	}
	return format.Text(in.Sprintf("Done: this account is a person of its own again. It keeps how it is named; me changes that.")), nil
}
