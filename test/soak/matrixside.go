//go:build unix

package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"marginalia/internal/chat"
	"marginalia/test/matrixuser"
)

// matrixSide is a Matrix room with its people. What they know of it is what
// the live /sync of one of them has shown since the room was made.
type matrixSide struct {
	id  string
	bot string
	who []*matrixuser.User
	log *matrixuser.Log

	long     bool               // so much is said that each event is read back once only, with all others
	timeline []matrixuser.Event // as it was read back then

	mu     sync.Mutex
	taken  int                           // events of the log that are in what follows
	roots  map[int]string                // passages → their first events
	stands map[string][]matrixuser.Event // names → what people or the bot said under them, no edits
	gone   map[string]bool               // redacted
	given  map[matrixReaction][]string   // people's reactions
}

type matrixReaction struct{ by, on, emoji string }

func newMatrixSide(room, bot string, people []*matrixuser.User, log *matrixuser.Log) *matrixSide {
	return &matrixSide{
		id: room, bot: bot, who: people, log: log, roots: map[int]string{}, stands: map[string][]matrixuser.Event{},
		gone: map[string]bool{}, given: map[matrixReaction][]string{},
	}
}

func (m *matrixSide) room() chat.Room { return chat.Room{Platform: "matrix", ID: m.id} }
func (m *matrixSide) people() int     { return len(m.who) }

// follow takes in what the log shows by now. The caller holds mu.
func (m *matrixSide) follow() {
	all := m.log.Room(m.id)
	for _, e := range all[m.taken:] {
		kind, to := e.Relation()
		name, _ := tokenIn(e.Body())
		passage := passageIn(e.Body())
		switch {
		case e.Redaction() != "":
			m.gone[e.Redaction()] = true
		case e.Type == "m.reaction":
			key := matrixReaction{e.Sender, to, plain(emojiIn(e))}
			m.given[key] = append(m.given[key], e.ID)
		case e.Type != "m.room.message" || kind == "m.replace":
		case name != "":
			m.stands[name] = append(m.stands[name], e)
		case e.Sender == m.bot && kind == "" && passage > 0 && m.roots[passage] == "":
			m.roots[passage] = e.ID
			m.stands[passageName(passage)] = []matrixuser.Event{e}
		}
	}
	m.taken = len(all)
}

func emojiIn(e matrixuser.Event) string {
	r, _ := e.Content["m.relates_to"].(map[string]any)
	key, _ := r["key"].(string)
	return key
}

func (m *matrixSide) posts() map[int]bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.follow()
	all := map[int]bool{}
	for n := range m.roots {
		all[n] = true
	}
	return all
}

func (m *matrixSide) shows(name string) bool { return m.event(name) != "" }

// event is a message that shows what bears a name, "" if none stands.
func (m *matrixSide) event(name string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.follow()
	for _, e := range slices.Backward(m.stands[name]) {
		if !m.gone[e.ID] {
			return e.ID
		}
	}
	return ""
}

// say repeats a request without an answer only when it is not in the person's
// own sync after a while.
func (m *matrixSide) say(who int, r *remark) bool {
	m.mu.Lock()
	root := m.roots[r.passage]
	m.mu.Unlock()
	content := matrixuser.Text(r.words(0)+"A thought on this passage.", root)
	if r.answers != "" {
		if id := m.event(r.answers); id != "" {
			relates := content["m.relates_to"].(map[string]any)
			relates["is_falling_back"], relates["m.in_reply_to"] = false, map[string]any{"event_id": id}
		} else {
			r.answers = ""
		}
	}
	u := m.who[who]
	return m.once(func(ctx context.Context) error {
		id, err := u.Send(ctx, m.id, "m.room.message", content)
		if err == nil {
			r.ids = append(r.ids, id)
		}
		return err
	}, func(e matrixuser.Event) bool { return m.carries(e, *r) })
}

// carries reports whether e is a message, not an edit, that a person said r with.
func (m *matrixSide) carries(e matrixuser.Event, r remark) bool {
	kind, _ := e.Relation()
	return e.Sender == m.who[r.by].ID && e.Type == "m.room.message" && kind != "m.replace" && strings.HasPrefix(e.Body(), r.token+" ")
}

// once does what must not be done twice until it is answered or seen. What is
// begun is ended, whatever becomes of the homeserver meanwhile.
func (m *matrixSide) once(deed func(context.Context) error, seen func(matrixuser.Event) bool) bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for ctx.Err() == nil {
		if deed(ctx) == nil {
			return true
		}
		if m.log.Wait(within(ctx, 3*time.Second), m.id, func(all []matrixuser.Event) bool {
			return slices.ContainsFunc(all, seen)
		}) == nil {
			return true
		}
	}
	return false
}

// insist repeats a deed that may be done twice until it is answered.
func insist(deed func(context.Context) error) bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for ctx.Err() == nil {
		if deed(ctx) == nil {
			return true
		}
		<-within(ctx, 200*time.Millisecond).Done()
	}
	return false
}

func (m *matrixSide) edit(who int, r *remark, words string) bool {
	return len(r.ids) > 0 && insist(func(ctx context.Context) error {
		_, err := m.who[who].Send(ctx, m.id, "m.room.message", matrixuser.EditOf(r.ids[0], words))
		return err
	})
}

func (m *matrixSide) remove(who int, r *remark) bool {
	return len(r.ids) > 0 && insist(func(ctx context.Context) error {
		return m.who[who].Redact(ctx, m.id, r.ids[0])
	})
}

