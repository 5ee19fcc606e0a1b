package discord

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"go.mau.fi/util/variationselector"

	"marginalia/internal/chat"
	"marginalia/internal/format"
)

// Do makes one change, with one try. What it finds out before it does so, and
// prepares, it may find out and prepare again.
func (p *Platform) Do(ctx context.Context, a chat.Action) (chat.Done, error) {
	do := map[chat.Verb]func(context.Context, chat.Action) (chat.Done, error){
		chat.Post: p.post, chat.Edit: p.edit, chat.Delete: p.remove,
		chat.OpenThread: p.openThread, chat.React: p.react, chat.Unreact: p.unreact,
	}[a.Verb]
	if do == nil {
		return chat.Done{}, fmt.Errorf("%q is nothing that can be done: %w", a.Verb, chat.ErrRefused)
	}
	on := a.On
	if a.Verb == chat.Post {
		on = chat.Ref{Place: a.Message.Ref.Place}
	}
	place := on.Place
	if place.Room.ID == "" {
		return chat.Done{}, fmt.Errorf("%s: it is not said in which room: %w", a.Verb, chat.ErrRefused)
	}
	if err := p.ready(ctx, place.Room.ID); err != nil {
		return chat.Done{}, fmt.Errorf("%s in %s: %w", a.Verb, place.Room, err)
	}
	done, err := do(ctx, a)
	if p.channelOf(on) != place.Room.ID {
		err = inThread(err)
	}
	if a.Verb == chat.Delete && errors.Is(err, chat.ErrGone) { // as it should be
		return chat.Done{Found: true}, nil
	}
	if err != nil {
		return chat.Done{}, fmt.Errorf("%s in %s: %w", a.Verb, place.Room, err)
	}
	return done, nil
}

// ready finds out who the bot is and what the room is, if that is not known.
// That it is refused says that nothing can be done there.
func (p *Platform) ready(ctx context.Context, room string) error {
	if _, err := p.who(ctx); err != nil {
		return looking(err)
	}
	_, err := p.find(ctx, room)
	return looking(err)
}

// allowed says whose phones may ring.
type allowed struct {
	Parse []string `json:"parse"`
}

// nobody is pinged by what the bot says, whatever its words are.
var nobody = allowed{Parse: []string{}}

// saying is a message on its way out, or its new words.
type saying struct {
	Content  string  `json:"content"`
	Flags    int     `json:"flags,omitempty"`
	Mentions allowed `json:"allowed_mentions"`

	Nonce   string     `json:"nonce,omitempty"`
	Enforce bool       `json:"enforce_nonce,omitempty"`
	ReplyTo *answering `json:"message_reference,omitempty"`

	Attachments *[]attaching `json:"attachments,omitempty"` // nil: those that there are stay
	Components  *[]component `json:"components,omitempty"`  // likewise

	Username string   `json:"username,omitempty"` // of a webhook's
	Avatar   string   `json:"avatar_url,omitempty"`
	Thread   string   `json:"thread_name,omitempty"`
	Tags     []string `json:"applied_tags,omitempty"`
}

// answering names the message that is answered; one that is gone is refused.
type answering struct {
	Message string `json:"message_id"`
	Channel string `json:"channel_id"`
	Must    bool   `json:"fail_if_not_exists"`
}

const (
	silent   = 1 << 12 // the flag of messages that ring nobody's phone
	ownEyes  = 1 << 6  // the flag of messages that one person sees
	longName = 100     // code points of a thread's name
	archives = 10080   // minutes until a thread leaves the list of channels
)

// scopeOf is what waits when a request about a place is to come later: a thread
// has limits of its own.
func scopeOf(place chat.Place) chat.Scope {
	if place.Thread != "" {
		return chat.MessageScope
	}
	return chat.RoomScope
}

// post says something. With Again it looks first for what was said.
func (p *Platform) post(ctx context.Context, a chat.Action) (chat.Done, error) {
	m := a.Message
	if a.Again {
		ref, found, err := p.findPost(ctx, a, m.Ref.Place)
		if err != nil || found {
			return chat.Done{Ref: ref, Found: found}, err
		}
	}
	s, f := saying{Content: p.printed(m, false), Mentions: nobody}, enclose(a)
	if f != nil {
		s.Attachments = f.named()
	}
	if strings.TrimSpace(s.Content) == "" && f == nil {
		return chat.Done{}, fmt.Errorf("it has no words: %w", chat.ErrRefused)
	}
	if m.Silent {
		s.Flags = silent
	}
	var made message
	err := p.withButtons(m, func(rows *[]component) (err error) {
		if s.Components = rows; rows != nil && len(*rows) == 0 {
			s.Components = nil
		}
		made, err = p.say(ctx, a, s, f)
		return err
	})
	if err != nil {
		return chat.Done{}, err
	}
	if !isID(made.ID) {
		return chat.Done{}, errors.New("the answer does not name the message")
	}
	ref := chat.Ref{Place: m.Ref.Place, ID: made.ID, As: bot}
	if made.Webhook != "" {
		ref.As = made.Webhook
	}
	note(&p.memory, &p.memory.made, a.Key, ref)
	return chat.Done{Ref: ref}, nil
}

