package relay_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"marginalia/internal/chat"
	"marginalia/test/require"
)

// TestOldRepliesThatChangedMeanwhile: while the bot is down, and its session is
// lost, old replies of a long thread are edited, deleted and reacted to. The
// mirrors on the other network follow.
func TestOldRepliesThatChangedMeanwhile(t *testing.T) {
	require.Shared(t, "discord")
	many := 500
	if testing.Short() { // under the race detector; the older of them are still more than Discord tells at once
		many = 250
	}
	dsn := filepath.Join(t.TempDir(), "story.db")
	synctest.Test(t, func(t *testing.T) {
		d, one, both := discordBeside(t)
		hall, club := d.Room("hall"), one.Room("club")
		n := settleTown(t, dsn, 1, both, hall, club)
		n.plan("0 * * * *")
		n.start()
		time.Sleep(2 * time.Hour)
		ada, bob := n.people["discord"][0], n.people["discord"][1]
		var said []chat.Ref
		for i := range many {
			said = append(said, ada.Say(n.threads(hall)[1], fmt.Sprintf("tk%04d, first version.", i), chat.Ref{}))
			time.Sleep(time.Second)
		}
		bob.React(said[8], "🎯")
		time.Sleep(time.Hour)
		n.stop()

		d.Restart()
		ada.Edit(said[10], "tk0010, another version.")
		ada.Delete(said[11])
		bob.React(said[12], "👍")
		bob.Unreact(said[8], "🎯")
		n.start()
		time.Sleep(time.Hour)
		synctest.Wait()
		n.stop()

		mirrors := n.net(club).Read(n.threads(club)[1])
		mirror := func(token string) chat.Message {
			i := slices.IndexFunc(mirrors, func(m chat.Message) bool { return tokenIn(m.Body.Text) == token })
			if i < 0 {
				return chat.Message{}
			}
			return mirrors[i]
		}
		if len(mirrors) != many-1 || mirror("tk0011").Body.Text != "" {
			t.Errorf("%d mirrors stand, of the deleted one %q", len(mirrors), mirror("tk0011").Body.Text)
		}
		if got := mirror("tk0010").Body.Text; got != "tk0010, another version." {
			t.Errorf("the edited one shows %q", got)
		}
		if on, off := n.net(club).Reactions(mirror("tk0012").Ref), n.net(club).Reactions(mirror("tk0008").Ref); len(on) != 1 || len(off) != 0 {
			t.Errorf("the emoji are %q, and where one was taken off %q", on, off)
		}
		d.Check(t)
		if err := n.db.Close(); err != nil {
			t.Error(err)
		}
	})
}
