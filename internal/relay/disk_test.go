package relay_test

import (
	"errors"
	"io/fs"
	"os"
	"testing"
)

// A disk is what a machine finds of an SQLite database when its power comes
// back: what was there when the disk was last flushed.
type disk struct {
	t    *testing.T
	path string
	kept map[string][]byte // files by their endings
	told *told             // which is no longer known with what is lost
}

func (d *disk) keep() {
	d.told.flush()
	d.kept = map[string][]byte{}
	for _, end := range []string{"", "-wal"} {
		content, err := os.ReadFile(d.path + end)
		if err == nil {
			d.kept[end] = content
		} else if !errors.Is(err, fs.ErrNotExist) {
			d.t.Error(err)
		}
	}
}

func (d *disk) restore() {
	d.told.forget()
	for _, end := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(d.path + end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			d.t.Error(err)
		}
	}
	for end, content := range d.kept {
		if err := os.WriteFile(d.path+end, content, 0o600); err != nil {
			d.t.Error(err)
		}
	}
}
