package main

import (
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"marginalia/internal/store"
)

func (a *app) listVerb() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "Lists the texts that were imported", Args: arguments(0, 0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.load()
			if err != nil {
				return err
			}
			var all []store.Summary
			err = read(cmd.Context(), c, func(tx *store.Tx) (err error) {
				all, err = tx.Discussions()
				return err
			})
			if err != nil {
				return err
			}
			return a.printList(all)
		},
	}
}

func (a *app) printList(all []store.Summary) error {
	if len(all) == 0 {
		_, err := fmt.Fprintln(a.out, "No text was imported yet: bot import FILE")
		return err
	}
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tTITLE\tDOCUMENTS\tPASSAGES\tPOSTED\tANNOTATIONS\tTO REVIEW")
	for _, s := range all {
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%d\t%d\n", s.ID, s.Title, s.Documents, s.Passages, s.Posted, s.Annotations, s.Waiting)
	}
	told := w.Flush()
	for _, s := range all {
		told = errors.Join(told, a.printWaiting(s.Waiting, s.ID))
	}
	return told
}
