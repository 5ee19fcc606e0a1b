package chattest

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"sync"
	"time"

	"marginalia/internal/chat"
)

// Platform is the bot on a [Network]: a chat.Platform, chat.Reader and
// chat.Commander. It lives as long as the process that it stands for.
type Platform struct {
	net     *Network
	account string

	mu    sync.Mutex
	holds map[any]hold // who was told to wait: an account (""), a room, a key
}

// hold is a time in which nothing should be asked.
type hold struct{ from, until time.Time }

// batchSize is how many events the network tells at once.
const batchSize = 50

// Profile implements chat.Platform.
func (p *Platform) Profile() chat.Profile {
	o := p.net.o
	return chat.Profile{
		Name: o.Name, Threads: o.Threads, Names: o.Names, Reactions: !o.NoReacting,
		Link: p.net.link, Fits: p.net.fits, Dialect: o.Dialect,
		Files: max(0, o.Largest),
	}
}

// Register implements chat.Commander.
func (p *Platform) Register(ctx context.Context, all []chat.Command) error {
	p.net.mu.Lock()
	defer p.net.mu.Unlock()
	if err := p.net.away(); err != nil {
		return fmt.Errorf("register commands: %w", err)
	}
	p.net.commands = slices.Clone(all)
	return nil
}

// Run implements chat.Platform.
func (p *Platform) Run(ctx context.Context, since map[chat.Place]chat.Cursor, handle func(context.Context, chat.Batch) error) error {
	r, err := p.net.connect(ctx, p.account, since)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	for batch := r.first; ; {
		if err := handle(ctx, batch); err != nil {
			return err
		}
		if batch, err = r.next(ctx); err != nil {
			return fmt.Errorf("listen: %w", err)
		}
	}
}

// listener is one Run.
type listener struct {
	net     *Network
	account string
	from    map[chat.Room]int // the first event of each room that is told
	at      int               // the next one
	outages int
	first   chat.Batch // no events: where "from now on" is
}

// connect waits until the network can be reached.
func (n *Network) connect(ctx context.Context, account string, since map[chat.Place]chat.Cursor) (*listener, error) {
	for {
		n.mu.Lock()
		down, moved := n.faults.down, n.moved
		if !down {
			defer n.mu.Unlock()
			return n.listen(account, since)
		}
		n.mu.Unlock()
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-moved:
		}
	}
}

func (n *Network) listen(account string, since map[chat.Place]chat.Cursor) (*listener, error) {
	if n.faults.revoked {
		return nil, chat.ErrAuth
	}
	r := &listener{net: n, account: account, from: map[chat.Room]int{}, at: len(n.log), outages: n.faults.outages}
	for place, c := range since {
		at := len(n.log)
		if c != "" {
			var err error
			if at, err = strconv.Atoi(string(c)); err != nil || at < 0 || at > len(n.log) {
				return nil, fmt.Errorf("%q is no cursor of this network", c)
			}
		}
		switch {
		case place == chat.Place{}:
			r.at = at
		case place.Thread == "":
			r.from[place.Room] = at
		}
	}
	r.first = r.batch(nil)
	for room := range r.from {
		r.first.Since[chat.Place{Room: room}] = cursor(r.from[room])
	}
	return r, nil
}

func cursor(i int) chat.Cursor { return chat.Cursor(strconv.Itoa(i)) }

func (r *listener) batch(events []chat.Event) chat.Batch {
	return chat.Batch{Events: events, Since: map[chat.Place]chat.Cursor{{}: cursor(r.at)}}
}

// next waits for events.
func (r *listener) next(ctx context.Context) (chat.Batch, error) {
	for {
		if err := ctx.Err(); err != nil {
			return chat.Batch{}, err
		}
		batch, moved, err := r.news()
		if err != nil || len(batch.Events) > 0 {
			return batch, err
		}
		select {
		case <-ctx.Done():
		case <-moved:
		}
	}
}

func (r *listener) news() (chat.Batch, <-chan struct{}, error) {
	n := r.net
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.faults.outages != r.outages {
		return chat.Batch{}, nil, chat.ErrUnreached
	}
	if n.faults.revoked {
		return chat.Batch{}, nil, chat.ErrAuth
	}
	var events []chat.Event
	before := r.at
	for ; r.at < len(n.log) && len(events) < batchSize; r.at++ {
		events = r.tell(events, r.at)
	}
	if len(events) == 0 {
		return chat.Batch{}, n.moved, nil
	}
	var again []chat.Event
	for i := max(0, before-n.faults.repeat); i < before; i++ {
		again = r.tell(again, i)
	}
	return r.batch(append(again, events...)), n.moved, nil
}

// tell appends event i of the log as this account hears it, if it does.
func (r *listener) tell(events []chat.Event, i int) []chat.Event {
	e := r.net.log[i]
	from, listens := r.from[e.event.Message.Ref.Place.Room]
	if !listens || i < from || e.of != nil && e.of.words[e.version].gone {
		return events
	}
	if e.account != r.account {
		e.event.Key = ""
		return append(events, e.event)
	}
	if e.event.Kind != chat.Said || e.event.Key == "" || r.net.o.NoEcho {
		return events
	}
	e.event.Kind = chat.Echoed
	return append(events, e.event)
}

// History implements chat.Reader.
func (p *Platform) History(ctx context.Context, place chat.Place, after chat.Cursor) iter.Seq2[chat.Event, error] {
	return func(yield func(chat.Event, error) bool) {
		events, err := p.net.history(place, after)
		if err != nil {
			yield(chat.Event{}, fmt.Errorf("read %s: %w", place.Room, err))
			return
		}
		for _, e := range events {
			if err := ctx.Err(); err != nil {
				yield(chat.Event{}, err)
				return
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

func (n *Network) history(place chat.Place, after chat.Cursor) ([]chat.Event, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	from := 0
	if after != "" {
		var err error
		if from, err = strconv.Atoi(string(after)); err != nil {
			return nil, fmt.Errorf("%q is no cursor of this network", after)
		}
	}
	r := n.rooms[place.Room]
	if err := n.away(); err != nil {
		return nil, err
	}
	if r == nil || r.closed {
		return nil, chat.ErrForbidden
	}
	var events []chat.Event
	for _, m := range r.places[place.Thread] {
		if m.deleted || m.index < from {
			continue
		}
		said := chat.Event{Kind: chat.Said, Message: m.shown(), By: m.from, At: m.words[0].at}
		if last := m.words[len(m.words)-1]; len(m.words) > 1 {
			said.Revised = last.at
		}
		events = append(events, said)
		for _, e := range m.emoji {
			events = append(events, chat.Event{
				Kind: chat.Reacted, Message: chat.Message{Ref: m.ref()}, By: e.by, Emoji: e.emoji, Own: e.id, At: e.at,
			})
		}
	}
	return events, nil
}
