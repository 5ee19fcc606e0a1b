package discord

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"marginalia/internal/chat"
)

// Compare implements chat.Comparer.
func (p *Platform) Compare(known func(ctx context.Context, place chat.Place) ([]chat.Standing, error)) {
	p.known = known
}

// lookback is what remains to be looked at again of what was said before the
// ends of the trails. New words come first; this comes piece by piece behind
// them, so that neither Discord nor those who speak now have to wait for it. What
// is left of a room that cannot be read waits until it can.
type lookback struct {
	left  []stretch // in the order of inOrder
	after string    // the mark of the place at which the process before stopped; "": it was done
	next  time.Time // when the next page may be asked for
}

// stretch are the messages of a place up to an id.
type stretch struct {
	place chat.Place
	upTo  uint64
	asked bool            // what is known of it
	known []chat.Standing // of that, what was not looked at yet, oldest first
	tries int             // of a page that Discord is in trouble with
	due   time.Time       // when that may be asked for again
}

const (
	lookPace  = 200 * time.Millisecond // between two pages
	lookTries = 6                      // of a page, until it is told of
)

// placeMark names a place in the account's cursor, and orders places.
func placeMark(p chat.Place) string { return p.Room.ID + " " + p.Thread }

func inOrderOfMarks(a, b chat.Place) int { return strings.Compare(placeMark(a), placeMark(b)) }

// begun has a place looked at up to where it was read before something was
// missed, from the beginning.
func (b *lookback) begun(place chat.Place, upTo uint64) {
	b.left = slices.DeleteFunc(b.left, func(s stretch) bool { return s.place == place })
	b.left = append(b.left, stretch{place: place, upTo: upTo})
}

// anew has what is left of a room looked at from the beginning.
func (b *lookback) anew(r chat.Room) {
	for i, s := range b.left {
		if s.place.Room == r {
			b.left[i] = stretch{place: s.place, upTo: s.upTo}
		}
	}
}

// has reports whether a place is to be looked at.
func (b *lookback) has(place chat.Place) bool {
	return slices.ContainsFunc(b.left, func(s stretch) bool { return s.place == place })
}

// sort puts the places in their order.
func (b *lookback) sort() {
	slices.SortFunc(b.left, func(x, y stretch) int { return inOrderOfMarks(x.place, y.place) })
}

// mark is where the next process would have to go on, but for rooms that
// cannot be read: of those it looks at everything.
func (l *listener) mark() string {
	for _, s := range l.back.left {
		if !l.sight.rooms[s.place.Room].missed {
			return placeMark(s.place)
		}
	}
	return l.back.after
}

// takeUp goes on where the process before stopped. Where it had begun is not
// known any more, so that everything that is known is looked at.
func (l *listener) takeUp() {
	if l.back.after == "" {
		return
	}
	for place, t := range l.trails {
		if t != nil && placeMark(place) >= l.back.after && !l.back.has(place) {
			l.back.begun(place, t.newest)
		}
	}
	l.back.sort()
	l.back.after = ""
}

// untilLook is how long it is until something may be looked at again.
func (l *listener) untilLook() time.Duration {
	i := l.soonest()
	if i < 0 {
		return idle
	}
	return max(0, time.Until(l.back.next), time.Until(l.back.left[i].due))
}

// soonest is the first of the places that may be looked at before all others; -1:
// none may be.
func (l *listener) soonest() int {
	first := -1
	for i, s := range l.back.left {
		if !l.sight.rooms[s.place.Room].missed && (first < 0 || s.due.Before(l.back.left[first].due)) {
			first = i
		}
	}
	return first
}

// lookBack looks at the next page of what is to be looked at again, if it is
// time. Places of which nothing is known take none.
func (l *listener) lookBack(ctx context.Context) error {
	done := false
	for l.untilLook() == 0 {
		i := l.soonest()
		s := &l.back.left[i]
		if err := l.askWhatIsKnown(ctx, s); err != nil {
			return err
		}
		if len(s.known) > 0 {
			l.back.next = time.Now().Add(lookPace)
			return l.lookAt(ctx, s)
		}
		l.back.left, done = slices.Delete(l.back.left, i, i+1), true
	}
	if done {
		return l.tell(ctx)
	}
	return nil
}

func (l *listener) askWhatIsKnown(ctx context.Context, s *stretch) error {
	if s.asked || l.known == nil {
		return nil
	}
	known, err := l.known(ctx, s.place)
	if err != nil {
		return fmt.Errorf("ask what is known to stand in %s: %w", s.place.Room, err)
	}
	s.asked = true
	for _, k := range known {
		if n := number(k.Ref.ID); n > 0 && n <= s.upTo {
			s.known = append(s.known, k)
		}
	}
	slices.SortFunc(s.known, func(a, b chat.Standing) int { return cmp.Compare(number(a.Ref.ID), number(b.Ref.ID)) })
	return nil
}

