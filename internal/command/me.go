package command

import (
	"errors"
	"strings"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/lang"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

// What can be chosen, and what is typed to confirm what cannot be undone.
const (
	byName      = "name"
	byPseudonym = "pseudonym"
	unpublished = "unpublished"
	forgetMe    = "forget"
	linkMe      = "link"
	unlinkMe    = "unlink"
	yes         = "yes"
)

var me = Command{
	Command: chat.Command{
		Name: "me", Help: "how you are named where this is published, and what you can choose",
		Options: []chat.Option{
			{Name: "choice", Help: "name, pseudonym, unpublished, link, unlink or forget", Choices: []chat.Choice{
				{Label: "publish what I say under my name", Value: byName},
				{Label: "publish what I say under a pseudonym", Value: byPseudonym},
				{Label: "do not publish what I say", Value: unpublished},
				{Label: "another account is mine, too", Value: linkMe},
				{Label: "this account is on its own again", Value: unlinkMe},
				{Label: "forget me and what I said", Value: forgetMe},
			}},
			{Name: "sure", Help: "what cannot be undone, or easily be regretted, asks again: yes does it", Choices: []chat.Choice{{Label: yes, Value: yes}}},
			{Name: "code", Help: "with link: what the bot told your other account"},
		},
	},
	Run: once(runMe),
}

// states are what the choices mean.
var states = map[string]discussion.CreatorState{
	byName: discussion.Named, byPseudonym: discussion.Pseudonym, unpublished: discussion.Unpublished,
}

func runMe(tx *store.Tx, env Env, call chat.Call, first bool, now time.Time) (format.Doc, error) {
	choice, sure := strings.ToLower(argument(call, "choice", 1)), strings.ToLower(argument(call, "sure", 2))
	state, known := states[choice]
	switch {
	case choice == forgetMe && sure != yes:
		return beforeForgetting(env.in), nil
	case choice == forgetMe && first:
		return forget(env.in, tx, call, now)
	case choice == forgetMe:
		return env.wasForgotten(tx, call)
	case choice == linkMe:
		return link(env.in, tx, call, argument(call, "code", 2), strings.ToLower(argument(call, "sure", 3)) == yes, first, now)
	case choice == unlinkMe:
		return unlink(env.in, tx, call, first, now)
	case known && first:
		return choose(env.in, tx, call, state)
	case known:
		return env.howNamed(tx, call, "")
	}
	return env.howNamed(tx, call, choice)
}

// howNamed says how the caller is named and what else there is to choose. It
// tells their name and pseudonym only where nobody else hears it: who sees who
// asks would know whose pseudonym it is, and an answer that stands in a room
// outlives the name.
func (e Env) howNamed(tx *store.Tx, call chat.Call, unknown string) (format.Doc, error) {
	who, gone, err := caller(tx, call)
	if err != nil {
		return format.Doc{}, err
	}
	var d format.Doc
	if unknown != "" {
		d = paragraph(d, e.in.Sprintf("There is nothing called %q to choose.", unknown))
	}
	d = paragraph(d, naming(e.in, who, gone, e.Default, call.Private))
	pseudonym := e.in.Sprintf("me pseudonym: it is published under a name that says nothing of you")
	if call.Private && who.ID != "" {
		pseudonym += ", " + who.Pseudonym()
	}
	for _, line := range []string{
		e.in.Sprintf("me name: what you say is published under your name"), pseudonym,
		e.in.Sprintf("me unpublished: it stays talk in the rooms, and is not on the page, in exports and in feeds"),
		e.in.Sprintf("me link: an account of yours on another network counts as you; me unlink takes that back"),
		e.in.Sprintf("me forget: what you said and your name are removed; asks again before it does"),
	} {
		d = item(d, line)
	}
	return d, nil
}

// naming says how someone is named now.
func naming(in lang.Language, who discussion.Person, gone bool, def discussion.CreatorState, private bool) string {
	state := who.State
	if state == discussion.Unset {
		state = def
	}
	switch {
	case gone:
		return in.Sprintf("What you say in reply to passages is talk in the rooms, recorded without your name, and is not published: you asked to be forgotten.")
	case state == discussion.Named && private:
		return in.Sprintf("What you say in reply to passages is published under your name, %s.", who.PublicName())
	case state == discussion.Named:
		return in.Sprintf("What you say in reply to passages is published under your name.")
	case state == discussion.Pseudonym && private && who.ID != "":
		return in.Sprintf("What you say in reply to passages is published as %s; in the rooms you are named as always.", who.Pseudonym())
	case state == discussion.Pseudonym:
		return in.Sprintf("What you say in reply to passages is published under a pseudonym; in the rooms you are named as always.")
	case who.State == discussion.Unset:
		return in.Sprintf("What you say in reply to passages is not published until you choose how you want to be named.")
	}
	return in.Sprintf("What you say in reply to passages is not published; it is talk in the rooms.")
}

// caller is who calls as they were recorded, if they were; and whether they
// were forgotten.
func caller(tx *store.Tx, call chat.Call) (who discussion.Person, gone bool, err error) {
	platform := call.Ref.Place.Room.Platform
	id, err := tx.PersonIDs()
	if err != nil {
		return who, false, err
	}
	if _, gone, err = tx.Forgotten(platform, call.By.ID); err != nil {
		return who, false, err
	}
	who, err = tx.Person(id(platform, call.By.ID))
	if errors.Is(err, store.ErrNotFound) {
		return discussion.Person{Platform: platform, User: call.By.ID, Name: call.By.Name}, false, nil
	}
	return who, gone, err
}

// choose records how the caller wants to be named. Who was forgotten is
// recorded from then on like anybody.
func choose(in lang.Language, tx *store.Tx, call chat.Call, state discussion.CreatorState) (format.Doc, error) {
	platform := call.Ref.Place.Room.Platform
	who, err := tx.PutPerson(platform, call.By)
	if err != nil {
		return format.Doc{}, err
	}
	if err := relay.SetNaming(tx, who.ID, state); err != nil {
		return format.Doc{}, err
	}
	if who, err = tx.PutPerson(platform, call.By); err != nil {
		return format.Doc{}, err
	}
	return format.Text(naming(in, who, false, state, call.Private) + " " + in.Sprintf("That holds for what you said before, too.")), nil
}

// beforeForgetting says what being forgotten means.
func beforeForgetting(in lang.Language) format.Doc {
	d := paragraph(format.Doc{}, in.Sprintf("To be forgotten cannot be undone. What you said, your reactions and your name are removed from the page, from exports, from the bot's memory, and from every room in which the bot repeated them, also where others mention you."))
	d = paragraph(d, in.Sprintf("What you typed yourself stays on your own network until you delete it there, and so do words of yours that others typed. An outline stays on the page where somebody answered you."))
	return paragraph(d, in.Sprintf("If that is what you want, say: me forget yes"))
}

const isForgotten lang.Key = "It is done: the bot forgot what you said and who you are, and takes back what it repeated in other rooms as soon as it reaches them. What you typed yourself you can delete where you typed it. What you say from now on is talk in the rooms and is not published, unless you choose otherwise with me."

// wasForgotten answers a call that had the caller forgotten.
func (e Env) wasForgotten(tx *store.Tx, call chat.Call) (format.Doc, error) {
	_, still, err := tx.Forgotten(call.Ref.Place.Room.Platform, call.By.ID)
	if still || err != nil {
		return format.Text(e.in.Words(isForgotten)), err
	}
	return e.howNamed(tx, call, "")
}

// forget forgets the caller.
func forget(in lang.Language, tx *store.Tx, call chat.Call, now time.Time) (format.Doc, error) {
	who, err := tx.PutPerson(call.Ref.Place.Room.Platform, call.By)
	if err != nil {
		return format.Doc{}, err
	}
	return format.Text(in.Words(isForgotten)), relay.Forget(tx, who.ID, now, call.Ref)
}
