package command

import (
	"context"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/format"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

var who = Command{
	Command: chat.Command{
		Name: "who", Menu: "Who said this",
		Help: "who said something that the bot repeats, and where: say it as a reply to the message",
	},
	Run: func(ctx context.Context, env Env, call chat.Call, _ time.Time) (format.Doc, error) {
		var d format.Doc
		err := env.DB.View(ctx, func(tx *store.Tx) (err error) {
			d, err = whoSaid(tx, whereCalled(call))
			return err
		})
		return d, err
	},
}

// whoSaid tells what everyone in the room may see: the name that the copy
// bears, the network, when it was said, and the way to the message itself, which
// of who has no name but a pseudonym would tell whose that is.
func whoSaid(tx *store.Tx, on chat.Ref) (format.Doc, error) {
	thing, err := relay.About(tx, on)
	if err != nil {
		return format.Doc{}, err
	}
	if thing.Annotation() == "" {
		return format.Text("Say this as a reply to a remark, to see who made it and where."), nil
	}
	a, err := tx.Annotation(thing.Annotation())
	if err != nil {
		return format.Doc{}, err
	}
	by, err := tx.Person(a.Creator)
	if err != nil {
		return format.Doc{}, err
	}
	if a.Gone() {
		return format.Text("This remark is gone."), nil
	}
	if by.User == "" {
		return format.Text("Someone who asked to be forgotten said this."), nil
	}
	line := by.Speaker() + " said this on " + by.Platform + ", " + When(a.Created, "UTC")
	if a.Via != "" && by.Name != "" {
		line += ": " + a.Via
	}
	return format.Text(line), nil
}
