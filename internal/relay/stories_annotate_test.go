package relay_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/command"
	"marginalia/internal/format"
	"marginalia/test/require"
)

// A remark that is made by a command from the room stands in the passage's thread
// in all rooms, that one, too; it is answered and reacted to like any other; who
// deletes the command takes it back everywhere.
func TestARemarkMadeByACommand(t *testing.T) {
	moderated(t, func(t *testing.T, n *town) {
		hall, yard, club := n.rooms[0], n.rooms[1], n.rooms[2]
		call := n.people["one"][0].Say(chat.Place{Room: hall}, `!essay annotate words="sentence 3 of paragraph 1" Is it so?`, chat.Ref{})
		n.pass(time.Minute)
		for _, room := range n.rooms {
			n.shows(room, "Is it so?")
		}
		n.people["two"][1].React(n.mirror(club, "Is it so?"), "👍")
		n.people["two"][1].Say(n.threads(club)[1], "It is.", n.mirror(club, "Is it so?"))
		n.pass(time.Minute)
		for _, room := range n.rooms {
			n.shows(room, "Is it so?", "It is.")
		}
		if got := n.net(hall).Reactions(n.mirror(hall, "Is it so?")); len(got) != 1 {
			t.Errorf("in the room of the call it has %q", got)
		}
		said := n.annotations()
		if len(said) != 2 || said[1].Target.Annotation != said[0].ID || !strings.EqualFold(said[0].Target.Selector.Exact, "sentence 3 of paragraph 1") {
			t.Fatalf("recorded are %+v", said)
		}
		n.verified()
		n.people["one"][0].Delete(call)
		n.pass(time.Minute)
		for _, room := range []chat.Room{hall, yard, club} {
			n.shows(room, "It is.")
		}
		if said := n.annotations(); !said[0].Gone() || !said[0].Body.Empty() {
			t.Errorf("it is kept: %+v", said[0])
		}
		n.verified()
	})
}

// What was made by a command is forgotten with its maker.
func TestARemarkMadeByACommandIsForgotten(t *testing.T) {
	moderated(t, func(t *testing.T, n *town) {
		n.people["one"][0].Say(chat.Place{Room: n.rooms[0]}, `!essay annotate words="sentence 3 of paragraph 1" Is it so?`, chat.Ref{})
		n.pass(time.Minute)
		n.forget("one", 0)
		n.pass(time.Minute)
		for _, room := range n.rooms {
			n.shows(room)
		}
		n.recorded("afterwards")
		n.verified()
	})
}

// A call that made a remark and is deleted while the bot is away, so long ago that
// what is said meanwhile is not read that far back, takes the remark back when the
// bot has looked at what it missed.
func TestACallThatIsDeletedWhileTheBotIsAway(t *testing.T) {
	require.Shared(t, "discord")
	dsn := filepath.Join(t.TempDir(), "story.db")
	synctest.Test(t, func(t *testing.T) {
		d, one, both := discordBeside(t)
		hall, club := d.Room("hall"), one.Room("club")
		n := settleTown(t, dsn, 1, both, hall, club)
		n.plan("0 * * * *")
		n.command = command.Dispatcher(command.Env{DB: n.db})
		n.start()
		n.pass(2 * time.Hour)
		ada, here := n.people["discord"][0], chat.Place{Room: hall}
		var calls []chat.Ref
		for _, says := range []string{"Kept.", "Gone."} {
			calls = append(calls, ada.Say(here, "!essay annotate words=\"sentence 3 of paragraph 1\" "+says, chat.Ref{}))
		}
		n.pass(time.Hour)
		for i := range 60 {
			ada.Say(here, fmt.Sprintf("Talk, part %d.", i), chat.Ref{})
			n.pass(time.Second)
		}
		n.pass(time.Hour)
		const quoted = "Sentence 3 of paragraph 1\n\n"
		n.recorded("before", quoted+"Kept.", quoted+"Gone.")
		n.stop()
		d.Restart()
		ada.Delete(calls[1])
		n.start()
		n.pass(time.Hour)
		n.recorded("afterwards", quoted+"Kept.")
		n.shows(club, "Kept.")
		n.stop()
		d.Check(t)
		one.Check(t)
		if err := n.db.Close(); err != nil {
			t.Error(err)
		}
	})
}

