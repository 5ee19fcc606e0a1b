package discussion

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Mistake is what keeps an outline from being read.
type Mistake struct {
	Line int    // of the outline, 1-based
	What string // one sentence: what is wrong, and what to do
}

func (m Mistake) Error() string { return fmt.Sprintf("line %d: %s", m.Line, m.What) }

// ReadOutline returns d's documents as a person corrected them in an outline,
// or a [Mistake], which it also is that the outline was written before d was
// reviewed as it is. A document that was changed is certain, and so is one whose
// percentage was taken away; one that begins where one began keeps its ID.
// An outline that holds nothing returns no documents.
func ReadOutline(src string, d Discussion) ([]Document, error) {
	r := outlineReader{of: d, lines: dumpLines(d.Documents)}
	for i, line := range strings.Split(src, "\n") {
		r.at = i + 1
		if err := r.read(strings.TrimSpace(line)); err != nil {
			return nil, Mistake{r.at, err.Error()}
		}
	}
	if len(r.entries) == 0 {
		return nil, nil
	}
	if err := r.close(); err != nil {
		return nil, Mistake{r.at, err.Error()}
	}
	return r.documents()
}

// entry is a document as an outline tells it.
type entry struct {
	at      int // its line of the outline
	kind    DocumentKind
	percent int // 100 if none is written
	answers int // a line of the dump, 0 if none
	author  string
	lines   []dumpLine
}

type outlineReader struct {
	of      Discussion
	lines   []dumpLine // of the dump
	next    int        // index of the line that comes next
	at      int
	entries []entry
}

// names reads which text the outline is of, and how it was reviewed when the
// outline was written, which a person's own does not say.
func (r *outlineReader) names(named string) error {
	id, reviewed, stamped := strings.Cut(named, " ")
	if id != string(r.of.ID) {
		return fmt.Errorf("this is the outline of %s, not of %s", id, r.of.ID)
	}
	if stamped && strings.TrimSpace(reviewed) != r.of.reviewed() {
		return errors.New("the text was reviewed after this outline was written, which would undo that: have a new one written, to another file, and correct that")
	}
	return nil
}

func (r *outlineReader) read(line string) error {
	switch {
	case line == "" || line[0] == '#':
		return nil
	case line[0] >= '0' && line[0] <= '9':
		return r.line(line)
	}
	if named, ok := strings.CutPrefix(line, "text "); ok {
		return r.names(strings.TrimSpace(named))
	}
	if err := r.close(); err != nil {
		return err
	}
	e, err := readHeader(line)
	e.at = r.at
	r.entries = append(r.entries, e)
	return err
}

// close ends the newest entry.
func (r *outlineReader) close() error {
	if n := len(r.entries); n > 0 && len(r.entries[n-1].lines) == 0 {
		r.at = r.entries[n-1].at
		return errors.New("this text has no lines: put its lines below it, or take it away")
	}
	return nil
}

// line reads "12> Words", of which only the number and the mark count.
func (r *outlineReader) line(line string) error {
	digits := len(line) - len(strings.TrimLeft(line, "0123456789"))
	number, err := strconv.Atoi(line[:digits])
	if err != nil {
		return fmt.Errorf("%s is not the number of a line", line[:digits])
	}
	mark := " "
	if digits < len(line) {
		mark = line[digits : digits+1]
	}
	kind, ok := lineMarks[mark]
	switch {
	case !ok:
		return fmt.Errorf("the mark %q behind the number is not known: write >, - or #, or a space", mark)
	case len(r.entries) == 0:
		return fmt.Errorf("line %d of the dump belongs to no text: write \"comment\" above it", number)
	}
	at, known := slices.BinarySearchFunc(r.lines, number, func(l dumpLine, n int) int { return l.number - n })
	switch {
	case !known:
		return fmt.Errorf("the dump has no line %d", number)
	case at < r.next:
		return fmt.Errorf("line %d of the dump stood above already: lines keep their order; to move a text under another, write \"answers\"", number)
	case at > r.next:
		return fmt.Errorf("line %d of the dump is missing above line %d: each line belongs to a text", r.lines[r.next].number, number)
	}
	l := r.lines[r.next]
	l.kind = kind
	r.next++
	e := &r.entries[len(r.entries)-1]
	e.lines = append(e.lines, l)
	return nil
}

