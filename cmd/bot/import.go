package main

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/source"
	"marginalia/internal/store"
)

// importing is what the command line of bot import says.
type importing struct {
	title, outline      string
	dry, asJSON, review bool
}

func (a *app) importVerb() *cobra.Command {
	var o importing
	cmd := &cobra.Command{
		Use: "import FILE|ADDRESS", Short: "Imports a text: a Markdown, HTML or plain file, or what stands at a web address",
		Long: `Imports a text and cuts it into passages. Importing the same text again changes
nothing; what an address names may have grown, and then only what is new is
added, behind all that was there.

An address of LessWrong, the Alignment Forum, the EA Forum, Hacker News, Reddit,
a Discourse forum, a WordPress blog or a feed brings the comments along, and the
essay that a post links to. Of any other page its article is taken. If a part
does not come, the rest is imported, and a warning says what is not in it.

Of a plain dump, a file with a paragraph a line and no marks, it is guessed
where comments begin. --review opens an editor ($VISUAL, $EDITOR or vi) on an
outline of that, in which you split, merge and move them and name who wrote
them; what you leave is what is kept. With --outline FILE the outline is written
to a file, and read from it when it is there. Instead of the file, the id of a
text that was imported will do.`,
		Args: arguments(1, 1, "one text: a file, a web address, or - for what is piped in"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.load()
			if err != nil {
				return err
			}
			if o.review || o.outline != "" {
				return a.reviewText(cmd, c, args[0], o)
			}
			return a.importText(cmd, c, args[0], o)
		},
	}
	cmd.Flags().StringVar(&o.title, "title", "", "the text's title, where it does not say one itself")
	cmd.Flags().BoolVar(&o.dry, "dry-run", false, "store nothing, show what would be")
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print one JSON object: documents, blocks and passages")
	cmd.Flags().BoolVar(&o.review, "review", false, "correct in an editor what was guessed of a plain dump")
	cmd.Flags().StringVar(&o.outline, "outline", "", "like --review: write the outline to this file, or read it if it is there")
	return cmd
}

// fetch finds what ref names, and warns of what did not come.
func (a *app) fetch(cmd *cobra.Command, c Config, ref string, o importing) (source.Fetched, error) {
	bar := &bar{out: a.errs, shown: isTerminal(a.errs)}
	f, err := source.Fetch(cmd.Context(), ref, source.Options{Title: o.title, Stdin: cmd.InOrStdin(), Web: a.web(c, bar)})
	bar.end()
	a.warn(f.Missing)
	return f, err
}

func (a *app) importText(cmd *cobra.Command, c Config, ref string, o importing) error {
	f, err := a.fetch(cmd, c, ref, o)
	if err != nil {
		return err
	}
	d := f.Discussion(c.cut())
	var did kept
	if !o.dry {
		if did, err = keep(cmd.Context(), c, d); err != nil {
			return err
		}
		d.ID = did.ID
	}
	switch {
	case o.asJSON:
		return a.printJSON(discussion.Printable(d, f.Missing...))
	case o.dry:
		return errors.Join(a.printPassages(d), a.printWaiting(len(d.Waiting()), d.ID))
	}
	return a.printImported(d, did)
}

// cut says how long passages are, and which texts have none yet.
func (c Config) cut() discussion.CutOptions {
	return discussion.CutOptions{Min: c.Passages.Min, Max: c.Passages.Max, Below: c.Import.ReviewBelow}
}

// kept is what became of a text that was imported.
type kept struct {
	store.Imported
	recut    bool // other passages than before: review_below was changed
	passages int  // that there are then
	waiting  int  // documents that are held back
}

// keep stores a text, as importInto does.
func keep(ctx context.Context, c Config, d discussion.Discussion) (did kept, err error) {
	db, err := openBeside(ctx, c)
	if err != nil {
		return did, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	err = db.Update(ctx, func(tx *store.Tx) (err error) {
		did, err = importInto(tx, c, d, time.Now())
		return err
	})
	return did, err
}

// importInto stores a text. What was guessed of it and is kept already is held
// back or let go as the configuration now says.
func importInto(tx *store.Tx, c Config, d discussion.Discussion, now time.Time) (kept, error) {
	added, err := tx.Import(d, now)
	did := kept{Imported: added, waiting: len(d.Waiting())}
	if err != nil || added.New || !d.Reviewable() {
		return did, err
	}
	was, is, err := revised(tx, c, added.ID, nil)
	did.recut, did.passages, did.waiting = !slices.Equal(is.Passages, was.Passages), len(is.Passages), len(is.Waiting())
	if err != nil || reflect.DeepEqual(is, was) {
		return did, err
	}
	return did, tx.Amend(is)
}

// revised is the discussion of an id as it is kept, and as it is with docs for
// its documents, nil for those that it has.
func revised(tx *store.Tx, c Config, id discussion.ID, docs []discussion.Document) (was, now discussion.Discussion, err error) {
	if was, err = tx.Discussion(id); err != nil {
		return was, was, err
	}
	if docs == nil {
		docs = was.Documents
	}
	given, err := tx.Given(id)
	if err != nil {
		return was, was, err
	}
	now, err = was.Revise(docs, given, c.cut())
	return was, now, err
}

func (a *app) printImported(d discussion.Discussion, did kept) error {
	_, err := fmt.Fprintln(a.out, did.line(d))
	return errors.Join(err, a.printWaiting(did.waiting, d.ID))
}

// line says what became of a text.
func (did kept) line(d discussion.Discussion) string {
	switch {
	case did.New:
		return fmt.Sprintf("imported %s: %q, documents: %d, passages: %d", d.ID, d.Title, did.Documents, did.Passages)
	case did.Documents > 0:
		return fmt.Sprintf("added to %s what is new, documents: %d, passages: %d", d.ID, did.Documents, did.Passages)
	case did.recut:
		return fmt.Sprintf("%s follows review_below as it is now, passages: %d", d.ID, did.passages)
	case did.Scores > 0:
		return fmt.Sprintf("%s has the votes as they are now, documents: %d", d.ID, did.Scores)
	}
	return fmt.Sprintf("nothing changed: %s was imported before", d.ID)
}

// printPassages shows how a text would be cut, a line for each passage.
func (a *app) printPassages(d discussion.Discussion) error {
	documents := map[discussion.DocumentID]discussion.Document{}
	for _, doc := range d.Documents {
		documents[doc.ID] = doc
	}
	fmt.Fprintf(a.out, "%s: %q, documents: %d, passages: %d (nothing was stored)\n", d.ID, d.Title, len(d.Documents), len(d.Passages))
	for _, p := range d.Passages {
		doc := documents[p.Document]
		fmt.Fprintf(a.out, "%4d  %-8s %s\n", p.Seq, doc.Kind, format.Excerpt(doc.Body.Slice(p.Start, p.End), 90))
	}
	return nil
}
