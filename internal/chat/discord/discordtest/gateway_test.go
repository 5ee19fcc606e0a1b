package discordtest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"marginalia/internal/chat/discord/discordtest"
)

// TestEvents are told for what is done, to who asked for them.
func TestEvents(t *testing.T) {
	b := start(t, discordtest.Options{Intents: 1<<15 | 1<<1})
	l := b.ready(usual | 1<<1)
	m, th := b.thread()
	for _, name := range []string{"MESSAGE_CREATE", "THREAD_CREATE", "THREAD_MEMBER_UPDATE", "THREAD_MEMBERS_UPDATE"} {
		l.event(name)
	}
	if flags := l.event("MESSAGE_UPDATE").data()["flags"]; flags != 32.0 {
		t.Errorf("the thread's message has flags %v", flags)
	}
	if first := l.event("MESSAGE_CREATE").data(); first["type"] != 21.0 || first["channel_id"] != th {
		t.Errorf("the thread begins with %v", first)
	}
	said := b.say(th, "a reply")
	if got := l.event("MESSAGE_CREATE").data(); got["id"] != said || got["content"] != "a reply" || got["member"] == nil {
		t.Errorf("Ada's reply is told as %v", got)
	}
	mod := b.s.User("Mo", discordtest.ManageMessages)
	for _, step := range []struct {
		do   func() error
		name string
	}{
		{func() error { return b.ada.Edit(said, "better") }, "MESSAGE_UPDATE"},
		{func() error { return b.ada.React(m, "👍") }, "MESSAGE_REACTION_ADD"},
		{func() error { return b.ada.Unreact(m, "👍") }, "MESSAGE_REACTION_REMOVE"},
		{func() error { return b.ada.React(m, "👍") }, "MESSAGE_REACTION_ADD"},
		{func() error { return mod.ClearReactions(m, "👍") }, "MESSAGE_REACTION_REMOVE_EMOJI"},
		{func() error { return mod.ClearReactions(m, "") }, "MESSAGE_REACTION_REMOVE_ALL"},
		{func() error { return mod.Archive(th, true) }, "THREAD_UPDATE"},
		{func() error { return b.ada.Delete(said) }, "MESSAGE_DELETE"},
		{func() error { return mod.BulkDelete(b.room, m) }, "MESSAGE_DELETE_BULK"},
		{func() error { b.s.DeleteChannel(th); return nil }, "THREAD_DELETE"},
		{func() error { b.s.DeleteWebhooks(b.room); return nil }, "WEBHOOKS_UPDATE"},
		{func() error { b.s.Channel("new"); return nil }, "CHANNEL_CREATE"},
		{func() error { b.s.Grant(discordtest.PinMessages); return nil }, "GUILD_ROLE_UPDATE"},
		{func() error { b.ada.Nick("Ada L."); return nil }, "GUILD_MEMBER_UPDATE"},
		{func() error { b.s.Outage(true); return nil }, "GUILD_DELETE"},
		{func() error { b.s.Outage(false); return nil }, "GUILD_CREATE"},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		l.event(step.name)
	}
	b.clean()
}

// A guild that is down is named, never comes, and answers nothing; one that lapses
// is told of by nobody until it is back.
func TestGuildsThatAreAway(t *testing.T) {
	b := start(t, discordtest.Options{})
	down := b.s.Down()
	l := b.connect()
	l.identify(usual)
	if named, _ := l.event("READY").data()["guilds"].([]any); len(named) != 2 || named[1].(map[string]any)["id"] != down {
		t.Errorf("named are %v", named)
	}
	l.event("GUILD_CREATE")
	if a := b.ask("GET", "/guilds/"+down+"/channels", nil); a.status != 503 {
		t.Errorf("it answers %d", a.status)
	}
	b.s.Lapse()
	unheard := b.say(b.room, "Does anybody hear this?")
	b.s.Outage(false)
	heard := b.say(b.room, "And this?")
	if e := l.next(); e.T != "GUILD_CREATE" {
		t.Errorf("first comes %s", e.T)
	}
	if got := l.event("MESSAGE_CREATE").data()["id"]; got != heard {
		t.Errorf("told is %v, unheard is %s, heard %s", got, unheard, heard)
	}
	b.clean()
}

