package discord

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/discord/discordtest"
)

// What refusals come to besides the errors of package chat.
var (
	errLater   = errors.New("a wish to be asked later")
	errDoubted = errors.New("an error that leaves open what was done")
)

// cameTo reports whether err is what it should be; nil: it went well.
func cameTo(err, want error) bool {
	switch want {
	case nil:
		return err == nil
	case errLater:
		return errors.As(err, new(chat.RetryAfter))
	case errDoubted:
		return err != nil && open(err)
	}
	return errors.Is(err, want)
}

// scene is where something is refused: a passage in a room, with a thread in
// which the bot and someone from elsewhere spoke.
type scene struct {
	*world
	p         *Platform
	r         chat.Room
	root      chat.Ref
	thread    chat.Place
	own, hers chat.Ref
}

func (s *scene) do(t *testing.T, a chat.Action) error {
	_, err := s.p.Do(t.Context(), a)
	return err
}

func on(v chat.Verb, ref chat.Ref, emoji string) chat.Action {
	return chat.Action{Verb: v, Key: "k", On: ref, Emoji: emoji, Name: "A name"}
}

// refusals are what others do just before the bot asks for something, or what
// befalls Discord, which of its answers that brings, and what it comes to.
var refusals = []struct {
	name string
	op   string
	code int
	want error
	tell func(t *testing.T, s *scene) error
}{
	{"the channel is deleted", "create_message", 10003, chat.ErrForbidden, func(t *testing.T, s *scene) error {
		s.DeleteChannel(s.r.ID)
		return s.do(t, posting(at(s.r), "", "More."))
	}},
	{"the channel is hidden", "create_message", 50001, chat.ErrForbidden, func(t *testing.T, s *scene) error {
		s.Deny(s.r.ID, discordtest.ViewChannel)
		return s.do(t, posting(at(s.r), "", "More."))
	}},
	{"what is answered is gone", "create_message", 50035, chat.ErrGone, func(t *testing.T, s *scene) error {
		must(t, s.mod().Delete(s.own.ID))
		a := posting(s.thread, "", "Because.")
		a.Message.ReplyTo = s.own
		return s.do(t, a)
	}},
	{"Discord is broken", "create_message", 500, errDoubted, failing("create_message", 500, func(s *scene) chat.Action { return posting(at(s.r), "", "More.") })},
	{"Discord is away", "create_message", 503, errDoubted, failing("create_message", 503, func(s *scene) chat.Action { return posting(at(s.r), "", "More.") })},
	{"an edit meets a broken proxy", "update_message", 502, errDoubted, failing("update_message", 502, func(s *scene) chat.Action { return editing(s.root, "", "New.") })},
	{"a persona's edit meets a broken proxy", "update_webhook_message", 502, errDoubted, failing("update_webhook_message", 502, func(s *scene) chat.Action { return editing(s.hers, "Ada", "New.") })},
	{"edits come too often", "update_message", 429, errLater, func(t *testing.T, s *scene) error {
		s.Fault(discordtest.Fault{Op: "update_message", Kind: discordtest.RateLimited, Count: 1, Wait: 30 * time.Second})
		return s.do(t, editing(s.root, "", "New."))
	}},
	{"the thread of a persona is deleted", "execute_webhook", 10003, chat.ErrGone, func(t *testing.T, s *scene) error {
		s.DeleteChannel(s.thread.Thread)
		return s.do(t, posting(s.thread, "Ada", "More."))
	}},
	{"a webhook has another secret", "execute_webhook", 50027, nil, func(t *testing.T, s *scene) error {
		h, err := s.p.hook(t.Context(), s.r.ID)
		must(t, err)
		h.Token = "other"
		s.p.hooks.put(s.r.ID, h)
		return s.do(t, posting(at(s.r), "Ada", "More."))
	}},
	{"an edited message is gone", "update_message", 10008, chat.ErrGone, func(t *testing.T, s *scene) error {
		must(t, s.mod().Delete(s.own.ID))
		return s.do(t, editing(s.own, "", "New."))
	}},
	{"a persona's edited message is gone", "update_webhook_message", 10008, chat.ErrGone, func(t *testing.T, s *scene) error {
		must(t, s.mod().Delete(s.hers.ID))
		return s.do(t, editing(s.hers, "Ada", "New."))
	}},
	{"the webhook of an edited message is gone", "update_webhook_message", 10015, chat.ErrRefused, func(t *testing.T, s *scene) error {
		s.DeleteWebhooks(s.r.ID)
		return s.do(t, editing(s.hers, "Ada", "New."))
	}},
	{"a deleted message is gone", "delete_message", 10008, nil, func(t *testing.T, s *scene) error {
		must(t, s.mod().Delete(s.own.ID))
		return s.do(t, on(chat.Delete, s.own, ""))
	}},
	{"a persona's deleted message is gone", "delete_webhook_message", 10008, nil, func(t *testing.T, s *scene) error {
		must(t, s.mod().Delete(s.hers.ID))
		return s.do(t, on(chat.Delete, s.hers, ""))
	}},
	{"the webhook of a deleted message is gone", "delete_webhook_message", 10015, chat.ErrRefused, func(t *testing.T, s *scene) error {
		s.DeleteWebhooks(s.r.ID)
		return s.do(t, on(chat.Delete, s.hers, ""))
	}},
	{"a passage is gone before its thread", "create_thread_from_message", 10008, chat.ErrGone, func(t *testing.T, s *scene) error {
		bare := does(t, s.p, posting(at(s.r), "", "Another.")).Ref
		must(t, s.mod().Delete(bare.ID))
		return s.do(t, on(chat.OpenThread, bare, ""))
	}},
	{"no threads may be opened", "create_thread_from_message", 50013, chat.ErrForbidden, func(t *testing.T, s *scene) error {
		bare := does(t, s.p, posting(at(s.r), "", "Another.")).Ref
		s.Deny(s.r.ID, discordtest.CreateThreads)
		return s.do(t, on(chat.OpenThread, bare, ""))
	}},
	{"a thousand threads are open", "create_thread_from_message", 160006, errLater, func(t *testing.T, s *scene) error {
		bare := does(t, s.p, posting(at(s.r), "", "Another.")).Ref
		bob := s.Server.User("Bob")
		for i := range 999 {
			_, err := bob.Thread(s.r.ID, "", fmt.Sprintf("Bob's %d", i))
			must(t, err)
		}
		return s.do(t, on(chat.OpenThread, bare, ""))
	}},
	{"what gets an emoji is gone", "add_my_message_reaction", 10008, chat.ErrGone, func(t *testing.T, s *scene) error {
		must(t, s.mod().Delete(s.own.ID))
		return s.do(t, on(chat.React, s.own, "👍"))
	}},
	{"twenty emoji stand there", "add_my_message_reaction", 30010, chat.ErrRefused, func(t *testing.T, s *scene) error {
		bob := s.Server.User("Bob")
		for i := range 20 {
			must(t, bob.React(s.own.ID, string(rune('🐀'+i))))
		}
		return s.do(t, on(chat.React, s.own, "👍"))
	}},
	{"no emoji may be put", "add_my_message_reaction", 50013, chat.ErrForbidden, func(t *testing.T, s *scene) error {
		s.Deny(s.r.ID, discordtest.AddReactions)
		return s.do(t, on(chat.React, s.root, "👍"))
	}},
	{"what had an emoji is gone", "delete_my_message_reaction", 10008, chat.ErrGone, func(t *testing.T, s *scene) error {
		does(t, s.p, on(chat.React, s.own, "👍"))
		must(t, s.mod().Delete(s.own.ID))
		return s.do(t, on(chat.Unreact, s.own, "👍"))
	}},
	{"an emoji that is none is taken off", "delete_my_message_reaction", 10014, nil, func(t *testing.T, s *scene) error {
		return s.do(t, on(chat.Unreact, s.root, "no emoji"))
	}},
	{"a persona's channel is deleted", "list_channel_webhooks", 10003, chat.ErrForbidden, func(t *testing.T, s *scene) error {
		other := s.Room(t)
		does(t, s.p, posting(at(other), "", "Before."))
		s.DeleteChannel(other.ID)
		return s.do(t, posting(at(other), "Ada", "More."))
	}},
	{"a persona's channel is full of webhooks", "create_webhook", 30007, chat.ErrForbidden, func(t *testing.T, s *scene) error {
		other := s.Room(t)
		s.FillWebhooks(other.ID, 15)
		return s.do(t, posting(at(other), "Ada", "More."))
	}},
	{"the channel is deleted before it is searched", "list_messages", 10003, chat.ErrForbidden, func(t *testing.T, s *scene) error {
		s.DeleteChannel(s.r.ID)
		return s.do(t, again(posting(at(s.r), "", "More.")))
	}},
	{"the channel is hidden before it is searched", "list_messages", 50001, chat.ErrForbidden, func(t *testing.T, s *scene) error {
		s.Deny(s.r.ID, discordtest.ViewChannel)
		return s.do(t, again(posting(at(s.r), "", "More.")))
	}},
	{"a message is gone before its emoji are looked up", "list_message_reactions_by_emoji", 10008, nil, func(t *testing.T, s *scene) error {
		must(t, s.mod().React(s.own.ID, "🎯"))
		some, err := s.p.messages(t.Context(), s.thread.Thread, "0")
		must(t, err)
		all := some.messages
		must(t, s.mod().Delete(s.own.ID))
		at := slices.IndexFunc(all, func(m message) bool { return m.ID == s.own.ID })
		w, _ := s.p.places.get(s.thread.Thread)
		events, err := s.p.reactionsOn(t.Context(), all[at], w)
		if len(events) > 0 {
			t.Errorf("told is %+v", events)
		}
		return err
	}},
	{"someone has left", "get_guild_member", 10007, nil, func(t *testing.T, s *scene) error {
		w, _ := s.p.places.get(s.r.ID)
		who, err := s.p.personOf(t.Context(), w, user{ID: "100000000000000007", Name: "bob"}, nil)
		if who.Name != "bob" {
			t.Errorf("they are called %q", who.Name)
		}
		return err
	}},
	{"the post of a forum may not be made", "create_thread", 50013, chat.ErrForbidden, func(t *testing.T, s *scene) error {
		f := s.forum()
		s.Deny(f.ID, discordtest.SendMessages)
		return s.do(t, posting(at(f), "", "An essay."))
	}},
	{"the thread is full of people", "create_message", 30033, chat.ErrRefused, func(t *testing.T, s *scene) error {
		s.Fault(discordtest.Fault{Op: "create_message", Kind: discordtest.Refused, Code: 30033, Count: 1})
		return s.says(t, s.do(t, posting(s.thread, "", "More.")), "as many people in the thread")
	}},
	{"who is reacted to has blocked the bot", "add_my_message_reaction", 90001, chat.ErrRefused, func(t *testing.T, s *scene) error {
		s.Fault(discordtest.Fault{Op: "add_my_message_reaction", Kind: discordtest.Refused, Code: 90001, Count: 1})
		return s.says(t, s.do(t, on(chat.React, s.own, "👍")), "has blocked the bot")
	}},
	{"there are too many commands", "create_guild_application_command", 30032, chat.ErrRefused, func(t *testing.T, s *scene) error {
		var all []chat.Command
		for i := range 16 { // in the menu
			all = append(all, chat.Command{Name: fmt.Sprintf("c%d", i), Menu: fmt.Sprintf("Command %d", i)})
		}
		return s.says(t, s.p.Register(t.Context(), all), "as many commands as Discord lets an application have")
	}},
	{"too many commands were made today", "create_guild_application_command", 30034, errLater, func(t *testing.T, s *scene) error {
		s.Fault(discordtest.Fault{Op: "create_guild_application_command", Kind: discordtest.Refused, Code: 30034, Count: 1})
		return s.says(t, s.p.Register(t.Context(), table()), "made as many commands on this server today")
	}},
	{"a command is not written as Discord wants it", "create_guild_application_command", 50035, chat.ErrRefused, func(t *testing.T, s *scene) error {
		defer s.ForgetBad()
		return s.says(t, s.p.Register(t.Context(), []chat.Command{{Name: "no name!"}}), "is not taken as it is written")
	}},
	{"the server lets the bot have no commands", "list_guild_application_commands", 50001, chat.ErrForbidden, func(t *testing.T, s *scene) error {
		s.Fault(discordtest.Fault{Op: "list_guild_application_commands", Kind: discordtest.Refused, Code: 50001, Count: 1})
		return s.says(t, s.p.Register(t.Context(), table()), "let it in once more at https://discord.com/oauth2/authorize?")
	}},
	{"the forum is deleted", "create_thread", 10003, chat.ErrForbidden, func(t *testing.T, s *scene) error {
		f := s.forum()
		does(t, s.p, posting(at(f), "", "An essay."))
		s.DeleteChannel(f.ID)
		return s.do(t, posting(at(f), "", "Another."))
	}},
}

