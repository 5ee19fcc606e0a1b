//go:build unix

package matrix

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/test/dendrite"
	"marginalia/test/wait"
)

// told is what is wrong, one line a finding, as an operator reads it.
func told(all []chat.Finding) string {
	var lines []string
	for _, f := range all {
		if !f.OK {
			lines = append(lines, f.What+"\n"+f.Why+"\n"+f.Do)
		}
	}
	return strings.Join(lines, "\n")
}

// checked is what Check finds with the world's account and the rooms.
func (w *world) checked(t *testing.T, rooms ...string) []chat.Finding {
	t.Helper()
	w.config.Rooms = rooms
	all := w.open(t).Check(t.Context())
	for _, f := range all {
		if f.What == "" || !f.OK && (f.Why == "" || f.Do == "") || strings.Contains(fmt.Sprint(f), w.config.Token) {
			t.Errorf("a finding that tells too little, or too much: %+v", f)
		}
	}
	return all
}

// expects fails unless what was found missing holds all the words, in order.
func expects(t *testing.T, all []chat.Finding, words ...string) {
	t.Helper()
	got := told(all)
	rest := got
	for _, w := range words {
		_, after, ok := strings.Cut(rest, w)
		if !ok {
			t.Errorf("%q is not told (in that order) by\n%s", w, got)
			return
		}
		rest = after
	}
	if len(words) == 0 && got != "" {
		t.Errorf("nothing is wrong, but it is said that\n%s", got)
	}
}

// TestCheck looks at accounts and rooms in which something is missing, each
// time something else.
func TestCheck(t *testing.T) {
	server := dendrite.Start(t)
	for name, story := range map[string]func(*testing.T, *world){
		"all is well":                   checkAllIsWell,
		"the address is the name alone": checkBareName,
		"the token":                     checkTokens,
		"rooms that it is not in":       checkNotIn,
		"an encrypted room":             checkEncrypted,
		"rights":                        checkRightsOf,
	} {
		t.Run(name, func(t *testing.T) { story(t, newWorld(t, server)) })
	}
}

func checkAllIsWell(t *testing.T, w *world) {
	room := w.room(t, map[string]any{"preset": "private_chat", "invite": []string{w.bot.ID}})
	before := 0
	wait.Until(t, 10*time.Second, "the bot's entry is shown", func() bool {
		events := w.events(t, room)
		before = len(events)
		return before > 0 && events[before-1].Sender == w.bot.ID
	})
	all := w.checked(t, room)
	expects(t, all)
	var what []string
	for _, f := range all {
		what = append(what, strings.ReplaceAll(f.What, room, "!"))
	}
	want := []string{
		"the homeserver " + w.config.Homeserver, "the token", "room !: the bot is in it", "room !: not encrypted", "room !: post messages",
		"room !: react", "room !: remove its own messages", "room !: remove what others said",
	}
	if !slices.Equal(what, want) {
		t.Errorf("looked at %q", what)
	}
	if last := all[len(all)-1]; !strings.Contains(last.Do, "“Remove messages sent by others”") {
		t.Errorf("a right that it can do without is told as %+v", last)
	}
	if after := len(w.events(t, room)); after != before {
		t.Errorf("%d events stood in the room, %d now", before, after)
	}
}

func checkBareName(t *testing.T, w *world) {
	real := w.config.Homeserver
	known := `{"m.homeserver":{"base_url":"` + real + `/"}}`
	site := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/.well-known/matrix/client" {
			http.NotFound(rw, r)
			return
		}
		if r.Header.Get("Authorization") != "" {
			t.Error("the token is sent to where it does not belong")
		}
		fmt.Fprint(rw, known)
	}))
	defer site.Close()
	w.config.Homeserver = site.URL
	all := w.checked(t, "!a:b")
	expects(t, all, "the homeserver "+site.URL, "404", fmt.Sprintf("did you mean homeserver = %q in [matrix]?", real))
	if len(all) != 1 {
		t.Errorf("more was looked at: %+v", all)
	}
	known = "<html>"
	expects(t, w.checked(t, "!a:b"), "404", "set [matrix] homeserver to the address")
	w.config.Homeserver = "http://127.0.0.1:1"
	expects(t, w.checked(t, "!a:b"), "connection refused", "set [matrix] homeserver")
}

