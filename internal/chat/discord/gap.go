package discord

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"marginalia/internal/chat"
)

// gap is what was missed in a place.
type gap struct {
	waiting []heard              // what came since, which must not pass it
	weight  int                  // of that, in bytes
	read    recent[string, bool] // what was told; of what is forgotten here it may be told twice
	again   bool                 // more was missed since: when it is read, its end and what was said before are looked at again
	tries   int                  // to read it, of which Discord was in trouble
	due     time.Time            // when that is tried again
}

// mostWaiting is how much of what waits behind gaps is kept, in bytes, beside what
// comes while one request is waited for.
const mostWaiting = 1 << 20

// waitsBehind keeps an event until the gap in its place was read. If too much
// waits, as where Discord is in trouble with a busy place for long, what waits
// behind the largest gap is let go, and counts as missed too: it is read again
// with the rest.
func (l *listener) waitsBehind(g *gap, h heard) {
	g.waiting = append(g.waiting, h)
	g.weight += len(h.data)
	all, largest, at := 0, 0, chat.Place{}
	for place, g := range l.gaps {
		if all += g.weight; g.weight > largest {
			largest, at = g.weight, place
		}
	}
	if all <= mostWaiting {
		return
	}
	full := l.gaps[at]
	full.waiting, full.weight, full.again = nil, 0, true
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
	if g := l.gaps[place]; g != nil {
		g.again = true
		return
	}
	l.gaps[place] = &gap{read: newRecent[string, bool](4096)}
}

// nextGap is the first gap that may be read before all others, and how long it is
// until then: rooms go before their threads.
func (l *listener) nextGap() (next chat.Place, wait time.Duration) {
	wait = idle
	for _, place := range l.gapped() {
		if until := max(0, time.Until(l.gaps[place].due)); until < wait {
			next, wait = place, until
		}
	}
	return next, wait
}

// idle is how long the bot waits where there is nothing to do.
const idle = time.Hour

// gapped are the places with gaps, rooms before their threads.
func (l *listener) gapped() []chat.Place {
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
		if err != nil && passes(err) {
			l.misses(place.Room)
			l.lookLater(place.Room, err)
			continue
		}
		if err != nil {
			return fmt.Errorf("look at channel %s: %w", place.Room.ID, err)
		}
		l.begin(place, seen{last: c.Last, forum: c.isForum()})
	}
	l.takeUp()
	if !l.whole { // the session is the one that is beginning
		return nil
	}
	return l.tell(ctx)
}

// fill reads a place until it is dry, beginning with the last messages that
// were read before. Then comes what waits. Where Discord is in trouble with it, it
// is tried later, and all that is to come waits for that.
func (l *listener) fill(ctx context.Context, place chat.Place) error {
	g, t := l.gaps[place], l.trail(place)
	w, _ := l.places.get(channelAt(place))
	for after := t.begin(); ; {
		some, err := l.fillPage(ctx, w, t, after)
		if err != nil && (passes(err) || g.tries < mostRefusals && l.refusedAlone(ctx, place, err)) {
			l.fillLater(place, err)
			return nil
		}
		if isRefusal(err) {
			l.cannotFill(place, err)
			break
		}
		if err != nil {
			return fmt.Errorf("read what was missed in %s: %w", channelAt(place), err)
		}
		for _, m := range some.messages {
			g.read.put(m.ID, true)
			l.hears(m.ID)
		}
		l.touched[place] = true
		if err := l.report(ctx); err != nil {
			return err
		}
		if err := l.take(ctx); err != nil {
			return err
		}
		after = some.last
		if some.full {
			continue
		}
		if !g.again {
			break
		}
		g.again, after = false, t.begin()
		l.back.begun(place, after)
		l.back.sort()
	}
	return l.letPass(ctx, place, w)
}

// channelAt is the channel or thread that a place is.
func channelAt(p chat.Place) string { return cmp.Or(p.Thread, p.Room.ID) }

// fillPage reads the messages that came after one, and what they tell.
func (l *listener) fillPage(ctx context.Context, w where, t *trail, after uint64) (sheet, error) {
	var some sheet
	err := l.waited(ctx, func() (err error) { some, err = l.messages(ctx, channelAt(w.place), idOf(after)); return err })
	if err != nil {
		return some, err
	}
	events, err := l.compared(ctx, w, t, some, after)
	l.pending = append(l.pending, events...)
	return some, err
}

// mostRefusals of a place whose room can be read are taken for a moment's trouble.
const mostRefusals = 6

// refusedAlone reports whether err refuses a place that may be read, as far as
// Discord says of its room.
func (l *listener) refusedAlone(ctx context.Context, place chat.Place, err error) bool {
	if !is(err, noAccess) {
		return false
	}
	return !isRefusal(l.waited(ctx, func() error { return l.mayRead(ctx, place.Room.ID) }))
}

// cannotFill: the bot may not read what was missed in a place.
func (l *listener) cannotFill(place chat.Place, err error) {
	l.c.Log.Warn("what was missed cannot be read", "channel", channelAt(place), "error", err)
	if place.Thread == "" || !is(err, unknownChannel) { // a thread that is no more hides nothing else
		l.misses(place.Room)
	}
}

// fillLater has a place read later, with which Discord is in trouble.
func (l *listener) fillLater(place chat.Place, err error) {
	g := l.gaps[place]
	g.tries++
	g.due = time.Now().Add(rest(g.tries))
	if g.tries == 1 {
		l.c.Log.Warn("what was missed cannot be read yet", "channel", channelAt(place), "error", err)
	}
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
			if m, ok := read(h.data); ok {
				if _, told := g.read.get(m.ID); told {
					continue
				}
			}
		}
		more, err := l.decoded(ctx, h, w, true)
		if err != nil {
			return err
		}
		l.pending = append(l.pending, more...)
	}
	if len(l.gaps) == 0 {
		return l.tell(ctx) // the session stands for all places again
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
			return events, err // of which t holds as much
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
	if err != nil {
		return nil, err
	}
	t.read(id, l.isOwn(m), state)
	return append(events, hold...), nil
}
