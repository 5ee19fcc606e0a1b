package command

import (
	"context"
	"fmt"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/format"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

var retry = Command{
	Command: chat.Command{
		Group: moderate, Name: "retry", Help: "tries again what could not be said: of a thread in it, else of this room", Needs: chat.Moderator,
	},
	Run: func(ctx context.Context, env Env, call chat.Call, now time.Time) (format.Doc, error) {
		var d format.Doc
		err := env.DB.Update(ctx, func(tx *store.Tx) error {
			dead, err := relay.Dead(tx, call.Ref.Place)
			if err != nil {
				return err
			}
			d = retried(tx, dead)
			return relay.Revive(tx, dead, now)
		})
		return d, err
	},
}

// retried says what is tried again, and what had kept it.
func retried(tx *store.Tx, dead []store.Delivery) format.Doc {
	if len(dead) == 0 {
		return format.Text("Nothing was given up here.")
	}
	d := paragraph(format.Doc{}, fmt.Sprintf("Tried again: %s.", plural(len(dead), "message")))
	return unsaid(tx, d, dead)
}

// unsaid adds to an answer what was not said, where, and why not.
func unsaid(tx *store.Tx, d format.Doc, dead []store.Delivery) format.Doc {
	for _, one := range dead[:min(mostListed, len(dead))] {
		what, err := relay.Describe(tx, one.Thing, 0)
		if err != nil {
			what = "something that is not known any more"
		}
		d = item(d, fmt.Sprintf("%s, to %s: %s", what, one.Room.Platform, one.Why))
	}
	return d
}
