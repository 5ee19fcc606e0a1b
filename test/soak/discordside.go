//go:build unix

package main

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"marginalia/internal/chat"
	"marginalia/internal/chat/discord/discordtest"
)

// discordSide is a text channel with its people. What they know, and what is
// read, is the state of the double.
type discordSide struct {
	server *discordtest.Server
	id     string
	who    []*discordtest.User
	keeper *discordtest.User // who may open threads again

	mu     sync.Mutex
	stands map[string]string // names → messages, as far as they were looked for
	dead   map[string]bool   // webhooks that were deleted
}

func (d *discordSide) room() chat.Room { return chat.Room{Platform: "discord", ID: d.id} }
func (d *discordSide) people() int     { return len(d.who) }

// threads are the threads under passages, by number.
func (d *discordSide) threads() map[int]string {
	all := map[int]string{}
	for _, m := range d.server.Messages(d.id) {
		if n := passageIn(m.Text); n > 0 && m.Author == d.server.Bot() && m.Thread != "" && all[n] == "" {
			all[n] = m.Thread
		}
	}
	return all
}

func (d *discordSide) posts() map[int]bool {
	all := map[int]bool{}
	for n := range d.threads() {
		all[n] = true
	}
	return all
}

func (d *discordSide) shows(name string) bool { return d.message(name) != "" }

// message is one that shows what bears a name, "" if none was seen.
func (d *discordSide) message(name string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if id := d.stands[name]; id != "" {
		return id
	}
	for n, thread := range d.threads() {
		d.stands[passageName(n)] = thread // it has the id of the message that it is under
		for _, m := range d.server.Messages(thread) {
			if token, _ := tokenIn(m.Text); token != "" && !m.System {
				d.stands[token] = m.ID
			}
		}
	}
	return d.stands[name]
}

// forget lets what bears a name be looked for again.
func (d *discordSide) forget(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.stands, name)
}

func (d *discordSide) say(who int, r *remark) bool {
	thread := d.threads()[r.passage]
	answers := ""
	if r.answers != "" {
		answers = d.message(r.answers)
	}
	words := r.words(0) + "A thought on this passage."
	id, err := d.who[who].Say(thread, words, answers)
	if err != nil && answers != "" {
		d.forget(r.answers)
		answers = ""
		id, err = d.who[who].Say(thread, words, "")
	}
	if answers == "" {
		r.answers = ""
	}
	if err == nil {
		r.ids = []string{id}
	}
	return err == nil
}

// awake does something in a thread. If it is archived it is opened first, as
// people do by speaking there.
func (d *discordSide) awake(deed func() error) bool {
	if deed() == nil {
		return true
	}
	for _, thread := range d.threads() {
		if t, ok := d.server.ThreadOf(thread); ok && t.Archived {
			_ = d.keeper.Archive(thread, false)
		}
	}
	return deed() == nil
}

func (d *discordSide) edit(who int, r *remark, words string) bool {
	return len(r.ids) > 0 && d.awake(func() error { return d.who[who].Edit(r.ids[0], words) })
}

func (d *discordSide) remove(who int, r *remark) bool {
	return len(r.ids) > 0 && d.who[who].Delete(r.ids[0]) == nil
}

func (d *discordSide) react(who int, name, emoji string) bool {
	done := d.awake(func() error { return d.who[who].React(d.message(name), emoji) })
	if !done {
		d.forget(name)
	}
	return done
}

func (d *discordSide) unreact(who int, name, emoji string) bool {
	done := d.awake(func() error { return d.who[who].Unreact(d.message(name), emoji) })
	if !done {
		d.forget(name)
	}
	return done
}

// complete has nothing to do: what is read is the double's own state.
func (d *discordSide) complete(context.Context) (int, error) { return 0, nil }

func (d *discordSide) said(r remark) []string {
	var ids []string
	for _, m := range d.server.Messages(d.threads()[r.passage]) {
		if token, _ := tokenIn(m.Text); token == r.token && m.Author == d.who[r.by].ID() {
			ids = append(ids, m.ID)
		}
	}
	if len(ids) == 0 { // deleted since
		return r.ids
	}
	return ids
}

// read tells the channel's messages and those of its threads. Words that can be
// read anywhere else, in a thread's name or an embed, are told as lines too.
func (d *discordSide) read(context.Context) (shown, error) {
	s := shown{at: d.room()}
	passages := map[string]int{}
	for n, thread := range d.threads() {
		passages[thread] = n
	}
	known := map[string]bool{}
	for _, place := range append([]string{d.id}, d.server.Threads(d.id)...) {
		for _, m := range d.server.Messages(place) {
			known[m.Text] = true
			if m.System {
				continue
			}
			l := line{id: m.ID, passage: passages[place], own: m.Author != d.server.Bot() && !m.Webhook, emojis: d.emojis(m.ID), frozen: d.isDead(m.Author)}
			if l.name, l.version = tokenIn(m.Text); l.name == "" && passages[m.Thread] > 0 {
				l.name = passageName(passages[m.Thread])
			}
			s.lines = append(s.lines, l)
		}
	}
	for _, text := range d.server.Everything(d.id) {
		if token, version := tokenIn(text); token != "" && !known[text] {
			s.lines = append(s.lines, line{id: fmt.Sprintf("%q", text), name: token, version: version, edit: true})
		}
	}
	return s, nil
}

// loseWebhooks deletes the channel's webhooks, as an administrator does. What
// they said can be deleted by whoever may, but be edited by nobody.
func (d *discordSide) loseWebhooks() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, thread := range d.threads() {
		for _, m := range d.server.Messages(thread) {
			if m.Webhook {
				d.dead[m.Author] = true
			}
		}
	}
	d.server.DeleteWebhooks(d.id)
}

func (d *discordSide) isDead(author string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.dead[author]
}

// emojis are those that the bot shows on a message.
func (d *discordSide) emojis(message string) []string {
	var all []string
	for emoji, by := range d.server.Reactions(message) {
		if slices.Contains(by, d.server.Bot()) {
			all = append(all, plain(emoji))
		}
	}
	return all
}
