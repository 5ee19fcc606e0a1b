package command

import (
	"context"
	"fmt"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/format"
)

var help = Command{
	Command: chat.Command{Name: "help", Help: "what the bot can be told"},
	Run: func(_ context.Context, env Env, _ chat.Call, _ time.Time) (format.Doc, error) {
		return helpText(env.all, ""), nil
	},
}

// helpText lists the commands; unknown is what was asked for instead, or "".
func helpText(all []Command, unknown string) format.Doc {
	lead := "Reply in a passage's thread and your words stand beside it in the text; begin with “> ” and some of its words to point at them. The bot knows:"
	if unknown != "" {
		lead = fmt.Sprintf("There is no command %q. The bot knows:", unknown)
	}
	d := paragraph(format.Doc{}, lead)
	for _, c := range all {
		line := c.Name
		for _, o := range c.Options {
			line += " [" + o.Name + "]"
		}
		line += ": " + c.Help
		if c.Menu != "" {
			line += "; or “" + c.Menu + "” in a message's menu, where there is one"
		}
		if c.Needs > chat.Anyone {
			line += " (for " + holders(c.Needs) + ")"
		}
		d = item(d, line)
	}
	return d
}