func (m *matrixSide) react(who int, name, emoji string) bool {
	on := m.event(name)
	if on == "" {
		return false
	}
	u := m.who[who]
	content := map[string]any{"m.relates_to": map[string]any{"rel_type": "m.annotation", "event_id": on, "key": emoji}}
	return m.once(func(ctx context.Context) error {
		_, err := u.Send(ctx, m.id, "m.reaction", content)
		return err
	}, func(e matrixuser.Event) bool {
		_, to := e.Relation()
		return e.Type == "m.reaction" && e.Sender == u.ID && to == on && emojiIn(e) == emoji && !m.isGone(e.ID)
	})
}

func (m *matrixSide) isGone(id string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.follow()
	return m.gone[id]
}

// unreact redacts the person's reaction, once their sync has shown it. A server
// that was killed may never show it: then nothing is taken back.
func (m *matrixSide) unreact(who int, name, emoji string) bool {
	on := m.event(name)
	if on == "" {
		return false
	}
	ids := m.reactions(m.who[who].ID, on, emoji)
	for _, id := range ids {
		if !insist(func(ctx context.Context) error { return m.who[who].Redact(ctx, m.id, id) }) {
			return false
		}
	}
	return len(ids) > 0
}

// reactions waits for someone's reaction of a kind and returns its events.
func (m *matrixSide) reactions(by, on, emoji string) []string {
	var all []string
	_ = m.log.Wait(within(context.Background(), 10*time.Second), m.id, func([]matrixuser.Event) bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.follow()
		all = slices.DeleteFunc(slices.Clone(m.given[matrixReaction{by, on, emoji}]), func(id string) bool { return m.gone[id] })
		return len(all) > 0
	})
	return all
}

func (m *matrixSide) complete(ctx context.Context) (int, error) {
	if !m.long {
		return m.log.Complete(ctx, m.who[0], m.id)
	}
	var err error
	if m.timeline, err = m.who[0].Messages(ctx, m.id); err != nil {
		return 0, err
	}
	return m.log.Add(m.id, m.timeline), nil
}

// said are the events that the homeserver answered with, and those that the
// live sync has shown: a server that is killed may answer and never show, or
// show and never answer.
func (m *matrixSide) said(r remark) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.follow()
	ids := slices.Clone(r.ids)
	for _, e := range m.stands[r.token] {
		if m.carries(e, r) && !slices.Contains(ids, e.ID) {
			ids = append(ids, e.ID)
		}
	}
	return ids
}

// read takes the order from the live sync, and asks the homeserver for each
// event of the bot's whether it still holds anything.
func (m *matrixSide) read(ctx context.Context) (shown, error) {
	s := shown{at: m.room()}
	if gaps := m.log.Gaps(); gaps > 0 {
		return s, fmt.Errorf("the live sync of %s has %d gaps", m.id, gaps)
	}
	events := m.log.Room(m.id)
	hollow, err := m.hollow(ctx, slices.Clone(events))
	if err != nil {
		return s, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.follow()
	passages := map[string]int{}
	for n, id := range m.roots {
		passages[id] = n
	}
	emojis := map[string][]string{}
	for _, e := range events {
		if _, to := e.Relation(); e.Type == "m.reaction" && e.Sender == m.bot && !hollow[e.ID] {
			emojis[to] = append(emojis[to], plain(emojiIn(e)))
		}
	}
	for _, e := range events {
		if l, ok := m.line(e, passages); ok && !hollow[e.ID] {
			l.emojis = emojis[e.ID]
			s.lines = append(s.lines, l)
		}
	}
	return s, nil
}

// line is a message of the log as a line, without its emojis; false if it is none.
func (m *matrixSide) line(e matrixuser.Event, passages map[string]int) (line, bool) {
	if e.Type != "m.room.message" {
		return line{}, false
	}
	kind, to := e.Relation()
	l := line{id: e.ID, own: e.Sender != m.bot, astray: e.Untold, edit: kind == "m.replace", passage: passages[to]}
	words := e.Body()
	if edit := e.NewBody(); edit != "" {
		words = edit
	}
	if l.name, l.version = tokenIn(words); l.name == "" && kind == "" && passages[e.ID] > 0 {
		l.name = passageName(passages[e.ID])
	}
	return l, l.name != "" && !(l.own && l.edit)
}

// hollow are those of the bot's events that hold nothing on the server now.
func (m *matrixSide) hollow(ctx context.Context, events []matrixuser.Event) (map[string]bool, error) {
	hollow := map[string]bool{}
	for _, e := range m.timeline {
		hollow[e.ID] = holdsNothing(e)
	}
	events = slices.DeleteFunc(events, func(e matrixuser.Event) bool {
		_, read := hollow[e.ID] // Dendrite's pages leave out events between them
		return read || e.Sender != m.bot || e.Type != "m.room.message" && e.Type != "m.reaction"
	})
	var mu sync.Mutex
	var all sync.WaitGroup
	var fault error
	turns := make(chan struct{}, 8)
	for _, e := range events {
		turns <- struct{}{}
		all.Go(func() {
			defer func() { <-turns }()
			now, err := m.who[0].Event(ctx, m.id, e.ID)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				fault = fmt.Errorf("read %s: %w", e.ID, err)
			}
			hollow[e.ID] = holdsNothing(now)
		})
	}
	all.Wait()
	return hollow, fault
}

func holdsNothing(e matrixuser.Event) bool {
	return e.Body() == "" && e.NewBody() == "" && emojiIn(e) == ""
}
