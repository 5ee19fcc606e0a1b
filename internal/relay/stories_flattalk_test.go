package relay_test

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/chattest"
	"marginalia/internal/format"
	"marginalia/internal/lang"
)

// What is made anew (someone it names is forgotten) in a flat room keeps all its parts.
func TestFlatAnewKeepsAllParts(t *testing.T) {
	flatly(t, func(t *testing.T, n *town, flat, other chat.Room) {
		main, thread := chat.Place{Room: flat}, n.under(other, "p1")
		them := n.people[other.Platform][1].Person()
		n.tellsAt(thread, 1, "known", "")
		at := "@" + them.Name
		d := format.Text(at)
		d.Spans = []format.Span{{Kind: format.Mention, Start: 0, End: len(at), Attr: them.ID}}
		d = d.Add(format.Block{Kind: format.Paragraph}, strings.Repeat("and long ", 1000)+"end")
		n.people[other.Platform][0].SayDoc(thread, d, chat.Ref{})
		n.pass(time.Minute)
		before := len(n.net(flat).Read(main))
		n.forget(other.Platform, 1)
		n.pass(10 * time.Minute)
		var all []string
		for _, m := range n.net(flat).Read(main) {
			all = append(all, m.Body.Text)
		}
		text := strings.Join(all, "\n")
		if !strings.Contains(text, "end") || strings.Contains(text, "more in the reader") {
			t.Errorf("of %d messages %d stand; the end is lost, the last one ends %q", before, len(all), text[max(0, len(text)-60):])
		}
	})
}

// A thread that people opened under a post outlives the post, as in a room with threads.
func TestFlatOwnThreadOutlivesItsPost(t *testing.T) {
	flatly(t, func(t *testing.T, n *town, flat, other chat.Room) {
		main, thread := chat.Place{Room: flat}, n.under(other, "p1")
		own := n.nets[flat.Platform].User("someone").OpenThread(n.at(main, "p1"))
		n.tellsAt(own, 1, "eff", "")
		n.reads(thread, "excerpt", "eff")
		n.nets[flat.Platform].User("moderator").Delete(n.at(main, "p1"))
		n.pass(time.Minute)
		n.tellsAt(own, 1, "gee", "")
		n.reads(thread, "excerpt", "eff", "gee")
	})
}

// The same in a room with threads (control).
func TestThreadOutlivesItsPost(t *testing.T) {
	flatly(t, func(t *testing.T, n *town, flat, other chat.Room) {
		thread := n.under(other, "p1")
		n.tellsAt(thread, 1, "eff", "")
		n.nets[other.Platform].User("moderator").Delete(n.at(chat.Place{Room: other}, "p1"))
		n.pass(time.Minute)
		n.tellsAt(thread, 1, "gee", "")
		n.reads(chat.Place{Room: flat}, "p1", "p1 ← excerpt", "p1 ← eff", "p1 ← gee")
	})
}

// And so it does where verify posts it anew.
func TestFlatOwnThreadOutlivesMending(t *testing.T) {
	flatly(t, func(t *testing.T, n *town, flat, other chat.Room) {
		main, thread := chat.Place{Room: flat}, n.under(other, "p1")
		own := n.nets[flat.Platform].User("someone").OpenThread(n.at(main, "p1"))
		n.tellsAt(own, 1, "eff", "")
		n.stop()
		(&hand{n: n}).do(flat, chat.Action{Verb: chat.Delete, On: n.at(main, "p1")})
		n.start()
		n.pass(time.Minute)
		n.mend(n.verified("lost: passage 1 of The Story"))
		n.tellsAt(own, 1, "gee", "")
		n.reads(thread, "excerpt", "eff", "gee")
	})
}

// The hint of who speaks in a thread of their own stands there, or answers them.
func TestFlatHintInOnesOwnThread(t *testing.T) {
	flatly(t, func(t *testing.T, n *town, flat, other chat.Room) {
		n.hint = func(string, lang.Language) format.Doc { return format.Text("this is repeated") }
		n.restart()
		main := chat.Place{Room: flat}
		own := n.nets[flat.Platform].User("someone").OpenThread(n.at(main, "p1"))
		n.tellsAt(own, 1, "eff", "")
		for _, line := range n.timeline(main) {
			if line == "this is repeated" {
				t.Errorf("it answers nobody in the main timeline: %q; in the thread %q", n.timeline(main), n.timeline(own))
			}
		}
	})
}

