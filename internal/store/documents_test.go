package store

import (
	"strings"
	"testing"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
)

// TestWordsThatWereRead are not read again, but when another process has
// changed them they are, in the first transaction after its commit, and a
// rollback does not leave them behind.
func TestWordsThatWereRead(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		here, there := opened(t, dsn, Options{NoListen: true}), opened(t, dsn, Options{NoListen: true})
		d := dumped(discussion.CutOptions{}, 1)
		reads := map[string]func(*Tx) (discussion.Document, error){
			"alone": func(tx *Tx) (discussion.Document, error) {
				x, _, err := tx.Document(d.Documents[0].ID)
				return x, err
			},
			"with all": func(tx *Tx) (discussion.Document, error) {
				whole, err := tx.Discussion(d.ID)
				if err == nil && len(whole.Documents) != 1 {
					t.Fatalf("%d documents", len(whole.Documents))
				}
				return whole.Documents[0], err
			},
		}
		is := func(when, want string) {
			t.Helper()
			for how, read := range reads {
				same(t, when+", "+how, got(t, here, read).Body.Text, want)
			}
		}
		update(t, here, func(tx *Tx) error { _, err := tx.PutDiscussion(d, noon); return err })
		said := d.Documents[0].Body.Text
		for range 2 {
			is("at first", said)
		}
		words := func(text string) discussion.Discussion {
			other := d
			other.Documents = []discussion.Document{d.Documents[0]}
			other.Documents[0].Body = format.Text(text)
			return other
		}
		err := here.Update(t.Context(), func(tx *Tx) error {
			if err := tx.Amend(words("Not kept.")); err != nil {
				return err
			}
			for how, read := range reads {
				if x, err := read(tx); err != nil || x.Body.Text != "Not kept." {
					t.Errorf("inside, %s: %q, %v", how, x.Body.Text, err)
				}
			}
			return errReads
		})
		if err == nil {
			t.Fatal("kept")
		}
		is("after a rollback", said)
		update(t, there, func(tx *Tx) error { return tx.Amend(words("Changed elsewhere.")) })
		is("changed", "Changed elsewhere.")
	})
}

// TestWordsAreKeptWithinBounds drops those that were read first.
func TestWordsAreKeptWithinBounds(t *testing.T) {
	var r wordsRead
	for i, size := range []int{mostWords / 2, mostWords / 2, mostWords + 1, mostWords / 4} {
		r.keep(discussion.DocumentID(rune('a'+i)), words{sum: 1, body: format.Doc{Text: strings.Repeat("x", size)}})
	}
	r.keep("b", words{sum: 2, body: format.Doc{Text: "y"}})
	kept := ""
	for _, id := range r.order {
		kept += string(id) + r.of(id).body.Text[:1]
	}
	same(t, "kept", kept, "dxby")
	same(t, "bytes", r.bytes, mostWords/4+1)
}
