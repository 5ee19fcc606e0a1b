package command

import (
	"context"
	"slices"
	"strings"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/format"
	"marginalia/internal/lang"
)

var help = Command{
	Command: chat.Command{
		Name: "help", Help: "what the bot can be told; of one command, or of a group of them, more",
		Options: []chat.Option{{Name: "about", Help: "a command, or a group of them"}},
	},
	Run: func(_ context.Context, env Env, call chat.Call, _ time.Time) (format.Doc, error) {
		words := strings.Fields(strings.ToLower(spoken(call, "about")))
		if len(words) == 0 {
			return helpText(env.in, env.all, ""), nil
		}
		return helpOf(env.in, env.all, words[len(words)-1]), nil
	},
}

// helpText lists the commands; unknown is what was asked for instead, or "". It
// fits into one message on every network: of groups it tells the names.
func helpText(in lang.Language, all []Command, unknown string) format.Doc {
	if unknown != "" && slices.ContainsFunc(all, func(c Command) bool { return c.Group == unknown }) {
		return helpOf(in, all, unknown)
	}
	lead := in.Sprintf("Reply in a passage's thread and your words stand beside it in the text; begin with “> ” and some of its words to point at them. The bot knows:")
	if unknown != "" {
		lead = in.Sprintf("There is no command %q. The bot knows:", unknown)
	}
	d := paragraph(format.Doc{}, lead)
	for _, c := range all {
		if c.Group == "" {
			d = item(d, c.Name+": "+in.Words(lang.Key(c.Help)))
		}
	}
	for _, g := range groups(all) {
		d = item(d, in.Sprintf("%s: %s (help %s says more)", g, strings.Join(namesIn(all, g), ", "), g))
	}
	return d
}

// helpOf explains one command, or those of a group.
func helpOf(in lang.Language, all []Command, name string) format.Doc {
	var d format.Doc
	for _, c := range all {
		if c.Group == name || c.Name == name {
			d = item(d, explained(in, c))
		}
		if c.Name != name {
			continue
		}
		for _, o := range c.Options {
			d = item(d, o.Name+": "+in.Words(lang.Key(o.Help)))
		}
	}
	if d.Empty() {
		return helpText(in, all, name)
	}
	return d
}

// explained is the line that says what a command does, and who may use it.
func explained(in lang.Language, c Command) string {
	line := c.Name
	for _, o := range c.Options {
		line += " [" + o.Name + "]"
	}
	line += ": " + in.Words(lang.Key(c.Help))
	if c.Menu != "" {
		line += in.Sprintf("; or “%s” in a message's menu, where there is one", in.Words(lang.Key(c.Menu)))
	}
	switch c.Needs {
	case chat.Moderator:
		line += in.Sprintf(" (for a moderator)")
	case chat.Operator:
		line += in.Sprintf(" (for an operator)")
	}
	return line
}

// groups are the groups of commands, in the order of the table.
func groups(all []Command) (names []string) {
	for _, c := range all {
		if c.Group != "" && !slices.Contains(names, c.Group) {
			names = append(names, c.Group)
		}
	}
	return names
}

// namesIn are the commands of a group.
func namesIn(all []Command, group string) (names []string) {
	for _, c := range all {
		if c.Group == group {
			names = append(names, c.Name)
		}
	}
	return names
}