// lookAt compares a page with what is known. What happens meanwhile is taken
// after it.
func (l *listener) lookAt(ctx context.Context, s *stretch) error {
	id := l.channelOf(s.known[0].Ref)
	w, err := l.find(ctx, id)
	ours := w.place.Room.ID != ""
	var some sheet
	if err == nil && ours {
		some, err = l.messages(ctx, id, idOf(number(s.known[0].Ref.ID)-1))
	}
	if err == nil && ours {
		err = l.lookedAt(ctx, s, w, id, some)
	}
	if err := l.report(ctx); err != nil {
		return err
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil && ours:
		s.tries = 0
	case err == nil, is(err, unknownChannel) && id != s.place.Room.ID: // the thread is no more
		s.known = slices.DeleteFunc(s.known, func(k chat.Standing) bool { return l.channelOf(k.Ref) == id })
	case isRefusal(err) && !l.refusedAlone(ctx, s.place, err):
		l.c.Log.Warn("what became of old messages cannot be looked at", "channel", id, "error", err)
		l.misses(s.place.Room)
	default:
		l.putOff(s, err)
	}
	return nil
}

// lookedAt tells what became of the messages that a page holds, or would.
func (l *listener) lookedAt(ctx context.Context, s *stretch, w where, id string, some sheet) error {
	stand := map[string]message{}
	for _, m := range some.messages {
		stand[m.ID] = m
	}
	var events []chat.Event
	left := s.known
	for len(left) > 0 && l.channelOf(left[0].Ref) == id && (!some.full || number(left[0].Ref.ID) <= some.last) {
		k := left[0]
		left = left[1:]
		m, understood := stand[k.Ref.ID]
		if !understood {
			if !some.stand[number(k.Ref.ID)] {
				events = append(events, l.missing(w, k.Ref.ID)...)
			}
			continue
		}
		more, err := l.otherwise(ctx, w, m, k)
		if err != nil {
			return err
		}
		events = append(events, more...)
	}
	s.known = left
	l.pending = append(l.pending, events...)
	return nil
}

// missing is what it means that a message is not there any more.
func (l *listener) missing(w where, id string) []chat.Event {
	if _, ours := recall(&l.memory, &l.memory.gone, id); ours {
		return nil
	}
	return []chat.Event{{Kind: chat.Deleted, At: time.Now().UTC(), Message: chat.Message{Ref: chat.Ref{Place: placeOf(w, id), ID: id}}}}
}

// otherwise tells what of a message is not as it is known.
func (l *listener) otherwise(ctx context.Context, w where, m message, k chat.Standing) ([]chat.Event, error) {
	var events []chat.Event
	if k.Ref.As == "" && m.isTalk() && m.Edited.UnixMilli() > max(k.Revised.UnixMilli(), born.UnixMilli()) {
		e, ok, err := l.said(ctx, m, w)
		if err != nil {
			return nil, err
		}
		if ok && (e.Kind == chat.Said || e.Kind == chat.Called) {
			e.Kind = chat.Edited
			l.edits.put(m.ID, m.Edited)
			events = append(events, e)
		}
	}
	if maps.Equal(tallied(m), k.Emoji) {
		return events, nil
	}
	if len(k.Emoji) > 0 { // of those who hold something now all are told again
		events = append(events, chat.Event{Kind: chat.Unreacted, At: time.Now().UTC(), Message: chat.Message{Ref: chat.Ref{Place: placeOf(w, m.ID), ID: m.ID}}})
	}
	hold, err := l.reactionsOn(ctx, m, w)
	return append(events, hold...), err
}

// tallied is how many people hold which emoji under a message: all that a page
// tells. Who they are takes a request for each emoji, so that it is asked only
// where a number differs: if one person takes an emoji off and another puts it
// there while no session hears it, that is not seen.
func tallied(m message) map[string]int {
	all := map[string]int{}
	for _, r := range m.Reactions {
		if r.Me {
			r.Count--
		}
		if e := plainEmoji(r.Emoji.text()); e != "" && r.Count > 0 {
			all[e] += r.Count
		}
	}
	return all
}

// putOff has a page asked for later, since Discord wishes so or is in trouble
// with it; the other places are looked at meanwhile.
func (l *listener) putOff(s *stretch, err error) {
	if wait, wished := waitOf(err); wished {
		l.back.next = time.Now().Add(max(wait, lookPace))
		return
	}
	s.tries++
	s.due = time.Now().Add(rest(s.tries))
	if s.tries == lookTries {
		l.c.Log.Warn("what became of old messages cannot be looked at yet", "channel", l.channelOf(s.known[0].Ref), "error", err)
	}
}
