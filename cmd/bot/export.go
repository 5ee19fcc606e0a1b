package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"marginalia/internal/export"
	"marginalia/internal/store"
	"marginalia/internal/web"
)

func (a *app) exportVerb() *cobra.Command {
	var name, file string
	cmd := &cobra.Command{
		Use: "export ID", Short: "Writes a text and its annotations into a file",
		Long: "Writes a text with all that was said about it. ID may be the beginning of one.\nPeople are named as they agreed to be, else as [privacy] default says.",
		Args: arguments(1, 1, "one text's ID, as bot list shows it"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.load()
			if err != nil {
				return err
			}
			format, ok := export.Named(name)
			if !ok {
				return usage("there is no format %q: write %s", name, either(formatNames()))
			}
			var b export.Bundle
			err = read(cmd.Context(), c, func(tx *store.Tx) error {
				s, err := find(tx, args[0])
				if err != nil {
					return err
				}
				b, err = web.Load(tx, s.ID, c.credit())
				return err
			})
			if err != nil {
				return err
			}
			b.Base, b.Generated, b.Lexicon = c.Bot.Reader, time.Now().UTC(), c.Reactions.lexicon()
			var out bytes.Buffer
			if err := format.Write(&out, b); err != nil {
				return fmt.Errorf("export %s as %s: %w", b.Discussion.ID, format.Name, err)
			}
			return a.hand(out.Bytes(), file)
		},
	}
	cmd.Flags().StringVar(&name, "format", "jsonld", either(formatNames()))
	cmd.Flags().StringVarP(&file, "output", "o", "", "file to write (default: the standard output)")
	return cmd
}

// hand writes an export into a file, or to the standard output.
func (a *app) hand(out []byte, file string) error {
	if file == "" || file == "-" {
		_, err := a.out.Write(out)
		return err
	}
	err := os.WriteFile(file, out, 0o644)
	var at *fs.PathError
	if errors.As(err, &at) {
		return fmt.Errorf("%s cannot be written (%w): name another file with -o", file, at.Err)
	}
	return err
}

func formatNames() []string {
	var all []string
	for _, f := range export.Formats {
		all = append(all, f.Name)
	}
	return all
}
