package relay

import (
	"encoding/json"
	"fmt"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
)

// Retimed says that somebody in a room changed when a plan fires, and what the
// configuration said then. As long as it says that, what was said in the room holds.
type Retimed struct {
	Cron string    `json:"cron"` // in the configuration
	Zone string    `json:"zone"`
	Room chat.Room `json:"room"` // in which it was changed last
	At   time.Time `json:"at"`
}

// Overrules reports whether what was said in the room holds although the
// configuration says now when p fires: it says what it said then.
func (r Retimed) Overrules(p schedule.Plan) bool { return r.Cron == p.Cron && r.Zone == p.Zone }

// RetimedOf returns who changed when a plan fires; ok is false if nobody did.
func RetimedOf(tx *store.Tx, plan string) (r Retimed, ok bool, err error) {
	value, err := tx.Setting(retimed(plan))
	if err == nil && value != "" {
		ok, err = true, json.Unmarshal([]byte(value), &r)
	}
	if err != nil {
		return r, false, fmt.Errorf("who changed when plan %s fires: %w", plan, err)
	}
	return r, ok, nil
}

// Retime changes when a plan fires, as is said in a room. What it would have done
// meanwhile is not made up for.
func Retime(tx *store.Tx, p schedule.Plan, to schedule.Times, room chat.Room, now time.Time) error {
	r, ok, err := RetimedOf(tx, p.Name)
	if err != nil {
		return err
	}
	if !ok {
		r.Cron, r.Zone = p.Cron, p.Zone
	}
	r.Room, r.At = room, now.UTC()
	p.Cron, p.Zone, p.Start = to.Cron, to.Zone, now
	if !p.FromConfig || r.Overrules(p) {
		err = TakeTimes(tx, p.Name)
	} else {
		err = putRetimed(tx, p.Name, r)
	}
	if err != nil {
		return err
	}
	return tx.PutPlan(p)
}

// TakeTimes has the configuration say again when a plan fires.
func TakeTimes(tx *store.Tx, plan string) error { return tx.PutSetting(retimed(plan), "") }

func putRetimed(tx *store.Tx, plan string, r Retimed) error {
	value, err := json.Marshal(r)
	if err == nil {
		err = tx.PutSetting(retimed(plan), string(value))
	}
	if err != nil {
		return fmt.Errorf("record who changed when plan %s fires: %w", plan, err)
	}
	return nil
}

func retimed(plan string) string { return "plan times: " + plan }
