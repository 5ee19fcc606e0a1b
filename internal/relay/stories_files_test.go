package relay_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/chattest"
	"marginalia/internal/store"
)

func picture(name string, size int) chattest.Attached {
	return chattest.Attached{Name: name, Type: "image/png", Data: bytes.Repeat([]byte("x"), size)}
}

// attach has someone say something with a file in the first thread of a room.
func (n *town) attach(room chat.Room, words string, f chattest.Attached) chat.Ref {
	ref := n.nets[room.Platform].User(room.Platform+"-0").Attach(n.threads(room)[1], words, f)
	n.pass(time.Minute)
	return ref
}

// hangs fails unless exactly these files hang on messages in the first thread
// of a room.
func (n *town) hangs(room chat.Room, want ...chattest.Attached) {
	n.t.Helper()
	net := n.nets[room.Platform]
	var got []chattest.Attached
	for _, m := range net.Read(n.threads(room)[1]) {
		got = append(got, net.Attached(m.Ref)...)
	}
	same := func(a, b chattest.Attached) bool {
		return a.Name == b.Name && a.Type == b.Type && bytes.Equal(a.Data, b.Data)
	}
	if !slices.EqualFunc(got, want, same) {
		var names []string
		for _, f := range got {
			names = append(names, fmt.Sprintf("%s of %d bytes", f.Name, len(f.Data)))
		}
		n.t.Errorf("in %s hang %q, want %d files", room, names, len(want))
	}
}

// A file comes behind its words, and stays where they are edited; one without
// words comes alone. Both go with their message.
func TestAFileComesWithItsRemark(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		hall, yard, club := n.rooms[0], n.rooms[1], n.rooms[2]
		sea, sky := picture("sea.png", 1000), picture("sky.png", 2000)
		said := n.attach(hall, "look at this", sea)
		for _, room := range []chat.Room{yard, club} {
			n.shows(room, "look at this", "")
			n.hangs(room, sea)
		}
		before := n.nets["two"].Read(n.threads(club)[1])
		n.people["one"][0].Edit(said, "look at that")
		n.pass(time.Minute)
		n.shows(club, "look at that", "")
		if after := n.nets["two"].Read(n.threads(club)[1]); after[1].Ref != before[1].Ref {
			t.Errorf("the file is %v and was %v", after[1].Ref, before[1].Ref)
		}
		alone := n.attach(club, "", sky)
		n.shows(yard, "look at that", "", "")
		n.hangs(yard, sea, sky)
		n.people["one"][1].React(n.nets["one"].Read(n.threads(yard)[1])[2].Ref, "👍")
		n.pass(time.Minute)
		if got := n.nets["two"].Reactions(alone); !slices.Equal(got, []string{"👍"}) {
			t.Errorf("under the picture that was said stand %q", got)
		}
		n.verified()
		n.people["one"][0].Delete(said)
		n.people["two"][0].Delete(alone)
		n.pass(time.Minute)
		for _, room := range n.rooms {
			n.hangs(room)
		}
		for _, left := range []string{"sea.png", "sky.png"} {
			n.nowhere(left)
		}
	})
}

// What is larger than a room takes, or than the bot copies, is named beside the
// words.
func TestALargeFileIsNamed(t *testing.T) {
	two := netTwo
	two.Largest = 1500
	storyOn(t, netOne, two, func(t *testing.T, n *town) {
		said := n.attach(n.rooms[0], "look", picture("sea.png", 2000))
		n.hangs(n.rooms[1], picture("sea.png", 2000))
		n.shows(n.rooms[2], "look\n\n[sea.png (https://one.example/hall/"+said.ID+"), 2 kB]")
		n.hangs(n.rooms[2])
	})
}

// What cannot be had for a while is tried again for some minutes, and then
// named; the words of others do not wait for it.
func TestAFileThatCannotBeHadIsNamed(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		hall, yard, club := n.rooms[0], n.rooms[1], n.rooms[2]
		n.nets["two"].LoseFiles(2)
		n.attach(club, "one", picture("sea.png", 1000))
		n.nets["two"].LoseFiles(100)
		n.attach(club, "two", picture("sky.png", 1000))
		n.say(club, 1, "three", chat.Ref{})
		n.pass(15 * time.Minute)
		n.nets["two"].LoseFiles(0)
		for _, room := range []chat.Room{hall, yard} {
			n.hangs(room, picture("sea.png", 1000))
			n.shows(room, "one", "", "two", "three", "1 kB]")
		}
		n.verified()
	})
}

