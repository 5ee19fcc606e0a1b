package discord

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"marginalia/internal/chat"
	"marginalia/internal/chat/discord/discordtest"
	"marginalia/internal/format"
)

// noting is a command that a form asks for, as annotate is.
var noting = chat.Command{
	Name: "note", Help: "Notes what you think", Menu: "Note this", Options: []chat.Option{
		{Name: "remark", Help: "What you think", Required: true, Asked: "Your remark", Long: true},
		{Name: "words", Help: "What it is about", Asked: "Which words?"},
		{Name: "plan", Help: "Of which plan"},
	},
}

func withForms() []chat.Command { return append(table(), noting) }

// posted posts a passage with buttons.
func posted(t *testing.T, p *Platform, r chat.Room, buttons ...chat.Button) chat.Ref {
	t.Helper()
	a := posting(at(r), "", "A passage.")
	a.Message.Buttons = buttons
	return does(t, p, a).Ref
}

var usualButtons = []chat.Button{
	{Text: "Next", Call: "passage step=next"}, {Text: "Open", URL: "https://a.example/d/1#2"}, {Text: "Note", Call: "note"},
}

// A button calls its command about the message that it stands under, whichever
// process is there; an edit leaves it standing, or takes it away.
func TestButton(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		root := posted(t, p, r, usualButtons...)
		edit := editing(root, "", "Other words.")
		edit.Message.Buttons = usualButtons
		does(t, p, edit)
		if got := w.Messages(r.ID)[0]; got.Text != "Other words." || len(got.Buttons) != 3 || got.Buttons[1].URL != "https://a.example/d/1#2" {
			t.Errorf("after an edit stands %+v", got)
		}
		later := w.open(t) // a process that knows nothing of it
		must(t, later.Register(t.Context(), withForms()))
		e := hear(t, later, fromNow(r))
		i, err := w.Server.User("Ada", discordtest.ManageMessages).Press(root.ID, "Next")
		must(t, err)
		c := called(e, "passage")
		if c.On != (chat.Ref{Place: at(r), ID: root.ID}) || c.Ref.Place != at(r) || !maps.Equal(c.Args, map[string]string{"step": "next"}) ||
			!c.Private || c.Rights != chat.Moderator || c.By.Name == "" || !i.Deferred() {
			t.Errorf("called %+v", c)
		}
		must(t, later.Answer(t.Context(), c, chat.Message{Body: format.Text("Passage 2.")}))
		if all := i.Answers(); len(all) != 1 || !all[0].Private || all[0].Text != "Passage 2." {
			t.Errorf("answered %+v", all)
		}
		e.stop()
		does(t, p, editing(root, "", "Bare."))
		if got := w.Messages(r.ID)[0].Buttons; len(got) != 0 {
			t.Errorf("buttons that are not wanted stand: %+v", got)
		}
	})
}

// A form is opened at once, and is a call when it is filled in; what was typed
// already stands in it.
func TestForm(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		must(t, p.Register(t.Context(), withForms()))
		e := hear(t, p, fromNow(r))
		ada := w.Server.User("Ada")
		root := posted(t, p, r, usualButtons...)
		thread := opened(t, p, root)
		said, err := ada.Say(thread.Thread, "Which was it?", "")
		must(t, err)
		for _, way := range []struct {
			name  string
			ask   func() (*discordtest.Interaction, error)
			about chat.Ref
			args  map[string]string
		}{
			{"a button", func() (*discordtest.Interaction, error) { return ada.Press(root.ID, "Note") }, chat.Ref{Place: at(r), ID: root.ID}, nil},
			{"the menu", func() (*discordtest.Interaction, error) { return ada.Menu(said, "Note this") }, chat.Ref{Place: thread, ID: said}, nil},
			{"the command", func() (*discordtest.Interaction, error) {
				return ada.Slash(thread.Thread, "essay note", map[string]string{"words": `the "void"`, "plan": `a \ "b"`})
			}, chat.Ref{}, map[string]string{"words": `the "void"`, "plan": `a \ "b"`}},
		} {
			i, err := way.ask()
			must(t, err)
			must(t, w.Wait(t.Context(), func() bool { return i.Answered() }))
			m := i.Modal()
			if m == nil || m.Title != "Note this" || len(m.Inputs) != 2 || m.Inputs[0].Value != way.args["words"] || m.Inputs[0].Required || m.Inputs[0].Long || !m.Inputs[1].Long || m.Inputs[1].Max != 4000 {
				t.Fatalf("%s opens %+v", way.name, m)
			}
			w.AskTwice(1)
			remark := strings.Repeat("ö", 3990) + "\n\nso."
			done, err := i.Submit(map[string]string{"remark": remark})
			must(t, err)
			c := *e.hears("the form of "+way.name, func(o chat.Event) bool {
				return o.Kind == chat.Called && o.Call.Name == "note" && o.Call.On == way.about
			}).Call
			want := map[string]string{"remark": remark}
			maps.Copy(want, way.args)
			if !maps.Equal(c.Args, want) || !c.Private || !done.Deferred() {
				t.Errorf("%s calls %+v", way.name, c)
			}
			again, err := i.Submit(map[string]string{"remark": remark}) // since "Something went wrong"
			must(t, err)
			must(t, w.Wait(t.Context(), func() bool { return again.Deferred() }))
		}
		refs, deeds := map[chat.Ref]bool{}, map[chat.Ref]bool{}
		e.wait("what was sent again", func() bool {
			for _, o := range e.events {
				if o.Kind == chat.Called {
					refs[o.Call.Ref], deeds[o.Call.Deed()] = true, true
				}
			}
			return len(refs) == 6
		})
		if len(deeds) != 3 {
			t.Errorf("three forms that are told twice and sent twice do %d deeds", len(deeds))
		}
		e.stop()
	})
}

