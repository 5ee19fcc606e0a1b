package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"marginalia/internal/source"
	"marginalia/internal/store"
)

// lookHere looks at what bot run needs of this machine: a database, and the
// text of each plan. It makes neither.
func lookHere(ctx context.Context, c Config) []finding {
	imported := map[string]bool{} // plans whose texts stand in the database
	all := []finding{lookAtDatabase(ctx, c, func(tx *store.Tx) error {
		for _, p := range c.Plans {
			_, known, err := importedFor(tx, p)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			_, missing := find(tx, p.Text)
			imported[p.Name] = known || missing == nil
		}
		return nil
	})}
	for _, p := range c.Plans {
		all = append(all, finding{What: whenFires(p), OK: true})
		if source.IsAddress(p.Text) {
			all = append(all, finding{What: fmt.Sprintf("the text of plan %q, which each start imports from the web", p.Name), OK: true})
			continue
		}
		f := finding{What: fmt.Sprintf("the text of plan %q", p.Name), OK: true}
		if _, err := fingerprint(c.path(p.Text)); err != nil && !imported[p.Name] {
			f.OK, f.Why = false, fmt.Sprintf("%q cannot be read (%s)", p.Text, cause(err))
			if errors.Is(err, fs.ErrNotExist) {
				f.Why = fmt.Sprintf("%q is neither a file nor the id of an imported text", p.Text)
			}
			f.Do = "check the path in " + c.where() + ", or see bot list"
		}
		all = append(all, f)
	}
	return all
}

// whenFires says when a plan fires, and when it does not.
func whenFires(p PlanTable) string {
	plan := p.plan(nil)
	what := fmt.Sprintf("plan %q: %s (%s)", p.Name, plan.Words(), cmp.Or(plan.Zone, "UTC"))
	if plan.Quiet != "" {
		what += ", quiet " + plan.Quiet
	}
	if n := len(plan.Skip); n > 0 {
		what += fmt.Sprintf("; skipped dates (%s): %s", fmt.Sprint(n), strings.Join(plan.Skip[:min(n, 3)], ", "))
		if n > 3 {
			what += ", …"
		}
	}
	return what
}

// lookAtDatabase runs look on what stands in the database, if it is there.
func lookAtDatabase(ctx context.Context, c Config, look func(*store.Tx) error) finding {
	f := finding{What: "the database", OK: true}
	if path, ok := sqlitePath(c.Bot.Database); ok && !isThere(path) {
		f.What = "the database, which is made by the first run"
		if folder := filepath.Dir(path); !isThere(folder) {
			f = finding{What: "the database", Why: "its folder " + folder + " is not there", Do: "make it, or set [bot] database in " + c.where() + " to another"}
		}
		return f
	}
	if err := read(ctx, c, look); err != nil {
		f.OK, f.Why, f.Do = false, c.secrets().hide(err.Error()), "see that [bot] database in "+c.where()+" is right, and may be read by who runs the bot"
	}
	return f
}

func isThere(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
