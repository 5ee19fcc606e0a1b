package discord

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"marginalia/internal/chat"
)

// listener is one Run.
type listener struct {
	*Platform
	handle func(context.Context, chat.Batch) error
	asked  func(heard)
	calls  calls // that were promised an answer
	line   *line // that is open now

	rooms   map[chat.Room]bool
	trails  map[chat.Place]*trail // how far places were read; nil: from now on
	gaps    map[chat.Place]*gap   // places that were not read up to now
	servers map[string]server     // that the gateway named

	backlog []heard      // what the gateway sent, not yet looked at
	pending []chat.Event // what was not told yet

	session session
	heard   string              // the newest id that was heard of
	whole   bool                // where there is no gap, and what is missed aside, the session stands for all places
	arrival time.Time           // of a session that is not whole: until when servers are waited for; zero: it has not begun
	touched map[chat.Place]bool // places whose cursors are to be recorded

	sight sight
	back  lookback
	edits recent[string, time.Time] // messages → the edits of them that this Run told
}

func (p *Platform) listener(since map[chat.Place]chat.Cursor, handle func(context.Context, chat.Batch) error) (*listener, error) {
	a := readAccount(since[chat.Place{}])
	l := &listener{
		Platform: p, handle: handle, rooms: map[chat.Room]bool{}, trails: map[chat.Place]*trail{},
		gaps: map[chat.Place]*gap{}, servers: map[string]server{}, session: a.session, heard: a.Heard, whole: a.ID != "", sight: newSight(), back: lookback{after: a.Back},
		calls: calls{wake: make(chan struct{}, 1)}, touched: map[chat.Place]bool{}, edits: newRecent[string, time.Time](8192),
	}
	for place, cursor := range since {
		if place == (chat.Place{}) {
			continue
		}
		if place.Thread == "" {
			l.rooms[place.Room] = true
		}
		if cursor == "" {
			l.trails[place] = nil
			continue
		}
		t, err := readTrail(cursor)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", place.Room, err)
		}
		l.trails[place] = &t
	}
	for id, heard := range a.Missed {
		if r := room(id); l.rooms[r] {
			l.sight.rooms[r] = view{missed: true, since: heard}
		}
	}
	for place, t := range l.trails { // how much of them was looked at is not known
		if t != nil && l.sight.rooms[place.Room].missed {
			l.back.begun(place, t.newest)
		}
	}
	l.back.sort()
	return l, nil
}

// take handles what the gateway sent so far, in its order. It may be called
// while it is at work, by what takes long: then it goes on from there.
func (l *listener) take(ctx context.Context) error {
	for {
		l.backlog = append(l.backlog, l.line.queue.take()...)
		l.pending = append(l.pending, l.calls.take()...)
		if len(l.backlog) == 0 {
			return l.report(ctx)
		}
		h := l.backlog[0]
		l.backlog = l.backlog[1:]
		if err := l.takeOne(ctx, h); err != nil {
			return err
		}
		if len(l.pending) >= mostEvents {
			if err := l.report(ctx); err != nil {
				return err
			}
		}
	}
}

// mostEvents of a batch.
const mostEvents = 100

// takeOne handles one event. What belongs to a place with a gap waits behind
// it.
func (l *listener) takeOne(ctx context.Context, h heard) error {
	if h.seq > 0 {
		l.session.Seq = h.seq
	}
	if h.kind == "READY" || h.kind == "RESUMED" {
		return l.begins(ctx, h)
	}
	w, ours, err := l.whereOf(ctx, h)
	if err != nil {
		return err
	}
	if ours {
		if err := l.hearsOf(ctx, w.place.Room); err != nil {
			return err
		}
	}
	if gap := l.gaps[w.place]; gap != nil && ours {
		l.waitsBehind(gap, h)
		return nil
	}
	events, err := l.decoded(ctx, h, w, ours)
	l.pending = append(l.pending, events...)
	return err
}

// report hands on what there is to tell, once the session is whole.
func (l *listener) report(ctx context.Context) error {
	if !l.whole || len(l.pending) == 0 && len(l.touched) == 0 {
		return nil
	}
	return l.tell(ctx)
}

// tell hands on what there is to tell, if anything, with how far has been read.
func (l *listener) tell(ctx context.Context) error {
	since := map[chat.Place]chat.Cursor{}
	for place := range l.touched {
		if t := l.trails[place]; t != nil {
			since[place] = t.cursor()
		}
	}
	if l.whole && len(l.gaps) == 0 {
		since[chat.Place{}] = account{l.session, l.heard, l.mark(), l.sight.missing()}.cursor()
	}
	b := chat.Batch{Events: l.pending, Since: since}
	l.pending = nil
	clear(l.touched)
	return l.handle(ctx, b)
}

