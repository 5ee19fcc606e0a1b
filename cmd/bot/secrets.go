package main

import (
	"fmt"
	"log/slog"
	"net/url"
	"strings"
)

// secrets are what no log and no error may tell. Those who use a secret take
// care not to; this is for what they were told by others and pass on.
type secrets []string

// secrets are the tokens and the password that c holds.
func (c Config) secrets() secrets {
	var all secrets
	if c.Matrix != nil {
		all = append(all, c.Matrix.Token)
	}
	if c.Discord != nil {
		all = append(all, c.Discord.Token)
	}
	if u, err := url.Parse(c.Bot.Database); err == nil && u.User != nil {
		password, _ := u.User.Password()
		_, written, _ := strings.Cut(u.User.String(), ":")
		all = append(all, password, written, url.QueryEscape(password))
	}
	return all
}

// shortest is how long a secret must be to be hidden wherever it stands: a
// password such as "bot" would take every log apart.
const shortest = 6

// hide puts "[secret]" in place of each secret.
func (all secrets) hide(s string) string {
	for _, secret := range all {
		if len(secret) >= shortest {
			s = strings.ReplaceAll(s, secret, "[secret]")
		}
	}
	return s
}

// attr is for slog.HandlerOptions.
func (all secrets) attr(_ []string, a slog.Attr) slog.Attr {
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(all.hide(a.Value.String()))
	case slog.KindAny:
		said := fmt.Sprint(a.Value.Any())
		if hidden := all.hide(said); hidden != said {
			a.Value = slog.StringValue(hidden)
		}
	}
	return a
}
