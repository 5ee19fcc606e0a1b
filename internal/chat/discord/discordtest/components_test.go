package discordtest_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"marginalia/internal/chat/discord/discordtest"
)

func button(more object) object {
	o := object{"type": 2, "style": 2, "label": "Next", "custom_id": "next"}
	for k, v := range more {
		if v == nil {
			delete(o, k)
			continue
		}
		o[k] = v
	}
	return o
}

// row is a row of these buttons, as the only one of a message.
func row(buttons ...object) object {
	var all list
	for _, b := range buttons {
		all = append(all, b)
	}
	return object{"components": list{object{"type": 1, "components": all}}}
}

func input(more object) object {
	o := object{"type": 4, "style": 2, "custom_id": "remark"}
	for k, v := range more {
		o[k] = v
	}
	return o
}

func labelled(label string, of object) object {
	return object{"type": 18, "label": label, "component": of}
}

func modal(more object, parts ...object) object {
	var all list
	for _, p := range parts {
		all = append(all, p)
	}
	o := object{"custom_id": "form", "title": "Annotate", "components": all}
	for k, v := range more {
		o[k] = v
	}
	return object{"type": 9, "data": o}
}

// refusedModal answers a command with a form that is refused.
func refusedModal(o object) func(*bench) {
	return func(b *bench) { b.no(50035, "POST", b.called("status"), o) }
}

// six buttons, each with an id of its own.
func six() []object {
	var all []object
	for i := range 6 {
		all = append(all, button(object{"custom_id": strings.Repeat("x", i+1)}))
	}
	return all
}

// ofComponents are the rules of buttons and forms.
var ofComponents = []planted{
	{"six buttons in a row", refusedPost(50035, row(six()...)), "components"},
	{"a button's label of 81", refusedPost(50035, row(button(object{"label": runes(81)}))), "label"},
	{"a custom_id of 101", refusedPost(50035, row(button(object{"custom_id": runes(101)}))), "custom_id"},
	{"a custom_id twice", refusedPost(50035, row(button(nil), button(nil))), "duplicated"},
	{"a button without an id", refusedPost(50035, row(button(object{"custom_id": nil}))), "custom id is required"},
	{"a button without words", refusedPost(50035, row(button(object{"label": nil}))), "label or an emoji"},
	{"a link with an id", refusedPost(50035, row(button(object{"style": 5, "url": "https://a.example"}))), "cannot both"},
	{"a link to nowhere", refusedPost(50035, row(button(object{"style": 5, "custom_id": nil}))), "url is required"},
	{"a link to a file", refusedPost(50035, row(button(object{"style": 5, "custom_id": nil, "url": "file:///etc/passwd"}))), "http, https"},
	{"a link of 513", refusedPost(50035, row(button(object{"style": 5, "custom_id": nil, "url": "https://a.example/" + strings.Repeat("x", 495)}))), "url"},
	{"a form's title of 46", refusedModal(modal(object{"title": runes(46)}, labelled("Remark", input(nil)))), "title"},
	{"a form's label of 46", refusedModal(modal(nil, labelled(runes(46), input(nil)))), "label"},
	{"a form's id of 101", refusedModal(modal(object{"custom_id": runes(101)}, labelled("Remark", input(nil)))), "custom_id"},
	{"a placeholder of 101", refusedModal(modal(nil, labelled("Remark", input(object{"placeholder": runes(101)})))), "placeholder"},
	{"a form that takes 4001", refusedModal(modal(nil, labelled("Remark", input(object{"max_length": 4001})))), "max_length"},
	{"a form that is filled in too much", refusedModal(modal(nil, labelled("Remark", input(object{"max_length": 2, "value": "abc"})))), "2 or fewer"},
	{"a form with a field twice", refusedModal(modal(nil, labelled("Words", input(nil)), labelled("Remark", input(nil)))), "duplicated"},
	{"a form without fields", refusedModal(modal(nil)), "components"},
	{"six fields", refusedModal(modal(nil, labelled("1", input(object{"custom_id": "1"})), labelled("2", input(object{"custom_id": "2"})),
		labelled("3", input(object{"custom_id": "3"})), labelled("4", input(object{"custom_id": "4"})),
		labelled("5", input(object{"custom_id": "5"})), labelled("6", input(object{"custom_id": "6"})))), "between 1 and 5"},
	{"a form in answer to a form", func(b *bench) {
		callback := b.called("status")
		b.ok("POST", callback, modal(nil, labelled("Remark", input(nil))))
		i := b.lastAsked
		l := b.ready(usual)
		if _, err := i.Submit(map[string]string{"remark": "so it is"}); err != nil {
			b.Fatal(err)
		}
		b.no(50035, "POST", callbackOf(l.event("INTERACTION_CREATE").data()), modal(nil, labelled("Remark", input(nil))))
	}, "by a form"},
}

