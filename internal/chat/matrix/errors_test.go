package matrix

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"marginalia/internal/chat"
	"marginalia/internal/format"
)

// strange is a homeserver that answers each request in one way.
func strange(t *testing.T, status int, body string) Config {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, strings.ReplaceAll(body, "TOKEN", r.Header.Get("Authorization")))
	}))
	t.Cleanup(server.Close)
	return Config{Homeserver: server.URL, UserID: "@bot:a.example", Token: "syt_very_secret"}
}

var hall = chat.Place{Room: chat.Room{Platform: network, ID: "!hall:a.example"}}

// What a server says of a message, and what it means.
func TestErrors(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		want   error // nil: it is open whether the change was made
	}{
		{400, `{"errcode":"M_BAD_JSON"}`, chat.ErrRefused},
		{413, `{"errcode":"M_TOO_LARGE"}`, chat.ErrRefused},
		{413, `<html>nginx</html>`, chat.ErrRefused},
		{401, `{"errcode":"M_UNKNOWN_TOKEN","soft_logout":true}`, chat.ErrAuth},
		{401, `{"errcode":"M_MISSING_TOKEN"}`, chat.ErrAuth},
		{403, `{"errcode":"M_USER_DEACTIVATED"}`, chat.ErrAuth},
		{403, `{"errcode":"M_FORBIDDEN"}`, chat.ErrForbidden},
		{404, `{"errcode":"M_NOT_FOUND"}`, chat.ErrForbidden},
		{400, `{"errcode":"M_UNSUPPORTED_ROOM_VERSION"}`, chat.ErrForbidden},
		{404, `not a homeserver`, nil},
		{404, `{"errcode":"M_UNRECOGNIZED"}`, nil},
		{408, ``, nil},
		{500, `{"errcode":"M_UNKNOWN"}`, nil},
		{500, `{"errcode":"M_FORBIDDEN"}`, nil},
		{502, `<html>nginx</html>`, nil},
		{504, ``, nil},
		{200, `<html>a login page</html>`, nil},
		{200, `{}`, nil},
	} {
		p, err := Open(t.Context(), strange(t, c.status, c.body))
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Do(t.Context(), chat.Action{Verb: chat.Post, Key: "k", Message: chat.Message{Ref: chat.Ref{Place: hall}, Body: format.Text("words")}})
		if err == nil || c.want != nil && !errors.Is(err, c.want) || c.want == nil && isKind(err) {
			t.Errorf("%d %s means %v, should be %v", c.status, c.body, err, c.want)
		}
		if !strings.Contains(fmt.Sprint(err), hall.Room.ID) || strings.Contains(fmt.Sprint(err), "failed to") && c.status != 200 {
			t.Errorf("%d: the error does not say what was being done: %v", c.status, err)
		}
	}
}

// Whatever a server says, what stands there of the token is never told.
func TestNoTokenIsTold(t *testing.T) {
	for _, status := range []int{400, 401, 403, 404, 500} {
		var log bytes.Buffer
		c := strange(t, status, `{"errcode":"M_WEIRD","error":"you said: TOKEN"}`)
		c.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		p, err := Open(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*firstPause)
		defer cancel()
		told := fmt.Sprint(p.Run(ctx, fromNow(hall.Room), func(context.Context, chat.Batch) error { return nil }))
		for _, verb := range []chat.Verb{chat.Post, chat.Edit, chat.Delete, chat.React, chat.Unreact} {
			for _, again := range []bool{false, true} {
				_, err := p.Do(t.Context(), chat.Action{Verb: verb, Key: "k", Again: again, On: chat.Ref{Place: hall, ID: "$x"}, Message: chat.Message{Ref: chat.Ref{Place: hall}}})
				told += fmt.Sprintf("%v %+v %#v", err, err, fmt.Sprint(err))
			}
		}
		c.UserID = ""
		_, err = Open(t.Context(), c)
		told += fmt.Sprint(err)
		c.UserID, c.Rooms = "@bot:a.example", []string{"#hall:a.example"}
		_, err = Open(t.Context(), c)
		told += fmt.Sprint(err)
		if !strings.Contains(told, "[token]") {
			t.Errorf("%d: the server's words are lost: %s", status, told)
		}
		if strings.Contains(told+log.String(), c.Token) {
			t.Errorf("%d: the token is told: %s %s", status, told, log.String())
		}
	}
}

// An account that is not accepted ends Run; so does a token of someone else's.
func TestRunEndsWithoutAnAccount(t *testing.T) {
	for _, c := range []Config{
		strange(t, 401, `{"errcode":"M_UNKNOWN_TOKEN"}`),
		strange(t, 200, `{"user_id":"@another:a.example"}`),
	} {
		p, err := Open(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		err = p.Run(t.Context(), fromNow(hall.Room), func(context.Context, chat.Batch) error { return nil })
		if !errors.Is(err, chat.ErrAuth) {
			t.Errorf("Run returned %v", err)
		}
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		config Config
		want   string
	}{
		{Config{}, "missing"},
		{Config{Homeserver: "https://a.example", Token: "x", UserID: "@a:b", Rooms: []string{"hall"}}, `"hall" is neither an id`},
		{Config{Homeserver: "http://127.0.0.1:1", Token: "x", UserID: "@a:b", Rooms: []string{"#hall:b"}}, "#hall:b: the network cannot be reached"},
	} {
		if _, err := Open(t.Context(), c.config); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Open says %v, should say %q", err, c.want)
		}
	}
}

func TestLink(t *testing.T) {
	p, err := Open(t.Context(), Config{Homeserver: "https://a.example", Token: "x", UserID: "@bot:a.example"})
	if err != nil {
		t.Fatal(err)
	}
	for room, want := range map[string]string{
		"!hall:b.example": "https://matrix.to/#/%21hall:b.example/$x?via=b.example",
		"!hall":           "https://matrix.to/#/%21hall/$x?via=a.example",
		"":                "",
	} {
		if got := p.link(chat.Ref{Place: chat.Place{Room: chat.Room{Platform: network, ID: room}}, ID: "$x"}); got != want {
			t.Errorf("a message in %q is at %q, should be %q", room, got, want)
		}
	}
}

// Names are one line, not endless, and leave the words' direction alone.
func TestNameOf(t *testing.T) {
	for given, want := range map[string]string{
		" Ada\n Lovelace ": "Ada Lovelace", "": "id", "\u202eevil\u2066": "evil", "A\x00b": "Ab",
		strings.Repeat("é", 200): strings.Repeat("é", 100),
	} {
		if got := nameOf(chat.Person{ID: "id", Name: given}); got != want {
			t.Errorf("%q is shown as %q, should be %q", given, got, want)
		}
	}
}

func TestRecentForgetsTheOldest(t *testing.T) {
	r := newRecent[int, int](10)
	for i := range 1000 {
		r.put(i%500, i)
	}
	if len(r.all) != 10 || len(r.order) > 30 || r.all[499] != 999 {
		t.Errorf("%d entries, %d in order: %v", len(r.all), len(r.order), r.all)
	}
}
