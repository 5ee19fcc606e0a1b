package matrix

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"time"

	"marginalia/internal/chat"
)

const (
	poll       = 45 * time.Second       // how long the server may hold an answer back; proxies give up after 60
	firstPause = 200 * time.Millisecond // after a sync that went wrong
	lastPause  = 30 * time.Second
	manyRooms  = 20 // are too many for an address
)

// listener is one Run.
type listener struct {
	*Platform
	handle  func(context.Context, chat.Batch) error
	token   string                     // up to where the account was read
	since   map[chat.Place]chat.Cursor // of the rooms; "" until the room was heard
	joined  map[string]bool            // the rooms that the account is in, as far as it was told; nil at first
	starts  map[string]start           // of the rooms that are heard for the first time
	moves   map[string]*move           // rooms that were replaced by one that the account is not in yet
	unasked map[string]time.Time       // rooms that are yet to say whether they were replaced, and when they are asked
	told    recent[string, bool]       // events that handle has got; servers repeat them where answers meet
	now     []string                   // the events of the answer that is being handled
	fresh   bool                       // the server has not answered since the beginning or the last trouble
}

// handleError is an error of the handle that Run was given.
type handleError struct{ error }

// Run reports what happens in the rooms that since names, until ctx is done or
// handle fails. A room with the cursor "" is heard from now on. While the
// server does not answer, Run asks again; it ends by itself only if the
// account is not accepted or the server cannot find the account's cursor.
func (p *Platform) Run(ctx context.Context, since map[chat.Place]chat.Cursor, handle func(context.Context, chat.Batch) error) error {
	defer p.client.Client.CloseIdleConnections()
	l := &listener{
		Platform: p, handle: handle, fresh: true, told: newRecent[string, bool](8192),
		token: string(since[chat.Place{}]), since: map[chat.Place]chat.Cursor{},
		starts: map[string]start{}, moves: map[string]*move{}, unasked: map[string]time.Time{},
	}
	for place, cursor := range since {
		if place.Room.Platform == network && place.Thread == "" {
			l.since[place] = cursor
			if cursor == "" {
				l.begin(place.Room.ID, time.Now())
			}
		}
	}
	for pause := firstPause; ; {
		err := l.round(ctx)
		var refused handleError
		switch {
		case errors.As(err, &refused):
			return refused.error
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil:
			pause = firstPause
			continue
		case errors.Is(err, chat.ErrAuth), errors.Is(err, errCursor):
			return fmt.Errorf("listen to matrix: %w", err)
		}
		p.c.Log.Warn("matrix is not heard", "error", err, "pause", pause)
		if l.fresh = true; !rest(ctx, err, pause) {
			return ctx.Err()
		}
		pause = min(2*pause, lastPause)
	}
}

