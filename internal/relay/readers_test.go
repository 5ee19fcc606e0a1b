package relay

import (
	"testing"

	"marginalia/internal/chat"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
)

// What is said where no plan waits for readers costs no look into the database: there
// is none here.
func TestNothingIsAskedWhereNoPlanWaits(t *testing.T) {
	hall, yard := chat.Room{Platform: "one", ID: "hall"}, chat.Room{Platform: "one", ID: "yard"}
	r := New(Config{})
	r.readers.Store(roomsThatWait([]schedule.Plan{{Rooms: []chat.Room{hall}}, {Rooms: []chat.Room{yard}, Wait: 1}, {Rooms: []chat.Room{yard, hall}}}))
	if err := r.readOn(nil, store.PassageThing("a"), hall); err != nil {
		t.Error(err)
	}
	asked := func() (yes bool) {
		defer func() { yes = recover() != nil }()
		return r.readOn(nil, store.PassageThing("a"), yard) != nil
	}
	if !asked() {
		t.Error("nothing is asked where a plan waits")
	}
}