// Who answers a hint answers what that answers.
func TestAnswersToHintsInAFlatRoom(t *testing.T) {
	flatly(t, func(t *testing.T, n *town, flat, other chat.Room) {
		main, thread := chat.Place{Room: flat}, n.under(other, "p1")
		n.hint = func(string, lang.Language) format.Doc { return format.Text("this is repeated") }
		n.restart()
		n.tellsAt(main, 0, "aye", "p1")
		n.tellsAt(main, 0, "but I mean p1", "this is repeated")
		n.reads(thread, "excerpt", "aye", "aye ← but I mean p1")
	})
}

func flatTown(t *testing.T, one, two chattest.Options, flat int, before func(n *town), tell func(n *town, flat, other chat.Room)) {
	synctest.Test(t, func(t *testing.T) {
		n := newTown(t, filepath.Join(t.TempDir(), "story.db"), 1, one, two)
		n.text = discussed(3, comment{author: "Bo", quotes: 1, says: "excerpt"})
		n.flat = n.rooms[flat : flat+1]
		if before != nil {
			before(n)
		}
		n.plan("0 * * * *")
		n.start()
		defer func() {
			n.stop()
			for _, net := range n.nets {
				net.Check(t)
			}
			_ = n.db.Close()
		}()
		n.pass(time.Hour + time.Minute)
		tell(n, n.rooms[flat], n.rooms[2-flat])
		n.pass(time.Hour)
		n.verified()
		n.quiet()
	})
}

// A thread that people opened under a mirror that is made anew.
func TestFlatOwnThreadUnderAMirrorMadeAnew(t *testing.T) {
	for _, i := range []int{0, 2} {
		flatTown(t, netOne, netTwo, i, nil, func(n *town, flat, other chat.Room) {
			main, thread := chat.Place{Room: flat}, n.under(other, "p1")
			them := n.people[other.Platform][1].Person()
			n.tellsAt(thread, 1, "known", "")
			at := "@" + them.Name
			d := format.Text(at + " aye")
			d.Spans = []format.Span{{Kind: format.Mention, Start: 0, End: len(at), Attr: them.ID}}
			n.people[other.Platform][0].SayDoc(thread, d, chat.Ref{})
			n.pass(time.Minute)
			all := n.net(flat).Read(main)
			own := n.nets[flat.Platform].User("someone").OpenThread(all[len(all)-1].Ref)
			n.tellsAt(own, 2, "eff", "")
			n.forget(other.Platform, 1)
			n.pass(time.Minute)
			n.tellsAt(own, 2, "gee", "")
			if got := strings.Join(n.timeline(thread), "\n"); !strings.Contains(got, "eff") || !strings.Contains(got, "gee") {
				t.Errorf("%d: there stands\n%s", i, got)
			}
		})
	}
}

// A long remark in the middle of a thread that is made anew, since someone it names
// is forgotten, has all its parts.
func TestALongRemarkIsMadeAnewWhole(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		hall, club, them := n.rooms[0], n.rooms[2], n.people["one"][1].Person()
		long := mentioning(them, "in short").Add(format.Block{Kind: format.Paragraph}, strings.Repeat("and long ", 1000)+"end")
		n.people["one"][0].SayDoc(n.threads(hall)[1], long, chat.Ref{})
		n.pass(time.Minute)
		n.say(hall, 2, "after it", chat.Ref{})
		before := len(n.net(club).Read(n.threads(club)[1]))
		n.forget("one", 1)
		n.pass(5 * time.Minute)
		all := n.net(club).Read(n.threads(club)[1])
		if last := all[len(all)-1].Body.Text; len(all) != before || !strings.HasSuffix(last, "end") {
			t.Errorf("of %d messages %d stand, the last of which ends %q", before, len(all), last[max(0, len(last)-60):])
		}
		n.quiet()
	})
}

// hardOfHearing is a platform that is listened to only a while after it can be asked.
type hardOfHearing struct{ *chattest.Platform }

func (p hardOfHearing) Run(ctx context.Context, since map[chat.Place]chat.Cursor, handle func(context.Context, chat.Batch) error) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(10 * time.Minute):
	}
	return p.Platform.Run(ctx, since, handle)
}