// TestIntents: events only for intents that were asked for, words only with
// MESSAGE_CONTENT or in the documented cases.
func TestIntents(t *testing.T) {
	b := start(t, discordtest.Options{Intents: -1})
	none := b.connect()
	none.identify(usual)
	if none.next(); none.code != 4014 {
		t.Errorf("MESSAGE_CONTENT that is switched off closes with %d, want 4014", none.code)
	}
	l := b.ready(usual &^ (1 << 15) &^ (1 << 10))
	mine := b.post("mine")
	hers := b.say(b.room, "secret")
	b.ada.React(mine, "👍")
	b.say(b.room, "hello <@"+b.s.Bot()+">")
	if _, err := b.ada.Say(b.room, "an answer", mine); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"mine", "", "hello <@" + b.s.Bot() + ">", "an answer"} {
		p := l.next()
		if got := p.data()["content"]; p.T != "MESSAGE_CREATE" || got != want {
			t.Errorf("%s tells %q, want %q", p.T, got, want)
		}
	}
	if got := b.ok("GET", "/channels/"+b.room+"/messages/"+hers, nil).get("content"); got != "" {
		t.Errorf("REST tells %q", got)
	}
	b.s.Deny(b.room, discordtest.ViewChannel)
	b.say(b.room, "unseen")
	if p := l.next(); p.T != "CHANNEL_UPDATE" {
		t.Errorf("a bot that does not see the room is told %s", p.T)
	}
	b.clean()
}

// TestCloseCodes of what a client does wrong.
func TestCloseCodes(t *testing.T) {
	b := start(t, discordtest.Options{})
	good := func() object {
		return object{"token": b.s.Token(), "intents": usual, "properties": object{"os": "l", "browser": "x", "device": "x"}}
	}
	with := func(k string, v any) object { o := good(); o[k] = v; return o }
	for _, c := range []struct {
		code int
		op   int
		d    any
		bad  bool
	}{
		{4001, 5, object{}, true}, {4002, 2, with("intent", 1), true}, {4002, 2, with("token", strings.Repeat("x", 5000)), true},
		{4003, 3, object{"since": nil, "activities": list{}, "status": "online", "afk": false}, true},
		{4004, 2, with("token", "x"), false}, {4013, 2, with("intents", 1<<30), true},
	} {
		l := b.connect()
		l.tell(c.op, c.d)
		for l.next().Op != -1 {
		}
		if want := c.code; l.code != want && !(c.op == 5 && l.code == 4002) {
			t.Errorf("op %d closes with %d, want %d", c.op, l.code, want)
		}
		if bad := b.s.Bad(); c.bad != (len(bad) == 1) {
			t.Errorf("op %d for %d: Bad is %q", c.op, c.code, bad)
		}
		b.s.ForgetBad()
	}
	l := b.ready(usual)
	l.identify(usual)
	if l.next(); l.code != 4005 {
		t.Errorf("a second IDENTIFY closes with %d", l.code)
	}
	b.s.ForgetBad()
	old := b.ready(usual)
	l = b.connect()
	l.tell(6, object{"token": b.s.Token(), "session_id": old.id, "seq": 99})
	if l.next(); l.code != 4007 {
		t.Errorf("RESUME after an event that never was closes with %d", l.code)
	}
	if len(b.s.Bad()) != 1 {
		t.Errorf("and Bad is %q", b.s.Bad())
	}
	b.s.ForgetBad()
	b.s.CloseNext(4009)
	l = b.connect()
	l.identify(usual)
	if l.next(); l.code != 4009 {
		t.Errorf("closed with %d", l.code)
	}
	b.s.RevokeToken()
	b.no(0, "GET", "/users/@me", nil)
	l = b.connect()
	l.identify(usual)
	if l.next(); l.code != 4004 {
		t.Errorf("a revoked token closes with %d", l.code)
	}
	b.clean()
}

// TestResume tells what was missed, in order, once.
func TestResume(t *testing.T) {
	b := start(t, discordtest.Options{Replay: 10})
	for i, lose := range []func(*line){
		func(l *line) { l.ws.UnderlyingConn().Close() },
		func(*line) { b.s.Cut() },
		func(*line) { b.s.CloseWith(4000) },
		func(l *line) { b.s.Zombie(); b.say(b.room, "unheard"); l.ws.UnderlyingConn().Close() },
	} {
		l := b.ready(usual)
		first := b.say(b.room, "heard")
		if got := l.event("MESSAGE_CREATE").data()["id"]; got != first {
			t.Errorf("%d: heard %v", i, got)
		}
		lose(l)
		for range 3 {
			b.say(b.room, "missed")
		}
		n := b.connect()
		n.tell(6, object{"token": b.s.Token(), "session_id": l.id, "seq": l.seq})
		var got []string
		for {
			p := n.next()
			if p.T == "RESUMED" || p.Op != 0 {
				break
			}
			got = append(got, p.data()["content"].(string))
		}
		want := "[missed missed missed]"
		if i == 3 {
			want = "[unheard missed missed missed]"
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%d: resumed with %v, want %s", i, got, want)
		}
	}
	b.clean()
}

