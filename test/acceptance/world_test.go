//go:build unix

package acceptance

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"marginalia/test/dendrite"
	"marginalia/test/matrixuser"
	"marginalia/test/require"
	"marginalia/test/wait"
)

// dump is the real input: a post and its comments, a paragraph a line.
const dump = "000_248c987389f59c7f.txt"

// The rooms: two on Matrix, one on the reader page.
const (
	garden = iota
	harbour
	lobby
)

var roomNames = []string{"garden", "harbour", "lobby"}

// names are how people call themselves, two in each Matrix room, one in the lobby.
var names = [][]string{{"Agnes Ashdown", "Béla"}, {"Chiara *Conti*", "Dov Aharoni"}, {"Eun-ji"}}

// person is someone on Matrix.
type person struct {
	*matrixuser.User
	name string
}

// world is a homeserver with people in two rooms, and the real bot.
type world struct {
	t        *testing.T
	ctx      context.Context // ends before the homeserver does
	program  string
	dir      string
	text     string // the id of what is read
	passages []string
	bot      *matrixuser.User
	people   [2][]person
	rooms    [2]string
	logs     [2]*matrixuser.Log // a raw client's live sync of each room, from its beginning
	eunji    *visitor
	run      *bot

	tokens atomic.Int32
	mu     sync.Mutex
	said   []*said // what was answered by the homeserver or shown on the page
}

func newWorld(t *testing.T) *world {
	t.Helper()
	server := dendrite.Start(t)
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	w := &world{t: t, ctx: ctx, program: build(t), dir: t.TempDir()}
	account := func(name string) *matrixuser.User {
		a := server.Register(t, name)
		return matrixuser.New(server.URL(), a.UserID, a.AccessToken)
	}
	w.bot = account("marginalia")
	for side := range w.rooms {
		for i, name := range names[side] {
			p := person{account(fmt.Sprintf("person%d%d", side, i)), name}
			w.must(p.Call(ctx, "PUT", "/_matrix/client/v3/profile/"+p.ID+"/displayname", nil, map[string]any{"displayname": name}, nil))
			w.people[side] = append(w.people[side], p)
		}
		w.open(side)
	}
	return w
}

// open makes a Matrix room. Who makes it is a moderator there, the bot is not.
func (w *world) open(side int) {
	w.t.Helper()
	host, guest := w.people[side][0], w.people[side][1]
	var err error
	w.rooms[side], err = host.CreateRoom(w.ctx, roomNames[side], guest.ID, w.bot.ID)
	w.must(err)
	for _, u := range []*matrixuser.User{guest.User, w.bot} {
		w.must(u.Join(w.ctx, w.rooms[side]))
	}
	log, ready := host.Watch(w.ctx)
	w.logs[side] = log
	<-ready
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// configure writes the bot's configuration, with one plan.
func (w *world) configure(cron string) {
	w.t.Helper()
	token := filepath.Join(w.dir, "matrix.token")
	w.must(os.WriteFile(token, []byte(w.bot.Token+"\n"), 0o600))
	w.must(os.WriteFile(filepath.Join(w.dir, "config.toml"), fmt.Appendf(nil, `[bot]
listen = "127.0.0.1:0"

[relay]
settle = "1500ms"

[matrix]
homeserver = %q
user = %q
token_file = "matrix.token"

[[rooms]]
name = "garden"
platform = "matrix"
id = %q

[[rooms]]
name = "harbour"
platform = "matrix"
id = %q

[[rooms]]
name = "lobby"
platform = "local"

[[plans]]
name = "reading"
text = %q
cron = %q
`, w.bot.Base, w.bot.ID, w.rooms[garden], w.rooms[harbour], w.text, cron), 0o600))
}

// bring imports the dump, twice, and says what the bot makes of it.
func (w *world) bring() {
	w.t.Helper()
	file := require.Shared(w.t, "text", dump)
	var plan struct {
		ID       string
		Passages []struct{ Text string }
	}
	w.must(json.Unmarshal([]byte(done(w.t, w.program, w.dir, "import", file, "--dry-run", "--json")), &plan))
	w.text = plan.ID
	for _, p := range plan.Passages {
		w.passages = append(w.passages, p.Text)
	}
	for i, want := range []string{`^imported ` + w.text, `^nothing changed: ` + w.text} {
		if out := done(w.t, w.program, w.dir, "import", file); !regexp.MustCompile(want).MatchString(out) {
			w.t.Fatalf("import number %d says %q", i+1, out)
		}
	}
}

// start runs the bot and waits until it is ready.
func (w *world) start() {
	w.t.Helper()
	w.run = start(w.t, w.program, w.dir, "run")
	wait.Until(w.t, startTime, "the bot is ready", func() bool {
		status, _ := w.run.get("/ready")
		return status == 200
	})
	if w.eunji == nil {
		var err error
		w.eunji, err = visit(w.ctx, w.run.site, w.text, names[lobby][0])
		w.must(err)
	}
	w.eunji.site = w.run.site
}

var footer = regexp.MustCompile(`· (\d+)/(\d+)`)

// roots are the events that show the passages in a Matrix room, by their
// numbers, in the order of the room.
func (w *world) roots(side int) (events []matrixuser.Event, seqs []int) {
	for _, e := range w.logs[side].Room(w.rooms[side]) {
		rel, _ := e.Relation()
		m := footer.FindStringSubmatch(e.Body())
		if e.Sender != w.bot.ID || e.Type != "m.room.message" || rel != "" || m == nil {
			continue
		}
		seq, _ := strconv.Atoi(m[1])
		events, seqs = append(events, e), append(seqs, seq)
	}
	return events, seqs
}

// root is the event that shows a passage.
func (w *world) root(side, seq int) string {
	events, seqs := w.roots(side)
	for i, s := range seqs {
		if s == seq {
			return events[i].ID
		}
	}
	return ""
}

// posted is how many passages stand in all rooms.
func (w *world) posted() int {
	threads, err := w.eunji.threads(w.ctx, 1)
	if err != nil {
		return 0 // the bot may be on its way up or down
	}
	_, a := w.roots(garden)
	_, b := w.roots(harbour)
	return min(len(a), len(b), len(threads))
}

// status is what bot status --json says, as far as it matters here.
type status struct {
	Texts []struct{ Posted, Annotations int }
	Rooms []struct {
		Room          string
		Pending, Dead int
		Why           string
	}
	Held int
}

func (w *world) status() status {
	w.t.Helper()
	var s status
	w.must(json.Unmarshal([]byte(done(w.t, w.program, w.dir, "status", "--json")), &s))
	return s
}

// rest waits until the bot has nothing left to do.
func (w *world) rest(annotations int) {
	w.t.Helper()
	last := ""
	defer func() {
		if w.t.Failed() {
			w.t.Log(last)
		}
	}()
	wait.Until(w.t, 2*time.Minute, "the bot has nothing left to do", func() bool {
		s := w.status()
		last = fmt.Sprintf("bot status: %+v; %d annotations should stand", s, annotations)
		waits := s.Held
		for _, r := range s.Rooms {
			waits += r.Pending + r.Dead
		}
		return waits == 0 && len(s.Texts) == 1 && s.Texts[0].Annotations == annotations
	})
}
