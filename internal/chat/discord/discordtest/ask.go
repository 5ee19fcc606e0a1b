package discordtest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Slash uses a chat input command: "essay find" is the subcommand find of
// essay, "essay host next" is next of its group host. options holds values as they are typed.
func (u *User) Slash(channel, name string, options map[string]string) (*Interaction, error) {
	return u.chat(channel, name, options, "", askCommand)
}

// Autocomplete asks what the option that has the focus may be, while options
// are typed.
func (u *User) Autocomplete(channel, name string, options map[string]string, focus string) (*Interaction, error) {
	return u.chat(channel, name, options, focus, askComplete)
}

func (u *User) chat(channel, name string, options map[string]string, focus string, kind int) (*Interaction, error) {
	s := u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	words := strings.Fields(strings.TrimPrefix(name, "/"))
	if len(words) == 0 {
		return nil, fmt.Errorf("call /: no name")
	}
	c, err := s.commandFor(u.account, channel, words[0], chatInput)
	if err != nil {
		return nil, err
	}
	wanted, _ := c.body["options"].(list)
	var path []object
	for _, w := range words[1:] {
		sub := optionNamed(wanted, w)
		if sub == nil {
			return nil, fmt.Errorf("call /%s: there is no %s", name, w)
		}
		path = append(path, sub)
		wanted, _ = sub["options"].(list)
	}
	if len(path) > 0 && path[len(path)-1]["type"] == 2.0 {
		return nil, fmt.Errorf("call /%s: that is a group", name)
	}
	given, err := giveOptions(wanted, options, focus, kind == askComplete)
	if err != nil {
		return nil, fmt.Errorf("call /%s: %w", name, err)
	}
	for _, sub := range slices.Backward(path) {
		given = list{object{"type": sub["type"], "name": sub["name"], "options": given}}
	}
	data := object{"id": c.id, "name": c.name, "type": chatInput}
	if len(given) > 0 {
		data["options"] = given
	}
	return s.ask(asking{by: u.account, channel: channel, kind: kind, data: data}), nil
}

// Menu uses a command of a message's menu.
func (u *User) Menu(message, name string) (*Interaction, error) {
	s := u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.messages[message]
	if m == nil || m.deleted {
		return nil, fmt.Errorf("call %q on %s: no such message", name, message)
	}
	c, err := s.commandFor(u.account, m.in.id, name, messageMenu)
	if err != nil {
		return nil, err
	}
	target := s.basic(m, true) // a menu command always carries the whole message
	i := s.ask(asking{by: u.account, channel: m.in.id, kind: askCommand, data: object{
		"id": c.id, "name": c.name, "type": messageMenu, "target_id": m.id, "resolved": object{"messages": object{m.id: target}},
	}})
	i.menu = true
	return i, nil
}

// commandFor finds a command that someone may use in a channel.
func (s *Server) commandFor(by *account, channel, name string, kind int) (*command, error) {
	in := s.channels[channel]
	if in == nil || in.gone || in.archived {
		return nil, fmt.Errorf("call %q in %s: there is no such channel, or it is archived", name, channel)
	}
	if s.rights(by, in)&UseCommands == 0 {
		return nil, fmt.Errorf("call %q in %s: not allowed there", name, channel)
	}
	for _, c := range s.commands {
		if c.name != name || c.kind != kind {
			continue
		}
		need, _ := c.body["default_member_permissions"].(string)
		mask, _ := strconv.ParseInt(need, 10, 64)
		if need != "" && (mask == 0 && by != s.guild.owner || s.rights(by, in)&mask != mask) {
			return nil, fmt.Errorf("call %q: it is hidden from %s", name, by.name)
		}
		return c, nil
	}
	return nil, fmt.Errorf("call %q: no such command is registered", name)
}

func optionNamed(all list, name string) object {
	for _, v := range all {
		if o := v.(object); o["name"] == name {
			return o
		}
	}
	return nil
}

// giveOptions makes the options of an interaction. A client does not send a
// command before the required ones are there.
func giveOptions(wanted list, values map[string]string, focus string, typing bool) (list, error) {
	given := list{}
	for _, v := range wanted {
		o := v.(object)
		name := o["name"].(string)
		text, ok := values[name]
		switch {
		case !ok && name != focus && o["required"] == true && !typing:
			return nil, fmt.Errorf("the option %s is required", name)
		case !ok && name != focus:
			continue
		}
		one := object{"name": name, "type": o["type"], "value": valueOf(o, text, typing && name == focus)}
		if typing && name == focus {
			if o["autocomplete"] != true {
				return nil, fmt.Errorf("the option %s is not completed", name)
			}
			one["focused"] = true
		}
		given = append(given, one)
	}
	for name := range values {
		if optionNamed(wanted, name) == nil {
			return nil, fmt.Errorf("there is no option %s", name)
		}
	}
	return given, nil
}