// Who edits the message that made a remark changes the remark, and the words that it
// is about; as nothing that makes one it is taken back, and may be brought back; what
// its writer took back stays away.
func TestACallThatIsEdited(t *testing.T) {
	moderated(t, func(t *testing.T, n *town) {
		hall, club := n.rooms[0], n.rooms[2]
		for i, who := range []member{n.people["one"][0], n.people["two"][0]} {
			room := []chat.Room{hall, club}[i]
			call := who.Say(chat.Place{Room: room}, `!essay annotate words="sentence 3 of paragraph 1" A secret.`, chat.Ref{})
			n.pass(time.Minute)
			for _, step := range []struct{ text, words, about string }{
				{`!essay annotate words="sentence 3 of paragraph 1" Nothing.`, "Nothing.", "Sentence 3 of paragraph 1"},
				{`!essay annotate words="sentence 2 of paragraph 1" Nothing?`, "Nothing?", "Sentence 2 of paragraph 1"},
				{`!essay annotate words="which stand nowhere at all" Nothing?`, "", ""},
				{`!essay annotate words="sentence 2 of paragraph 1" Again.`, "Again.", "Sentence 2 of paragraph 1"},
				{"I take it back", "", ""},
				{`!essay annotate words="sentence 3 of paragraph 1" Well.`, "Well.", "Sentence 3 of paragraph 1"},
				{"!essay help", "", ""},
				{`!essay annotate words="sentence 3 of paragraph 1" Done.`, "Done.", "Sentence 3 of paragraph 1"},
			} {
				who.Edit(call, step.text)
				n.pass(time.Minute)
				if step.words == "" {
					n.recorded(step.text)
					n.shows(hall)
					n.shows(club)
					continue
				}
				n.recorded(step.text, step.about+"\n\n"+step.words)
				n.shows(hall, step.words)
				n.shows(club, step.words)
				if all := n.annotations(); all[len(all)-1].Target.Selector.Exact != step.about {
					t.Errorf("%s: it is about %q", step.text, all[len(all)-1].Target.Selector.Exact)
				}
			}
			n.verified()
			who.Delete(call)
			n.pass(time.Minute)
			n.recorded("deleted")
		}
	})
}

// Whoever deletes only the newest edit of the message that made a remark takes it
// back, as with an edit of a reply: what the message shows now is not known.
func TestAnEditOfACallIsDeletedAlone(t *testing.T) {
	moderated(t, func(t *testing.T, n *town) {
		hall, ada := n.rooms[0], n.nets["one"].User("one-0")
		const about = `annotate words="sentence 3 of paragraph 1" `
		call := ada.Say(chat.Place{Room: hall}, "!essay "+about+"Is it so?", chat.Ref{})
		n.pass(time.Minute)
		name, args, _ := chat.ParseCommand("!essay", "!essay "+about+"A secret.")
		for _, id := range []string{"edit-1", "edit-2"} {
			n.tell(chat.Event{Kind: chat.Edited, Message: chat.Message{Ref: call}, Own: id, By: ada.Person(), At: time.Now(), Revised: time.Now(),
				Call: &chat.Call{Ref: call, By: ada.Person(), Name: name, Args: args, Text: about + "A secret."}})
			ada.Say(chat.Place{Room: hall}, "!essay status", chat.Ref{}) // wakes who answers
			n.pass(time.Minute)
		}
		remove := func(id string) {
			n.tell(chat.Event{Kind: chat.Deleted, Message: chat.Message{Ref: chat.Ref{Place: call.Place, ID: id}}, By: ada.Person(), At: time.Now()})
			n.pass(time.Minute)
		}
		before := n.mirror(n.rooms[1], "A secret.")
		remove("edit-1")
		for _, room := range n.rooms {
			n.shows(room, "A secret.")
		}
		if after := n.mirror(n.rooms[1], "A secret."); after == before {
			t.Errorf("a mirror, whose history may hold the words of the edit, is not made anew: %v", after)
		}
		remove("edit-2")
		for _, room := range n.rooms {
			n.shows(room)
		}
		if said := n.annotations(); !said[0].Gone() || !said[0].Body.Empty() {
			t.Errorf("it is kept: %+v", said[0])
		}
		n.verified()
	})
}

