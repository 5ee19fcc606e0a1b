package command

import (
	"errors"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/format"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

// amend does what a call means since its message was edited: the remark that it made
// has these words now. Where there is a reason why they make none, or they would
// have it move, it is taken back: what its writer removed stands nowhere.
func (e Env) amend(tx *store.Tx, call chat.Call, r relay.Remark, at chat.Ref, why format.Doc, now time.Time) (d format.Doc, made bool, err error) {
	a, err := relay.AnnotationBy(tx, call.Deed())
	switch {
	case errors.Is(err, store.ErrNotFound) && why.Empty():
		return e.annotateOnce(tx, call, r, at, now)
	case errors.Is(err, store.ErrNotFound):
		return why, false, nil
	case err != nil:
		return d, false, err
	case !call.Revised.After(a.Modified): // it is told again
		d, err = e.stands(tx, call, a)
		return d, true, err
	}
	if gone, err := tx.Tombstoned(call.Ref.Place.Room, call.Ref.ID); gone || err != nil {
		return format.Text(e.in.Sprintf("You took that back.")), false, err
	}
	if why.Empty() && !a.Deleted.IsZero() {
		closed, err := relay.Locked(tx, at, now)
		if err != nil {
			return d, false, err
		}
		if closed {
			why = format.Text(e.in.Words(threadClosed))
		}
	}
	if why.Empty() {
		stays, err := relay.Amend(tx, a, r, now)
		if err != nil {
			return d, false, err
		}
		if !stays {
			why = format.Text(e.in.Sprintf("These words stand in another passage: say it anew."))
		}
	}
	if !why.Empty() {
		return paragraph(why, e.in.Sprintf("The remark that this message made is taken back.")), false, relay.Unsay(tx, a, call.Revised, now)
	}
	if a, err = relay.AnnotationBy(tx, call.Deed()); err != nil {
		return d, false, err
	}
	d, err = e.stands(tx, call, a)
	return d, true, err
}
