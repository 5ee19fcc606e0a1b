package format

import (
	"bytes"
	"strings"
)

// Discord is the markdown of Discord's messages. A line break is a line break,
// a blank line parts paragraphs. Name returns the name of whom an id means
// (kinds "user", "channel", "role"), or "" where a word shall stand; it may be
// nil.
//
// A mention of a person is a [Mention] with their id; every other <thing> is
// read as the words that Discord shows for it. Small print (-#) is a line of
// words: it is a size, and Doc has no sizes.
//
// Normal says what is lost: headings from the fourth level on are strong
// lines, tables are lines with " | " between their cells, rules are "* * *",
// the lines of a quotation in a quotation begin with "> ", further paragraphs
// of a list's item are lines of it, images are links, mentions of people of
// other networks are words, and sup and sub too.
type Discord struct {
	Name func(kind, id string) string
}

// Characters that nobody sees. Print puts a joint, which no text has, where
// two marks would be read as one; Parse and Normal drop it everywhere. It puts
// a gap into "@everyone": a backslash does not stop Discord's server from
// pinging, and before a letter it stays. A gap is dropped behind "@" alone,
// for there are languages that part words by it.
const (
	joint = "\u2063"
	gap   = "\u200b"
)

// seen returns s without what Print puts in.
func seen(s string) string {
	parts := strings.Split(strings.ReplaceAll(s, joint, ""), "@"+gap)
	for i := range parts[1:] {
		parts[i+1] = strings.TrimLeft(parts[i+1], gap)
	}
	return strings.Join(parts, "@")
}

// addSeen adds words to a block, without what Print put in.
func addSeen(b *builder, words string) {
	words = seen(words)
	if bytes.HasSuffix(b.buf, []byte("@")) && b.brks == 0 && !b.space {
		words = strings.TrimLeft(words, gap)
	}
	b.text(words)
}

// Parse reads the content of a message.
func (d Discord) Parse(src string) Doc {
	r := discordReader{b: &builder{keep: keepDiscord}, dialect: d}
	r.read(covered(clean(src)), 0, 1)
	return r.b.doc()
}

// Print writes d so that nothing in its words is read as markup, and so that
// none of them pings.
func (d Discord) Print(doc Doc) string { return printDiscord(d.Normal(doc)) }

// Normal is what a message on Discord shows of d.
func (d Discord) Normal(doc Doc) Doc {
	n := discordNormal{dialect: d, b: builder{keep: keepDiscord}}
	for i, spans := range doc.spans() {
		n.block(doc.Blocks[i], doc.Text, spans)
	}
	return n.b.doc()
}

// named returns the words for whom or what an id means, behind a sign.
func (d Discord) named(kind, id, sign, otherwise string) string {
	name := ""
	if d.Name != nil {
		name = strings.TrimSpace(seen(d.Name(kind, id)))
	}
	if name == "" {
		name = otherwise
	}
	return sign + strings.TrimPrefix(name, sign)
}

func (d Discord) person(id string) string { return d.named("user", id, "@", "someone") }

func keepDiscord(s Span, words string) (Span, bool) {
	switch s.Kind {
	case Sup, Sub:
		return s, false
	case Mention:
		return s, isSnowflake(s.Attr)
	case Link, Image:
		s.Kind, s.Attr = Link, discordAddress(s.Attr)
		return s, s.Attr != ""
	}
	return s, true
}

// longestDiscordAddress, in bytes, is from where on a link is only its words: a
// message of 2,000 characters must hold both.
const longestDiscordAddress = 1000

// discordAddress returns an address as a message may hold it: the server looks
// for those whom it shall ping in addresses too.
func discordAddress(s string) string {
	s = addressOf(s, "http://", "https://")
	if len(s) > longestDiscordAddress {
		return ""
	}
	if !strings.Contains(s, "@") {
		return s
	}
	var out strings.Builder
	for i := range len(s) {
		if s[i] == '@' && namesAll(s[i+1:]) {
			out.WriteString("%40")
			continue
		}
		out.WriteByte(s[i])
	}
	return out.String()
}

