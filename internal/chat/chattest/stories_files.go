package chattest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"marginalia/internal/chat"
)

// filed are the stories of files that are attached to messages.
var filed = []story{
	{"tells of a file and fetches it", []string{Files}, tellsOfFiles},
	{"fetches no more of a file than it may", []string{Files}, fetchesNoMore},
	{"posts a file that anyone can get", []string{Files}, postsFile},
	{"an edit takes a file away and brings another", []string{Files}, editsFile},
	{"a file whose answer is lost is posted once", []string{Files, Doubt}, lostFile},
	{"takes back a file in doubt", []string{Files, Doubt}, withdrawsFile},
}

// sea is a picture, as far as its first bytes tell.
func sea(name string) Attached {
	return Attached{name, "image/png", []byte("\x89PNG\r\n\x1a\n" + strings.Repeat("the sea ", 200) + name)}
}

// posting is the action that posts the file, as somebody's where they are shown.
func (f Attached) posting(b *bot, p chat.Place) chat.Action {
	a := posting(p, "")
	a.Message.Body.Blocks = nil
	if b.p.Profile().Names {
		a.Message.From = chat.Person{ID: "elsewhere:ada", Name: "Ada Lovelace"}
	}
	return f.on(a)
}

func (f Attached) on(a chat.Action) chat.Action {
	a.Message.Files = []chat.File{{Name: f.Name, Type: f.Type, Alt: "grey waves", Size: int64(len(f.Data))}}
	a.Data = f.Data
	return a
}

// hangs waits until these files and no others are attached to a message.
func (s *stage) hangs(ref chat.Ref, want ...Attached) {
	s.Helper()
	s.until(func() (string, bool) {
		got := s.w.(Filer).Attached(s, ref)
		fine := len(got) == len(want)
		for i := 0; fine && i < len(got); i++ {
			fine = got[i].Name == want[i].Name && bytes.Equal(got[i].Data, want[i].Data)
		}
		return fmt.Sprintf("on %s hang %q, should be %q", ref.ID, got, want), fine
	})
}

// files counts the messages at a place that are files.
func (s *stage) files(p chat.Place, want int) {
	s.Helper()
	s.until(func() (string, bool) {
		n := 0
		for _, m := range s.w.Read(s, p) {
			n += len(s.w.(Filer).Attached(s, m.Ref))
		}
		return fmt.Sprintf("in %v hang %d files, should be %d", p, n, want), n == want
	})
}

// attached has ada attach a file, and hears of it.
func (b *bot) attached(p chat.Place, text string, f Attached) chat.File {
	b.Helper()
	ada := b.w.User(b, "ada")
	ref := b.w.(Filer).Attach(b, ada, p, text, f)
	e := b.said(ada, ref, text)
	if len(e.Message.Files) != 1 {
		b.Fatalf("%q is told with the files %+v", text, e.Message.Files)
	}
	return e.Message.Files[0]
}

func tellsOfFiles(s *stage) {
	r := s.w.Room(s)
	b := s.listening(r)
	thread := b.thread(b.post(at(r), "A passage."))
	for i, text := range []string{"Look.", ""} {
		want := sea(fmt.Sprintf("sea-%d.png", i))
		got := b.attached(thread, text, want)
		if got.Name != want.Name || got.Type != want.Type || got.Size != int64(len(want.Data)) {
			b.Errorf("%s of %d bytes is told as %+v", want.Name, len(want.Data), got)
		}
		data, err := b.p.(chat.Fetcher).Fetch(context.Background(), got, int64(len(want.Data)))
		if err != nil || !bytes.Equal(data, want.Data) {
			b.Errorf("%s is fetched as %q: %v", want.Name, data, err)
		}
	}
	b.stop()
	b.restart() // another process, which was told of nothing
	b.stop()
	for _, e := range b.events {
		for _, f := range e.Message.Files {
			if data, err := b.p.(chat.Fetcher).Fetch(context.Background(), f, 1<<20); err != nil || len(data) == 0 {
				b.Errorf("another process fetches %q: %v", data, err)
			}
		}
	}
}

func fetchesNoMore(s *stage) {
	r := s.w.Room(s)
	b := s.listening(r)
	f := sea("sea.png")
	got := b.attached(at(r), "Look.", f)
	data, err := b.p.(chat.Fetcher).Fetch(context.Background(), got, int64(len(f.Data))-1)
	if len(data) > 0 || !errors.Is(err, chat.ErrRefused) {
		b.Errorf("of more bytes than it may it fetches %d: %v, should be: %v", len(data), err, chat.ErrRefused)
	}
	got.Origin = strings.Map(func(c rune) rune {
		if c >= '0' && c <= '9' {
			return '9'
		}
		return c
	}, got.Origin) + "x"
	if data, err := b.p.(chat.Fetcher).Fetch(context.Background(), got, 1<<20); err == nil {
		b.Errorf("what is not there is fetched as %q", data)
	}
	b.stop()
}

func postsFile(s *stage) {
	r := s.w.Room(s)
	b := s.listening(r)
	thread := b.thread(b.post(at(r), "A passage."))
	b.post(thread, "Look.")
	f := sea("sea.png")
	ref := b.made(f.posting(b, thread))
	s.hangs(ref, f)
	s.files(thread, 1)
	b.do(deleting(ref))
	s.reads(thread, "Look.")
	s.nowhere(r, "sea.png")
	b.stop()
}

func editsFile(s *stage) {
	r := s.w.Room(s)
	b := s.listening(r)
	one, two := sea("one.png"), sea("two.png")
	first := one.posting(b, at(r))
	ref := b.made(first)
	edit := func(text string) chat.Action {
		a := editing(ref, text)
		a.Message.From = first.Message.From
		return a
	}
	b.do(edit("Not yet."))
	s.hangs(ref)
	s.reads(at(r), "Not yet.")
	a := edit("")
	a.Message.Body.Blocks = nil
	b.do(two.on(a))
	s.hangs(ref, two)
	b.stop()
}

func lostFile(s *stage) {
	for _, t := range troubles {
		r := s.w.Room(s)
		b := s.listening(r)
		root := b.post(at(r), "A passage.")
		thread := b.thread(root)
		f := sea("sea.png")
		a := f.posting(b, thread)
		b.doubts(t, a)
		done := b.settles(a, chat.Ref{})
		s.hangs(done.Ref, f)
		s.files(thread, 1)
		b.stop()
	}
}

func withdrawsFile(s *stage) {
	for _, t := range troubles {
		r := s.w.Room(s)
		b := s.listening(r)
		thread := b.thread(b.post(at(r), "A passage."))
		a := sea("sea.png").posting(b, thread)
		b.doubts(t, a)
		b.takesBack(a, chat.Ref{})
		s.reads(thread)
		s.nowhere(r, "sea.png")
		b.stop()
	}
}
