package relay

import (
	"fmt"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
)

// toldOf names the setting that counts the annotations a digest plan was
// through with, and says when it last told anything (Unix time in milliseconds).
const toldOf = "digest:"

// Digest is a digest that a room is to have.
type Digest struct {
	Plan  schedule.Plan
	Room  chat.Room
	Talk  *store.Talk // of the plan's text
	First int         // of its remarks, in the order of commits: how many the plan's last digest was through with
	Since time.Time   // when the plan last had a digest; zero before the first
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
	told, err := tx.Setting(toldOf + p.Name)
	if err != nil {
		return err
	}
	first, since, ms := 0, p.Last, int64(0) // in the order of commits: what comes late is told late, but told
	if n, _ := fmt.Sscan(told, &first, &ms); n == 2 {
		since = time.UnixMilli(ms).UTC()
	}
	was := since
	for _, room := range p.Rooms {
		body, err := r.c.Digest(tx, Digest{Plan: p, Room: room, Talk: talk, First: min(first, len(talk.Remarks)), Since: was, Now: now})
		if err != nil {
			return err
		}
		if err := putDigest(tx, p, key, room, body, now); err != nil {
			return err
		}
		if !body.Empty() {
			since = now
		}
	}
	return tx.PutSetting(toldOf+p.Name, fmt.Sprint(len(talk.Remarks), since.UnixMilli()))
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