// While the bot is away someone answers a mirror, and what that shows is taken back
// elsewhere, which is heard first: the answer is kept as one in a thread is.
func TestAnAnswerToAMirrorThatGoesBeforeItIsHeard(t *testing.T) {
	flatly(t, func(t *testing.T, n *town, flat, other chat.Room) {
		main, thread := chat.Place{Room: flat}, n.under(other, "p1")
		said := n.tellsAt(thread, 1, "eff", "")
		n.tellsAt(thread, 0, "jay", "")
		n.stop()
		n.people[flat.Platform][0].Say(main, "gee", n.at(main, "eff"))
		n.people[other.Platform][1].Delete(said)
		n.through = func(p *chattest.Platform) chat.Platform {
			if p.Profile().Name == flat.Platform {
				return hardOfHearing{p}
			}
			return p
		}
		n.start()
		n.pass(5 * time.Minute)
		n.reads(main, "p1", "p1 ← excerpt", "p1 ← jay", "? ← gee")
		n.pass(10 * time.Minute)
		n.reads(thread, "excerpt", "jay", "gee")
	})
}

// The same of a mirror that nobody knows to stand: the answer was lost, and its words
// were edited since, so that it is posted anew.
func TestAnAnswerToAMirrorThatGoesBeforeItIsKnown(t *testing.T) {
	flatly(t, func(t *testing.T, n *town, flat, other chat.Room) {
		main, thread := chat.Place{Room: flat}, n.under(other, "p1")
		n.through = func(p *chattest.Platform) chat.Platform {
			return &unanswering{Platform: p, net: n.nets[p.Profile().Name], room: flat, words: "eff"}
		}
		n.restart()
		said := n.people[other.Platform][1].Say(thread, "eff", chat.Ref{})
		n.pass(time.Second)
		n.people[flat.Platform][0].Say(main, "gee", n.at(main, "eff"))
		n.people[other.Platform][1].Edit(said, "eff, edited")
		n.pass(5 * time.Minute)
		n.reads(main, "p1", "p1 ← excerpt", "? ← gee", "p1 ← eff, edited")
		n.reads(thread, "excerpt", "eff, edited", "eff, edited ← gee")
	})
}

// While it is not known what a message shows, what answers it is taken back: what
// answers that in turn stays, is about the same, and holds nothing of its words; be it
// heard before or later, once or again.
func TestAnAnswerToWhatIsTakenBackBeforeItIsKnown(t *testing.T) {
	for name, takeBack := range map[string]func(*town, chat.Ref, chat.Ref){
		"deleted": func(n *town, gee, ghee chat.Ref) {
			ada := n.people[gee.Place.Room.Platform][0]
			ada.Delete(gee)
			ada.Delete(ghee)
		},
		"forgotten": func(n *town, gee, _ chat.Ref) { n.forget(gee.Place.Room.Platform, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			flatly(t, func(t *testing.T, n *town, flat, other chat.Room) {
				main, thread, people := chat.Place{Room: flat}, n.under(other, "p1"), n.people[flat.Platform]
				n.through = func(p *chattest.Platform) chat.Platform {
					return &unanswering{Platform: p, net: n.nets[p.Profile().Name], room: flat, words: "eff"}
				}
				n.restart()
				n.people[other.Platform][1].Say(thread, "eff", chat.Ref{})
				n.pass(time.Second)
				gee := people[0].Say(main, "gee", n.at(main, "eff"))
				ghee := people[0].Say(main, "ghee", gee)
				aitch := people[1].Say(main, "aitch", ghee)
				people[2].Say(main, "jay", aitch)
				want := []string{"excerpt", "eff", "eff ← aitch", "aitch ← jay"}
				own := n.nets[flat.Platform].Thread(gee) // where threads are free
				if own != (chat.Place{}) {
					kay := people[1].Say(own, "kay", chat.Ref{})
					people[2].Say(own, "ell", kay)
					want = append(want, "eff ← kay", "kay ← ell")
				}
				n.pass(time.Second)
				takeBack(n, gee, ghee)
				n.pass(time.Second)
				if held := n.allThatWaits(); strings.Contains(held, "gee") || strings.Contains(held, "ghee") || !strings.Contains(held, "aitch") {
					t.Errorf("there waits %s", held)
				}
				n.nets[flat.Platform].Repeat(30)
				if own != (chat.Place{}) {
					people[1].Say(own, "emm", chat.Ref{})
					want = append(want, "eff ← emm")
				} else {
					people[1].Say(main, "emm", aitch)
					want = append(want, "aitch ← emm")
				}
				n.pass(5 * time.Minute)
				n.reads(thread, want...)
				n.tellsAt(main, 2, "enn", "aitch")
				n.reads(thread, append(want, "aitch ← enn")...)
			})
		})
	}
}