// valueOf is a value as its option's type wants it; what is still being typed
// is text.
func valueOf(o object, text string, typed bool) any {
	if typed {
		return text
	}
	switch o["type"] {
	case 4.0:
		n, _ := strconv.ParseInt(text, 10, 64)
		return n
	case 5.0:
		return text == "true"
	case 10.0:
		f, _ := strconv.ParseFloat(text, 64)
		return f
	}
	return text
}

// asking is what makes an interaction.
type asking struct {
	by      *account
	channel string
	kind    int
	data    object
	under   *message     // of a button, and of the form that it opened
	from    *Interaction // that opened the form
}

// ask sends an interaction to the bot.
func (s *Server) ask(a asking) *Interaction {
	c := s.channels[a.channel]
	i := &Interaction{s: s, id: s.snowflake(), kind: a.kind, by: a.by, in: c, at: s.Now(), under: a.under, from: a.from}
	i.token = "ask-" + s.snowflake()
	s.asked[i.token] = i
	member := a.by.memberWithUser()
	member["permissions"] = strconv.FormatInt(s.rights(a.by, c), 10)
	o := object{
		"id": i.id, "application_id": s.guild.application, "type": a.kind, "data": a.data, "guild_id": s.guild.id, "channel_id": c.id,
		"guild": object{"features": list{}, "id": s.guild.id, "locale": "en-US"}, "channel": s.channelObject(c, c.kind),
		"member": member, "token": i.token, "version": 1, "locale": cmp.Or(a.by.locale, "en-US"), "guild_locale": "en-US", "entitlements": list{},
		"app_permissions": strconv.FormatInt(s.rights(s.bot, c), 10), "authorizing_integration_owners": object{"0": s.guild.id},
		"context": 0, "attachment_size_limit": maxBody,
	}
	if a.under != nil {
		o["message"] = s.basic(a.under, true) // what is pressed is always shown
	}
	e := event{name: "INTERACTION_CREATE", channel: c, always: true, data: o}
	s.emit(e)
	if s.gateway.askTwice > 0 {
		s.gateway.askTwice--
		s.emit(e)
	}
	return i
}

// metadata is what the message that answers an interaction tells of it.
func (i *Interaction) metadata() object {
	kind := i.kind
	o := object{"id": i.id, "user": i.by.object(), "authorizing_integration_owners": object{"0": i.s.guild.id}}
	switch i.kind {
	case askComponent:
		o["interacted_message_id"] = i.under.id
	case askModal:
		o["triggering_interaction_metadata"] = i.from.metadata()
	default:
		kind = askCommand
	}
	o["type"] = kind
	return o
}

// Deferred reports whether the bot asked for time, and nothing followed yet.
func (i *Interaction) Deferred() bool {
	i.s.mu.Lock()
	defer i.s.mu.Unlock()
	return i.deferred
}

// Answered reports whether there was a first answer.
func (i *Interaction) Answered() bool {
	i.s.mu.Lock()
	defer i.s.mu.Unlock()
	return i.answered
}

// Took is how long the first answer took, and how long the words took that were
// last put in the place of a deferred one, both since the bot was told; 0: there is none.
func (i *Interaction) Took() (first, words time.Duration) {
	i.s.mu.Lock()
	defer i.s.mu.Unlock()
	if i.answered {
		first = max(i.taken.Sub(i.at), 1)
	}
	if !i.spoke.IsZero() {
		words = max(i.spoke.Sub(i.at), 1)
	}
	return first, words
}

// Answer is one message that answers an interaction.
type Answer struct {
	ID, Text string
	Private  bool // only the caller sees it
}

// Answers are the messages as they stand now, the first answer first. A
// deferred one has none yet.
func (i *Interaction) Answers() []Answer {
	i.s.mu.Lock()
	defer i.s.mu.Unlock()
	var all []Answer
	for _, m := range i.all {
		if !m.deleted && m.flags&flagLoading == 0 {
			all = append(all, Answer{m.id, strings.Join(m.words(), "\n"), m.onlyFor != ""})
		}
	}
	return all
}

// Choices are what was offered; nil: nothing came yet.
func (i *Interaction) Choices() []Choice {
	i.s.mu.Lock()
	defer i.s.mu.Unlock()
	return slices.Clone(i.choices)
}

// Wait returns when there is an answer that can be read, or with ctx's error.
func (i *Interaction) Wait(ctx context.Context) error {
	return i.s.Wait(ctx, func() bool { return len(i.Answers()) > 0 || i.Choices() != nil })
}
