package discordtest_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"marginalia/internal/chat/discord/discordtest"
)

// essay is the command of these tests.
var essay = list{
	object{"name": "essay", "description": "what is read", "options": list{
		object{"type": 1, "name": "status", "description": "how it stands"},
		object{"type": 1, "name": "find", "description": "find words", "options": list{
			object{"type": 3, "name": "words", "description": "which", "required": true, "autocomplete": true},
		}},
	}},
	object{"name": "Show passage", "type": 3},
	object{"name": "admin", "description": "hidden", "default_member_permissions": "32"},
}

// called registers the commands, lets Ada use a subcommand of essay, and
// returns the path of its callback.
func (b *bench) called(sub string) string {
	b.Helper()
	l := b.ready(usual)
	b.ok("PUT", "/applications/"+b.s.Application()+"/commands", essay)
	i, err := b.ada.Slash(b.room, "essay "+sub, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.lastAsked = i
	d := l.event("INTERACTION_CREATE").data()
	return "/interactions/" + d["id"].(string) + "/" + d["token"].(string) + "/callback"
}

// TestCommandsAreRegisteredByDifference: who keeps its name keeps its id.
func TestCommandsAreRegisteredByDifference(t *testing.T) {
	b := start(t, discordtest.Options{})
	for _, at := range []string{"/applications/" + b.s.Application() + "/commands", "/applications/" + b.s.Application() + "/guilds/" + b.s.Guild() + "/commands"} {
		one := b.ok("PUT", at, essay).body.(list)[0].(object)["id"].(string)
		if two := b.ok("PUT", at, essay).body.(list)[0].(object)["id"].(string); one != two {
			t.Errorf("essay was %s and is %s", one, two)
		}
		b.ok("PATCH", at+"/"+one, object{"description": "other words"})
		more := b.ok("POST", at, object{"name": "more", "description": "more"}).id()
		b.ok("DELETE", at+"/"+more, nil)
		if n := len(b.ok("GET", at, nil).body.(list)); n != 3 {
			t.Errorf("%d commands are there", n)
		}
	}
	b.no(10063, "DELETE", "/applications/"+b.s.Application()+"/commands/1", nil)
	b.clean()
}

// TestInteraction defers privately, edits the first answer, adds another.
func TestInteraction(t *testing.T) {
	b := start(t, discordtest.Options{})
	l := b.ready(usual)
	b.ok("PUT", "/applications/"+b.s.Application()+"/commands", essay)
	i, err := b.ada.Slash(b.room, "/essay find", map[string]string{"words": "the void"})
	if err != nil {
		t.Fatal(err)
	}
	d := l.event("INTERACTION_CREATE").data()
	hook := "/webhooks/" + b.s.Application() + "/" + d["token"].(string)
	callback := "/interactions/" + d["id"].(string) + "/" + d["token"].(string) + "/callback"
	b.token = ""
	b.ok("POST", callback, object{"type": 5, "data": object{"flags": 64}})
	if !i.Deferred() || len(i.Answers()) != 0 {
		t.Error("it is not deferred")
	}
	b.ok("PATCH", hook+"/messages/@original", saying(object{"content": "found it"}))
	b.ok("GET", hook+"/messages/@original", nil)
	b.ok("POST", hook, saying(object{"content": "and this", "flags": 64}))
	ctx, done := context.WithTimeout(t.Context(), 10*time.Second)
	defer done()
	if err := i.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range i.Answers() {
		if !a.Private {
			t.Errorf("%q is public", a.Text)
		}
		got = append(got, a.Text)
	}
	if !slices.Equal(got, []string{"found it", "and this"}) {
		t.Errorf("answers %q", got)
	}
	b.stands(b.room)
	b.clean()
}

// TestInteractionTimes: the first answer within 3 s, the others within 15 min.
func TestInteractionTimes(t *testing.T) {
	now := watch()
	b := start(t, discordtest.Options{Now: now.read})
	callback := b.called("status")
	now.turn(4 * time.Second)
	if first, words := b.lastAsked.Took(); first != 0 || words != 0 {
		t.Errorf("what was not answered took %s and %s", first, words)
	}
	b.no(10062, "POST", callback, object{"type": 5})
	b.clean()
	now.turn(4 * time.Second)
	b.no(10062, "POST", callback, object{"type": 5})
	if len(b.s.Bad()) != 1 {
		t.Errorf("an answer after 8 s gives %q", b.s.Bad())
	}
	b.s.ForgetBad()

	l := b.ready(usual)
	i, err := b.ada.Slash(b.room, "essay status", nil)
	if err != nil {
		t.Fatal(err)
	}
	d := l.event("INTERACTION_CREATE").data()
	hook := "/webhooks/" + b.s.Application() + "/" + d["token"].(string)
	b.no(10015, "POST", hook, saying(nil))
	b.s.ForgetBad() // a followup before the first answer
	now.turn(time.Second)
	b.ok("POST", "/interactions/"+d["id"].(string)+"/"+d["token"].(string)+"/callback", object{"type": 4, "data": saying(nil)})
	now.turn(time.Second)
	b.ok("PATCH", hook+"/messages/@original", saying(nil))
	if first, words := i.Took(); first.Round(100*time.Millisecond) != time.Second || words.Round(100*time.Millisecond) != 2*time.Second {
		t.Errorf("the answer took %s and its words %s", first, words)
	}
	b.ok("POST", hook, saying(object{"content": "y"}))
	b.stands(b.room, "x", "y")
	now.turn(16 * time.Minute)
	b.no(50027, "PATCH", hook+"/messages/@original", saying(nil))
	b.clean()
}

// TestCompletion and the menu of a message.
func TestCompletion(t *testing.T) {
	b := start(t, discordtest.Options{})
	l := b.ready(usual &^ (1 << 15))
	b.ok("PUT", "/applications/"+b.s.Application()+"/commands", essay)
	i, err := b.ada.Autocomplete(b.room, "essay find", map[string]string{"words": "vo"}, "words")
	if err != nil {
		t.Fatal(err)
	}
	d := l.event("INTERACTION_CREATE").data()
	b.ok("POST", "/interactions/"+d["id"].(string)+"/"+d["token"].(string)+"/callback", object{"type": 8, "data": object{"choices": list{object{"name": "the void", "value": "void"}}}})
	if got := i.Choices(); !slices.Equal(got, []discordtest.Choice{{Name: "the void", Value: "void"}}) {
		t.Errorf("offered %v", got)
	}
	m := b.say(b.room, "a passage")
	if _, err := b.ada.Menu(m, "Show passage"); err != nil {
		t.Fatal(err)
	}
	d = l.event("INTERACTION_CREATE").data()["data"].(object)
	whole := d["resolved"].(object)["messages"].(object)[m].(object)
	if whole["content"] != "a passage" {
		t.Errorf("the menu carries %v", whole)
	}
	for name, words := range map[string]map[string]string{"essay find": nil, "essay nothing": nil, "nothing": nil, "admin": nil, "essay status": {"x": "y"}} {
		if _, err := b.ada.Slash(b.room, name, words); err == nil {
			t.Errorf("Ada's client sends /%s %v", name, words)
		}
	}
	if _, err := b.s.User("Op", discordtest.ManageGuild).Slash(b.room, "admin", nil); err != nil {
		t.Error(err)
	}
	b.clean()
}
