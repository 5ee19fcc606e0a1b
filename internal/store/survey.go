package store

import "context"

// mostSurveys is how many Surveys run at once. Of two that ask the same the second
// finds in memory what the first has read.
const mostSurveys = 1

// Survey is View for what may read very much. So few at once do that readers are
// left for all who only look something up; those that come beside them wait for
// their turn.
//
// A Survey inside a Survey waits for itself until ctx is done.
func (db *DB) Survey(ctx context.Context, f func(*Tx) error) error {
	select {
	case db.surveys <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-db.surveys }()
	return db.View(ctx, f)
}
