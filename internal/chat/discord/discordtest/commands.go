package discordtest

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Types of commands.
const (
	chatInput   = 1
	messageMenu = 3
)

// command is a registered command.
type command struct {
	id, version, guild string
	kind               int
	name               string
	body               object
}

// commandName is what Discord takes as the name of a chat input command.
var commandName = regexp.MustCompile(`^[-_'\p{L}\p{N}\p{Devanagari}\p{Thai}]{1,32}$`)

func (s *Server) commandObject(c *command) object {
	o := object{
		"id": c.id, "application_id": s.guild.application, "version": c.version, "default_member_permissions": nil,
		"type": c.kind, "name": c.name, "description": "", "nsfw": false,
	}
	if c.guild != "" {
		o["guild_id"] = c.guild
	} else {
		o["integration_types"], o["contexts"], o["dm_permission"] = list{0}, nil, true
	}
	for k, v := range c.body {
		if v != nil && k != "id" {
			o[k] = v
		}
	}
	return o
}

// noNulls takes out what is null, here and below: answers leave it out.
func noNulls(v any) any {
	switch v := v.(type) {
	case list:
		for i := range v {
			v[i] = noNulls(v[i])
		}
	case object:
		for k, e := range v {
			if e == nil {
				delete(v, k)
				continue
			}
			v[k] = noNulls(e)
		}
	}
	return v
}

func (s *Server) applicationOf(r *request) *apiError {
	if r.PathValue("application_id") != s.guild.application {
		return errUnknownApplication
	}
	if g := r.PathValue("guild_id"); g != "" && g != s.guild.id {
		return errUnknownGuild
	}
	return nil
}

func (s *Server) listCommands(r *request) (int, any, *apiError) {
	if e := s.applicationOf(r); e != nil {
		return 0, nil, e
	}
	all := list{}
	for _, c := range s.commands {
		if c.guild == r.PathValue("guild_id") {
			o := s.commandObject(c)
			if r.URL.Query().Get("with_localizations") != "true" {
				o = unlocal(o).(object)
			}
			all = append(all, o)
		}
	}
	return http.StatusOK, all, nil
}

// setCommands takes the place of all that were there; who keeps its name keeps
// its id.
func (s *Server) setCommands(r *request) (int, any, *apiError) {
	if e := s.applicationOf(r); e != nil {
		return 0, nil, e
	}
	var bodies []object
	if e := r.decode(&bodies); e != nil {
		return 0, nil, e
	}
	var fresh []*command
	for i, body := range bodies {
		c, e := s.readCommand(r, body)
		if e != nil {
			return 0, nil, e
		}
		if e := checkCommandSet(fresh, c); e != nil {
			return 0, nil, s.broken(r, form(fmt.Sprint(i)+".name", e.text, "Application command names must be unique, and few"))
		}
		fresh = append(fresh, c)
	}
	var rest []*command
	for _, c := range s.commands {
		if c.guild != r.PathValue("guild_id") {
			rest = append(rest, c)
		}
	}
	s.commands = append(rest, fresh...)
	all := list{}
	for _, c := range fresh {
		all = append(all, s.commandObject(c))
	}
	return http.StatusOK, all, nil
}

// checkCommandSet holds how many there may be, and that names are unique.
func checkCommandSet(others []*command, c *command) *apiError {
	n := 0
	for _, o := range others {
		if o.kind != c.kind {
			continue
		}
		n++
		if o.name == c.name {
			return refuse(400, 50035, "APPLICATION_COMMANDS_DUPLICATE_NAME")
		}
	}
	if c.kind == chatInput && n >= 100 || c.kind != chatInput && n >= 15 {
		return refuse(400, 30032, "APPLICATION_COMMAND_MAX")
	}
	return nil
}

// readCommand checks a command and finds the id of its name.
func (s *Server) readCommand(r *request, body object) (*command, *apiError) {
	body = noNulls(body).(object)
	c := &command{guild: r.PathValue("guild_id"), kind: chatInput, body: body, version: s.snowflake()}
	if k, ok := body["type"].(float64); ok {
		c.kind = int(k)
	}
	c.name, _ = body["name"].(string)
	if p, ok := body["default_member_permissions"].(float64); ok {
		body["default_member_permissions"] = fmt.Sprint(int64(p))
	}
	if e := s.checkCommand(r, c); e != nil {
		return nil, e
	}
	for _, o := range s.commands {
		if o.guild == c.guild && o.kind == c.kind && o.name == c.name {
			c.id = o.id
		}
	}
	if c.id == "" {
		c.id = s.snowflake()
	}
	return c, nil
}

func (s *Server) checkCommand(r *request, c *command) *apiError {
	about, _ := c.body["description"].(string)
	options, _ := c.body["options"].(list)
	most := 100 // code points of a choice's name
	if c.kind != chatInput {
		most = 32
	}
	if e := s.checkLocals(r, c.body, most); e != nil {
		return e
	}
	switch {
	case c.kind != chatInput && about != "":
		return s.broken(r, form("description", "APPLICATION_COMMAND_INVALID", "Context menu commands have no description"))
	case c.kind != chatInput && len(options) > 0:
		return s.broken(r, form("options", "APPLICATION_COMMAND_INVALID", "Context menu commands have no options"))
	case c.kind != chatInput:
		return nil
	case about == "":
		return s.broken(r, form("description", "BASE_TYPE_REQUIRED", "This field is required"))
	}
	if e := s.checkCommandName(r, c.name); e != nil {
		return e
	}
	if n := commandRunes(c.body); n > 8000 {
		return s.broken(r, form("", "APPLICATION_COMMAND_TOO_LARGE", "Command exceeds maximum size (8000)"))
	}
	return s.checkOptions(r, options)
}

