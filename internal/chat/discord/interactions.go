package discord

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"

	"marginalia/internal/chat"
	"marginalia/internal/lang"
)

// interaction is someone's use of a command, a button or a form, or their typing
// of a command.
type interaction struct {
	ID      string  `json:"id"`
	Type    int     `json:"type"`
	Token   string  `json:"token"`
	Guild   string  `json:"guild_id"`
	Channel string  `json:"channel_id"`
	Locale  string  `json:"locale"` // the language of who acts
	Member  *member `json:"member"`
	Data    struct {
		Name    string  `json:"name"`
		Type    int     `json:"type"`
		Target  string  `json:"target_id"` // the message whose menu it was called from
		Options []given `json:"options"`
		ID      string  `json:"custom_id"`  // of a button or a form
		Inputs  []input `json:"components"` // of a form
	} `json:"data"`
	Message struct {
		ID string `json:"id"` // that a button stands under
	} `json:"message"`
}

// given is an argument, or a subcommand or group with what is in it.
type given struct {
	Name    string          `json:"name"`
	Type    int             `json:"type"`
	Value   json.RawMessage `json:"value"`
	Focused bool            `json:"focused"`
	Options []given         `json:"options"`
}

// The kinds of interactions, and of answers to them.
const (
	commandCalled = 2
	buttonPressed = 3
	commandTyped  = 4
	formFilled    = 5

	answerNow   = 4
	answerLater = 5
	answerTyped = 8
	opensForm   = 9
)

// atOnce is how long a first answer may take: Discord waits 3 s.
const atOnce = 2500 * time.Millisecond

// answerAtOnce answers an interaction before Discord gives up on it: a call by
// the promise of an answer or by a form, typing by what may be meant. A process that dies
// while it does so may leave a call unanswered, for later events may be told
// before it: nobody would be there in time anyway.
func (l *listener) answerAtOnce(ctx context.Context, h heard) {
	defer func() {
		if broken := recover(); broken != nil {
			l.c.Log.Error("a command of Discord's breaks the bot", "error", l.redact(fmt.Sprint(broken)))
		}
	}()
	var i interaction
	if json.Unmarshal(h.data, &i) != nil || !isID(i.ID) || !isID(i.Channel) || i.Token == "" || i.Type < commandCalled || i.Type > formFilled {
		return
	}
	soon, cancel := context.WithTimeout(ctx, atOnce)
	defer cancel()
	if err := l.answerFirst(soon, i); err != nil && ctx.Err() == nil {
		l.c.Log.Warn("a command was not answered in time", "error", err)
	}
}

func (l *listener) answerFirst(ctx context.Context, i interaction) error {
	w, ours, err := l.heardIn(ctx, i.Channel)
	if err != nil {
		return err
	}
	e, command, known := l.called(i, w)
	if i.Type == commandTyped {
		return l.respond(ctx, i, answerTyped, map[string]any{"choices": choicesOf(ctx, command, i, *e.Call)})
	}
	in, _ := lang.Parse(i.Locale) // English for who has neither
	switch {
	case !ours || !l.rooms[w.place.Room]:
		return l.refuse(ctx, i, in.Sprintf("This bot is not set up for this channel."))
	case !known:
		return l.refuse(ctx, i, in.Sprintf("This bot does not know any more what that means."))
	}
	if f, asks := formFor(command, *e.Call, i.Locale); asks && i.Type != formFilled {
		return ignoreAnswered(l.respond(ctx, i, opensForm, f))
	}
	err = ignoreAnswered(l.respond(ctx, i, answerLater, map[string]any{"flags": ownEyes}))
	if err == nil || isOpen(err) { // who was promised an answer gets it; to who was not it is too late
		l.calls.put(e)
	}
	return err
}

// ignoreAnswered is err, unless the first answer was given before.
func ignoreAnswered(err error) error {
	if is(err, answeredAlready) {
		return nil
	}
	return err
}

// refuse tells the caller alone why nothing comes of it.
func (p *Platform) refuse(ctx context.Context, i interaction, why string) error {
	return p.respond(ctx, i, answerNow, map[string]any{"content": why, "flags": ownEyes, "allowed_mentions": nobody})
}

// respond gives the first answer.
func (p *Platform) respond(ctx context.Context, i interaction, kind int, data any) error {
	return p.call(ctx, ask{
		method: http.MethodPost, path: "interactions/" + i.ID + "/" + i.Token + "/callback", free: true, scope: chat.MessageScope,
		in: map[string]any{"type": kind, "data": data},
	}, nil)
}

