package command

import (
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

var lock = Command{
	Command: chat.Command{
		Group: moderate, Name: "lock", Needs: chat.Moderator,
		Help: "closes a passage's thread: what is said in it from then on is no remark; say it in the thread",
	},
	Run: moderating(func(tx *store.Tx, env Env, call chat.Call, first bool, now time.Time) (string, error) {
		return setLocked(tx, env, call, first, true, now)
	}),
}

var unlock = Command{
	Command: chat.Command{Group: moderate, Name: "unlock", Needs: chat.Moderator, Help: "opens a thread again that was closed; say it in the thread"},
	Run: moderating(func(tx *store.Tx, env Env, call chat.Call, first bool, now time.Time) (string, error) {
		return setLocked(tx, env, call, first, false, now)
	}),
}

func setLocked(tx *store.Tx, env Env, call chat.Call, first, locked bool, now time.Time) (string, error) {
	p, err := relay.ThreadAround(tx, whereCalled(call))
	if err != nil {
		return "", err
	}
	if p == "" {
		return env.in.Sprintf("Say this in a passage's thread, or as a reply to a passage."), nil
	}
	if !first {
		locked, err = relay.Locked(tx, whereCalled(call), now)
	} else {
		err = relay.SetLocked(tx, env.Language, p, locked, now)
	}
	if locked {
		return env.in.Sprintf("It is closed. To open it again: unlock"), err
	}
	return env.in.Sprintf("It is open: what is said in it from now on is a remark."), err
}