// readHeader reads "comment 57%, answers 4, by Ada": what follows the kind may
// be left out, and "by" takes all that is left.
func readHeader(line string) (entry, error) {
	kind, rest, _ := strings.Cut(strings.ReplaceAll(line, "\t", " "), " ")
	e := entry{kind: DocumentKind(strings.TrimRight(kind, ",:")), percent: 100}
	if e.kind != Comment && e.kind != Post && e.kind != Essay {
		return e, fmt.Errorf("%q is no kind of text: write comment, post or essay, or # before a note", string(e.kind))
	}
	for {
		rest = strings.TrimLeft(rest, " ,")
		if rest == "" {
			return e, nil
		}
		word, behind, _ := strings.Cut(rest, " ")
		n, err := strconv.Atoi(strings.TrimRight(word, "%,"))
		switch {
		case word == "by":
			e.author = strings.TrimSpace(behind)
			return e, nil
		case word == "answers":
			number, after, _ := strings.Cut(strings.TrimLeft(behind, " "), " ")
			if e.answers, err = strconv.Atoi(strings.TrimRight(number, ",")); err != nil || e.answers < 1 {
				return e, errors.New("\"answers\" takes the number of a line of the dump, as in: answers 4")
			}
			rest = after
		case err == nil && strings.Contains(word, "%") && n >= 0 && n <= 100:
			e.percent, rest = n, behind
		default:
			return e, fmt.Errorf("%q is not understood: a text begins like \"comment 57%%, answers 4, by Ada\"", word)
		}
	}
}

// documents makes documents of all entries.
func (r *outlineReader) documents() ([]Document, error) {
	if r.next < len(r.lines) {
		return nil, Mistake{r.at, fmt.Sprintf("line %d of the dump is missing at the end: each line belongs to a text", r.lines[r.next].number)}
	}
	before := map[int]Document{}
	for _, d := range inDump(r.of.Documents) {
		before[d.firstLine()] = d
	}
	holds := map[int]int{} // line of the dump → entry
	ids := make([]DocumentID, len(r.entries))
	for i, e := range r.entries {
		first := e.lines[0].number
		if ids[i] = before[first].ID; ids[i] == "" {
			ids[i] = atLine(string(r.of.ID), first)
		}
		for _, l := range e.lines {
			holds[l.number] = i
		}
	}
	if err := r.checkParents(holds); err != nil {
		return nil, err
	}
	var all []Document
	for i, e := range r.entries {
		was := before[e.lines[0].number]
		now := was // where it was posted, and when
		now.ID, now.Kind, now.Author, now.Body, now.Parent = ids[i], e.kind, e.author, bodyOf(e.lines), ""
		now.Lines = [2]int{cmp.Or(was.Lines[0], e.lines[0].number), e.lines[len(e.lines)-1].number}
		if was.Body.Text == now.Body.Text {
			now.Lines = was.Lines // with the lines around it that are nobody's words
		}
		if sameWords(was, now) {
			now.Body = was.Body
		}
		if e.answers > 0 {
			now.Parent = ids[holds[e.answers]]
		}
		now.Confidence = e.confidence(was, now)
		all = append(all, now)
	}
	return all, nil
}

// confidence is that of a document which an outline turned from was into now.
func (e entry) confidence(was, now Document) float64 {
	author := strings.Join(strings.Fields(was.Author), " ")
	unchanged := sameWords(was, now) && was.Parent == now.Parent && author == now.Author
	switch {
	case !unchanged || e.percent == 100:
		return 1
	case e.percent == percent(was.Confidence):
		return was.Confidence
	}
	return float64(e.percent) / 100
}

// checkParents looks for answers to nothing, and to oneself.
func (r *outlineReader) checkParents(holds map[int]int) error {
	for i, e := range r.entries {
		if e.answers == 0 {
			continue
		}
		if _, ok := holds[e.answers]; !ok {
			return Mistake{e.at, fmt.Sprintf("the dump has no line %d to answer", e.answers)}
		}
		up, steps := holds[e.answers], 0
		for up != i && r.entries[up].answers > 0 && steps <= len(r.entries) {
			next, ok := holds[r.entries[up].answers]
			if !ok {
				break
			}
			up, steps = next, steps+1
		}
		if up == i {
			return Mistake{e.at, fmt.Sprintf("this text would answer itself, at last: \"answers %d\" leads back to it", e.answers)}
		}
	}
	return nil
}