// failing is a story in which Discord's machines answer an action with status.
func failing(op string, status int, a func(*scene) chat.Action) func(*testing.T, *scene) error {
	return func(t *testing.T, s *scene) error {
		s.Fault(discordtest.Fault{Op: op, Kind: discordtest.Fail, Status: status, Count: 1})
		return s.do(t, a(s))
	}
}

// says wants words in what an error says, and returns it.
func (s *scene) says(t *testing.T, err error, words string) error {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), words) {
		t.Errorf("%v does not say: %s", err, words)
	}
	return err
}

func (s *scene) mod() *discordtest.User {
	return s.Server.User("Mod", discordtest.ManageMessages)
}

func (s *scene) forum() chat.Room { return room(s.Forum("essays")) }

// Each refusal that the platform must go on from is told as what it is.
func TestRefusedByDiscord(t *testing.T) {
	for _, c := range refusals {
		t.Run(c.name, func(t *testing.T) {
			story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
				s := &scene{world: w, p: p, r: r, root: does(t, p, posting(at(r), "", "A passage.")).Ref}
				s.thread = opened(t, p, s.root)
				s.own, s.hers = does(t, p, posting(s.thread, "", "Why?")).Ref, does(t, p, posting(s.thread, "Ada", "Why not?")).Ref
				err := c.tell(t, s)
				if !cameTo(err, c.want) {
					t.Errorf("it came to %v, should: %v", err, c.want)
				}
				if w.Ops()[c.op].Errors[c.code] == 0 {
					t.Errorf("%s was not answered with %d, but: %v", c.op, c.code, w.Ops()[c.op].Errors)
				}
			})
		})
	}
}

// Old messages may be edited less often than Discord's headers say.
func TestLateEdits(t *testing.T) {
	story(t, discordtest.Options{Limits: discordtest.Seen()}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		root := does(t, p, posting(at(r), "", "Version 0.")).Ref
		time.Sleep(2 * time.Hour)
		for i := range 3 {
			does(t, p, editing(root, "", fmt.Sprintf("Version %d.", i+1)))
		}
		_, err := p.Do(t.Context(), editing(root, "", "Version 4."))
		if wait := asked(t, err); wait.Wait <= 0 || wait.Wait > time.Minute {
			t.Errorf("it waits %+v", wait)
		}
		w.reads(t, at(r), "Version 3.")
		does(t, p, editing(root, "", "Version 4."))
		w.reads(t, at(r), "Version 4.")
	})
}