// called is an interaction as the call of a command.
func (p *Platform) called(i interaction, w where) (chat.Event, chat.Command, bool) {
	p.mu.Lock()
	all := p.commands
	p.mu.Unlock()
	c := chat.Call{Ref: chat.Ref{Place: w.place, ID: i.ID}, Name: i.Data.Name, Args: map[string]string{}, Private: true, Token: i.Token}
	if i.Member != nil && i.Member.User != nil {
		u := *i.Member.User
		c.By = chat.Person{ID: u.ID, Name: name(i.Member, u), Avatar: avatar(u)}
		c.Rights = bits(i.Member.Permissions).right()
	}
	is := func(o chat.Command) bool { return o.Name == c.Name }
	on := ""
	switch {
	case i.Type == buttonPressed:
		on = i.Message.ID
		c.Name, c.Args = pressed(i.Data.ID)
	case i.Type == formFilled:
		on, c.Form, c.Name, c.Args = filled(i.Data.ID, i.Data.Inputs)
	case i.Data.Type == menuCommand:
		on = i.Data.Target
		is = func(o chat.Command) bool { return o.Menu != "" && cutTo(o.Menu, 32) == i.Data.Name }
	default:
		var given []given
		c.Name, given = i.said()
		for _, v := range given {
			if len(v.Value) > 0 {
				c.Args[v.Name] = valueOf(v.Value)
			}
		}
	}
	if isID(on) {
		c.On = chat.Ref{Place: placeOf(w, on), ID: on}
	}
	at := slices.IndexFunc(all, is)
	e := chat.Event{Kind: chat.Called, Message: chat.Message{Ref: c.Ref, From: c.By}, By: c.By, At: timeOf(i.ID).UTC(), Call: &c}
	if at < 0 {
		return e, chat.Command{}, false
	}
	c.Name = all[at].Name
	return e, all[at], c.By.ID != ""
}

// said is the name of the command that an interaction calls, below whatever group
// it is in, and what it is given.
func (i interaction) said() (name string, args []given) {
	name, args = i.Data.Name, i.Data.Options
	for len(args) > 0 && (args[0].Type == subcommand || args[0].Type == group) {
		name, args = args[0].Name, args[0].Options
	}
	return name, args
}

// valueOf is an argument as a text.
func valueOf(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

const (
	mostChoices   = 25
	longestChoice = 100
)

// choicesOf is what may be meant by what is being typed.
func choicesOf(ctx context.Context, command chat.Command, i interaction, c chat.Call) []map[string]string {
	choices := []map[string]string{}
	typed := ""
	_, args := i.said()
	for _, v := range args {
		if v.Focused {
			typed = v.Name
		}
	}
	at := slices.IndexFunc(command.Options, func(o chat.Option) bool { return o.Name == typed })
	if at < 0 || command.Options[at].Complete == nil {
		return choices
	}
	for _, one := range command.Options[at].Complete(ctx, c) {
		if one.Label == "" {
			one.Label = one.Value
		}
		if one.Value == "" || utf8.RuneCountInString(one.Value) > longestChoice || len(choices) == mostChoices {
			continue
		}
		choices = append(choices, map[string]string{"name": cutTo(one.Label, longestChoice), "value": one.Value})
	}
	return choices
}

// Answer implements chat.Answerer: the promise of an answer becomes the answer.
// It is one message, and said must fit into it.
func (p *Platform) Answer(ctx context.Context, c chat.Call, said chat.Message) error {
	me, err := p.who(ctx)
	if err != nil {
		return fmt.Errorf("answer %s: %w", c.Name, err)
	}
	said.From, said.ReplyTo = chat.Person{}, chat.Ref{}
	s := saying{Content: p.printed(said, false), Mentions: nobody}
	err = p.call(ctx, ask{
		method: http.MethodPatch, path: "webhooks/" + me.application + "/" + c.Token + "/messages/@original", free: true,
		scope: chat.MessageScope, in: s,
	}, nil)
	if errors.Is(err, chat.ErrForbidden) || errors.Is(err, chat.ErrAuth) || is(err, wrongHookToken, unknownWebhook) {
		return fmt.Errorf("answer %s: it is too late: %w", c.Name, chat.ErrGone)
	}
	if err != nil {
		return fmt.Errorf("answer %s: %w", c.Name, err)
	}
	return nil
}
