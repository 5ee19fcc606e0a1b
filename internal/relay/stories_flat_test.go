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
	"marginalia/internal/format"
	"marginalia/internal/lang"
	"marginalia/test/require"
)

// flatly tells a story in which one room has no threads: the hall, on a network
// where they are free, or else the club, where they are opened. The first of three
// passages stands everywhere, and an excerpt of a comment on it.
func flatly(t *testing.T, tell func(t *testing.T, n *town, flat, other chat.Room)) {
	t.Helper()
	for name, flat := range map[string]int{"free threads": 0, "opened threads": 2} {
		t.Run(name, func(t *testing.T) {
			databases(t, func(t *testing.T, dsn string) {
				synctest.Test(t, func(t *testing.T) {
					n := newTown(t, dsn, 1, netOne, netTwo)
					n.text = discussed(3, comment{author: "Bo", quotes: 1, says: "excerpt"})
					n.flat = n.rooms[flat : flat+1]
					n.plan("0 * * * *")
					n.start()
					defer func() {
						n.stop()
						for _, net := range n.nets {
							net.Check(t)
						}
						if err := n.db.Close(); err != nil {
							t.Error(err)
						}
					}()
					n.pass(time.Hour + time.Minute)
					tell(t, n, n.rooms[flat], n.rooms[2-flat])
					n.pass(time.Hour)
					n.verified()
					n.quiet()
				})
			})
		})
	}
}

// labelled is the beginning of what a message says, without who says it; of a
// passage's "p" and its number.
func labelled(m chat.Message) string {
	words := gist(m.Body)
	if strings.HasPrefix(words, "paragraph ") {
		return "p" + words[len("paragraph "):]
	}
	if who, said, named := strings.Cut(words, ": "); named && (who == "Bo comments" || !strings.Contains(who, " ")) {
		words = said
	}
	return words[:min(len(words), 60)]
}

// timeline lists what stands in a place, behind what it answers.
func (n *town) timeline(p chat.Place) (all []string) {
	for _, m := range n.net(p.Room).Read(p) {
		line := labelled(m)
		if !m.ReplyTo.IsZero() {
			line = n.label(m.ReplyTo) + " ← " + line
		}
		all = append(all, line)
	}
	return all
}

func (n *town) label(ref chat.Ref) string {
	all := n.net(ref.Place.Room).Read(ref.Place)
	if i := slices.IndexFunc(all, func(m chat.Message) bool { return m.Ref.ID == ref.ID }); i >= 0 {
		return labelled(all[i])
	}
	return "?"
}

