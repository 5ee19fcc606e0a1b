package relay

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/store"
)

// What people say after they were forgotten shows who spoke to nobody: neither
// by a name nor by an id that only one of them has.
func TestTheForgottenSpeakAsOne(t *testing.T) {
	speaker := func(who discussion.Person) chat.Person {
		a := discussion.Annotation{ID: "a", Creator: who.ID, Body: format.Text("words")}
		want := Render(Words{Thing: store.AnnotationThing(a.ID), Annotation: a, Creator: who}, View{Profile: chat.Profile{Names: true}})
		if len(want) != 1 {
			t.Fatalf("it is shown as %+v", want)
		}
		return want[0].Message.From
	}
	ann, ben := speaker(discussion.Person{ID: "ann"}), speaker(discussion.Person{ID: "ben"})
	if ann != ben || ann.ID == "" {
		t.Errorf("they are told apart: %+v and %+v", ann, ben)
	}
	if known := speaker(discussion.Person{ID: "cy", User: "@cy", Name: "Cy"}); known.ID != "@cy" || known.Name != "Cy" {
		t.Errorf("who is known speaks as %+v", known)
	}
}

// A thread is named after its passage: the heading set apart, and covered what is
// covered there.
func TestTheNameOfAThread(t *testing.T) {
	for src, want := range map[string]string{
		"<h2>The end</h2><p>He <span class=spoiler>dies</span>.</p>": "7 · The end: He [spoiler].",
		"<p>" + strings.Repeat("long ", 30) + "</p>":                 "7 · " + strings.Repeat("long ", 14) + "long…",
	} {
		doc := discussion.Document{ID: "doc", Body: format.HTML{}.Parse(src)}
		p := discussion.Passage{ID: "p", Seq: 7, Document: doc.ID, End: len(doc.Body.Text)}
		if got := threadName(Words{Document: doc, Passage: p}); got != want || utf8.RuneCountInString(got) > longName {
			t.Errorf("the thread of %s is called %q, not %q", src, got, want)
		}
	}
}

// A passage's post has the buttons that lead somewhere, on its first message
// alone, and only where the network has buttons.
func TestButtonsOfAPassage(t *testing.T) {
	text := essayOfWords(40)
	document := text.Documents[0]
	render := func(seq, total int, reader string, can bool) (all [][]chat.Button) {
		p := discussion.Passage{ID: "p", Seq: seq, Document: document.ID, End: len(document.Body.Text)}
		fits := func(m chat.Message) bool { return len(m.Body.Text) < 150 }
		w := Words{Thing: store.PassageThing("p"), Discussion: discussion.Discussion{ID: "d", Title: "T"}, Document: document, Passage: p, Total: total}
		for _, one := range Render(w, View{Reader: reader, Profile: chat.Profile{Buttons: can, Fits: fits}}) {
			if one.Mark == "" {
				all = append(all, one.Message.Buttons)
			}
		}
		return all
	}
	previous, next := chat.Button{Text: "◀ Previous", Call: CallPrevious}, chat.Button{Text: "Next ▶", Call: CallNext}
	read, say := chat.Button{Text: "Open in reader", URL: "https://read.example.org/d/d#p"}, chat.Button{Text: "Annotate", Call: CallAnnotate}
	for _, c := range []struct {
		seq, total int
		reader     string
		want       []chat.Button
	}{
		{2, 3, "https://read.example.org", []chat.Button{previous, next, read, say}}, {1, 3, "", []chat.Button{next, say}}, {3, 3, "", []chat.Button{previous, say}}, {1, 1, "", []chat.Button{say}},
	} {
		all := render(c.seq, c.total, c.reader, true)
		if len(all) < 2 || !slices.Equal(all[0], c.want) || all[1] != nil {
			t.Errorf("passage %d of %d has %+v", c.seq, c.total, all)
		}
	}
	if all := render(2, 3, "https://read.example.org", false); all[0] != nil {
		t.Errorf("without buttons stand %+v", all)
	}
}

// essayOfWords is a text of n words.
func essayOfWords(n int) discussion.Discussion {
	docs := []discussion.Document{{Kind: discussion.Essay, Body: format.Text(strings.Repeat("words ", n)), Confidence: 1}}
	return discussion.Assemble("T", "", docs, discussion.CutOptions{})
}
