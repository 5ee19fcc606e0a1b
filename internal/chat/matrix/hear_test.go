//go:build unix

package matrix

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"marginalia/internal/chat"
	"marginalia/internal/chat/chattest"
	"marginalia/internal/format"
	"marginalia/test/dendrite"
	"marginalia/test/matrixuser"
)

// TestHears tells what is Matrix's own about hearing.
func TestHears(t *testing.T) {
	server := dendrite.Start(t)
	for what, story := range map[string]func(*testing.T, *world){
		"what was said while away, however much":      hearsGap,
		"1000 messages of 8 people at full speed":     hearsBurst,
		"320 messages though answers leave some out":  hearsBurstWithGaps,
		"who edits, whoever it is":                    hearsForeignEdit,
		"what it did itself, by its key":              hearsEchoes,
		"who may do what":                             hearsRights,
		"which message a command is about":            hearsCommands,
		"all kinds of messages, and survives the odd": hearsForms,
		"a room from when it was told to, or invited": hearsFromNow,
		"files":                                hearsFiles,
		"again once the network is back":       hearsAfterOutage,
		"nothing, if it has read from nowhere": hearsNowhere,
	} {
		t.Run(what, func(t *testing.T) { story(t, newWorld(t, server)) })
	}
}

func hearsForeignEdit(t *testing.T, w *world) {
	r := w.Room(t)
	ada, bob := w.User(t, "ada").(*user), w.User(t, "bob").(*user)
	e := hear(t, w.open(t), fromNow(r))
	ref := ada.Say(t, chat.Place{Room: r}, "I said this", chat.Ref{})
	e.waitFor(ref.ID)
	edit := bob.send(t, r.ID, "m.room.message", matrixuser.EditOf(ref.ID, "I never said this"))
	told := e.waitFor(edit)
	if told.Kind != chat.Edited || told.By.ID != bob.ID || told.Message.From.ID != bob.ID || told.Message.Ref.ID != ref.ID {
		t.Errorf("bob's edit of ada's message is heard as %+v", told)
	}
	e.stop()
}

func hearsEchoes(t *testing.T, w *world) {
	r := w.Room(t)
	ada := w.User(t, "ada").(*user)
	p := w.open(t)
	e := hear(t, p, fromNow(r))
	said := ada.Say(t, chat.Place{Room: r}, "words", chat.Ref{})
	root := w.do(t, p, post(chat.Place{Room: r}, "passage")).Ref
	under := chat.Place{Room: r, Thread: root.ID}
	inside := post(under, "annotation")
	edit := chat.Action{Verb: chat.Edit, Key: "the-edit", On: root, Message: chat.Message{Body: format.Text("better")}}
	react := chat.Action{Verb: chat.React, Key: "the-reaction", On: said, Emoji: "👍"}
	for _, a := range []chat.Action{inside, edit, react} {
		made := w.do(t, p, a).Ref
		told := e.wait("the echo of "+a.Key, func(told chat.Event) bool { return told.Kind == chat.Echoed && told.Key == a.Key })
		if told.Message.Ref.ID != made.ID || told.Message.Ref.As != bot || made.As != bot {
			t.Errorf("%s was answered with %+v and is echoed as %+v", a.Verb, made, told.Message.Ref)
		}
	}
	if told := e.waitFor(e.all(chat.Echoed)[1].Message.Ref.ID); told.Message.Ref.Place != under {
		t.Errorf("what was said in %v is echoed from %v", under, told.Message.Ref.Place)
	}
	w.do(t, p, chat.Action{Verb: chat.Delete, Key: "the-deletion", On: root})
	e.waitFor(ada.Say(t, chat.Place{Room: r}, "done", chat.Ref{}).ID)
	if n := len(e.all(chat.Echoed)); n != 4 {
		t.Errorf("4 things were done that bear a key, %d echoes heard", n)
	}
	e.stop()
}

func hearsRights(t *testing.T, w *world) {
	ada, bob, eve := w.User(t, "ada").(*user), w.User(t, "bob").(*user), w.User(t, "eve").(*user)
	for _, version := range []string{"10", "12"} {
		room := w.room(t, map[string]any{"preset": "public_chat", "room_version": version,
			"power_level_content_override": map[string]any{"users": powersOf(version, w.owner.ID, ada.ID)}})
		owner := &user{User: w.owner, in: map[string]bool{room: true}}
		r := chat.Room{Platform: network, ID: room}
		e := hear(t, w.open(t), fromNow(r))
		check := func(u *user, want chat.Right) {
			t.Helper()
			ref := u.Say(t, chat.Place{Room: r}, "!essay status", chat.Ref{})
			if told := e.waitFor(ref.ID); told.Kind != chat.Called || told.Call.Rights != want {
				t.Errorf("version %s: a call of %s is heard as %s %+v, its rights should be %d", version, u.ID, told.Kind, told.Call, want)
			}
		}
		check(owner, chat.Operator)
		check(ada, chat.Moderator)
		check(bob, chat.Anyone)
		check(eve, chat.Anyone)
		if err := w.owner.SetPower(t.Context(), room, eve.ID, 100); err != nil {
			t.Fatal(err)
		}
		check(eve, chat.Operator)
		e.stop()
	}
}

