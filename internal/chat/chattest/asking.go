package chattest

import (
	"context"
	"errors"
	"slices"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/format"
)

// do does a and waits as the network asks.
func (b *bot) do(a chat.Action) chat.Done {
	b.Helper()
	done, err := b.try(a)
	if err != nil {
		b.Fatalf("%s: %v", a.Verb, err)
	}
	return done
}

// try does a once, after the waits that the network asks for.
func (b *bot) try(a chat.Action) (chat.Done, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		done, err := b.p.Do(ctx, a)
		var wait chat.RetryAfter
		if !errors.As(err, &wait) {
			return done, err
		}
		select {
		case <-ctx.Done():
			return done, err
		case <-time.After(wait.Wait):
		}
	}
}

// posting is the action that posts text.
func posting(p chat.Place, text string) chat.Action { return postingDoc(p, format.Text(text)) }

func postingDoc(p chat.Place, d format.Doc) chat.Action {
	return chat.Action{
		Verb: chat.Post, Key: key(), Began: time.Now(),
		Message: chat.Message{Ref: chat.Ref{Place: p}, Body: d},
	}
}

func editing(ref chat.Ref, text string) chat.Action {
	return chat.Action{
		Verb: chat.Edit, Key: key(), Began: time.Now(), On: ref,
		Message: chat.Message{Ref: ref, Body: format.Text(text)},
	}
}

func deleting(ref chat.Ref, old ...chat.Ref) chat.Action {
	return chat.Action{Verb: chat.Delete, Key: key(), Began: time.Now(), On: ref, Old: old}
}

func reacting(ref chat.Ref, emoji string) chat.Action {
	return chat.Action{Verb: chat.React, Key: key(), Began: time.Now(), On: ref, Emoji: emoji}
}

// again is a once more, in doubt whether it was done. after is the newest of
// the bot's messages in the place that is known to be older.
func (b *bot) again(a chat.Action, after chat.Ref, taken ...chat.Ref) chat.Action {
	time.Sleep(time.Until(a.Began.Add(b.w.Settle()))) // until then a network may still do it
	a.Again, a.After = true, after
	a.Sent = b.p.Profile().Dialect.Print(a.Message.Body)
	for _, f := range a.Message.Files {
		a.Sent, a.Filed = "["+f.Name+"]", f.Name
	}
	a.Taken = func(r chat.Ref) bool {
		return slices.ContainsFunc(append(taken, after), func(t chat.Ref) bool { return same(t, r) })
	}
	return a
}

// post posts text.
func (b *bot) post(p chat.Place, text string) chat.Ref {
	b.Helper()
	return b.made(posting(p, text))
}

// made does a Post and checks what every platform must answer.
func (b *bot) made(a chat.Action) chat.Ref {
	b.Helper()
	ref := b.do(a).Ref
	if ref.IsZero() || ref.As == "" || ref.Place != a.Message.Ref.Place {
		b.Fatalf("a post in %v was answered with %+v", a.Message.Ref.Place, ref)
	}
	return ref
}

// thread opens a thread under a message of the bot's.
func (b *bot) thread(root chat.Ref) chat.Place {
	b.Helper()
	p := chat.Place{Room: root.Place.Room, Thread: root.ID}
	if b.p.Profile().Threads == chat.OpenedThreads {
		p = b.opened(b.do(opening(root)))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, known := b.since[p]; !known {
		b.since[p] = ""
	}
	return p
}

func opening(root chat.Ref) chat.Action {
	return chat.Action{Verb: chat.OpenThread, Key: key(), Began: time.Now(), On: root, Name: "What is said about it"}
}

func (b *bot) opened(d chat.Done) chat.Place {
	b.Helper()
	if d.Ref.Place.Thread == "" {
		b.Fatalf("opening a thread was answered with %+v", d.Ref)
	}
	return d.Ref.Place
}
