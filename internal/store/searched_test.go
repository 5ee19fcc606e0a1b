package store

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
)

// What is asked for all the time is found by indexes: SQLite plans to go through
// no table, nor through an index, but where that is what was asked for.
func TestWhatIsAskedAllTheTimeIsSearchedFor(t *testing.T) {
	db := opened(t, filepath.Join(t.TempDir(), "bot.db"), Options{NoListen: true})
	update(t, db, func(tx *Tx) error {
		err := furnish(tx, "x")
		for i := range 10 { // more than few
			err = all(err, tx.Stale(NoteThing(discussion.NoteID(fmt.Sprint(i))), attic, discussion.PassageID(fmt.Sprint(i%3)), ClassReply, noon))
		}
		return err
	})
	a := AnnotationThing("a")
	for _, c := range []struct {
		name  string
		scans []string // that are meant
		ask   func(tx *Tx) error
	}{
		{"Heads", []string{"SCAN t", "SCAN threads"}, func(tx *Tx) error { _, err := tx.Heads(attic); return err }},
		{"Deliveries", nil, func(tx *Tx) error { _, err := tx.Deliveries(attic); return err }},
		{"Dead", nil, func(tx *Tx) error { _, err := tx.Dead(attic); return err }},
		{"InFlight", []string{"SCAN copies USING INDEX copies_key"}, func(tx *Tx) error { _, err := tx.InFlight(attic); return err }},
		{"RoomStatus", []string{"SCAN deliveries", "SCAN m", "SCAN d"}, func(tx *Tx) error { _, err := tx.RoomStatus(); return err }},
		{"Copies", nil, func(tx *Tx) error { _, err := tx.Copies(a, attic); return err }},
		{"AllCopies", nil, func(tx *Tx) error { _, err := tx.AllCopies(a); return err }},
		{"CopyAt", nil, func(tx *Tx) error { _, _, err := tx.CopyAt(attic, "m"); return err }},
		{"CopyOfKey", nil, func(tx *Tx) error { _, _, _, err := tx.CopyOfKey("k"); return err }},
		{"ThingOf", nil, func(tx *Tx) error { _, err := tx.ThingOf(chat.Place{Room: attic, Thread: "t"}); return err }},
		{"RoomsOf", nil, func(tx *Tx) error { _, err := tx.RoomsOf(a); return err }},
		{"Annotation", nil, func(tx *Tx) error { _, err := tx.Annotation("a"); return err }},
		{"AnnotationsUnder", nil, func(tx *Tx) error { _, err := tx.AnnotationsUnder("passage-1"); return err }},
		{"Reactions", nil, func(tx *Tx) error { _, err := tx.Reactions(a); return err }},
		{"HeldOn", nil, func(tx *Tx) error { _, err := tx.HeldOn(attic, "m"); return err }},
		{"Tombstoned", nil, func(tx *Tx) error { _, err := tx.Tombstoned(attic, "m"); return err }},
	} {
		err := db.View(t.Context(), func(tx *Tx) error {
			tx.places[chat.Place{Room: attic}], tx.places[chat.Place{Room: attic, Thread: "t"}], tx.things[a] = 1, 2, 1
			conn := tx.s.(*sqliteConn)
			asked := map[string]bool{}
			for q := range conn.stmts {
				asked[q] = true
			}
			if err := c.ask(tx); err != nil && !errors.Is(err, ErrNotFound) {
				return err
			}
			queries := 0
			for q := range conn.stmts {
				if asked[q] {
					continue
				}
				queries++
				for _, step := range planOf(t, conn, q) {
					if strings.HasPrefix(step, "SCAN") && step != "SCAN CONSTANT ROW" && !slices.Contains(c.scans, step) {
						t.Errorf("%s: %s, for %s", c.name, step, q)
					}
				}
			}
			if queries == 0 {
				return fmt.Errorf("%s asks nothing that was not asked before", c.name)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// planOf is how SQLite means to answer a query, step by step.
func planOf(t *testing.T, conn *sqliteConn, query string) (steps []string) {
	t.Helper()
	s, err := conn.prepare("EXPLAIN QUERY PLAN "+query, false)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for s.Next() {
		var id, parent, unused int
		var step string
		if err := s.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	return steps
}

// A query that is asked inside of itself would begin anew: it says so instead.
func TestAQueryInsideOfItself(t *testing.T) {
	db := opened(t, filepath.Join(t.TempDir(), "bot.db"), Options{NoListen: true})
	const q = "SELECT room FROM places ORDER BY num"
	err := db.Update(t.Context(), func(tx *Tx) error {
		if err := all(tx.PutRoom(attic), tx.PutRoom(shed)); err != nil {
			return err
		}
		_, err := rows(tx, func(s scanner) (string, error) {
			if _, err := rows(tx, one[string], q); err != nil {
				return "", err
			}
			return one[string](s)
		}, q)
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "inside of itself") {
		t.Errorf("it says %v", err)
	}
	if found := got(t, db, (*Tx).Rooms); len(found) != 0 {
		t.Errorf("%v were kept", found)
	}
}