// TestResumeIsRefused when too much was missed, when it took too long, when
// the session was ended, or when a test asks for that.
func TestResumeIsRefused(t *testing.T) {
	now := watch()
	b := start(t, discordtest.Options{Replay: 10, Now: now.read})
	for name, lose := range map[string]func(*line){
		"too much": func(l *line) {
			b.s.Cut()
			for range 30 {
				b.say(b.room, "x")
			}
		},
		"too long": func(*line) { b.s.Cut(); now.turn(time.Hour) },
		"ended": func(l *line) {
			l.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), time.Now().Add(time.Second))
			for l.next().Op != -1 {
			}
		},
		"restart": func(*line) { b.s.Restart() },
		"a test":  func(*line) { b.s.RefuseResume(1); b.s.Cut() },
		"op 9": func(l *line) {
			b.s.Invalidate(false)
			if p := l.next(); p.Op != 9 || string(p.D) != "false" {
				t.Errorf("Invalidate says op %d %s", p.Op, p.D)
			}
		},
	} {
		l := b.ready(usual)
		lose(l)
		for name != "op 9" && l.next().Op != -1 {
		}
		n := b.connect()
		n.tell(6, object{"token": b.s.Token(), "session_id": l.id, "seq": l.seq})
		if p := n.next(); p.Op != 9 || string(p.D) != "false" {
			t.Errorf("%s: RESUME is answered with op %d %s %s", name, p.Op, p.T, p.D)
		}
		n.identify(usual)
		n.event("READY")
	}
	b.clean()
}

// TestHeartbeats are acknowledged; a zombie is silent; who sends none is
// closed.
func TestHeartbeats(t *testing.T) {
	b := start(t, discordtest.Options{Heartbeat: 200 * time.Millisecond})
	l := b.ready(usual)
	l.tell(1, l.seq)
	if p := l.next(); p.Op != 11 {
		t.Errorf("a heartbeat is answered with op %d", p.Op)
	}
	for l.next().Op != -1 {
	}
	if l.code != 4009 {
		t.Errorf("who sends no heartbeats is closed with %d, want 4009", l.code)
	}
	l = b.ready(usual)
	b.s.Zombie()
	l.tell(1, l.seq)
	l.ws.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if _, text, err := l.ws.ReadMessage(); err == nil {
		t.Errorf("a zombie says %s", text)
	}
	b.clean()
}

// TestReconnect is asked for in the middle, and before READY.
func TestReconnect(t *testing.T) {
	b := start(t, discordtest.Options{})
	l := b.ready(usual)
	b.s.Reconnect()
	if p := l.next(); p.Op != 7 {
		t.Errorf("op %d, want 7", p.Op)
	}
	b.s.ReconnectFirst(1)
	l = b.connect()
	l.identify(usual)
	if p := l.next(); p.Op != 7 {
		t.Errorf("op %d in place of READY, want 7", p.Op)
	}
	b.s.InvalidFirst(1)
	l = b.connect()
	l.identify(usual)
	if p := l.next(); p.Op != 9 {
		t.Errorf("op %d in place of READY, want 9", p.Op)
	}
	b.clean()
}

// TestEcho comes before or after the answer, as the test wants.
func TestEcho(t *testing.T) {
	for _, echo := range []discordtest.Echo{discordtest.EchoFirst, discordtest.EchoLast, discordtest.EchoEither} {
		b := start(t, discordtest.Options{Echo: echo})
		l := b.ready(usual)
		var want []string
		for i := range 20 {
			want = append(want, b.post(fmt.Sprint(i)))
		}
		for _, id := range want {
			if got := l.event("MESSAGE_CREATE").data()["id"]; got != id {
				t.Errorf("echo %d: heard %v, want %s", echo, got, id)
			}
		}
		b.clean()
	}
}

// TestIdentifyBudget of a day, and the time between two.
func TestIdentifyBudget(t *testing.T) {
	b := start(t, discordtest.Options{Identify: 2, Spacing: time.Hour})
	b.ready(usual)
	l := b.connect()
	l.identify(usual)
	if p := l.next(); p.Op != 9 {
		t.Errorf("IDENTIFY at once again is answered with op %d", p.Op)
	}
	l = b.connect()
	l.identify(usual)
	if l.next(); l.code != 4004 {
		t.Errorf("the third IDENTIFY closes with %d", l.code)
	}
	if got := b.s.Bad(); len(got) != 2 {
		t.Errorf("Bad is %q", got)
	}
}

// TestMembers are told of with the guild only where that is wished for.
func TestMembers(t *testing.T) {
	for _, all := range []bool{false, true} {
		b := start(t, discordtest.Options{AllMembers: all})
		l := b.connect()
		l.identify(usual)
		l.event("READY")
		told := l.event("GUILD_CREATE").data()
		if members, _ := told["members"].([]any); (len(members) > 1) != all || told["member_count"].(float64) < 3 {
			t.Errorf("all members wished for: %v; of %v are told %d", all, told["member_count"], len(members))
		}
		b.clean()
	}
}
