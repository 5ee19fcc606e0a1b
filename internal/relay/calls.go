package relay

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/store"
)

const (
	callsAtWork  = 8 // commands that are run at once
	mostCallWait = time.Minute
)

// ring wakes whoever waits for a bell, now or as soon as they listen.
func ring(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}

// desk remembers what the command workers are at. As with holds, nothing that
// matters is lost with it: a call stays open in the store until it is closed.
type desk struct {
	mu   sync.Mutex
	busy map[chat.Place]bool
	late map[chat.Ref]late
}

// late is an open call that was tried already.
type late struct {
	said  *format.Doc // what the command said, nil if it was not run to its end
	of    time.Time   // the edit that it was run as, see [chat.Call]
	tries int
	due   time.Time
}

func newDesk() *desk { return &desk{busy: map[chat.Place]bool{}, late: map[chat.Ref]late{}} }

// at returns the places that somebody works at.
func (d *desk) at() map[chat.Place]bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return maps.Clone(d.busy)
}

// due parts the open calls that are to be worked on now into places, the one
// that has waited longest first, and tells when there will be more of them.
// It leaves out the places that are busy: whoever works there looks again
// afterwards.
func (d *desk) due(open []chat.Call, busy map[chat.Place]bool, now time.Time) (places [][]chat.Call, next time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	at := map[chat.Place]int{}
	for _, c := range open {
		place := c.Ref.Place
		if busy[place] {
			continue
		}
		if due := d.late[c.Ref].due; due.After(now) {
			next = earlier(next, due)
			continue
		}
		i, known := at[place]
		if !known {
			i, at[place] = len(places), len(places)
			places = append(places, nil)
		}
		places[i] = append(places[i], c)
	}
	return places, next
}

func (d *desk) occupy(place chat.Place, busy bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.busy, place)
	if busy {
		d.busy[place] = true
	}
}

// said is what a call's command said when it was run, nil if it was not.
func (d *desk) said(c chat.Call) *format.Doc {
	d.mu.Lock()
	defer d.mu.Unlock()
	if l := d.late[c.Ref]; l.of.Equal(c.Revised) {
		return l.said
	}
	return nil
}

// putOff keeps an open call for later: longer each time, and as long as the
// network asks.
func (d *desk) putOff(c chat.Call, said *format.Doc, why error, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	l := d.late[c.Ref]
	l.said, l.of, l.tries = said, c.Revised, l.tries+1
	wait := min(backoff(c.Ref.ID, l.tries), mostCallWait)
	var asked chat.RetryAfter
	if errors.As(why, &asked) {
		wait = max(asked.Wait, leastWait)
	}
	l.due = now.Add(wait)
	d.late[c.Ref] = l
}

func (d *desk) done(ref chat.Ref) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.late, ref)
}

// answerCalls runs what people told the bot, until ctx is done: first what an
// earlier run left open. Those of one place are run one after another, as they
// came; those of several places at the same time. A call that was run but not
// answered when the bot died is run again: commands have the same effect the
// second time.
func (r *Relay) answerCalls(ctx context.Context) {
	var workers sync.WaitGroup
	defer workers.Wait()
	slots := make(chan struct{}, callsAtWork)
	for tries := 0; ; {
		places, next, err := r.openCalls(ctx, time.Now())
		if err == nil {
			tries = 0
		} else if ctx.Err() == nil {
			tries++
			next = time.Now().Add(min(backoff("commands", tries), mostCallWait))
			r.c.Log.Error("commands wait", "error", err)
		}
		for _, calls := range places {
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				return
			}
			r.desk.occupy(calls[0].Ref.Place, true)
			workers.Go(func() {
				r.work(ctx, calls)
				r.desk.occupy(calls[0].Ref.Place, false)
				<-slots
				ring(r.bell)
			})
		}
		if !sleep(ctx, next, r.bell) {
			return
		}
	}
}

func (r *Relay) openCalls(ctx context.Context, now time.Time) (places [][]chat.Call, next time.Time, err error) {
	busy := r.desk.at() // before the calls are read: what ends meanwhile closes some of them
	var open []chat.Call
	err = r.c.DB.View(ctx, func(tx *store.Tx) (err error) {
		open, err = tx.OpenCalls()
		return err
	})
	if err != nil {
		return nil, time.Time{}, err
	}
	places, next = r.desk.due(open, busy, now)
	return places, next, nil
}