// allThatWaits is all that the inbox holds.
func (n *town) allThatWaits() string {
	n.t.Helper()
	all := n.held()
	out, err := json.Marshal(all)
	if err != nil {
		n.t.Fatal(err)
	}
	for _, h := range all {
		out = append(out, h.Event.Raw...)
	}
	return string(out)
}

// A number in reply to a question that is gone is no remark, nor does it choose.
func TestAnAnswerToAQuestionThatIsGone(t *testing.T) {
	flatly(t, func(t *testing.T, n *town, flat, other chat.Room) {
		main, thread, people := chat.Place{Room: flat}, n.under(other, "p1"), n.people[flat.Platform]
		people[0].Say(main, "> "+sevens+"\n\nis it so?", n.at(main, "p1"))
		n.pass(time.Minute)
		all := n.net(flat).Read(main)
		q := all[len(all)-1]
		if !strings.HasPrefix(q.Body.Text, "The words that you quote stand at ") {
			t.Fatalf("last stands %q", q.Body.Text)
		}
		people[0].Say(main, "2", q.Ref)
		n.pass(time.Minute)
		if left := n.net(flat).Read(main); slices.ContainsFunc(left, func(m chat.Message) bool { return m.Ref == q.Ref }) {
			t.Fatal("the question still stands")
		}
		people[1].Say(main, "1", q.Ref)
		people[1].Say(main, "I wonder", q.Ref)
		n.pass(time.Minute)
		n.reads(thread, "excerpt", "is it so?", "is it so? ← I wonder")
	})
}

// What somebody said before they were forgotten, and is heard only then, is not
// recorded; what answers it is, be it heard with it or in doubt.
func TestAnAnswerToLateWordsOfWhoIsForgotten(t *testing.T) {
	flatly(t, func(t *testing.T, n *town, flat, other chat.Room) {
		main, thread, people := chat.Place{Room: flat}, n.under(other, "p1"), n.people[flat.Platform]
		n.tellsAt(thread, 1, "eff", "")
		n.stop()
		gee := people[0].Say(main, "gee", n.at(main, "eff"))
		people[1].Say(main, "aitch", gee)
		n.pass(time.Minute)
		n.forget(flat.Platform, 0)
		n.start()
		n.pass(time.Minute)
		n.reads(thread, "excerpt", "eff", "eff ← aitch")
	})
}

// unanswering is a platform that does not tell of the bot's own messages, and loses
// the answer to the first post of some words in a room.
type unanswering struct {
	*chattest.Platform
	net   *chattest.Network
	room  chat.Room
	words string
	lost  atomic.Bool
}

func (p *unanswering) Do(ctx context.Context, a chat.Action) (chat.Done, error) {
	done, err := p.Platform.Do(ctx, a)
	if a.Verb == chat.Post && a.Message.Ref.Place.Room == p.room && strings.HasSuffix(a.Message.Body.Text, p.words) && !p.lost.Swap(true) {
		return chat.Done{}, errors.New("the answer is lost")
	}
	return done, err
}

func (p *unanswering) Run(ctx context.Context, since map[chat.Place]chat.Cursor, handle func(context.Context, chat.Batch) error) error {
	return p.Platform.Run(ctx, since, func(ctx context.Context, b chat.Batch) error {
		b.Events = slices.DeleteFunc(slices.Clone(b.Events), func(e chat.Event) bool { return e.Kind == chat.Echoed })
		for i, e := range b.Events {
			for _, m := range p.net.Read(e.Message.ReplyTo.Place) {
				if m.Ref.ID == e.Message.ReplyTo.ID { // as networks repeat what is answered
					b.Events[i].Raw, _ = json.Marshal(map[string]string{"answers": m.Body.Text, "whose": m.From.ID})
				}
			}
		}
		return handle(ctx, b)
	})
}
