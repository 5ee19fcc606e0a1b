package chat

import (
	"context"
	"iter"
	"time"
)

// Auditor is a Platform whose rooms can be held against what is known of them,
// beside a Run or without one. Nothing of it changes what people can see.
type Auditor interface {
	// Audit yields what stands in a room, its main timeline and its threads:
	// those that are named and whatever others it finds. Each message comes
	// once, as Said with its newest words, then one Reacted for each emoji that
	// the bot itself holds on it, with Own where that has an id. Messages of the
	// bot's own with Ref.As set, without what the platform itself puts before
	// the words to name the speaker, and with the Key of the Action that said
	// them where the network keeps it. What people said comes without calls of
	// commands, and without what Run would not tell of. A named thread that is
	// gone is yielded as Deleted, with its Place alone. What was said before
	// from may be left out.
	Audit(ctx context.Context, room Room, threads []string, from time.Time) iter.Seq2[Event, error]
	// Stands reports whether a message is there: Audit may overlook some.
	Stands(ctx context.Context, r Ref) (bool, error)
}
