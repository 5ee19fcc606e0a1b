package matrix

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"marginalia/internal/chat"
)

// Audit implements chat.Auditor. All of a room is read at once, whatever the
// threads; what is in doubt is looked for by Stands.
func (p *Platform) Audit(ctx context.Context, room chat.Room, _ []string, from time.Time) iter.Seq2[chat.Event, error] {
	return func(yield func(chat.Event, error) bool) {
		err := p.identify(ctx)
		if err == nil {
			err = p.auditRoom(ctx, room, from, yield)
		}
		if err != nil && !errors.Is(err, errEnough) {
			yield(chat.Event{}, fmt.Errorf("read %s: %w", room, err))
		}
	}
}

func (p *Platform) auditRoom(ctx context.Context, room chat.Room, from time.Time, yield func(chat.Event, error) bool) error {
	if err := p.enters(ctx, room.ID); err != nil {
		return err
	}
	all, err := p.backTo(ctx, room.ID, from)
	if err != nil {
		return err
	}
	about := map[string][]wire{}
	for _, e := range all {
		switch kind, on := e.relation(); {
		case kind == "m.replace", e.Type == "m.reaction" && e.Sender == p.userID():
			about[on] = append(about[on], e)
		}
	}
	for _, m := range all {
		if !p.isMessage(m) || !p.isTalk(m) {
			continue
		}
		events, err := p.state(ctx, p.ref(room.ID, m).Place, m, about[m.ID])
		if err != nil {
			return err
		}
		for _, e := range events {
			if !yield(e, nil) {
				return errEnough
			}
		}
	}
	return nil
}

// isTalk reports whether Run would tell of a message as of something said, or
// it is the account's own.
func (p *Platform) isTalk(e wire) bool {
	kind := e.Content.text("msgtype")
	if e.Sender == p.userID() {
		return true
	}
	_, _, call := chat.ParseCommand(p.c.Command, spoken(e.Content))
	m := p.words(e.Content, chat.Person{})
	return !(call && kind == "m.text") && !(m.Body.Empty() && len(m.Files) == 0) &&
		(kind != "m.notice" || slices.Contains(p.c.Bots, e.Sender))
}

// backTo reads a room back to a time, oldest first; each event once.
func (p *Platform) backTo(ctx context.Context, room string, from time.Time) ([]wire, error) {
	answer, err := p.ask(ctx, "", 0, syncFilter([]string{room}, mostEvents, []string{}))
	if err != nil {
		return nil, err
	}
	news := answer.Rooms.Join[room].Timeline
	var found pile
	live := read(news.Events)
	slices.Reverse(live)
	found.add(live)
	for at := news.Prev; news.Limited && at != ""; {
		page, err := p.messages(ctx, room, at, "b")
		if err != nil {
			return nil, err
		}
		events := read(page.Chunk)
		found.add(events)
		old := func(e wire) bool { return p.isNeighbour(e.Sender) && e.time().Before(from) }
		if page.End == at || slices.ContainsFunc(events, old) {
			break
		}
		at = page.End
	}
	slices.Reverse(found.all)
	return found.all, nil
}

// Stands implements chat.Auditor.
func (p *Platform) Stands(ctx context.Context, r chat.Ref) (bool, error) {
	e, err := p.event(ctx, r.Place.Room.ID, r.ID)
	if errors.Is(err, chat.ErrGone) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for %s: %w", r.ID, err)
	}
	return !e.redacted(), nil
}

var _ chat.Auditor = (*Platform)(nil)
