package main

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	_ "modernc.org/sqlite"

	"marginalia/internal/chat"
	"marginalia/internal/command"
	"marginalia/internal/source"
	"marginalia/internal/store"
	"marginalia/test/wait"
)

// A text that was asked for before the bot was stopped is fetched when it runs
// again; of one that does not come the reason is said, and it is not tried again.
func TestWhatWasAskedForIsFetchedAfterARestart(t *testing.T) {
	begun := make(chan bool)
	var asked atomic.Int32
	site := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == 1 { // the first time nothing comes
			begun <- true
			<-r.Context().Done()
			return
		}
		fmt.Fprintf(rw, "<html><head><title>Fetched</title></head><body><article><p>%s</p></article></body></html>", strings.Repeat("Words of it. ", 60))
	}))
	defer site.Close()
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "bot.db"), store.Options{NoListen: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	loopback := func(ip netip.Addr) bool { return ip.IsLoopback() }
	run := func(allow func(netip.Addr) bool) (texts importer, stop func()) {
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		texts = newImporter(Config{}, db, source.Web{Agent: "test", Allow: allow}, slog.New(slog.DiscardHandler))
		running.Go(func() { texts.run(ctx) })
		return texts, func() { cancel(); running.Wait() }
	}
	room := chat.Room{Platform: "local", ID: "desk"}
	ask := func(ref, address string) {
		t.Helper()
		call := chat.Call{Ref: chat.Ref{Place: chat.Place{Room: room}, ID: ref}, Rights: chat.Operator, Name: "import", Args: map[string]string{"1": address}}
		if said, err := command.Dispatcher(command.Env{DB: db, Wished: func() {}})(t.Context(), call, time.Now()); err != nil || !strings.HasPrefix(said.Text, "It is being fetched.") {
			t.Fatalf("%q, %v", said.Text, err)
		}
	}
	var said []string
	told := func(n int) func() bool {
		return func() bool {
			said = nil
			err := db.View(t.Context(), func(tx *store.Tx) error {
				all, err := tx.Deliveries(room)
				for _, d := range all {
					note, err := tx.Note(d.Thing.Note())
					if err != nil {
						return err
					}
					said = append(said, note.Body.Text)
				}
				return err
			})
			return err == nil && len(said) == n
		}
	}

	ask("1", site.URL+"/essay")
	_, stop := run(loopback)
	<-begun
	stop()
	if !told(0)() {
		t.Fatalf("it is told of before it is there: %q", said)
	}
	_, stop = run(loopback)
	wait.Until(t, patience, "the text is told of", told(1))
	stop()
	if !strings.HasPrefix(said[0], "imported fetched-") || !strings.Contains(said[0], `"Fetched", documents: 1, passages: 1. To have it read here: start`) {
		t.Errorf("it says %q", said[0])
	}
	texts, stop := run(nil)
	defer stop()
	ask("2", site.URL+"/essay")
	texts.ring()
	wait.Until(t, patience, "the refusal is told", told(2))
	if all := strings.Join(said, "\n"); !strings.Contains(all, "Nothing was imported: ") || !strings.Contains(all, "only public addresses are fetched") {
		t.Errorf("it says %q", all)
	}
	if err := db.View(t.Context(), func(tx *store.Tx) error {
		left, err := command.Wishes(tx)
		if len(left) > 0 {
			t.Errorf("left are %+v", left)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// importDesk is where texts are asked for, and what is said there of them.
type importDesk struct {
	t    *testing.T
	db   *store.DB
	path string
}

func (d importDesk) room() chat.Room { return chat.Room{Platform: "local", ID: "desk"} }

func (d importDesk) asks(ref, address string, private bool) string {
	d.t.Helper()
	call := chat.Call{Ref: chat.Ref{Place: chat.Place{Room: d.room()}, ID: ref}, Rights: chat.Operator, Private: private, Name: "import", Args: map[string]string{"1": address}}
	said, err := command.Dispatcher(command.Env{DB: d.db, Wished: func() {}})(d.t.Context(), call, time.Now())
	if err != nil {
		d.t.Fatal(err)
	}
	return said.Text
}

func (d importDesk) reads() (said []string, left []command.Wish) {
	d.t.Helper()
	if err := d.db.View(d.t.Context(), func(tx *store.Tx) error {
		all, err := tx.Deliveries(d.room())
		for _, one := range all {
			note, err := tx.Note(one.Thing.Note())
			if err != nil {
				return err
			}
			said = append(said, note.Body.Text)
		}
		if err != nil {
			return err
		}
		left, err = command.Wishes(tx)
		return err
	}); err != nil {
		d.t.Fatal(err)
	}
	return said, left
}

func newImportDesk(t *testing.T) importDesk {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bot.db")
	db, err := store.Open(t.Context(), path, store.Options{NoListen: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return importDesk{t, db, path}
}

// breaking is a memory of what was fetched that breaks whoever asks it for a page
// of that name.
type breaking string

func (b breaking) Answer(address string) (source.Answer, bool) {
	if strings.Contains(address, string(b)) {
		panic("a page that no parser was made for")
	}
	return source.Answer{}, false
}

func (breaking) Keep(string, source.Answer) {}

// A text that breaks what reads it, and one that cannot be kept, are told of, are
// not tried again, and keep none that was asked for after them waiting.
func TestATextThatCannotBeKeptHoldsUpNoOther(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(rw, "<html><head><title>From %s</title></head><body><article><p>%s</p></article></body></html>", r.URL.Path[1:], strings.Repeat("Words of it. ", 60))
	}))
	defer site.Close()
	d := newImportDesk(t)
	beside, err := sql.Open("sqlite", d.path)
	if err != nil {
		t.Fatal(err)
	}
	defer beside.Close()
	if _, err := beside.Exec("CREATE TRIGGER picky BEFORE INSERT ON discussions WHEN NEW.title = 'From poison' BEGIN SELECT RAISE(ABORT, 'not this one'); END"); err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	web := source.Web{Agent: "test", Allow: netip.Addr.IsLoopback, Kept: breaking("monster")}
	texts := newImporter(Config{}, d.db, web, slog.New(slog.NewTextHandler(&log, nil)))
	d.asks("1", site.URL+"/monster", false)
	d.asks("2", site.URL+"/poison", false)
	d.asks("3", site.URL+"/essay", false)
	if err := texts.fetchAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	said, left := d.reads()
	if all := strings.Join(said, "\n"); len(said) != 3 || len(left) > 0 || strings.Count(all, "Nothing was imported: the text cannot be kept") != 2 || !strings.Contains(all, `"From essay"`) {
		t.Errorf("it says %q; left are %+v", said, left)
	}
	if l := log.String(); !strings.Contains(l, "no parser was made for") || !strings.Contains(l, "not this one") {
		t.Errorf("the log holds %q", l)
	}
}

// What became of a text that was asked for where nobody else reads it is told to
// the room without its address; the log has it.
func TestAPrivateImportShowsTheRoomNoAddress(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "gone") {
			http.NotFound(rw, r)
			return
		}
		fmt.Fprintf(rw, "<html><head><title>Fetched</title></head><body><article><p>%s</p></article></body></html>", strings.Repeat("Words of it. ", 60))
	}))
	defer site.Close()
	d := newImportDesk(t)
	var log strings.Builder
	texts := newImporter(Config{}, d.db, source.Web{Agent: "test", Allow: netip.Addr.IsLoopback}, slog.New(slog.NewTextHandler(&log, nil)))
	d.asks("1", site.URL+"/unlisted-a7f3?key=hush", true)
	d.asks("2", site.URL+"/unlisted-gone?key=hush", true)
	if err := texts.fetchAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	said, _ := d.reads()
	slices.Sort(said)
	if want := []string{"Imported: Fetched. To have it read here: start", "Nothing was imported; the bot's log says why."}; !slices.Equal(said, want) {
		t.Errorf("the room reads %q", said)
	}
	if l := log.String(); strings.Contains(l, "hush") || !strings.Contains(l, "unlisted-gone?…") || !strings.Contains(l, "imported fetched-") {
		t.Errorf("the log holds %q", l)
	}
}

// A database that does not work is asked ever more seldom.
func TestImportsLeaveADatabaseInTroubleAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newImportDesk(t)
		d.db.Close()
		var log strings.Builder
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		texts := newImporter(Config{}, d.db, source.Web{}, slog.New(slog.NewTextHandler(&log, nil)))
		running.Go(func() { texts.run(ctx) })
		time.Sleep(24 * time.Hour)
		stop()
		running.Wait()
		if n := strings.Count(log.String(), "imports wait for the database"); n < 20 || n > 40 {
			t.Errorf("in a day it was asked %d times", n)
		}
	})
}
