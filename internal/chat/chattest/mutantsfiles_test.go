package chattest

import (
	"context"

	"marginalia/internal/chat"
)

func (f *faulty) Fetch(ctx context.Context, file chat.File, most int64) ([]byte, error) {
	if f.fetch != nil {
		return f.fetch(ctx, file, most)
	}
	return f.Platform.Fetch(ctx, file, most)
}

// fileMutants are the faults of a platform whose messages bring files.
var fileMutants = []mutant{
	{"does not tell of files", nil, "tells of a file and fetches it", ofKind(chat.Said, func(e *chat.Event) { e.Message.Files = nil })},
	{"tells of a file as its name alone", nil, "tells of a file and fetches it", ofKind(chat.Said, func(e *chat.Event) {
		for i, f := range e.Message.Files {
			e.Message.Files[i] = chat.File{Name: f.Name}
		}
	})},
	{"fetches the half of it", nil, "tells of a file and fetches it", func(p *faulty) {
		p.fetch = func(ctx context.Context, f chat.File, most int64) ([]byte, error) {
			data, err := p.Platform.Fetch(ctx, f, most)
			return data[:len(data)/2], err
		}
	}},
	{"believes what it was told of the size", nil, "fetches no more of a file than it may", func(p *faulty) {
		p.fetch = func(ctx context.Context, f chat.File, _ int64) ([]byte, error) {
			return p.Platform.Fetch(ctx, f, 1<<30)
		}
	}},
	{"cuts a file that is too large", nil, "fetches no more of a file than it may", func(p *faulty) {
		p.fetch = func(ctx context.Context, f chat.File, most int64) ([]byte, error) {
			data, err := p.Platform.Fetch(ctx, f, 1<<30)
			return data[:min(int64(len(data)), most)], err
		}
	}},
	{"posts the name of a file", nil, "posts a file that anyone can get", asked(chat.Post, func(a *chat.Action) {
		for _, f := range a.Message.Files {
			a.Message.Body, a.Message.Files = words(f.Name), nil
		}
	})},
	{"leaves a file where its message was edited", nil, "an edit takes a file away and brings another", requests(func(ctx context.Context, a chat.Action, do doer) (chat.Done, error) {
		if a.Verb == chat.Edit && len(a.Message.Files) == 0 {
			f := sea("one.png")
			a = f.on(a)
		}
		return do(ctx, a)
	})},
	{"posts a file again without looking", []string{"like Discord's webhooks"}, "a file whose answer is lost is posted once", asked(chat.Post, func(a *chat.Action) { a.Filed = "" })},
	{"does not find a file in doubt", []string{"like Discord's webhooks"}, "takes back a file in doubt", asked(chat.Delete, func(a *chat.Action) { a.Filed = "" })},
}
