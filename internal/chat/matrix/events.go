package matrix

import (
	"context"
	"slices"
	"strings"

	"marginalia/internal/chat"
	"marginalia/internal/format"
)

// tell makes what happened in a room into a chat.Event, or false if it is
// nothing to tell. What the account did itself is told as an echo of the
// Action that did it.
func (p *Platform) tell(ctx context.Context, room string, e wire) (chat.Event, bool, error) {
	if e.StateKey != nil {
		p.warn(room, e)
		return chat.Event{}, false, nil
	}
	if e.Type == "m.room.redaction" {
		return p.redaction(ctx, room, e)
	}
	if e.redacted() {
		return chat.Event{}, false, nil
	}
	if e.Sender == p.userID() {
		told, ok := p.echo(room, e)
		return told, ok, nil
	}
	switch e.Type {
	case "m.room.message", "m.sticker":
		return p.message(ctx, room, e)
	case "m.reaction":
		return p.reaction(ctx, room, e)
	case "m.room.encrypted":
		p.c.Log.Warn("a message is encrypted and cannot be read", "room", room, "event", e.ID)
	}
	return chat.Event{}, false, nil
}

// warn tells the operator of what changes a room for good.
func (p *Platform) warn(room string, e wire) {
	if e.Type == "m.room.encryption" {
		p.c.Log.Warn("the room is encrypted now: what is said there cannot be read", "room", room)
	}
}

// ref points at the event that e is.
func (p *Platform) ref(room string, e wire) chat.Ref {
	ref := chat.Ref{Place: mainOf(room), ID: e.ID}
	if kind, root := e.relation(); kind == "m.thread" {
		ref.Place.Thread = root
	}
	if e.Sender == p.userID() {
		ref.As = bot
	}
	return ref
}

// echo tells of a message, edit or reaction of the account's own. Redactions
// are not told: they carry no key.
func (p *Platform) echo(room string, e wire) (chat.Event, bool) {
	ref := p.ref(room, e)
	p.follow(ref)
	key := e.Content.text(keyField)
	if key == "" {
		return chat.Event{}, false
	}
	note(&p.memory, &p.memory.made, key, e.ID)
	return chat.Event{Kind: chat.Echoed, Message: chat.Message{Ref: ref}, Key: key, At: e.time(), Raw: e.raw}, true
}

// follow takes note of the newest message in a thread.
func (p *Platform) follow(ref chat.Ref) {
	if ref.Place.Thread != "" {
		note(&p.memory, &p.memory.newest, ref.Place, ref.ID)
	}
}

// message tells of something said, an edit or a command. An edit does not say
// in which thread its message stands.
func (p *Platform) message(ctx context.Context, room string, e wire) (chat.Event, bool, error) {
	if e.Content.text("msgtype") == "m.notice" && !slices.Contains(p.c.Bots, e.Sender) {
		return chat.Event{}, false, nil
	}
	by, err := p.person(ctx, room, e.Sender)
	if err != nil {
		return chat.Event{}, false, err
	}
	if kind, original := e.relation(); kind == "m.replace" {
		return p.edit(ctx, room, original, e, by)
	}
	ref := p.ref(room, e)
	p.follow(ref)
	m := p.words(e.Content, by)
	m.Ref = ref
	if to := e.answers(); to != "" {
		m.ReplyTo = chat.Ref{Place: ref.Place, ID: to}
	}
	told := chat.Event{Kind: chat.Said, Message: m, By: by, At: e.time(), Raw: e.raw}
	if told.Call, err = p.command(ctx, room, e, m, by); told.Call != nil {
		told.Kind = chat.Called
	}
	silent := m.Body.Empty() && len(m.Files) == 0
	return told, !silent, err
}

// edit tells of new words for a message. Whether whoever edits may do so is
// for those to judge who know whose the message is.
func (p *Platform) edit(ctx context.Context, room, original string, e wire, by chat.Person) (chat.Event, bool, error) {
	content := e.Content.object("m.new_content")
	if original == "" || content == nil {
		return chat.Event{}, false, nil
	}
	m := p.words(content, by)
	m.Ref = chat.Ref{Place: mainOf(room), ID: original}
	told := chat.Event{Kind: chat.Edited, Message: m, Own: e.ID, By: by, At: e.time(), Revised: e.time(), Raw: e.raw}
	var err error
	told.Call, err = p.command(ctx, room, wire{Sender: e.Sender, Content: content}, m, by)
	return told, true, err
}

