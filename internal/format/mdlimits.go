package format

import (
	"bytes"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// newParser returns goldmark's parser with tables and strikethrough, and with
// limits that no text meets but one made to keep us busy: goldmark compares
// what does not match with all that came before it in its block. Behind a
// limit, the rest of the block's marks are words.
//
// The table's own pass over escaped pipes is left out, for it has no limit;
// walker.codeSpan does its work. A parser counts, and serves one text. As typed
// there is no HTML.
func newParser(typed bool) parser.Parser {
	p := parser.NewParser(
		parser.WithBlockParsers(
			util.Prioritized(parser.NewSetextHeadingParser(), 100),
			util.Prioritized(parser.NewThematicBreakParser(), 200),
			util.Prioritized(shallow{parser.NewListParser()}, 300),
			util.Prioritized(parser.NewListItemParser(), 400),
			util.Prioritized(parser.NewCodeBlockParser(), 500),
			util.Prioritized(parser.NewATXHeadingParser(), 600),
			util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
			util.Prioritized(shallow{parser.NewBlockquoteParser()}, 800),
			util.Prioritized(parser.NewParagraphParser(), 1000)),
		parser.WithInlineParsers(
			util.Prioritized(&limited{InlineParser: parser.NewCodeSpanParser(), tally: unclosed}, 100),
			util.Prioritized(newBrackets(), 200),
			util.Prioritized(parser.NewAutoLinkParser(), 300),
			util.Prioritized(&limited{InlineParser: parser.NewEmphasisParser(), tally: unmatched}, 500),
			util.Prioritized(&limited{InlineParser: extension.NewStrikethroughParser(), tally: unmatched}, 500)),
		parser.WithParagraphTransformers(
			util.Prioritized(short{parser.LinkReferenceParagraphTransformer}, 100),
			util.Prioritized(extension.NewTableParagraphTransformer(), 200)),
	)
	if !typed {
		p.AddOptions(
			parser.WithBlockParsers(util.Prioritized(parser.NewHTMLBlockParser(), 900)),
			parser.WithInlineParsers(util.Prioritized(parser.NewRawHTMLParser(), 400)))
	}
	return p
}

const (
	mostLevels    = 40   // of quotations and lists in each other
	mostUnmatched = 300  // marks of one kind in a block that wait for another
	mostLines     = 5000 // of a paragraph in which links are defined
)

// shallow opens no block deeper than mostLevels.
type shallow struct{ parser.BlockParser }

func (s shallow) Open(parent ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	depth := 0
	for n := parent; n != nil; n = n.Parent() {
		depth++
	}
	if depth > mostLevels {
		return nil, parser.NoChildren
	}
	return s.BlockParser.Open(parent, reader, pc)
}

// short leaves long paragraphs as they are, and those of notes: "[^1]: Ibid."
// has words to be read and is no address of a link.
type short struct{ parser.ParagraphTransformer }

func (s short) Transform(n *ast.Paragraph, reader text.Reader, pc parser.Context) {
	if n.Lines().Len() > mostLines {
		return
	}
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		if bytes.HasPrefix(bytes.TrimLeft(line.Value(reader.Source()), " "), []byte("[^")) {
			return
		}
	}
	s.ParagraphTransformer.Transform(n, reader, pc)
}

// limited stops reading marks in a block when their cost reaches the limit.
type limited struct {
	parser.InlineParser
	tally func() func(read ast.Node) int // made anew for each block
	cost  func(read ast.Node) int
	block ast.Node
	spent int
}

func (l *limited) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	if parent != l.block {
		l.block, l.spent, l.cost = parent, 0, l.tally()
	}
	if l.spent > mostUnmatched {
		return nil
	}
	n := l.InlineParser.Parse(parent, block, pc)
	l.spent += l.cost(n)
	return n
}

// unclosed counts the backticks that began no code.
func unclosed() func(ast.Node) int {
	return func(read ast.Node) int {
		if read == nil || read.Kind() == ast.KindCodeSpan {
			return 0
		}
		return 1
	}
}

// unmatched counts the marks of emphasis that wait for their close, and those
// that found nothing to close.
func unmatched() func(ast.Node) int {
	open := map[[2]int]int{}
	return func(read ast.Node) int {
		d, ok := read.(*parser.Delimiter)
		if !ok || !d.CanOpen && !d.CanClose {
			return 0
		}
		kind := [2]int{int(d.Char), d.OriginalLength % 3}
		if d.CanClose && open[kind] > 0 {
			open[kind]--
			return -1
		}
		if d.CanOpen {
			open[kind]++
		}
		return 1
	}
}

// brackets limits the links that are open at once and those that failed.
type brackets struct {
	links parser.InlineParser
	block ast.Node
	open  int
	vain  int // what failed links cost
}

func newBrackets() *brackets { return &brackets{links: parser.NewLinkParser()} }

func (b *brackets) Trigger() []byte { return b.links.Trigger() }

func (b *brackets) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	if parent != b.block {
		b.block, b.open, b.vain = parent, 0, 0
	}
	line, _ := block.PeekLine()
	closes := line[0] == ']'
	if b.vain > mostUnmatched || !closes && b.open > mostUnmatched {
		return nil
	}
	n := b.links.Parse(parent, block, pc)
	switch {
	case n != nil && !closes:
		b.open++
	case closes && b.open > 0:
		b.open--
	}
	if closes && n == nil {
		b.vain += parent.Lines().Len() / 1000 // goldmark looks at each line
		if len(line) > 1 && (line[1] == '(' || line[1] == '[') {
			b.vain += 3
		}
	}
	return n
}

func (b *brackets) CloseBlock(parent ast.Node, block text.Reader, pc parser.Context) {
	b.links.(parser.CloseBlocker).CloseBlock(parent, block, pc)
}
