package chat

import (
	"context"
	"time"
)

// Choice is one of the values that are offered for an Option: what is shown,
// and what is taken.
type Choice struct{ Label, Value string }

// Option is one argument of a command.
type Option struct {
	Name, Help string
	Required   bool
	Choices    []Choice // the values that it may have, few; none: whatever is typed
	Asked      string   // what a form asks for it by, where the network has forms, see Command; "": no form does
	Long       bool     // several lines may be written

	// Complete returns what may be meant, best first, while someone is still
	// typing: Call.Args holds what was typed so far. nil: nothing is offered
	// beyond Choices.
	Complete func(ctx context.Context, c Call) []Choice
}

// Command is what people can tell the bot, as data: one table serves slash
// commands, !essay and the local rooms. Where the network has forms, a call
// without a Required option that is Asked for opens one, which asks for all
// that are; the call is made when it is filled in.
type Command struct {
	Name, Help string
	Group      string // the word that may stand before the name, and on some networks must; "": it is in none
	Menu       string // what it is called in the menu of a message, which is then Call.On; "": it is in none
	Options    []Option
	Needs      Right

	// Local is what stands in other languages, by their tags ("de"), for the help,
	// the menu's entry, what a form asks and the choices' labels, by these. What is
	// typed is the same in all.
	Local map[string]map[string]string
}

// Call is someone's use of a command.
type Call struct {
	Ref     Ref // the message that made it, or a name of the network's own; names the call
	On      Ref // the message it is about, where it is about one
	By      Person
	Rights  Right
	Name    string
	Args    map[string]string
	Typed   bool      `json:",omitempty"` // the message Ref made it, which may be edited and deleted
	Text    string    `json:",omitempty"` // of Typed: what stands behind the name, as it was typed
	Files   []File    `json:",omitempty"` // what was attached to it
	Revised time.Time `json:",omitzero"`  // the edit of the message that has these words; zero: it is as it was made
	Edits   []string  `json:",omitempty"` // the events that edited the message since, the newest last, where edits are events
	Private bool      `json:",omitempty"` // its answer is given to the caller alone, by Answerer
	Form    string    `json:",omitempty"` // names the form that was filled in, which may be sent again; "": none was
	Token   string    `json:",omitempty"` // of Private: what the platform needs to answer; a secret, forgotten with the call
}

// Deed names what a call does: as often as a form is sent, that is done once.
func (c Call) Deed() Ref {
	if c.Form == "" {
		return c.Ref
	}
	return Ref{Place: c.Ref.Place, ID: c.Form}
}

// Commander is a Platform that is told which commands there are, before Run or
// beside it; again, where telling its network did not work. Calls are reported
// as Called.
type Commander interface {
	Register(ctx context.Context, all []Command) error
}

// Answerer is a Platform that has Private calls. Answer gives the caller what
// there is to say, which fits into one message, and may be called again for the
// same call: the answer then still stands once. ErrGone means that it is too late.
type Answerer interface {
	Answer(ctx context.Context, c Call, said Message) error
}