// powersOf makes ada a moderator. The owner is named where creators are no
// power of their own.
func powersOf(version, owner, ada string) map[string]any {
	if version == "12" {
		return map[string]any{ada: 50}
	}
	return map[string]any{owner: 100, ada: 50}
}

func hearsCommands(t *testing.T, w *world) {
	r := w.Room(t)
	ada := w.User(t, "ada").(*user)
	e := hear(t, w.open(t), fromNow(r))
	main := chat.Place{Room: r}
	root := ada.Say(t, main, "a message", chat.Ref{})
	under := chat.Place{Room: r, Thread: root.ID}
	inside := ada.Say(t, under, "another", chat.Ref{})
	for _, c := range []struct {
		at     chat.Place
		answer chat.Ref
		on     string
	}{{main, chat.Ref{}, ""}, {under, chat.Ref{}, root.ID}, {under, inside, inside.ID}, {main, root, root.ID}} {
		ref := ada.Say(t, c.at, `!Essay Quote "some words" n=2`, c.answer)
		told := e.waitFor(ref.ID)
		if told.Kind != chat.Called || told.Call.Name != "quote" || told.Call.Args["1"] != "some words" || told.Call.Args["n"] != "2" {
			t.Fatalf("the call is heard as %s %+v", told.Kind, told.Call)
		}
		if told.Call.On.ID != c.on || told.Call.Ref != ref || told.Message.Ref != ref {
			t.Errorf("a call in %v, answering %q, is heard as about %q", c.at, c.answer.ID, told.Call.On.ID)
		}
	}
	e.waitFor(ada.Say(t, main, "!essays are fine", chat.Ref{}).ID)
	e.waitFor(ada.Say(t, main, "as in !essay status", chat.Ref{}).ID)
	picture := chattest.Attached{Name: "!essay status", Type: "image/png", Data: []byte("x")}
	if told := e.waitFor(w.Attach(t, ada, main, "!essay annotate Like this?", picture).ID); told.Kind != chat.Called || told.Call.Name != "annotate" || len(told.Message.Files) != 1 {
		t.Errorf("a call under a picture is heard as %s %+v", told.Kind, told)
	}
	e.waitFor(w.Attach(t, ada, main, "", picture).ID) // the name of a file is no call
	if n := len(e.all(chat.Called)); n != 5 {
		t.Errorf("5 calls were made, %d heard", n)
	}
	e.stop()
}

