package format

import (
	"slices"
	"strconv"
	"strings"
)

// discordReader reads the blocks of a message, line by line.
type discordReader struct {
	b       *builder
	dialect Discord

	quote   int
	line    int      // of the source, of what is read next
	block   Block    // that waits for its words
	words   []string // its lines
	at      int      // the line on which they begin
	indents []int    // of the lists that are open
	counts  []int    // the last numbers of the lists that are open, or -1
	parted  bool     // a blank line stands before
	within  []bool   // of each span that is open: it stands in one of its kind
}

// read reads a text whose first line is the given one of the source.
func (r *discordReader) read(src string, quote, line int) {
	r.quote, r.line = quote, line
	r.lists(0)
	f := fences{src: src, ticks: backticks(src)}
	begun := false // the line has begun: a fence stood in it
	for at := 0; at < len(src); {
		if !begun && quote == 0 {
			if inner, end := quotation(src, at); end > at {
				r.flush()
				after := r.line + strings.Count(src[at:end], "\n")
				r.read(inner, 1, r.line)
				r.quote, r.line, at = 0, after, end
				r.lists(0)
				continue
			}
		}
		end, code := f.next(at)
		if begun {
			r.more(src[at:end])
		} else {
			r.one(src[at:end])
		}
		begun = code.end > 0
		if begun {
			r.code(code)
			end = code.end
		}
		r.line += strings.Count(src[at:end], "\n")
		if end < len(src) && src[end] == '\n' {
			end++
			r.line++
			begun = false
		}
		at = end
	}
	r.flush()
}

// quotation returns the quotation that begins with a line, without its marks,
// and where it ends.
func quotation(src string, at int) (inner string, end int) {
	if rest, ok := strings.CutPrefix(strings.TrimLeft(src[at:], " "), ">>> "); ok {
		return rest, len(src)
	}
	var lines []string
	for at < len(src) {
		line, _, _ := strings.Cut(src[at:], "\n")
		words, ok := strings.CutPrefix(strings.TrimLeft(line, " "), ">")
		if !ok || words != "" && words[0] != ' ' || words == "" && lines == nil {
			break
		}
		lines = append(lines, strings.TrimPrefix(words, " "))
		at = min(at+len(line)+1, len(src))
		end = at
	}
	return strings.Join(lines, "\n"), end
}

// one reads a whole line.
func (r *discordReader) one(line string) {
	bare := strings.TrimLeft(line, " ")
	if strings.TrimSpace(line) == "" {
		if r.block.Kind == List {
			r.flush()
		}
		r.parted = true
		r.more("")
		return
	}
	if level := discordHeading(line); level > 0 {
		r.begin(Block{Kind: Heading, Level: level})
		r.more(line[level:])
		r.flush()
		r.lists(0)
		return
	}
	if mark, words, ok := discordItem(bare); ok {
		r.item(len(line)-len(bare), mark, words)
		return
	}
	if small, ok := strings.CutPrefix(bare, "-# "); ok && strings.TrimSpace(small) != "" {
		line = small
	}
	if r.block.Kind == List && line[0] != ' ' {
		r.flush()
	}
	if r.block.Kind != List {
		r.lists(0)
	}
	r.more(line)
}

// discordHeading returns the level of the heading that a line is, or 0.
func discordHeading(line string) int {
	words := strings.TrimLeft(line, "#")
	level := len(line) - len(words)
	if level == 0 || level > 3 || words == "" || words[0] != ' ' || strings.TrimSpace(words) == "" {
		return 0
	}
	return level
}

// discordItem returns the marker and the words of a list's item.
func discordItem(line string) (mark, words string, ok bool) {
	mark, words, ok = strings.Cut(line, " ")
	if !ok || strings.TrimSpace(words) == "" {
		return "", "", false
	}
	if mark == "-" || mark == "*" {
		return "-", words, true
	}
	n, ok := number(mark)
	if !ok || mark[len(mark)-1] != '.' {
		return "", "", false
	}
	return strconv.Itoa(n) + ".", words, true
}

// item begins an item of a list. As Discord shows them, the numbers of a list
// follow its first.
func (r *discordReader) item(indent int, mark, words string) {
	level := len(r.indents)
	for level > 0 && r.indents[level-1] > indent {
		level--
	}
	if level == 0 || r.indents[level-1] < indent && level < deepest {
		r.lists(level)
		r.indents, r.counts = append(r.indents, indent), append(r.counts, -1)
		level++
	}
	parted := r.parted
	r.begin(Block{Kind: List, Level: level})
	r.lists(level)
	n, ordered := number(mark)
	if last := &r.counts[level-1]; !ordered {
		*last = -1
	} else {
		if *last >= 0 && !parted {
			n = min(*last+1, 999_999_999)
		}
		*last = n
		mark = strconv.Itoa(n) + "."
	}
	r.block.Marker = mark
	r.more(words)
}

// lists leaves so many lists open.
func (r *discordReader) lists(n int) { r.indents, r.counts = r.indents[:n], r.counts[:n] }

func (r *discordReader) begin(b Block) {
	r.flush()
	r.block = b
}

// more adds a line to the block, or begins a paragraph.
func (r *discordReader) more(line string) {
	if len(r.words) == 0 {
		r.at = r.line
	}
	r.words = append(r.words, line)
	if strings.TrimSpace(line) != "" {
		r.parted = false
	}
}

// flush reads the words of the block that waits for them.
func (r *discordReader) flush() {
	words := strings.Join(r.words, "\n")
	b := r.block
	r.block, r.words = Block{Kind: Paragraph}, nil
	if strings.TrimSpace(words) == "" {
		return
	}
	b.Quote = r.quote
	r.b.begin(b)
	r.b.line = r.at
	r.inline(words)
	r.b.end()
}

func (r *discordReader) code(c fence) {
	r.flush()
	r.lists(0)
	r.b.line = r.line
	words := seen(c.words)
	if slices.ContainsFunc(r.b.open, func(s Span) bool { return s.Kind == Spoiler }) {
		r.secret(words)
		return
	}
	r.b.begin(Block{Kind: Code, Quote: r.quote, Lang: c.lang})
	r.b.text(words)
	r.b.end()
}

// secret reads code in a spoiler, which a block of code has no room for.
func (r *discordReader) secret(words string) {
	r.b.begin(Block{Kind: Paragraph, Quote: r.quote})
	for line := range strings.Lines(words) {
		r.span(CodeSpan, lexeme{text: strings.TrimSuffix(line, "\n")})
		r.b.brk()
		r.b.line++
	}
	r.b.end()
}