// reads fails unless exactly this stands in a place.
func (n *town) reads(p chat.Place, want ...string) {
	n.t.Helper()
	if got := n.timeline(p); !slices.Equal(got, want) {
		n.t.Fatalf("in %v stands\n\t%s\nwant\n\t%s", p, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// at is a message in a place.
func (n *town) at(p chat.Place, label string) chat.Ref {
	n.t.Helper()
	for _, m := range n.net(p.Room).Read(p) {
		if labelled(m) == label {
			return m.Ref
		}
	}
	n.t.Fatalf("%q does not stand in %v", label, p)
	return chat.Ref{}
}

// tellsAt has someone say something, perhaps in answer to what stands there.
func (n *town) tellsAt(p chat.Place, who int, words, to string) chat.Ref {
	n.t.Helper()
	var answers chat.Ref
	if to != "" {
		answers = n.at(p, to)
	}
	ref := n.people[p.Room.Platform][who].Say(p, words, answers)
	n.pass(time.Minute)
	return ref
}

// under is the thread of a post.
func (n *town) under(room chat.Room, label string) chat.Place {
	n.t.Helper()
	return n.net(room).Thread(n.at(chat.Place{Room: room}, label))
}

func (n *town) restart() {
	n.stop()
	n.start()
	n.pass(time.Minute)
}

// A room without threads shows what is said elsewhere as answers in its main
// timeline, and what people answer there counts. A thread that they open under a
// post is one of its own.
func TestARoomWithoutThreads(t *testing.T) {
	flatly(t, func(t *testing.T, n *town, flat, other chat.Room) {
		main, thread := chat.Place{Room: flat}, n.under(other, "p1")
		n.reads(main, "p1", "p1 ← excerpt")
		n.tellsAt(thread, 0, "aye", "")
		n.tellsAt(thread, 1, "bee", "aye")
		n.restart()
		n.tellsAt(thread, 0, "of the excerpt", "excerpt")
		n.reads(main, "p1", "p1 ← excerpt", "p1 ← aye", "aye ← bee", "excerpt ← of the excerpt")
		n.tellsAt(main, 0, "mere talk", "")
		n.tellsAt(main, 0, "cee", "bee")
		n.tellsAt(main, 1, "dee", "p1")
		n.tellsAt(main, 2, "eee", "excerpt")
		want := []string{"p1", "p1 ← excerpt", "p1 ← aye", "aye ← bee", "excerpt ← of the excerpt", "mere talk", "bee ← cee", "p1 ← dee", "excerpt ← eee"}
		n.reads(main, want...)
		there := []string{"excerpt", "aye", "aye ← bee", "excerpt ← of the excerpt", "bee ← cee", "dee", "excerpt ← eee"}
		n.reads(thread, there...)

		own := n.nets[flat.Platform].User("someone").OpenThread(n.at(main, "p1"))
		n.restart()
		n.tellsAt(own, 1, "eff", "")
		n.reads(thread, append(there, "eff")...)
		n.tellsAt(thread, 2, "gee", "eff")
		n.reads(main, append(want, "eff ← gee")...)
		n.reads(own, "eff")

		n.pass(time.Hour)
		n.reads(main, append(want, "eff ← gee", "p2")...)
		n.tellsAt(main, 1, "of the second", "p2")
		n.reads(n.under(other, "p2"), "of the second")
	})
}

// Edits, deletions and emoji come to a room without threads as to others. What grows
// gets no further message behind all that was said meanwhile.
func TestWhatChangesInARoomWithoutThreads(t *testing.T) {
	flatly(t, func(t *testing.T, n *town, flat, other chat.Room) {
		main, thread := chat.Place{Room: flat}, n.under(other, "p1")
		a := n.tellsAt(thread, 0, "aye", "")
		b := n.tellsAt(thread, 1, "bee", "aye")
		n.tellsAt(thread, 1, "cee", "bee")
		d := n.tellsAt(main, 0, "dee", "p1")
		n.people[other.Platform][0].Edit(a, "aye and "+strings.Repeat("and long ", 1000)+"end")
		n.people[other.Platform][1].Delete(b)
		n.people[flat.Platform][0].Edit(d, "Dee")
		n.people[other.Platform][2].React(n.at(thread, "dee"), "👍")
		n.people[other.Platform][2].React(n.net(other).Read(chat.Place{Room: other})[0].Ref, "👍")
		n.pass(time.Minute)
		n.restart()
		all := n.net(flat).Read(main)
		grown := labelled(n.net(other).Read(thread)[1])
		n.reads(main, "p1", "p1 ← excerpt", "p1 ← "+grown, "? ← cee", "p1 ← Dee")
		if words := all[2].Body.Text; !strings.HasSuffix(words, "… (more in the reader)") {
			t.Errorf("what grew ends with %q", words[len(words)-40:])
		}
		for _, ref := range []chat.Ref{d, n.at(main, "p1")} {
			if got := n.net(flat).Reactions(ref); fmt.Sprint(got) != "[👍]" {
				t.Errorf("under %s stands %v", n.label(ref), got)
			}
		}
		n.reads(thread, "excerpt", grown, "? ← cee", "Dee")
		n.tellsAt(thread, 2, "of what is gone", "cee")
		mirror := n.at(main, "of what is gone")
		n.nets[flat.Platform].User("moderator").Delete(mirror)
		n.pass(time.Minute)
		n.reads(main, "p1", "p1 ← excerpt", "p1 ← "+grown, "? ← cee", "p1 ← Dee")
		n.reads(thread, "excerpt", grown, "? ← cee", "Dee", "cee ← of what is gone")
	})
}

// The notes of the bot stand in the main timeline where they are about something:
// a room has one hint, and a passage one line that says it is closed; in answer
// to its post, as is what comes too late.
func TestNotesInARoomWithoutThreads(t *testing.T) {
	flatly(t, func(t *testing.T, n *town, flat, other chat.Room) {
		n.moderators()
		n.hint = func(string, lang.Language) format.Doc { return format.Text("this is repeated") }
		n.restart()
		main, thread := chat.Place{Room: flat}, n.under(other, "p1")
		n.tellsAt(main, 0, "aye", "p1")
		n.pass(time.Hour)
		n.tellsAt(main, 1, "bee", "p2")
		n.reads(main, "p1", "p1 ← excerpt", "p1 ← aye", "aye ← this is repeated", "p2", "p2 ← bee")

		n.tellsAt(main, 3, "!essay lock", "excerpt") // which belongs to the passage
		if got := n.timeline(main); len(got) != 9 || !slices.ContainsFunc(got, func(line string) bool {
			return strings.HasPrefix(line, "p1 ← A moderator closed the talk about this passage")
		}) {
			t.Fatalf("after it was closed there stands\n%s", strings.Join(got, "\n"))
		}
		n.tellsAt(main, 2, "too late", "p1")
		n.tellsAt(main, 2, "too late, too", "excerpt")
		n.tellsAt(thread, 2, "too late as well", "")
		n.tellsAt(main, 2, "in time", "p2")
		n.tellsAt(main, 3, "!essay unlock", "p1")
		n.tellsAt(main, 2, "again", "p1")
		for _, line := range n.timeline(thread) {
			if strings.Contains(line, "late") && line != "too late as well" {
				t.Errorf("it was closed, and %q came", line)
			}
		}
		n.at(thread, "again")
		n.at(n.under(other, "p2"), "in time")
		for _, m := range n.net(flat).Read(main) {
			if strings.Contains(m.Body.Text, "as well") || strings.Contains(m.Body.Text, "closed the talk") {
				t.Errorf("there stands %q", m.Body.Text)
			}
		}
	})
}

// What an outage kept back is told of in one line of a room without threads; and who
// answers a post there has read it.
func TestAnOutageOfARoomWithoutThreads(t *testing.T) {
	flatly(t, func(t *testing.T, n *town, flat, other chat.Room) {
		n.waits(1)
		n.pass(2 * time.Hour)
		main := chat.Place{Room: flat}
		n.reads(main, "p1", "p1 ← excerpt", "p2")
		n.tellsAt(main, 0, "read", "p2")
		n.pass(time.Hour)
		n.reads(main, "p1", "p1 ← excerpt", "p2", "p2 ← read", "p3")
		n.nets[flat.Platform].SetDown(true)
		for _, label := range []string{"p1", "p2", "p3"} {
			n.tellsAt(n.under(other, label), 0, "of "+label, "")
			n.pass(time.Hour)
		}
		n.nets[flat.Platform].SetDown(false)
		n.pass(time.Hour)
		if got := n.lines(main); got != 1 {
			t.Errorf("there are %d lines:\n%s", got, strings.Join(n.timeline(main), "\n"))
		}
		for _, want := range []string{"p1 ← of p1", "p2 ← of p2", "p3 ← of p3"} {
			if !slices.Contains(n.timeline(main), want) {
				t.Errorf("%q does not stand in %q", want, n.timeline(main))
			}
		}
	})
}

// What was posted keeps its thread, or none, when the choice is another.
func TestTheChoiceOfThreadsHoldsForWhatComes(t *testing.T) {
	flatly(t, func(t *testing.T, n *town, flat, other chat.Room) {
		main := chat.Place{Room: flat}
		n.stop()
		n.flat = nil
		n.start()
		n.pass(time.Hour)
		n.tellsAt(n.under(other, "p1"), 0, "aye", "")
		n.tellsAt(n.under(other, "p2"), 0, "bee", "")
		n.reads(main, "p1", "p1 ← excerpt", "p2", "p1 ← aye")
		n.reads(n.under(flat, "p2"), "bee")
		n.stop()
		n.flat = []chat.Room{flat}
		n.start()
		n.pass(time.Hour)
		n.tellsAt(n.under(other, "p2"), 0, "cee", "")
		n.tellsAt(n.under(other, "p3"), 0, "dee", "")
		n.reads(main, "p1", "p1 ← excerpt", "p2", "p1 ← aye", "p3", "p3 ← dee")
		n.reads(n.under(flat, "p2"), "bee", "cee")
	})
}

// What verify posts anew in a room without threads answers what it did; once
// a post is removed what is said about it answers nothing.
func TestWhatIsMendedInARoomWithoutThreads(t *testing.T) {
	flatly(t, func(t *testing.T, n *town, flat, other chat.Room) {
		main, thread := chat.Place{Room: flat}, n.under(other, "p1")
		n.tellsAt(thread, 0, "aye", "")
		n.stop()
		gone := &hand{n: n}
		for _, label := range []string{"p1", "excerpt", "aye"} {
			gone.do(flat, chat.Action{Verb: chat.Delete, On: n.at(main, label)})
		}
		n.start()
		n.pass(time.Minute)
		v := n.verified("lost: passage 1 of The Story", "lost: passage 2 of The Story", "lost: the remark “aye”")
		n.mend(v)
		n.reads(main, "p1", "p1 ← excerpt", "p1 ← aye")
		n.nets[flat.Platform].User("moderator").Delete(n.at(main, "p1"))
		n.pass(time.Minute)
		n.tellsAt(thread, 0, "bee", "")
		n.reads(main, "? ← excerpt", "? ← aye", "bee")
	})
}

// The room in which the bot goes on for one without threads has none either.
func TestARoomWithoutThreadsIsReplaced(t *testing.T) {
	flatly(t, func(t *testing.T, n *town, flat, other chat.Room) {
		if flat.Platform != "one" {
			return
		}
		attic := n.nets["one"].Room("attic")
		n.closings() <- chat.Event{Kind: chat.Moved, Message: chat.Message{Ref: chat.Ref{Place: chat.Place{Room: flat}}}, At: time.Now(), To: attic}
		n.pass(time.Hour)
		n.tellsAt(n.under(other, "p2"), 0, "aye", "")
		n.tellsAt(n.under(other, "p1"), 0, "to those who left", "")
		n.tellsAt(chat.Place{Room: flat}, 0, "by one who stayed", "p1")
		n.restart()
		n.tellsAt(chat.Place{Room: attic}, 0, "bee", "p2")
		n.reads(chat.Place{Room: attic}, "p2", "p2 ← aye", "p2 ← bee")
		n.reads(chat.Place{Room: flat}, "p1", "p1 ← excerpt", "p1 ← by one who stayed")
		n.reads(n.under(other, "p1"), "excerpt", "to those who left")
	})
}

// On Discord a webhook's message begins with a line that leads to what it answers. In
// threads that people open there the bot reads also what it missed; and a forum has
// threads, whatever was chosen for it.
func TestDiscordWithoutThreads(t *testing.T) {
	require.Shared(t, "discord")
	synctest.Test(t, func(t *testing.T) {
		d, one, both := discordBeside(t)
		club, forum, hall := d.Room("club"), chat.Room{Platform: "discord", ID: d.Forum("essays")}, one.Room("hall")
		d.channels = append(d.channels, forum.ID)
		n := settleTown(t, filepath.Join(t.TempDir(), "story.db"), 1, both, club, forum, hall)
		n.flat = []chat.Room{club, forum}
		n.plan("0 * * * *")
		n.start()
		n.pass(4 * time.Hour)
		main := chat.Place{Room: club}
		post := n.net(club).Read(main)[0].Ref
		if _, opened := d.ThreadOf(post.ID); opened {
			t.Error("the post has a thread")
		}
		in := d.Threads(forum.ID)
		if len(in) != 1 {
			t.Fatalf("the forum has %d threads, want 1", len(in))
		}
		thread := n.threads(hall)[1]
		said, hidden := []string{}, ""
		tell := func(who member, p chat.Place, words string, to chat.Ref) {
			t.Helper()
			who.Say(p, words, to)
			n.pass(time.Minute)
			said = append(said, words)
			for _, p := range []chat.Place{thread, {Room: forum, Thread: in[0]}} {
				var got []string
				for _, m := range n.net(p.Room).Read(p) {
					if words := m.Body.Text[strings.LastIndex(m.Body.Text, "\n")+1:]; labelled(m) != "p1" && words != hidden {
						got = append(got, words)
					}
				}
				if !slices.Equal(got, said) {
					t.Errorf("after %q in %v stands %q, want %q", words, p, got, said)
				}
			}
		}
		bea, ada := n.people["discord"][0], n.people["one"][0]
		tell(ada, thread, "aye", chat.Ref{})
		mirror := d.Messages(club.ID)[1]
		if !strings.HasPrefix(mirror.Text, "-# ↪ https://discord.com/channels/") || !strings.HasSuffix(mirror.Text, "/"+club.ID+"/"+post.ID+"\naye") {
			t.Errorf("it reads %q", mirror.Text)
		}
		tell(bea, main, "bee", post)
		tell(bea, main, "cee", chat.Ref{Place: main, ID: mirror.ID})
		own, err := bea.(onesOwnClient).Thread(club.ID, post.ID, "my own")
		if err != nil {
			t.Fatal(err)
		}
		n.pass(time.Minute)
		tell(bea, chat.Place{Room: club, Thread: own}, "dee", chat.Ref{})
		n.stop()
		d.Restart()
		if _, err := bea.(onesOwnClient).User.Say(own, "eee", ""); err != nil {
			t.Fatal(err)
		}
		n.start()
		n.pass(time.Minute)
		said = append(said, "eee")
		tell(ada, thread, "eff", chat.Ref{})
		n.stop() // and what is answered goes before that is heard
		for i, on := range []string{post.ID, mirror.ID} {
			words := fmt.Sprintf("gee %d", i)
			bea.Say(main, words, chat.Ref{Place: main, ID: on})
			bea.Delete(chat.Ref{Place: main, ID: on})
			said = append(said, words)
		}
		hidden, said = "aye", said[1:]
		d.Restart()
		n.start()
		n.pass(time.Minute)
		tell(ada, thread, "aitch", chat.Ref{})
		n.pass(time.Hour)
		n.verified()
		n.stop()
		for _, net := range n.all {
			net.Check(t)
		}
		if err := n.db.Close(); err != nil {
			t.Error(err)
		}
	})
}
