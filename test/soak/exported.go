//go:build unix

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"marginalia/internal/store"
)

// kept is what a store or an export holds of what people said: the versions of
// the words, by token.
type kept map[string][]int

// judgeExport holds the export, and the store that it is made of, against what
// was said, and proves that it would have seen each kind of fault.
func judgeExport(ctx context.Context, w *world, t *talk) error {
	a := t.truth()
	stored, ids, err := w.stored(ctx)
	if err != nil {
		return err
	}
	exported, err := w.exported(ctx, ids)
	if err != nil {
		return err
	}
	var found []string
	for name, k := range map[string]kept{"store": stored, "export": exported} {
		for _, f := range k.differs(a) {
			found = append(found, name+": "+f)
		}
	}
	w.found["export"] = len(found)
	fmt.Printf("store and export hold %d and %d remarks, %d of them otherwise than they were said\n", len(stored), len(exported), len(found))
	if err := exported.prove(a); err != nil {
		return err
	}
	if len(found) > 0 {
		return fmt.Errorf("%d differences: %s", len(found), strings.Join(found[:min(5, len(found))], "; "))
	}
	return nil
}

// differs tells what is kept otherwise than it was said.
func (k kept) differs(a account) (found []string) {
	known := map[string]bool{}
	for _, r := range a.remarks {
		known[r.token] = true
		want := slices.Repeat([]int{r.version}, len(r.ids))
		if r.deleted {
			want = nil
		}
		if have := k[r.token]; len(r.ids) == 1 && !slices.Equal(have, want) { // one that was said twice may have been edited once
			found = append(found, fmt.Sprintf("%s is there in versions %v, and should be in %v", r.token, have, want))
		}
	}
	for token := range k {
		if !known[token] {
			found = append(found, token+" is there, and nobody said it")
		}
	}
	return found
}

// prove plants a fault of each kind beside what is kept and wants it found.
func (k kept) prove(a account) error {
	before := len(k.differs(a))
	at := slices.IndexFunc(a.remarks, func(r remark) bool {
		return !r.deleted && len(r.ids) == 1 && slices.Equal(k[r.token], []int{r.version})
	})
	if at < 0 {
		return errors.New("nothing could be planted in the export")
	}
	token, version := a.remarks[at].token, a.remarks[at].version
	for what, versions := range map[string][]int{"lost": nil, "doubled": {version, version}, "out of date": {version - 1}} {
		was := k[token]
		k[token] = versions
		n := len(k.differs(a))
		k[token] = was
		if n <= before {
			return fmt.Errorf("planted in the export: a remark that is %s was not found", what)
		}
	}
	fmt.Println("planted in the export: lost, doubled and out of date caught")
	return nil
}

// stored reads the store.
func (w *world) stored(ctx context.Context) (k kept, ids []string, err error) {
	db, err := store.Open(ctx, w.database, store.Options{NoListen: true})
	if err != nil {
		return nil, nil, err
	}
	defer db.Close()
	err = db.View(ctx, func(tx *store.Tx) error {
		k, ids = kept{}, nil
		all, err := tx.Discussions()
		if err != nil {
			return err
		}
		for _, d := range all {
			ids = append(ids, string(d.ID))
			said, err := tx.Annotations(d.ID)
			if err != nil {
				return err
			}
			for _, a := range said {
				k.add(a.Body.Text)
			}
		}
		return nil
	})
	return k, ids, err
}

// exported runs the bot's export of all texts.
func (w *world) exported(ctx context.Context, ids []string) (kept, error) {
	k := kept{}
	for _, id := range ids {
		out, err := exec.CommandContext(ctx, w.binary, "export", id, "--format", "jsonld", "-c", filepath.Join(w.dir, "config.toml")).Output()
		if err != nil {
			return nil, fmt.Errorf("export %s: %w", id, err)
		}
		var all struct {
			First struct {
				Items []struct {
					Body json.RawMessage `json:"body"` // of emoji it may be a list
				} `json:"items"`
			} `json:"first"`
		}
		if err := json.Unmarshal(out, &all); err != nil {
			return nil, fmt.Errorf("read the export of %s: %w", id, err)
		}
		for _, item := range all.First.Items {
			var body struct{ Value string }
			if json.Unmarshal(item.Body, &body) == nil {
				k.add(body.Value)
			}
		}
	}
	return k, nil
}

func (k kept) add(words string) {
	if token, version := tokenIn(words); token != "" {
		k[token] = append(k[token], version)
	}
}
