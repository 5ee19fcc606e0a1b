package chat

import (
	"context"
	"time"
)

// Standing is a message that is known to stand in a place.
type Standing struct {
	Ref     Ref
	Revised time.Time // the edit whose words are known; zero: those of the beginning

	// Emoji is how many people are known to hold each emoji under it, by
	// Profile.Normal's form. nil: who holds what is not known of this message
	// alone, so that nothing can be said to be missing.
	Emoji map[string]int
}

// Comparer is a Platform whose network does not tell of itself what became of
// old messages while nobody listened. It is given, before Run, whom to ask what
// is known to stand in a place; Run then looks again at what nobody listened to
// and reports what is otherwise now. Two people who changed places under an
// emoji are not told from one another.
type Comparer interface {
	Compare(known func(ctx context.Context, p Place) ([]Standing, error))
}
