package chattest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"marginalia/internal/chat"
	"marginalia/internal/format"
)

// done are the stories of what the platform is told to do.
var done = []story{
	{"posts words that anyone can read", nil, posts},
	{"posts while it does not listen", nil, postsDeaf},
	{"opens a thread and posts in it", nil, postsInThread},
	{"opens a thread by a request", []string{Opening}, opensThread},
	{"opens no thread without a name", []string{Opening}, opensNone},
	{"answers a message", nil, answers},
	{"edits its messages", nil, edits},
	{"deletes its message and leaves no word of it", nil, deletes},
	{"reacts and takes it back", []string{Reacting}, reacts},
	{"knows what is gone", []string{Gone}, knowsGone},
	{"does not enter a room that is not there", nil, entersNowhere},
	{"writes all kinds of words", nil, writesWords},
	{"keeps the structure that its dialect can show", nil, keepsStructure},
	{"pings nobody", nil, pingsNobody},
	{"shows who speaks", []string{Names}, showsNames},
}

func posts(s *stage) {
	r := s.w.Room(s)
	b := s.listening(r)
	var texts []string
	var refs []chat.Ref
	for i := range 5 {
		texts = append(texts, fmt.Sprintf("Passage %d.", i))
		refs = append(refs, b.post(at(r), texts[i]))
	}
	for i, m := range s.reads(at(r), texts...) {
		if m.Ref.ID != refs[i].ID {
			b.Errorf("%q is %s, the answer was %s", texts[i], m.Ref.ID, refs[i].ID)
		}
	}
	b.stop()
}

func postsDeaf(s *stage) {
	r := s.w.Room(s)
	b := s.bot()
	root := b.post(at(r), "A passage.")
	b.do(editing(root, "A better passage."))
	s.reads(at(r), "A better passage.")
}

func postsInThread(s *stage) {
	r := s.w.Room(s)
	ada := s.w.User(s, "ada")
	b := s.listening(r)
	one, two := b.post(at(r), "Passage one."), b.post(at(r), "Passage two.")
	under1, under2 := b.thread(one), b.thread(two)
	b.post(under1, "About one.")
	b.post(under2, "About two.")
	ada.Say(s, under2, "Ada about two.", chat.Ref{})
	b.fence(ada, under1)
	b.post(under2, "More about two.")
	s.reads(under2, "About two.", "Ada about two.", "More about two.")
	if got := s.w.Read(s, under1); len(got) != 2 || got[0].Body.Text != "About one." {
		b.Errorf("under passage one stand %+v", got)
	}
	s.reads(at(r), "Passage one.", "Passage two.")
	b.stop()
}

func opensThread(s *stage) {
	r := s.w.Room(s)
	b := s.bot(r)
	root := b.post(at(r), "A passage.")
	a := opening(root)
	a.Name = strings.Repeat("Größe ", 16) + "1234" // 100 code points
	first := b.opened(b.do(a))
	a = b.again(a, chat.Ref{})
	if second := b.opened(b.do(a)); second != first {
		b.Errorf("asked again, the thread is %v and was %v", second, first)
	}
	b.post(first, "About it.")
	s.reads(first, "About it.")
}

func opensNone(s *stage) {
	r := s.w.Room(s)
	b := s.bot(r)
	a := opening(b.post(at(r), "A passage."))
	a.Name = ""
	for range 2 {
		if got := b.do(a).Ref.Place; got != at(r) {
			b.Errorf("nothing is to be opened, and it is at %v", got)
		}
		a = b.again(a, chat.Ref{})
	}
	s.reads(at(r), "A passage.")
}

func answers(s *stage) {
	r := s.w.Room(s)
	ada := s.w.User(s, "ada")
	b := s.listening(r)
	thread := b.thread(b.post(at(r), "A passage."))
	said := ada.Say(s, thread, "Why?", chat.Ref{})
	b.said(ada, said, "Why?")
	other := ada.Say(s, thread, "And how?", chat.Ref{})
	b.said(ada, other, "And how?")
	a := posting(thread, "Because.")
	a.Message.ReplyTo = said
	b.made(a)
	if got := s.reads(thread, "Why?", "And how?", "Because."); !same(got[2].ReplyTo, said) {
		b.Errorf("the answer to %s answers %+v", said.ID, got[2].ReplyTo)
	}
	b.stop()
}

