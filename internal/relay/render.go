package relay

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/lang"
	"marginalia/internal/store"
)

// Words is what there is to say about a thing, in no room's terms.
type Words struct {
	Thing      store.Thing
	Discussion discussion.Discussion // without its documents
	Document   discussion.Document   // of a passage
	About      format.Doc            // of a comment: the words that it is about, if it does not quote them itself
	Passage    discussion.Passage
	Total      int // passages in the discussion
	Annotation discussion.Annotation
	Creator    discussion.Person
	Note       store.Note
	Reactions  []store.Reaction // see Opinions
	Dead       bool             // it could not be said in another room
}

// View is what a room adds: what it can show, and where things stand in it.
type View struct {
	Room     chat.Room
	Language lang.Language
	Profile  chat.Profile
	Reader   string     // address of the reader page, "" if there is none
	Place    chat.Place // where the thing stands, or will
	Thread   chat.Place // the thread under a passage, once it is open
	ReplyTo  chat.Ref   // what it answers there
	Flat     bool       // a passage's post gets no thread
	Own      bool       // the person's own message stands in this room: only reactions are ours
	Parts    int        // how many parts stand there already
	Later    bool       // something newer stands behind it, so it cannot grow
	Largest  int64      // bytes of a file that is copied there; 0 or less: none is
	Files    []int      // numbers of those that are messages there already, whatever Largest is now

	Worded    bool // it began with words there
	FileFirst bool // it began with a file there
}

// Render says what should stand of w in the room that v describes. It is pure.
func Render(w Words, v View) []Want {
	var want []Want
	switch {
	case w.Thing.Passage() != "":
		want = passage(w, v)
	case w.Thing.Annotation() != "":
		if w.Annotation.Gone() {
			return nil
		}
		want = annotation(w, v)
	case w.Thing.Note() != "" && w.Note.Body.Empty():
		return nil
	case w.Thing.Note() != "":
		want = parts(format.Doc{}, w.Note.Body, chat.Message{ReplyTo: v.ReplyTo, Silent: silent(w.Note)}, v, "")
	}
	return append(want, reactions(w, v)...)
}

func passage(w Words, v View) []Want {
	body := w.Document.Body.Slice(w.Passage.Start, w.Passage.End)
	var head format.Doc
	if w.Document.Kind == discussion.Comment {
		head = head.Add(format.Block{Kind: format.Paragraph}, commentLine(v.Language, w))
		head.Spans = []format.Span{{Kind: format.Emph, Start: 0, End: len(head.Text)}}
	}
	want := parts(head, footer(body, w, v), chat.Message{ReplyTo: v.ReplyTo, Silent: true}, v, w.readerLink(v))
	if v.Place.Thread != "" { // under the passage that it quotes
		return want
	}
	if v.ReplyTo.IsZero() {
		want[0].Message.Buttons = buttons(w, v)
	}
	want[0].Name = threadName(w)
	thread := Want{Mark: store.ThreadMark, Name: want[0].Name}
	if v.Flat {
		thread.Name = ""
	}
	return append(want, thread)
}

// aboutOf are the words of a source that a passage of a comment is about, if it quotes
// none itself.
func aboutOf(d discussion.Document, p discussion.Passage, source discussion.Document) format.Doc {
	if quotes, _ := d.Body.Slice(p.Start, p.End).Quoted(); d.Target.Source == "" || len(quotes) > 0 {
		return format.Doc{}
	}
	return source.Selected(d.Target.Selector)
}

// commentLine says whose comment follows, whether it is all of it, and what it
// is about where the words do not begin with that themselves.
func commentLine(l lang.Language, w Words) string {
	d, p := w.Document, w.Passage
	line, author := l.Sprintf("A comment"), format.Excerpt(format.Text(d.Author), longAuthor)
	switch whole := p.Start == 0 && p.End == len(d.Body.Text); {
	case whole && author != "":
		line = l.Sprintf("%s comments", author)
	case !whole && author == "":
		line = l.Sprintf("From a comment")
	case !whole:
		line = l.Sprintf("From a comment by %s", author)
	}
	if !w.About.Empty() {
		line = l.Sprintf("%s on “%s”", line, format.Excerpt(w.About, longAbout))
	}
	return line + ":"
}

const (
	longAbout  = 80  // code points that are shown of what a comment quotes
	longAuthor = 80  // and of who wrote it, or speaks
	longName   = 80  // and of a thread's name
	longTitle  = 120 // and of what a text is called, see Title
)

// Title is what a text is called where people talk: however long, on one line
// that leaves room for other words.
func Title(s string) string { return format.Excerpt(format.Text(s), longTitle) }

