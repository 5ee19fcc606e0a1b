package relay

import (
	"strconv"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
)

// toldOf names the setting that counts the annotations a digest plan was
// through with.
const toldOf = "digest:"

// Digest is a digest that a room is to have.
type Digest struct {
	Plan  schedule.Plan
	Room  chat.Room
	Talk  *store.Talk // of the plan's text
	First int         // of its remarks, in the order of commits: how many the plan's last digest was through with
	Since time.Time   // the last firing of the plan; zero before the first
	Now   time.Time
}

// digest enqueues for each room a note of what was said since the plan's last
// digest. It says nothing if nothing was.
func (r *Relay) digest(tx *store.Tx, p schedule.Plan, key string, now time.Time) error {
	if r.c.Digest == nil {
		return nil
	}
	talk, err := tx.Talk(p.Discussion)
	if err != nil {
		return err
	}
	told, err := tx.Setting(toldOf + p.Name) // how many were told of, in the order of commits: what comes late is told late, but told
	if err != nil {
		return err
	}
	n, _ := strconv.Atoi(told)
	if err := tx.PutSetting(toldOf+p.Name, strconv.Itoa(len(talk.Remarks))); err != nil {
		return err
	}
	for _, room := range p.Rooms {
		body, err := r.c.Digest(tx, Digest{Plan: p, Room: room, Talk: talk, First: min(n, len(talk.Remarks)), Since: p.Last, Now: now})
		if err != nil {
			return err
		}
		if err := putDigest(tx, p, key, room, body, now); err != nil {
			return err
		}
	}
	return nil
}

func putDigest(tx *store.Tx, p schedule.Plan, key string, room chat.Room, body format.Doc, now time.Time) error {
	if body.Empty() {
		return nil
	}
	note := store.Note{
		ID: discussion.NoteID(discussion.Derive("digest", p.Name, key, room.String())), Kind: "digest",
		Discussion: p.Discussion, Body: body, Created: now,
	}
	if err := tx.PutNote(note); err != nil {
		return err
	}
	return tx.Stale(store.NoteThing(note.ID), room, "", store.ClassAnswer, now)
}
