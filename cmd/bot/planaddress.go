package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path"
	"strings"
	"time"

	"marginalia/internal/discussion"
	"marginalia/internal/source"
	"marginalia/internal/store"
)

// An addressee imports at start what stands at the addresses that plans name
// as their texts. Each address is asked once, whatever many plans name it.
type addressee struct {
	db   *store.DB
	c    Config
	web  source.Web
	log  *slog.Logger
	read map[string]discussion.ID
}

// startWait is how long a start waits for what is new in a text that is stored.
const startWait = time.Minute

var errStartWait = fmt.Errorf("a start waits %s for it", startWait)

// errAnother is an address at which another text stands than before.
var errAnother = errors.New("another text stands there now: to read it, import it and name its id as the plan's text")

// text imports the text of a plan: what grew there is added. If the site does
// not answer, the text is what is stored of it, and the log says so.
func (a *addressee) text(ctx context.Context, p PlanTable, now time.Time) (discussion.ID, error) {
	had, known, err := a.stored(ctx, p)
	if err != nil {
		return "", err
	}
	id, asked := a.read[p.Text]
	if !asked {
		id, err = a.fetch(ctx, p, had, known, now)
	} else if known && id != had {
		err = errAnother // than this plan has begun with
	}
	switch {
	case err == nil:
		a.read[p.Text] = id
		return id, a.db.Update(ctx, func(tx *store.Tx) error { return remember(tx, p, id, "") })
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case known:
		a.log.Warn("the plan goes on with its text as it is stored, because it could not be imported again", "plan", p.Name, "why", err)
		a.read[p.Text] = had
		return had, a.db.Update(ctx, func(tx *store.Tx) error { return remember(tx, p, had, "") })
	}
	return "", fmt.Errorf("its text is not imported yet: %w", err)
}

func (a *addressee) fetch(ctx context.Context, p PlanTable, had discussion.ID, known bool, now time.Time) (discussion.ID, error) {
	if known {
		limited, cancel := context.WithTimeoutCause(ctx, startWait, errStartWait)
		defer cancel()
		ctx = limited
	}
	f, err := source.Fetch(ctx, p.Text, source.Options{Web: a.web})
	if err != nil {
		return "", err
	}
	var did kept
	err = a.db.Update(ctx, func(tx *store.Tx) error {
		did, err = importInto(tx, a.c, f.Discussion(a.c.cut()), now)
		if err == nil && known && did.ID != had {
			return errAnother
		}
		return err
	})
	if err != nil {
		return "", err
	}
	for _, m := range f.Missing {
		a.log.Warn("a part of a plan's text did not come", "plan", p.Name, "why", m)
	}
	if did.New || did.Documents > 0 {
		a.log.Info("a plan's text was imported", "plan", p.Name, "text", did.ID, "documents", did.Documents, "passages", did.Passages)
	}
	if did.recut {
		a.log.Info("a plan's text follows review_below as it is now", "plan", p.Name, "text", did.ID, "passages", did.passages)
	}
	return did.ID, nil
}

// stored is what the database holds of a plan's address: what was imported for
// the plan, else a text that was imported from there.
func (a *addressee) stored(ctx context.Context, p PlanTable) (id discussion.ID, known bool, err error) {
	err = a.db.View(ctx, func(tx *store.Tx) error {
		had, mine, err := importedFor(tx, p)
		if mine || err != nil {
			id, known = had.id, mine
			return err
		}
		id, known, err = importedFrom(tx, p.Text)
		return err
	})
	return id, known, err
}

// importedFrom finds the text that is read at address.
func importedFrom(tx *store.Tx, address string) (discussion.ID, bool, error) {
	all, err := tx.Discussions()
	if err != nil {
		return "", false, err
	}
	for _, s := range all {
		if s.URL != "" && bareAddress(s.URL) == bareAddress(address) {
			return s.ID, true, nil
		}
	}
	return "", false, nil
}

// bareAddress is an address without what may differ where the same is read.
func bareAddress(s string) string {
	_, s, _ = strings.Cut(s, "://")
	s, _, _ = strings.Cut(s, "#")
	return strings.TrimSuffix(strings.TrimPrefix(s, "www."), "/")
}

// nameOfAddress is the name of a plan whose text is an address: its last step,
// without the query, which may hold a key.
func nameOfAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "web"
	}
	if step := path.Base(u.Path); step != "." && step != "/" {
		return step
	}
	return u.Hostname()
}
