package chattest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/format"
)

// TestBad: what a careful bot never asks for is written down.
func TestBad(t *testing.T) {
	type scene struct {
		n    *Network
		p    *Platform
		room chat.Room
		own  chat.Ref // a message of the bot's
		said chat.Ref // one of ada's
	}
	ask := func(p *Platform, a chat.Action) error {
		_, err := p.Do(context.Background(), a)
		return err
	}
	for _, c := range []struct {
		name string
		ask  func(scene) error
		err  error // nil: any
		bad  string
	}{
		{"a key that is too long", func(s scene) error {
			a := posting(at(s.room), "x")
			a.Key = strings.Repeat("k", 26)
			return ask(s.p, a)
		}, chat.ErrRefused, "is no key"},
		{"a key with a colon", func(s scene) error {
			a := posting(at(s.room), "x")
			a.Key = "a:b"
			return ask(s.p, a)
		}, chat.ErrRefused, "is no key"},
		{"a key used again", func(s scene) error {
			a := posting(at(s.room), "x")
			return errors.Join(ask(s.p, a), ask(s.p, a))
		}, nil, "Again is not set"},
		{"a key used for another change", func(s scene) error {
			a := posting(at(s.room), "x")
			b := editing(s.own, "y")
			b.Key, b.Again = a.Key, true
			return errors.Join(ask(s.p, a), ask(s.p, b))
		}, nil, "another change (post)"},
		{"again since when", func(s scene) error {
			a := posting(at(s.room), "x")
			a.Again, a.Began = true, time.Time{}
			return ask(s.p, a)
		}, chat.ErrRefused, "when it began"},
		{"a long text", func(s scene) error { return ask(s.p, posting(at(s.room), strings.Repeat("ö", 2001))) }, chat.ErrRefused, "2001 code points"},
		{"a long text as an edit", func(s scene) error { return ask(s.p, editing(s.own, strings.Repeat("ö", 2001))) }, chat.ErrRefused, "2001 code points"},
		{"no text", func(s scene) error { return ask(s.p, posting(at(s.room), " ")) }, chat.ErrRefused, "empty"},
		{"a broken text", func(s scene) error { return ask(s.p, postingDoc(at(s.room), format.Doc{Text: "x"})) }, chat.ErrRefused, "broken"},
		{"an edit of another's words", func(s scene) error { return ask(s.p, editing(s.said, "y")) }, chat.ErrForbidden, "not the bot's"},
		{"a deletion of another's words", func(s scene) error { return ask(s.p, deleting(s.said)) }, chat.ErrForbidden, "not the bot's"},
		{"a deletion of nothing", func(s scene) error { return ask(s.p, deleting(chat.Ref{Place: at(s.room)})) }, chat.ErrRefused, "deletes nothing"},
		{"a deletion of what a key made, nowhere", func(s scene) error {
			a := deleting(chat.Ref{})
			a.Again = true
			return ask(s.p, a)
		}, chat.ErrRefused, "in which room"},
		{"a deletion of an edit that is none", func(s scene) error { return ask(s.p, deleting(s.own, s.said)) }, nil, "holds no words of"},
		{"a thread that is not there", func(s scene) error { return ask(s.p, posting(chat.Place{Room: s.room, Thread: "t99"}, "x")) }, chat.ErrGone, "no thread"},
		{"a thread under what is in a thread", func(s scene) error {
			done, err := s.p.Do(context.Background(), opening(s.own))
			if err != nil {
				return err
			}
			inside, err := s.p.Do(context.Background(), posting(done.Ref.Place, "x"))
			return errors.Join(err, ask(s.p, opening(inside.Ref)))
		}, chat.ErrRefused, "in a thread itself"},
		{"a thread opened twice", func(s scene) error {
			return errors.Join(ask(s.p, opening(s.own)), ask(s.p, opening(s.own)))
		}, chat.ErrRefused, "has a thread already"},
		{"a thread with a long name", func(s scene) error {
			a := opening(s.own)
			a.Name = strings.Repeat("ö", 101)
			return ask(s.p, a)
		}, chat.ErrRefused, "name of 101"},
		{"a message sought in the wrong thread", func(s scene) error {
			a := deleting(s.own)
			a.On.Place.Thread = "t99"
			return ask(s.p, a)
		}, nil, "does not stand in"},
		{"an edit sought in the wrong thread", func(s scene) error {
			a := editing(s.own, "y")
			a.On.Place.Thread = "t99"
			return ask(s.p, a)
		}, chat.ErrGone, "does not stand in"},
		{"an answer across rooms", func(s scene) error {
			a := posting(at(s.n.Room("other")), "x")
			a.Message.ReplyTo = s.said
			return ask(s.p, a)
		}, nil, "answers"},
		{"no emoji", func(s scene) error { return ask(s.p, reacting(s.own, "")) }, chat.ErrRefused, "cannot react"},
		{"two equal reactions", func(s scene) error {
			return errors.Join(ask(s.p, reacting(s.own, "👍")), ask(s.p, reacting(s.own, "👍")))
		}, nil, "already"},
		{"no verb", func(s scene) error { return ask(s.p, chat.Action{Verb: "dance", Key: key(), On: s.own}) }, chat.ErrRefused, "no such verb"},
		{"two requests at once", func(s scene) error {
			s.n.Delay(2, 50*time.Millisecond)
			var both sync.WaitGroup
			for range 2 {
				both.Go(func() { _ = ask(s.p, posting(at(s.room), "x")) })
			}
			both.Wait()
			return nil
		}, nil, "two requests at once"},
		{"impatience", func(s scene) error {
			s.n.FailNext(1, chat.RetryAfter{Wait: time.Minute, Scope: chat.RoomScope})
			_ = ask(s.p, posting(at(s.room), "x"))
			time.Sleep(59 * time.Second)
			return ask(s.p, posting(at(s.room), "y"))
		}, nil, "asked 1s before"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := scene{n: New(Options{Threads: chat.OpenedThreads})}
				s.p, s.room = s.n.Open("bot"), s.n.Room("room")
				done, err := s.p.Do(context.Background(), posting(at(s.room), "A passage."))
				if err != nil {
					t.Fatal(err)
				}
				s.own = done.Ref
				s.said = s.n.User("ada").Say(at(s.room), "Why?", chat.Ref{})
				err = c.ask(s)
				if c.err != nil && !errors.Is(err, c.err) {
					t.Errorf("%v, should be: %v", err, c.err)
				}
				if bad := s.n.Bad(); len(bad) != 1 || !strings.Contains(bad[0], c.bad) {
					t.Errorf("bad: %q, should hold %q", bad, c.bad)
				}
			})
		})
	}
}

