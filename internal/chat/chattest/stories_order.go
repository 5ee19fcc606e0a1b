package chattest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"marginalia/internal/chat"
)

// ordered are the stories of order, of rooms beside each other, and of the end.
var ordered = []story{
	{"keeps 200 messages in order", nil, hearsOrder},
	{"keeps everyone's order when several talk", nil, hearsCrowd},
	{"keeps rooms apart and hears only those it is told to", nil, hearsRooms},
	{"ends with its context and leaves nothing running", nil, endsWithContext},
}

func hearsOrder(s *stage) {
	r := s.w.Room(s)
	ada := s.w.User(s, "ada")
	b := s.listening(r)
	var want []chat.Ref
	for i := range 200 {
		want = append(want, ada.Say(s, at(r), "Word "+strconv.Itoa(i), chat.Ref{}))
	}
	b.fence(ada, at(r))
	b.onlySaid(r, want...)
	b.stop()
}

func hearsCrowd(s *stage) {
	const people, words = 4, 25
	r := s.w.Room(s)
	b := s.listening(r)
	thread := b.thread(b.post(at(r), "The first passage."))
	var users []User
	for i := range people {
		users = append(users, s.w.User(s, "crowd"+strconv.Itoa(i)))
	}
	said := make([][]string, people)
	var talk sync.WaitGroup
	for i, u := range users {
		talk.Go(func() {
			for k := range words {
				said[i] = append(said[i], u.Say(s, thread, fmt.Sprintf("Word %d of %d", k, i), chat.Ref{}).ID)
			}
		})
	}
	talk.Wait()
	for _, u := range users {
		b.fence(u, thread)
	}
	for i, u := range users {
		var got []string
		for _, e := range b.heard() {
			if e.Kind == chat.Said && e.By.ID == u.Person().ID && strings.HasPrefix(e.Message.Body.Text, "Word ") {
				got = append(got, e.Message.Ref.ID)
			}
		}
		if !slices.Equal(got, said[i]) {
			b.Errorf("%s said %q, heard %q", u.Person().Name, said[i], got)
		}
	}
	b.stop()
}

func hearsRooms(s *stage) {
	one, two, other := s.w.Room(s), s.w.Room(s), s.w.Room(s)
	ada, bob := s.w.User(s, "ada"), s.w.User(s, "bob")
	b := s.listening(one, two)
	bob.Say(s, at(other), "Nobody listens here.", chat.Ref{})
	first := ada.Say(s, at(one), "Here is one.", chat.Ref{})
	second := bob.Say(s, at(two), "Here is two.", chat.Ref{})
	b.said(ada, first, "Here is one.")
	b.said(bob, second, "Here is two.")
	var both sync.WaitGroup
	for i, r := range []chat.Room{one, two} {
		both.Go(func() {
			for k := range 5 {
				if _, err := b.try(posting(at(r), fmt.Sprintf("Post %d of %d", k, i))); err != nil {
					b.Errorf("post in %s: %v", r, err)
				}
			}
		})
	}
	both.Wait()
	s.reads(at(one), "Here is one.", "Post 0 of 0", "Post 1 of 0", "Post 2 of 0", "Post 3 of 0", "Post 4 of 0")
	s.reads(at(two), "Here is two.", "Post 0 of 1", "Post 1 of 1", "Post 2 of 1", "Post 3 of 1", "Post 4 of 1")
	b.fence(ada, at(one))
	b.fence(bob, at(two))
	b.onlySaid(one, first)
	b.onlySaid(two, second)
	for _, e := range b.heard() {
		if e.Message.Ref.Place.Room == other {
			b.Errorf("%q is reported from a room that nobody listens to", e.Message.Body.Text)
		}
	}
	b.stop()
}

func endsWithContext(s *stage) {
	r := s.w.Room(s)
	ada := s.w.User(s, "ada")
	b := s.listening(r) // whatever the World's own clients start, they have started now
	ada.Say(s, at(r), "Once.", chat.Ref{})
	b.fence(ada, at(r))
	b.stop()

	before := goroutines()
	b.restart()
	b.post(at(r), "Twice.")
	b.fence(ada, at(r))
	b.stop()
	s.until(func() (string, bool) {
		left := goroutines()
		maps.DeleteFunc(left, func(id, stack string) bool { return before[id] != "" || harmless(stack) })
		return fmt.Sprintf("%d goroutines are left: %v", len(left), left), len(left) == 0
	})

	b = s.bot(r) // one whose time was over before it began
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	ended := make(chan error, 1)
	go func() { ended <- b.p.Run(ctx, b.since, b.handle) }()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			b.Errorf("Run returned %v when its context was done before", err)
		}
	case <-time.After(patience):
		b.Errorf("Run did not return within %s though its context was done before", patience)
	}
}

// goroutines returns the stacks of all goroutines by their number.
func goroutines() map[string]string {
	buf := make([]byte, 1<<22)
	all := map[string]string{}
	for stack := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		id, _, _ := strings.Cut(strings.TrimPrefix(stack, "goroutine "), " ")
		all[id] = stack
	}
	return all
}

// harmless reports whether a goroutine is a kept connection of net/http, or
// was started by a test's own clients.
func harmless(stack string) bool {
	if strings.Contains(stack, "net/http.(*persistConn)") || strings.Contains(stack, "net/http.(*conn).serve") {
		return true
	}
	_, creator, _ := strings.Cut(stack, "created by ")
	return strings.Contains(creator, "_test.go:") || strings.HasPrefix(creator, "testing.") || strings.HasPrefix(creator, "os/exec.")
}
