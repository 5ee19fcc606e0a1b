package relay

import (
	"context"

	"marginalia/internal/chat"
	"marginalia/internal/store"
)

// standing is what a platform is to compare a place with.
func (r *Relay) standing(ctx context.Context, p chat.Place) (all []chat.Standing, err error) {
	err = r.c.DB.View(ctx, func(tx *store.Tx) (err error) {
		all, err = tx.Standing(p)
		return err
	})
	return all, err
}
