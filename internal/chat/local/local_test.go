package local

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/format"
)

var (
	ada  = chat.Person{ID: "ada", Name: "Ada"}
	main = chat.Place{Room: chat.Room{Platform: "local", ID: "main"}}
)

// listening runs p until the test ends; handle gets each event.
func listening(t *testing.T, p *Platform, handle func(chat.Event) error) (ended chan error) {
	t.Helper()
	ready, ended := make(chan bool), make(chan error, 1)
	first := true
	go func() {
		ended <- p.Run(t.Context(), map[chat.Place]chat.Cursor{{}: "", main: ""}, func(_ context.Context, b chat.Batch) error {
			if first {
				first = false
				close(ready)
				return nil
			}
			return handle(b.Events[0])
		})
	}()
	<-ready
	return ended
}

func TestSay(t *testing.T) {
	noon := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	p := New(Options{Now: func() time.Time { return noon }, ID: func() string { return "id1" }})
	var got chat.Event
	listening(t, p, func(e chat.Event) error { got = e; return nil })
	thread := main
	thread.Thread = "root"
	to := chat.Ref{Place: thread, ID: "other"}
	ref, err := p.Say(t.Context(), thread, ada, "> They *say*\nNo, not at all.", to)
	if err != nil {
		t.Fatal(err)
	}
	m := got.Message
	if want := (chat.Ref{Place: thread, ID: "id1"}); ref != want || m.Ref != want {
		t.Errorf("said as %+v, told as %+v", ref, m.Ref)
	}
	if got.Kind != chat.Said || got.By != ada || m.From != ada || m.ReplyTo != to || !got.At.Equal(noon) || !got.Revised.IsZero() {
		t.Errorf("told %+v", got)
	}
	if m.Body.Text != "They say\n\nNo, not at all." || m.Body.Blocks[0].Kind != format.Quote || len(m.Body.Spans) != 1 {
		t.Errorf("the words are told as %+v", m.Body)
	}
}

func TestCommand(t *testing.T) {
	p := New(Options{Rights: func(by chat.Person) chat.Right {
		if by == ada {
			return chat.Operator
		}
		return chat.Anyone
	}})
	var got []chat.Event
	listening(t, p, func(e chat.Event) error { got = append(got, e); return nil })
	bob := chat.Person{ID: "bob", Name: "Bob"}
	on := chat.Ref{Place: main, ID: "passage"}
	for _, say := range []struct {
		by   chat.Person
		text string
	}{{ada, "!essay next 3 --plan=drip"}, {bob, "!essay"}, {bob, "!essays are long"}} {
		if _, err := p.Say(t.Context(), main, say.by, say.text, on); err != nil {
			t.Fatal(err)
		}
	}
	first, second := got[0].Call, got[1].Call
	if got[0].Kind != chat.Called || first.Name != "next" || first.Rights != chat.Operator || first.By != ada || first.On != on ||
		first.Ref != got[0].Message.Ref || !maps.Equal(first.Args, map[string]string{"1": "3", "plan": "drip"}) {
		t.Errorf("told %+v", first)
	}
	if got[1].Kind != chat.Called || second.Name != "" || second.Rights != chat.Anyone {
		t.Errorf("told %+v", second)
	}
	if got[2].Kind != chat.Said || got[2].Call != nil {
		t.Errorf("told %+v", got[2])
	}
	if err := p.Register(t.Context(), []chat.Command{{Name: "next"}}); err != nil || len(p.Commands()) != 1 {
		t.Errorf("registered %+v: %v", p.Commands(), err)
	}
}

// A command that answers nothing is about the message whose thread it stands in.
func TestCommandInAThread(t *testing.T) {
	p := New(Options{})
	var got []chat.Ref
	listening(t, p, func(e chat.Event) error { got = append(got, e.Call.On); return nil })
	thread := main
	thread.Thread = "root"
	answered := chat.Ref{Place: thread, ID: "reply"}
	for _, to := range []chat.Ref{{}, answered} {
		if _, err := p.Say(t.Context(), thread, ada, "!essay passage", to); err != nil {
			t.Fatal(err)
		}
	}
	if root := (chat.Ref{Place: main, ID: "root"}); got[0] != root || got[1] != answered {
		t.Errorf("they are about %+v", got)
	}
}