func callbackOf(d object) string {
	return "/interactions/" + d["id"].(string) + "/" + d["token"].(string) + "/callback"
}

// A button is pressed, opens a form, and that is filled in: the bot is told of
// each, with what was pressed and what was written.
func TestButtonAndForm(t *testing.T) {
	b := start(t, discordtest.Options{})
	l := b.ready(usual)
	link := button(object{"style": 5, "custom_id": nil, "url": "https://a.example/x", "label": "Open"})
	post := b.ok("POST", "/channels/"+b.room+"/messages", saying(row(button(nil), link))).id()
	b.ok("PATCH", "/channels/"+b.room+"/messages/"+post, saying(object{"content": "other words"}))
	want := []discordtest.Button{{Label: "Next", CustomID: "next"}, {Label: "Open", URL: "https://a.example/x"}}
	if got := b.s.Messages(b.room)[0].Buttons; !slices.Equal(got, want) {
		t.Errorf("after an edit stand %+v", got)
	}
	if _, err := b.ada.Press(post, "Open"); err == nil {
		t.Error("a link is told to the bot")
	}
	i, err := b.ada.Press(post, "Next")
	if err != nil {
		t.Fatal(err)
	}
	d := l.event("INTERACTION_CREATE").data()
	if d["type"] != 3.0 || d["data"].(object)["custom_id"] != "next" || d["message"].(object)["id"] != post {
		t.Errorf("pressing is told as %v", d)
	}
	b.token = ""
	b.ok("POST", callbackOf(d), modal(nil, labelled("Words", input(object{"custom_id": "words", "required": false, "style": 1})), labelled("Remark", input(object{"max_length": 10}))))
	for _, wrong := range []map[string]string{nil, {"remark": " "}, {"remark": strings.Repeat("x", 11)}, {"remark": "x", "other": "y"}} {
		if _, err := i.Submit(wrong); err == nil {
			t.Errorf("a client sends %v", wrong)
		}
	}
	b.s.AskTwice(1)
	filled, err := i.Submit(map[string]string{"remark": "so it is"})
	if err != nil {
		t.Fatal(err)
	}
	d = l.event("INTERACTION_CREATE").data()
	one := d["data"].(object)["components"].(list)[1].(object)["component"].(object)
	if d["type"] != 5.0 || d["data"].(object)["custom_id"] != "form" || one["custom_id"] != "remark" || one["value"] != "so it is" {
		t.Errorf("the form is told as %v", d)
	}
	if again := l.event("INTERACTION_CREATE").data(); again["id"] != d["id"] {
		t.Errorf("twice is %v", again)
	}
	b.ok("POST", callbackOf(d), object{"type": 4, "data": saying(object{"content": "noted", "flags": 64})})
	if all := filled.Answers(); len(all) != 1 || !all[0].Private || all[0].Text != "noted" {
		t.Errorf("answered %+v", all)
	}
	b.ok("GET", "/webhooks/"+b.s.Application()+"/"+d["token"].(string)+"/messages/@original", nil)
	b.clean()
}

// A message whose buttons are refused can be planted.
func TestRefusedButtons(t *testing.T) {
	b := start(t, discordtest.Options{})
	b.s.Fault(discordtest.Fault{Op: "create_message", Kind: discordtest.Refused, Code: 50035, Count: 1})
	if a := b.ask("POST", "/channels/"+b.room+"/messages", saying(row(button(nil)))); a.status != http.StatusBadRequest || !strings.Contains(a.text, "components") {
		t.Errorf("answers %s", a.text)
	}
	b.clean()
}
