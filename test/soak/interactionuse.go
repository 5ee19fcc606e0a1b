//go:build unix

package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"

	"marginalia/internal/chat/discord/discordtest"
)

// use is one of the ways in which people speak to the bot. What they type is
// held against another goal than what they call.
type use struct {
	name   string
	typing bool
	ask    func(*askers) (*discordtest.Interaction, error)
}

// askers are the people who use commands, and where they do.
type askers struct {
	dice   *rand.Rand
	people []*discordtest.User
	keeper *discordtest.User // a moderator
	places []string          // channels and threads
	posts  []string
	remark []string
	uses   []use
}

func newAskers(d *discordNet, dice *rand.Rand) (*askers, error) {
	c := &askers{dice: dice, keeper: d.server.User("host", discordtest.ManageMessages), uses: uses()}
	for _, s := range d.sides {
		c.people = append(c.people, s.who...)
		c.places = append(c.places, s.id)
		threads := s.threads()
		c.places = append(c.places, slices.Sorted(maps.Values(threads))...)
		for seq, thread := range threads {
			if seq > 1 { // above the first there is none: it has no button for it
				c.posts = append(c.posts, thread)
			}
		}
		c.remark = append(c.remark, s.remarks()...)
	}
	slices.Sort(c.posts)
	if len(c.posts) == 0 || len(c.remark) == 0 {
		return nil, fmt.Errorf("%d posts and %d remarks stand in the channels", len(c.posts), len(c.remark))
	}
	return c, nil
}

// shuffle puts the uses into another order: all come once before one comes again.
func (c *askers) shuffle() {
	c.dice.Shuffle(len(c.uses), func(i, j int) { c.uses[i], c.uses[j] = c.uses[j], c.uses[i] })
}

func (c *askers) someone() *discordtest.User { return one(c.dice, c.people) }

func one[T any](dice *rand.Rand, of []T) T { return of[dice.IntN(len(of))] }

// seq is the number of a passage that any long text has.
func (c *askers) seq() string { return strconv.Itoa(1 + c.dice.IntN(60)) }

// uses are all of them, each as frequent as another.
func uses() []use {
	return []use{
		slash("status", nil), slash("where", nil), slash("who", nil), slash("heat", nil), slash("digest", nil), slash("missed", nil),
		slash("me", nil), slash("help", nil),
		slash("find", func(c *askers) map[string]string { return map[string]string{"words": madeUp(c.dice)} }),
		slash("passage", func(c *askers) map[string]string { return map[string]string{"which": c.seq()} }),
		slash("annotations", func(c *askers) map[string]string { return map[string]string{"passage": c.seq()} }),
		{name: "host list", ask: func(c *askers) (*discordtest.Interaction, error) {
			return c.keeper.Slash(one(c.dice, c.places), "essay host list", nil)
		}},
		button("◀ Previous"), button("Next ▶"), button("Annotate"),
		menu("Who said this"), menu("Show passage"), menu("Annotate this"),
		typing("find", "words", (*askers).someone, func(c *askers) string { return madeUp(c.dice) }),
		typing("passage", "which", (*askers).someone, (*askers).seq),
		typing("annotations", "passage", (*askers).someone, func(*askers) string { return "" }),
		typing("annotate", "words", (*askers).someone, func(c *askers) string { return madeUp(c.dice) }),
		typing("host start", "text", (*askers).host, func(*askers) string { return "long" }),
		typing("host next", "plan", (*askers).host, func(*askers) string { return "" }),
		typing("moderate hide", "remark", (*askers).host, func(*askers) string { return "" }),
	}
}

func (c *askers) host() *discordtest.User { return c.keeper }

func slash(name string, options func(*askers) map[string]string) use {
	return use{name: name, ask: func(c *askers) (*discordtest.Interaction, error) {
		var given map[string]string
		if options != nil {
			given = options(c)
		}
		return c.someone().Slash(one(c.dice, c.places), "essay "+name, given)
	}}
}

func button(label string) use {
	return use{name: "button " + label, ask: func(c *askers) (*discordtest.Interaction, error) {
		return c.someone().Press(one(c.dice, c.posts), label)
	}}
}

func menu(name string) use {
	return use{name: "menu " + name, ask: func(c *askers) (*discordtest.Interaction, error) {
		return c.someone().Menu(one(c.dice, c.remark), name)
	}}
}

func typing(name, option string, who func(*askers) *discordtest.User, words func(*askers) string) use {
	return use{name: "typing " + name, typing: true, ask: func(c *askers) (*discordtest.Interaction, error) {
		return who(c).Autocomplete(one(c.dice, c.places), "essay "+name, map[string]string{option: words(c)}, option)
	}}
}
