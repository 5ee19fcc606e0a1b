package command

import (
	"context"
	"errors"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/lang"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

var hide = Command{
	Command: chat.Command{
		Group: moderate, Name: "hide", Menu: "Hide remark", Needs: chat.Moderator,
		Help:    "takes a remark off the page and out of the other rooms: say it as a reply to the remark",
		Options: []chat.Option{{Name: "remark", Help: "which remark, where this is no reply to it"}},
	},
	Run:      moderating(hideRemark),
	Complete: map[string]func(context.Context, Env, chat.Call) ([]chat.Choice, error){"remark": offerRemarks(mayHide)},
}

var restore = Command{
	Command: chat.Command{
		Group: moderate, Name: "restore", Menu: "Restore remark", Needs: chat.Moderator,
		Help:    "brings a remark back that was hidden: say it as a reply to it where it was written, or in its thread",
		Options: []chat.Option{{Name: "remark", Help: "which remark, where this is no reply to it"}},
	},
	Run:      moderating(restoreRemark),
	Complete: map[string]func(context.Context, Env, chat.Call) ([]chat.Choice, error){"remark": offerRemarks(mayRestore)},
}

// moderating is a command whose answer is a sentence.
func moderating(do func(tx *store.Tx, env Env, call chat.Call, first bool, now time.Time) (string, error)) func(context.Context, Env, chat.Call, time.Time) (format.Doc, error) {
	return once(func(tx *store.Tx, env Env, call chat.Call, first bool, now time.Time) (format.Doc, error) {
		said, err := do(tx, env, call, first, now)
		return format.Text(said), err
	})
}

const (
	isHidden    lang.Key = "It is hidden: it is neither on the page nor in exports, and goes from the rooms in which the bot repeated it. The message of whoever wrote it stays; delete that where it stands. To bring it back: restore"
	isNotHidden lang.Key = "This remark is not hidden."
)

func mayHide(_ *store.Tx, call chat.Call, a discussion.Annotation) (bool, error) {
	return call.Rights >= chat.Moderator && !a.Gone(), nil
}

func mayRestore(_ *store.Tx, call chat.Call, a discussion.Annotation) (bool, error) {
	return call.Rights >= chat.Moderator && a.Hidden && a.Deleted.IsZero(), nil
}

func hideRemark(tx *store.Tx, env Env, call chat.Call, first bool, now time.Time) (string, error) {
	a, err := remarkMeant(tx, call)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return env.in.Sprintf("Say which remark: as a reply to it."), nil
	case err != nil:
		return "", err
	case !a.Deleted.IsZero():
		return env.in.Sprintf("This remark is gone."), nil
	case !first && !a.Hidden:
		return env.in.Words(isNotHidden), nil
	case !first:
		return env.in.Words(isHidden), nil
	}
	return env.in.Words(isHidden), relay.Hide(tx, a.ID, now)
}

func restoreRemark(tx *store.Tx, env Env, call chat.Call, first bool, now time.Time) (string, error) {
	a, err := remarkMeant(tx, call)
	if errors.Is(err, store.ErrNotFound) && call.Args["remark"] == "" {
		if !first { // the one that is hidden now may be another
			return env.in.Sprintf("This was done already."), nil
		}
		var why string
		if a, why, err = onlyHidden(env.in, tx, call); why != "" {
			return why, err
		}
	}
	switch {
	case errors.Is(err, store.ErrNotFound):
		return env.in.Sprintf("There is no such remark here."), nil
	case err != nil:
		return "", err
	case !a.Deleted.IsZero():
		return env.in.Sprintf("This remark is gone: whoever wrote it took it back."), nil
	case !a.Hidden:
		return env.in.Words(isNotHidden), nil
	case !first:
		return env.in.Words(isHidden), nil
	}
	return env.in.Sprintf("It is back: on the page, in exports and in the rooms, behind what was said meanwhile."), relay.Restore(tx, a.ID, now)
}

// onlyHidden is the one remark of a thread that is hidden, of which nothing
// stands in the room that could be answered; or why it cannot tell.
func onlyHidden(in lang.Language, tx *store.Tx, call chat.Call) (a discussion.Annotation, why string, err error) {
	p, err := passageCalled(tx, call)
	if err != nil {
		return a, "", err
	}
	if p == "" {
		return a, in.Sprintf("Say this as a reply to the remark where it was written, or in its thread."), nil
	}
	all, err := tx.AnnotationsUnder(p)
	if err != nil {
		return a, "", err
	}
	many := 0
	for _, one := range all {
		if one.Hidden && one.Deleted.IsZero() {
			a = one
			many++
		}
	}
	switch many {
	case 0:
		return a, in.Sprintf("Nothing is hidden in this thread."), nil
	case 1:
		return a, "", nil
	}
	return a, in.Sprintf("Several remarks are hidden in this thread: say restore as a reply to the one that is meant, where it was written."), nil
}

// passageCalled is the passage that a call is about or in whose thread it was
// made, "" if there is none.
func passageCalled(tx *store.Tx, call chat.Call) (discussion.PassageID, error) {
	return relay.Under(tx, whereCalled(call))
}
