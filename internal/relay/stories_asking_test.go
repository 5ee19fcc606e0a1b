package relay_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

// Stories of words that stand at two places, about which the bot asks.

// Each of these stands twice in the first passage: in sentence 7 and at the end
// of sentence 17, and so on.
const (
	sevens = "7 of paragraph 1 goes on and on"
	eights = "8 of paragraph 1 goes on and on"
	sixes  = "6 of paragraph 1 goes on and on"
	fives  = "5 of paragraph 1 goes on and on"
)

// quote has someone say words under a quotation in the first thread of a room.
func (n *town) quote(room chat.Room, who int, quoted, words string) chat.Ref {
	n.t.Helper()
	ref := n.people[room.Platform][who].Say(n.threads(room)[1], "> "+quoted+"\n\n"+words, chat.Ref{})
	n.pass(time.Minute)
	return ref
}

// questions are the messages of a room's first thread that ask.
func (n *town) questions(room chat.Room) (all []chat.Message) {
	for _, m := range n.net(room).Read(n.threads(room)[1]) {
		if strings.HasPrefix(m.Body.Text, "The words that you quote stand at ") {
			all = append(all, m)
		}
	}
	return all
}

// asks fails unless so many questions stand in the first thread of a room, and
// returns the last one.
func (n *town) asks(room chat.Room, want int) chat.Message {
	n.t.Helper()
	all := n.questions(room)
	if len(all) != want {
		n.t.Fatalf("%d questions stand in %s, should be %d: %+v", len(all), room, want, all)
	}
	if want == 0 {
		return chat.Message{}
	}
	return all[want-1]
}

// places are where words stand in the essay, and at last its first passage.
func (n *town) places(words string) (all []discussion.Selector) {
	text, p := n.text.Documents[0].Body.Text, n.text.Passages[0]
	for at := p.Start; ; {
		i := strings.Index(text[at:p.End], words)
		if i < 0 {
			return append(all, discussion.SelectorOf(text, p.Start, p.End))
		}
		at += i
		all = append(all, discussion.SelectorOf(text, at, at+len(words)))
		at++
	}
}

// aims fails unless the annotations are about these places.
func (n *town) aims(want ...discussion.Selector) {
	n.t.Helper()
	var got []discussion.Selector
	for _, a := range n.annotations() {
		if !a.Deleted.IsZero() {
			continue // a choice
		}
		got = append(got, a.Target.Selector)
	}
	if !slices.Equal(got, want) {
		n.t.Fatalf("the remarks are about %+v, should be about %+v", got, want)
	}
}

func TestAQuoteThatStandsTwiceIsAskedAbout(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		hall, at := n.rooms[0], n.places(sevens)
		said := n.quote(hall, 0, sevens, "is it so?")
		n.aims(at[2])
		q := n.asks(hall, 1)
		if q.ReplyTo != said || !strings.Contains(q.Body.Text, "Sentence 17 of paragraph 1 goes on and on. Sentence 18") || !strings.Contains(q.Body.Text, "the passage as a whole") {
			t.Errorf("the question, in reply to %+v: %q", q.ReplyTo, q.Body.Text)
		}
		n.asks(n.rooms[1], 0) // the mirrors ask nobody
		n.asks(n.rooms[2], 0)

		n.say(hall, 1, "2", q.Ref) // somebody else: it is neither a choice nor a remark
		n.aims(at[2])
		n.say(hall, 0, "7", q.Ref) // there are only three
		n.aims(at[2])
		n.say(hall, 0, "2.", q.Ref)
		n.aims(at[1])
		n.asks(hall, 0)
		n.shows(n.rooms[1], "is it so?") // none of the numbers is a remark

		n.nets["one"].Repeat(30) // all of it told again, with what is new, changes nothing
		n.say(hall, 2, "new", chat.Ref{})
		n.shows(n.rooms[1], "is it so?", "new")
		n.aims(at[1], at[2])
		n.asks(hall, 0)
		n.quiet()
	})
}

