package chattest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/format"
)

// kinds are the networks that a Network can be.
var kinds = map[string]Options{
	"like Matrix":             {EditEvents: true, Names: true},
	"like Discord":            {Threads: chat.OpenedThreads, Dialect: wire{}},
	"like Discord's webhooks": {Threads: chat.OpenedThreads, Names: true, Keyless: true},
	"with little":             {NoReacting: true, NoEcho: true, Dialect: format.Markdown{}},
}

// TestContract tells every story on every kind of network, in real time.
func TestContract(t *testing.T) {
	for name, o := range kinds {
		t.Run(name, func(t *testing.T) {
			Test(t, func(t testing.TB) World { return strict(t, o) })
		})
	}
}

// TestContractOfUnrulyNetworks: what real networks do all the time, none of
// which may be noticed.
func TestContractOfUnrulyNetworks(t *testing.T) {
	for name, o := range kinds {
		for _, s := range stories {
			t.Run(name+"/"+s.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := strict(t, o)
					w.net.Repeat(7)
					w.net.SlowAnswers(300 * time.Millisecond)
					w.net.FailNext(1, chat.RetryAfter{Wait: time.Second, Scope: chat.RoomScope})
					s.play(t, w)
				})
			})
		}
	}
}

// world is a Network as World.
type world struct {
	net   *Network
	wrap  func(*Platform) chat.Platform // nil: as it is
	rooms atomic.Int32
}

// strict is a world in which the bot must also be careful.
func strict(t testing.TB, o Options) *world {
	w := &world{net: New(o)}
	t.Cleanup(func() { w.net.Check(t) })
	return w
}

func (w *world) Open(testing.TB) chat.Platform {
	p := w.net.Open("bot")
	if w.wrap != nil {
		return w.wrap(p)
	}
	return p
}

func (w *world) Room(testing.TB) chat.Room {
	return w.net.Room(fmt.Sprintf("room%d", w.rooms.Add(1)))
}
func (w *world) Nowhere(testing.TB) chat.Room {
	return chat.Room{Platform: w.net.o.Name, ID: "nowhere"}
}
func (w *world) User(_ testing.TB, name string) User            { return member{w.net.User(name)} }
func (w *world) Read(_ testing.TB, p chat.Place) []chat.Message { return w.net.Read(p) }
func (w *world) Reactions(_ testing.TB, ref chat.Ref) []string  { return w.net.Reactions(ref) }
func (w *world) History(_ testing.TB, r chat.Room) []string     { return w.net.Everything(r) }
func (w *world) Lose(n int)                                     { w.net.Lose(n) }
func (w *world) Drop(n int)                                     { w.net.Drop(n) }
func (w *world) Settle() time.Duration                          { return 0 }
func (w *world) Restart(testing.TB) {
	w.net.SetDown(true)
	w.net.SetDown(false)
}

func (w *world) Lacks() map[string]string {
	lacks := map[string]string{}
	if !w.net.o.Names {
		lacks[Names] = "this kind of network shows the bot as itself"
	}
	if w.net.o.Threads == chat.FreeThreads {
		lacks[Opening] = "threads are free"
	}
	if w.net.o.NoReacting {
		lacks[Reacting] = "this kind of network has none"
	}
	return lacks
}

func (w *world) Attach(t testing.TB, u User, p chat.Place, text string, f Attached) chat.Ref {
	defer impossible(t)
	return u.(member).Attach(p, text, f)
}
func (w *world) Attached(_ testing.TB, ref chat.Ref) []Attached { return w.net.Attached(ref) }

// member is a Member as User.
type member struct{ *Member }

func (u member) Say(t testing.TB, p chat.Place, text string, to chat.Ref) chat.Ref {
	defer impossible(t)
	return u.Member.Say(p, text, to)
}

func (u member) Edit(t testing.TB, ref chat.Ref, text string) {
	defer impossible(t)
	u.Member.Edit(ref, text)
}

func (u member) Delete(t testing.TB, ref chat.Ref) {
	defer impossible(t)
	u.Member.Delete(ref)
}

func (u member) React(t testing.TB, ref chat.Ref, emoji string) string {
	defer impossible(t)
	return u.Member.React(ref, emoji)
}

func (u member) Unreact(t testing.TB, ref chat.Ref, emoji string) {
	defer impossible(t)
	u.Member.Unreact(ref, emoji)
}

func (u member) Call(t testing.TB, p chat.Place, name string, args map[string]string) {
	defer impossible(t)
	text := "!essay " + name
	for _, k := range slices.Sorted(maps.Keys(args)) {
		text += fmt.Sprintf(" --%s=%q", k, args[k])
	}
	u.Member.Say(p, text, chat.Ref{})
}

// impossible fails a test in which someone should do what cannot be done,
// because the platform answered nonsense.
func impossible(t testing.TB) {
	if why := recover(); why != nil {
		t.Fatalf("%v", why)
	}
}

// wire is a dialect that can show everything.
type wire struct{}

func (wire) Print(d format.Doc) string {
	if plain(d) {
		return d.Text
	}
	rest, err := json.Marshal(d)
	if err != nil {
		panic(err)
	}
	return "\x1f" + string(rest)
}

func (wire) Parse(src string) format.Doc {
	rest, structured := strings.CutPrefix(src, "\x1f")
	if !structured {
		return format.Text(src)
	}
	var d format.Doc
	if err := json.Unmarshal([]byte(rest), &d); err != nil {
		panic(err)
	}
	return d
}

func (w wire) Normal(d format.Doc) format.Doc { return w.Parse(w.Print(d)) }

func plain(d format.Doc) bool {
	return len(d.Spans) == 0 && !slices.ContainsFunc(d.Blocks, func(b format.Block) bool { return b.Kind != format.Paragraph })
}
