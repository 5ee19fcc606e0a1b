package main

import (
	"context"
	"log/slog"
	"time"

	"marginalia/internal/store"
)

// How long erased words may stay in the database's files, and how much of its
// time the bot spends on taking them out: a part in scrubShare.
const (
	scrubAfter = time.Minute
	scrubShare = 200
)

// scrub takes erased words out of the database's files until ctx is done. While
// nothing is written it sleeps.
func scrub(ctx context.Context, db *store.DB, log *slog.Logger) {
	pause := scrubAfter
	for {
		changed := db.Changed()
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		began := time.Now()
		err := db.Scrub(ctx)
		pause = max(scrubAfter, scrubShare*time.Since(began))
		if err != nil && ctx.Err() == nil {
			log.Warn("erased words stay in the database's files for now", "error", err)
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}
