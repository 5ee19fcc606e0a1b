package chattest

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"
	"unicode/utf8"

	"marginalia/internal/chat"
)

// use is what a key was used for.
type use struct {
	verb chat.Verb
	on   string
}

// Do implements chat.Platform.
func (p *Platform) Do(ctx context.Context, a chat.Action) (chat.Done, error) {
	done, err := p.do(ctx, a)
	if err != nil {
		return chat.Done{}, fmt.Errorf("%s: %w", a.Verb, err)
	}
	return done, nil
}

func (p *Platform) do(ctx context.Context, a chat.Action) (chat.Done, error) {
	if err := ctx.Err(); err != nil {
		return chat.Done{}, err
	}
	n := p.net
	f, undo, err := p.begin(a)
	defer n.end(a)
	if err != nil {
		return chat.Done{}, err
	}
	type outcome struct {
		done chat.Done
		err  error
	}
	result := make(chan outcome, 1)
	commit := func() {
		done, err := n.commit(p.account, a, undo)
		result <- outcome{done, err}
	}
	if f.delay == 0 {
		commit()
	} else {
		time.AfterFunc(f.delay, commit)
	}
	if f.late {
		return chat.Done{}, errLost
	}
	var o outcome
	select {
	case <-ctx.Done():
		return chat.Done{}, ctx.Err()
	case o = <-result:
	}
	if f.lose && o.err == nil {
		return chat.Done{}, errLost
	}
	return o.done, n.answer(ctx, o.err)
}

// answer makes an answer as slow as it is meant to be.
func (n *Network) answer(ctx context.Context, err error) error {
	n.mu.Lock()
	wait := n.faults.answers
	n.mu.Unlock()
	if wait == 0 {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(wait):
		return err
	}
}

// whereabouts is the place an action is made in.
func whereabouts(a chat.Action) chat.Place {
	if a.On.Place == (chat.Place{}) {
		return a.Message.Ref.Place
	}
	return a.On.Place
}

// begin looks at a request as it leaves, and takes the fault that it meets.
// undo says that its key is free again if it is refused.
func (p *Platform) begin(a chat.Action) (f fault, undo bool, err error) {
	n := p.net
	n.mu.Lock()
	defer n.mu.Unlock()
	place := whereabouts(a)
	if n.busy[place]++; n.busy[place] > 1 {
		n.blame("%s %s: two requests at once in one thread: %v", a.Verb, a.Key, place)
	}
	if err := n.inspect(a); err != nil {
		return f, false, err
	}
	p.patient(a, place)
	if f = n.meet(a.Verb, place.Room); f.err != nil && certain(f.err) {
		p.wait(a, place, f.err)
		return f, false, f.err
	}
	undo = n.useKey(a)
	if f.drop {
		return f, false, errDrop
	}
	return f, undo, f.err
}

func (n *Network) end(a chat.Action) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.busy[whereabouts(a)]--
}

var keyForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,25}$`)

// inspect refuses what no network would take.
func (n *Network) inspect(a chat.Action) error {
	refuse := func(format string, args ...any) error {
		n.blame("%s %s: %s", a.Verb, a.Key, fmt.Sprintf(format, args...))
		return chat.ErrRefused
	}
	if !keyForm.MatchString(a.Key) {
		return refuse("%q is no key", a.Key)
	}
	if a.Again && a.Began.IsZero() {
		return refuse("asks again and does not say when it began")
	}
	if whereabouts(a).Room == (chat.Room{}) {
		return refuse("it does not say in which room")
	}
	switch a.Verb {
	case chat.Post, chat.Edit:
		if a.Message.Body.Empty() && len(a.Message.Files) == 0 {
			return refuse("an empty message")
		}
		if len(a.Message.Files) > 1 || len(a.Message.Files) == 1 && (len(a.Data) == 0 || int64(len(a.Data)) > n.o.Largest) {
			return refuse("%d files, %d bytes", len(a.Message.Files), len(a.Data))
		}
		if err := a.Message.Body.Check(); err != nil {
			return refuse("a broken text: %v", err)
		}
		if !n.fits(a.Message) {
			return refuse("%d code points are more than %d", utf8.RuneCountInString(n.printed(a.Message.Body)), n.o.Limit)
		}
	case chat.React, chat.Unreact:
		if n.o.NoReacting || a.Emoji == "" {
			return refuse("cannot react with %q", a.Emoji)
		}
	case chat.OpenThread:
		if k := utf8.RuneCountInString(a.Name); k > 100 {
			return refuse("a thread's name of %d code points", k)
		}
	case chat.Delete:
		if a.On.IsZero() && !a.Again {
			return refuse("deletes nothing")
		}
	default:
		return refuse("no such verb")
	}
	return nil
}

// useKey writes down a key's use. It reports whether this was the first.
func (n *Network) useKey(a chat.Action) bool {
	before := n.keys[a.Key]
	if before == nil {
		n.keys[a.Key] = &use{a.Verb, a.On.ID}
		return true
	}
	takesBack := a.Again && (a.Verb == chat.Delete || a.Verb == chat.Unreact)
	if !a.Again {
		n.blame("%s %s: the key was used before and Again is not set", a.Verb, a.Key)
	} else if !takesBack && *before != (use{a.Verb, a.On.ID}) {
		n.blame("%s %s: the key was used for another change (%s)", a.Verb, a.Key, before.verb)
	}
	return false
}

// wait writes down what the network wishes.
func (p *Platform) wait(a chat.Action, place chat.Place, err error) {
	var r chat.RetryAfter
	if !errors.As(err, &r) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.holds == nil {
		p.holds = map[any]hold{}
	}
	who := any("")
	switch r.Scope {
	case chat.RoomScope:
		who = place.Room
	case chat.MessageScope:
		who = "key " + a.Key
	}
	p.holds[who] = hold{time.Now(), time.Now().Add(r.Wait)}
}

// patient blames requests that come before they should. Those that were on
// their way when the wish was told are forgiven.
func (p *Platform) patient(a chat.Action, place chat.Place) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	for _, who := range []any{"", place.Room, "key " + a.Key} {
		h, told := p.holds[who]
		if told && now.After(h.from.Add(100*time.Millisecond)) && now.Before(h.until) {
			p.net.blame("%s %s: asked %s before the network said", a.Verb, a.Key, h.until.Sub(now))
		}
	}
}
