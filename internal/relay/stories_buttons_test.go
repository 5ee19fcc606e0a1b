package relay_test

import (
	"context"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/discord/discordtest"
	"marginalia/internal/command"
	"marginalia/internal/format"
	"marginalia/test/require"
)

// On Discord people walk through the text by the buttons under a post, which
// are answered to them alone, and annotate by a form, from the button or from a
// message's menu. The answer to the post is lost, what is sent is told twice, and
// the bot dies between the remark and the answer: there is one post and one
// remark, and whoever made it is told.
func TestButtonsAndForms(t *testing.T) {
	require.Shared(t, "discord")
	synctest.Test(t, func(t *testing.T) {
		d, one, both := discordBeside(t)
		club, hall := d.Room("club"), one.Room("hall")
		n := settleTown(t, filepath.Join(t.TempDir(), "story.db"), 3, both, club, hall)
		dies := n.mortal()
		d.words = command.Words(command.Env{DB: n.db})
		n.plan("0 0 29 2 *")
		d.Lose(1)
		n.start()
		n.advance(1)
		n.pass(5 * time.Minute)
		posts := d.Messages(club.ID)
		if len(posts) != 1 || len(posts[0].Buttons) != 2 {
			t.Fatalf("posted are %+v", posts)
		}
		ann, thread := d.User("Ann"), posts[0].Thread
		n.hears(ann.Press(posts[0].ID, "Next ▶"))("This is passage 2 of 3 of The Story · not posted here yet")

		form := n.opens(ann.Press(posts[0].ID, "Annotate"))
		d.AskTwice(1)
		dies.Store(true)
		sent, err := form.Submit(map[string]string{"words": "sentence 3 of paragraph 1", "remark": "Is it so?\n\nI doubt it."})
		if err != nil {
			t.Fatal(err)
		}
		n.pass(time.Minute)
		n.stop()
		if said := n.annotations(); len(said) != 1 || !sent.Deferred() {
			t.Fatalf("before it dies %+v are recorded, answered %+v", said, sent.Answers())
		}
		n.start()
		n.pass(time.Minute)
		n.hears(sent, nil)("Your remark stands in the thread of passage 1")
		for _, room := range n.rooms {
			n.shows(room, "Is it so?\n\nI doubt it.")
		}
		mirror := d.Messages(thread)[1]
		if mirror.Name != "Ann" || !mirror.Webhook {
			t.Errorf("it is said as %+v", mirror)
		}
		answer := n.opens(ann.Menu(mirror.ID, "Annotate this"))
		n.hears(answer.Submit(map[string]string{"remark": "So do I."}))("Your remark stands")
		n.pass(time.Minute)
		for _, room := range n.rooms {
			n.shows(room, "I doubt it.", "So do I.")
		}
		said := n.annotations()
		if len(said) != 2 || !strings.EqualFold(said[0].Target.Selector.Exact, "sentence 3 of paragraph 1") || said[1].Target.Annotation != said[0].ID {
			t.Errorf("recorded are %+v", said)
		}
		n.verified()
		n.stop()
		d.Check(t)
		if err := n.db.Close(); err != nil {
			t.Error(err)
		}
	})
}

// mortal has the bot take commands, and die at the next one, after it was carried
// out, once what is returned is set.
func (n *town) mortal() *atomic.Bool {
	var dies atomic.Bool
	run := command.Dispatcher(command.Env{DB: n.db})
	n.command = func(ctx context.Context, c chat.Call, now time.Time) (format.Doc, error) {
		said, err := run(ctx, c, now)
		if dies.CompareAndSwap(true, false) {
			<-ctx.Done()
		}
		return said, err
	}
	return &dies
}

// opens is an interaction that opened a form.
func (n *town) opens(i *discordtest.Interaction, err error) *discordtest.Interaction {
	n.t.Helper()
	if err != nil {
		n.t.Fatal(err)
	}
	n.pass(time.Minute)
	if i.Modal() == nil {
		n.t.Fatalf("no form was opened: %+v", i.Answers())
	}
	return i
}

// hears waits for the answer to an interaction, which its caller alone sees, and
// wants it to begin with some words.
func (n *town) hears(i *discordtest.Interaction, err error) func(want string) {
	n.t.Helper()
	if err != nil {
		n.t.Fatal(err)
	}
	n.pass(time.Minute)
	all := i.Answers()
	return func(want string) {
		n.t.Helper()
		if len(all) != 1 || !all[0].Private || !strings.HasPrefix(all[0].Text, want) {
			n.t.Errorf("answered %+v, want %q", all, want)
		}
	}
}
