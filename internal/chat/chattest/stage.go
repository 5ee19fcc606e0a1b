package chattest

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
)

// patience is how long the contract waits for what must come.
const patience = 30 * time.Second

// stage is where a story is told.
type stage struct {
	testing.TB
	w World
}

// at is a room's main timeline.
func at(r chat.Room) chat.Place { return chat.Place{Room: r} }

// same reports whether two refs point at one message. Events need not know
// the thread of what they point at.
func same(a, b chat.Ref) bool { return a.ID == b.ID && a.Place.Room == b.Place.Room }

// key returns a fresh key of an action, as long as keys may be.
func key() string { return rand.Text()[:25] }

// until waits for a condition that only looking can tell. ok says in words
// how things stand.
func (s *stage) until(ok func() (string, bool)) {
	s.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		how, fine := ok()
		if fine {
			return
		}
		if time.Now().After(end) {
			s.Fatalf("waited %s in vain: %s", patience, how)
		}
	}
}

// reads waits until these texts and no others stand at a place, in order.
func (s *stage) reads(p chat.Place, want ...string) []chat.Message {
	s.Helper()
	var got []chat.Message
	s.until(func() (string, bool) {
		got = s.w.Read(s, p)
		var texts []string
		for _, m := range got {
			texts = append(texts, m.Body.Text)
		}
		return fmt.Sprintf("in %v stand %q, should be %q", p, texts, want), slices.Equal(texts, want)
	})
	return got
}

// shows waits until these emoji stand under a message.
func (s *stage) shows(ref chat.Ref, want ...string) {
	s.Helper()
	s.until(func() (string, bool) {
		var got []string
		for _, emoji := range s.w.Reactions(s, ref) {
			got = append(got, bare(emoji))
		}
		slices.Sort(got)
		return fmt.Sprintf("under %s stand %q, should be %q", ref.ID, got, want), slices.Equal(got, want)
	})
}

// bare is an emoji without the selector that asks for its picture: some
// networks want it, some do not.
func bare(emoji string) string { return strings.ReplaceAll(emoji, "\ufe0f", "") }

// nowhere waits until words are nowhere in a room's history.
func (s *stage) nowhere(r chat.Room, words ...string) {
	s.Helper()
	s.until(func() (string, bool) {
		var left []string
		for _, text := range s.w.History(s, r) {
			for _, w := range words {
				if strings.Contains(text, w) {
					left = append(left, text)
				}
			}
		}
		return fmt.Sprintf("the history of %s still holds %q", r, left), len(left) == 0
	})
}
