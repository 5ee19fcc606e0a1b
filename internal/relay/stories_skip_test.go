package relay_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
)

// tells has the moderator of a room tell the bot something there, and returns
// what it answers.
func (n *town) tells(room chat.Room, what string) string {
	n.t.Helper()
	call := n.people[room.Platform][3].Say(chat.Place{Room: room}, "!essay "+what, chat.Ref{})
	n.pass(time.Minute)
	for _, m := range n.net(room).Read(chat.Place{Room: room}) {
		if m.Ref.As != "" && m.ReplyTo == call {
			return m.Body.Text
		}
	}
	n.t.Fatalf("nothing is answered to %q", what)
	return ""
}

// posted fails unless each room shows exactly the given posts, without commands
// and answers.
func (n *town) posted(want ...string) {
	n.t.Helper()
	for _, room := range n.rooms {
		got := slices.DeleteFunc(n.stands(room), func(s string) bool { return !strings.HasPrefix(s, "paragraph") })
		if !slices.Equal(got, want) {
			n.t.Errorf("%s shows\n%s\nwant\n%s", room, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// The story "a passage is skipped": it comes nowhere, nor does the comment that
// quotes it; nothing is lost by that, and what was rehearsed comes. Later somebody in another
// room goes back: it comes at the next appointment with its comment, once, and the
// plan goes on where it was.
func TestASkippedPassageComesWhenSomebodyGoesBack(t *testing.T) {
	text := discussed(5, comment{"Ada", 1, "One."}, comment{"Bo", 2, "Does it?"}, comment{"Cy", 4, "It does."})
	quotingTown(t, text, func(t *testing.T, n *town) {
		n.moderators()
		hall, club := n.rooms[0], n.rooms[2]
		n.pass(time.Hour)
		one := "paragraph 1 < Ada comments: One."
		n.posted(one)
		if got := n.tells(hall, "skip"); !strings.HasPrefix(got, "Passages 3 to 4 of 8 are skipped") || !strings.HasSuffix(got, "back 3") {
			t.Errorf("to skip is answered %q", got)
		}
		if told := n.rehearsed(90 * time.Minute); len(told) != 3 || told[0].Passage.Seq != 5 {
			t.Errorf("rehearsed is %+v", told)
		}
		n.pass(time.Hour)
		n.posted(one, "paragraph 3")
		n.verified()

		n.moderators() // the bot is started anew
		if got := n.tells(club, "back"); !strings.HasPrefix(got, "Passage 5 stands here already") || !strings.Contains(got, "Passages 3 to 4 are skipped. To go back there: back 3") {
			t.Errorf("to go back is answered %q", got)
		}
		if got := n.tells(club, "back 3"); !strings.HasPrefix(got, "Passages 3 to 4 are no longer skipped. Passage 3 comes next") {
			t.Errorf("to go back to 3 is answered %q", got)
		}
		n.verified()
		if told := n.rehearsed(90 * time.Minute); len(told) != 6 || told[0].Passage.Seq != 3 || told[3].Under == "" {
			t.Errorf("rehearsed is %+v", told)
		}
		n.pass(time.Hour)
		two := "paragraph 2 < Bo comments: Does it?"
		n.posted(one, "paragraph 3", two)
		n.pass(5 * time.Hour)
		n.posted(one, "paragraph 3", two, "paragraph 4 < Cy comments: It does.", "paragraph 5")
		n.verified()
	})
}

// Comments on what stands in the rooms, which would have come before what is
// skipped, come with what follows it.
func TestWhatQuotesAPostedPassageIsNotSkipped(t *testing.T) {
	var said []comment
	for range 22 { // two more than come at once
		said = append(said, comment{"Ada", 1, "One."})
	}
	quotingTown(t, discussed(3, said...), func(t *testing.T, n *town) {
		n.moderators()
		n.pass(time.Hour)
		one := "paragraph 1" + strings.Repeat(" < Ada comments: One.", 20)
		n.posted(one)
		if got := n.tells(n.rooms[1], "skip"); !strings.HasPrefix(got, "Passage 24 of 25 is skipped") {
			t.Errorf("it is answered %q", got)
		}
		n.pass(time.Hour)
		n.posted(one+" < Ada comments: One. < Ada comments: One.", "paragraph 3")
		n.verified()
		if got := n.tells(n.rooms[1], "back 24"); !strings.HasPrefix(got, "Passage 24 is no longer skipped") {
			t.Errorf("it is answered %q", got)
		}
		n.pass(time.Hour)
		n.posted(one+" < Ada comments: One. < Ada comments: One.", "paragraph 3", "paragraph 2")
		n.verified()
	})
}