func edits(s *stage) {
	r := s.w.Room(s)
	b := s.listening(r)
	root := b.post(at(r), "Frist words.")
	thread := b.thread(root)
	inside := b.post(thread, "Words insied.")
	b.do(editing(root, "First words."))
	s.reads(at(r), "First words.")
	b.do(editing(root, "The very first words."))
	b.do(editing(inside, "Words inside."))
	for i, m := range slices.Concat(s.reads(at(r), "The very first words."), s.reads(thread, "Words inside.")) {
		if want := []chat.Ref{root, inside}[i]; m.Ref.ID != want.ID {
			b.Errorf("%q stands as %s, not %s", m.Body.Text, m.Ref.ID, want.ID)
		}
	}
	b.post(thread, "A thread under an edited post goes on.")
	s.reads(thread, "Words inside.", "A thread under an edited post goes on.")
	b.stop()
}

// withOld is the deletion of ref and of the edits that were made of it.
func withOld(ref chat.Ref, edits ...chat.Done) chat.Action {
	a := deleting(ref)
	for _, e := range edits {
		if !e.Ref.IsZero() {
			a.Old = append(a.Old, e.Ref)
		}
	}
	return a
}

func deletes(s *stage) {
	r := s.w.Room(s)
	b := s.listening(r)
	root := b.post(at(r), "A passage.")
	thread := b.thread(root)
	for _, p := range []chat.Place{thread, at(r)} {
		ref := b.post(p, "Zebra one.")
		first := b.do(editing(ref, "Zebra two."))
		second := b.do(editing(ref, "Zebra three."))
		plain := b.post(p, "Okapi one.")
		b.do(withOld(ref, first, second))
		b.do(deleting(plain))
	}
	s.reads(thread)
	s.reads(at(r), "A passage.")
	s.nowhere(r, "Zebra", "Okapi")
	b.stop()
}

func reacts(s *stage) {
	r := s.w.Room(s)
	ada := s.w.User(s, "ada")
	b := s.listening(r)
	root := b.post(at(r), "A passage.")
	said := ada.Say(s, b.thread(root), "A fine one.", chat.Ref{})
	b.said(ada, said, "A fine one.")
	for _, on := range []chat.Ref{root, said} {
		for range 2 { // and the second time has a key of its own
			thumb, heart := b.do(reacting(on, "👍")), b.do(reacting(on, "🎉"))
			s.shows(on, "🎉", "👍")
			b.do(unreacting(on, "👍", thumb))
			s.shows(on, "🎉")
			b.do(unreacting(on, "🎉", heart))
			s.shows(on)
		}
	}
	ada.React(s, said, "👍")
	thumb := b.do(reacting(said, "👍"))
	s.shows(said, "👍", "👍")
	b.do(unreacting(said, "👍", thumb))
	s.shows(said, "👍")
	b.stop()
}

// unreacting takes back a reaction; on its first try it knows its id.
func unreacting(ref chat.Ref, emoji string, made chat.Done) chat.Action {
	a := reacting(ref, emoji)
	a.Verb = chat.Unreact
	if !made.Ref.IsZero() {
		a.Old = []chat.Ref{made.Ref}
	}
	return a
}

func knowsGone(s *stage) {
	r := s.w.Room(s)
	b := s.listening(r)
	ref := b.post(at(r), "Soon gone.")
	b.do(deleting(ref))
	s.reads(at(r))
	if _, err := b.try(deleting(ref)); err != nil && !errors.Is(err, chat.ErrGone) {
		b.Errorf("deleting what is gone: %v", err)
	}
	if _, err := b.try(editing(ref, "Still here.")); !errors.Is(err, chat.ErrGone) {
		b.Errorf("editing what is gone: %v, should be: %v", err, chat.ErrGone)
	}
	s.reads(at(r))
	s.nowhere(r, "Still here", "Soon gone")
	b.stop()
}

func entersNowhere(s *stage) {
	b := s.bot()
	_, err := b.try(posting(at(s.w.Nowhere(s)), "Is anyone here?"))
	if !errors.Is(err, chat.ErrForbidden) && !errors.Is(err, chat.ErrGone) {
		b.Errorf("posting in a room that is not there: %v, should be: %v", err, chat.ErrForbidden)
	}
}

// writes posts docs and checks that they stand as the dialect can show them.
func (b *bot) writes(r chat.Room, docs ...format.Doc) []chat.Message {
	b.Helper()
	dialect := b.p.Profile().Dialect
	var texts []string
	for _, d := range docs {
		a := postingDoc(at(r), d)
		if !b.p.Profile().Fits(a.Message) {
			b.Fatalf("%d code points do not fit", format.CodePoint(d.Text, len(d.Text)))
		}
		b.made(a)
		texts = append(texts, dialect.Normal(d).Text)
	}
	return b.reads(at(r), texts...)
}

