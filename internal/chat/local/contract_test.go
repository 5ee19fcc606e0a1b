package local

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/chattest"
	"marginalia/internal/format"
)

// TestContract draws the rooms as the web page would: from what people typed
// and the bot took, and from what the bot was told to do.
func TestContract(t *testing.T) {
	chattest.Test(t, func(testing.TB) chattest.World { return &page{} })
}

// page is a World: rooms as they are drawn.
type page struct {
	mu         sync.Mutex
	bot        *Platform // of the process that runs now
	rooms      int
	lines      []*line
	lose, drop int
}

// line is a message on the page.
type line struct {
	chat.Message
	emoji map[string]bool // person, space, emoji
}

var roomNames = []string{"room1", "room2", "room3"}

func (w *page) Open(testing.TB) chat.Platform {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bot = New(Options{Rooms: roomNames})
	return drawn{w.bot, w}
}

func (w *page) platform() *Platform {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.bot == nil {
		w.bot = New(Options{Rooms: roomNames})
	}
	return w.bot
}

func (w *page) Room(testing.TB) chat.Room {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rooms++
	return chat.Room{Platform: "local", ID: roomNames[w.rooms-1]}
}

func (w *page) Nowhere(testing.TB) chat.Room { return chat.Room{Platform: "local", ID: "nowhere"} }

func (w *page) User(_ testing.TB, name string) chattest.User {
	return visitor{w, chat.Person{ID: "visitor-" + name, Name: name}}
}

func (w *page) Read(_ testing.TB, p chat.Place) []chat.Message {
	return w.where(func(l *line) bool { return l.Ref.Place == p })
}

func (w *page) where(is func(*line) bool) (all []chat.Message) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, l := range w.lines {
		if is(l) {
			all = append(all, l.Message)
		}
	}
	return all
}

func (w *page) Reactions(_ testing.TB, ref chat.Ref) (all []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for k := range w.find(ref.ID).emoji {
		_, emoji, _ := strings.Cut(k, " ")
		all = append(all, emoji)
	}
	slices.Sort(all)
	return all
}

func (w *page) History(_ testing.TB, r chat.Room) (all []string) {
	for _, m := range w.where(func(l *line) bool { return l.Ref.Place.Room == r }) {
		all = append(all, m.Body.Text)
	}
	return all
}

func (w *page) Lose(n int)            { w.plan(n, 0) }
func (w *page) Drop(n int)            { w.plan(0, n) }
func (w *page) Restart(testing.TB)    {}
func (w *page) Settle() time.Duration { return 0 }

func (w *page) Lacks() map[string]string {
	return map[string]string{
		chattest.Away:    "nobody can type while the bot is away: the page says so",
		chattest.Gone:    "it keeps no messages; the store does",
		chattest.History: "it keeps no messages; the store does",
		chattest.Opening: "threads are free",
		chattest.Files:   "the page names files, and takes none",
	}
}

func (w *page) plan(lose, drop int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lose, w.drop = w.lose+lose, w.drop+drop
}

// find returns an empty line where there is none. With w.mu held.
func (w *page) find(id string) *line {
	for _, l := range w.lines {
		if l.Ref.ID == id {
			return l
		}
	}
	return &line{}
}

func (w *page) remove(id string) {
	w.lines = slices.DeleteFunc(w.lines, func(l *line) bool { return l.Ref.ID == id })
}

// drawn is the platform with the page that shows what it did.
type drawn struct {
	*Platform
	page *page
}

func (d drawn) Do(ctx context.Context, a chat.Action) (chat.Done, error) {
	w := d.page
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.drop > 0 {
		w.drop--
		return chat.Done{}, errors.New("the request was dropped")
	}
	done, err := d.Platform.Do(ctx, a)
	if err != nil {
		return done, err
	}
	if a.Verb == chat.Delete && a.On.IsZero() && w.find(done.Ref.ID).Ref.IsZero() {
		done.Ref = chat.Ref{} // requests are dropped here alone
	}
	w.draw(a, done)
	if w.lose > 0 {
		w.lose--
		return chat.Done{}, errors.New("the answer was lost")
	}
	return done, nil
}