func TestTheAnswerNeedsNoReplyInAThread(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		club, at := n.rooms[2], n.places(sevens)
		n.quote(club, 0, sevens, "really")
		n.asks(club, 1)
		n.say(club, 0, "42", chat.Ref{})                                                      // was not offered: a remark
		n.say(club, 1, "2", chat.Ref{})                                                       // from who is not asked: a remark
		n.say(club, 0, "3", chat.Ref{Place: n.asks(club, 1).Ref.Place, ID: "of-another-bot"}) // an answer to something else: a remark
		n.say(club, 0, "1", chat.Ref{})
		n.aims(at[0], at[2], at[2], at[2])
		n.asks(club, 0)
		n.say(club, 0, "1", chat.Ref{}) // nothing is asked any more: a remark
		n.aims(at[0], at[2], at[2], at[2], at[2])
		n.shows(n.rooms[0], "really", "42", "2", "3", "1")
	})
}

// Only a reply to the question is no remark whatever the number is: a reply to
// what is not known, and a number under a picture, are what they say.
func TestANumberThatAnswersNoQuestionIsARemark(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		hall, whole := n.rooms[0], n.places(sevens)[2]
		n.quote(hall, 0, sevens, "is it so?")
		n.asks(hall, 1)
		place, me := n.threads(hall)[1], n.people["one"][0].Person()
		says := func(id, words, to string, files ...chat.File) {
			m := chat.Message{Ref: chat.Ref{Place: place, ID: id}, From: me, Body: format.Text(words), Files: files}
			if to != "" {
				m.ReplyTo = chat.Ref{Place: place, ID: to}
			}
			n.tell(chat.Event{Kind: chat.Said, Message: m, By: me, At: time.Now()})
		}
		says("x1", "1", "", chat.File{Name: "sea.png"})
		says("x2", "7", "unknown")
		says("x3", "2", "unknown")
		n.shows(n.rooms[1], "is it so?", "[sea.png (https://one.example/hall/x1)]", "7", "2")
		n.aims(whole, whole, whole, whole)
		n.asks(hall, 1)
	})
}

func TestThePassageAsAWholeIsAnAnswer(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		at := n.places(sevens)
		said := n.quote(n.rooms[0], 0, sevens, "all of it")
		n.say(n.rooms[0], 0, "3", n.asks(n.rooms[0], 1).Ref)
		n.aims(at[2])
		n.asks(n.rooms[0], 0)
		n.people["one"][0].Edit(said, "> "+sevens+"\n\nall of it, I say")
		n.pass(time.Minute)
		n.aims(at[2])
		n.asks(n.rooms[0], 0) // it is asked once
	})
}

// What the writer makes of the quotation meanwhile is an answer, too.
func TestAnEditChangesOrSettlesTheQuestion(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		hall, me := n.rooms[0], n.people["one"][0]
		said := n.quote(hall, 0, sevens, "is it so?")
		first := n.asks(hall, 1)
		me.Edit(said, "> "+eights+"\n\nis it so?")
		n.pass(time.Minute)
		if q := n.asks(hall, 1); q.Ref != first.Ref || !strings.Contains(q.Body.Text, "Sentence 18 of") || strings.Contains(q.Body.Text, "Sentence 17 of paragraph 1 goes on and on. Sentence 18 of") {
			t.Errorf("the question is now %q", q.Body.Text)
		}
		sentence := "Sentence 17 of paragraph 1 goes on and on."
		me.Edit(said, "> "+sentence+"\n\nis it so?")
		n.pass(time.Minute)
		n.asks(hall, 0)
		n.aims(n.places(sentence)[0])
		n.quiet()
	})
}

