//go:build unix

package matrix

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/format"
	"marginalia/test/dendrite"
	"marginalia/test/faultproxy"
	"marginalia/test/matrixuser"
)

// TestDoes tells what is Matrix's own about doing.
func TestDoes(t *testing.T) {
	server := dendrite.Start(t)
	for what, story := range map[string]func(*testing.T, *world){
		"takes all words away, those of unknown edits too": doesDelete,
		"takes away a person's words with their edits":     doesModerate,
		"finds what a process before it did":               doesFind,
		"keeps a thread together for old clients":          doesThread,
		"sends as much as it says that fits":               doesFit,
		"knows what never left":                            doesNotReach,
		"waits as it is told":                              doesWait,
		"finds a reaction that stands already":             doesReactTwice,
		"names no room":                                    doesNowhere,
	} {
		t.Run(what, func(t *testing.T) { story(t, newWorld(t, server)) })
	}
}

// keys makes each key one of its own.
var keys = func() func() string {
	n := 0
	return func() string { n++; return fmt.Sprintf("key-%d-%d", time.Now().UnixNano()%1e9, n) }
}()

func post(p chat.Place, words string) chat.Action {
	return chat.Action{Verb: chat.Post, Key: keys(), Began: time.Now(),
		Message: chat.Message{Ref: chat.Ref{Place: p}, Body: format.Text(words)}}
}

func edit(ref chat.Ref, words string) chat.Action {
	return chat.Action{Verb: chat.Edit, Key: keys(), Began: time.Now(), On: ref, Message: chat.Message{Body: format.Text(words)}}
}