// What was typed has not happened unless handle took it.
func TestNotTaken(t *testing.T) {
	p := New(Options{Rooms: []string{"main", "cellar"}})
	if _, err := p.Say(t.Context(), main, ada, "Hello?", chat.Ref{}); !errors.Is(err, ErrAway) {
		t.Errorf("nobody listens: %v", err)
	}
	full := errors.New("the disk is full")
	ended := listening(t, p, func(chat.Event) error { return full })
	other := chat.Place{Room: chat.Room{Platform: "local", ID: "cellar"}}
	nowhere := chat.Place{Room: chat.Room{Platform: "local", ID: "nowhere"}}
	for _, c := range []struct {
		place chat.Place
		text  string
		err   error
	}{
		{other, "Hello?", chat.ErrForbidden}, // nobody listens there
		{nowhere, "Hello?", chat.ErrForbidden},
		{main, " \n ", chat.ErrRefused},
		{main, strings.Repeat("ö", Limit+1), chat.ErrRefused},
		{main, "Hello?", full},
		{main, "Hello?", ErrAway}, // it has ended Run
	} {
		if c.err == ErrAway {
			if err := <-ended; !errors.Is(err, full) {
				t.Errorf("Run returned %v", err)
			}
		}
		if ref, err := p.Say(t.Context(), c.place, ada, c.text, chat.Ref{}); !errors.Is(err, c.err) || !ref.IsZero() {
			t.Errorf("say %.10q in %s: %v (%+v), should be: %v", c.text, c.place.Room, err, ref, c.err)
		}
	}
}

func TestReactWithWhatIsNoEmoji(t *testing.T) {
	p := New(Options{})
	listening(t, p, func(e chat.Event) error { t.Errorf("told %+v", e); return nil })
	for _, emoji := range []string{"", strings.Repeat("long ", 100)} {
		if err := p.React(t.Context(), chat.Ref{Place: main, ID: "x"}, ada, emoji, true); !errors.Is(err, chat.ErrRefused) {
			t.Errorf("react with %.10q: %v", emoji, err)
		}
	}
}

// Who has typed and does not wait is not kept by a handle that is at work.
func TestSayGivesUp(t *testing.T) {
	p := New(Options{})
	busy, free := make(chan bool), make(chan bool)
	listening(t, p, func(chat.Event) error { busy <- true; <-free; return nil })
	first := make(chan error)
	go func() {
		_, err := p.Say(t.Context(), main, ada, "one", chat.Ref{})
		first <- err
	}()
	<-busy
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Say(ctx, main, ada, "two", chat.Ref{}); !errors.Is(err, context.Canceled) {
		t.Errorf("gave up: %v", err)
	}
	close(free)
	if err := <-first; err != nil {
		t.Errorf("the first: %v", err)
	}
}

func TestListensOnce(t *testing.T) {
	p := New(Options{})
	listening(t, p, func(chat.Event) error { return nil })
	if err := p.Run(t.Context(), nil, nil); err == nil {
		t.Error("two Runs at once")
	}
}

// Twice is once: the same Key is the same message.
func TestSameKeySameRef(t *testing.T) {
	p := New(Options{})
	a := chat.Action{Verb: chat.Post, Key: "k1", Message: chat.Message{Ref: chat.Ref{Place: main}, Body: format.Text("x")}}
	one, err1 := p.Do(t.Context(), a)
	a.Again = true
	two, err2 := p.Do(t.Context(), a)
	if err1 != nil || err2 != nil || one.Ref != two.Ref || one.Found || !two.Found || one.Ref.As != "bot" {
		t.Errorf("%+v (%v) and %+v (%v)", one, err1, two, err2)
	}
}

func TestIDsAreUnlike(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := New(Options{}).o.ID()
		if seen[id] || len(id) != 22 || strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			t.Fatalf("id %q", id)
		}
		seen[id] = true
	}
}