// Nobody fills in a form for what they may not do, or what does not read back:
// the command tells them.
func TestNoForm(t *testing.T) {
	for name, c := range map[string]chat.Call{
		"a right that is missing":    {},
		"all that is needed":         {Rights: chat.Moderator, Args: map[string]string{"remark": "so"}},
		"too much for an id":         {Rights: chat.Moderator, Args: map[string]string{"plan": strings.Repeat("x", 100)}},
		"quotes that do not nest":    {Rights: chat.Moderator, Args: map[string]string{"plan": "a ” b"}},
		"a name that is none to say": {Rights: chat.Moderator, Args: map[string]string{"1": "x"}},
	} {
		command := noting
		command.Needs = chat.Moderator
		if f, asks := formFor(command, c, ""); asks {
			t.Errorf("%s opens %+v", name, f)
		}
	}
}

// What a button calls may be known no more.
func TestOldButton(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		must(t, p.Register(t.Context(), table()))
		e := hear(t, p, fromNow(r))
		i, err := w.Server.User("Ada").Press(posted(t, p, r, usualButtons...).ID, "Note")
		must(t, err)
		must(t, i.Wait(t.Context()))
		if all := i.Answers(); len(all) != 1 || !all[0].Private || !strings.Contains(all[0].Text, "does not know") {
			t.Errorf("answered %+v", all)
		}
		e.stop()
	})
}

// A post is not lost for buttons that Discord thinks less of, nor is its edit:
// links go first. By a webhook they stand as well.
func TestRefusedButtons(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		refuse := func(op string, times int) {
			w.Fault(discordtest.Fault{Op: op, Kind: discordtest.Refused, Code: badForm, Count: times})
		}
		refuse("create_message", 1)
		root := posted(t, p, r, usualButtons...)
		if got := w.Messages(r.ID); len(got) != 1 || len(got[0].Buttons) != 2 || got[0].Buttons[1].Label != "Note" {
			t.Errorf("there stand %+v", got)
		}
		edit := editing(root, "", "Other words.")
		edit.Message.Buttons = usualButtons
		refuse("update_message", 2)
		does(t, p, edit)
		if got := w.Messages(r.ID); len(got) != 1 || got[0].Text != "Other words." || len(got[0].Buttons) != 2 {
			t.Errorf("after an edit stand %+v", got)
		}
		named := posting(at(r), "Ada", "Hers.")
		named.Message.Buttons = usualButtons
		does(t, p, named)
		if got := w.Messages(r.ID); len(got[1].Buttons) != 3 {
			t.Errorf("a webhook has %+v", got[1])
		}
		bare := posting(at(r), "", "Refused itself.")
		refuse("create_message", 1)
		if _, err := p.Do(t.Context(), bare); !errors.Is(err, chat.ErrRefused) {
			t.Errorf("a message that has no buttons: %v", err)
		}
	})
}

// What Discord does not take as a button is left out.
func TestRowsOf(t *testing.T) {
	var many []chat.Button
	for i := range 40 {
		many = append(many, chat.Button{Text: strings.Repeat("ö", 100), Call: "c n=" + strings.Repeat("x", i)})
	}
	if rows := rowsOf(many); len(rows) != 5 || len(rows[4].Components) != 5 || len([]rune(rows[0].Components[0].Label)) != 80 {
		t.Errorf("of many %+v", rows)
	}
	rows := rowsOf([]chat.Button{
		{Text: "twice", Call: "c"}, {Text: "twice", Call: "c"}, {Text: " \n", Call: "d"}, {Text: "nothing"}, {Text: "long", Call: strings.Repeat("x", 101)},
		{Text: "file", URL: "file:///etc/passwd"}, {Text: "here", URL: "/d/1"}, {Text: "far", URL: "https://a.example/" + strings.Repeat("x", 500)},
	})
	if len(rows) != 1 || len(rows[0].Components) != 1 {
		t.Errorf("there stay %+v", rows)
	}
}

// In a forum the first message of a post has the buttons, and what they call is
// about it, as everything is that is said of it.
func TestButtonsInAForum(t *testing.T) {
	bubble(t, discordtest.Options{}, func(t *testing.T, w *world) {
		r := room(w.Forum("essays"))
		w.rooms = append(w.rooms, r.ID)
		p := w.open(t)
		must(t, p.Register(t.Context(), withForms()))
		e := hear(t, p, fromNow(r))
		root := posted(t, p, r, usualButtons...)
		_, err := w.Server.User("Ada").Press(root.ID, "Next")
		must(t, err)
		if c := called(e, "passage"); c.On != (chat.Ref{Place: at(r), ID: root.ID}) || c.Ref.Place.Thread != root.ID {
			t.Errorf("called %+v", c)
		}
		e.stop()
	})
}