func checkTokens(t *testing.T, w *world) {
	account := w.server.Register(t, fmt.Sprintf("other-%d", worlds.Add(1)))
	good, self := w.config.Token, w.config.UserID
	session := w.server.Login(t, account)
	w.config.Token = session.AccessToken
	expects(t, w.checked(t), "the token", "it is the token of "+account.UserID+", not of "+self, fmt.Sprintf("set [matrix] user to %q", account.UserID))
	w.config.UserID = account.UserID
	expects(t, w.checked(t))
	p := w.open(t)
	if err := p.call(t.Context(), p.c.Timeout, http.MethodPost, p.address("v3", "logout"), struct{}{}, nil); err != nil {
		t.Fatal(err)
	}
	expects(t, w.checked(t), "the token", "logged out", "With Matrix")
	w.config.Token = "syt_of_another_server"
	expects(t, w.checked(t), "the token", "does not accept it", "access_token")

	expired := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/versions") {
			fmt.Fprint(rw, `{"versions":["v1.1"]}`)
			return
		}
		rw.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(rw, `{"errcode":"M_UNKNOWN_TOKEN","error":"the token `+w.config.Token+` is old","soft_logout":true}`)
	}))
	defer expired.Close()
	w.config.Homeserver, w.config.Token = expired.URL, good
	expects(t, w.checked(t), "the token", "it has expired", "access_token")
}

func checkNotIn(t *testing.T, w *world) {
	room, err := w.owner.CreateRoom(t.Context(), "closed")
	if err != nil {
		t.Fatal(err)
	}
	invited, err := w.owner.CreateRoom(t.Context(), "asked", w.bot.ID)
	if err != nil {
		t.Fatal(err)
	}
	good := w.room(t, map[string]any{"preset": "public_chat"})
	nowhere := "!nowhere:" + w.server.Name()
	all := w.checked(t, room, invited, good, nowhere)
	expects(t, all,
		"room "+room+": the bot is in it\nthe bot is not in the room, nor invited\ninvite "+w.bot.ID,
		"room "+nowhere+": the bot is in it\nthe bot is not in the room, nor invited")
	if !slices.ContainsFunc(all, func(f chat.Finding) bool {
		return f.OK && strings.HasPrefix(f.What, "room "+invited+": the bot is invited")
	}) {
		t.Error("nothing is said of the invitation")
	}
	if len(all) != 2+1+1+6+1 {
		t.Errorf("%d findings: %+v", len(all), all)
	}
	if err := w.bot.Join(t.Context(), invited); err != nil {
		t.Errorf("the invitation no longer stands: %v", err)
	}
}

func checkEncrypted(t *testing.T, w *world) {
	room := w.room(t, map[string]any{"preset": "public_chat", "initial_state": []any{map[string]any{
		"type": "m.room.encryption", "state_key": "", "content": map[string]any{"algorithm": "m.megolm.v1.aes-sha2"},
	}}})
	expects(t, w.checked(t, room), "room "+room+": not encrypted", "cannot be undone", "“Enable end-to-end encryption” switched off")
}

func checkRightsOf(t *testing.T, w *world) {
	quiet := w.room(t, map[string]any{"preset": "public_chat", "power_level_content_override": map[string]any{
		"events_default": 50, "users": map[string]any{w.owner.ID: 100, w.bot.ID: 10},
	}})
	expects(t, w.checked(t, quiet),
		"room "+quiet+": post messages\nthe bot's power level is 10, and 50 is needed\nin Element: Room settings, Roles & Permissions: give "+w.bot.ID+" a role of 50 or more, or set “Send messages” to a role of 10 or less",
		": react", "“Send reactions”", ": remove its own messages", "“Remove messages sent by me”")
	some := w.room(t, map[string]any{"preset": "public_chat", "power_level_content_override": map[string]any{
		"events": map[string]any{"m.reaction": 25, "m.room.redaction": 50}, "users": map[string]any{w.owner.ID: 100, w.bot.ID: 50},
	}})
	all := w.checked(t, some)
	expects(t, all)
	if last := all[len(all)-1]; last.Why != "" {
		t.Errorf("a moderator may not do something: %+v", last)
	}
}
