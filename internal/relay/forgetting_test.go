package relay_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/chattest"
	"marginalia/internal/command"
	"marginalia/internal/discussion"
	"marginalia/internal/export"
	"marginalia/internal/format"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
	"marginalia/internal/web"
)

// The story "Forgetting": someone talks for a day in every way that there is,
// is mentioned and answered, and asks to be forgotten. Then whatever can be read
// anywhere is searched for their name, their id and their words.

const (
	theirName  = "Quillon"   // a part of their name and id that nothing else has
	theirWords = "zephyrine" // in all that they said
	afterwards = "halcyon"   // in all that they say after it
)

// traces is where a name and words are looked for: what it is → its bytes.
type traces map[string]string

// holds are the places in which one of the words stands.
func (t traces) holds(words ...string) (all []string) {
	for where, text := range t {
		for _, w := range words {
			if at := strings.Index(text, w); at >= 0 {
				all = append(all, fmt.Sprintf("%s holds %q: …%q…", where, w, text[max(0, at-80):min(len(text), at+80)]))
			}
		}
	}
	slices.Sort(all)
	return all
}

// A notebook is a log that is kept.
type notebook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (n *notebook) Write(b []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.Write(b)
}

func (n *notebook) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.String()
}

func TestForgetting(t *testing.T) {
	databases(t, func(t *testing.T, dsn string) {
		var last traces
		synctest.Test(t, func(t *testing.T) {
			n := newTown(t, dsn, 6, netOne, netTwo)
			them := n.nets["one"].User(theirName + " Vesper")
			n.people["one"][0] = them
			log := &notebook{}
			n.log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
			n.command = command.Dispatcher(command.Env{DB: n.db, Default: discussion.Named, Log: n.log})
			n.plan("0 * * * *")
			n.start()
			n.pass(time.Hour + time.Minute)
			n.aDayWith(them)

			before := n.traces(dsn, log)
			for _, where := range []string{"database", "export jsonld", "export markdown", "export html", "page", n.rooms[1].String(), n.rooms[2].String()} {
				if found := before.holds(theirName, theirWords); !slices.ContainsFunc(found, func(f string) bool { return strings.HasPrefix(f, where) }) {
					t.Errorf("before anything is forgotten, %s holds nothing: %q", where, found)
				}
			}
			answer := n.say(n.rooms[0], 0, "!essay me forget", chat.Ref{})
			if n.pass(time.Hour); len(n.traces(dsn, log).holds(theirName)) == 0 {
				t.Error("it was forgotten without a yes")
			}
			n.say(n.rooms[0], 0, "!essay me forget yes", answer)
			n.pass(2 * time.Hour)
			n.nowhereLeft(dsn, log, "forgotten")

			n.nets["one"].Repeat(500) // the networks tell all of it again
			n.nets["two"].Repeat(500)
			n.say(n.rooms[0], 0, afterwards+" and on", chat.Ref{})
			n.say(n.rooms[2], 1, "so be it", chat.Ref{})
			n.nets["one"].User("Friend").SayDoc(n.threads(n.rooms[0])[1], mentioning(them.Person(), "again"), chat.Ref{})
			n.pass(time.Hour)
			n.stop()
			n.start() // and a bot that has just started finds nothing either
			n.pass(time.Hour)
			last = n.nowhereLeft(dsn, log, "told again")
			n.saidAfterwards(last)
			n.stop()
			for _, net := range n.nets {
				net.Check(t)
			}
			if err := n.db.Close(); err != nil {
				t.Error(err)
			}
		})
		for _, f := range (traces{"database": bytesOf(t, dsn)}).holds(theirName, theirWords) {
			t.Errorf("after the end the %s", f)
		}
	})
}

// mentioning is a remark that mentions someone as networks write it.
func mentioning(p chat.Person, words string) format.Doc {
	d := format.Text("as @" + p.Name + " said, " + words)
	d.Spans = []format.Span{{Kind: format.Mention, Start: 3, End: 4 + len(p.Name), Attr: p.ID}}
	return d
}

