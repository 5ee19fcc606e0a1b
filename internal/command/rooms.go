package command

import (
	"context"
	"slices"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/format"
	"marginalia/internal/lang"
	"marginalia/internal/store"
)

// asksNetworks is how long the networks are waited for.
const asksNetworks = 20 * time.Second

var rooms = Command{
	Command: chat.Command{
		Group: host, Name: "rooms", Help: "which rooms what is read here is posted in, and what keeps the bot from it", Needs: chat.Moderator,
	},
	Run: func(ctx context.Context, env Env, call chat.Call, _ time.Time) (format.Doc, error) {
		var d format.Doc
		var all []chat.Room
		err := env.DB.View(ctx, func(tx *store.Tx) (err error) {
			d, all, err = roomsOf(env.in, tx, call)
			return err
		})
		if err != nil || len(all) == 0 || env.Missing == nil {
			return d, err
		}
		ctx, cancel := context.WithTimeout(ctx, asksNetworks)
		defer cancel()
		return lacks(env.in, d, env.Missing(ctx, all)), nil
	},
}

// roomsOf lists the rooms of the plans that post into a call's room, and what waits
// for them.
func roomsOf(in lang.Language, tx *store.Tx, call chat.Call) (d format.Doc, all []chat.Room, err error) {
	here, err := plansHere(tx, call)
	if err != nil {
		return d, nil, err
	}
	if len(here) == 0 {
		return format.Text(in.Sprintf("No plan posts into this room. To have a stored text read here: start; to see which there are: list")), nil, nil
	}
	status, err := tx.RoomStatus()
	if err != nil {
		return d, nil, err
	}
	for _, p := range here {
		d = paragraph(d, in.Sprintf("%q posts into %s:", p.Name, in.Sprintf("%d rooms", len(p.Rooms))))
		for _, room := range p.Rooms {
			d = item(d, roomLine(in, room, call.Ref.Place.Room, status))
			if !slices.Contains(all, room) {
				all = append(all, room)
			}
		}
	}
	return d, all, nil
}

func roomLine(in lang.Language, room, here chat.Room, status []store.RoomStatus) string {
	said := room.Platform + " " + room.ID
	if room == here {
		said += in.Sprintf(" (this one)")
	}
	i := slices.IndexFunc(status, func(r store.RoomStatus) bool { return r.Room == room })
	if i < 0 || status[i].Pending+status[i].Dead == 0 {
		return said
	}
	said += ": " + waiting(in, status[i])
	if status[i].Why != "" {
		said += " " + in.Sprintf("The newest trouble: %s", status[i].Why)
	}
	return said
}

// lacks adds what is missing in rooms to what is said of them.
func lacks(in lang.Language, d format.Doc, missing []chat.Finding) format.Doc {
	if len(missing) == 0 {
		return paragraph(d, in.Sprintf("As far as the networks tell, nothing is missing."))
	}
	d = paragraph(d, in.Sprintf("What is missing:"))
	for _, f := range missing[:min(len(missing), mostTexts)] {
		d = item(d, in.Sprintf("%s: %s. To mend it: %s", f.What, f.Why, f.Do))
	}
	return d
}
