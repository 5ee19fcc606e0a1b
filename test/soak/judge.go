//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"marginalia/internal/discussion"
	"marginalia/internal/store"
)

// judge reads back what stands, holds it against what was said, and proves
// that it would have seen each kind of fault. What was said in requests that
// took effect beyond the settle time may be doubled; that is shown apart.
func judge(ctx context.Context, w *world, t *talk) error {
	for _, s := range t.sides {
		n, err := s.complete(ctx)
		if err != nil {
			return fmt.Errorf("look for all that stands in %s: %w", s.room(), err)
		}
		if n > 0 {
			fmt.Printf("%s holds %d events that its live sync has not shown\n", s.room(), n)
		}
	}
	a := t.truth()
	var err error
	if a.order, err = w.committed(ctx); err != nil {
		return err
	}
	rooms, err := w.read(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("%d remarks, %d emojis held, %d passages in all rooms\n", len(a.remarks), len(a.holds), len(t.everywhere()))
	late := map[string]string{}
	for _, n := range w.networks {
		maps.Copy(late, n.late())
	}
	found := check(a, rooms)
	excused := func(f finding) bool { return f.kind == "frozen" || late[f.name] != "" }
	bad := slices.DeleteFunc(slices.Clone(found), excused)
	frozen := 0
	for _, f := range found {
		if late[f.name] != "" {
			fmt.Printf("   beyond the settle time (%s): %s\n", late[f.name], f)
		} else if f.kind == "frozen" {
			frozen++
		}
	}
	for _, f := range bad {
		fmt.Println("  ", f)
	}
	w.found = tallied(bad)
	for _, k := range kinds {
		fmt.Printf("%d %s  ", w.found[k], k)
	}
	fmt.Println()
	fmt.Printf("%d requests took effect beyond the settle time; %d findings are about what they said\n", len(late), len(found)-len(bad)-frozen)
	fmt.Printf("%d edits could not be made because somebody had deleted the webhook that said the words\n", frozen)
	if err := prove(a, rooms, t.quota == counts{}); err != nil {
		return err
	}
	if len(bad) > 0 {
		return fmt.Errorf("%d findings; the world is left in %s", len(bad), w.dir)
	}
	return nil
}

// tallied counts findings by their kind.
func tallied(found []finding) map[string]int {
	count := map[string]int{}
	for _, k := range kinds {
		count[k] = 0
	}
	for _, f := range found {
		count[f.kind]++
	}
	return count
}

// rest waits until the bot has had nothing left to do for a while, as long as
// it gets on. What was given up is an error, unless it is about what nobody can
// change any more.
func (w *world) rest(ctx context.Context) error {
	db, err := store.Open(ctx, w.database, store.Options{NoListen: true})
	if err != nil {
		return err
	}
	defer db.Close()
	fewest, since := math.MaxInt, time.Now()
	for quiet := 0; quiet < 60; quiet++ {
		n, left, err := w.pending(ctx, db)
		if err != nil {
			return fmt.Errorf("wait for rest: %w", err)
		}
		if n > 0 {
			quiet = 0
		}
		if n < fewest {
			fewest, since = n, time.Now()
		}
		if n > 0 && time.Since(since) > patience {
			return fmt.Errorf("the bot has got no further for %v: %w", patience, left)
		}
		<-within(ctx, 100*time.Millisecond).Done()
	}
	return db.View(ctx, w.givenUp)
}

// patience is how long the bot may get no further with what is left to do.
const patience = 5 * time.Minute

// pending says how much is left to do, and what.
func (w *world) pending(ctx context.Context, db *store.DB) (n int, left, err error) {
	err = db.View(ctx, func(tx *store.Tx) error {
		n, left = 0, nil
		rooms, err := tx.RoomStatus()
		for _, r := range rooms {
			if r.Pending > 0 {
				n += r.Pending
				left = errors.Join(left, fmt.Errorf("%d pending in %s (%s)", r.Pending, r.Room, r.Why))
			}
		}
		return err
	})
	return n, left, err
}

// givenUp returns an error about the first dead letter.
func (w *world) givenUp(tx *store.Tx) error {
	for _, s := range w.sides {
		dead, err := tx.Dead(s.room())
		if err != nil {
			return err
		}
		for _, d := range dead {
			if !strings.Contains(d.Why, "webhook was deleted") {
				return fmt.Errorf("%s in %s was given up: %s", d.Thing, d.Room, d.Why)
			}
		}
	}
	return nil
}

// committed reads from the store in which order the remarks of each thread
// were recorded.
func (w *world) committed(ctx context.Context) ([][]string, error) {
	db, err := store.Open(ctx, w.database, store.Options{NoListen: true})
	if err != nil {
		return nil, err
	}
	defer db.Close()
	under := map[discussion.PassageID][]string{}
	err = db.View(ctx, func(tx *store.Tx) error {
		all, err := tx.Discussions()
		if err != nil {
			return err
		}
		for _, d := range all {
			said, err := tx.Annotations(d.ID)
			if err != nil {
				return err
			}
			for _, a := range said {
				if token, _, ok := strings.Cut(a.Body.Text, " "); ok {
					under[a.Under] = append(under[a.Under], token)
				}
			}
		}
		return nil
	})
	var orders [][]string
	for _, order := range under {
		orders = append(orders, order)
	}
	return orders, err
}

func soakDir(name string) (string, error) {
	dir, err := os.MkdirTemp("", "marginalia-"+name+"-")
	if err != nil {
		return "", err
	}
	return filepath.Abs(dir)
}

func absolute(path string) (string, error) {
	if _, err := os.Stat(path); err != nil {
		return "", err
	}
	return filepath.Abs(path)
}