// footer adds the line that says where the words come from.
func footer(body format.Doc, w Words, v View) format.Doc {
	line := fmt.Sprintf("%s · %d/%d", Title(w.Discussion.Title), w.Passage.Seq, w.Total)
	link, read := w.readerLink(v), v.Language.Sprintf("read")
	if link != "" {
		line += " · " + read
	}
	body = body.Add(format.Block{Kind: format.Paragraph}, line)
	last := body.Blocks[len(body.Blocks)-1]
	if link == "" {
		body.Spans = append(body.Spans, format.Span{Kind: format.Emph, Start: last.Start, End: last.End})
		return body
	}
	cut := last.End - len(read)
	body.Spans = append(body.Spans,
		format.Span{Kind: format.Emph, Start: last.Start, End: cut - len(" · ")},
		format.Span{Kind: format.Link, Start: cut, End: last.End, Attr: link})
	return body
}

func (w Words) readerLink(v View) string { return ReaderLink(v.Reader, w.Discussion.ID, w.Passage.ID) }

// ReaderLink is the address of a passage in the reader page, or of the whole
// text; "" where no page is served.
func ReaderLink(reader string, d discussion.ID, p discussion.PassageID) string {
	if reader == "" {
		return ""
	}
	link := reader + "/d/" + string(d)
	if p != "" {
		link += "#" + string(p)
	}
	return link
}

func threadName(w Words) string {
	number := fmt.Sprintf("%d · ", w.Passage.Seq)
	return number + format.Excerpt(w.Document.Body.Slice(w.Passage.Start, w.Passage.End), longName-utf8.RuneCountInString(number))
}

// forgottenSpeaker is the id of all who were forgotten: one for each of them
// would tell which words are of the same person. No network has such ids.
const forgottenSpeaker = "someone/forgotten"

func annotation(w Words, v View) []Want {
	if v.Own {
		return nil
	}
	from := chat.Person{ID: w.Creator.User, Name: w.Creator.Speaker()}
	if from.ID == "" {
		from = chat.Person{ID: forgottenSpeaker, Name: v.Language.Sprintf("Someone")}
	}
	m := chat.Message{ReplyTo: v.ReplyTo, From: from}
	var head format.Doc
	if !v.Profile.Names {
		head = named(format.Excerpt(format.Text(m.From.Name), longAuthor))
		m.From = chat.Person{}
	}
	return withFiles(head, w, m, v)
}

// named is the line that says who speaks.
func named(name string) format.Doc {
	head := format.Doc{}.Add(format.Block{Kind: format.Paragraph}, name+":")
	head.Spans = []format.Span{{Kind: format.Strong, Start: 0, End: len(name) + 1}}
	return head
}

// parts cuts body so that each part fits, and puts the first one at v.Place
// under head, the others into the thread. What has grown too long for the parts
// that stand there ends with a link.
func parts(head, body format.Doc, m chat.Message, v View, link string) []Want {
	if len(body.Blocks) == 0 {
		body = format.Text(v.Language.Sprintf("[no words]"))
	}
	fits := func(d format.Doc) bool {
		m.Body = head.Append(d) // the others too: as if each had a head
		return v.Profile.Fits == nil || v.Profile.Fits(m)
	}
	cut := format.Split(body, fits)
	if v.Later && v.Parts > 0 && len(cut) > v.Parts {
		cut = shorten(v.Language, cut[:v.Parts], link, fits)
	}
	want := make([]Want, len(cut))
	for i, d := range cut {
		m.Body = d
		m.Ref.Place = v.Place
		if i == 0 {
			m.Body = head.Append(d)
		}
		if i > 0 && v.Thread.Thread != "" {
			m.Ref.Place = v.Thread
		}
		want[i] = Want{Part: i, Message: m}
		m.ReplyTo = chat.Ref{}
	}
	return want
}

// shorten ends the last part with a link to where the rest can be read.
func shorten(l lang.Language, cut []format.Doc, link string, fits func(format.Doc) bool) []format.Doc {
	more := l.Sprintf("… (more in the reader)")
	if link != "" {
		more = "… " + link
	}
	with := func(d format.Doc) format.Doc { return d.Add(format.Block{Kind: format.Paragraph}, more) }
	last := len(cut) - 1
	start := format.Split(cut[last], func(d format.Doc) bool { return fits(with(d)) })[0]
	return append(slices.Clone(cut[:last]), with(start))
}

// reactions wants each emoji that someone holds whose reaction was not made in
// this very room, nor one of another account of theirs.
func reactions(w Words, v View) []Want {
	if !v.Profile.Reactions {
		return nil
	}
	var want []Want
	if w.Dead {
		want = append(want, Want{Mark: reactMark + warning, Emoji: warning})
	}
	for _, r := range w.Reactions {
		mark := reactMark + r.Emoji
		if r.Room == v.Room || heldHere(w.Reactions, r, v.Room) || slices.ContainsFunc(want, func(o Want) bool { return o.Mark == mark }) {
			continue
		}
		want = append(want, Want{Mark: mark, Emoji: r.Emoji})
	}
	return want
}

// heldHere reports whether another account of whoever made a reaction made it in
// a room, too.
func heldHere(all []store.Reaction, r store.Reaction, room chat.Room) bool {
	return slices.ContainsFunc(all, func(o store.Reaction) bool {
		return o.Room == room && o.Emoji == r.Emoji && o.Self == r.Self && o.Person != r.Person
	})
}