func hearsForms(t *testing.T, w *world) {
	r := w.Room(t)
	ada, robot := w.User(t, "ada").(*user), w.User(t, "robot").(*user)
	friend := w.User(t, "friend").(*user)
	w.config.Bots = []string{friend.ID}
	e := hear(t, w.open(t), fromNow(r))
	say := func(u *user, content map[string]any) string { return u.send(t, r.ID, "m.room.message", content) }
	profile := map[string]any{"id": "x", "displayname": "Grace <G>", "has_fallback": true}
	html := func(body, html string) map[string]any {
		return map[string]any{"msgtype": "m.text", "body": body, "format": htmlFormat, "formatted_body": html}
	}
	spoken := html("Grace <G>: fine *words*", "<strong data-mx-profile-fallback>Grace &lt;G&gt;: </strong>fine <em>words</em>")
	spoken[profileField] = profile
	reply := html("> <@x:y> old\n\nnew", "<mx-reply><blockquote>old</blockquote></mx-reply>new")
	reply["m.relates_to"] = map[string]any{"m.in_reply_to": map[string]any{"event_id": "$old"}}
	for _, odd := range []map[string]any{
		{"msgtype": "m.notice", "body": "beep"}, {}, {"body": 5}, {"msgtype": "m.text", "body": []string{"x"}}, {"msgtype": "m.text", "body": "  "},
		{"msgtype": "m.text", "body": "* x", "m.relates_to": map[string]any{"rel_type": "m.replace", "event_id": "$old"}},
		{"msgtype": "m.text", "body": "* x", "m.new_content": "x", "m.relates_to": map[string]any{"rel_type": "m.replace"}},
	} {
		say(robot, odd)
	}
	robot.send(t, r.ID, "m.reaction", map[string]any{"m.relates_to": "x"})
	robot.send(t, r.ID, "m.room.encrypted", map[string]any{"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "x"})
	for _, c := range []map[string]any{
		spoken, reply, {"msgtype": "m.emote", "body": "waves"},
		{"msgtype": "m.text", "body": "> not a fallback\n\nbut a quotation", "m.relates_to": map[string]any{"m.in_reply_to": map[string]any{"event_id": "$old"}}},
		{"msgtype": "m.text", "body": "odd relation", "m.relates_to": "x", "m.mentions": []string{}, "info": 7},
	} {
		say(ada, c)
	}
	e.waitFor(say(friend, map[string]any{"msgtype": "m.notice", "body": "boop"}))
	want := []string{"fine words", "new", "waves", "not a fallback\n\nbut a quotation", "odd relation", "boop"}
	if got := texts(e.all()); !slices.Equal(got, want) {
		t.Errorf("heard %q, should be %q", got, want)
	}
	said := e.all()
	if body := said[min(2, len(said)-1)].Message.Body; len(body.Spans) != 1 || body.Spans[0].Kind != format.Emph {
		t.Errorf("/me waves is heard as %+v", body)
	}
	if len(said) < 4 || said[0].Message.From.Name != "Grace <G>" || said[1].Message.ReplyTo.ID != "$old" || said[3].Message.Body.Blocks[0].Quote != 1 {
		t.Errorf("heard %+v", said)
	}
	e.stop()
}

func hearsFromNow(t *testing.T, w *world) {
	one, two := w.Room(t), w.Room(t)
	ada := w.User(t, "ada").(*user)
	since := hear(t, w.open(t), fromNow(one)).stop()
	ada.Say(t, chat.Place{Room: two}, "before anyone listened", chat.Ref{})
	missed := ada.Say(t, chat.Place{Room: one}, "while away", chat.Ref{})
	invited := chat.Room{Platform: network, ID: w.invitation(t)}
	host := &user{User: w.owner, in: map[string]bool{invited.ID: true}}
	host.Say(t, chat.Place{Room: invited}, "before the bot came", chat.Ref{})
	since[chat.Place{Room: two}], since[chat.Place{Room: invited}] = "", ""
	e := hear(t, w.open(t), since)
	e.waitFor(missed.ID)
	for _, room := range []chat.Room{two, invited} {
		eventually(t, "the bot has heard of "+room.ID, func() bool {
			e.mu.Lock()
			defer e.mu.Unlock()
			return e.since[chat.Place{Room: room}] != ""
		})
	}
	e.waitFor(ada.Say(t, chat.Place{Room: two}, "now", chat.Ref{}).ID)
	e.waitFor(host.Say(t, chat.Place{Room: invited}, "welcome", chat.Ref{}).ID)
	if got, want := texts(e.all()), []string{"while away", "now", "welcome"}; !slices.Equal(got, want) {
		t.Errorf("heard %q, should be %q", got, want)
	}
	e.stop()
}

// invitation makes a room that the bot is invited to.
func (w *world) invitation(t *testing.T) string {
	t.Helper()
	room, err := w.owner.CreateRoom(t.Context(), "by invitation", w.bot.ID)
	if err != nil {
		t.Fatal(err)
	}
	return room
}

func hearsFiles(t *testing.T, w *world) {
	r := w.Room(t)
	ada := w.User(t, "ada").(*user)
	e := hear(t, w.open(t), fromNow(r))
	for _, c := range []struct {
		body, filename, name, words string
	}{{"cat.png", "", "cat.png", ""}, {"cat.png", "cat.png", "cat.png", ""}, {"My cat.", "cat.png", "cat.png", "My cat."}} {
		content := map[string]any{"msgtype": "m.image", "body": c.body, "url": "mxc://x.y/abc",
			"info": map[string]any{"mimetype": "image/png", "size": 1234}}
		if c.filename != "" {
			content["filename"] = c.filename
		}
		m := e.waitFor(ada.send(t, r.ID, "m.room.message", content)).Message
		want := chat.File{Name: c.name, Type: "image/png", Origin: "mxc://x.y/abc", Size: 1234}
		if len(m.Files) != 1 || m.Files[0] != want || m.Body.Text != c.words {
			t.Errorf("%+v is heard as %+v and the words %q", c, m.Files, m.Body.Text)
		}
	}
	e.stop()
}

func hearsAfterOutage(t *testing.T, w *world) {
	r := w.Room(t)
	ada := w.User(t, "ada").(*user)
	e := hear(t, w.open(t), fromNow(r))
	for i := range 2 {
		if err := w.proxy.SetDown(true); err != nil {
			t.Fatal(err)
		}
		ref := ada.Say(t, chat.Place{Room: r}, fmt.Sprint("meanwhile ", i), chat.Ref{})
		if err := w.proxy.SetDown(false); err != nil {
			t.Fatal(err)
		}
		e.waitFor(ref.ID)
	}
	e.stop()
}

func hearsNowhere(t *testing.T, w *world) {
	r := w.Room(t)
	since := fromNow(r)
	since[chat.Place{}] = "no cursor of this server's"
	err := w.open(t).Run(context.Background(), since, func(context.Context, chat.Batch) error { return nil })
	if err == nil || !strings.Contains(err.Error(), errCursor.Error()) {
		t.Errorf("reading from nowhere: %v", err)
	}
}