// rest waits after err: as long as the server asks, or between one and one and
// a half pauses. It reports whether ctx still lives.
func rest(ctx context.Context, err error, pause time.Duration) bool {
	pause += rand.N(pause / 2)
	var asked chat.RetryAfter
	if errors.As(err, &asked) {
		pause = asked.Wait
	}
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// round asks the server once what is new and hands it on.
func (l *listener) round(ctx context.Context) error {
	if l.joined == nil {
		if err := l.enter(ctx); err != nil {
			return err
		}
	}
	answer, err := l.sync(ctx)
	if err != nil {
		return err
	}
	batch, err := l.batch(ctx, answer)
	if err != nil {
		return err
	}
	if l.fresh || len(batch.Events) > 0 || answer.Next != l.token {
		if err := l.handle(ctx, batch); err != nil {
			return handleError{err}
		}
	}
	l.heard(ctx, answer, batch)
	return l.follow(ctx)
}

// heard takes note of an answer that was handled.
func (l *listener) heard(ctx context.Context, a answer, b chat.Batch) {
	l.token, l.fresh = a.Next, false
	for _, id := range l.now {
		l.told.put(id, true)
	}
	for place, cursor := range b.Since {
		if place != (chat.Place{}) {
			l.since[place] = cursor
		}
	}
	for room := range a.Rooms.Leave {
		if _, listened := l.since[mainOf(room)]; listened && l.joined[room] {
			l.c.Log.Warn("the account is no longer in a room that it is to listen to", "room", room)
		}
		delete(l.joined, room)
	}
	for room := range a.Rooms.Join {
		if _, listened := l.since[mainOf(room)]; listened && !l.joined[room] {
			l.unasked[room] = time.Time{}
		}
		l.joined[room] = true
	}
	for room := range a.Rooms.Invite {
		if _, listened := l.since[mainOf(room)]; listened {
			l.join(ctx, room)
		}
		l.invited(room)
	}
}

// mainOf is the main timeline of a room.
func mainOf(room string) chat.Place {
	return chat.Place{Room: chat.Room{Platform: network, ID: room}}
}

// enter finds out who the account is and joins the rooms that it is not in.
func (l *listener) enter(ctx context.Context) error {
	if err := l.identify(ctx); err != nil {
		return err
	}
	var answer struct {
		Rooms []string `json:"joined_rooms"`
	}
	if err := l.get(ctx, l.address("v3", "joined_rooms"), &answer); err != nil {
		return fmt.Errorf("ask for the account's rooms: %w", err)
	}
	l.joined = map[string]bool{}
	for _, room := range answer.Rooms {
		l.joined[room] = true
	}
	for place := range l.since {
		if room := place.Room.ID; !l.joined[room] {
			l.join(ctx, room)
		} else if room != "" {
			l.unasked[room] = time.Time{}
		}
	}
	return nil
}

// join enters a room that the account was invited to, or that is open. The
// room's next answer begins with it.
func (l *listener) join(ctx context.Context, room string) {
	err := l.call(ctx, l.c.Timeout, http.MethodPost, l.address("v3", "join", room), struct{}{}, nil)
	if err != nil {
		l.c.Log.Warn("the account is not in a room that it is to listen to", "room", room, "error", err)
		return
	}
	l.c.Log.Info("joined a room", "room", room)
}

// answer is what /sync says, as far as it matters here. Events stay as they
// are: one that is malformed must not spoil the others.
type answer struct {
	Next  string `json:"next_batch"`
	Rooms struct {
		Join   map[string]roomNews        `json:"join"`
		Invite map[string]json.RawMessage `json:"invite"`
		Leave  map[string]json.RawMessage `json:"leave"`
	} `json:"rooms"`
}

type roomNews struct {
	State    struct{ Events []json.RawMessage } `json:"state"`
	Timeline struct {
		Events  []json.RawMessage `json:"events"`
		Limited bool              `json:"limited"`
		Prev    string            `json:"prev_batch"`
	} `json:"timeline"`
}

// sync asks what is new. The first answer after a silence comes at once. An
// answer that leaves out events of a room is asked for again with room for
// more: no other way to read them is as sure to leave none out (see gap).
func (l *listener) sync(ctx context.Context) (answer, error) {
	hold, limit := poll, l.c.Timeline
	if l.fresh {
		hold = 0
	}
	if l.token == "" {
		limit = 1 // all of it is older than now
	}
	var rooms []string
	for place := range l.since {
		rooms = append(rooms, place.Room.ID)
	}
	for _, m := range l.moves {
		rooms = append(rooms, m.to) // to hear of an invitation
	}
	for {
		out, err := l.ask(ctx, l.token, hold, syncFilter(rooms, limit, stateTypes))
		var refused *failure
		if l.token != "" && errors.As(err, &refused) && errors.Is(refused.kind, chat.ErrRefused) {
			return out, fmt.Errorf("%w: %w", errCursor, err)
		}
		if err != nil || limit >= mostEvents || !l.cutShort(out, limit) {
			return out, err
		}
		hold, limit = 0, min(10*limit, mostEvents)
	}
}

// mostEvents of a room are taken in one answer.
const mostEvents = 5000

// cutShort reports whether an answer has as many events of a room as were
// asked for, and left others out. Some servers give less than that at most.
func (l *listener) cutShort(a answer, limit int) bool {
	for place, cursor := range l.since {
		news := a.Rooms.Join[place.Room.ID].Timeline
		if cursor != "" && l.joined[place.Room.ID] && news.Limited && len(news.Events) >= limit {
			return true
		}
	}
	return false
}

// ask makes one /sync.
func (p *Platform) ask(ctx context.Context, since string, hold time.Duration, filter string) (answer, error) {
	query := map[string]string{"filter": filter, "timeout": strconv.FormatInt(hold.Milliseconds(), 10)}
	if since != "" {
		query["since"] = since
	}
	var out answer
	err := p.call(ctx, hold+2*p.c.Timeout, http.MethodGet, p.addressWith(query, "v3", "sync"), nil, &out)
	if err != nil {
		return out, fmt.Errorf("ask for news: %w", err)
	}
	if out.Next == "" {
		return out, errors.New("ask for news: the answer does not say up to where it goes")
	}
	return out, nil
}

// stateTypes are the states that the listener keeps up with.
var stateTypes = []string{"m.room.member", "m.room.power_levels", "m.room.tombstone"}

// syncFilter says what /sync is to tell: limit events of each of the rooms,
// and those states. It is sent along each time, so that the server need not
// keep it.
func syncFilter(rooms []string, limit int, states []string) string {
	none := map[string]any{"types": []string{}}
	room := map[string]any{
		"account_data": none,
		"ephemeral":    none,
		"state":        map[string]any{"types": states, "lazy_load_members": true},
		"timeline":     map[string]any{"limit": limit, "lazy_load_members": true},
	}
	if len(rooms) <= manyRooms {
		room["rooms"] = slices.Sorted(slices.Values(rooms))
	}
	filter, err := json.Marshal(map[string]any{"account_data": none, "presence": none, "room": room})
	if err != nil {
		panic(err) // strings and numbers alone
	}
	return string(filter)
}