// trail is how far a place was read; from now on if it is a new one.
func (l *listener) trail(place chat.Place) *trail {
	l.touched[place] = true
	t := l.trails[place]
	if t == nil {
		t = &trail{}
		l.trails[place] = t
	}
	return t
}

// touches changes how far a place was read, if it was read at all: that something
// happened to what was said there does not mean that it was.
func (l *listener) touches(place chat.Place, change func(*trail)) {
	if t := l.trails[place]; t != nil {
		change(t)
		l.touched[place] = true
	}
}

// whereOf tells in which of the rooms, or their threads, an event happened.
func (l *listener) whereOf(ctx context.Context, h heard) (where, bool, error) {
	var e struct {
		Channel string `json:"channel_id"`
	}
	if !inPlace[h.kind] || json.Unmarshal(h.data, &e) != nil || !isID(e.Channel) {
		return where{}, false, nil
	}
	w, ours, err := l.heardIn(ctx, e.Channel)
	if err != nil {
		return where{}, false, fmt.Errorf("look up channel %s: %w", e.Channel, err)
	}
	if r := room(e.Channel); !ours && l.rooms[r] { // Discord does not let it be looked up, and tells of it all the same
		return where{place: chat.Place{Room: r}}, true, nil
	}
	return w, ours && l.rooms[w.place.Room], nil
}

// inPlace are the events that happen in a place.
var inPlace = map[string]bool{
	"MESSAGE_CREATE": true, "MESSAGE_UPDATE": true, "MESSAGE_DELETE": true, "MESSAGE_DELETE_BULK": true,
	"MESSAGE_REACTION_ADD": true, "MESSAGE_REACTION_REMOVE": true,
	"MESSAGE_REACTION_REMOVE_ALL": true, "MESSAGE_REACTION_REMOVE_EMOJI": true,
}

// decoded is what an event means. One that breaks the bot is the event's fault:
// it means nothing.
func (l *listener) decoded(ctx context.Context, h heard, w where, ours bool) (events []chat.Event, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			l.c.Log.Error("an event of Discord's breaks the bot", "kind", h.kind, "error", l.redact(fmt.Sprint(broken)))
			events, err = nil, nil
		}
	}()
	if inPlace[h.kind] {
		if !ours {
			return nil, nil
		}
		return l.happened(ctx, h, w)
	}
	return l.around(ctx, h)
}

// begins handles the first event of a connection: a session is begun or taken
// up again.
func (l *listener) begins(ctx context.Context, h heard) error {
	if h.kind == "RESUMED" {
		return l.resumed(ctx)
	}
	var ready struct {
		User        user   `json:"user"`
		Session     string `json:"session_id"`
		URL         string `json:"resume_gateway_url"`
		Application struct {
			ID string `json:"id"`
		} `json:"application"`
		Guilds []struct {
			ID string `json:"id"`
		} `json:"guilds"`
	}
	if err := json.Unmarshal(h.data, &ready); err != nil || !isID(ready.User.ID) {
		return &over{end: end{anew: true, reason: "the gateway does not say who the bot is"}}
	}
	l.identified(identity{user: ready.User.ID, application: ready.Application.ID})
	l.session = session{ID: ready.Session, Seq: h.seq, URL: ready.URL}
	var named []string
	for _, g := range ready.Guilds {
		if isID(g.ID) {
			named = append(named, g.ID)
		}
	}
	l.takeUp()
	l.anew(named)
	return nil
}

// waited asks again as long as Discord wishes to be asked later, and a few
// times if it is in trouble.
func (p *Platform) waited(ctx context.Context, do func() error) error {
	for tries := 0; ; {
		err := do()
		wait, ok := waitOf(err)
		if !ok && (err == nil || tries >= 3 || !passes(err)) {
			return err
		}
		if !ok {
			wait = time.Second << tries
			tries++
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// calls holds what people told the bot until Run takes it.
type calls struct {
	mu   sync.Mutex
	all  []chat.Event
	wake chan struct{} // holds a token if something came
}

func (c *calls) put(e chat.Event) {
	c.mu.Lock()
	c.all = append(c.all, e)
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *calls) take() []chat.Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.all
	c.all = nil
	return all
}