// draw is what the page shows of what Do did.
func (w *page) draw(a chat.Action, done chat.Done) {
	switch a.Verb {
	case chat.Post:
		if w.find(done.Ref.ID).Ref.IsZero() {
			m := a.Message
			m.Ref, m.Body = done.Ref, w.bot.Profile().Dialect.Normal(m.Body)
			w.lines = append(w.lines, &line{m, map[string]bool{}})
		}
	case chat.Edit:
		w.find(a.On.ID).Body = w.bot.Profile().Dialect.Normal(a.Message.Body)
	case chat.Delete:
		w.remove(a.On.ID)
	case chat.React:
		w.find(a.On.ID).emoji["bot "+a.Emoji] = true
	case chat.Unreact:
		delete(w.find(a.On.ID).emoji, "bot "+a.Emoji)
	}
}

// visitor is someone at the page. What the bot does not take is tried again,
// as the page lets people do.
type visitor struct {
	w  *page
	by chat.Person
}

func (v visitor) Person() chat.Person { return v.by }

func (v visitor) insist(t testing.TB, deed func(context.Context, *Platform) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		err := deed(ctx, v.w.platform())
		if err == nil || errors.Is(err, chat.ErrForbidden) {
			return err
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s tried for 30 s: %v", v.by.Name, err)
		case <-time.After(time.Millisecond):
		}
	}
}

func (v visitor) must(t testing.TB, draw func(), deed func(context.Context, *Platform) error) {
	t.Helper()
	if err := v.insist(t, deed); err != nil {
		t.Fatal(err)
	}
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	draw()
}

func (v visitor) Say(t testing.TB, p chat.Place, text string, replyTo chat.Ref) (ref chat.Ref) {
	err := v.insist(t, func(ctx context.Context, l *Platform) (err error) {
		ref, err = l.Say(ctx, p, v.by, text, replyTo)
		return err
	})
	if err != nil {
		return chat.Ref{}
	}
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	v.w.lines = append(v.w.lines, &line{chat.Message{Ref: ref, ReplyTo: replyTo, From: v.by, Body: format.Typed(text)}, map[string]bool{}})
	return ref
}

func (v visitor) Edit(t testing.TB, ref chat.Ref, text string) {
	v.must(t, func() { v.w.find(ref.ID).Body = format.Typed(text) },
		func(ctx context.Context, l *Platform) error { return l.Edit(ctx, ref, v.by, text) })
}

func (v visitor) Delete(t testing.TB, ref chat.Ref) {
	v.must(t, func() { v.w.remove(ref.ID) },
		func(ctx context.Context, l *Platform) error { return l.Delete(ctx, ref, v.by) })
}

func (v visitor) React(t testing.TB, ref chat.Ref, emoji string) string {
	v.must(t, func() { v.w.find(ref.ID).emoji[v.by.ID+" "+emoji] = true },
		func(ctx context.Context, l *Platform) error { return l.React(ctx, ref, v.by, emoji, true) })
	return ""
}

func (v visitor) Unreact(t testing.TB, ref chat.Ref, emoji string) {
	v.must(t, func() { delete(v.w.find(ref.ID).emoji, v.by.ID+" "+emoji) },
		func(ctx context.Context, l *Platform) error { return l.React(ctx, ref, v.by, emoji, false) })
}

func (v visitor) Call(t testing.TB, p chat.Place, name string, args map[string]string) {
	text := "!essay " + name
	for _, k := range slices.Sorted(maps.Keys(args)) {
		text += fmt.Sprintf(" %s=%q", k, args[k])
	}
	v.must(t, func() {}, func(ctx context.Context, l *Platform) error {
		_, err := l.Say(ctx, p, v.by, text, chat.Ref{})
		return err
	})
}
