//go:build unix

package acceptance

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"

	"marginalia/internal/chat"
	"marginalia/test/wait"
)

// lobbySide is the bot's own room, the first one on the reader page.
type lobbySide struct {
	ctx   context.Context
	names []string

	mu     sync.Mutex
	guests []*visitor // once the bot runs
	looked []thread   // what was seen when somebody looked last
}

func (s *lobbySide) name() string     { return "lobby" }
func (s *lobbySide) room() chat.Room  { return chat.Room{Platform: "local", ID: "lobby"} }
func (s *lobbySide) people() []string { return s.names }

func (s *lobbySide) config() (network, room string) {
	return "", "[[rooms]]\nname = \"lobby\"\nplatform = \"local\"\n"
}

func (s *lobbySide) opened(site, text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range s.guests {
		v.site = site
	}
	for _, name := range s.names[len(s.guests):] {
		v, err := visit(s.ctx, site, text, name)
		if err != nil {
			return err
		}
		s.guests = append(s.guests, v)
	}
	return nil
}

// guest is one of the people, with the page open.
func (s *lobbySide) guest(by int) *visitor {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.guests[by]
}

// threads looks at the page.
func (s *lobbySide) threads() ([]thread, error) {
	all, err := s.guest(0).threads(s.ctx, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looked = all
	return all, err
}

// seen is what stood there when somebody looked last.
func (s *lobbySide) seen() []thread {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.looked
}

func (s *lobbySide) passages() ([]int, error) {
	threads, err := s.threads()
	var seqs []int
	for _, th := range threads {
		seqs = append(seqs, th.seq)
	}
	return seqs, err
}

func (s *lobbySide) shown(token string) (string, error) {
	for _, m := range messagesOf(s.seen()) {
		if m.mirrored && tokenIn(m.words) == token {
			return m.annotation, nil
		}
	}
	return "", nil
}

// say fills in the room's form and finds on the page what became of it.
func (s *lobbySide) say(by int, u utterance, _ *rand.Rand) (annotation string, err error) {
	threads := s.seen()
	i := slices.IndexFunc(threads, func(th thread) bool { return th.seq == u.passage })
	if i < 0 {
		return "", fmt.Errorf("passage %d is not in the lobby", u.passage)
	}
	if err := s.guest(by).say(s.ctx, 1, threads[i].passage, u.answers, u.words); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(s.ctx, verbTime)
	defer cancel()
	err = wait.For(ctx, func(ctx context.Context) error {
		threads, err := s.guest(by).threads(ctx, 1)
		for _, m := range messagesOf(threads) {
			if m.own && tokenIn(m.words) == tokenIn(u.words) {
				annotation = m.annotation
				return nil
			}
		}
		return errors.Join(err, fmt.Errorf("the page does not show %s", tokenIn(u.words)))
	})
	return annotation, err
}

func (s *lobbySide) edit(by int, id, words string) error {
	return s.guest(by).edit(s.ctx, 1, id, words)
}

func (s *lobbySide) remove(by int, id string) error { return s.guest(by).remove(s.ctx, 1, id) }

// react presses the button of an emoji, which also takes it off.
func (s *lobbySide) react(by int, id, emoji string, _ bool) error {
	err := s.guest(by).react(s.ctx, 1, id, emoji)
	if err != nil && strings.Contains(err.Error(), "404") {
		return errGone
	}
	return err
}

// ask tells the command under the first passage.
func (s *lobbySide) ask(by int, command, words string) error {
	threads, err := s.threads()
	if err != nil {
		return err
	}
	if err := s.guest(by).say(s.ctx, 1, threads[0].passage, "", command); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(s.ctx, verbTime)
	defer cancel()
	return wait.For(ctx, func(ctx context.Context) error {
		page, err := s.guest(by).page(ctx)
		if !strings.Contains(string(page), words) {
			return errors.Join(err, fmt.Errorf("%s in the lobby is not answered with %q", command, words))
		}
		return err
	})
}

func (s *lobbySide) read() (record, error) {
	threads, err := s.threads()
	if err != nil {
		return nil, err
	}
	page, err := s.guest(0).page(s.ctx)
	return &lobbyRecord{threads: threads, page: string(page)}, err
}

// lobbyRecord is the room as the page shows it.
type lobbyRecord struct {
	threads []thread
	page    string
}

func (r *lobbyRecord) posts() []int {
	var seqs []int
	for _, th := range r.threads {
		seqs = append(seqs, th.seq)
	}
	return seqs
}

func (r *lobbyRecord) mirrors() map[string][]mirrored {
	all := map[string][]mirrored{}
	at := 0
	for _, th := range r.threads {
		for _, m := range th.messages {
			at++
			if token := tokenIn(m.words); token != "" && m.mirrored {
				all[token] = append(all[token], mirrored{id: m.annotation, at: at, passage: th.seq, answers: strings.TrimPrefix(m.to, "to "), toName: true, who: m.who, words: m.words})
			}
		}
	}
	return all
}

func (r *lobbyRecord) own() []spoken {
	var all []spoken
	for _, m := range messagesOf(r.threads) {
		if !m.mirrored {
			all = append(all, spoken{m.annotation, tokenIn(m.words)})
		}
	}
	return all
}

func (r *lobbyRecord) bot() map[string]string {
	all := map[string]string{}
	for _, th := range r.threads {
		all[th.passage] = th.words
		for _, m := range th.messages {
			if m.mirrored {
				all[m.annotation] = m.words
			}
		}
	}
	return all
}

func (r *lobbyRecord) texts() map[string]string { return map[string]string{"the page": r.page} }

// given are the emoji that more people hold than those whose page it is.
func (r *lobbyRecord) given(id string) []string {
	var all []string
	for _, m := range messagesOf(r.threads) {
		for _, e := range m.emoji {
			if m.annotation == id && e.count > e.mine {
				all = append(all, e.emoji)
			}
		}
	}
	slices.Sort(all)
	return all
}

func (r *lobbyRecord) clone() record {
	c := &lobbyRecord{page: r.page, threads: slices.Clone(r.threads)}
	for i := range c.threads {
		c.threads[i].messages = slices.Clone(c.threads[i].messages)
	}
	return c
}

func messagesOf(threads []thread) (all []message) {
	for _, th := range threads {
		all = append(all, th.messages...)
	}
	return all
}

func (r *lobbyRecord) faults(of int) []fault {
	var all []fault
	add := func(name, kind string, plant func(l *lobbyRecord, w *world) bool) {
		all = append(all, fault{name, kind, func(w *world, r *reading) bool { return plant(r.sides[of].(*lobbyRecord), w) }})
	}
	add("a passage that was not posted on the page", "lost", func(l *lobbyRecord, _ *world) bool { return cut(&l.threads, len(l.threads)-1) })
	add("a mirror missing on the page", "lost", func(l *lobbyRecord, _ *world) bool {
		return cut(&l.threads[0].messages, slices.IndexFunc(l.threads[0].messages, func(m message) bool { return m.mirrored }))
	})
	add("a message twice on the page", "doubled", func(l *lobbyRecord, _ *world) bool {
		l.threads[0].messages = append(l.threads[0].messages, l.threads[0].messages[0])
		return true
	})
	add("the page in another order", "disorder", func(l *lobbyRecord, _ *world) bool {
		slices.Reverse(l.threads[0].messages)
		return len(l.threads[0].messages) > 3
	})
	add("somebody's own name on the page", "misnamed", func(l *lobbyRecord, w *world) bool {
		return l.spoil(func(m *message) bool { m.who = w.sides[0].people()[0]; return m.mirrored })
	})
	add("an emoji that did not arrive on the page", "lost", func(l *lobbyRecord, _ *world) bool {
		return l.spoil(func(m *message) bool {
			i := slices.IndexFunc(m.emoji, func(e tally) bool { return e.count > e.mine })
			return cut(&m.emoji, i)
		})
	})
	add("words of something deleted on the page", "left", func(l *lobbyRecord, w *world) bool { l.page += w.goneWord(); return true })
	return all
}

// spoil changes the first message that bad agrees to.
func (r *lobbyRecord) spoil(bad func(*message) bool) bool {
	for i := range r.threads {
		for j := range r.threads[i].messages {
			if m := r.threads[i].messages[j]; bad(&m) {
				r.threads[i].messages[j] = m
				return true
			}
		}
	}
	return false
}