func (w *world) do(t *testing.T, p *Platform, a chat.Action) chat.Done {
	t.Helper()
	done, err := p.Do(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// sent returns an event. Dendrite says for a moment that it knows nothing of
// one that it has just accepted.
func (w *world) sent(t *testing.T, r chat.Room, id string) matrixuser.Event {
	t.Helper()
	var e matrixuser.Event
	eventually(t, "the server knows "+id, func() bool {
		var err error
		e, err = w.owner.Event(t.Context(), r.ID, id)
		return err == nil
	})
	return e
}

// left returns the texts of a room that hold words.
func (w *world) left(t *testing.T, r chat.Room, words string) []string {
	t.Helper()
	var all []string
	for _, text := range w.History(t, r) {
		if strings.Contains(text, words) {
			all = append(all, text)
		}
	}
	return all
}

func doesDelete(t *testing.T, w *world) {
	r := w.Room(t)
	p := w.open(t)
	ref := w.do(t, p, post(chat.Place{Room: r}, "zebra one")).Ref
	first := w.do(t, p, edit(ref, "zebra two")).Ref
	w.do(t, p, edit(ref, "zebra three")) // which nobody took note of
	eventually(t, "the server knows both edits", func() bool {
		edits, err := w.owner.Relations(t.Context(), r.ID, ref.ID, "m.replace")
		return err == nil && len(edits) == 2
	})
	a := chat.Action{Verb: chat.Delete, Key: keys(), On: ref, Old: []chat.Ref{first}}
	for _, p := range []*Platform{p, p, w.open(t)} { // twice is once, for another process too
		w.do(t, p, a)
		eventually(t, "no zebra is left", func() bool { return len(w.left(t, r, "zebra")) == 0 })
	}
}

func doesModerate(t *testing.T, w *world) {
	r := w.Room(t)
	ada := w.User(t, "ada").(*user)
	p := w.open(t)
	ref := ada.Say(t, chat.Place{Room: r}, "okapi one", chat.Ref{})
	ada.Edit(t, ref, "okapi two")
	eventually(t, "the server knows the edit", func() bool {
		edits, err := w.owner.Relations(t.Context(), r.ID, ref.ID, "m.replace")
		return err == nil && len(edits) == 1
	})
	w.do(t, p, chat.Action{Verb: chat.Delete, Key: keys(), On: ref})
	eventually(t, "no okapi is left", func() bool { return len(w.left(t, r, "okapi")) == 0 })
	strict := chat.Room{Platform: network, ID: w.room(t, map[string]any{"preset": "public_chat"})}
	ref = ada.Say(t, chat.Place{Room: strict}, "gnu", chat.Ref{})
	if _, err := p.Do(t.Context(), chat.Action{Verb: chat.Delete, Key: keys(), On: ref}); !errors.Is(err, chat.ErrForbidden) {
		t.Errorf("deleting what it may not delete: %v", err)
	}
}

// doesFind: each process has only what stands on the server to go by.
func doesFind(t *testing.T, w *world) {
	w.config.Timeline = 5 // so that the history is read too
	r := w.Room(t)
	ada := w.User(t, "ada").(*user)
	p := w.open(t)
	main := chat.Place{Room: r}
	said := ada.Say(t, main, "words", chat.Ref{})
	outside := post(main, "passage")
	root := w.do(t, p, outside).Ref
	inside := post(chat.Place{Room: r, Thread: root.ID}, "annotation")
	edited := edit(root, "better passage")
	reacted := chat.Action{Verb: chat.React, Key: keys(), Began: time.Now(), On: said, Emoji: "❤"}
	made := map[string]string{outside.Key: root.ID}
	for _, a := range []chat.Action{inside, edited, reacted} {
		made[a.Key] = w.do(t, p, a).Ref.ID
	}
	for i := range 20 {
		ada.Say(t, main, fmt.Sprint("later ", i), chat.Ref{})
	}
	for _, a := range []chat.Action{outside, inside, edited, reacted} {
		a.Again = true
		done := w.do(t, w.open(t), a)
		if !done.Found || done.Ref.ID != made[a.Key] {
			t.Errorf("%s: found %+v, was %s", a.Verb, done, made[a.Key])
		}
		a.Key = keys() // one that made nothing
		if a.Verb == chat.React {
			a.Emoji = "🎉"
		}
		if done := w.do(t, w.open(t), a); done.Found || done.Ref.ID == made[a.Key] {
			t.Errorf("%s that was not made: found %+v", a.Verb, done)
		}
	}
	outside.Verb, outside.Again, outside.On = chat.Delete, true, chat.Ref{Place: main}
	for range 2 { // finding it changes nothing
		if outside.On = w.do(t, w.open(t), outside).Ref; outside.On.ID != root.ID || outside.On.Place != main {
			t.Errorf("found %+v, stands at %+v", outside.On, root)
		}
		outside.On.ID = ""
	}
	outside.On = root
	w.do(t, w.open(t), outside)
	eventually(t, "the post is taken back", func() bool {
		e, err := w.owner.Event(t.Context(), r.ID, root.ID)
		return err == nil && len(e.Content) == 0
	})
}

func doesThread(t *testing.T, w *world) {
	r := w.Room(t)
	ada := w.User(t, "ada").(*user)
	p := w.open(t)
	e := hear(t, p, fromNow(r))
	root := w.do(t, p, post(chat.Place{Room: r}, "passage")).Ref
	under := chat.Place{Room: r, Thread: root.ID}
	first := w.do(t, p, post(under, "one")).Ref
	adas := ada.Say(t, under, "two", chat.Ref{})
	e.waitFor(adas.ID)
	second := w.do(t, p, post(under, "three")).Ref
	answer := post(under, "four")
	answer.Message.ReplyTo = first
	third := w.do(t, p, answer).Ref
	for id, want := range map[string]struct {
		to      string
		falling bool
	}{first.ID: {root.ID, true}, second.ID: {adas.ID, true}, third.ID: {first.ID, false}} {
		sent := w.sent(t, r, id)
		rel := sent.Content["m.relates_to"].(map[string]any)
		to := rel["m.in_reply_to"].(map[string]any)["event_id"]
		if rel["event_id"] != root.ID || to != want.to || rel["is_falling_back"] != want.falling {
			t.Errorf("%q relates to %v, should answer %s (%v)", sent.Body(), rel, want.to, want.falling)
		}
	}
	e.stop()
}

func doesFit(t *testing.T, w *world) {
	r := w.Room(t)
	p := w.open(t)
	for _, unit := range []string{"Fifteen bytes. ", `"quotes" \ and <marks> & `, "日本語、", "x\n"} {
		message := func(n int) chat.Message {
			return chat.Message{Ref: chat.Ref{Place: chat.Place{Room: r}}, From: chat.Person{ID: "x", Name: strings.Repeat("語", 200)},
				Body: format.Text(strings.TrimSpace(strings.Repeat(unit, n)))}
		}
		n := 1
		for p.fits(message(n + 50)) {
			n += 50
		}
		a := chat.Action{Verb: chat.Post, Key: keys(), Message: message(n)}
		ref := w.do(t, p, a).Ref
		a.Verb, a.Key, a.On = chat.Edit, keys(), ref
		w.do(t, p, a)
		a = chat.Action{Verb: chat.Post, Key: keys(), Message: message(4 * n)}
		if _, err := p.Do(t.Context(), a); !errors.Is(err, chat.ErrRefused) {
			t.Errorf("%d times %q: %v", 4*n, unit, err)
		}
	}
}

func doesNotReach(t *testing.T, w *world) {
	r := w.Room(t)
	p := w.open(t)
	a := post(chat.Place{Room: r}, "words")
	if err := w.proxy.SetDown(true); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Do(t.Context(), a); !errors.Is(err, chat.ErrUnreached) {
		t.Errorf("nobody answers: %v", err)
	}
	if err := w.proxy.SetDown(false); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []faultproxy.Kind{faultproxy.Status500, faultproxy.Status502, faultproxy.DropBefore, faultproxy.DropAfter} {
		w.proxy.Set(faultproxy.Rule{Kind: kind, Match: faultproxy.Sends, Count: 1})
		if _, err := p.Do(t.Context(), a); err == nil || isKind(err) {
			t.Errorf("%s leaves open what was done: %v", kind, err)
		}
	}
	w.proxy.Set(faultproxy.Rule{Kind: faultproxy.Delay, Match: faultproxy.Sends, Delay: 5 * time.Second})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := p.Do(ctx, a); err == nil || isKind(err) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("too slow an answer leaves open what was done: %v", err)
	}
}

// isKind reports whether an error is certain that nothing was done.
func isKind(err error) bool {
	var wait chat.RetryAfter
	for _, kind := range []error{chat.ErrRefused, chat.ErrGone, chat.ErrForbidden, chat.ErrAuth, chat.ErrUnreached} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return errors.As(err, &wait)
}

func doesWait(t *testing.T, w *world) {
	r := w.Room(t)
	p := w.open(t)
	for _, c := range []struct {
		header time.Duration
		ms     int
		want   time.Duration
	}{{3 * time.Second, 2500, 3 * time.Second}, {0, 2500, 2500 * time.Millisecond}, {7 * time.Second, 0, 7 * time.Second}, {0, 0, hurry}} {
		w.proxy.Set(faultproxy.Rule{Kind: faultproxy.Status429, Match: faultproxy.Sends, Count: 1, RetryAfter: c.header, RetryAfterMS: c.ms})
		_, err := p.Do(t.Context(), post(chat.Place{Room: r}, "words"))
		var asked chat.RetryAfter
		if !errors.As(err, &asked) || asked.Wait != c.want || asked.Scope != chat.AccountScope {
			t.Errorf("asked to wait %s by header and %d ms: %+v", c.header, c.ms, err)
		}
	}
}

func doesReactTwice(t *testing.T, w *world) {
	r := w.Room(t)
	ada := w.User(t, "ada").(*user)
	p := w.open(t)
	said := ada.Say(t, chat.Place{Room: r}, "words", chat.Ref{})
	a := chat.Action{Verb: chat.React, Key: keys(), On: said, Emoji: "👍"}
	first := w.do(t, p, a).Ref
	eventually(t, "the server knows the reaction", func() bool { return len(w.Reactions(t, said)) == 1 })
	w.proxy.Set(faultproxy.Rule{Kind: faultproxy.Answer, Match: faultproxy.Sends, Answer: func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest) // as Synapse does, and Dendrite does not
		_, _ = io.WriteString(w, `{"errcode":"M_DUPLICATE_ANNOTATION","error":"Can't send same reaction twice"}`)
	}})
	a.Key = keys()
	if done := w.do(t, p, a); !done.Found || done.Ref.ID != first.ID {
		t.Errorf("found %+v, there stands %s", done, first.ID)
	}
	if sent := w.sent(t, r, first.ID); sent.Content["m.relates_to"].(map[string]any)["key"] != "👍\ufe0f" {
		t.Errorf("reacted with %+v", sent.Content)
	}
}

func doesNowhere(t *testing.T, w *world) {
	p := w.open(t)
	if _, err := p.Do(t.Context(), chat.Action{Verb: chat.Delete, Key: keys(), Again: true}); !errors.Is(err, chat.ErrRefused) {
		t.Errorf("a deletion without a room: %v", err)
	}
	var refused *matrixuser.Error
	if err := w.owner.Join(t.Context(), w.Nowhere(t).ID); !errors.As(err, &refused) {
		t.Errorf("the room that is not there is there: %v", err)
	}
}
