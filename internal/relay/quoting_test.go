package relay_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

// discussed is an essay of n paragraphs with comments that came with it, each
// of which quotes a sentence of a paragraph (0: none) and then says something.
func discussed(n int, comments ...comment) discussion.Discussion {
	docs := essay(n).Documents
	docs[0].ID = "essay"
	for i, c := range comments {
		body := format.Doc{}
		if c.quotes > 0 {
			body = body.Add(format.Block{Kind: format.Quote, Quote: 1}, fmt.Sprintf("Sentence 3 of paragraph %d goes on and on.", c.quotes))
		}
		docs = append(docs, discussion.Document{ID: discussion.DocumentID(fmt.Sprint("c", i)), Kind: discussion.Comment, Confidence: 1,
			Author: c.author, Body: body.Add(format.Block{Kind: format.Paragraph}, c.says)})
	}
	return discussion.AssembleFrom("forum:1", "The Story", "https://example.org/story", docs, discussion.CutOptions{})
}

type comment struct {
	author string
	quotes int
	says   string
}

// stands lists what stands in a room: of each post what is said last in its
// first line, and behind it what stands in its thread.
func (n *town) stands(room chat.Room) []string {
	var all []string
	for _, m := range n.net(room).Read(chat.Place{Room: room}) {
		post := gist(m.Body)
		for _, said := range n.net(room).Read(n.net(room).Thread(m.Ref)) {
			post += " < " + gist(said.Body)
		}
		all = append(all, post)
	}
	return all
}

// gist is which paragraph of the story a message shows, or else its words
// without quotations and the footer.
func gist(d format.Doc) string {
	_, own := d.Quoted()
	words, _, _ := strings.Cut(own.Text, "\n\nThe Story ·")
	var paragraph int
	if _, err := fmt.Sscanf(words, "Sentence 1 of paragraph %d", &paragraph); err == nil {
		return fmt.Sprint("paragraph ", paragraph)
	}
	return strings.ReplaceAll(words, "\n\n", " ")
}

// quotingTown tells a story in which a text is posted each hour in all rooms.
func quotingTown(t *testing.T, text discussion.Discussion, tell func(t *testing.T, n *town)) {
	t.Helper()
	databases(t, func(t *testing.T, dsn string) {
		synctest.Test(t, func(t *testing.T) {
			n := newTown(t, dsn, 1, netOne, netTwo)
			n.text = text
			n.plan("0 * * * *")
			n.start()
			tell(t, n)
			n.stop()
			for _, net := range n.nets {
				net.Check(t)
			}
			if err := n.db.Close(); err != nil {
				t.Error(err)
			}
		})
	})
}

