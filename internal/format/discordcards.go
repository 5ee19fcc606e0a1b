package format

import "strings"

// A Card is what Discord calls an embed: what a bot shows below a message's
// words, or instead of them. Its text and its fields are markdown, the rest is
// words.
type Card struct {
	Author, Title, URL, Text, Image, Footer string
	Fields                                  []CardField
}

// A CardField is a part of a card with a name of its own.
type CardField struct{ Name, Words string }

// ParseCards reads the content of a message and the cards below it: a rule
// stands between any two of them. A card without a word is left out.
func (d Discord) ParseCards(src string, cards []Card) Doc {
	doc := d.Parse(src)
	for _, c := range cards {
		card := d.card(c)
		if card.Empty() {
			continue
		}
		if !doc.Empty() {
			doc = doc.Add(Block{Kind: Rule}, "* * *")
		}
		doc = doc.Append(card)
	}
	return doc
}

func (d Discord) card(c Card) Doc {
	b := builder{keep: keepDiscord}
	addLine(&b, Block{Kind: Paragraph}, Strong, "", c.Author)
	addLine(&b, Block{Kind: Heading, Level: 5}, Link, c.URL, c.Title)
	doc := b.doc().Append(d.Parse(c.Text))
	for _, f := range c.Fields {
		doc = doc.Append(d.field(f))
	}
	b = builder{keep: keepDiscord}
	if to := discordAddress(c.Image); to != "" && !doc.Empty() {
		b.text("Image: " + to)
		b.end()
	}
	addSeen(&b, c.Footer)
	return doc.Append(b.doc())
}

// addLine adds words as a block of their own, in a span.
func addLine(b *builder, block Block, kind SpanKind, to, words string) {
	b.begin(block)
	b.start(kind, to)
	addSeen(b, words)
	b.stop(kind)
}

// field reads a field as a line with its name and the lines behind it.
func (d Discord) field(f CardField) Doc {
	name := strings.Join(strings.Fields(f.Name), " ")
	if name == "" {
		return d.Parse(f.Words)
	}
	return d.Parse("**" + name + "**\n" + f.Words)
}