func writesWords(s *stage) {
	r := s.w.Room(s)
	b := s.bot(r)
	b.writes(r,
		format.Text("Grüße – „Anführung“, naïve café, Ελληνικά, עברית, العربية, 日本語, हिन्दी"),
		format.Text("👩‍👩‍👧‍👦 and 🏳️‍🌈 and e\u0301 and é"),
		format.Text("*No* _markup_ **in** ~~this~~ `one`, [nor](https://a.example) <b>here</b> &amp; ||there|| \\ $x$"),
		format.Text("# no heading\n\n- no item\n\n> no quotation\n\n1. no number"),
		format.Text(strings.TrimSpace(strings.Repeat("Fifteen hundred. ", 88))),
		format.Text("First paragraph.\nIts second line.\n\nSecond paragraph."),
		format.Text("https://a.example/path_with_underscores_?q=*&r=~1~"),
	)
}

func keepsStructure(s *stage) {
	r := s.w.Room(s)
	b := s.bot(r)
	var d format.Doc
	d = d.Add(format.Block{Kind: format.Paragraph}, "Some strong words, some stressed, a link and a word of code.")
	span := func(kind format.SpanKind, words, attr string) {
		i := strings.Index(d.Text, words)
		d.Spans = append(d.Spans, format.Span{Kind: kind, Start: i, End: i + len(words), Attr: attr})
	}
	span(format.Strong, "strong words", "")
	span(format.Emph, "stressed", "")
	span(format.Link, "a link", "https://a.example/b")
	span(format.CodeSpan, "code", "")
	d = d.Add(format.Block{Kind: format.Quote, Quote: 1}, "Words of another.")
	d = d.Add(format.Block{Kind: format.List, Level: 1, Marker: "-"}, "The first.")
	d = d.Add(format.Block{Kind: format.List, Level: 1, Marker: "-"}, "The second.")
	d = d.Add(format.Block{Kind: format.Code}, "if x < 1 {\n\treturn *y\n}")
	d = d.Add(format.Block{Kind: format.Paragraph}, "The end.")
	if err := d.Check(); err != nil {
		s.Fatal(err)
	}
	got := b.writes(r, d)[0].Body
	want := b.p.Profile().Dialect.Normal(d)
	if g, w := outline(got), outline(want); g != w {
		b.Errorf("there stand\n%s and the dialect can show\n%s", g, w)
	}
}

// outline is a doc's structure for comparison.
func outline(d format.Doc) string {
	var all strings.Builder
	for _, b := range d.Blocks {
		fmt.Fprintf(&all, "  %s %d %q\n", b.Kind, b.Quote, d.Text[b.Start:b.End])
	}
	var spans []string
	for _, s := range d.Spans {
		spans = append(spans, fmt.Sprintf("  %s %q %s\n", s.Kind, d.Text[s.Start:s.End], s.Attr))
	}
	slices.Sort(spans)
	return all.String() + strings.Join(spans, "")
}

func pingsNobody(s *stage) {
	r := s.w.Room(s)
	ada := s.w.User(s, "ada")
	b := s.listening(r)
	text := "@room @everyone @here @" + ada.Person().Name + " " + ada.Person().ID
	ref := b.post(at(r), text)
	b.do(editing(ref, "Look, "+text))
	b.writesText(r, "Look, "+text)
	if p, ok := s.w.(Pinger); ok {
		if rang := p.Pinged(s); len(rang) > 0 {
			b.Errorf("the phones of %q rang", rang)
		}
	}
	b.stop()
}

// writesText checks that text stands alone in a room as the dialect shows it.
func (b *bot) writesText(r chat.Room, text string) {
	b.Helper()
	b.reads(at(r), b.p.Profile().Dialect.Normal(format.Text(text)).Text)
}

func showsNames(s *stage) {
	r := s.w.Room(s)
	b := s.listening(r)
	if !b.p.Profile().Names {
		s.Fatalf("the Profile shows no names and the World does not say that it lacks %q", Names)
	}
	a := posting(at(r), "Good morning.")
	a.Message.From = chat.Person{ID: "elsewhere:ada", Name: "Ada Lovelace"}
	ref := b.made(a)
	got := s.reads(at(r), "Good morning.")[0]
	if got.From.Name != "Ada Lovelace" {
		b.Errorf("what Ada Lovelace says is shown as said by %q", got.From.Name)
	}
	e := editing(ref, "Good evening.")
	e.Message.From = a.Message.From
	first := b.do(e)
	if got := s.reads(at(r), "Good evening.")[0]; got.From.Name != "Ada Lovelace" {
		b.Errorf("what Ada Lovelace edited is shown as said by %q", got.From.Name)
	}
	b.do(withOld(ref, first))
	s.reads(at(r))
	b.stop()
}
