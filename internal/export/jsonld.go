package export

import (
	"encoding/json"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/page"
)

const context = "http://www.w3.org/ns/anno.jsonld"

// The W3C Web Annotation Data Model, as far as Marginalia speaks it.
type (
	collection struct {
		Context   string  `json:"@context"`
		ID        string  `json:"id"`
		Type      string  `json:"type"`
		Label     string  `json:"label"`
		Generator *agent  `json:"generator,omitempty"`
		Generated string  `json:"generated,omitempty"`
		Total     int     `json:"total"`
		First     *pageOf `json:"first,omitempty"`
		Last      string  `json:"last,omitempty"`
	}
	pageOf struct {
		Context    string       `json:"@context"`
		ID         string       `json:"id"`
		Type       string       `json:"type"`
		PartOf     partOf       `json:"partOf"`
		StartIndex int          `json:"startIndex"`
		Items      []annotation `json:"items"`
	}
	partOf struct {
		ID    string `json:"id"`
		Label string `json:"label"`
		Total int    `json:"total"`
	}
	annotation struct {
		Context    string `json:"@context"`
		ID         string `json:"id"`
		Type       string `json:"type"`
		Motivation string `json:"motivation,omitempty"`
		Creator    *agent `json:"creator,omitempty"`
		Created    string `json:"created,omitempty"`
		Modified   string `json:"modified,omitempty"`
		Via        string `json:"via,omitempty"`
		Body       any    `json:"body,omitempty"` // a textualBody or several
		Target     any    `json:"target"`         // an IRI or a specificResource
	}
	agent struct {
		ID   string `json:"id,omitempty"`
		Type string `json:"type"`
		Name string `json:"name"`
	}
	textualBody struct {
		Type    string `json:"type"`
		Value   string `json:"value"`
		Format  string `json:"format"`
		Purpose string `json:"purpose,omitempty"`
	}
	specificResource struct {
		Type     string `json:"type"`
		Source   string `json:"source"`
		Selector []any  `json:"selector"`
	}
	textPosition struct {
		Type  string `json:"type"`
		Start int    `json:"start"`
		End   int    `json:"end"`
	}
	textQuote struct {
		Type   string `json:"type"`
		Exact  string `json:"exact"`
		Prefix string `json:"prefix"`
		Suffix string `json:"suffix"`
	}
)

// writeJSONLD writes one AnnotationCollection with its page embedded. Each
// annotation names the context itself, so that it may be taken out and stand
// alone.
func writeJSONLD(w io.Writer, b Bundle) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	return e.Encode(newLinker(b).collection())
}

// linker turns a bundle into linked data.
type linker struct {
	b        Bundle
	known    map[discussion.AnnotationID]discussion.Annotation
	texts    map[discussion.DocumentID]discussion.Document
	passages map[discussion.PassageID]discussion.Passage
}

func newLinker(b Bundle) linker {
	l := linker{
		b:        b,
		known:    map[discussion.AnnotationID]discussion.Annotation{},
		texts:    map[discussion.DocumentID]discussion.Document{},
		passages: map[discussion.PassageID]discussion.Passage{},
	}
	for _, a := range b.Annotations {
		l.known[a.ID] = a
	}
	for _, d := range b.Discussion.Documents {
		l.texts[d.ID] = d
	}
	for _, p := range b.Discussion.Passages {
		l.passages[p.ID] = p
	}
	return l
}

func (l linker) collection() collection {
	items := slices.Concat(l.comments(), l.annotations(), l.reactions())
	c := collection{
		Context: context, ID: l.iri("annotations", ""), Type: "AnnotationCollection",
		Label: label(l.b.Discussion), Total: len(items), Generated: utc(l.b.Generated),
		Generator: &agent{Type: "Software", Name: "Marginalia"},
	}
	if len(items) == 0 {
		return c
	}
	c.Last = l.iri("page", "1")
	c.First = &pageOf{
		Context: context, ID: c.Last, Type: "AnnotationPage", Items: items,
		PartOf: partOf{ID: c.ID, Label: c.Label, Total: c.Total},
	}
	return c
}

func label(d discussion.Discussion) string {
	if d.Title == "" {
		return "Annotations"
	}
	return "Annotations on " + d.Title
}

// comments are those that came with the text and quote it: each is an
// annotation of the words that it quotes.
func (l linker) comments() []annotation {
	var out []annotation
	for _, d := range l.b.Discussion.Documents {
		if d.Target.Source == "" || d.Body.Empty() {
			continue
		}
		a := annotation{
			Context: context, ID: l.iri("annotation", discussion.Derive("comment", string(d.ID))), Type: "Annotation",
			Motivation: string(discussion.Commenting), Created: utc(d.Posted), Target: l.words(d.Target.Source, d.Target.Selector),
			Body: markdown(d.Body),
		}
		if d.Author != "" {
			a.Creator = &agent{Type: "Person", Name: d.Author}
		}
		if via, ok := page.Address(d.URL); ok {
			a.Via = via
		}
		out = append(out, a)
	}
	return out
}

