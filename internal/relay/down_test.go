package relay_test

import (
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"marginalia/internal/chat"
	"marginalia/internal/chat/chattest"
	"marginalia/internal/format"
	"marginalia/internal/relay"
	"marginalia/internal/store"
	"marginalia/test/postgres"
)

// TestADatabaseThatIsDownPutsNothingAside: it is not the event's fault, so the
// event is neither put aside nor passed over; told again, it is recorded.
func TestADatabaseThatIsDownPutsNothingAside(t *testing.T) {
	dsn := postgres.DSN(t)
	more := "?"
	if strings.Contains(dsn, "?") {
		more = "&"
	}
	n := newTown(t, dsn+more+"lock_timeout=300", 1, netOne, chattest.Options{Name: "two"})
	defer func() {
		if err := n.db.Close(); err != nil {
			t.Error(err)
		}
	}()
	n.plan("0 * * * *")
	hall := chat.Place{Room: n.rooms[0]}
	thing := store.PassageThing(n.text.Passages[0].ID)
	post := chat.Ref{Place: hall, ID: "post", As: "bot"}
	n.update(func(tx *store.Tx) error { return tx.PutCopy(thing, hall.Room, store.Copy{Ref: post, Seq: 1}) })

	r := relay.New(relay.Config{DB: n.db, Platforms: []chat.Platform{n.nets["one"].Open("bot")}, Rooms: n.rooms[:1]})
	who := chat.Person{ID: "u", Name: "someone"}
	batch := chat.Batch{
		Events: []chat.Event{{Kind: chat.Said, By: who, At: time.Now(), Message: chat.Message{
			Ref: chat.Ref{Place: hall, ID: "reply"}, ReplyTo: post, From: who, Body: format.Text("kept"),
		}}},
		Since: map[chat.Place]chat.Cursor{hall: "1"},
	}
	held := locked(t, dsn, "annotations")
	if err := r.Handle(t.Context(), "one", batch); !errors.Is(err, store.ErrDown) {
		t.Errorf("with the database stuck: %v", err)
	}
	held()
	if err := r.Handle(t.Context(), "one", batch); err != nil {
		t.Fatal(err)
	}
	if waiting := n.held(); len(waiting) != 0 {
		t.Errorf("put aside: %+v", waiting)
	}
	if said := n.annotations(); len(said) != 1 || said[0].Body.Text != "kept" {
		t.Errorf("recorded: %+v", said)
	}
}

// locked keeps a table to itself until the function that it returns is called.
func locked(t *testing.T, dsn, table string) (release func()) {
	t.Helper()
	raw, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	tx, err := raw.BeginTx(t.Context(), nil)
	if err == nil {
		_, err = tx.Exec("LOCK TABLE " + table + " IN ACCESS EXCLUSIVE MODE")
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := errors.Join(tx.Rollback(), raw.Close()); err != nil {
			t.Error(err)
		}
	}
}