// command is the call of a command that a message is, or the words under a file;
// nil if it is none.
func (p *Platform) command(ctx context.Context, room string, e wire, m chat.Message, by chat.Person) (*chat.Call, error) {
	captioned := len(m.Files) > 0 && !m.Body.Empty()
	if e.Content.text("msgtype") != "m.text" && !captioned {
		return nil, nil
	}
	name, args, ok := chat.ParseCommand(p.c.Command, spoken(e.Content))
	if !ok {
		return nil, nil
	}
	right, err := p.right(ctx, room, e.Sender)
	if err != nil {
		return nil, err
	}
	on := m.ReplyTo
	if root := m.Ref.Place.Thread; on.IsZero() && root != "" {
		on = chat.Ref{Place: mainOf(room), ID: root}
	}
	return &chat.Call{Ref: m.Ref, On: on, By: by, Rights: right, Name: name, Args: args, Typed: true, Text: chat.CommandText(p.c.Command, spoken(e.Content))}, nil
}

// reaction tells of an emoji.
func (p *Platform) reaction(ctx context.Context, room string, e wire) (chat.Event, bool, error) {
	kind, on := e.relation()
	emoji := e.Content.object("m.relates_to").text("key")
	if kind != "m.annotation" || on == "" || emoji == "" {
		return chat.Event{}, false, nil
	}
	by, err := p.person(ctx, room, e.Sender)
	ref := chat.Ref{Place: mainOf(room), ID: on}
	return chat.Event{Kind: chat.Reacted, Message: chat.Message{Ref: ref}, Emoji: emoji, Own: e.ID, By: by, At: e.time(), Raw: e.raw}, true, err
}

// redaction tells that a message was deleted or a reaction taken back. A
// redaction does not say what it redacts: that is known from before, or asked.
// Where nobody knows, it is told as a deletion, perhaps of a reaction.
func (p *Platform) redaction(ctx context.Context, room string, e wire) (chat.Event, bool, error) {
	id := e.redaction()
	if id == "" || e.redacted() {
		return chat.Event{}, false, nil
	}
	note(&p.memory, &p.memory.gone, id, true)
	if e.Sender == p.userID() {
		return chat.Event{}, false, nil
	}
	kind, err := p.typeOf(ctx, room, id)
	if err != nil {
		return chat.Event{}, false, err
	}
	by, err := p.person(ctx, room, e.Sender)
	told := chat.Event{By: by, At: e.time(), Raw: e.raw}
	told.Message.Ref = chat.Ref{Place: mainOf(room), ID: id}
	switch kind {
	case "m.room.message", "m.sticker", "":
		told.Kind = chat.Deleted
	case "m.reaction":
		told.Kind, told.Own = chat.Unreacted, id
		told.Message.Ref.ID = ""
	default:
		return chat.Event{}, false, err
	}
	return told, true, err
}

// typeOf is the type of an event, "" if nobody knows it.
func (p *Platform) typeOf(ctx context.Context, room, event string) (string, error) {
	if kind, known := recall(&p.memory, &p.memory.types, event); known {
		return kind, nil
	}
	var e wire
	err := p.lookUp(ctx, p.address("v3", "rooms", room, "event", event), &e)
	return e.Type, err
}

// event asks for one event as it is now.
func (p *Platform) event(ctx context.Context, room, event string) (wire, error) {
	var e wire
	err := p.get(ctx, p.address("v3", "rooms", room, "event", event), &e)
	return e, err
}

// words is what a content says, without what it repeats: whom it answers and
// who speaks.
func (p *Platform) words(content object, by chat.Person) chat.Message {
	m := chat.Message{From: by}
	if name := strings.TrimSpace(content.object(profileField).text("displayname")); name != "" {
		m.From.Name = name
	}
	if file, ok := attached(content); ok {
		m.Files = []chat.File{file}
		if content.text("filename") == "" || content.text("filename") == content.text("body") {
			return m // the body is the file's name
		}
	}
	m.Body = format.Plain{}.Parse(spoken(content))
	if html := content.text("formatted_body"); html != "" && content.text("format") == htmlFormat {
		m.Body = p.html.Parse(html)
	}
	if content.text("msgtype") == "m.emote" {
		m.Body = m.Body.Emphasised()
	}
	return m
}

// typed reads what stands in a body behind a command. Clients put there what was
// typed; whoever is mentioned is a link.
func (p *Platform) typed(text string) format.Doc { return p.html.Normal(format.Typed(text)) }

// spoken is the plain words of a content, without the fallbacks of old clients:
// quoted lines of what is answered, and the speaker's name.
func spoken(content object) string {
	body := content.text("body")
	if content.object("m.relates_to").object("m.in_reply_to") != nil && isReplyFallback(body) {
		_, body, _ = strings.Cut(body, "\n\n")
	}
	if profile := content.object(profileField); profile["has_fallback"] == true {
		body = strings.TrimPrefix(body, profile.text("displayname")+": ")
	}
	return body
}

// isReplyFallback reports whether a body begins with who is answered, as in
// "> <@ada:example.org> words" or "> * <@ada:example.org> waves".
func isReplyFallback(body string) bool {
	return strings.HasPrefix(body, "> <@") || strings.HasPrefix(body, "> * <@")
}