// annotations are what is published, and of what is gone the bare outline
// where something published answers it.
func (l linker) annotations() []annotation {
	answered := l.answered()
	var out []annotation
	for _, a := range l.b.Annotations {
		name, published := l.person(a.Creator).Credit(l.b.Default)
		switch {
		case a.Gone() && answered[a.ID]:
			out = append(out, l.outline(a))
		case !a.Gone() && published:
			out = append(out, l.annotation(a, name))
		}
	}
	return out
}

// answered are the annotations that something published answers, itself or
// through others that are gone.
func (l linker) answered() map[discussion.AnnotationID]bool {
	yes := map[discussion.AnnotationID]bool{}
	for _, a := range l.b.Annotations {
		if _, published := l.person(a.Creator).Credit(l.b.Default); a.Gone() || !published {
			continue
		}
		for id := a.Target.Annotation; id != "" && !yes[id]; id = l.known[id].Target.Annotation {
			yes[id] = true
		}
	}
	return yes
}

func (l linker) person(id discussion.PersonID) discussion.Person {
	if p, ok := l.b.People[id]; ok {
		return p
	}
	return discussion.Person{ID: id, State: discussion.Unpublished}
}

// outline is an annotation without its words and its writer.
func (l linker) outline(a discussion.Annotation) annotation {
	return annotation{
		Context: context, ID: l.iri("annotation", string(a.ID)), Type: "Annotation",
		Motivation: string(a.Motivation), Created: utc(a.Created), Target: l.target(a),
	}
}

func (l linker) annotation(a discussion.Annotation, name string) annotation {
	out := l.outline(a)
	p := l.person(a.Creator)
	out.Creator = l.creator(p, name)
	out.Modified = utc(a.Modified)
	if via, ok := page.Address(a.Via); ok && l.named(p) {
		out.Via = via
	}
	if told := a.Told(); !told.Empty() {
		out.Body = markdown(told)
	}
	return out
}

func (l linker) creator(p discussion.Person, name string) *agent {
	return &agent{ID: l.iri("person", discussion.Derive("creator", string(p.ID))), Type: "Person", Name: name}
}

func (l linker) named(p discussion.Person) bool {
	return p.State == discussion.Named || p.State == discussion.Unset && l.b.Default == discussion.Named
}

// target is what an annotation is about: another annotation, or words.
func (l linker) target(a discussion.Annotation) any {
	if a.Target.Annotation != "" {
		return l.iri("annotation", string(a.Target.Annotation))
	}
	return l.words(a.Target.Source, a.Target.Selector)
}

// words is a stretch of a document, counted in code points and quoted.
func (l linker) words(id discussion.DocumentID, s discussion.Selector) specificResource {
	text := l.texts[id].Body.Text
	return specificResource{"SpecificResource", l.source(id), []any{
		textPosition{"TextPositionSelector", format.CodePoint(text, s.Start), format.CodePoint(text, s.End)},
		textQuote{"TextQuoteSelector", s.Exact, s.Prefix, s.Suffix},
	}}
}

// source is the IRI of a document: where it was published, if that is known.
func (l linker) source(id discussion.DocumentID) string {
	d := l.texts[id]
	if address, ok := page.Address(d.URL); ok && absolute(address) {
		return address
	}
	if address, ok := page.Address(l.b.Discussion.URL); ok && d.Kind != discussion.Comment && absolute(address) {
		return address
	}
	return l.iri("document", string(id))
}

func markdown(d format.Doc) textualBody {
	return textualBody{Type: "TextualBody", Value: format.Markdown{}.Print(uncovered(d)), Format: "text/markdown"}
}

// iri names a thing of the discussion: under the reader's address where it
// has one, else as a URN.
func (l linker) iri(kind, id string) string {
	d := url.PathEscape(string(l.b.Discussion.ID))
	if absolute(l.b.Base) {
		path := map[string]string{
			"annotations": "/annotations/", "page": "/annotations/?page=" + id, "annotation": "/annotations/" + id,
			"document": "#" + id, "person": "/people/" + id,
		}[kind]
		return strings.TrimRight(l.b.Base, "/") + "/d/" + d + path
	}
	iri := "urn:marginalia:" + d + ":" + kind
	if id != "" {
		iri += ":" + id
	}
	return iri
}

func absolute(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && slices.Contains([]string{"http", "https"}, u.Scheme)
}

func utc(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.999Z07:00")
}