// A file of any name that cannot be had is named by as much of it as the room
// takes.
func TestAFileWithALongNameIsNamed(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		hall, club := n.rooms[0], n.rooms[2]
		n.nets["one"].LoseFiles(100)
		n.attach(hall, "", picture(strings.Repeat("x", 3000)+".png", 1000))
		n.pass(time.Hour)
		n.update(func(tx *store.Tx) error {
			dead, err := tx.Dead(club)
			for _, d := range dead {
				t.Errorf("dead: %s", d.Why)
			}
			return err
		})
		if got := strings.Join(n.nets["two"].Everything(club), "\n"); !strings.Contains(got, "x….png") {
			t.Errorf("in the club stands %q", got)
		}
		n.verified()
	})
}

// A room that refuses a file is told its name. An answer that is lost doubles
// none, and brings none back that was deleted meanwhile.
func TestAFileThatIsNotTakenOrInDoubt(t *testing.T) {
	two := netTwo
	two.Names, two.Keyless = true, true
	storyOn(t, netOne, two, func(t *testing.T, n *town) {
		hall, club := n.rooms[0], n.rooms[2]
		n.nets["two"].FailNext(1, chat.ErrRefused)
		n.attach(hall, "", picture("refused.png", 1000))
		n.nets["two"].Lose(1)
		n.attach(hall, "", picture("sea.png", 1000))
		n.nets["two"].Drop(1)
		n.attach(hall, "", picture("sky.png", 1000))
		n.shows(club, "1 kB]", "", "")
		n.hangs(club, picture("sea.png", 1000), picture("sky.png", 1000))
		n.nets["two"].Lose(1)
		ref := n.nets["one"].User("one-0").Attach(n.threads(hall)[1], "", picture("gone.png", 1000))
		n.pass(time.Second)
		n.people["one"][0].Delete(ref)
		n.pass(2 * time.Minute)
		n.hangs(club, picture("sea.png", 1000), picture("sky.png", 1000))
		n.verified()
	})
}

// Who is forgotten leaves no file behind, and no word of one.
func TestAFileIsForgotten(t *testing.T) {
	forgetting(t, func(t *testing.T, n *town) {
		n.attach(n.rooms[0], "look", picture("sea.png", 1000))
		n.forget("one", 0)
		n.pass(time.Minute)
		n.hangs(n.rooms[2])
		for _, a := range n.annotations() {
			if len(a.Files) > 0 {
				t.Errorf("%+v is kept", a.Files)
			}
		}
		for _, text := range n.nets["two"].Everything(n.rooms[2]) {
			if strings.Contains(text, "sea.png") {
				t.Errorf("%q stands there", text)
			}
		}
	})
}

// A file that is attached to the command that makes a remark comes with that, stays
// where its words are edited, and goes with it.
func TestAFileComesWithARemarkMadeByACommand(t *testing.T) {
	moderated(t, func(t *testing.T, n *town) {
		hall, ada := n.rooms[0], n.nets["one"].User("one-0")
		sea, about := picture("sea.png", 1000), `!essay annotate words="sentence 3 of paragraph 1" `
		call := ada.Attach(chat.Place{Room: hall}, about+"Like this?", sea)
		n.pass(time.Minute)
		for _, room := range n.rooms {
			n.shows(room, "Like this?", "")
			n.hangs(room, sea)
		}
		ada.Edit(call, about+"Or like this?")
		n.pass(time.Minute)
		for _, room := range n.rooms {
			n.shows(room, "Or like this?", "")
			n.hangs(room, sea)
		}
		n.verified()
		ada.Delete(call)
		n.pass(time.Minute)
		for _, room := range n.rooms {
			n.shows(room)
		}
	})
}

// A command that is nothing but the caption of a file makes a remark that follows it, too.
func TestACaptionThatIsACommandAlone(t *testing.T) {
	moderated(t, func(t *testing.T, n *town) {
		ada, sea := n.nets["one"].User("one-0"), picture("sea.png", 1000)
		call := ada.Attach(n.threads(n.rooms[0])[1], "!essay annotate", sea)
		n.pass(time.Minute)
		n.hangs(n.rooms[2], sea)
		n.tell(chat.Event{Kind: chat.Edited, Message: chat.Message{Ref: call, Files: []chat.File{{Name: "secret.png"}}}, Own: "edit", By: ada.Person(),
			At: time.Now(), Revised: time.Now(), Call: &chat.Call{Ref: call, By: ada.Person(), Name: "annotate", Typed: true}})
		n.tell(chat.Event{Kind: chat.Deleted, Message: chat.Message{Ref: chat.Ref{Place: call.Place, ID: "edit"}}, By: ada.Person(), At: time.Now()})
		n.hangs(n.rooms[2])
		n.verified()
	})
}
