//go:build unix

package acceptance

import (
	"fmt"
	"iter"
	"maps"
	"regexp"
	"slices"
	"strings"

	"marginalia/internal/chat/discord/discordtest"
)

// discordRecord is what can be read in a channel and in its threads.
type discordRecord struct {
	account, guild, channel string
	people                  []string
	posted                  []discordtest.Message
	threads                 map[string][]discordtest.Message
	emoji                   map[string]map[string][]string // by message and emoji: who holds it
	everything              []string
	pings                   []discordtest.Ping
}

// all yields each message with its place in the order of its channel or thread.
func (r *discordRecord) all() iter.Seq2[*discordtest.Message, int] {
	return func(yield func(*discordtest.Message, int) bool) {
		places := [][]discordtest.Message{r.posted}
		for _, th := range slices.Sorted(maps.Keys(r.threads)) {
			places = append(places, r.threads[th])
		}
		for _, messages := range places {
			for i := range messages {
				if !yield(&messages[i], i) {
					return
				}
			}
		}
	}
}

func (r *discordRecord) posts() []int {
	var seqs []int
	for _, m := range r.posted {
		if seq := passageOf(m, r.account); seq > 0 {
			seqs = append(seqs, seq)
		}
	}
	return seqs
}

// header is what a webhook's message begins with where it answers another.
var header = regexp.MustCompile(`^-# ↪ https://discord\.com/channels/(\d+)/(\d+)/(\d+)\n`)

func (r *discordRecord) mirrors() map[string][]mirrored {
	passages := map[string]int{} // by thread
	for _, m := range r.posted {
		passages[m.Thread] = passageOf(m, r.account)
	}
	delete(passages, "")
	all := map[string][]mirrored{}
	for m, at := range r.all() {
		token := tokenIn(m.Text)
		if token == "" || !m.Webhook {
			continue
		}
		mirror := mirrored{id: m.ID, at: at, passage: passages[m.Channel], who: strings.ReplaceAll(m.Name, "·", ""), words: m.Text}
		if to := header.FindStringSubmatch(m.Text); to != nil {
			mirror.answers = to[3]
			if to[1] != r.guild || to[2] != m.Channel {
				mirror.rude = "its link leads elsewhere; "
			}
		}
		if slices.ContainsFunc(r.pings, func(p discordtest.Ping) bool { return p.Message == m.ID }) {
			mirror.rude += "it rings somebody's phone; "
		}
		all[token] = append(all[token], mirror)
	}
	return all
}

func (r *discordRecord) own() []spoken {
	var all []spoken
	for m := range r.all() {
		if token := tokenIn(m.Text); token != "" && !m.Webhook && m.Author != r.account {
			all = append(all, spoken{m.ID, token})
		}
	}
	return all
}

func (r *discordRecord) bot() map[string]string {
	all := map[string]string{}
	for m := range r.all() {
		if m.Webhook || m.Author == r.account {
			all[m.ID] = fmt.Sprint(m.Text, m.Edited)
		}
		for emoji, by := range r.emoji[m.ID] {
			if slices.Contains(by, r.account) {
				all[m.ID+emoji] = emoji
			}
		}
	}
	return all
}

func (r *discordRecord) texts() map[string]string {
	return map[string]string{"the channel and its threads": strings.Join(r.everything, "\n")}
}

func (r *discordRecord) given(id string) []string {
	var all []string
	for emoji, by := range r.emoji[id] {
		if slices.Contains(by, r.account) {
			all = append(all, plainEmoji(emoji))
		}
	}
	slices.Sort(all)
	return all
}

func (r *discordRecord) clone() record {
	c := *r
	c.posted, c.everything, c.pings = slices.Clone(r.posted), slices.Clone(r.everything), slices.Clone(r.pings)
	c.threads, c.emoji = map[string][]discordtest.Message{}, map[string]map[string][]string{}
	for id, messages := range r.threads {
		c.threads[id] = slices.Clone(messages)
	}
	for id, emoji := range r.emoji {
		c.emoji[id] = maps.Clone(emoji)
	}
	return &c
}