// aDayWith has them do all that one can do.
func (n *town) aDayWith(them member) {
	n.t.Helper()
	hall, club := n.rooms[0], n.rooms[2]
	n.update(func(tx *store.Tx) error {
		return tx.PutPlan(schedule.Plan{Name: "news", Does: schedule.Digest, Discussion: n.text.ID, Cron: "45 * * * *", Rooms: n.rooms, Count: 1, Start: time.Now()})
	})
	first := n.say(hall, 0, theirWords+" one", chat.Ref{})
	for i := range 2 {
		them.Edit(first, fmt.Sprintf("%s edited %d", theirWords, i))
		n.pass(time.Minute)
	}
	long := n.say(hall, 0, strings.TrimSpace(strings.Repeat(theirWords+" at length. ", 400)), chat.Ref{})
	them.Edit(long, theirWords+" in short")
	them.Delete(n.say(hall, 0, theirWords+" withdrawn", chat.Ref{}))
	n.quote(hall, 0, sevens, theirWords+" about one of two places")
	n.asks(hall, 1)
	n.say(hall, 0, "!essay me", chat.Ref{})
	n.say(hall, 0, "!essay me name", chat.Ref{})
	n.say(hall, 0, "!essay find "+theirWords, chat.Ref{})
	other := n.say(hall, 1, "what another says", first)
	n.say(club, 1, "an answer from the club", n.mirror(club, theirWords+" edited 1"))
	n.people["one"][2].SayDoc(n.threads(hall)[1], mentioning(them.Person(), "it is so"), chat.Ref{})
	unsaid := n.people["one"][2].SayDoc(n.threads(hall)[1], mentioning(them.Person(), "for now"), chat.Ref{})
	n.pass(time.Minute)
	n.people["one"][2].Edit(unsaid, "not in their words") // older versions of the mirrors name them
	them.React(other, "🦑")
	them.React(n.net(hall).Read(chat.Place{Room: hall})[0].Ref, "🦑")
	n.pass(time.Minute)
	early := chat.Ref{Place: n.threads(hall)[1], ID: "not-yet-known"}
	edit := chat.Event{Kind: chat.Edited, Message: chat.Message{Ref: early, From: them.Person(), Body: format.Text(theirWords + " early")}, By: them.Person(), Revised: time.Now()}
	n.tell(edit)
	ben := n.people["one"][1].Person()
	edit.Message.Ref.ID, edit.Message.From, edit.By = "another-not-yet-known", ben, ben
	edit.Message.Body = mentioning(them.Person(), "ben says")
	edit.Raw, _ = json.Marshal(map[string]any{"answers": map[string]string{"by": them.Person().ID, "words": theirWords}})
	n.tell(edit)
	n.nets["one"].LoseFiles(100) // what cannot be had is named in the rooms, and nowhere else
	them.(*chattest.Member).Attach(n.threads(hall)[1], theirWords+" with a file", picture(theirWords+".pdf", 1000))
	n.pass(time.Hour)
	n.mirrorOrOwn(club, theirWords+" with a file")
	n.nets["one"].LoseFiles(0)
	n.nets["two"].SetDown(true) // what they say last is still on its way to the club
	n.say(hall, 0, theirWords+" while the other network is down", chat.Ref{})
	n.nets["two"].SetDown(false)
	n.nets["two"].FailNext(2, errors.New("500"))
	n.pass(30 * time.Second)
}

// nowhereLeft fails for each place that still holds something of theirs.
func (n *town) nowhereLeft(dsn string, log *notebook, when string) traces {
	n.t.Helper()
	if err := n.db.Scrub(context.Background()); err != nil {
		n.t.Fatal(err)
	}
	all := n.traces(dsn, log)
	for _, f := range all.holds(theirName, theirWords) {
		n.t.Errorf("%s: %s", when, f)
	}
	for _, room := range n.rooms { // what others said stands, and the bot's answers
		n.mirrorOrOwn(room, "what another says")
		n.mirrorOrOwn(room, "an answer from the club")
		n.mirrorOrOwn(room, "it is so")
		n.mirrorOrOwn(room, "not in their words")
	}
	return all
}

func (n *town) mirrorOrOwn(room chat.Room, words string) {
	n.t.Helper()
	many := 0
	for _, m := range n.net(room).Read(n.threads(room)[1]) {
		if strings.HasSuffix(m.Body.Text, words) {
			many++
		}
	}
	if many != 1 {
		n.t.Errorf("%q stands in %s %d times", words, room, many)
	}
}

