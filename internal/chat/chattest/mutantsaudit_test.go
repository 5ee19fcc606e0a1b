package chattest

import (
	"context"
	"iter"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/format"
)

func (f *faulty) Audit(ctx context.Context, room chat.Room, threads []string, from time.Time) iter.Seq2[chat.Event, error] {
	return func(yield func(chat.Event, error) bool) {
		for e, err := range f.Platform.Audit(ctx, room, threads, from) {
			if f.audit != nil && f.audit(&e) {
				continue
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

func (f *faulty) Stands(ctx context.Context, r chat.Ref) (bool, error) {
	there, err := f.Platform.Stands(ctx, r)
	if f.stands != nil {
		there = f.stands(there)
	}
	return there, err
}

// auditMutants are the faults of a platform that tells what stands in a room.
var auditMutants = []mutant{
	{name: "what people said is left out", caught: "tells what stands in a room", plant: func(f *faulty) {
		f.audit = func(e *chat.Event) bool { return e.Message.Ref.ID != "" && e.Message.Ref.As == "" }
	}},
	{name: "what the bot said is told as a person's", caught: "tells what stands in a room", plant: func(f *faulty) {
		f.audit = func(e *chat.Event) bool { e.Message.Ref.As = ""; return false }
	}},
	{name: "the words before an edit are told", caught: "tells what stands in a room", plant: func(f *faulty) {
		f.audit = func(e *chat.Event) bool {
			if e.Message.Body.Text == "Newer words." {
				e.Message.Body = format.Text("First words.")
			}
			return false
		}
	}},
	{name: "everything is told without its thread", caught: "tells what stands in a room", plant: func(f *faulty) {
		f.audit = func(e *chat.Event) bool { e.Message.Ref.Place.Thread = ""; return false }
	}},
	{name: "the bot's own emoji are left out", caught: "tells which emoji are the bot's", plant: func(f *faulty) {
		f.audit = func(e *chat.Event) bool { return e.Kind == chat.Reacted }
	}},
	{name: "an emoji is told under another message", caught: "tells which emoji are the bot's", plant: func(f *faulty) {
		f.audit = func(e *chat.Event) bool {
			if e.Kind == chat.Reacted {
				e.Message.Ref.ID += "x"
			}
			return false
		}
	}},
	{name: "what was deleted stands", caught: "tells what stands in a room", plant: func(f *faulty) {
		f.stands = func(bool) bool { return true }
	}},
	{name: "a room that is not there is empty", caught: "tells what stands in a room", plant: func(f *faulty) {
		f.audit = func(e *chat.Event) bool { return e.Message.Ref.ID == "" }
	}},
}
