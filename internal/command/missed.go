package command

import (
	"context"
	"slices"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/lang"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

var missed = Command{
	Command: chat.Command{Name: "missed", Help: "where others spoke since you last did; answers to you come first"},
	Run: func(ctx context.Context, env Env, call chat.Call, _ time.Time) (format.Doc, error) {
		d, err := env.talk(ctx, call, env.in.Sprintf("Since you last spoke:"), env.in.Sprintf("Nobody spoke since you last did."), sinceLast)
		if err != nil || !call.Private {
			return d, err
		}
		err = env.DB.View(ctx, func(tx *store.Tx) (err error) {
			d, err = unsaidOf(env.in, tx, call, d)
			return err
		})
		return d, err
	},
}

// unsaidOf adds to an answer that nobody else reads what the caller said and what
// was given up: not all of it has a message of theirs to bear the warning.
func unsaidOf(in lang.Language, tx *store.Tx, call chat.Call, d format.Doc) (format.Doc, error) {
	who, gone, err := caller(tx, call)
	if err != nil || gone || who.ID == "" {
		return d, err
	}
	dead, err := relay.DeadOf(tx, who)
	if err != nil || len(dead) == 0 {
		return d, err
	}
	d = paragraph(d, in.Sprintf("Not said everywhere; a moderator has it tried again by retry, where it is missing:"))
	return unsaid(in, tx, d, dead), nil
}

// sinceLast are the passages about which others spoke since the caller last did,
// or ever, if they never did: first those where they were answered, then those
// about which most was said.
func sinceLast(tx *store.Tx, call chat.Call, text discussion.ID) ([]warmth, error) {
	who, _, err := caller(tx, call)
	if err != nil {
		return nil, err
	}
	talk, err := tx.Talk(text)
	if err != nil {
		return nil, err
	}
	self, last := int32(slices.Index(talk.People, who.ID)), len(talk.Remarks)-1
	for last >= 0 && talk.Remarks[last].By != self {
		last--
	}
	all := warmthsOf(talk)
	for _, r := range talk.Remarks[last+1:] {
		all.add(r, self)
	}
	return all.sorted(func(w warmth) [2]int { return [2]int{w.answers, w.said} }), nil
}
