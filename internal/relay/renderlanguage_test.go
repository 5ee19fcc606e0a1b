package relay

import (
	"strings"
	"testing"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/lang"
	"marginalia/internal/store"
)

// What stands around the words of others is in the language of the room, and the
// words are as they were written.
func TestPostsInTwoLanguages(t *testing.T) {
	body := format.Text("The sea is wide. It goes on.")
	note := discussion.Document{ID: "c", Kind: discussion.Comment, Author: "Bo", Body: body, Target: discussion.Target{Source: "e", Selector: discussion.Selector{Exact: "sea"}}}
	all := discussion.Passage{ID: "p", Seq: 2, Document: "c", End: len(body.Text)}
	part := all
	part.End = len("The sea is wide.")
	nobody := note
	nobody.Author, nobody.Target = "", discussion.Target{}
	post := func(in lang.Language, d discussion.Document, p discussion.Passage) string {
		w := Words{Thing: store.PassageThing(p.ID), Discussion: discussion.Discussion{ID: "d", Title: "Tides"}, Document: d, Passage: p, About: aboutOf(d, p, discussion.Document{}), Total: 3}
		v := View{Language: in, Reader: "https://read.example", Profile: chat.Profile{Buttons: true}}
		m := Render(w, v)[0].Message
		said := m.Body.Text
		for _, b := range m.Buttons {
			said += "|" + b.Text
		}
		return strings.ReplaceAll(said, "\n\n", "/")
	}
	for _, c := range []struct {
		d               discussion.Document
		p               discussion.Passage
		english, german string
	}{
		{note, all, "Bo comments on “sea”:/The sea is wide. It goes on./Tides · 2/3 · read|◀ Previous|Next ▶|Open in reader|Annotate",
			"Bo schreibt zu „sea“:/The sea is wide. It goes on./Tides · 2/3 · lesen|◀ Zurück|Weiter ▶|Auf der Leseseite|Anmerken"},
		{note, part, "From a comment by Bo on “sea”:/", "Aus einem Kommentar von Bo zu „sea“:/"},
		{nobody, all, "A comment:/", "Ein Kommentar:/"},
		{nobody, part, "From a comment:/", "Aus einem Kommentar:/"},
	} {
		for in, want := range map[lang.Language]string{lang.English: c.english, lang.German: c.german} {
			if got := post(in, c.d, c.p); !strings.HasPrefix(got, want) {
				t.Errorf("in %s: %q, want %q", in.Tag(), got, want)
			}
		}
	}
	for in, want := range map[lang.Language]string{lang.English: "Someone:\n\n[no words]", lang.German: "Jemand:\n\n[keine Worte]"} {
		got := Render(Words{Thing: store.AnnotationThing("a"), Annotation: discussion.Annotation{ID: "a"}}, View{Language: in})[0].Message.Body.Text
		if got != want {
			t.Errorf("in %s the forgotten say %q, want %q", in.Tag(), got, want)
		}
	}
}