// say says something in the way that its place and its speaker want.
func (p *Platform) say(ctx context.Context, a chat.Action, s saying, f *enclosed) (made message, err error) {
	m := a.Message
	w, _ := p.places.get(m.Ref.Place.Room.ID)
	thread := "" // that begins with it
	if w.forum && m.Ref.Place.Thread == "" {
		thread = threadName(cmp.Or(a.Name, format.Excerpt(m.Body, longName)))
	}
	switch {
	case m.From.Name != "":
		return p.sayAs(ctx, m, s, f, thread)
	case thread != "":
		return p.sayInForum(ctx, m, s, f, thread)
	}
	s.Nonce, s.Enforce = a.Key, a.Key != ""
	if to := m.ReplyTo; !to.IsZero() {
		s.ReplyTo = &answering{Message: to.ID, Channel: p.channelOf(to), Must: true}
	}
	path := "channels/" + p.channelOf(chat.Ref{Place: m.Ref.Place}) + "/messages"
	err = p.call(ctx, ask{method: http.MethodPost, path: path, in: s, file: f, scope: scopeOf(m.Ref.Place)}, &made)
	return made, err
}

// sayInForum opens a thread of a forum, of which the words are the first.
func (p *Platform) sayInForum(ctx context.Context, m chat.Message, s saying, f *enclosed, name string) (message, error) {
	room := m.Ref.Place.Room.ID
	var made channel
	err := p.withTags(ctx, room, func(tags []string) error {
		in := map[string]any{"name": name, "auto_archive_duration": archives, "message": s}
		if len(tags) > 0 {
			in["applied_tags"] = tags
		}
		return p.call(ctx, ask{method: http.MethodPost, path: "channels/" + room + "/threads", scope: chat.RoomScope, file: f, in: in}, &made)
	})
	if err == nil {
		made.Parent = room
		p.learn(made)
	}
	return message{ID: made.ID}, err
}

// edit gives a message new words, and the file and buttons that go with them.
func (p *Platform) edit(ctx context.Context, a chat.Action) (chat.Done, error) {
	m := a.Message
	m.ReplyTo.Place.Room = a.On.Place.Room
	if a.On.As == bot {
		m.From = chat.Person{}
	}
	named, err := p.isNamed(ctx, a.On, m.From.Name)
	if err != nil {
		return chat.Done{}, fmt.Errorf("look at what is edited: %w", err)
	}
	f := enclose(a)
	s := saying{Content: p.printed(m, named), Mentions: nobody, Attachments: f.named()}
	err = p.withButtons(m, func(rows *[]component) error {
		s.Components = rows
		return p.inOpenThread(ctx, a.On, func() error { return p.onMessage(ctx, http.MethodPatch, a.On, s, f) })
	})
	if is(err, unknownWebhook, wrongHookToken) {
		if made, err := p.shows(ctx, a, s.Content); made || err != nil {
			return chat.Done{}, err
		}
		err = fmt.Errorf("%w: its webhook was deleted, and nobody else can edit it", chat.ErrRefused)
	}
	return chat.Done{}, err
}

// shows reports whether a message has the words that an edit gave it which may have
// been made before.
func (p *Platform) shows(ctx context.Context, a chat.Action, words string) (bool, error) {
	if !a.Again {
		return false, nil
	}
	var m message
	err := p.get(ctx, "channels/"+p.channelOf(a.On)+"/messages/"+a.On.ID, nil, &m)
	if errors.Is(err, chat.ErrForbidden) || errors.Is(err, chat.ErrRefused) || errors.Is(err, chat.ErrGone) {
		return false, nil
	}
	return err == nil && m.Content != nil && strings.TrimSpace(*m.Content) == strings.TrimSpace(words), err
}

// remove deletes a message; without one it finds what the key made. What is gone is
// as it should be.
func (p *Platform) remove(ctx context.Context, a chat.Action) (chat.Done, error) {
	on := a.On
	if on.IsZero() {
		ref, found, err := p.findPost(ctx, a, on.Place)
		if err != nil || !found {
			return chat.Done{Found: true}, err
		}
		return chat.Done{Ref: ref, Found: true}, nil
	}
	note(&p.memory, &p.memory.gone, on.ID, true)
	err := p.inOpenThread(ctx, on, func() error { return p.onMessage(ctx, http.MethodDelete, on, nil, nil) })
	if is(err, unknownWebhook, wrongHookToken) {
		own := on
		own.As = bot
		err = needing("Manage Messages", p.inOpenThread(ctx, own, func() error { return p.onMessage(ctx, http.MethodDelete, own, nil, nil) }))
		if errors.Is(err, chat.ErrForbidden) && !is(err, unknownChannel) { // this message, not the room
			err = fmt.Errorf("its webhook was deleted: %v: %w", err, chat.ErrRefused)
		}
	}
	return chat.Done{}, err
}

