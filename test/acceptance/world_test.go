//go:build unix

package acceptance

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"marginalia/test/require"
	"marginalia/test/wait"
)

// dump is the real input: a post and its comments, a paragraph a line.
const dump = "000_248c987389f59c7f.txt"

// world is the real bot, and the sides on which people talk.
type world struct {
	t        *testing.T
	ctx      context.Context // ends before the networks do, see ends
	program  string
	dir      string
	text     string // the id of what is read
	passages []string
	sides    []side
	run      *bot

	tokens    atomic.Int32
	mu        sync.Mutex
	said      []*said // what the networks took
	reactions int     // given and taken back
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return &world{t: t, program: build(t), dir: t.TempDir()}
}

// ends makes the context anew: it ends before whatever runs now.
func (w *world) ends() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	w.t.Cleanup(cancel)
	w.ctx = ctx
	return ctx
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// configure writes the bot's configuration, with one plan if cron is not "". The
// passages are short, so that there are enough for as long as people talk.
func (w *world) configure(cron string) {
	w.t.Helper()
	var networks, rooms []string
	for _, s := range w.sides {
		network, room := s.config()
		if !slices.Contains(networks, network) {
			networks = append(networks, network)
		}
		rooms = append(rooms, room)
	}
	config := fmt.Sprintf(`[bot]
listen = "127.0.0.1:0"

[relay]
settle = "1500ms"

[passages]
min = 100
max = 250

%s
`, strings.Join(append(networks, rooms...), "\n"))
	if cron != "" {
		config += fmt.Sprintf("[[plans]]\nname = \"reading\"\ntext = %q\ncron = %q\n", w.text, cron)
	}
	w.must(os.WriteFile(filepath.Join(w.dir, "config.toml"), []byte(config), 0o600))
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
	for _, s := range w.sides {
		w.must(s.opened(w.run.site, w.text))
	}
}

var footer = regexp.MustCompile(`· (\d+)/(\d+)`)

// posted is how many passages stand in all rooms.
func (w *world) posted() int {
	n := len(w.passages)
	for _, s := range w.sides {
		seqs, err := s.passages()
		if err != nil {
			return 0 // the bot may be on its way up or down
		}
		n = min(n, len(seqs))
	}
	return n
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
func (w *world) rest() {
	w.t.Helper()
	annotations, last := w.count().living(), ""
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