func (r *discordRecord) faults(of int) []fault {
	var all []fault
	add := func(name, kind string, plant func(d *discordRecord, w *world) bool) {
		all = append(all, fault{name + " on Discord", kind, func(w *world, r *reading) bool { return plant(r.sides[of].(*discordRecord), w) }})
	}
	add("a mirror that was never sent", "lost", func(d *discordRecord, w *world) bool {
		m := d.mirror(w, of, anyone)
		return m != nil && d.replace(m.Channel, func(all *[]discordtest.Message, i int) bool { return cut(all, i) }, m.ID)
	})
	add("a mirror sent twice", "doubled", func(d *discordRecord, w *world) bool {
		m := d.mirror(w, of, anyone)
		return m != nil && d.replace(m.Channel, func(all *[]discordtest.Message, i int) bool {
			again := (*all)[i]
			again.ID += "0"
			*all = append(*all, again)
			return true
		}, m.ID)
	})
	add("a passage posted twice", "doubled", func(d *discordRecord, _ *world) bool {
		i := slices.IndexFunc(d.posted, func(m discordtest.Message) bool { return passageOf(m, d.account) == 3 })
		d.posted = append(d.posted, d.posted[i])
		return true
	})
	add("a passage that was not posted", "lost", func(d *discordRecord, _ *world) bool {
		return cut(&d.posted, slices.IndexFunc(d.posted, func(m discordtest.Message) bool { return passageOf(m, d.account) == 2 }))
	})
	add("two mirrors exchanged", "disorder", func(d *discordRecord, w *world) bool { return d.exchange(w, of) })
	add("an edit that did not arrive", "lost", func(d *discordRecord, w *world) bool {
		return d.spoil(w, of, func(m *discordtest.Message, s *said) bool {
			m.Text = strings.ReplaceAll(m.Text, s.word(s.version), s.word(s.version-1))
			return s.version > 0
		})
	})
	add("words of something deleted", "left", func(d *discordRecord, w *world) bool {
		d.everything = append(d.everything, w.goneWord())
		return true
	})
	add("a mirror in another thread", "strayed", func(d *discordRecord, w *world) bool {
		first := d.posted[slices.IndexFunc(d.posted, func(m discordtest.Message) bool { return passageOf(m, d.account) == 1 })]
		return d.spoil(w, of, func(m *discordtest.Message, s *said) bool { m.Channel = first.Thread; return s.passage != 1 })
	})
	add("an answer to something else", "strayed", func(d *discordRecord, w *world) bool {
		return d.spoil(w, of, func(m *discordtest.Message, s *said) bool {
			m.Text = header.ReplaceAllString(m.Text, "")
			return s.answers != nil && !s.answers.deleted
		})
	})
	add("words in another's mouth", "misnamed", func(d *discordRecord, w *world) bool {
		return d.spoil(w, of, func(m *discordtest.Message, _ *said) bool { m.Name = "Mallory"; return true })
	})
	add("a phone that rang", "misnamed", func(d *discordRecord, w *world) bool {
		m := d.mirror(w, of, anyone)
		d.pings = append(d.pings, discordtest.Ping{Message: m.ID, Who: "everyone"})
		return true
	})
	add("an emoji that did not arrive", "lost", func(d *discordRecord, w *world) bool { return d.emojiOff(w, of) })
	add("an emoji that was not taken off", "left", func(d *discordRecord, w *world) bool {
		m := d.mirror(w, of, anyone)
		d.emoji[m.ID]["🦄"] = []string{d.account}
		return true
	})
	return all
}

func anyone(*said) bool { return true }

// mirror finds the first mirror of something that stands and is such a one.
func (r *discordRecord) mirror(w *world, of int, such func(*said) bool) *discordtest.Message {
	for m := range r.all() {
		if token := tokenIn(m.Text); m.Webhook && w.livesElsewhere(token, of) && such(w.by(token)) {
			return m
		}
	}
	return nil
}

// replace changes the messages of a thread, told the place of one of them.
func (r *discordRecord) replace(thread string, change func(all *[]discordtest.Message, i int) bool, id string) bool {
	all := r.threads[thread]
	ok := change(&all, slices.IndexFunc(all, func(m discordtest.Message) bool { return m.ID == id }))
	r.threads[thread] = all
	return ok
}

// spoil changes the first mirror that bad agrees to.
func (r *discordRecord) spoil(w *world, of int, bad func(*discordtest.Message, *said) bool) bool {
	for m := range r.all() {
		token := tokenIn(m.Text)
		if spoilt := *m; m.Webhook && w.livesElsewhere(token, of) && bad(&spoilt, w.by(token)) {
			*m = spoilt
			return true
		}
	}
	return false
}

// exchange lets two mirrors of what one person said in one thread change places.
func (r *discordRecord) exchange(w *world, of int) bool {
	first := map[[3]int]*discordtest.Message{}
	for m := range r.all() {
		if !m.Webhook || !w.livesElsewhere(tokenIn(m.Text), of) {
			continue
		}
		s := w.by(tokenIn(m.Text))
		key := [3]int{s.room, s.by, s.passage}
		if o := first[key]; o != nil {
			*o, *m = *m, *o
			return true
		}
		first[key] = m
	}
	return false
}

// emojiOff takes the bot's first emoji off.
func (r *discordRecord) emojiOff(w *world, of int) bool {
	for m := range r.all() {
		s := w.by(tokenIn(m.Text))
		if s == nil || s.deleted || s.room != of {
			continue
		}
		for emoji, by := range r.emoji[m.ID] {
			if slices.Contains(by, r.account) {
				r.emoji[m.ID][emoji] = nil
				return true
			}
		}
	}
	return false
}
