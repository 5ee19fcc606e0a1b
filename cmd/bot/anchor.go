package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"marginalia/internal/discussion"
)

const anchorLong = `Finds quotes in a text, as the bot finds what people quote in chats.

--quotes is a file of JSON lines, "-" is the standard input:

  {"id": "a", "quote": "the words", "prefix": "before ", "suffix": " behind", "hint": 1200}

prefix, suffix and hint may be left out. hint is what is known of the place:
a number is about where the words begin; {"start": 900, "end": 1800} is the
stretch, such as a passage, in which they probably stand. All offsets count
Unicode code points of the text as it is, from 0; end is behind the last.

For each line one is printed:

  {"id": "a", "start": 1203, "end": 1212, "units": "codepoint", "score": 1, "ms": 0.01}

start and end are null where the quote is not found, and where several places
are as good; then "candidates" has them, best first. score is 1 for the words as
quoted, in the context given, and falls with every difference.`

func (a *app) anchorVerb() *cobra.Command {
	var text, quotes string
	cmd := &cobra.Command{
		Use: "anchor --text FILE --quotes FILE", Short: "Finds quotes in a text", Long: anchorLong,
		Args: arguments(0, 0, "no arguments, but --text and --quotes"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if text == "" || quotes == "" {
				return usage("bot anchor wants --text FILE and --quotes FILE: see bot anchor --help")
			}
			return a.anchor(text, quotes, cmd.InOrStdin())
		},
	}
	cmd.Flags().StringVar(&text, "text", "", "the text, as plain UTF-8")
	cmd.Flags().StringVar(&quotes, "quotes", "", "JSON lines with the quotes, \"-\" for the standard input")
	return cmd
}

func (a *app) anchor(text, quotes string, in io.Reader) error {
	words, err := os.ReadFile(text)
	if err != nil {
		return fmt.Errorf("read the text: %w", err)
	}
	if !utf8.Valid(words) {
		return fmt.Errorf("%s is not UTF-8: convert it first", text)
	}
	if quotes != "-" {
		file, err := os.Open(quotes)
		if err != nil {
			return fmt.Errorf("read the quotes: %w", err)
		}
		defer file.Close()
		in = file
	}
	out := bufio.NewWriter(a.out)
	wrong := newAnchorer(string(words)).all(in, json.NewEncoder(out))
	if err := out.Flush(); err != nil {
		return err
	}
	if wrong != nil {
		return fmt.Errorf("%s: %w", quotes, wrong)
	}
	return nil
}

// anchorQuery is a line that asks.
type anchorQuery struct {
	ID     json.RawMessage `json:"id"`
	Quote  *string         `json:"quote"`
	Prefix string          `json:"prefix"`
	Suffix string          `json:"suffix"`
	Hint   *hint           `json:"hint"`
}

// hint is a number of code points, or two of them.
type hint struct {
	Start int `json:"start"`
	End   int `json:"end"`
}

func (h *hint) UnmarshalJSON(raw []byte) error {
	if bytes.HasPrefix(raw, []byte("{")) {
		type stretch hint
		return json.Unmarshal(raw, (*stretch)(h))
	}
	err := json.Unmarshal(raw, &h.Start)
	h.End = h.Start
	return err
}

// anchorPlace is a place that is answered, in code points.
type anchorPlace struct {
	Start *int    `json:"start"`
	End   *int    `json:"end"`
	Score float64 `json:"score"`
}

// anchorAnswer is a line that answers.
type anchorAnswer struct {
	ID         json.RawMessage `json:"id"`
	Start      *int            `json:"start"`
	End        *int            `json:"end"`
	Units      string          `json:"units"`
	Score      float64         `json:"score"`
	Ms         float64         `json:"ms"`
	Candidates []anchorPlace   `json:"candidates,omitempty"`
}

// anchorer answers in code points what the text finds in bytes.
type anchorer struct {
	text  *discussion.Text
	runes []int // by code point: its byte; one more for the end
}

func newAnchorer(text string) *anchorer {
	a := &anchorer{text: discussion.Prepare(text)}
	for i := range text {
		a.runes = append(a.runes, i)
	}
	a.runes = append(a.runes, len(text))
	return a
}

// all answers each line of in. A line that cannot be read ends it.
func (a *anchorer) all(in io.Reader, out *json.Encoder) error {
	lines := bufio.NewReader(in)
	out.SetEscapeHTML(false)
	for n := 1; ; n++ {
		line, err := lines.ReadString('\n')
		if strings.TrimSpace(line) != "" {
			var q anchorQuery
			if err := json.Unmarshal([]byte(line), &q); err != nil {
				return fmt.Errorf("line %d: %w", n, err)
			}
			if q.Quote == nil {
				return fmt.Errorf("line %d has no quote", n)
			}
			if err := out.Encode(a.answer(q)); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (a *anchorer) answer(q anchorQuery) anchorAnswer {
	wanted := discussion.Quote{Exact: *q.Quote, Prefix: q.Prefix, Suffix: q.Suffix}
	if q.Hint != nil {
		wanted.Hint = &discussion.Span{Start: a.byte(q.Hint.Start), End: a.byte(q.Hint.End)}
	}
	began := time.Now()
	found := a.text.Find(wanted)
	out := anchorAnswer{ID: q.ID, Units: "codepoint", Ms: float64(time.Since(began).Nanoseconds()) / 1e6}
	for _, p := range found {
		out.Candidates = append(out.Candidates, a.place(p))
	}
	if len(out.Candidates) > 0 {
		out.Score = out.Candidates[0].Score
	}
	if len(out.Candidates) == 1 {
		out.Start, out.End, out.Candidates = out.Candidates[0].Start, out.Candidates[0].End, nil
	}
	return out
}

func (a *anchorer) byte(codepoints int) int {
	return a.runes[min(max(codepoints, 0), len(a.runes)-1)]
}

func (a *anchorer) place(p discussion.Place) anchorPlace {
	start, _ := slices.BinarySearch(a.runes, p.Start)
	end, _ := slices.BinarySearch(a.runes, p.End)
	return anchorPlace{&start, &end, p.Score}
}