// work runs the calls of one place. One that cannot be answered now is put off
// and does not hold up those behind it.
func (r *Relay) work(ctx context.Context, calls []chat.Call) {
	for _, c := range calls {
		if ctx.Err() != nil {
			return
		}
		said, err := r.answer(ctx, c, time.Now())
		if err == nil {
			r.desk.done(c.Ref)
			continue
		}
		r.desk.putOff(c, said, err, time.Now())
		if ctx.Err() == nil {
			r.c.Log.Warn("a command is answered later", "command", c.Name, "room", c.Ref.Place.Room.String(), "error", err)
		}
	}
}

// answer runs a call, unless that was done before, and gives its answer: to
// the caller alone, or as a note that is enqueued for the room. It returns what
// the command said.
func (r *Relay) answer(ctx context.Context, c chat.Call, now time.Time) (*format.Doc, error) {
	said := r.desk.said(c)
	if said == nil {
		body := r.run(ctx, c, now)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		said = &body
	}
	ctx, cancel := graced(ctx)
	defer cancel()
	give := r.enqueue
	if c.Private {
		give = r.whisper
	}
	if err := give(ctx, c, *said, now); err != nil {
		return said, fmt.Errorf("answer %q: %w", c.Name, err)
	}
	return said, nil
}

// enqueue closes a call and has its answer posted where it was made.
func (r *Relay) enqueue(ctx context.Context, c chat.Call, body format.Doc, now time.Time) error {
	note := store.Note{
		ID:   discussion.NoteID(discussion.Derive("answer", c.Ref.Place.Room.String(), c.Ref.ID)),
		Kind: "answer", Body: body, Place: c.Ref.Place, ReplyTo: c.Ref, Created: now,
	}
	return r.c.DB.Update(ctx, func(tx *store.Tx) error {
		if !body.Empty() {
			if err := tx.PutNote(note); err != nil {
				return err
			}
			if err := tx.Stale(store.NoteThing(note.ID), c.Ref.Place.Room, "", store.ClassAnswer, now); err != nil {
				return err
			}
		}
		return closeCall(tx, c)
	})
}

// closeCall closes a call that is answered, unless its message was edited meanwhile:
// then that is to be answered, too.
func closeCall(tx *store.Tx, c chat.Call) error {
	open, err := tx.OpenCall(c.Ref)
	if err != nil || open.Revised.After(c.Revised) {
		return ignoreMissing(err)
	}
	return tx.CloseCall(c.Ref)
}

// whisper gives the answer of a private call to the caller and closes the
// call. An answer that nobody can be given any more is only told to the log;
// it is never posted for all to see.
func (r *Relay) whisper(ctx context.Context, c chat.Call, body format.Doc, _ time.Time) error {
	platform := r.platforms[c.Ref.Place.Room.Platform]
	give, ok := platform.(chat.Answerer)
	err := errors.New("the network has no private answers")
	if ok {
		said := chat.Message{Ref: chat.Ref{Place: c.Ref.Place}, Body: body}
		err = give.Answer(ctx, c, r.inOne(platform, said))
	}
	if ok && err != nil && !errors.Is(err, chat.ErrGone) && !errors.Is(err, chat.ErrRefused) {
		return err
	}
	if err != nil {
		r.c.Log.Warn("a command is left without an answer", "command", c.Name, "room", c.Ref.Place.Room.String(), "error", err)
	}
	return r.c.DB.Update(ctx, func(tx *store.Tx) error {
		tx.Lazy() // it would be run and answered again, to the same effect and in the same message
		return closeCall(tx, c)
	})
}

// inOne is a message that its network takes in one piece, and that has words.
func (r *Relay) inOne(p chat.Platform, m chat.Message) chat.Message {
	in := r.Language(m.Ref.Place.Room)
	if m.Body.Empty() {
		m.Body = format.Text(in.Sprintf("Done."))
	}
	fits := func(d format.Doc) bool {
		with := m
		with.Body = d
		profile := p.Profile()
		return profile.Fits == nil || profile.Fits(with)
	}
	if cut := format.Split(m.Body, fits); len(cut) > 1 {
		m.Body = shorten(in, cut[:1], r.c.Reader, fits)[0]
	}
	return m
}

// run runs a command and returns what it says. One that breaks is the
// command's fault, not the bot's.
func (r *Relay) run(ctx context.Context, c chat.Call, now time.Time) (said format.Doc) {
	in := r.Language(c.Ref.Place.Room)
	if r.c.Command == nil {
		return format.Text(in.Sprintf("This bot takes no commands."))
	}
	defer func() {
		if broken := recover(); broken != nil {
			r.c.Log.Error("a command broke", "command", c.Name, "error", broken)
			said = format.Text(in.Sprintf("The command %s cannot be carried out: it broke, and the log says how.", c.Name))
		}
	}()
	said, err := r.c.Command(ctx, c, now)
	if err != nil {
		return format.Text(err.Error())
	}
	return said
}
