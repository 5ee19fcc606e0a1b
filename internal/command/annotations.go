package command

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/lang"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

// mostRemarks is how many remarks an answer lists: the newest.
const mostRemarks = 10

var annotations = Command{
	Command: chat.Command{
		Name: "annotations", Help: "what is published of what was said about a passage; in its thread: about that one",
		Options: []chat.Option{{Name: "passage", Help: "its number; the one that was posted last, if you say none outside of threads"}},
	},
	Run: func(ctx context.Context, env Env, call chat.Call, _ time.Time) (d format.Doc, err error) {
		err = env.DB.View(ctx, func(tx *store.Tx) (err error) {
			d, err = env.remarksOn(tx, call)
			return err
		})
		return d, err
	},
	Complete: map[string]func(context.Context, Env, chat.Call) ([]chat.Choice, error){"passage": offerPassages("passage")},
}

// remarksOn lists what was said about a passage, the newest last. Where all can
// read the answer it names nobody and repeats nothing of theirs, since it outlives
// what they take back: it leads to where that stands. Of who goes by a pseudonym
// it leads to the reader alone: their message would tell whose it is.
func (e Env) remarksOn(tx *store.Tx, call chat.Call) (format.Doc, error) {
	p, of, why, err := passageListed(e.in, tx, call, strings.TrimSpace(argument(call, "passage", 1)))
	if err != nil || why != "" {
		return format.Text(why), err
	}
	_, _, total, err := tx.Passage(p.ID)
	if err != nil {
		return format.Doc{}, err
	}
	count, err := e.published(tx, p.ID)
	if err != nil {
		return format.Doc{}, err
	}
	if count == 0 {
		return format.Text(e.in.Sprintf("Nothing is published of what was said about passage %d of %d.", p.Seq, total)), nil
	}
	d := paragraph(format.Doc{}, e.in.Sprintf("About passage %d of %d, %s:", p.Seq, total, e.in.Sprintf("%d remarks", count)))
	if older := count - mostRemarks; older > 0 {
		d = paragraph(d, e.in.Sprintf("The newest %d; %d stand before them.", mostRemarks, older))
	}
	said, err := e.newestOf(tx, p.ID)
	if err != nil {
		return d, err
	}
	document, _, err := tx.Document(p.Document)
	if err != nil {
		return d, err
	}
	for _, a := range said {
		l := remarkLine(e.in, call, a.Annotation, a.name, p, document)
		if a.name != a.by.Pseudonym() {
			if l, err = e.copiesOf(tx, call, a.Annotation, l); err != nil {
				return d, err
			}
		}
		d = l.link(e.in.Sprintf("read"), relay.ReaderLink(e.Reader, of, p.ID)).item(d)
	}
	return d, nil
}

// published is how many of the remarks on a passage are.
func (e Env) published(tx *store.Tx, p discussion.PassageID) (n int, err error) {
	said, err := tx.SaidUnder(p)
	for state, some := range said {
		if _, published := (discussion.Person{State: state}).Credit(e.Default); published {
			n += some
		}
	}
	return n, err
}

// publicRemark is a remark with who made it and under which name.
type publicRemark struct {
	discussion.Annotation
	by   discussion.Person
	name string
}

// newestOf are those of the published remarks on a passage that were made last,
// as many as an answer lists, the newest last.
func (e Env) newestOf(tx *store.Tx, p discussion.PassageID) (said []publicRemark, err error) {
	known := map[discussion.PersonID]discussion.Person{}
	for a, err := range tx.NewestUnder(p) {
		if err != nil {
			return nil, err
		}
		by, ok := known[a.Creator]
		if !ok {
			if by, err = tx.Person(a.Creator); err != nil {
				return nil, err
			}
			known[a.Creator] = by
		}
		if name, published := by.Credit(e.Default); published && !a.Gone() {
			said = append(said, publicRemark{a, by, name})
		}
		if len(said) == mostRemarks {
			break
		}
	}
	slices.Reverse(said)
	return said, nil
}

// remarkLine is the line of an answer that shows a remark about a passage of a
// document.
func remarkLine(in lang.Language, call chat.Call, a discussion.Annotation, name string, about discussion.Passage, of discussion.Document) line {
	l := line{text: When(in, a.Created, "UTC")}
	if call.Private {
		l = line{text: name + ": " + format.Excerpt(a.Told(), longExcerpt)}
	}
	if at := a.Target.Selector; a.Target.Annotation == "" && (at.Start != about.Start || at.End != about.End) {
		l = l.add(" · " + in.Sprintf("on “%s”", format.Excerpt(of.Selected(at), leadIn)))
	}
	return l
}

// copiesOf adds the links to a remark's messages, one for each platform: where
// several rooms of one show it, that of the call.
func (e Env) copiesOf(tx *store.Tx, call chat.Call, a discussion.Annotation, l line) (line, error) {
	rooms, err := tx.AllCopies(store.AnnotationThing(a.ID))
	if err != nil {
		return l, err
	}
	links := map[string]string{}
	for _, room := range slices.SortedFunc(maps.Keys(rooms), func(a, b chat.Room) int { return strings.Compare(a.String(), b.String()) }) {
		for _, c := range rooms[room] {
			if c.Part == 0 && c.Mark == "" && c.Verb != chat.Post && (links[room.Platform] == "" || room == call.Ref.Place.Room) {
				links[room.Platform] = e.Link(c.Ref)
			}
		}
	}
	for _, platform := range slices.Sorted(maps.Keys(links)) {
		l = l.link(platform, links[platform])
	}
	return l, nil
}

// passageListed is the passage that a call names or is about, or else the one that
// was posted last; or why that cannot be told.
func passageListed(in lang.Language, tx *store.Tx, call chat.Call, which string) (p discussion.Passage, of discussion.ID, why string, err error) {
	p, of, why, err = passageNamed(in, tx, call, which)
	if err != nil || which != "" || of != "" {
		return p, of, why, err
	}
	texts, err := textsHere(tx, call)
	if err != nil || len(texts) != 1 {
		return p, "", why, err
	}
	p, err = tx.LatestIn(texts[0].ID, call.Ref.Place.Room)
	if errors.Is(err, store.ErrNotFound) {
		return p, "", in.Sprintf("No passage was posted here yet."), nil
	}
	return p, texts[0].ID, "", err
}
