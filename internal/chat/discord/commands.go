package discord

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"marginalia/internal/chat"
)

// The kinds of commands and options, by Discord's numbers.
const (
	slashCommand = 1
	menuCommand  = 3
	subcommand   = 1
	group        = 2
	textOption   = 3

	longestEntry = 32
	longestHelp  = 100
)

// order is a command as Discord lists it.
type order struct {
	ID      string   `json:"id,omitempty"`
	Type    int      `json:"type"`
	Name    string   `json:"name"`
	NameIn  locals   `json:"name_localizations,omitempty"`
	Help    string   `json:"description,omitempty"`
	Options []option `json:"options,omitempty"`
}

type option struct {
	Type     int      `json:"type"`
	Name     string   `json:"name"`
	Help     string   `json:"description"`
	HelpIn   locals   `json:"description_localizations,omitempty"`
	Required bool     `json:"required,omitempty"`
	Complete bool     `json:"autocomplete,omitempty"`
	Choices  []choice `json:"choices,omitempty"`
	Options  []option `json:"options,omitempty"`
}

// choice is one of the values of an option that has no others.
type choice struct {
	Name   string `json:"name"`
	NameIn locals `json:"name_localizations,omitempty"`
	Value  string `json:"value"`
}

// locals are words in the languages that people may have chosen on Discord, by
// what Discord calls these: those of two letters are called so everywhere.
type locals map[string]string

// localsOf is what stands for words of a command, cut to so many code points.
func localsOf(c chat.Command, words string, most int) (in locals) {
	for tag, local := range c.Local {
		if said := local[words]; said != "" {
			if in == nil {
				in = locals{}
			}
			in[tag] = cutTo(said, most)
		}
	}
	return in
}

// Register implements chat.Commander: one slash command with a subcommand for
// each of all, in their groups, and an entry in the menu of messages for those
// that have one.
//
// They are registered with the servers of the rooms, not for the account: there
// they stand at once, and nowhere else, where nobody would answer. Only what is
// not as it should be is written, since Discord lets a bot write few a day.
// Who may use them is for whoever runs them: Discord knows no rights of
// subcommands.
func (p *Platform) Register(ctx context.Context, all []chat.Command) error {
	p.mu.Lock()
	p.commands = slices.Clone(all)
	p.mu.Unlock()
	me, err := p.who(ctx)
	if err != nil {
		return fmt.Errorf("register commands: %w", err)
	}
	servers := map[string]bool{}
	var wrong []error
	for _, id := range p.c.Channels {
		if _, err := p.find(ctx, id); err != nil {
			wrong = append(wrong, fmt.Errorf("register commands: look for the server of channel %s: %w", id, err))
			continue
		}
		servers[p.guildOf(id)] = true
	}
	delete(servers, "")
	for _, server := range slices.Sorted(maps.Keys(servers)) {
		path := "applications/" + me.application + "/guilds/" + server + "/commands"
		if err := p.registerAt(ctx, path, orders(p.slash(), all)); err != nil {
			if is(err, noAccess) {
				err = fmt.Errorf("it did not let the bot have commands: let it in once more at %s: %w", invitation(me.application), err)
			}
			wrong = append(wrong, fmt.Errorf("register commands with server %s: %w", server, err))
		}
	}
	return errors.Join(wrong...)
}

// slash is the name of the slash command: that of the typed one, without marks.
func (p *Platform) slash() string {
	name := strings.ToLower(strings.TrimLeft(p.c.Command, "!/.?$%&+-"))
	return cmp.Or(cutTo(strings.Join(strings.Fields(name), "-"), longestEntry), "essay")
}

// orders are all commands as Discord lists them.
func orders(name string, all []chat.Command) []order {
	slash := order{Type: slashCommand, Name: name, Help: "What is read here, and what comes next"}
	var menus []order
	for _, c := range all {
		sub := option{Type: subcommand, Name: c.Name, Help: described(c.Help, c.Name), HelpIn: localsOf(c, c.Help, longestHelp)}
		for _, o := range c.Options {
			sub.Options = append(sub.Options, option{
				Type: textOption, Name: o.Name, Help: described(o.Help, o.Name), HelpIn: localsOf(c, o.Help, longestHelp), Choices: choicesIn(c, o),
				Required: o.Required && o.Asked == "",              // what is missing a form asks for
				Complete: o.Complete != nil && len(o.Choices) == 0, // one excludes the other
			})
		}
		slices.SortStableFunc(sub.Options, func(a, b option) int { // those that are required come first
			return cmp.Compare(b2i(b.Required), b2i(a.Required))
		})
		slash.Options = grouped(slash.Options, c.Group, sub)
		if c.Menu != "" {
			menus = append(menus, order{Type: menuCommand, Name: cutTo(c.Menu, longestEntry), NameIn: localsOf(c, c.Menu, longestEntry)})
		}
	}
	return append([]order{slash}, menus...)
}

