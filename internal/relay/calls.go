package relay

import (
	"context"
	"fmt"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/store"
)

// ring wakes whoever waits for a bell, now or as soon as they listen.
func ring(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}

// answerCalls runs what people told the bot, until ctx is done: first what an
// earlier run left open.
func (r *Relay) answerCalls(ctx context.Context) {
	for tries := 0; ; {
		again := time.Time{}
		tries++
		err := r.Answer(ctx, time.Now())
		if err == nil {
			tries = 0
		} else if ctx.Err() == nil {
			again = time.Now().Add(backoff("commands", tries))
			r.c.Log.Error("commands wait", "error", err)
		}
		if !sleep(ctx, again, r.bell) {
			return
		}
	}
}

// Answer runs all open calls and enqueues their answers. A call that was run
// but not answered when the bot died is run again: commands have the same
// effect the second time.
func (r *Relay) Answer(ctx context.Context, now time.Time) error {
	var open []chat.Call
	err := r.c.DB.View(ctx, func(tx *store.Tx) (err error) {
		open, err = tx.OpenCalls()
		return err
	})
	if err != nil {
		return err
	}
	for _, c := range open {
		if err := r.answer(ctx, c, now); err != nil {
			return err
		}
	}
	return nil
}

func (r *Relay) answer(ctx context.Context, c chat.Call, now time.Time) error {
	body := format.Text("This bot takes no commands.")
	if r.c.Command != nil {
		said, err := r.run(ctx, c, now)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if body = said; err != nil {
			body = format.Text(err.Error())
		}
	}
	note := store.Note{
		ID:   discussion.NoteID(discussion.Derive("answer", c.Ref.Place.Room.String(), c.Ref.ID)),
		Kind: "answer", Body: body, Place: c.Ref.Place, ReplyTo: c.Ref, Created: now,
	}
	err := r.c.DB.Update(ctx, func(tx *store.Tx) error {
		if !body.Empty() {
			if err := tx.PutNote(note); err != nil {
				return err
			}
			if err := tx.Stale(store.NoteThing(note.ID), c.Ref.Place.Room, "", store.ClassAnswer, now); err != nil {
				return err
			}
		}
		return tx.CloseCall(c.Ref)
	})
	if err != nil {
		return fmt.Errorf("answer %q: %w", c.Name, err)
	}
	return nil
}

// run runs a command. One that breaks is the command's fault, not the bot's.
func (r *Relay) run(ctx context.Context, c chat.Call, now time.Time) (said format.Doc, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			r.c.Log.Error("a command broke", "command", c.Name, "error", broken)
			err = fmt.Errorf("the command %s cannot be carried out: it broke, and the log says how", c.Name)
		}
	}()
	return r.c.Command(ctx, c, now)
}
