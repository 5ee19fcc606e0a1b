package export

import (
	"slices"

	"marginalia/internal/discussion"
)

// reactions are what people say by emoji: of each thing one annotation a person
// for each meaning, with all their emoji that have it and the meaning as a tag,
// and one for each emoji that has none. Those of people who are not published are
// left out: a number of nobody would tell of them all the same.
func (l linker) reactions() []annotation {
	type one struct {
		annotation
		sense discussion.Sense
		emoji []string
	}
	var all []*one
	known := map[string]*one{}
	for _, r := range l.b.Reactions {
		p := l.person(r.Person)
		name, published := p.Credit(l.b.Default)
		target, ok := l.reactedTo(r)
		if !published || !ok {
			continue
		}
		sense, emoji := l.b.Lexicon.Sense(r.Emoji), discussion.PlainEmoji(r.Emoji)
		id := l.iri("annotation", discussion.Derive("reaction", string(r.Passage), string(r.Annotation), string(r.Person), string(sense.Meaning), sense.Emoji))
		if known[id] == nil {
			known[id] = &one{sense: sense, annotation: annotation{
				Context: context, ID: id, Type: "Annotation", Motivation: string(discussion.Assessing),
				Creator: l.creator(p, name), Created: utc(r.Created), Target: target,
			}}
			all = append(all, known[id])
		}
		if !slices.Contains(known[id].emoji, emoji) {
			known[id].emoji = append(known[id].emoji, emoji)
		}
	}
	var out []annotation
	for _, o := range all {
		o.Body = assessment(o.sense.Meaning, o.emoji)
		out = append(out, o.annotation)
	}
	return out
}

// assessment is the body of a reaction: the emoji, and what they mean.
func assessment(m discussion.Meaning, emoji []string) any {
	var bodies []textualBody
	for _, e := range emoji {
		bodies = append(bodies, textualBody{"TextualBody", e, "text/plain", string(discussion.Assessing)})
	}
	if m == "" {
		return bodies[0] // without a meaning each is by itself
	}
	return append(bodies, textualBody{"TextualBody", string(m), "text/plain", "tagging"})
}

// reactedTo is the target of a reaction, or false if that is not exported.
func (l linker) reactedTo(r Reaction) (any, bool) {
	if r.Annotation != "" {
		a, ok := l.known[r.Annotation]
		_, published := l.person(a.Creator).Credit(l.b.Default)
		return l.iri("annotation", string(a.ID)), ok && published && !a.Gone()
	}
	p, ok := l.passages[r.Passage]
	if !ok {
		return nil, false
	}
	return l.words(p.Document, discussion.SelectorOf(l.texts[p.Document].Body.Text, p.Start, p.End)), true
}
