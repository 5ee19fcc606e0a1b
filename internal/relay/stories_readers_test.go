package relay_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/format"
	"marginalia/internal/relay"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
)

// waits has the plan wait for readers.
func (n *town) waits(passages int) {
	n.update(func(tx *store.Tx) error {
		p, err := tx.Plan("drip")
		p.Wait = passages
		return errors.Join(err, tx.PutPlan(p))
	})
}

// shown fails unless each room shows so many posts of passages.
func (n *town) shown(want int) {
	n.t.Helper()
	for _, room := range n.rooms {
		got := 0
		for _, s := range n.stands(room) {
			if strings.HasPrefix(s, "paragraph") {
				got++
			}
		}
		if got != want {
			n.t.Errorf("at %s %s shows %d posts, not %d", time.Now().Format(time.TimeOnly), room, got, want)
		}
	}
}

// order fails unless each room shows exactly these passages.
func (n *town) order(want string) {
	n.t.Helper()
	for _, room := range n.rooms {
		var got []string
		for _, s := range n.stands(room) {
			if said, is := strings.CutPrefix(s, "paragraph "); is {
				got = append(got, strings.Fields(said)[0])
			}
		}
		if strings.Join(got, " ") != want {
			n.t.Errorf("at %s %s shows passages %q, not %q", time.Now().Format(time.TimeOnly), room, got, want)
		}
	}
}

// The story "nobody reads": a plan that waits for readers posts two passages, and
// none of the next hours. It says so, also after a restart. Whoever replies in one
// of the rooms, or reacts to a comment in the thread of a passage, has the next one
// come at once, and one only; and so does a moderator who asks for more.
func TestAPlanWaitsForReaders(t *testing.T) {
	text := discussed(9, comment{"Ada", 2, "Two."}, comment{"Bo", 2, "Two again."})
	quotingTown(t, text, func(t *testing.T, n *town) {
		n.moderators()
		hall, yard, club := n.rooms[0], n.rooms[1], n.rooms[2]
		n.waits(2)
		n.pass(time.Hour)
		n.shown(1)
		if got := n.tells(hall, "status"); strings.Contains(got, "replies") {
			t.Errorf("while it goes on, it says %q", got)
		}
		n.pass(time.Hour)
		n.shown(2)
		if got := n.tells(hall, "status"); !strings.HasSuffix(got, ", or later, as soon as somebody replies or reacts under the last 2 passages or reads on from one (Next ▶, or passage step=next), or a moderator says next.") {
			t.Errorf("before it is held, it says %q", got)
		}
		n.pass(4 * time.Hour)
		n.shown(2)
		n.moderators() // the bot is started anew
		n.pass(4 * time.Hour)
		n.shown(2)
		if got := n.tells(hall, "status"); !strings.HasSuffix(got, "; held: it goes on as soon as somebody replies or reacts under the last 2 passages or reads on from one (Next ▶, or passage step=next), or a moderator says next.") {
			t.Errorf("while it is held, it says %q", got)
		}
		if got := n.tells(hall, "schedule"); !strings.HasSuffix(got, "; held: it goes on as soon as somebody replies or reacts under the last 2 passages or reads on from one (Next ▶, or passage step=next), or a moderator says next.") {
			t.Errorf("of its times it says %q", got)
		}
		if told := n.rehearsed(90 * time.Minute); len(told) != 2*len(n.rooms) || told[0].Passage.Seq != 5 {
			t.Errorf("rehearsed is %+v", told)
		}

		n.people["one"][0].Say(n.threads(yard)[1], "I read this.", chat.Ref{})
		n.pass(2 * time.Minute)
		n.shown(3)
		n.pass(3 * time.Hour) // nobody answered the second and the third
		n.shown(3)

		two := n.net(club).Read(n.threads(club)[2])
		n.people["two"][1].React(two[len(two)-1].Ref, "👍") // to a comment that stands there
		n.pass(2 * time.Minute)
		n.shown(4)
		n.pass(3 * time.Hour)
		n.shown(4)

		if got := n.tells(hall, "next"); !strings.Contains(got, "on its way") {
			t.Errorf("to next is answered %q", got)
		}
		n.pass(time.Minute)
		n.shown(5) // the one that was held, and no more
		n.pass(3 * time.Hour)
		n.shown(6)
		n.verified()
	})
}

