package main

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"marginalia/internal/source"
)

// web says how addresses are fetched: with a name that tells whose bot asks.
func (a *app) web(c Config, b *bar) source.Web {
	agent := "Marginalia/" + version()
	if c.Bot.Reader != "" {
		agent += " (+" + c.Bot.Reader + ")"
	}
	w := source.Web{Agent: agent, Progress: b.show, Allow: a.allow}
	if c.Import.Keep != "" {
		w.Kept = answers{c.Import.Keep}
	}
	return w
}

// warn says what is not in an import that went well otherwise.
func (a *app) warn(missing []string) {
	for _, m := range missing {
		fmt.Fprintln(a.errs, "bot: warning:", m)
	}
}

// bar shows on a terminal how far an import is. Elsewhere it is silent.
type bar struct {
	out   io.Writer
	shown bool
	last  int // characters of the line as it stands
}

const barWidth = 24

func (b *bar) show(p source.Progress) {
	if !b.shown {
		return
	}
	line := fmt.Sprintf("%s: %d", p.What, p.Done)
	if p.Total > 0 {
		full := min(barWidth, barWidth*p.Done/p.Total)
		line = fmt.Sprintf("[%s%s] %s of %d", strings.Repeat("=", full), strings.Repeat(" ", barWidth-full), line, p.Total)
	}
	b.write(line)
}

// end takes the bar away.
func (b *bar) end() {
	if b.last > 0 {
		b.write("")
		fmt.Fprint(b.out, "\r")
	}
	b.last = 0
}

func (b *bar) write(line string) {
	fmt.Fprintf(b.out, "\r%s%s", line, strings.Repeat(" ", max(0, b.last-len(line))))
	b.last = len(line)
}

// isTerminal reports whether someone looks at w.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// answers keeps what sites answered in a folder, a file for each address. What
// cannot be read or written there is asked for again: it is no loss.
type answers struct{ dir string }

func (k answers) file(address string) string {
	return filepath.Join(k.dir, fmt.Sprintf("%x.json", sha256.Sum256([]byte(address))))
}

// Answer is what was kept of address.
func (k answers) Answer(address string) (a source.Answer, ok bool) {
	raw, err := os.ReadFile(k.file(address))
	return a, err == nil && json.Unmarshal(raw, &a) == nil
}

// Keep writes down a, whole or not at all.
func (k answers) Keep(address string, a source.Answer) {
	raw, err := json.Marshal(a)
	if err != nil || os.MkdirAll(k.dir, 0o700) != nil {
		return
	}
	part, err := os.CreateTemp(k.dir, "part-")
	if err != nil {
		return
	}
	_, err = part.Write(raw)
	if errors.Join(err, part.Close()) != nil || os.Rename(part.Name(), k.file(address)) != nil {
		os.Remove(part.Name())
	}
}
