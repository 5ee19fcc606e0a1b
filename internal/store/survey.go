package store

import "context"

// mostSurveys is how many Surveys run at once: fewer than there are readers.
const mostSurveys = maxReaders - 2

// Survey is View for what may read very much. So many at once do that readers
// are left for all who only look something up, who would else wait for it; those
// that come beside them wait for their turn.
//
// A Survey inside a Survey may wait for itself until ctx is done.
func (db *DB) Survey(ctx context.Context, f func(*Tx) error) error {
	select {
	case db.surveys <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-db.surveys }()
	return db.View(ctx, f)
}
