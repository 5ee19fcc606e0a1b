package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"marginalia/internal/discussion"
	"marginalia/internal/source"
	"marginalia/internal/store"
)

// reviewText lets a person correct what was guessed of a dump, and keeps what
// they made of it. An outline that cannot be taken stays where it is.
func (a *app) reviewText(cmd *cobra.Command, c Config, ref string, o importing) error {
	if o.dry {
		return usage("--dry-run stores nothing and --review does: take one of them")
	}
	d, err := a.toReview(cmd, c, ref, o)
	if err != nil {
		return err
	}
	if !d.Reviewable() {
		return fmt.Errorf("%s was not guessed from a plain dump: there is nothing to review in it", d.ID)
	}
	sheet := &sheet{file: o.outline, again: a.again(ref, o) + " --outline "}
	text, wrote, err := sheet.corrected(cmd, a.environ, ref, discussion.Outline(d))
	if err != nil {
		return err
	}
	if wrote {
		_, err = fmt.Fprintf(a.out, "wrote the outline to %s: correct it, and run this again to have it read\n", o.outline)
		return err
	}
	docs, err := discussion.ReadOutline(text, d)
	if err != nil {
		return sheet.refused(err)
	}
	if docs == nil {
		_, err = fmt.Fprintln(a.out, "nothing changed: the outline is empty")
		return errors.Join(err, sheet.done())
	}
	did, err := amend(cmd.Context(), c, d, docs)
	if err != nil {
		return sheet.refused(err)
	}
	return errors.Join(a.printReviewed(did, o), sheet.renew(text, did.now), sheet.done())
}

// again is the command that imports ref as it is imported now, for a shell.
func (a *app) again(ref string, o importing) string {
	words := []string{"bot", "import", ref}
	if o.title != "" {
		words = append(words, "--title", o.title)
	}
	if a.config != "" {
		words = append(words, "-c", a.config)
	}
	for i, w := range words {
		if strings.Trim(w, plainInShells) != "" {
			words[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(words, " ")
}

// plainInShells are the characters that mean nothing else to a shell.
const plainInShells = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:,@+="

// toReview is the text that ref names, as it is kept if it is.
func (a *app) toReview(cmd *cobra.Command, c Config, ref string, o importing) (d discussion.Discussion, err error) {
	_, nowhere := missingDatabase(c)
	if _, err := os.Stat(ref); errors.Is(err, fs.ErrNotExist) && !source.IsAddress(ref) && ref != source.Stdin && !nowhere {
		err = read(cmd.Context(), c, func(tx *store.Tx) error {
			s, err := find(tx, ref)
			if err == nil {
				d, err = tx.Discussion(s.ID)
			}
			return err
		})
		if err != nil {
			return d, fmt.Errorf("%s is no file, and %w", ref, err)
		}
		return d, nil
	}
	f, err := a.fetch(cmd, c, ref, o)
	if err != nil {
		return d, err
	}
	d = f.Discussion(c.cut())
	if nowhere {
		return d, nil
	}
	err = read(cmd.Context(), c, func(tx *store.Tx) error {
		kept, err := tx.Discussion(d.ID)
		if err == nil {
			d = kept
		}
		return ignoreMissing(err)
	})
	return d, err
}

func ignoreMissing(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// reviewed is what a review did.
type reviewed struct {
	now     discussion.Discussion
	new     bool // it was not imported before
	changed int  // documents that are other than they were
}

// errMeanwhile is that somebody else reviewed a text while its outline was
// looked at: taking it would undo what they did.
var errMeanwhile = errors.New("it was reviewed meanwhile: run --review again")

// amend keeps d with docs in place of its documents, unless those are kept
// already and are not d's any more.
func amend(ctx context.Context, c Config, d discussion.Discussion, docs []discussion.Document) (did reviewed, err error) {
	db, err := openBeside(ctx, c)
	if err != nil {
		return did, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	err = db.Update(ctx, func(tx *store.Tx) error {
		now := time.Now()
		kept, err := tx.Discussion(d.ID)
		switch {
		case err == nil && !reflect.DeepEqual(kept.Documents, d.Documents):
			return errMeanwhile
		case ignoreMissing(err) != nil:
			return err
		}
		added, err := tx.PutDiscussion(d, now)
		if err != nil {
			return err
		}
		was, amended, err := revised(tx, c, d.ID, docs)
		did = reviewed{now: amended, new: added, changed: different(was.Documents, amended.Documents)}
		if err != nil || reflect.DeepEqual(amended, was) {
			return err
		}
		if err := tx.Amend(amended); err != nil {
			return err
		}
		return renamed(tx, was, amended, now)
	})
	return did, err
}

// different counts the documents that are other than they were, or new, but for
// what they point at: nobody reviews that.
func different(was, now []discussion.Document) (n int) {
	before := map[discussion.DocumentID]discussion.Document{}
	for _, doc := range was {
		before[doc.ID] = doc
	}
	for _, doc := range now {
		doc.Target = before[doc.ID].Target
		if !reflect.DeepEqual(doc, before[doc.ID]) {
			n++
		}
	}
	return n
}

// renamed has the posts say who wrote a comment where that is known only now.
func renamed(tx *store.Tx, was, now discussion.Discussion, at time.Time) error {
	author := map[discussion.DocumentID]string{}
	for _, doc := range was.Documents {
		author[doc.ID] = doc.Author
	}
	other := map[discussion.DocumentID]bool{}
	for _, doc := range now.Documents {
		other[doc.ID] = doc.Author != author[doc.ID]
	}
	for _, p := range now.Passages {
		if !other[p.Document] {
			continue
		}
		thing := store.PassageThing(p.ID)
		rooms, err := tx.RoomsOf(thing)
		if err != nil {
			return err
		}
		for _, room := range rooms {
			if err := tx.Stale(thing, room, "", store.ClassEdit, at); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *app) printReviewed(did reviewed, o importing) (err error) {
	d := did.now
	switch {
	case o.asJSON:
		return a.printJSON(discussion.Printable(d))
	case did.new:
		_, err = fmt.Fprintf(a.out, "imported %s: %q, documents: %d, passages: %d\n", d.ID, d.Title, len(d.Documents), len(d.Passages))
	case did.changed == 0:
		_, err = fmt.Fprintf(a.out, "nothing changed: %s is as it was\n", d.ID)
	default:
		_, err = fmt.Fprintf(a.out, "reviewed %s, documents: %d of %d changed, passages: %d\n", d.ID, did.changed, len(d.Documents), len(d.Passages))
	}
	return errors.Join(err, a.printWaiting(len(d.Waiting()), d.ID))
}

// printWaiting says how many texts are held back, and how to let them go.
func (a *app) printWaiting(n int, id discussion.ID) error {
	if n == 0 {
		return nil
	}
	_, err := fmt.Fprintln(a.out, waiting(n, id))
	return err
}

// waiting is the line for texts that are held back.
func waiting(n int, id discussion.ID) string {
	what := "%d texts in %s wait for a review before they are posted: bot import %s --review"
	if n == 1 {
		what = "%d text in %s waits for a review before it is posted: bot import %s --review"
	}
	return fmt.Sprintf(what, n, id, id)
}