// onMessage asks for something about a message, as whoever said it.
func (p *Platform) onMessage(ctx context.Context, method string, on chat.Ref, in any, f *enclosed) error {
	if on.As == bot || on.As == "" {
		path := "channels/" + p.channelOf(on) + "/messages/" + on.ID
		return p.call(ctx, ask{method: method, path: path, in: in, file: f, scope: scopeOf(on.Place)}, nil)
	}
	h, err := p.hook(ctx, on.Place.Room.ID)
	if err != nil {
		return err
	}
	if h.ID != on.As {
		return &failure{text: "the webhook that said it is gone", kind: chat.ErrForbidden, code: unknownWebhook}
	}
	a := ask{method: method, path: "webhooks/" + h.ID + "/" + h.Token + "/messages/" + on.ID, in: in, file: f, scope: chat.RoomScope}
	if c := p.channelOf(on); c != on.Place.Room.ID {
		a.query = url.Values{"thread_id": {c}}
	}
	err = p.call(ctx, a, nil)
	if is(err, unknownWebhook, wrongHookToken) {
		p.hooks.drop(on.Place.Room.ID)
	}
	return err
}

// inOpenThread does something about a message. A thread that is archived is
// opened again first, which is not possible if it is locked.
func (p *Platform) inOpenThread(ctx context.Context, on chat.Ref, do func() error) error {
	err := do()
	thread := p.channelOf(on)
	if !is(err, threadArchived) || thread == on.Place.Room.ID {
		return err
	}
	reopen := ask{method: http.MethodPatch, path: "channels/" + thread, in: map[string]bool{"archived": false}, scope: scopeOf(on.Place)}
	if err := p.call(ctx, reopen, nil); err != nil {
		if errors.Is(err, chat.ErrForbidden) && !is(err, unknownChannel) {
			return &failure{text: err.Error(), kind: chat.RetryAfter{Wait: lockedWait, Scope: chat.MessageScope}, code: threadLocked}
		}
		return fmt.Errorf("open the archived thread again: %w", looking(err))
	}
	return do()
}

// openThread opens a thread under a message, if it is given a name. In a forum it
// is open already.
func (p *Platform) openThread(ctx context.Context, a chat.Action) (chat.Done, error) {
	room := a.On.Place.Room
	done := chat.Done{Ref: chat.Ref{Place: chat.Place{Room: room, Thread: a.On.ID}, ID: a.On.ID, As: bot}}
	if a.On.Place.Thread != "" {
		return chat.Done{}, fmt.Errorf("a message in a thread has none of its own: %w", chat.ErrRefused)
	}
	if w, _ := p.places.get(room.ID); w.forum {
		done.Found = true
		return done, nil
	}
	if a.Name == "" {
		done.Ref.Place.Thread = ""
		return done, nil
	}
	var made channel
	err := p.call(ctx, ask{
		method: http.MethodPost, path: "channels/" + room.ID + "/messages/" + a.On.ID + "/threads", scope: chat.RoomScope,
		in: map[string]any{"name": threadName(a.Name), "auto_archive_duration": archives},
	}, &made)
	if is(err, threadThere) {
		done.Found, err = true, nil
	}
	if err != nil {
		return chat.Done{}, needing("Create Public Threads", err)
	}
	p.places.put(a.On.ID, where{place: done.Ref.Place})
	return done, nil
}

// threadName is a name as threads may bear: 1 to 100 code points, in a line.
func threadName(s string) string {
	r := []rune(strings.Join(strings.Fields(s), " "))
	if len(r) == 0 {
		return "Thread"
	}
	if len(r) > longName {
		r = append(r[:longName-1], '…')
	}
	return string(r)
}

// react puts an emoji under a message. Twice is once.
func (p *Platform) react(ctx context.Context, a chat.Action) (chat.Done, error) {
	return chat.Done{}, needing("Add Reactions", p.withEmoji(ctx, http.MethodPut, a))
}

// unreact takes the bot's own emoji off a message. One that does not stand
// there is off.
func (p *Platform) unreact(ctx context.Context, a chat.Action) (chat.Done, error) {
	err := p.withEmoji(ctx, http.MethodDelete, a)
	if is(err, unknownEmoji) {
		return chat.Done{Found: true}, nil
	}
	return chat.Done{}, err
}

func (p *Platform) withEmoji(ctx context.Context, method string, a chat.Action) error {
	path := "channels/" + p.channelOf(a.On) + "/messages/" + a.On.ID + "/reactions/" + url.PathEscape(colourful(a.Emoji)) + "/@me"
	return p.inOpenThread(ctx, a.On, func() error {
		return p.call(ctx, ask{method: method, path: path, scope: scopeOf(a.On.Place)}, nil)
	})
}

// colourful is an emoji with the mark that it is to be shown in colour, which
// Discord wants. Words, digits too, stay as they are.
func colourful(e string) string {
	if !strings.ContainsFunc(e, func(r rune) bool { return r > unicode.MaxASCII }) {
		return e
	}
	return variationselector.Add(e)
}

// plainEmoji is an emoji without that mark.
func plainEmoji(e string) string { return strings.ReplaceAll(e, variationselector.VS16, "") }