// The story "they read it all the same": a reply that is deleted, an emoji that is
// taken back and what was said by somebody who is forgotten, each long before the
// plan is at it again, were answers. So were remarks by a command.
func TestAnswersThatAreGoneWereAnswers(t *testing.T) {
	quotingTown(t, essay(9), func(t *testing.T, n *town) {
		n.moderators()
		hall, club := n.rooms[0], n.rooms[2]
		ada, bo, cy := n.people["one"][0], n.people["two"][1], n.people["two"][2]
		n.waits(1)
		n.pass(time.Hour)
		n.shown(1)

		said := ada.Say(n.threads(hall)[1], "I read this.", chat.Ref{})
		n.pass(time.Minute)
		ada.Delete(said)
		n.pass(2 * time.Hour)
		n.shown(2)

		post := n.threads(club)[2].Thread
		for _, m := range n.net(club).Read(chat.Place{Room: club}) {
			if n.net(club).Thread(m.Ref).Thread == post {
				bo.React(m.Ref, "👍")
				n.pass(time.Minute)
				bo.Unreact(m.Ref, "👍")
			}
		}
		n.pass(2 * time.Hour)
		n.shown(3)

		cy.Say(n.threads(club)[3], "So did I.", chat.Ref{})
		n.pass(10 * time.Second)
		n.forget("two", 2)
		n.pass(2 * time.Hour)
		n.shown(4)

		n.tells(hall, `annotate remark="Read." words="Sentence 3 of paragraph 4 goes on"`)
		n.pass(time.Hour)
		n.shown(5)
		n.pass(3 * time.Hour)
		n.shown(5)
	})
}

// The story "what was posted last": after somebody went back to what was skipped,
// that is it, whatever its number.
func TestAPlanWaitsForReadersOfWhatItPostedLast(t *testing.T) {
	quotingTown(t, essay(9), func(t *testing.T, n *town) {
		n.moderators()
		hall := n.rooms[0]
		n.waits(1)
		n.pass(time.Hour)
		n.tells(hall, "skip")
		n.people["one"][0].Say(n.threads(hall)[1], "I read this.", chat.Ref{})
		n.pass(time.Hour)
		n.order("1 3")
		n.tells(hall, "back 2")
		n.people["one"][0].Say(n.threads(hall)[3], "And this.", chat.Ref{})
		n.pass(time.Hour)
		n.order("1 3 2")
		n.pass(2 * time.Hour) // nobody answered it
		n.order("1 3 2")
		n.people["one"][0].Say(n.threads(hall)[2], "And that.", chat.Ref{})
		n.pass(2 * time.Hour)
		n.order("1 3 2 4")
	})
}

// The story "what does not stand is not waited for": moderators delete a post in all
// rooms, and the plan goes on.
func TestAPlanWaitsForNoPostThatIsGone(t *testing.T) {
	quotingTown(t, essay(9), func(t *testing.T, n *town) {
		n.moderators()
		n.waits(1)
		n.pass(time.Hour)
		n.shown(1)
		for _, room := range n.rooms {
			n.people[room.Platform][3].Delete(n.post(room))
		}
		n.pass(2 * time.Hour)
		n.shown(1) // the second
		if at := n.threads(n.rooms[0]); at[2] == (chat.Place{}) {
			t.Errorf("the threads are %v", at)
		}
	})
}

// A plan of which it cannot be told whether it waits says so, and the others post.
func TestAPlanInErrorDoesNotStopTheClock(t *testing.T) {
	quotingTown(t, essay(9), func(t *testing.T, n *town) {
		other := essayOf("other", 9)
		n.stop()
		n.update(func(tx *store.Tx) error {
			p, err := tx.Plan("drip")
			if err != nil {
				return err
			}
			_, err = tx.PutDiscussion(other, time.Now())
			p.Name, p.Discussion, p.Wait = "broken", other.ID, 1
			return errors.Join(err, tx.PutPlan(p), tx.PutSetting("plan unread: broken", "{"))
		})
		n.log = slog.New(slog.DiscardHandler)
		n.start()
		n.pass(3*time.Hour + time.Minute)
		n.posted("paragraph 1", "paragraph 2", "paragraph 3")
		for range 2 {
			if _, err := n.beside().Tick(t.Context(), time.Now()); err == nil || !strings.Contains(err.Error(), "plan broken") {
				t.Errorf("the clock says %v", err)
			}
		}
	})
}