// saidAfterwards: it is talk under no name, and published nowhere.
func (n *town) saidAfterwards(all traces) {
	n.t.Helper()
	for where, text := range all {
		talk := where == n.rooms[1].String() || where == n.rooms[2].String() || where == "database"
		if strings.Contains(text, afterwards) != talk && where != n.rooms[0].String() {
			n.t.Errorf("what they say after it stands in %s: %v", where, !talk)
		}
	}
	said := n.annotations()
	i := slices.IndexFunc(said, func(a discussion.Annotation) bool { return strings.HasPrefix(a.Body.Text, afterwards) })
	if i < 0 {
		n.t.Fatal("what they say after it is not recorded")
	}
	n.update(func(tx *store.Tx) error {
		by, err := tx.Person(said[i].Creator)
		if by.Name != "" || by.User != "" || by.State != discussion.Unpublished {
			n.t.Errorf("they are recorded as %+v", by)
		}
		if shown := all[n.rooms[2].String()]; !strings.Contains(shown, "Someone:\n\n"+afterwards) {
			n.t.Errorf("in the club it does not stand under no name: %q", shown)
		}
		for _, f := range all.holds(by.Pseudonym()) { // others know whose words these are: it would tell whose it was in earlier exports
			n.t.Errorf("their pseudonym is told: %s", f)
		}
		return err
	})
	if n.say(n.rooms[0], 0, afterwards+" more", chat.Ref{}).IsZero() || len(n.annotations()) != len(said)+1 {
		n.t.Error("they cannot speak any more")
	}
}

// traces are all places in which anything may be left: the rooms with all that
// the bot ever said there, its database, log, page and exports.
func (n *town) traces(dsn string, log *notebook) traces {
	n.t.Helper()
	all := traces{"database": bytesOf(n.t, dsn), "log": log.String()}
	for _, room := range n.rooms {
		all[room.String()] = strings.Join(n.nets[room.Platform].SaidBy("bot", room), "\n")
	}
	var b export.Bundle
	n.update(func(tx *store.Tx) (err error) {
		b, err = web.Load(tx, n.text.ID, discussion.Named)
		return err
	})
	for _, f := range export.Formats {
		var out bytes.Buffer
		if err := f.Write(&out, b); err != nil {
			n.t.Fatal(err)
		}
		all["export "+f.Name] = out.String()
	}
	page := httptest.NewRecorder()
	web.New(web.Config{DB: n.db, Default: discussion.Named}).ServeHTTP(page, httptest.NewRequest("GET", "/d/"+string(n.text.ID), nil))
	if page.Code != 200 {
		n.t.Fatalf("the page answers %d", page.Code)
	}
	all["page"] = page.Body.String()
	return all
}

// bytesOf is all that a database holds: the bytes of SQLite's files, or what
// pg_dump tells.
func bytesOf(t *testing.T, dsn string) string {
	t.Helper()
	if strings.HasPrefix(dsn, "postgres") {
		out, err := exec.Command("pg_dump", dsn).Output()
		if err != nil {
			t.Fatalf("pg_dump: %v", err)
		}
		return string(out)
	}
	text := ""
	for _, end := range []string{"", "-wal", "-shm", "-journal"} {
		b, err := os.ReadFile(dsn + end)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		text += string(b)
	}
	return text
}

// Where emoji have no ids of their own, what a network tells of them again, as
// it does after a gap, does not bring them back.
func TestAnEmojiThatWasForgottenStaysGone(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		n.command = command.Dispatcher(command.Env{DB: n.db})
		n.stop()
		n.start()
		hall, club := n.rooms[0], n.rooms[2]
		ref := n.say(hall, 0, "look", chat.Ref{})
		far := n.mirror(club, "look")
		n.people["two"][0].React(far, "🦑")
		n.people["two"][1].React(far, "🦑")
		n.pass(time.Minute)
		n.say(club, 0, "!essay me forget yes", chat.Ref{})
		n.nets["two"].Repeat(100)
		n.say(club, 1, "news", chat.Ref{})
		if got := n.nets["one"].Reactions(ref); !slices.Equal(got, []string{"🦑"}) {
			t.Errorf("another's emoji is shown as %q", got)
		}
		n.people["two"][1].Unreact(far, "🦑")
		n.say(club, 1, "more news", chat.Ref{})
		if got := n.nets["one"].Reactions(ref); len(got) > 0 {
			t.Errorf("what was forgotten is shown as %q", got)
		}
	})
}