// namesAll reports whether what stands behind an "@" means everybody.
func namesAll(s string) bool {
	for _, all := range []string{"everyone", "here"} {
		if len(s) >= len(all) && strings.EqualFold(s[:len(all)], all) {
			return true
		}
	}
	return false
}

// isSnowflake reports whether s is an id of Discord.
func isSnowflake(s string) bool {
	return s != "" && len(s) <= 20 && strings.Trim(s, "0123456789") == ""
}

// discordNormal replays blocks as Discord shows them.
type discordNormal struct {
	dialect Discord
	b       builder
	before  Block  // as it came
	inner   string // begins each line of a quotation in a quotation
}

func (n *discordNormal) block(b Block, text string, spans []Span) {
	words := text[b.Start:b.End]
	spans = relative(b, words, spans)
	if len(spans) == 0 && strings.TrimSpace(clean(seen(words))) == "" {
		return // and what stands before goes on behind it
	}
	more := n.goesOn(b)
	n.before, n.inner = b, ""
	if quotes(b) {
		n.inner = strings.Repeat("> ", min(b.Quote, deepest)-1)
	}
	b.Quote = min(b.Quote, 1)
	n.b.line = b.Line
	strong := false
	switch {
	case more:
		n.brk()
	case b.Kind == Heading && b.Level > 3:
		n.b.begin(Block{Kind: Paragraph, Quote: b.Quote})
		strong = n.b.start(Strong, "")
	case b.Kind == Table, b.Kind == Rule:
		n.b.begin(Block{Kind: Paragraph, Quote: b.Quote})
	case b.Kind == Code:
		b.Lang = discordLang(b.Lang)
		n.b.begin(b)
		n.b.text(seen(words))
		return
	default:
		n.b.begin(b)
	}
	n.b.text(n.inner)
	weave(words, spans, n)
	if strong {
		n.b.stop(Strong)
	}
}

// quotes reports whether a block is words that are quoted.
func quotes(b Block) bool {
	switch b.Kind {
	case Heading, List, Code, Table, Rule:
		return false
	}
	return b.Quote > 0
}

// goesOn reports whether a block is a line of the one before: the row of a
// table, a further paragraph of a list's item, or a quotation that a deeper or
// less deep one follows.
func (n *discordNormal) goesOn(b Block) bool {
	if !n.b.in {
		return false
	}
	if quotes(b) && quotes(n.before) && b.Quote != n.before.Quote {
		return true
	}
	if b.Kind == Table {
		return n.before.Kind == Table && n.before.Quote == b.Quote && b.Level == 0
	}
	return b.Kind == List && b.Marker == "" && n.b.block.Kind == List && n.b.block.Quote == min(b.Quote, 1)
}

func (n *discordNormal) text(words string) {
	for {
		i := strings.IndexAny(words, "\n\t")
		if i < 0 {
			addSeen(&n.b, words)
			return
		}
		addSeen(&n.b, words[:i])
		if words[i] == '\t' {
			n.b.text(" | ")
		} else {
			n.brk()
			n.b.text(n.inner)
		}
		words = words[i+1:]
	}
}

// brk adds a line break. An item has no paragraphs.
func (n *discordNormal) brk() {
	if n.b.block.Kind != List || n.b.brks == 0 {
		n.b.brk()
	}
}

func (n *discordNormal) open(s Span, words string, plain bool) bool {
	if s.Kind == Mention && isSnowflake(s.Attr) {
		n.b.start(s.Kind, s.Attr)
		n.b.text(n.dialect.person(s.Attr))
		n.b.stop(s.Kind)
		return false
	}
	n.b.start(s.Kind, s.Attr)
	return true
}

func (n *discordNormal) close(s Span) { n.b.stop(s.Kind) }

// discordLang returns the name of a language as a fence may have it.
func discordLang(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return !inLang(r) }) {
		return ""
	}
	return s
}

func inLang(r rune) bool {
	return r >= '0' && r <= '9' || r|' ' >= 'a' && r|' ' <= 'z' || strings.ContainsRune("_+-.#", r)
}
