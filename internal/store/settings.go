package store

import (
	"errors"
	"fmt"
)

// Setting returns a small value of the bot's own by name, "" if it was never set.
func (tx *Tx) Setting(name string) (string, error) {
	v, err := row(tx, one[string], "SELECT value FROM settings WHERE name = $1", name)
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("setting %s: %w", name, err)
	}
	return v, nil
}

// PutSetting records a small value of the bot's own by name.
func (tx *Tx) PutSetting(name, value string) error {
	_, err := tx.exec(`INSERT INTO settings (name, value) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
	if err != nil {
		return fmt.Errorf("record setting %s: %w", name, err)
	}
	return nil
}
