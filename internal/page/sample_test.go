package page

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"marginalia/internal/discussion"
	"marginalia/internal/format"
)

// tides is a long essay with two comments and forty annotations: several on
// one passage, some over each other, some with answers, one withdrawn.
func tides(tb testing.TB) Input {
	tb.Helper()
	src, err := os.ReadFile("testdata/tides.md")
	if err != nil {
		tb.Fatal(err)
	}
	s := sample{people: map[discussion.PersonID]discussion.Person{}}
	essay := discussion.Document{ID: "essay", Kind: discussion.Essay, Author: "Imre Vale", Confidence: 1, Body: format.Markdown{}.Parse(string(src))}
	first := discussion.Document{
		ID: "first", Kind: discussion.Comment, Author: "Quire", Posted: time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC),
		Body: format.Text("I kept bees for twelve years and have a ledger of much the same sort. Mine has more crosses in it than numbers.\n\nNobody has come with a scanner."),
	}
	second := discussion.Document{
		ID: "second", Kind: discussion.Comment, Parent: "first", Author: "Wren", Lines: [2]int{4, 4}, Confidence: .45,
		Body: format.Text("Keep it. Somebody will."),
	}
	s.d = discussion.Discussion{ID: "tides-1", Title: "The Tide Table", URL: "https://essays.example.org/tides", Documents: []discussion.Document{essay, first, second}}
	s.cut()
	s.talk()
	return Input{Discussion: s.d, Annotations: s.said, People: s.people, Reactions: s.reactions, Default: discussion.Named}
}

type sample struct {
	d         discussion.Discussion
	said      []discussion.Annotation
	people    map[discussion.PersonID]discussion.Person
	reactions []Reaction
}

// cut makes passages of whole blocks, and tears the one long paragraph in two.
func (s *sample) cut() {
	for _, doc := range s.d.Documents {
		start := -1
		add := func(from, to int) {
			n := len(s.d.Passages) + 1
			s.d.Passages = append(s.d.Passages, discussion.Passage{ID: discussion.PassageID(fmt.Sprintf("p%02d", n)), Document: doc.ID, Seq: n, Start: from, End: to})
		}
		for i, b := range doc.Body.Blocks {
			if start < 0 {
				start = b.Start
			}
			last := i+1 == len(doc.Body.Blocks)
			if at := strings.Index(doc.Body.Text[b.Start:b.End], "It is not the arithmetic"); at > 0 {
				add(start, b.Start+at-1)
				start = b.Start + at
			}
			if last || b.End-start > 550 || doc.Body.Blocks[i+1].Kind == format.Heading && b.Kind != format.Heading {
				add(start, b.End)
				start = -1
			}
		}
	}
}

func (s *sample) person(name string) discussion.PersonID {
	id := discussion.PersonID("person-" + name)
	s.people[id] = discussion.Person{ID: id, Platform: "local", User: "user-of-" + name, Name: name}
	return id
}

// say adds an annotation on words of the text, or on the whole passage that
// holds them where they end in "…".
func (s *sample) say(name, about, words string) *discussion.Annotation {
	whole := strings.HasSuffix(about, "…")
	about = strings.TrimSuffix(about, "…")
	for _, doc := range s.d.Documents {
		at := strings.Index(doc.Body.Text, about)
		if at < 0 {
			continue
		}
		p := s.passage(doc.ID, at)
		sel := discussion.Selector{Start: at, End: at + len(about), Exact: about}
		if whole {
			sel = discussion.Selector{Start: p.Start, End: p.End, Exact: doc.Body.Text[p.Start:p.End]}
		}
		n := len(s.said) + 1
		s.said = append(s.said, discussion.Annotation{
			ID: discussion.AnnotationID(fmt.Sprintf("n%02d", n)), Discussion: s.d.ID, Motivation: discussion.Commenting,
			Target: discussion.Target{Source: doc.ID, Selector: sel}, Under: p.ID, Creator: s.person(name),
			Body: format.Markdown{}.Parse(words), Created: time.Date(2026, 5, 3, 8, n, 0, 0, time.UTC),
		})
		return &s.said[n-1]
	}
	panic("the essay does not say " + about)
}

func (s *sample) passage(doc discussion.DocumentID, at int) discussion.Passage {
	for _, p := range s.d.Passages {
		if p.Document == doc && p.Start <= at && at < p.End {
			return p
		}
	}
	panic("no passage there")
}

func (s *sample) answer(name string, to discussion.AnnotationID, words string) *discussion.Annotation {
	for _, a := range s.said {
		if a.ID != to {
			continue
		}
		a.ID, a.Creator, a.Motivation = discussion.AnnotationID(fmt.Sprintf("n%02d", len(s.said)+1)), s.person(name), discussion.Replying
		a.Target.Annotation, a.Body = to, format.Markdown{}.Parse(words)
		a.Created = time.Date(2026, 5, 3, 8, len(s.said)+1, 0, 0, time.UTC)
		s.said = append(s.said, a)
		return &s.said[len(s.said)-1]
	}
	panic("nobody said " + to)
}

