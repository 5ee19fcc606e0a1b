package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"marginalia/internal/chat"
)

// checkChoices looks at every value that is one of a few words.
func (c *Config) checkChoices() error {
	var all []error
	look := func(where string, v reflect.Value) {
		for i := range v.NumField() {
			f := v.Type().Field(i)
			may := strings.Fields(f.Tag.Get("one"))
			if is := v.Field(i); len(may) > 0 && !slices.Contains(may, is.String()) {
				all = append(all, usage("%s: %s %s is %q: write %s", c.where(), where, f.Tag.Get("toml"), is.String(), either(may)))
			}
		}
	}
	look("[bot]", reflect.ValueOf(c.Bot))
	if err := c.checkLanguages(); err != nil {
		all = append(all, err)
	}
	look("[privacy]", reflect.ValueOf(c.Privacy))
	for i, p := range c.Plans {
		look(p.called(i), reflect.ValueOf(p))
	}
	if !isDatabase(c.Bot.Database) {
		all = append(all, usage("%s: [bot] database is neither the path of a file nor an address of PostgreSQL: write postgres://user:password@host:5432/name", c.where()))
	}
	if p := c.Passages; p.Min < 1 || p.Max < p.Min {
		all = append(all, usage("%s: [passages] min is %d and max is %d: write two numbers of characters, the smaller one first", c.where(), p.Min, p.Max))
	}
	if days := c.Privacy.RetentionDays; days < 0 || days > mostDays {
		all = append(all, usage("%s: [privacy] retention_days is %d: write a number of days up to %d, or 0 to keep what is said for ever", c.where(), days, mostDays))
	}
	if b := c.Import.ReviewBelow; !(b >= 0 && b <= 1) { // neither is NaN
		all = append(all, usage("%s: [import] review_below is %v: write a number from 0 (all is posted) to 1", c.where(), b))
	}
	if err := c.Reactions.lexicon().Check(); err != nil {
		all = append(all, usage("%s: [reactions] %s", c.where(), err))
	}
	return errors.Join(all...)
}

// mostDays is how long anything may be kept, if not for ever: a hundred years.
const mostDays = 36500

// checkRun looks at what bot run needs beyond that, and reads the secrets.
// Whatever is wrong is told at once, a sentence each.
func (c *Config) checkRun() error {
	return errors.Join(c.checkWeb(), c.checkMatrix(), c.checkDiscord(), c.checkRooms(), c.checkPlans())
}

func (c *Config) checkWeb() error {
	if c.Bot.Listen != "" {
		if _, _, err := net.SplitHostPort(c.Bot.Listen); err != nil {
			return usage("%s: [bot] listen is %q: write an address and a port, as in \"127.0.0.1:8080\"", c.where(), c.Bot.Listen)
		}
	}
	if c.Bot.Reader != "" && !isWeb(c.Bot.Reader) {
		return usage("%s: [bot] reader is %q: write the address at which people read, as in \"https://read.example.org\"", c.where(), c.Bot.Reader)
	}
	return nil
}

func (c *Config) checkRooms() error {
	var all []error
	names, ids := map[string]bool{}, map[chat.Room]string{}
	for i, r := range c.Rooms {
		where := fmt.Sprintf("%s: %s", c.where(), r.called(i))
		switch {
		case r.Name == "":
			all = append(all, usage("%s has no name: give it one that plans can use", where))
		case names[r.Name]:
			all = append(all, usage("%s: two rooms have this name: rename one", where))
		case !slices.Contains(platformNames(), r.Platform):
			all = append(all, usage("%s: platform is %q: write %s", where, r.Platform, either(platformNames())))
		case r.ID == "":
			all = append(all, usage("%s has no id: write the room's own id on %s", where, r.Platform))
		case c.lacks(r) != "":
			all = append(all, usage("%s%s", where, c.lacks(r)))
		case ids[r.room()] != "":
			all = append(all, usage("%s is the same room as %q: keep one of them", where, ids[r.room()]))
		}
		names[r.Name], ids[r.room()] = true, r.Name
	}
	return errors.Join(all...)
}

// roomsOf finds a plan's rooms by their names.
func (c *Config) roomsOf(p PlanTable) ([]chat.Room, error) {
	var rooms []chat.Room
	for _, name := range p.Rooms {
		i := slices.IndexFunc(c.Rooms, func(r RoomTable) bool { return r.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("no room is called %q: add it to [[rooms]], or write %s", name, either(c.roomNames()))
		}
		rooms = append(rooms, c.Rooms[i].room())
	}
	if len(rooms) == 0 {
		return nil, errors.New("it has no rooms: name some, or leave rooms out to mean all")
	}
	return rooms, nil
}

func (c *Config) roomNames() []string {
	var all []string
	for _, r := range c.Rooms {
		all = append(all, r.Name)
	}
	return all
}

func (r RoomTable) room() chat.Room { return chat.Room{Platform: r.Platform, ID: r.ID} }

func (r RoomTable) called(i int) string { return called("[[rooms]]", r.Name, i) }

func (p PlanTable) called(i int) string { return called("[[plans]]", p.Name, i) }

func called(table, name string, i int) string {
	if name == "" {
		return fmt.Sprintf("%s number %d", table, i+1)
	}
	return fmt.Sprintf("%s %q", table, name)
}

// isDatabase knows other databases' addresses from paths, so that the password
// in one is not shown as a file's name.
func isDatabase(dsn string) bool {
	scheme, _, isAddress := strings.Cut(dsn, "://")
	if isAddress {
		return scheme == "postgres" || scheme == "postgresql"
	}
	return !strings.Contains(dsn, "password=")
}

func isWeb(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

// either writes "a, b or c".
func either(words []string) string {
	switch n := len(words); n {
	case 0:
		return "nothing"
	case 1:
		return words[0]
	default:
		return strings.Join(words[:n-1], ", ") + " or " + words[n-1]
	}
}