// What comes next is told as it is once all is posted that is due at the same time.
func TestADigestTellsWhatComesAfterWhatIsPostedWithIt(t *testing.T) {
	databases(t, func(t *testing.T, dsn string) {
		n := newTown(t, dsn, 5, netOne, netTwo)
		defer n.db.Close()
		begin := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
		n.update(func(tx *store.Tx) error {
			_, err := tx.PutDiscussion(n.text, begin)
			p := schedule.Plan{Name: "evenings", Does: schedule.Drip, Discussion: n.text.ID, Cron: "0 * * * *", Rooms: n.rooms, Count: 1, CatchUp: schedule.One, Start: begin, Next: 1}
			d := p
			d.Name, d.Does = "digest", schedule.Digest
			return errors.Join(err, tx.PutPlan(p), tx.PutPlan(d))
		})
		next := 0
		r := relay.New(relay.Config{DB: n.db, Platforms: []chat.Platform{n.nets["one"].Open("bot"), n.nets["two"].Open("bot")}, Rooms: n.rooms, Log: logger(t),
			Digest: func(tx *store.Tx, d relay.Digest) (format.Doc, error) {
				p, err := tx.Plan("evenings")
				next = p.Next
				return format.Doc{}, err
			}})
		if _, err := r.Tick(t.Context(), begin.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if next != 2 {
			t.Errorf("the digest says that passage %d comes next, while it is posted", next)
		}
	})
}

// Moderators delete the post that a held plan waits for, everywhere: it goes on at once.
func TestAHeldPlanGoesOnAtOnceWhenItsPostIsGone(t *testing.T) {
	quotingTown(t, essay(9), func(t *testing.T, n *town) {
		n.moderators()
		n.waits(1)
		n.pass(2*time.Hour + time.Minute)
		n.shown(1)
		for _, room := range n.rooms {
			n.people[room.Platform][3].Delete(n.post(room))
		}
		n.pass(10 * time.Minute)
		n.order("2")
	})
}

// A plan of which it is not known what was read keeps nobody's reply.
func TestAPlanInErrorTakesReplies(t *testing.T) {
	quotingTown(t, essay(9), func(t *testing.T, n *town) {
		n.waits(1)
		n.pass(time.Hour + time.Minute)
		n.update(func(tx *store.Tx) error {
			p, err := tx.Plan("drip")
			p.Name = "broken"
			return errors.Join(err, tx.PutPlan(p), tx.PutSetting("plan unread: broken", "{"))
		})
		said := chat.Event{Kind: chat.Said, Message: chat.Message{Ref: chat.Ref{Place: n.threads(n.rooms[0])[1], ID: "said"}, From: n.people["one"][0].Person()}, At: time.Now()}
		said.By = said.Message.From
		n.hear(said)
		n.update(func(tx *store.Tx) error {
			_, _, err := tx.CopyAt(n.rooms[0], "said")
			if err != nil {
				t.Errorf("the reply is not known: %v", err)
			}
			return nil
		})
	})
}

// A post that nobody can read, since it is given up while a firing waits for its
// readers, is waited for no longer.
func TestAPlanDoesNotWaitForReadersOfWhatIsGivenUp(t *testing.T) {
	dawn(t, netOne, netTwo, func(t *testing.T, n *town) {
		n.waits(1)
		club := n.rooms[2]
		n.update(func(tx *store.Tx) error {
			p, err := tx.Plan("drip")
			p.Rooms, p.Cron = n.rooms[2:], "0 */12 * * *"
			return errors.Join(err, tx.PutPlan(p))
		})
		n.nets["two"].FailOn(chat.Post, errors.New("500"))
		n.pass(24*time.Hour + 10*time.Minute)
		n.nets["two"].FailOn(chat.Post, chat.ErrRefused)
		n.pass(5 * time.Hour) // until it is tried again
		n.nets["two"].FailOn(chat.Post, nil)
		dead := 0
		n.update(func(tx *store.Tx) error {
			all, err := tx.Dead(club)
			dead = len(all)
			return err
		})
		if posts := len(n.stands(club)); dead+posts < 2 {
			t.Errorf("%d posts were given up and %d stand", dead, posts)
		}
	})
}