func (s *Server) checkCommandName(r *request, name string) *apiError {
	if !commandName.MatchString(name) || strings.ToLower(name) != name {
		return s.broken(r, form("name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid: "+name))
	}
	return nil
}

// checkOptions holds the order and the kinds of options.
func (s *Server) checkOptions(r *request, options list) *apiError {
	optional, subs := false, 0
	for _, v := range options {
		o := v.(object)
		name, _ := o["name"].(string)
		if e := s.checkCommandName(r, name); e != nil {
			return e
		}
		inner, _ := o["options"].(list)
		if e := s.checkOptions(r, inner); e != nil {
			return e
		}
		if kind := o["type"]; kind == 1.0 || kind == 2.0 {
			subs++
			continue
		}
		choices, _ := o["choices"].(list)
		switch {
		case o["required"] == true && optional:
			return s.broken(r, form("options", "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", "Required options must be placed before non-required options"))
		case o["autocomplete"] == true && len(choices) > 0:
			return s.broken(r, form("options", "APPLICATION_COMMAND_OPTION_AUTOCOMPLETE_CHOICES", "autocomplete and choices exclude each other"))
		}
		optional = optional || o["required"] != true
		if e := s.checkChoices(r, choices); e != nil {
			return e
		}
	}
	if subs > 0 && subs < len(options) {
		return s.broken(r, form("options", "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Sub-command and sub-command group option types are mutually exclusive to all other types"))
	}
	return nil
}

// checkChoices holds values to 100, as documented; the description lets 6000
// pass.
func (s *Server) checkChoices(r *request, choices list) *apiError {
	for _, v := range choices {
		c, _ := v.(object)
		if text, ok := c["value"].(string); ok && utf8.RuneCountInString(text) > 100 {
			return s.broken(r, form("choices", "BASE_TYPE_MAX_LENGTH", "A choice's value must be 100 or fewer in length."))
		}
	}
	return nil
}

// commandRunes sums names, descriptions and values, each in the language in which
// it is longest.
func commandRunes(v any) int {
	n := 0
	switch v := v.(type) {
	case list:
		for _, e := range v {
			n += commandRunes(e)
		}
	case object:
		for k, e := range v {
			switch text, ok := e.(string); {
			case ok && (k == "name" || k == "description" || k == "value"):
				n += utf8.RuneCountInString(text)
			case k == "options" || k == "choices":
				n += commandRunes(e)
			}
			if all, _ := e.(object); k == "name_localizations" || k == "description_localizations" {
				n += more(all, v[strings.TrimSuffix(k, "_localizations")])
			}
		}
	}
	return n
}

func (s *Server) createCommand(r *request) (int, any, *apiError) {
	if e := s.applicationOf(r); e != nil {
		return 0, nil, e
	}
	var body object
	if e := r.decode(&body); e != nil {
		return 0, nil, e
	}
	c, e := s.readCommand(r, body)
	if e != nil {
		return 0, nil, e
	}
	for i, o := range s.commands {
		if o.id == c.id {
			s.commands[i] = c
			return http.StatusOK, s.commandObject(c), nil
		}
	}
	if s.full(c) {
		return 0, nil, errMaxCommands
	}
	if e := s.hidden(r, "new commands", c.guild, 30034); e != nil {
		return 0, nil, e
	}
	s.commands = append(s.commands, c)
	return http.StatusCreated, s.commandObject(c), nil
}

// full reports whether there are as many commands of a kind as there may be.
func (s *Server) full(c *command) bool {
	n := 0
	for _, o := range s.commands {
		if o.guild == c.guild && o.kind == c.kind {
			n++
		}
	}
	return n >= map[bool]int{true: 100, false: 15}[c.kind == chatInput]
}

func (s *Server) commandOf(r *request) (int, *apiError) {
	if e := s.applicationOf(r); e != nil {
		return 0, e
	}
	for i, c := range s.commands {
		if c.id == r.PathValue("command_id") && c.guild == r.PathValue("guild_id") {
			return i, nil
		}
	}
	return 0, errUnknownCommand
}

func (s *Server) updateCommand(r *request) (int, any, *apiError) {
	i, e := s.commandOf(r)
	if e != nil {
		return 0, nil, e
	}
	var body object
	if e := r.decode(&body); e != nil {
		return 0, nil, e
	}
	old := s.commands[i]
	merged := object{"type": float64(old.kind)}
	for _, from := range []object{old.body, body} {
		for k, v := range from {
			merged[k] = v
		}
	}
	c, e := s.readCommand(r, merged)
	if e != nil {
		return 0, nil, e
	}
	c.id = old.id
	s.commands[i] = c
	return http.StatusOK, s.commandObject(c), nil
}

func (s *Server) deleteCommand(r *request) (int, any, *apiError) {
	i, e := s.commandOf(r)
	if e != nil {
		return 0, nil, e
	}
	s.commands = append(s.commands[:i:i], s.commands[i+1:]...)
	return http.StatusNoContent, nil, nil
}
