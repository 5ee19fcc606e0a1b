package command

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"marginalia/internal/chat"
)

var update = flag.Bool("update", false, "write docs/commands.md anew")

// docs/commands.md is the table in words: go test ./internal/command -run Docs -update
func TestDocs(t *testing.T) {
	const page = "../../docs/commands.md"
	want := docs(Words(Env{}))
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the table of commands says: go test ./internal/command -run Docs -update", page)
	}
}

// docs are the commands as a page.
func docs(all []chat.Command) string {
	var b strings.Builder
	b.WriteString(`# Commands

On Discord they are slash commands (` + "`/essay find words: tide`" + `), on Matrix and in
the local rooms they are typed (` + "`!essay find tide`" + `, or ` + "`!essay find words=tide`" + `).
Of those in a group Discord wants its name (` + "`/essay host next`" + `); where they are typed
it may be left out (` + "`!essay next`" + `).
`)
	group := "none"
	for _, c := range all {
		if c.Group != group {
			group = c.Group
			b.WriteString(heading(group))
		}
		name := "`" + c.Name + "`"
		for _, o := range c.Options {
			if o.Required {
				name += " `" + o.Name + "`"
			} else {
				name += " [`" + o.Name + "`]"
			}
		}
		fmt.Fprintf(&b, "- %s: %s.\n", name, c.Help)
		for _, o := range c.Options {
			fmt.Fprintf(&b, "  - `%s`: %s.\n", o.Name, o.Help)
		}
		if c.Menu != "" {
			fmt.Fprintf(&b, "  - On Discord also in the menu of a message, under Apps: “%s”.\n", c.Menu)
		}
	}
	b.WriteString(whoMay(all))
	return b.String()
}

// whoMay is the table of commands and roles. The networks differ in what makes a
// role: that each cell holds on each of them is told in cmd/bot.
func whoMay(all []chat.Command) string {
	var b strings.Builder
	b.WriteString(`
## Who may what

What makes someone a moderator or an operator is their network's to say, and holds
from the next command on:

| | visitor | moderator | operator |
|---|---|---|---|
| Discord | in the channel | may “Manage Messages” there | may “Manage Server” |
| Matrix | in the room | power level 50 | power level 100 |
| the bot's own rooms | on the page | | at the bot's machine, while the page is served to that alone |

The commands are for the same roles on all of them:

| | visitor | moderator | operator |
|---|---|---|---|
`)
	cell := map[bool]string{true: "yes", false: "–"}
	for _, c := range all {
		fmt.Fprintf(&b, "| `%s` | %s | %s | yes |\n", c.Name, cell[c.Needs <= chat.Anyone], cell[c.Needs <= chat.Moderator])
	}
	return b.String()
}

// heading opens the commands of a group, or those that are in none.
func heading(group string) string {
	if group == "" {
		return "\n## For everyone\n\n"
	}
	return "\n## `" + group + "`\n\n"
}
