package discord

import (
	"net/http"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/discord/discordtest"
)

// Codes that the double does not give, and those that only a status tells of.
func TestKinds(t *testing.T) {
	for _, c := range []struct {
		status, code int
		want         error
	}{
		{http.StatusForbidden, 0, chat.ErrForbidden},
		{http.StatusBadRequest, 200000, chat.ErrRefused}, {http.StatusBadRequest, 130000, errLater}, {http.StatusTooManyRequests, 30046, errLater},
		{http.StatusBadRequest, 30032, chat.ErrRefused}, {http.StatusBadRequest, 30033, chat.ErrRefused}, {http.StatusBadRequest, 30034, errLater},
		{http.StatusBadRequest, 30047, chat.ErrRefused}, {http.StatusBadRequest, 30048, chat.ErrRefused}, {http.StatusBadRequest, 30058, chat.ErrForbidden},
		{http.StatusNotFound, 0, chat.ErrForbidden}, {http.StatusUnauthorized, 0, chat.ErrAuth},
		{http.StatusBadRequest, 99999, chat.ErrRefused}, {http.StatusServiceUnavailable, 0, nil},
	} {
		if got := kindOf(&failure{status: c.status, code: c.code}, chat.RoomScope); !cameTo(got, c.want) {
			t.Errorf("%d (%d) comes to %v, should to %v", c.status, c.code, got, c.want)
		}
	}
}

// A 429 that says what there is too much of, but not until when, is not one of
// Discord's edge, which would stop everything.
func TestTooManyWithoutATime(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		x := &exchange{route: route{name: "POST somewhere", scope: chat.RoomScope}, body: []byte(`{"code": 30034, "message": "Too many"}`)}
		p.rest.Client.Transport.(*transport).tooMany(x, http.Header{}, time.Now())
		if x.wait.Wait != time.Hour || x.wait.Scope != chat.RoomScope {
			t.Errorf("it waits %+v", *x.wait)
		}
		does(t, p, posting(at(r), "", "A passage."))
	})
}