// grouped adds a subcommand to those that there are, or to its group, which
// stands where the first one of it does.
func grouped(all []option, name string, sub option) []option {
	if name == "" {
		return append(all, sub)
	}
	at := slices.IndexFunc(all, func(o option) bool { return o.Type == group && o.Name == name })
	if at < 0 {
		at, all = len(all), append(all, option{Type: group, Name: name})
	}
	all[at].Options = append(all[at].Options, sub)
	var names []string
	for _, o := range all[at].Options {
		names = append(names, o.Name)
	}
	all[at].Help = described(strings.Join(names, ", "), name)
	return all
}

// choicesIn are the values that an option may have.
func choicesIn(c chat.Command, o chat.Option) []choice {
	var all []choice
	for _, one := range o.Choices[:min(len(o.Choices), mostChoices)] {
		all = append(all, choice{Name: cutTo(cmp.Or(one.Label, one.Value), longestChoice), NameIn: localsOf(c, one.Label, longestChoice), Value: one.Value})
	}
	return all
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func described(help, name string) string {
	return cutTo(cmp.Or(strings.TrimSpace(help), name), longestHelp)
}

// cutTo cuts a text to so many code points.
func cutTo(s string, most int) string {
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	return string(r[:most-1]) + "…"
}

// registerAt writes what is not as it should be. A command that is refused, or
// must wait, keeps no other from it; of those that are new one that must wait
// stands for all.
func (p *Platform) registerAt(ctx context.Context, path string, want []order) error {
	var have []order
	if err := p.get(ctx, path, url.Values{"with_localizations": {"true"}}, &have); err != nil { // else it tells none
		return err
	}
	var wrong []error
	waits := map[string]bool{} // methods, of which Discord lets the bot do no more now
	for _, w := range writes(path, want, have) {
		if waits[w.method] {
			continue
		}
		err := p.writeOrder(ctx, w.ask)
		if err == nil {
			continue
		}
		wrong = append(wrong, fmt.Errorf("%s: %w", w.what, err))
		_, later := waitOf(err)
		if !later && !errors.Is(err, chat.ErrRefused) { // it is not about this one alone
			break
		}
		waits[w.method] = later
	}
	return errors.Join(wrong...)
}

// write is the request that brings one command to what it should be.
type write struct {
	ask
	what string
}

// writes are the requests that make have what is wanted: what stands is taken off
// last.
func writes(path string, want, have []order) []write {
	var all []write
	named := func(o order) func(order) bool {
		return func(x order) bool { return x.Type == o.Type && x.Name == o.Name }
	}
	for _, w := range want {
		i := slices.IndexFunc(have, named(w))
		if i >= 0 && same(w, have[i]) {
			continue
		}
		a := ask{method: http.MethodPost, path: path, in: w, scope: chat.RoomScope}
		if i >= 0 {
			a.method, a.path, a.in = http.MethodPatch, path+"/"+have[i].ID, changed(w)
		}
		all = append(all, write{a, w.Name})
	}
	for _, h := range have {
		if !slices.ContainsFunc(want, named(h)) {
			a := ask{method: http.MethodDelete, path: path + "/" + h.ID, scope: chat.RoomScope}
			all = append(all, write{a, "take off " + h.Name})
		}
	}
	return all
}

// mostOrderWait is the longest wait that is waited out while commands are
// written. Of a longer one whoever registers is told: they try again.
const mostOrderWait = time.Minute

// writeOrder makes, changes or takes off one command.
func (p *Platform) writeOrder(ctx context.Context, a ask) error {
	var later error
	err := p.waited(ctx, func() error {
		err := p.call(ctx, a, nil)
		if wait, ok := waitOf(err); ok && wait > mostOrderWait {
			later = err
			return nil
		}
		return err
	})
	if is(err, badForm) {
		err = fmt.Errorf("it is not taken as it is written: %w", err)
	}
	return cmp.Or(later, err)
}

// changed is what of a command can be changed: all but its kind.
func changed(o order) map[string]any {
	in := map[string]any{"name": o.Name, "name_localizations": o.NameIn}
	if o.Type == slashCommand {
		in["description"], in["options"] = o.Help, o.Options
	}
	return in
}

func same(a, b order) bool {
	a.ID, b.ID = "", ""
	one, err1 := json.Marshal(a)
	two, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && bytes.Equal(one, two)
}