// everywhere fails unless each room shows exactly the given posts.
func (n *town) everywhere(want ...string) {
	n.t.Helper()
	for _, room := range n.rooms {
		if got := n.stands(room); strings.Join(got, "\n") != strings.Join(want, "\n") {
			n.t.Errorf("%s shows\n%s\nwant\n%s", room, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// The story "a comment that quotes the essay is posted under that passage": at
// once with it, and never again as a post of its own; the others come later.
func TestAQuotingCommentIsPostedUnderItsPassage(t *testing.T) {
	text := discussed(3,
		comment{"Ada", 0, "Nice."}, comment{"Bo", 2, "Does it?"}, comment{"Cy", 1, "It does."}, comment{"Di", 2, "It does not."})
	quotingTown(t, text, func(t *testing.T, n *town) {
		first, second := "paragraph 1 < Cy comments: It does.", "paragraph 2 < Bo comments: Does it? < Di comments: It does not."
		n.pass(time.Hour + time.Minute)
		n.everywhere(first)
		n.pass(time.Hour)
		n.everywhere(first, second)
		n.pass(time.Hour)
		n.everywhere(first, second, "paragraph 3")
		n.pass(10 * time.Hour)
		n.everywhere(first, second, "paragraph 3", "Ada comments: Nice.")
		n.plan("0 * * * *") // from the beginning, and the text imported again
		n.pass(24 * time.Hour)
		n.everywhere(first, second, "paragraph 3", "Ada comments: Nice.")
	})
}

// What is said to an excerpt under a passage is about the comment, and stands
// in the same thread of the other rooms, in answer to it. An emoji on it opens
// no thread.
func TestAnAnswerToAnExcerptUnderAPassage(t *testing.T) {
	quotingTown(t, discussed(2, comment{"Bo", 1, "Does it?"}), func(t *testing.T, n *town) {
		n.pass(time.Hour + time.Minute)
		hall, club := n.rooms[0], n.rooms[2]
		excerpt := n.mirror(hall, "2/3")
		n.people["one"][0].Say(excerpt.Place, "I saw it", excerpt)
		n.people["one"][1].Say(excerpt.Place, "about the passage", chat.Ref{})
		n.people["one"][1].React(excerpt, "👍")
		n.pass(time.Minute)
		said := n.annotations()
		if len(said) != 2 || said[0].Target.Source != n.text.Documents[1].ID || said[1].Target.Source != n.text.Documents[0].ID {
			t.Fatalf("annotations: %+v", said)
		}
		n.shows(club, "2/3", "I saw it", "about the passage")
		there, answer := n.mirror(club, "2/3"), n.mirror(club, "I saw it")
		for _, m := range n.net(club).Read(there.Place) {
			if m.Ref.ID == answer.ID && m.ReplyTo.ID != there.ID {
				t.Errorf("it answers %+v, want %+v", m.ReplyTo, there)
			}
		}
		if got := n.net(club).Reactions(there); len(got) != 1 {
			t.Errorf("reactions: %q", got)
		}
		n.people["two"][0].Say(there.Place, "so did I", there)
		n.pass(time.Minute)
		n.shows(n.rooms[1], "2/3", "I saw it", "about the passage", "so did I")
	})
}

// A moderator removes an excerpt from a thread. What was said about it stays
// there and follows its writer; what is said about it elsewhere comes there.
func TestAnExcerptThatAModeratorRemoved(t *testing.T) {
	quotingTown(t, discussed(2, comment{"Bo", 1, "Does it?"}), func(t *testing.T, n *town) {
		n.pass(time.Hour + time.Minute)
		hall, club := n.rooms[0], n.rooms[2]
		excerpt, ada := n.mirror(hall, "2/3"), n.people["one"][0]
		said := ada.Say(excerpt.Place, "I saw it", excerpt)
		n.pass(time.Minute)
		n.shows(club, "2/3", "I saw it")
		n.people["two"][0].Delete(n.mirror(club, "2/3"))
		n.pass(time.Minute)
		ada.Edit(said, "I did not see it")
		n.people["one"][1].React(said, "👍")
		n.people["one"][1].Say(excerpt.Place, "nor did I", excerpt)
		n.pass(time.Minute)
		n.shows(club, "I did not see it", "nor did I")
		if got := n.net(club).Reactions(n.mirror(club, "I did not see it")); len(got) != 1 {
			t.Errorf("reactions: %q", got)
		}
		n.shows(hall, "2/3", "I did not see it", "nor did I")
		ada.Delete(said)
		n.pass(time.Minute)
		n.shows(club, "nor did I")
	})
}

// A passage that never comes to have a thread, since the network refuses it or
// somebody removes it at once, keeps no excerpt waiting: that is a post of its own.
func TestAnExcerptWhosePassageIsRefused(t *testing.T) {
	for through, why := range []error{chat.ErrRefused, chat.ErrGone} { // its post, or after that its thread
		quotingTown(t, discussed(2, comment{"Bo", 1, "Does it?"}), func(t *testing.T, n *town) {
			hall, club := n.rooms[0], n.rooms[2]
			n.nets["two"].FailNext(through, nil)
			n.nets["two"].FailNext(1, why)
			n.pass(time.Hour + time.Minute)
			n.say(hall, 0, "I saw it", n.mirror(hall, "2/3"))
			if got := n.stands(club); !slices.Contains(got, "Bo comments: Does it? < one-0: I saw it") {
				t.Errorf("after %v %s shows %q", why, club, got)
			}
		})
	}
}

// Comments that come with a later import find their passage posted already.
func TestAQuotingCommentThatCameLater(t *testing.T) {
	quotingTown(t, discussed(2, comment{"Ada", 0, "Nice."}), func(t *testing.T, n *town) {
		n.pass(3*time.Hour + time.Minute)
		n.everywhere("paragraph 1", "paragraph 2", "Ada comments: Nice.")
		grown := discussed(2, comment{"Ada", 0, "Nice."}, comment{"Bo", 1, "Does it?"}, comment{"Cy", 0, "Well."})
		for range 2 {
			n.update(func(tx *store.Tx) error { _, err := tx.Import(grown, time.Now()); return err })
		}
		n.pass(2 * time.Hour)
		n.everywhere("paragraph 1 < Bo comments: Does it?", "paragraph 2", "Ada comments: Nice.", "Cy comments: Well.")
	})
}

// In a room that does not show the passage, the excerpt is a post of its own,
// which says what it is about.
func TestAnExcerptWithoutItsPassage(t *testing.T) {
	says := "Thanks for it. " + strings.Repeat("Well, well, well. ", 80) + strings.Repeat("I think the main point of the essay is wrong because the data say so. ", 15)
	quotingTown(t, discussed(2, comment{"Bo", 1, says}), func(t *testing.T, n *town) {
		n.update(func(tx *store.Tx) error {
			p, err := tx.Plan("drip")
			if err != nil {
				return err
			}
			p.Next = 2
			if err := tx.PutPlan(p); err != nil {
				return err
			}
			_, err = relay.Advance(tx, "drip", "now", 1, time.Now())
			return err
		})
		n.pass(time.Minute)
		for _, room := range n.rooms {
			got := n.net(room).Read(chat.Place{Room: room})
			if want := "From a comment by Bo on “Sentence 3 of paragraph 1 goes on and on.”:"; len(got) != 1 || !strings.HasPrefix(got[0].Body.Text, want) {
				t.Errorf("%s shows %d posts, first %.80q, want %s", room, len(got), got[0].Body.Text, want)
			}
			if n.net(room).Thread(got[0].Ref) == (chat.Place{}) {
				t.Errorf("in %s it has no thread", room)
			}
		}
	})
}

// What a comment is about stays covered in the line above it where the text covers it.
func TestWhatACommentIsAboutStaysCovered(t *testing.T) {
	docs := essay(1).Documents
	long := format.Doc{}.Add(format.Block{Kind: format.Paragraph}, strings.Repeat("And so it goes on and on, for many words. ", 100))
	docs = append(docs, discussion.Document{ID: "c", Kind: discussion.Comment, Confidence: 1, Author: "Bo",
		Body: long.Add(format.Block{Kind: format.Quote, Quote: 1}, "Sentence 3 of paragraph 1 goes on and on.")})
	words := &docs[0].Body
	at := strings.Index(words.Text, "Sentence 3")
	words.Spans = append(words.Spans, format.Span{Kind: format.Spoiler, Start: at, End: at + len("Sentence 3 of paragraph 1")})
	text := discussion.AssembleFrom("forum:1", "The Story", "https://example.org/story", docs, discussion.CutOptions{})
	synctest.Test(t, func(t *testing.T) {
		n := newTown(t, filepath.Join(t.TempDir(), "story.db"), 1, netOne, netTwo)
		n.text = text
		n.plan("0 * * * *")
		n.start()
		n.pass(24 * time.Hour)
		told := 0
		for _, room := range n.rooms {
			for _, words := range n.net(room).Everything(room) {
				if !strings.HasPrefix(words, "From a comment by Bo on “") {
					continue
				}
				told++
				if line, _, _ := strings.Cut(words, "\n"); strings.Contains(line, "Sentence 3") || !strings.Contains(line, "goes on and on.”") {
					t.Errorf("in %s stands %q", room, line)
				}
			}
		}
		if told < len(n.rooms) {
			t.Errorf("in %d rooms %d posts tell what a comment is about", len(n.rooms), told)
		}
		n.stop()
		if err := n.db.Close(); err != nil {
			t.Error(err)
		}
	})
}
