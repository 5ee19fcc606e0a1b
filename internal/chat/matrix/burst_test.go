//go:build unix

package matrix

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"

	"marginalia/internal/chat"
	"marginalia/test/faultproxy"
)

// crowd lets people say n messages each, at full speed, and returns the ids
// that the server answered, by person.
func (w *world) crowd(t *testing.T, room chat.Room, people, n int) map[string][]string {
	t.Helper()
	said := map[string][]string{}
	var all sync.WaitGroup
	var mu sync.Mutex
	for i := range people {
		u := w.User(t, fmt.Sprintf("crowd%d", i)).(*user)
		all.Go(func() {
			var mine []string
			for k := range n {
				mine = append(mine, u.Say(t, chat.Place{Room: room}, fmt.Sprintf("word %d of %d", k, i), chat.Ref{}).ID)
			}
			mu.Lock()
			defer mu.Unlock()
			said[u.ID] = mine
		})
	}
	all.Wait()
	return said
}

// heardOnce checks that each person's messages were heard once each, in order.
func heardOnce(t *testing.T, e *ear, said map[string][]string) {
	t.Helper()
	for _, wrong := range unlike(said, e.all(chat.Said)) {
		t.Error(wrong)
	}
}

// unlike tells how what was heard differs from what was said.
func unlike(said map[string][]string, heard []chat.Event) []string {
	var wrong []string
	by := map[string][]string{}
	for _, told := range heard {
		by[told.By.ID] = append(by[told.By.ID], told.Message.Ref.ID)
	}
	for who, ids := range said {
		if got := by[who]; !slices.Equal(got, ids) {
			n := 0
			for n < min(len(ids), len(got)) && ids[n] == got[n] {
				n++
			}
			wrong = append(wrong, fmt.Sprintf("%s said %d messages, %d were heard, the first %d of them in their place", who, len(ids), len(got), n))
		}
	}
	return wrong
}

// A message that is lost, doubled or out of place is noticed.
func TestUnlike(t *testing.T) {
	said := map[string][]string{"ada": {"1", "2", "3"}, "bob": {"4"}}
	hear := func(ids ...string) (all []chat.Event) {
		for _, id := range ids {
			who := map[bool]string{true: "bob", false: "ada"}[id == "4"]
			all = append(all, chat.Event{By: chat.Person{ID: who}, Message: chat.Message{Ref: chat.Ref{ID: id}}})
		}
		return all
	}
	for _, c := range []struct {
		heard []chat.Event
		wrong int
	}{{hear("1", "4", "2", "3"), 0}, {hear("1", "4", "3"), 1}, {hear("1", "2", "2", "3", "4"), 1}, {hear("2", "1", "3", "4"), 1}, {hear("1", "2", "3"), 1}} {
		if wrong := unlike(said, c.heard); len(wrong) != c.wrong {
			t.Errorf("heard %v: %q", c.heard, wrong)
		}
	}
}

// hearsGap: the server gives 10 events of a room at most, however many are
// asked for.
func hearsGap(t *testing.T, w *world) {
	w.proxy.Set(faultproxy.Rule{Kind: faultproxy.Rewrite, Match: faultproxy.Syncs, Rewrite: faultproxy.Body(clamp(t, 10))})
	r := w.Room(t)
	ada := w.User(t, "ada").(*user)
	since := hear(t, w.open(t), fromNow(r)).stop()
	said := w.crowd(t, r, 4, 38)
	e := hear(t, w.open(t), since)
	last := ada.Say(t, chat.Place{Room: r}, "and on it goes", chat.Ref{})
	e.waitFor(last.ID)
	heardOnce(t, e, said)
	if n := len(e.all(chat.Said)); n != 4*38+1 {
		t.Errorf("%d messages were said, %d heard", 4*38+1, n)
	}
	e.stop()
}

// clamp leaves all but the last n events out of a sync's answer.
func clamp(t *testing.T, n int) func([]byte) []byte {
	return func(body []byte) []byte {
		var answer map[string]any
		if err := json.Unmarshal(body, &answer); err != nil {
			t.Error(err)
		}
		rooms, _ := answer["rooms"].(map[string]any)
		join, _ := rooms["join"].(map[string]any)
		for _, news := range join {
			timeline := news.(map[string]any)["timeline"].(map[string]any)
			if events := timeline["events"].([]any); len(events) > n {
				timeline["events"], timeline["limited"] = events[len(events)-n:], true
			}
		}
		out, err := json.Marshal(answer)
		if err != nil {
			t.Error(err)
		}
		return out
	}
}

func hearsBurst(t *testing.T, w *world) { burst(t, w, 125) }

func hearsBurstWithGaps(t *testing.T, w *world) {
	w.config.Timeline = 3
	burst(t, w, 40)
}

// burst lets 8 people say n messages each while the bot listens.
func burst(t *testing.T, w *world, n int) {
	r := w.Room(t)
	ada := w.User(t, "ada").(*user)
	e := hear(t, w.open(t), fromNow(r))
	said := w.crowd(t, r, 8, n)
	last := ada.Say(t, chat.Place{Room: r}, "the last word", chat.Ref{})
	e.waitFor(last.ID)
	heardOnce(t, e, said)
	once := map[string]bool{}
	for _, told := range e.all() {
		if once[told.Message.Ref.ID] {
			t.Errorf("%s was heard twice", told.Message.Ref.ID)
		}
		once[told.Message.Ref.ID] = true
	}
	e.stop()
}