func (s *sample) talk() {
	s.say("Ledger", "My grandfather kept…", "What an opening. I am in.")
	a := s.say("Half a Moon", "the committee had since died", "> the committee had since died\n\nThe best thing that can happen to a committee's decision.")
	s.answer("Wren", a.ID, "Unless the decision was about the committee.")
	s.say("Quire", "a pencil on a string", "I want to know what became of the **string**. A pencil is a pencil, but somebody chose that string.")
	s.say("Sidelong", "Anyone who needs to know", "This is the whole essay.")
	q := s.say("Ledger", "will need to know all of it", "Is that true? I have needed *one* page of many things.")
	q.Motivation = discussion.Questioning
	s.answer("Quire", q.ID, "You needed one page because somebody had kept the others.")
	s.answer("Ledger", q.ID, "Fair. I withdraw the question mark.")
	s.say("Wren", "Anyone who needs to know,\" he said, \"will need to know all of it", "Cf. the librarian in the story about the map. https://example.org/on-exactitude-in-science-and-other-very-long-addresses-that-must-wrap")
	s.say("Half a Moon", "a theory of knowledge", "Bold.")
	s.say("Sidelong", "A series of measurements…", "I would like to object to this section as a whole: it proves too much. By the same arithmetic one should never stop anything, and most of what I am glad of in my life began with stopping something. The chain argument is what people say who are afraid to put the chain down. And yet I notice that I have just written this on a day on which I meant to practise, and did not, so perhaps I am not the most disinterested witness. Let me say instead that the argument holds for *records* and that it is smuggled from there into *habits*.")
	s.say("Ledger", "One reading of a tide is worth nothing", "To the person on the wall that morning it was worth a dry foot.")
	s.say("Quire", "worth a harbour", "Lovely.")
	s.say("Wren", "the first missing one takes something away from all of them", "Like a lie.")
	s.say("Half a Moon", "fed a sourdough", "Mine is called Boris and has outlived two marriages.")
	s.say("Ledger", "the arithmetic of a chain", "Zipf? No. But there is a literature: `Metcalfe`.")
	s.say("Sidelong", "today can be skipped", "I feel seen.")
	s.say("Wren", "what we call character", "Underlined twice in my copy.")
	s.say("Quire", "a good deal of what we call character is no more than the ability to see the whole chain", "This, and the next half sentence, are worth the price of admission.")
	s.say("Half a Moon", "whole chain while one is holding a single link of it", "And the third overlap, for the sake of the colour.")
	s.say("Ledger", "institutions", "Pliny's nephew would like a word.")
	gone := s.say("Ledger", "each is marked in the ledger", "x")
	s.answer("Wren", gone.ID, "I answered something here that is gone now.")
	s.said[21].Body, s.said[21].Deleted = format.Doc{}, time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC)
	s.say("Quire", "The crosses are what made me trust the numbers.", "Yes. *Yes.*")
	s.say("Sidelong", "A record that admits nothing…", "Sounds like a proverb and is not one. I looked.")
	for i, words := range []string{"Why seven?", "Because it is the number of waves.", "Not of *these* waves.", "Superstition is a form of calibration.", "Every ninth, where I grew up.", "Nine in French, too."} {
		a := s.say([]string{"Wren", "Ledger", "Half a Moon"}[i%3], "count seven waves", words)
		a.Created = a.Created.Add(time.Minute)
	}
	s.say("Quire", "write a cross", "There it is again.")
	s.say("Ledger", "low, high := slices.Min", "Off by one hand.")
	s.say("Wren", "readings/complete-series", "The link is a work of art.")
	s.say("Half a Moon", "11 ft 4", "My birthday.")
	s.say("Sidelong", "complaining about the scanner", "As one does, in the happiest week of one's life.")
	s.say("Wren", "You cannot find a plausible number afterwards.", "I have worked on exactly this for two years, and would like to frame the sentence.\n\n- not the number\n- not the error\n- the plausibility")
	s.say("Quire", "not the readings but the crosses", "So the gaps are the data.")
	s.say("Ledger", "wanted its columns filled", "Reader, I was that clerk.")
	s.say("Half a Moon", "Somebody was there.", "I am not crying, it is the tide.")
	s.say("Ledger", "I kept bees…", "Please scan it yourself.")
	for i, e := range []string{"👍", "❤", "🧵", "👍"} {
		who := []string{"Wren", "Quire", "Wren", "Wren"}[i]
		s.reactions = append(s.reactions, Reaction{Annotation: "n05", Reaction: discussion.Reaction{Person: s.person(who), Emoji: e}})
	}
	for _, p := range s.d.Passages[1:] {
		for _, given := range [][2]string{{"Wren", "✅"}, {"Quire", "✅"}, {"Wren", "💡"}, {"Ledger", "❌"}, {"Ledger", "👍🏽"}} {
			s.reactions = append(s.reactions, Reaction{Passage: p.ID, Reaction: discussion.Reaction{Person: s.person(given[0]), Emoji: given[1]}})
		}
	}
}