// TestFine: what looks like it but is no fault.
func TestFine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New(Options{Moderator: true})
		defer n.Check(t)
		p, r := n.Open("bot"), n.Room("room")
		ada := n.User("ada")
		do := func(a chat.Action) (chat.Done, error) { return p.Do(context.Background(), a) }
		must := func(a chat.Action) chat.Done {
			t.Helper()
			done, err := do(a)
			if err != nil {
				t.Fatalf("%s: %v", a.Verb, err)
			}
			return done
		}

		// A key is free again after an answer that is certain.
		a := posting(at(r), "Once.")
		for _, err := range []error{chat.ErrForbidden, chat.RetryAfter{Wait: time.Second, Scope: chat.MessageScope}} {
			n.FailNext(1, err)
			if _, got := do(a); !errors.Is(got, err) {
				t.Errorf("%v, should be %v", got, err)
			}
		}
		must(posting(at(r), "Another does not wait."))
		time.Sleep(time.Second)
		must(a)

		// Two rooms, and two threads, at once.
		root := must(posting(at(r), "Root.")).Ref
		n.Delay(3, time.Minute)
		var all sync.WaitGroup
		for _, p := range []chat.Place{at(r), {Room: r, Thread: root.ID}, at(n.Room("other"))} {
			all.Go(func() { must(posting(p, "At once.")) })
		}
		all.Wait()

		must(deleting(ada.Say(at(r), "Spam.", chat.Ref{}))) // by a moderator
		must(posting(at(r), strings.Repeat("ö", 2000)))
		gone := must(posting(at(r), "Gone.")).Ref
		must(deleting(gone))
		if _, err := do(deleting(gone)); !errors.Is(err, chat.ErrGone) {
			t.Errorf("deleted twice: %v", err)
		}
		if _, err := do(posting(at(chat.Room{Platform: "net", ID: "none"}), "x")); !errors.Is(err, chat.ErrForbidden) {
			t.Errorf("no room: %v", err)
		}
	})
}

