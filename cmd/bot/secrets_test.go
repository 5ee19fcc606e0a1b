package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// Whatever is passed to the log, or ends the bot, tells neither token nor
// password, wherever in it they stand.
func TestNoSecretIsTold(t *testing.T) {
	c := defaults()
	c.Bot.Database = "postgres://bot:p%40ss+w0rd@db.example.org/bot"
	c.Matrix = &MatrixTable{Token: "syt_matrix_token"}
	c.Discord = &DiscordTable{Token: "MTk4.Cl2FMQ.discord_token"}
	told := []string{c.Matrix.Token, c.Discord.Token, "p@ss+w0rd", "p%40ss+w0rd", "p%40ss%2Bw0rd"}
	for _, form := range []choice{"text", "json"} {
		var errs bytes.Buffer
		a := &app{errs: &errs}
		c.Bot.LogFormat, c.Bot.LogLevel = form, "debug"
		log := a.log(c)
		for _, s := range told {
			log.Error("asked with "+s, "token", s, "error", fmt.Errorf("post: %w", errors.New("Bot "+s+" is refused")))
			log.With("request", "https://x/"+s).WithGroup("net").Debug("sent", "header", map[string]string{"Authorization": s})
			fmt.Fprintln(&errs, a.secrets.hide("bot: "+s))
		}
		for _, s := range told {
			if strings.Contains(errs.String(), s) {
				t.Errorf("%s: %s is told:\n%s", form, s, errs.String())
			}
		}
		if n := strings.Count(errs.String(), "[secret]"); n != 6*len(told) {
			t.Errorf("%s: hidden %d times:\n%s", form, n, errs.String())
		}
	}
}