// A person's move holds whatever else is edited, or told again, until the
// writer quotes something else.
func TestAMoveHoldsUntilTheQuoteChanges(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		hall, me := n.rooms[0], n.people["one"][0]
		said := n.quote(hall, 0, sevens, "is it so?")
		moved := n.places("Sentence 3 of paragraph 1")[0]
		n.update(func(tx *store.Tx) error {
			a, err := tx.Annotation(n.annotations()[0].ID)
			if err != nil {
				return err
			}
			return relay.Move(tx, a, moved, time.Now())
		})
		n.pass(time.Minute)
		n.asks(hall, 0)
		me.Edit(said, "> "+sevens+"\n\nis it really so?")
		n.pass(time.Minute)
		n.aims(moved)
		n.shows(n.rooms[2], "is it really so?")
		n.update(func(tx *store.Tx) error { _, err := tx.PutDiscussion(n.text, time.Now()); return err })
		n.nets["one"].Repeat(20)
		n.say(hall, 1, "new", chat.Ref{})
		n.aims(moved, n.places(sevens)[2])
		sentence := "Sentence 5 of paragraph 1 goes on and on."
		me.Edit(said, "> "+sentence+"\n\nis it really so?")
		n.pass(time.Minute)
		n.aims(n.places(sentence)[0], n.places(sevens)[2])
	})
}

func TestADeletedRemarkIsNotAskedAbout(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		said := n.quote(n.rooms[0], 0, sevens, "is it so?")
		n.asks(n.rooms[0], 1)
		n.people["one"][0].Delete(said)
		n.pass(time.Minute)
		n.asks(n.rooms[0], 0)

		n.quote(n.rooms[2], 0, eights, "rude")
		n.asks(n.rooms[2], 1)
		n.people["one"][3].Delete(n.mirror(n.rooms[0], "rude")) // a moderator hides it
		n.pass(time.Minute)
		n.asks(n.rooms[2], 0)
		n.quiet()
	})
}

// However many remarks may be asked about, three questions stand in a thread;
// and nobody is asked about what an outage kept back for long.
func TestQuestionsAreFew(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		hall := n.rooms[0]
		n.stop()
		for who, quoted := range []string{sevens, eights, sixes, fives} {
			n.people["one"][who].Say(n.threads(hall)[1], "> "+quoted+"\n\nis it so?", chat.Ref{})
			time.Sleep(time.Second)
		}
		n.pass(time.Minute)
		n.start()
		n.pass(time.Minute)
		n.asks(hall, 3)
		if all := strings.Join(n.net(hall).Everything(hall), "\n"); strings.Count(all, "Which one do you mean?") != 3 {
			t.Errorf("more was asked, if not for long: %s", all)
		}
		n.say(hall, 0, "2", chat.Ref{}) // nobody asks them any more: a remark
		n.say(hall, 3, "2", chat.Ref{})
		n.asks(hall, 2)
		whole := n.places(sevens)[2]
		n.aims(whole, whole, whole, n.places(fives)[1], whole)

		n.stop()
		n.people["one"][0].Say(n.threads(hall)[1], "> "+sevens+"\n\nmeanwhile", chat.Ref{})
		n.pass(3 * time.Hour)
		n.start()
		n.pass(time.Minute)
		n.asks(hall, 2)
	})
}

// Outside threads a place has questions about several passages: each that is
// taken back goes the way of its own.
func TestAQuestionMakesRoomForThatOfAnotherPassage(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		hall := chat.Place{Room: n.rooms[0]}
		n.pass(time.Hour) // the second passage
		posts, me := n.net(hall.Room).Read(hall), n.people["one"][0]
		for _, quoted := range []string{sevens, eights, sixes} {
			me.Say(hall, "> "+quoted+"\n\nis it so?", posts[0].Ref)
			n.pass(time.Minute)
		}
		var open []store.Note
		var back store.Delivery
		n.update(func(tx *store.Tx) (err error) { open, err = tx.Notes(n.text.ID, relay.Question); return err })
		if len(open) != 3 {
			t.Fatalf("%d questions are open", len(open))
		}
		n.stop()
		m := chat.Message{Ref: chat.Ref{Place: hall, ID: "x1"}, From: me.Person(), ReplyTo: posts[1].Ref,
			Body: format.Markdown{Typed: true}.Parse("> 7 of paragraph 2 goes on and on\n\nand this?")}
		n.tell(chat.Event{Kind: chat.Said, Message: m, By: m.From, At: time.Now()})
		n.update(func(tx *store.Tx) (err error) {
			back, err = tx.Delivery(store.NoteThing(open[2].ID), hall.Room)
			return err
		})
		if back.Thread != n.text.Passages[0].ID {
			t.Errorf("the oldest question is taken back under %q, should be under the first passage, %q", back.Thread, n.text.Passages[0].ID)
		}
	})
}