// TestFaults: a request meets what was planned for it.
func TestFaults(t *testing.T) {
	for _, c := range []struct {
		name   string
		plan   func(*Network)
		err    error
		stands []string // at once, and an hour later
		later  []string
	}{
		{"none", func(n *Network) {}, nil, []string{"x"}, []string{"x"}},
		{"down", func(n *Network) { n.SetDown(true) }, chat.ErrUnreached, nil, nil},
		{"revoked", func(n *Network) { n.Revoke(true) }, chat.ErrAuth, nil, nil},
		{"forbidden", func(n *Network) { n.Forbid(n.Room("room"), true) }, chat.ErrForbidden, nil, nil},
		{"fails", func(n *Network) { n.FailNext(1, chat.ErrRefused) }, chat.ErrRefused, nil, nil},
		{"lost", func(n *Network) { n.Lose(1) }, errLost, []string{"x"}, []string{"x"}},
		{"dropped", func(n *Network) { n.Drop(1) }, errDrop, nil, nil},
		{"late", func(n *Network) { n.Late(1, time.Minute) }, errLost, nil, []string{"x"}},
		{"delayed, waited for", func(n *Network) { n.Delay(1, time.Second) }, nil, []string{"x"}, []string{"x"}},
		{"delayed, not waited for", func(n *Network) { n.Delay(1, time.Minute) }, context.DeadlineExceeded, nil, []string{"x"}},
		{"slow to answer", func(n *Network) { n.SlowAnswers(time.Minute) }, context.DeadlineExceeded, []string{"x"}, []string{"x"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := New(Options{})
				r := n.Room("room")
				c.plan(n)
				ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
				defer cancel()
				a := posting(at(r), "x")
				if _, err := n.Open("bot").Do(ctx, a); !errors.Is(err, c.err) {
					t.Errorf("%v, should be: %v", err, c.err)
				}
				if got := wordsOf(n.Read(at(r))); !slices.Equal(got, c.stands) {
					t.Errorf("there stand %q, should be %q", got, c.stands)
				}
				time.Sleep(time.Hour)
				if got := wordsOf(n.Read(at(r))); !slices.Equal(got, c.later) {
					t.Errorf("later there stand %q, should be %q", got, c.later)
				}
				n.Check(t)
			})
		})
	}
}

// TestAgainTooEarly: who does not wait until a request has settled doubles it,
// as on a real network.
func TestAgainTooEarly(t *testing.T) {
	for wait, want := range map[time.Duration]int{30 * time.Second: 2, 2 * time.Minute: 1} {
		synctest.Test(t, func(t *testing.T) {
			n := New(Options{})
			p, r := n.Open("bot"), n.Room("room")
			n.Late(1, time.Minute)
			a := posting(at(r), "x")
			_, _ = p.Do(t.Context(), a)
			time.Sleep(wait)
			a.Again = true
			if _, err := p.Do(t.Context(), a); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Hour)
			if got := len(n.Read(at(r))); got != want {
				t.Errorf("asked again after %s: %d messages, should be %d", wait, got, want)
			}
		})
	}
}

// TestOutage: while the bot is cut off people talk on; it hears all of it
// once it is back.
func TestOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New(Options{})
		r, ada := n.Room("room"), n.User("ada")
		p := n.Open("bot")
		var heard []string
		since := map[chat.Place]chat.Cursor{{}: "", at(r): ""}
		run := func() chan error {
			ended := make(chan error, 1)
			go func() {
				ended <- p.Run(t.Context(), since, func(_ context.Context, b chat.Batch) error {
					for _, e := range b.Events {
						heard = append(heard, e.Message.Body.Text)
					}
					maps.Copy(since, b.Since)
					return nil
				})
			}()
			synctest.Wait()
			return ended
		}
		ended := run()
		ada.Say(at(r), "one", chat.Ref{})
		synctest.Wait()
		n.SetDown(true)
		n.SetDown(false) // however short
		if err := <-ended; !errors.Is(err, chat.ErrUnreached) {
			t.Errorf("cut off, Run returned %v", err)
		}
		n.SetDown(true)
		ended = run()
		for i := range 120 {
			ada.Say(at(r), fmt.Sprint(i), chat.Ref{})
		}
		time.Sleep(34 * time.Hour)
		if len(ended) > 0 || len(heard) != 1 {
			t.Errorf("in the outage Run ended (%v) or heard %q", len(ended) > 0, heard)
		}
		n.SetDown(false)
		synctest.Wait()
		if len(heard) != 121 || heard[120] != "119" {
			t.Errorf("after the outage %d were heard: %q", len(heard), heard)
		}
		n.Revoke(true)
		if err := <-ended; !errors.Is(err, chat.ErrAuth) {
			t.Errorf("revoked, Run returned %v", err)
		}
		if err := <-run(); !errors.Is(err, chat.ErrAuth) {
			t.Errorf("revoked, Run returned %v", err)
		}
	})
}

