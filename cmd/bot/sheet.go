package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"marginalia/internal/discussion"
	"marginalia/internal/source"
)

// sheet is a file in which a person corrects an outline: one that they named,
// or one for the editor, which goes once it was read.
type sheet struct {
	file  string // "" until there is one
	own   bool   // it is ours to take away
	again string // what reads it again, but for the file's name
}

// corrected returns the outline as the person left it, or, with wrote, that it
// was written to the file which they named and nobody has looked at it yet.
func (s *sheet) corrected(cmd *cobra.Command, environ []string, ref, outline string) (text string, wrote bool, err error) {
	if s.file != "" {
		kept, err := os.ReadFile(s.file)
		if errors.Is(err, fs.ErrNotExist) {
			return "", true, os.WriteFile(s.file, []byte(outline), 0o600)
		}
		return string(kept), false, err
	}
	if ref == source.Stdin {
		return "", false, usage("an editor cannot be opened on what is piped in: name a file for the outline with --outline")
	}
	if err := s.write(outline); err != nil {
		return "", false, err
	}
	if err := s.edit(cmd, editorOf(environ)); err != nil {
		return "", false, err
	}
	edited, err := os.ReadFile(s.file)
	return string(edited), false, err
}

// write makes a file for the editor.
func (s *sheet) write(outline string) error {
	f, err := os.CreateTemp("", "outline-*.txt")
	if err != nil {
		return fmt.Errorf("make a file for the outline: %w", err)
	}
	s.file, s.own = f.Name(), true
	_, err = f.WriteString(outline)
	return errors.Join(err, f.Close())
}

// edit waits until the person has left the editor, which the shell starts: it
// may be written with arguments.
func (s *sheet) edit(cmd *cobra.Command, editor string) error {
	e := exec.CommandContext(cmd.Context(), "sh", "-c", editor+` "$1"`, editor, s.file)
	e.Stdin, e.Stdout, e.Stderr = os.Stdin, cmd.OutOrStdout(), cmd.ErrOrStderr()
	if err := e.Run(); err != nil {
		return fmt.Errorf("the editor %q did not end well (%w): nothing was changed; %s is kept, and %s%s reads it", editor, err, s.file, s.again, s.file)
	}
	return nil
}

// editorOf is the editor that a person chose.
func editorOf(environ []string) string {
	for _, name := range []string{"VISUAL=", "EDITOR="} {
		for _, e := range environ {
			if v, ok := strings.CutPrefix(e, name); ok && strings.TrimSpace(v) != "" {
				return v
			}
		}
	}
	return "vi"
}

// refused says why an outline was not taken, where, and what to do.
func (s *sheet) refused(err error) error {
	var m discussion.Mistake
	if errors.As(err, &m) {
		err = fmt.Errorf("%s:%d: %s", s.file, m.Line, m.What)
	}
	if s.own && errors.Is(err, errMeanwhile) {
		return fmt.Errorf("%w (nothing was changed; %s is kept)", err, s.file)
	}
	if s.own {
		return fmt.Errorf("%w (nothing was changed; mend it, and %s%s reads it)", err, s.again, s.file)
	}
	return err
}

// renew lets the file that a person named be corrected further, once it was
// taken.
func (s *sheet) renew(text string, now discussion.Discussion) error {
	renewed := discussion.Renewed(text, now)
	if s.own || renewed == text {
		return nil
	}
	if err := replace(s.file, renewed); err != nil {
		return fmt.Errorf("note in the outline that it was taken: %w", err)
	}
	return nil
}

// replace gives a file other words: all of them, or none where the disk is full.
func replace(file, words string) error {
	f, err := os.CreateTemp(filepath.Dir(file), ".outline-*")
	if err != nil {
		return err
	}
	_, err = f.WriteString(words)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// done takes the editor's file away.
func (s *sheet) done() error {
	if !s.own {
		return nil
	}
	return os.Remove(s.file)
}
