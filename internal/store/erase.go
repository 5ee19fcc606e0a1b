package store

import (
	"context"
	"errors"
	"fmt"
)

// SQLite wipes what is deleted where it stands (secure_delete), but a row that
// was moved when its page was split has left a copy in the page's free space,
// which no later deletion reaches, and the write-ahead log holds what was
// written until it is written over. So transactions note that words were taken
// away, and Scrub writes the file anew. PostgreSQL does so by itself; what it
// leaves behind for a while no query and no dump shows.

const erasures = "erasures" // the setting that counts them since the last Scrub

// A scrubber is an engine whose files hold what was erased until scrub.
type scrubber interface {
	scrub(ctx context.Context, noted func(session) (string, error), clear func(session, string) error) error
}

// erased notes that words or a name were taken away.
func (tx *Tx) erased() error {
	if _, ok := tx.db.engine.(scrubber); !ok || tx.noted {
		return nil
	}
	tx.noted = true
	_, err := tx.exec(`INSERT INTO settings (name, value) VALUES ($1, '1')
		ON CONFLICT (name) DO UPDATE SET value = CAST(settings.value AS INTEGER) + 1`, erasures)
	return err
}

// erase takes words away with a statement, and notes it if there were any.
func (tx *Tx) erase(query string, args ...any) error {
	n, err := tx.exec(query, args...)
	if err != nil || n == 0 {
		return err
	}
	return tx.erased()
}

// Erased tells whether words were taken away that the files may still hold.
func (tx *Tx) Erased() (bool, error) {
	n, err := tx.Setting(erasures)
	return n != "", err
}

// Scrub takes what was erased out of the database's files, if anything was
// since the last time. Meanwhile nobody can write; it takes about a second for
// each 50 MB. The log is emptied too: a View that goes on for longer than
// SQLite waits (5 s) stands in the way, and then Scrub fails and is to be
// called again. On PostgreSQL it does nothing.
func (db *DB) Scrub(ctx context.Context) error {
	e, ok := db.engine.(scrubber)
	if !ok {
		return nil
	}
	noted := func(s session) (n string, err error) {
		tx := db.newTx(ctx, s, true)
		n, err = tx.Setting(erasures)
		return n, errors.Join(err, tx.broken)
	}
	clear := func(s session, n string) error {
		_, err := s.exec(ctx, "DELETE FROM settings WHERE name = $1 AND value = $2", []any{erasures, n})
		return err
	}
	if err := e.scrub(ctx, noted, clear); err != nil {
		return fmt.Errorf("take erased words out of the database's files: %w", db.engine.explain(err))
	}
	return nil
}

// scrub holds the pen of the writer from the first look to the last, so that
// nothing of this process is erased meanwhile and cleared unscrubbed; of
// another process it would change the count.
func (d *sqliteDB) scrub(ctx context.Context, noted func(session) (string, error), clear func(session, string) error) error {
	if err := d.alone(ctx); err != nil {
		return err
	}
	defer d.pen.hand(nil)
	if d.closed {
		return errClosed
	}
	n, err := noted(d.writer)
	if err != nil || n == "" {
		return err
	}
	// The copy that VACUUM makes may be larger than memory.
	for _, q := range []string{"PRAGMA temp_store=FILE", "VACUUM", "PRAGMA temp_store=MEMORY"} {
		if err := d.writer.once(q); err != nil {
			return err
		}
	}
	// The log is emptied before the note is taken back, which writes no words.
	var held, frames, moved int
	err = d.writer.once("PRAGMA wal_checkpoint(TRUNCATE)", &held, &frames, &moved)
	if err == nil && held != 0 {
		err = errors.New("its log is being read")
	}
	if err != nil {
		return err
	}
	return clear(d.writer, n)
}
