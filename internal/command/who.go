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

var who = Command{
	Command: chat.Command{
		Name: "who", Menu: "Who said this",
		Help: "who said something that the bot repeats, and where: say it as a reply to the message",
	},
	Run: func(ctx context.Context, env Env, call chat.Call, _ time.Time) (format.Doc, error) {
		var d format.Doc
		err := env.DB.View(ctx, func(tx *store.Tx) (err error) {
			d, err = whoSaid(env.in, tx, whereCalled(call))
			return err
		})
		return d, err
	},
}

// whoSaid tells what everyone in the room may see: the name that the copy
// bears, the network, when it was said, and the way to the message itself, which
// of who has no name but a pseudonym would tell whose that is.
func whoSaid(in lang.Language, tx *store.Tx, on chat.Ref) (format.Doc, error) {
	thing, err := relay.About(tx, on)
	if err != nil {
		return format.Doc{}, err
	}
	if thing.Annotation() == "" {
		return format.Text(in.Sprintf("Say this as a reply to a remark, to see who made it and where.")), nil
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
		return format.Text(in.Sprintf("This remark is gone.")), nil
	}
	if by.User == "" {
		return format.Text(in.Sprintf("Someone who asked to be forgotten said this.")), nil
	}
	line := in.Sprintf("%s said this on %s, %s", by.Speaker(), by.Platform, When(in, a.Created, "UTC"))
	if a.Via != "" && by.Name != "" {
		line += ": " + a.Via
	}
	return format.Text(line), nil
}
