package web

import (
	"fmt"
	"html/template"
	"slices"
	"strings"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/page"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

// room is a local room as a visitor sees it. Who speaks here is named as they
// name themselves, unless they chose a pseudonym or were forgotten. That they do
// not publish what they say keeps it out of the margin, not out of the talk.
// What comes from other networks is published by being shown
// on this page, so those who said it are named as they chose to be published;
// what someone does not publish is left out.
type room struct {
	N       int // 1, 2, …: its number on the page and in addresses
	Name    string
	At      discussion.ID
	Open    bool
	Newest  discussion.PassageID // of those that can be answered
	Posts   []post
	Notices []message // what the bot said in the main timeline
	Said    int       // messages
}

// post is a passage and the thread under it.
type post struct {
	Room      *room
	ID        string // of the element
	Passage   discussion.PassageID
	Seq       int
	Total     int
	Start     string // its first words
	Kind      discussion.DocumentKind
	Author    string
	Words     template.HTML
	Threaded  bool // whether it can be answered yet
	Reactions []page.Emoji
	Excerpts  []post // of comments that quote it, in its thread
	Messages  []message
}

// message is what someone said in a thread.
type message struct {
	Room      *room
	ID        string
	On        discussion.AnnotationID
	Name      string
	Bot       bool
	Own       bool
	At        page.Moment
	Edited    bool
	From      string // the other room or network in which it was said, "" if it was here
	Answers   string // whom it answers
	Body      template.HTML
	Typed     string // of the visitor's own: what to edit
	Reactions []page.Emoji
}

// Field and Value name what a reaction is on, in a form.
func (p post) Field() string    { return "passage" }
func (p post) Value() string    { return string(p.Passage) }
func (m message) Field() string { return "annotation" }
func (m message) Value() string { return string(m.On) }

// roomsFor are the rooms as a visitor sees them.
func (s *server) roomsFor(st *state, v visitor) []*room {
	d := drawer{
		st: st, v: v, talk: map[discussion.PassageID][]discussion.Annotation{}, said: map[discussion.AnnotationID]discussion.Annotation{},
		texts: map[discussion.DocumentID]discussion.Document{}, reactions: map[store.Thing][]page.Emoji{},
	}
	for _, a := range st.bundle.Annotations {
		d.said[a.ID] = a
		d.talk[a.Under] = append(d.talk[a.Under], a)
	}
	for _, doc := range st.bundle.Discussion.Documents {
		d.texts[doc.ID] = doc
	}
	if len(s.Rooms) > 0 {
		d.local = s.Rooms[0].Platform
	}
	d.tally(v)
	var out []*room
	for i, chatRoom := range s.Rooms {
		r := &room{N: i + 1, Name: chatRoom.ID, At: st.bundle.Discussion.ID, Open: s.Open}
		d.draw(s, r, i)
		out = append(out, r)
	}
	return out
}

// drawer draws the rooms from the copies that stand in them.
type drawer struct {
	st        *state
	local     string // the local rooms' platform
	v         visitor
	talk      map[discussion.PassageID][]discussion.Annotation
	said      map[discussion.AnnotationID]discussion.Annotation
	texts     map[discussion.DocumentID]discussion.Document
	reactions map[store.Thing][]page.Emoji
}

// tally counts each person's emoji once for each thing, from whichever of their
// accounts.
func (d *drawer) tally(v visitor) {
	type once struct {
		thing  store.Thing
		person discussion.PersonID
		emoji  string
	}
	seen, mine := map[once]bool{}, map[once]bool{}
	for _, r := range d.st.reactions {
		key := once{r.Thing, r.Self, r.Emoji}
		mine[key] = mine[key] || d.is(r.Person, v)
	}
	for _, r := range d.st.reactions {
		key := once{r.Thing, r.Self, r.Emoji}
		if _, shown := d.name(r.Person); shown && !seen[key] {
			seen[key] = true
			one := page.Emoji{Emoji: r.Emoji, Meaning: d.st.bundle.Lexicon.Means(r.Emoji), Mine: mine[key]}
			d.reactions[r.Thing] = page.Tally(d.reactions[r.Thing], one)
		}
	}
}

func (d *drawer) is(id discussion.PersonID, v visitor) bool {
	return id != "" && id == d.st.personID(d.local, v.ID())
}

func (d *drawer) draw(s *server, r *room, i int) {
	copies := d.st.rooms[i]
	threads := map[string]int{}
	for _, p := range d.st.bundle.Discussion.Passages {
		thing := store.PassageThing(p.ID)
		ref, ok := standing(copies[thing])
		if !ok {
			continue
		}
		place, threaded := threadOf(copies[thing])
		drawn := d.post(s, r, i, p, threaded)
		if at, ok := threads[ref.Place.Thread]; ok && ref.Place.Thread != "" {
			r.Posts[at].take(drawn)
			continue
		}
		threads[place.Thread] = len(r.Posts)
		r.Posts = append(r.Posts, drawn)
		if threaded {
			r.Newest = p.ID
		}
	}
	for _, thing := range slices.Sorted(keys(d.st.notes)) {
		ref, ok := standing(copies[thing])
		if !ok || d.asksAnother(d.st.notes[thing], copies) {
			continue
		}
		m := d.notice(r, d.st.notes[thing])
		if at, ok := threads[ref.Place.Thread]; ok && ref.Place.Thread != "" {
			r.Posts[at].Messages = append(r.Posts[at].Messages, m)
			continue
		}
		r.Notices = append(r.Notices, m)
	}
	slices.SortStableFunc(r.Notices, func(a, b message) int { return a.At.Compare(b.At.Time) })
}

// take shows an excerpt in the thread under p, with what was said about it among
// what was said about p.
func (p *post) take(excerpt post) {
	p.Messages = append(p.Messages, excerpt.Messages...)
	slices.SortStableFunc(p.Messages, func(a, b message) int { return a.At.Compare(b.At.Time) })
	excerpt.Messages = nil
	p.Excerpts = append(p.Excerpts, excerpt)
}

// asksAnother reports whether a note asks somebody else than the visitor.
func (d *drawer) asksAnother(n store.Note, copies map[store.Thing][]store.Copy) bool {
	if n.Kind != relay.Question {
		return false
	}
	for id, a := range d.said {
		if ref, ok := standing(copies[store.AnnotationThing(id)]); ok && ref.ID == n.ReplyTo.ID {
			return !d.is(a.Creator, d.v)
		}
	}
	return true
}

func keys[K comparable, V any](m map[K]V) func(func(K) bool) {
	return func(yield func(K) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func (d *drawer) post(s *server, r *room, i int, p discussion.Passage, threaded bool) post {
	doc := d.texts[p.Document]
	words := doc.Body.Slice(p.Start, p.End)
	out := post{
		Room: r, ID: fmt.Sprintf("post-%d-%s", r.N, p.ID), Passage: p.ID, Seq: p.Seq, Total: len(d.st.bundle.Discussion.Passages),
		Start: format.Excerpt(words, 40), Kind: doc.Kind, Author: doc.Author, Words: page.Words(words), Threaded: threaded,
		Reactions: d.reactions[store.PassageThing(p.ID)],
	}
	for _, a := range d.talk[p.ID] {
		ref, ok := standing(d.st.rooms[i][store.AnnotationThing(a.ID)])
		if !ok || !d.shown(a, ref) {
			continue
		}
		out.Messages = append(out.Messages, d.message(s, r, a, ref))
		r.Said++
	}
	return out
}

// shown reports whether a message is shown to the visitor: their own always is.
func (d *drawer) shown(a discussion.Annotation, ref chat.Ref) bool {
	if !a.Deleted.IsZero() || a.Hidden && ref.As != "" {
		return false
	}
	_, published := d.name(a.Creator)
	return published || d.is(a.Creator, d.v)
}

func (d *drawer) message(s *server, r *room, a discussion.Annotation, ref chat.Ref) message {
	name, _ := d.name(a.Creator)
	m := message{
		Room: r, ID: fmt.Sprintf("msg-%d-%s", r.N, a.ID), On: a.ID, Name: name, Own: ref.As == "" && d.is(a.Creator, d.v),
		At: page.Moment{Time: a.Created}, Edited: !a.Modified.IsZero(), Body: page.Words(a.Told()),
		Reactions: d.reactions[store.AnnotationThing(a.ID)],
	}
	if ref.As != "" {
		m.From = d.origin(s, a)
	}
	if m.Own {
		m.Typed = typed(a.Body)
	}
	if to, ok := d.said[a.Target.Annotation]; ok && to.Deleted.IsZero() {
		m.Answers, _ = d.name(to.Creator)
	}
	return m
}

// name is what somebody is called in the rooms, or false if they are not shown.
func (d *drawer) name(id discussion.PersonID) (string, bool) {
	p := d.st.bundle.People[id]
	if p.Platform == d.local && p.State != discussion.Pseudonym {
		return p.Speaker(), true
	}
	return p.Credit(d.st.bundle.Default)
}

// origin is where an annotation was said: a local room, or another network.
func (d *drawer) origin(s *server, a discussion.Annotation) string {
	for i, copies := range d.st.rooms {
		if ref, ok := standing(copies[store.AnnotationThing(a.ID)]); ok && ref.As == "" {
			return s.Rooms[i].ID
		}
	}
	return d.st.bundle.People[a.Creator].Platform
}

func (d *drawer) notice(r *room, n store.Note) message {
	return message{
		Room: r, ID: fmt.Sprintf("note-%d-%s", r.N, n.ID), Name: "Marginalia", Bot: true,
		At: page.Moment{Time: n.Created}, Body: page.Words(n.Body),
	}
}

// typed is a message as one would type it: Markdown, but with line breaks as
// they are, which is how the local platform reads them.
func typed(d format.Doc) string {
	lines := strings.Split(strings.TrimSpace(format.Markdown{Typed: true}.Print(d)), "\n")
	fenced := false
	for i, line := range lines {
		if strings.HasPrefix(strings.TrimLeft(line, " >-*.0123456789"), "```") {
			fenced = !fenced
		}
		ends := len(line) - len(strings.TrimRight(line, `\`))
		if ends%2 == 1 && i+1 < len(lines) && !fenced {
			lines[i] = line[:len(line)-1]
		}
	}
	return strings.Join(lines, "\n")
}
