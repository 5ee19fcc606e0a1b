package store

import (
	"fmt"

	"marginalia/internal/discussion"
)

// Quoted returns the passage in which the words end that the comment quotes of
// which p is an excerpt, or ErrNotFound: once it is posted, all of them are.
func (tx *Tx) Quoted(p discussion.Passage) (discussion.Passage, error) {
	d, of, err := tx.Document(p.Document)
	t := d.Target
	if err == nil && t.Source == "" {
		err = fmt.Errorf("what passage %s quotes: %w", p.ID, ErrNotFound)
	}
	if err != nil {
		return discussion.Passage{}, err
	}
	quoted, err := row(tx, passageRow, "SELECT "+passageColumns+" FROM passages WHERE discussion = "+numberOf+`
		AND document = $2 AND start_at < $3 AND end_at >= $3 ORDER BY seq LIMIT 1`, of, t.Source, t.Selector.End)
	if err != nil {
		return quoted, fmt.Errorf("what passage %s quotes: %w", p.ID, err)
	}
	return quoted, nil
}
