package command

import (
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

var lock = Command{
	Command: chat.Command{
		Name: "lock", Needs: chat.Moderator,
		Help: "closes a passage's thread: what is said in it from then on is no remark; say it in the thread",
	},
	Run: moderating(func(tx *store.Tx, call chat.Call, now time.Time) (string, error) {
		return setLocked(tx, call, true, "It is closed. To open it again: unlock", now)
	}),
}

var unlock = Command{
	Command: chat.Command{Name: "unlock", Needs: chat.Moderator, Help: "opens a thread again that was closed; say it in the thread"},
	Run: moderating(func(tx *store.Tx, call chat.Call, now time.Time) (string, error) {
		return setLocked(tx, call, false, "It is open: what is said in it from now on is a remark.", now)
	}),
}

func setLocked(tx *store.Tx, call chat.Call, locked bool, done string, now time.Time) (string, error) {
	p, err := passageCalled(tx, call)
	if err != nil {
		return "", err
	}
	if p == "" {
		return "Say this in a passage's thread, or as a reply to a passage.", nil
	}
	return done, relay.SetLocked(tx, p, locked, now)
}
