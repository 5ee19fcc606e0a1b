package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

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
