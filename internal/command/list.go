package command

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/format"
	"marginalia/internal/lang"
	"marginalia/internal/relay"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
)

// mostTexts is how many texts an answer names.
const mostTexts = 20

var list = Command{
	Command: chat.Command{Group: host, Name: "list", Help: "which texts are stored, and which plans read them", Needs: chat.Moderator},
	Run: func(ctx context.Context, env Env, call chat.Call, _ time.Time) (format.Doc, error) {
		var d format.Doc
		err := env.DB.View(ctx, func(tx *store.Tx) (err error) {
			d, err = listTexts(env.in, tx, call)
			return err
		})
		return d, err
	},
}

func listTexts(in lang.Language, tx *store.Tx, call chat.Call) (format.Doc, error) {
	var d format.Doc
	texts, err := tx.Discussions()
	if err != nil || len(texts) == 0 {
		return format.Text(in.Sprintf("No text is stored yet: whoever runs the bot brings them with bot import.")), err
	}
	here, elsewhere, err := plansAnywhere(tx, call)
	if err != nil {
		return d, err
	}
	slices.Reverse(texts) // the newest first
	for _, s := range texts[:min(len(texts), mostTexts)] {
		d = item(d, fmt.Sprintf("%s, %s (%s): %s", relay.Title(s.Title), in.Sprintf("%d passages", s.Passages), s.ID, readers(in, s, here, elsewhere)))
	}
	if more := len(texts) - mostTexts; more > 0 {
		d = paragraph(d, in.Sprintf("And %d texts more.", more))
	}
	return d, nil
}

// readers says which plans read a text: those of the room by name, of others only
// that there are some.
func readers(in lang.Language, s store.Summary, here, elsewhere []schedule.Plan) string {
	var said []string
	for _, p := range here {
		if p.Discussion == s.ID {
			said = append(said, in.Sprintf("read here by %q", p.Name))
		}
	}
	if slices.ContainsFunc(elsewhere, func(p schedule.Plan) bool { return p.Discussion == s.ID }) {
		said = append(said, in.Sprintf("read in other rooms"))
	}
	if s.Waiting > 0 {
		said = append(said, in.Sprintf("%d parts of it waiting for a review", s.Waiting))
	}
	if len(said) == 0 {
		return in.Sprintf("read nowhere")
	}
	return strings.Join(said, ", ")
}

// plansAnywhere are the plans that post into a call's room, and all others.
func plansAnywhere(tx *store.Tx, call chat.Call) (here, elsewhere []schedule.Plan, err error) {
	if here, err = plansHere(tx, call); err != nil {
		return nil, nil, err
	}
	all, err := tx.Plans()
	for _, p := range all {
		retired, err := tx.Setting(store.RetiredSetting(p.Name))
		if err != nil {
			return nil, nil, err
		}
		if retired == "" && !slices.Contains(p.Rooms, call.Ref.Place.Room) {
			elsewhere = append(elsewhere, p)
		}
	}
	return here, elsewhere, err
}
