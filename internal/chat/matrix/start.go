package matrix

import (
	"context"
	"slices"
	"time"
)

// start is where a room's story begins for the listener. What is dated before
// it is not told, even if the server shows it after the room's first cursor:
// servers show what was said this moment in the next, and the past of a room
// that was just joined in one answer or another.
type start struct {
	at    time.Time
	until time.Time // after that the server has shown what it had, and dates are not looked at
}

// begin sets a room's start.
func (l *listener) begin(room string, at time.Time) {
	l.starts[room] = start{at: at.Truncate(time.Millisecond), until: time.Now().Add(5 * time.Second)}
}

func (l *listener) tooOld(room string, e wire) bool {
	s, known := l.starts[room]
	return known && time.Now().Before(s.until) && e.time().Before(s.at)
}

// sinceJoining leaves out of the events of a room that was just joined what
// came before that.
func (l *listener) sinceJoining(ctx context.Context, room string, events []wire) ([]wire, error) {
	for i, e := range slices.Backward(events) {
		if e.isState("m.room.member") && *e.StateKey == l.userID() && e.Content.text("membership") == "join" {
			l.begin(room, e.time())
			return events[i+1:], nil
		}
	}
	joining := wire{At: time.Now().UnixMilli()}
	query := map[string]string{"format": "event"}
	err := l.lookUp(ctx, l.addressWith(query, "v3", "rooms", room, "state", "m.room.member", l.userID()), &joining)
	l.begin(room, joining.time())
	return events, err
}
