package store

import "context"

// mostSurveys is how many Surveys run at once.
const mostSurveys = maxReaders / 2

// Survey is View for what may read much, and whoever asked for it can wait. So few
// run at once that readers, and processors, are left for what is answered while
// somebody looks on; those that come beside them wait for their turn.
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
