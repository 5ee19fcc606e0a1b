package command

import (
	"context"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/format"
	"marginalia/internal/lang"
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
			d = retried(env.in, tx, dead)
			return relay.Revive(tx, dead, now)
		})
		return d, err
	},
}

// retried says what is tried again, and what had kept it.
func retried(in lang.Language, tx *store.Tx, dead []store.Delivery) format.Doc {
	if len(dead) == 0 {
		return format.Text(in.Sprintf("Nothing was given up here."))
	}
	d := paragraph(format.Doc{}, in.Sprintf("Tried again: %d messages.", len(dead)))
	return unsaid(in, tx, d, dead)
}

// unsaid adds to an answer what was not said, where, and why not.
func unsaid(in lang.Language, tx *store.Tx, d format.Doc, dead []store.Delivery) format.Doc {
	for _, one := range dead[:min(mostListed, len(dead))] {
		what, err := relay.Describe(tx, in, one.Thing, 0)
		if err != nil {
			what = in.Sprintf("something that is not known any more")
		}
		d = item(d, in.Sprintf("%s, to %s: %s", what, one.Room.Platform, one.Why))
	}
	return d
}
