package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/source"
	"marginalia/internal/store"
)

func (a *app) importVerb() *cobra.Command {
	var title string
	var dry, asJSON bool
	cmd := &cobra.Command{
		Use: "import FILE", Short: "Imports a text: a Markdown, HTML or plain file",
		Long: "Imports a text and cuts it into passages. Importing the same text again changes nothing.",
		Args: arguments(1, 1, "one text: a file, or - for what is piped in"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.load()
			if err != nil {
				return err
			}
			d, err := source.Open(cmd.Context(), args[0], source.Options{Title: title, Stdin: cmd.InOrStdin(), Cut: c.cut()})
			if err != nil {
				return err
			}
			added := false
			if !dry {
				if added, err = importText(cmd.Context(), c, d); err != nil {
					return err
				}
			}
			switch {
			case asJSON:
				return a.printJSON(discussion.Printable(d))
			case dry:
				return a.printPassages(d)
			}
			return a.printImported(d, added)
		},
	}
	cmd.Flags().StringVar(&title, "title", "", "the text's title, where it does not say one itself")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "store nothing, show what would be")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object: documents, blocks and passages")
	return cmd
}

// cut says how long passages are.
func (c Config) cut() discussion.CutOptions {
	return discussion.CutOptions{Min: c.Passages.Min, Max: c.Passages.Max}
}

func importText(ctx context.Context, c Config, d discussion.Discussion) (added bool, err error) {
	db, err := openBeside(ctx, c)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return putText(ctx, db, d, time.Now())
}

func putText(ctx context.Context, db *store.DB, d discussion.Discussion, now time.Time) (added bool, err error) {
	err = db.Update(ctx, func(tx *store.Tx) error {
		added, err = tx.PutDiscussion(d, now)
		return err
	})
	return added, err
}

func (a *app) printImported(d discussion.Discussion, added bool) error {
	if !added {
		_, err := fmt.Fprintf(a.out, "nothing changed: %s was imported before\n", d.ID)
		return err
	}
	_, err := fmt.Fprintf(a.out, "imported %s: %q, documents: %d, passages: %d\n", d.ID, d.Title, len(d.Documents), len(d.Passages))
	return err
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