// What a call's message was edited into before the call was run, or while it was, goes
// when that edit is deleted alone, whenever that is; and what it is no more is not done.
func TestACallThatIsEditedAroundItsRun(t *testing.T) {
	const asks = `!essay annotate words="sentence 3 of paragraph 1" Is it so?`
	for name, c := range map[string]struct {
		before, during, after, stands string // edits, by their numbers; "-1": it is deleted, "x1": it is no command
	}{
		"deleted afterwards":         {before: "1", after: "-1"},
		"the older one, afterwards":  {before: "1 2", after: "-1", stands: "Secret 2"},
		"deleted before":             {before: "1 -1"},
		"the older one, before":      {before: "1 2 -1", stands: "Secret 2"},
		"one before, one afterwards": {before: "1 2 -1", after: "-2"},
		"deleted before it is known": {before: "-1 1", stands: "Is it so?"},
		"deleted meanwhile":          {before: "1", during: "-1"},
		"both meanwhile":             {during: "1 -1"},
		"edited meanwhile":           {during: "1", stands: "Secret 1"},
		"edited meanwhile, deleted":  {during: "1", after: "-1"},
		"both afterwards":            {after: "1 -1"},
		"told late":                  {before: "2", after: "1", stands: "Secret 2"},
		"told late, before":          {before: "2 1", stands: "Secret 2"},
		"told late, meanwhile":       {before: "2", during: "1", stands: "Secret 2"},
		"both told late":             {after: "2 1", stands: "Secret 2"},
		"no command before":          {before: "x1"},
		"no command meanwhile":       {during: "x1"},
		"no command told late":       {after: "x2 1"},
	} {
		t.Run(name, func(t *testing.T) {
			moderated(t, func(t *testing.T, n *town) {
				hall, ada := n.rooms[0], n.nets["one"].User("one-0")
				n.stop()
				began := time.Now()
				call := ada.Say(chat.Place{Room: hall}, asks, chat.Ref{})
				told := func(text string) *chat.Call {
					name, args, _ := chat.ParseCommand("!essay", text)
					return &chat.Call{Ref: call, By: ada.Person(), Name: name, Args: args, Typed: true, Text: chat.CommandText("!essay", text)}
				}
				tell := func(edits string) {
					for _, edit := range strings.Fields(edits) {
						e := chat.Event{Kind: chat.Edited, Message: chat.Message{Ref: call}, Own: "edit-" + edit[len(edit)-1:], By: ada.Person()}
						e.At = began.Add(time.Duration(edit[len(edit)-1]-'0') * time.Second)
						e.Revised = e.At
						switch edit[0] {
						case '-':
							e.Kind, e.Message.Ref.ID, e.Own = chat.Deleted, e.Own, ""
						case 'x':
						default:
							e.Call = told(strings.Replace(asks, "Is it so?", "Secret "+edit, 1))
						}
						n.hear(e)
					}
				}
				n.hear(chat.Event{Kind: chat.Called, Message: chat.Message{Ref: call, From: ada.Person()}, By: ada.Person(), At: began, Call: told(asks)})
				tell(c.before)
				run, ran := n.command, false
				n.command = func(ctx context.Context, held chat.Call, now time.Time) (format.Doc, error) {
					if !ran {
						tell(c.during)
					}
					ran = true
					return run(ctx, held, now)
				}
				n.start()
				n.pass(time.Minute)
				tell(c.after)
				n.tells(hall, "status") // wakes who answers
				var want []string
				if c.stands != "" {
					want = append(want, c.stands)
				}
				for _, room := range n.rooms {
					n.shows(room, want...)
				}
			})
		})
	}
}
