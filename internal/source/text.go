package source

import (
	"context"
	"strings"
	"unicode/utf8"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
)

// fetchText reads a plain text. With blank lines between its paragraphs it is
// an essay; without, each line is a paragraph of a plain dump, comments first
// and then the post's own words. A text whose lines mostly end within a
// sentence is one wrapped paragraph, and an essay.
func fetchText(ctx context.Context, ref string, o Options) (Fetched, error) {
	text, err := read(ctx, ref, o)
	if err != nil {
		return Fetched{}, err
	}
	lines := strings.Split(text, "\n")
	f := Fetched{Title: titleOf(ref)}
	if isDump(lines) {
		f.Documents = discussion.ReadDump(lines)
	} else {
		f.Documents = []discussion.Document{{Kind: discussion.Essay, Confidence: 1, Body: paragraphs(lines)}}
	}
	return f, nil
}

// isDump reports whether each line is a paragraph: there are two or more, none
// blank between them, and most end as sentences do.
func isDump(lines []string) bool {
	first, last, ended := -1, -1, 0
	for i, l := range lines {
		if strings.TrimSpace(l) == "" {
			continue
		}
		if first < 0 {
			first = i
		} else if last != i-1 {
			return false
		}
		last = i
		if endsSentence(l) {
			ended++
		}
	}
	n := last - first + 1
	return n >= 2 && 2*ended >= n
}

func endsSentence(s string) bool {
	s = strings.TrimRight(strings.TrimSpace(s), "\"'”’»)]*_")
	r, _ := utf8.DecodeLastRuneInString(s)
	return strings.ContainsRune(".!?:;…。！？", r)
}

// paragraphs reads a plain essay: paragraphs parted by blank lines. Lines that
// were wrapped at a width are joined; short lines (verse) are kept.
func paragraphs(lines []string) format.Doc {
	var blocks []format.Block
	var all []string
	wrapped := areWrapped(lines)
	for i := 0; i < len(lines); {
		from := i
		for i < len(lines) && strings.TrimSpace(lines[i]) != "" {
			i++
		}
		if i == from {
			i++
			continue
		}
		block := format.Block{Kind: format.Paragraph, Line: from + 1}
		if i == from+1 && discussion.LooksLikeHeading(strings.TrimSpace(lines[from])) {
			block.Kind, block.Level = format.Heading, 2
		}
		join := "\n"
		if wrapped {
			join = " "
		}
		var words []string
		for _, l := range lines[from:i] {
			words = append(words, strings.TrimSpace(l))
		}
		blocks, all = append(blocks, block), append(all, strings.Join(words, join))
	}
	return format.Join(blocks, all)
}

// areWrapped reports whether the line breaks inside paragraphs come from a
// fixed width: lines that have another behind them are mostly 50 to 100 long.
func areWrapped(lines []string) bool {
	all, full := 0, 0
	for i := 0; i+1 < len(lines); i++ {
		if strings.TrimSpace(lines[i]) == "" || strings.TrimSpace(lines[i+1]) == "" {
			continue
		}
		all++
		if n := utf8.RuneCountInString(lines[i]); n >= 50 && n <= 100 {
			full++
		}
	}
	return 4*full > 3*all
}
