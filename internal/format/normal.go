package format

import "slices"

// rules are what a dialect shows of a Doc.
type rules struct {
	keep keeper
	// say returns the words that the dialect shows for a span instead of its
	// own, and whether it does. It may be nil.
	say func(s Span, words string) (string, bool)
}

// hidden is what stands for the words of a spoiler where a dialect has no way
// to cover them.
const hidden = "[spoiler]"

// normal replays d under a dialect's rules.
func normal(d Doc, r rules) Doc {
	b := builder{keep: r.keep}
	p := replay{b: &b, rules: r}
	for i, spans := range d.spans() {
		block := d.Blocks[i]
		words := d.Text[block.Start:block.End]
		b.line = block.Line
		b.begin(block)
		if block.Kind == Code || block.Kind == Rule {
			b.replayed(words)
			continue
		}
		weave(words, relative(block, words, spans), p)
	}
	return b.doc()
}

func keepAll(s Span, words string) (Span, bool) { return s, true }

// relative returns a block's spans, tidy and counted from its start.
func relative(b Block, words string, spans []Span) []Span {
	out := make([]Span, len(spans))
	for i, s := range spans {
		s.Start, s.End = s.Start-b.Start, s.End-b.Start
		out[i] = s
	}
	return tidy(b, words, out)
}

// Renamed returns d with other names for the people it mentions: what name
// returns for an id. All else stands as before; where d mentions nobody, d does.
func (d Doc) Renamed(name func(id string) string) Doc {
	return d.renamed(name, func(s Span) bool { return s.Kind == Mention })
}

// Unnamed returns d with someone in place of the people whom it mentions by one
// of these ids, and without the ids.
func (d Doc) Unnamed(ids ...string) Doc {
	of := func(s Span) bool { return s.Kind == Mention && slices.Contains(ids, s.Attr) }
	d = d.renamed(func(string) string { return "someone" }, of)
	d.Spans = slices.DeleteFunc(slices.Clone(d.Spans), of)
	return d
}

// renamed gives the mentions in d that are meant other names.
func (d Doc) renamed(name func(id string) string, meant func(Span) bool) Doc {
	if !slices.ContainsFunc(d.Spans, meant) {
		return d
	}
	return normal(d, rules{
		keep: keepAll,
		say: func(s Span, words string) (string, bool) {
			if !meant(s) {
				return "", false
			}
			return atSign(name(s.Attr)), true
		},
	})
}

// Mentioned are the ids of the people whom d mentions, each once.
func (d Doc) Mentioned() []string {
	var ids []string
	for _, s := range d.Spans {
		if s.Kind == Mention && !slices.Contains(ids, s.Attr) {
			ids = append(ids, s.Attr)
		}
	}
	return ids
}

// replay weaves a block into a builder.
type replay struct {
	b     *builder
	rules rules
}

func (p replay) text(words string) { p.b.replayed(words) }

func (p replay) open(s Span, words string, plain bool) bool {
	if p.rules.say != nil {
		if said, ok := p.rules.say(s, words); ok {
			p.b.start(s.Kind, s.Attr)
			p.b.text(said)
			p.b.stop(s.Kind)
			return false
		}
	}
	p.b.start(s.Kind, s.Attr)
	return true
}

func (p replay) close(s Span) { p.b.stop(s.Kind) }

// sayHidden covers spoilers.
func sayHidden(s Span, words string) (string, bool) { return hidden, s.Kind == Spoiler }