// TestEchoFirst: with slow answers a post is heard of before Do returns.
func TestEchoFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New(Options{})
		r, p := n.Room("room"), n.Open("bot")
		n.SlowAnswers(time.Second)
		echo := make(chan chat.Event, 1)
		go func() {
			_ = p.Run(t.Context(), map[chat.Place]chat.Cursor{at(r): ""}, func(_ context.Context, b chat.Batch) error {
				for _, e := range b.Events {
					echo <- e
				}
				return nil
			})
		}()
		synctest.Wait()
		a := posting(at(r), "x")
		began := time.Now()
		go func() {
			if e := <-echo; e.Kind != chat.Echoed || e.Key != a.Key || time.Since(began) != 0 {
				t.Errorf("after %s: %+v", time.Since(began), e)
			}
		}()
		if _, err := p.Do(t.Context(), a); err != nil || time.Since(began) != time.Second {
			t.Errorf("answered after %s: %v", time.Since(began), err)
		}
	})
}

// TestLeftWords: where edits are events, a deletion that forgets one leaves
// its words to be found, also when a moderator came first.
func TestLeftWords(t *testing.T) {
	n := New(Options{EditEvents: true})
	r, p, ada := n.Room("room"), n.Open("bot"), n.User("ada")
	do := func(a chat.Action) chat.Ref {
		t.Helper()
		done, err := p.Do(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		return done.Ref
	}
	left := func(want ...string) {
		t.Helper()
		if got := n.Everything(r); !slices.Equal(got, want) {
			t.Errorf("left are %q, should be %q", got, want)
		}
	}
	ref := do(posting(at(r), "one"))
	edit := do(editing(ref, "two"))
	left("one", "two")
	ada.Delete(ref)
	left("two")
	do(deleting(ref, edit))
	left()
	own := ada.Say(at(r), "three", chat.Ref{})
	ada.Edit(own, "four")
	ada.Delete(own)
	left()
	n.Check(t)
}

// TestDeletedIsNotTold: what was deleted while the bot was away is not told
// with its words afterwards.
func TestDeletedIsNotTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New(Options{})
		r, ada := n.Room("room"), n.User("ada")
		ref := ada.Say(at(r), "one", chat.Ref{})
		ada.Edit(ref, "two")
		ada.Delete(ref)
		var got []chat.Kind
		go func() {
			_ = n.Open("bot").Run(t.Context(), map[chat.Place]chat.Cursor{{}: "0", at(r): "0"}, func(_ context.Context, b chat.Batch) error {
				for _, e := range b.Events {
					got = append(got, e.Kind)
				}
				return nil
			})
		}()
		synctest.Wait()
		if !slices.Equal(got, []chat.Kind{chat.Deleted}) {
			t.Errorf("told was %q", got)
		}
	})
}

// TestTwoBots: what one bot does another hears as anybody's words.
func TestTwoBots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New(Options{})
		r := n.Room("room")
		var got []chat.Event
		go func() {
			_ = n.Open("other").Run(t.Context(), map[chat.Place]chat.Cursor{at(r): ""}, func(_ context.Context, b chat.Batch) error {
				got = append(got, b.Events...)
				return nil
			})
		}()
		synctest.Wait()
		if _, err := n.Open("bot").Do(t.Context(), posting(at(r), "x")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if len(got) != 1 || got[0].Kind != chat.Said || got[0].By.ID != "bot" || got[0].Key != "" {
			t.Errorf("heard %+v", got)
		}
	})
}
