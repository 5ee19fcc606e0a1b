//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
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
	fmt.Println(tallied(bad))
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

func tallied(found []finding) string {
	count := map[string]int{}
	for _, f := range found {
		count[f.kind]++
	}
	var all []string
	for _, k := range kinds {
		all = append(all, fmt.Sprintf("%d %s", count[k], k))
	}
	return strings.Join(all, ", ")
}

// rest waits until the bot has had nothing left to do for a while. What was
// given up is an error, unless it is about what nobody can change any more.
func (w *world) rest(ctx context.Context) error {
	db, err := store.Open(ctx, w.database(), store.Options{NoListen: true})
	if err != nil {
		return err
	}
	defer db.Close()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	var left error
	for quiet := 0; quiet < 60; quiet++ {
		if err := db.View(ctx, func(tx *store.Tx) (err error) { left, err = w.left(tx); return err }); err != nil {
			return fmt.Errorf("wait for rest: %w", errors.Join(left, err))
		}
		if left != nil {
			quiet = 0
		}
		<-within(ctx, 100*time.Millisecond).Done()
	}
	return db.View(ctx, w.givenUp)
}

// left says what is left to do.
func (w *world) left(tx *store.Tx) (left, err error) {
	rooms, err := tx.RoomStatus()
	for _, r := range rooms {
		if r.Pending > 0 {
			left = errors.Join(left, fmt.Errorf("%d pending in %s (%s)", r.Pending, r.Room, r.Why))
		}
	}
	return left, err
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
	db, err := store.Open(ctx, w.database(), store.Options{NoListen: true})
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
