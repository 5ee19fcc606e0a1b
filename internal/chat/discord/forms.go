package discord

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"marginalia/internal/chat"
)

const (
	shortLine = 1 // the styles of an input
	someLines = 2

	mostInputs   = 5
	longestTitle = 45
	longestLabel = 45
	longestInput = 4000
	aboutNothing = "-" // stands in a form's id for the message that it is about
)

// form is what is opened for someone who fills it in.
type form struct {
	ID         string      `json:"custom_id"`
	Title      string      `json:"title"`
	Components []component `json:"components"`
}

// formFor is the form that asks for what a call needs and has not, if one does, in
// the language of who calls.
// Its id is the message that the call is about, what opened the form, and the
// call as it is typed: nothing of it is remembered here. Where that does not go in there, the
// command itself tells what is missing.
func formFor(command chat.Command, c chat.Call, locale string) (form, bool) {
	said := func(words string) string { return cmp.Or(command.Local[locale][words], words) }
	f := form{Title: lineTo(said(cmp.Or(command.Menu, command.Name)), longestTitle)}
	rest := maps.Clone(c.Args)
	missing := false
	for _, o := range command.Options {
		if o.Asked == "" || len(f.Components) == mostInputs {
			continue
		}
		missing = missing || o.Required && strings.TrimSpace(c.Args[o.Name]) == ""
		f.Components = append(f.Components, inputFor(o, said(o.Asked), c.Args[o.Name]))
		delete(rest, o.Name)
	}
	slices.SortStableFunc(f.Components, func(a, b component) int { return cmp.Compare(a.Component.Style, b.Component.Style) }) // short lines first
	f.ID = formID(c.On.ID, c.Ref.ID, command.Name, rest)
	_, _, name, args := filled(f.ID, nil)
	sound := name == command.Name && maps.Equal(args, rest) && utf8.RuneCountInString(f.ID) <= longestID
	return f, missing && sound && c.Rights >= command.Needs
}

func inputFor(o chat.Option, asked, given string) component {
	in := component{
		Type: textInput, Style: shortLine, ID: o.Name, Required: &o.Required, Most: longestInput,
		Value: cutTo(given, longestInput),
	}
	if o.Long {
		in.Style = someLines
	}
	return component{Type: labelOfInput, Label: cutTo(asked, longestLabel), Component: &in}
}

// formID names the message that a form is about, the interaction that opened it,
// and what it calls.
func formID(on, opened, name string, args map[string]string) string {
	id := cmp.Or(on, aboutNothing) + " " + cmp.Or(opened, aboutNothing) + " " + name
	for _, name := range slices.Sorted(maps.Keys(args)) {
		id += " " + name + `="` + quoting.Replace(args[name]) + `"`
	}
	return id
}

// quoting makes a text one that can stand in quotes.
var quoting = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// pressed is what a button calls, and with which arguments.
func pressed(id string) (name string, args map[string]string) {
	name, args, _ = chat.ParseCommand("!", "! "+id)
	return name, args
}

// filled is what a form calls that was filled in, which message it is about, ""
// if none, and which interaction opened it.
func filled(id string, inputs []input) (on, opened, name string, args map[string]string) {
	on, call, _ := strings.Cut(id, " ")
	opened, call, _ = strings.Cut(call, " ")
	if !isID(on) {
		on = ""
	}
	if !isID(opened) {
		opened = ""
	}
	name, args = pressed(call)
	for _, in := range inputs {
		for _, one := range append(in.Components, in.Component) {
			if args != nil && one.ID != "" && strings.TrimSpace(one.Value) != "" {
				args[one.ID] = one.Value
			}
		}
	}
	return on, opened, name, args
}

// input is a part of a form that was filled in.
type input struct {
	Component  written   `json:"component"`  // of a label
	Components []written `json:"components"` // of a row
}

type written struct {
	ID    string `json:"custom_id"`
	Value string `json:"value"`
}
