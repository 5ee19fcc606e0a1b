package main

import (
	"cmp"
	"errors"
	"slices"

	"marginalia/internal/chat"
	"marginalia/internal/lang"
)

// language is the one that the bot speaks in a room. That of a room that is not
// configured is that of [bot].
func (c Config) language(room chat.Room) lang.Language {
	tag := c.Bot.Language
	if i := slices.IndexFunc(c.Rooms, func(r RoomTable) bool { return r.room() == room }); i >= 0 {
		tag = cmp.Or(c.Rooms[i].Language, tag)
	}
	l, _ := lang.Parse(tag) // checkLanguages knows that it is one
	return l
}

// checkLanguages looks at the languages that are named.
func (c *Config) checkLanguages() error {
	var all []error
	look := func(where, tag string) {
		if _, err := lang.Parse(tag); err != nil {
			all = append(all, usage("%s: %s language is %q: write %s", c.where(), where, tag, either(lang.Tags())))
		}
	}
	look("[bot]", c.Bot.Language)
	for i, r := range c.Rooms {
		look(r.called(i), r.Language)
	}
	return errors.Join(all...)
}