// A crash between the request and its answer asks nothing twice.
func TestAQuestionWhoseAnswerIsLost(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		club := n.rooms[2]
		n.nets["two"].Lose(1)
		n.quote(club, 0, sevens, "is it so?")
		n.pass(5 * time.Minute)
		n.asks(club, 1)
		n.stop()
		n.start()
		n.pass(time.Minute)
		n.say(club, 0, "1", n.asks(club, 1).Ref)
		n.asks(club, 0)
		n.stop()
		n.start()
		n.pass(time.Hour)
		n.asks(club, 0)
		n.aims(n.places(sevens)[0])
	})
}

// A choice that is edited into words is a remark from then on, in reply to the
// one that was asked about.
func TestAChoiceIsEditedIntoARemark(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		club, me, at := n.rooms[2], n.people["two"][0], n.places(sevens)
		n.quote(club, 0, sevens, "is it so?")
		choice := n.say(club, 0, "2", n.asks(club, 1).Ref)
		n.shows(n.rooms[0], "is it so?")
		for _, number := range []string{"2.", "1", "9"} {
			me.Edit(choice, number)
			n.pass(time.Minute)
			n.shows(n.rooms[0], "is it so?")
		}
		n.aims(at[0]) // the ninth was not offered
		me.Edit(choice, "2 - but the second half is wrong")
		n.pass(time.Minute)
		n.aims(at[0], at[2])
		n.shows(n.rooms[0], "is it so?", "2 - but the second half is wrong")
		all := n.annotations()
		if a := all[1]; a.Target.Annotation != all[0].ID || a.Motivation != discussion.Replying {
			t.Errorf("the remark is %s to %q", a.Motivation, a.Target.Annotation)
		}
		n.nets["two"].Repeat(20)
		n.say(club, 1, "new", chat.Ref{})
		n.shows(n.rooms[0], "is it so?", "2 - but the second half is wrong", "new")
		me.Delete(choice)
		n.pass(time.Minute)
		n.shows(n.rooms[0], "is it so?", "new")
		n.quiet()
	})
}

// An edit that was made while the bot was away is all it sees of a choice that
// it knows.
func TestAChoiceIsEditedWhileTheBotIsAway(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		club, me := n.rooms[2], n.people["two"][0]
		n.quote(club, 0, sevens, "is it so?")
		choice := n.say(club, 0, "2", n.asks(club, 1).Ref)
		n.stop()
		me.Edit(choice, "2, and why?")
		n.pass(time.Hour)
		n.start()
		n.pass(time.Minute)
		n.shows(n.rooms[0], "is it so?", "2, and why?")
		n.quiet()
	})
}

// Who answers before the bot knows where its question stands is heard.
func TestAnAnswerToAQuestionOnItsWay(t *testing.T) {
	storyOn(t, netOne, keyless, func(t *testing.T, n *town) {
		club := n.rooms[2]
		n.nets["two"].Lose(1)
		n.people["two"][0].Say(n.threads(club)[1], "> "+sevens+"\n\nis it so?", chat.Ref{})
		for n.questions(club) == nil {
			n.pass(time.Second)
		}
		n.people["two"][0].Say(n.threads(club)[1], "1", n.asks(club, 1).Ref)
		n.pass(5 * time.Minute)
		n.asks(club, 0)
		n.aims(n.places(sevens)[0])
	})
}

// Words that stand everywhere point nowhere.
func TestWordsThatStandEverywhereAreNotAskedAbout(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		n.quote(n.rooms[0], 0, "goes on and on", "it does")
		n.asks(n.rooms[0], 0)
		n.aims(n.places(sevens)[2])
	})
}
