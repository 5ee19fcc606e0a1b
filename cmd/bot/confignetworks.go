package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

func (c *Config) checkMatrix() error {
	if c.Matrix == nil {
		return nil
	}
	m := c.Matrix
	if err := c.secret(&m.Token, &m.TokenFile, "[matrix] token", ""); err != nil {
		return err
	}
	var all []error
	if !isWeb(m.Homeserver) {
		all = append(all, usage("%s: [matrix] homeserver is %q: write its address, as in \"https://matrix.example.org\"", c.where(), m.Homeserver))
	}
	if !strings.HasPrefix(m.User, "@") || !strings.Contains(m.User, ":") {
		all = append(all, usage("%s: [matrix] user is %q: write the bot's own account, as in \"@marginalia:example.org\"", c.where(), m.User))
	}
	return errors.Join(append(all, c.checkAccount("matrix", m.Token, "the account's access token"))...)
}

func (c *Config) checkDiscord() error {
	if c.Discord == nil {
		return nil
	}
	d := c.Discord
	if err := c.secret(&d.Token, &d.TokenFile, "[discord] token", ""); err != nil {
		return err
	}
	d.Token = strings.TrimPrefix(d.Token, "Bot ") // as examples of the API write it
	var all []error
	if d.API != "" && !isWeb(d.API) {
		all = append(all, usage("%s: [discord] api is %q: leave it out, or write the address of a proxy, as in \"http://127.0.0.1:3000\"", c.where(), d.API))
	}
	if !isCommandName(d.Command) {
		all = append(all, usage("%s: [discord] command is %q: write a name in small letters, without a slash, as in \"essay\"", c.where(), d.Command))
	}
	return errors.Join(append(all, c.checkAccount("discord", d.Token, "the bot's token"))...)
}

// checkAccount looks at what every account needs: a token, and a room.
func (c *Config) checkAccount(network, token, what string) error {
	var all []error
	if !slices.ContainsFunc(c.Rooms, func(r RoomTable) bool { return r.Platform == network }) {
		all = append(all, usage("%s: [%s] has no room: add one to [[rooms]] with platform = %q", c.where(), network, network))
	}
	if token == "" {
		all = append(all, usage("%s: [%s] has no token: put %s into a file and name it as token_file, or set %s%s_TOKEN",
			c.where(), network, what, envPrefix, strings.ToUpper(network)))
	}
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		all = append(all, usage("%s: [%s] token holds spaces or signs that no token has: copy it again, alone", c.where(), network))
	}
	return errors.Join(all...)
}

// lacks says what is wrong with a room on its network, to be put behind the
// room's name, or "".
func (c *Config) lacks(r RoomTable) string {
	switch {
	case r.Platform == "matrix" && !strings.HasPrefix(r.ID, "!"):
		return fmt.Sprintf(": id is %q: write the room's id, which begins with \"!\" (an alias may move to another room)", r.ID)
	case r.Platform == "matrix" && c.Matrix == nil:
		return " is on matrix, but there is no table [matrix]: add it, with homeserver, user and token_file"
	case r.Platform == "discord" && strings.Trim(r.ID, "0123456789") != "":
		return fmt.Sprintf(": id is %q: write the channel's id, a long number (with Developer Mode on, right-click the channel: Copy Channel ID)", r.ID)
	case r.Platform == "discord" && c.Discord == nil:
		return " is on discord, but there is no table [discord]: add it, with token_file"
	}
	return ""
}

// isCommandName knows what Discord takes for one.
func isCommandName(s string) bool {
	return s != "" && len(s) <= 32 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-_") == ""
}
