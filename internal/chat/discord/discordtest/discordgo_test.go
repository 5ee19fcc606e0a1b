package discordtest_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bwmarrin/discordgo"
	"github.com/gorilla/websocket"

	"marginalia/internal/chat/discord/discordtest"
	"marginalia/test/require"
)

// redirect sends discordgo's requests to the double, to API version 10.
type redirect struct {
	s    *discordtest.Server
	next http.RoundTripper
}

func (r redirect) RoundTrip(q *http.Request) (*http.Response, error) {
	q = q.Clone(q.Context())
	q.URL.Scheme, q.URL.Host = "http", strings.TrimPrefix(r.s.API(), "http://")
	q.URL.Path = strings.Replace(q.URL.Path, "/api/v9/", "/api/v10/", 1)
	q.URL.RawPath = strings.Replace(q.URL.RawPath, "/api/v9/", "/api/v10/", 1)
	return r.next.RoundTrip(q)
}

// dialled is discordgo, pointed at the double. Ending it closes what it holds.
func dialled(t *testing.T, s *discordtest.Server) *discordgo.Session {
	t.Helper()
	d, err := discordgo.New("Bot " + s.Token())
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DialContext: s.Dial}
	t.Cleanup(transport.CloseIdleConnections)
	d.Client = &http.Client{Transport: redirect{s, transport}}
	d.Dialer = &websocket.Dialer{NetDialContext: s.Dial}
	d.StateEnabled, d.SyncEvents, d.ShouldReconnectOnError = false, true, false
	d.Identify.Intents = 34337
	return d
}

// TestDiscordgoInABubble runs discordgo itself against the double, in a bubble
// where 66 hours pass.
func TestDiscordgoInABubble(t *testing.T) {
	schemas := require.Shared(t, "discord")
	synctest.Test(t, func(t *testing.T) {
		discordgo.APIVersion = "10"
		s, err := discordtest.Start(discordtest.Options{Pipe: true, Schemas: schemas})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		room, ada := s.Channel("book-club"), s.User("Ada")
		d := dialled(t, s)
		heard := make(chan string, 100)
		d.AddHandler(func(_ *discordgo.Session, m *discordgo.MessageCreate) { heard <- m.Content })
		if err := d.Open(); err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"one", "two"} {
			if _, err := ada.Say(room, text, ""); err != nil {
				t.Fatal(err)
			}
			if got := <-heard; got != text {
				t.Errorf("heard %q, Ada said %q", got, text)
			}
			time.Sleep(33 * time.Hour)
		}
		if err := d.MessageReactionAdd(room, s.Messages(room)[0].ID, "👍"); err != nil {
			t.Error(err)
		}
		if got := s.Ops()["HEARTBEAT"].N; got < 5700 {
			t.Errorf("%d heartbeats in 66 hours", got)
		}
		for _, bad := range s.Bad() {
			t.Error(bad)
		}
		for _, noise := range []struct {
			make func() error
			bad  string
		}{
			{func() error { _, err := d.ChannelMessageSend(room, "x"); return err }, "allowed_mentions is missing"},
			{func() error { _, err := d.ChannelMessageEdit(room, s.Messages(room)[0].ID, "x"); return err }, "not allowed"},
			{func() error {
				_, err := d.ThreadStart(room, "x", discordgo.ChannelTypeGuildPublicThread, 60)
				return err
			}, ""},
		} {
			noise.make() //nolint:errcheck // refused or not, it is noted
			if bad := strings.Join(s.Bad(), "; "); (bad == "") != (noise.bad == "") || !strings.Contains(bad, noise.bad) {
				t.Errorf("of discordgo's noise Bad has %q, want %q", bad, noise.bad)
			}
			s.ForgetBad()
		}
		s.Cut()
		time.Sleep(2 * time.Second) // discordgo sleeps a second when it closes
	})
}
