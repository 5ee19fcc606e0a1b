package discord

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"marginalia/internal/chat"
)

// gap is what was missed in a place.
type gap struct {
	waiting []heard // what came since, which must not pass it
	read    map[string]bool
}

// catchUp reads what was missed while no session heard it: in every room and
// thread from its cursor on, oldest first.
func (l *listener) catchUp(ctx context.Context) error {
	for r := range l.rooms {
		l.misses(r)
	}
	found, err := l.survey(ctx)
	if err != nil {
		return err
	}
	clear(l.gaps)
	l.takeUp()
	before := l.back.left
	l.back = lookback{}
	for r := range l.rooms {
		s, there := found[chat.Place{Room: r}]
		l.sight.sees(r, there && !s.shut)
	}
	for place, s := range found {
		l.begin(place, s)
	}
	l.back.unfinished(before)
	l.back.sort()
	l.whole = len(l.gaps) == 0
	if err := l.tell(ctx); err != nil { // where "from now on" is
		return err
	}
	for _, place := range l.missed() {
		if l.gaps[place] == nil {
			continue
		}
		if err := l.fill(ctx, place); err != nil {
			return err
		}
		if err := l.take(ctx); err != nil {
			return err
		}
	}
	if l.comeBack { // a server came back meanwhile
		l.comeBack = false
		return l.catchUp(ctx)
	}
	if !l.whole {
		l.whole = true
		return l.tell(ctx)
	}
	return nil
}

// begin decides from where on a place is read, of which something may have been
// missed.
func (l *listener) begin(place chat.Place, s seen) {
	since := l.sight.rooms[place.Room].since
	t, known := l.trails[place]
	switch {
	case place.Thread == "" && t == nil: // from now on
		l.trail(place).newest = max(number(s.last), number(place.Room.ID))
		return
	case s.forum:
		l.back.begun(place, number(since))
		return
	case !known && (since == "" || !newer(s.last, since)): // nothing new in a thread that was not heard of
		return
	case !known:
		l.trails[place] = &trail{newest: number(since)}
	}
	if t != nil {
		l.back.begun(place, t.begin())
	}
	l.gaps[place] = &gap{read: map[string]bool{}}
}

// missed are the places with gaps, rooms before their threads.
func (l *listener) missed() []chat.Place {
	var all []chat.Place
	for place := range l.gaps {
		all = append(all, place)
	}
	slices.SortFunc(all, inOrderOfMarks)
	return all
}

// resumed: the session told all that happened. What was not listened to
// before is listened to from now on.
func (l *listener) resumed(ctx context.Context) error {
	for place, t := range l.trails {
		if t != nil || place.Thread != "" {
			continue
		}
		var c channel
		err := l.waited(ctx, func() (err error) { c, err = l.channel(ctx, place.Room.ID); return err })
		if errors.Is(err, chat.ErrForbidden) {
			l.c.Log.Warn("the bot does not see a channel that it is to listen to", "channel", place.Room.ID)
			continue
		}
		if err != nil {
			return fmt.Errorf("look at channel %s: %w", place.Room.ID, err)
		}
		l.begin(place, seen{last: c.Last, forum: c.isForum()})
	}
	l.takeUp()
	if !l.whole { // a room that came into sight is being read, which tells in the end
		return nil
	}
	return l.tell(ctx)
}

// fill reads a place until it is dry, beginning with the last messages that
// were read before. Then comes what waits.
func (l *listener) fill(ctx context.Context, place chat.Place) error {
	g, t := l.gaps[place], l.trail(place)
	after := t.begin()
	id := place.Thread
	if id == "" {
		id = place.Room.ID
	}
	w, _ := l.places.get(id)
	for {
		var some sheet
		err := l.waited(ctx, func() (err error) { some, err = l.messages(ctx, id, idOf(after)); return err })
		if errors.Is(err, chat.ErrForbidden) || errors.Is(err, chat.ErrGone) {
			l.c.Log.Warn("what was missed cannot be read", "channel", id, "error", err)
			if place.Thread == "" || !is(err, unknownChannel) { // a thread that is no more hides nothing else
				l.sight.sees(place.Room, false)
			}
			break
		}
		if err != nil {
			return fmt.Errorf("read what was missed in %s: %w", id, err)
		}
		events, err := l.compared(ctx, w, t, some, after)
		if err != nil {
			return fmt.Errorf("read what was missed in %s: %w", id, err)
		}
		for _, m := range some.messages {
			g.read[m.ID] = true
			l.hears(m.ID)
		}
		l.touched[place] = true
		l.pending = append(l.pending, events...)
		if err := l.report(ctx); err != nil {
			return err
		}
		if err := l.take(ctx); err != nil {
			return err
		}
		if !some.full {
			break
		}
		after = some.last
	}
	return l.letPass(ctx, place, w)
}

// letPass handles what waited behind a gap.
func (l *listener) letPass(ctx context.Context, place chat.Place, w where) error {
	g := l.gaps[place]
	if g == nil {
		return nil
	}
	delete(l.gaps, place)
	for _, h := range g.waiting {
		if h.kind == "MESSAGE_CREATE" {
			if m, ok := read(h.data); ok && g.read[m.ID] {
				continue
			}
		}
		more, err := l.decoded(ctx, h, w, true)
		if err != nil {
			return err
		}
		l.pending = append(l.pending, more...)
	}
	return l.report(ctx)
}

// compared is what messages that came after one tell that was not known: new
// ones, and what became of the old ones.
func (l *listener) compared(ctx context.Context, w where, t *trail, some sheet, after uint64) ([]chat.Event, error) {
	upTo := ^uint64(0)
	if some.full {
		upTo = some.last
	}
	var events []chat.Event
	for _, m := range slices.Clone(t.tail) {
		if m.id > after && m.id <= upTo && !some.stand[m.id] {
			t.gone(m.id)
			events = append(events, l.missing(w, idOf(m.id))...)
		}
	}
	for _, m := range some.messages {
		more, err := l.compareOne(ctx, w, t, m)
		if err != nil {
			return nil, err
		}
		events = append(events, more...)
	}
	return events, nil
}

func (l *listener) compareOne(ctx context.Context, w where, t *trail, m message) ([]chat.Event, error) {
	id, state := number(m.ID), stateOf(m)
	at, known := t.find(id)
	if known && t.tail[at].state == state {
		return nil, nil
	}
	if !m.isTalk() {
		t.newest = max(t.newest, id)
		return nil, nil
	}
	var events []chat.Event
	e, ok, err := l.said(ctx, m, w)
	if err != nil {
		return nil, err
	}
	if known && e.Kind == chat.Said {
		if e.Kind = chat.Edited; e.Revised.IsZero() {
			ok = false
		}
	}
	if ok && !e.Revised.IsZero() {
		l.edits.put(m.ID, m.Edited)
	}
	if ok && (!known || e.Kind == chat.Edited) {
		events = append(events, e)
	}
	if known && t.tail[at].state != plainState { // of those who hold something now all are told again
		events = append(events, chat.Event{Kind: chat.Unreacted, At: time.Now().UTC(), Message: chat.Message{Ref: chat.Ref{Place: placeOf(w, m.ID), ID: m.ID}}})
	}
	hold, err := l.reactionsOn(ctx, m, w)
	t.read(id, l.isOwn(m), state)
	return append(events, hold...), err
}
