package discord

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/discord/discordtest"
	"marginalia/internal/format"
)

// reads checks what stands in a place: "name: text", of the bot's own "text".
func (w *world) reads(t *testing.T, p chat.Place, want ...string) []chat.Message {
	t.Helper()
	var got []string
	all := w.Read(t, p)
	for _, m := range all {
		line := m.Body.Text
		if m.From.ID != w.Bot() {
			line = m.From.Name + ": " + line
		}
		got = append(got, line)
	}
	if !slices.Equal(got, want) {
		t.Errorf("there stand\n  %q, should\n  %q", got, want)
	}
	return all
}

// story tells a story of what the platform is told to do.
func story(t *testing.T, o discordtest.Options, tell func(t *testing.T, w *world, p *Platform, r chat.Room)) {
	t.Helper()
	bubble(t, o, func(t *testing.T, w *world) {
		r := w.Room(t)
		tell(t, w, w.open(t), r)
	})
}

func opened(t *testing.T, p *Platform, root chat.Ref) chat.Place {
	t.Helper()
	return does(t, p, chat.Action{Verb: chat.OpenThread, Key: "open-" + root.ID, On: root, Name: "What is said about it"}).Ref.Place
}

func editing(ref chat.Ref, from, text string) chat.Action {
	a := posting(ref.Place, from, text)
	a.Verb, a.On = chat.Edit, ref
	return a
}

// A person from elsewhere speaks, edits, and takes back, in a room and in a
// thread.
func TestPersona(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		root := does(t, p, posting(at(r), "", "A passage.")).Ref
		thread := opened(t, p, root)
		for _, place := range []chat.Place{at(r), thread} {
			before := w.Read(t, place)
			made := does(t, p, posting(place, "Ada Lovelace", "Frist.")).Ref
			if made.As == "" || made.As == bot || made.Place != place {
				t.Errorf("made %+v", made)
			}
			does(t, p, editing(made, "Ada Lovelace", "First."))
			if got := w.Read(t, place); got[len(got)-1].Body.Text != "First." || got[len(got)-1].From.Name != "Ada Lovelace" {
				t.Errorf("there stand %+v", got)
			}
			does(t, p, chat.Action{Verb: chat.Delete, Key: "d", On: made})
			if got := w.Read(t, place); len(got) != len(before) {
				t.Errorf("it is not deleted: %+v", got)
			}
		}
		if n := w.Ops()["create_webhook"].N; n != 1 {
			t.Errorf("%d webhooks were made", n)
		}
	})
}

// A new process finds the webhook of the one before.
func TestOneWebhook(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		made := does(t, p, posting(at(r), "Ada", "One.")).Ref
		p = w.open(t)
		does(t, p, editing(made, "Ada", "Two."))
		does(t, p, posting(at(r), "Bob", "Three."))
		w.reads(t, at(r), "Ada: Two.", "Bob: Three.")
		if n := w.Ops()["create_webhook"].N; n != 1 {
			t.Errorf("%d webhooks were made", n)
		}
	})
}

// Somebody deletes the webhook: there is a new one, and what the old one said
// can still be deleted, but not be edited.
func TestWebhookDeleted(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		old := does(t, p, posting(at(r), "Ada", "One.")).Ref
		w.DeleteWebhooks(r.ID)
		does(t, p, posting(at(r), "Ada", "Two."))
		w.reads(t, at(r), "Ada: One.", "Ada: Two.")
		if _, err := p.Do(t.Context(), editing(old, "Ada", "Uno.")); !errors.Is(err, chat.ErrRefused) {
			t.Errorf("edit what a webhook said that is gone: %v", err)
		}
		if _, err := p.Do(t.Context(), chat.Action{Verb: chat.Delete, Key: "d", On: old}); !errors.Is(err, chat.ErrRefused) || errors.Is(err, chat.ErrForbidden) || !strings.Contains(err.Error(), "Manage Messages") {
			t.Errorf("delete it without the permission: %v", err)
		}
		w.Grant(discordtest.ManageMessages)
		does(t, p, chat.Action{Verb: chat.Delete, Key: "d", On: old})
		w.reads(t, at(r), "Ada: Two.")
	})
}

// A webhook that is gone is not called again, whenever it went.
func TestWebhooksDeletedOneAfterAnother(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		called := map[string]bool{}
		for range 2 {
			err := p.withHook(t.Context(), r.ID, func(h hook) error {
				if called[h.ID] {
					t.Errorf("%s is called again, of which Discord said that it is gone", h.ID)
				}
				called[h.ID] = true
				w.DeleteWebhooks(r.ID)
				return p.call(t.Context(), ask{method: http.MethodPost, path: "webhooks/" + h.ID + "/" + h.Token, in: map[string]any{"content": "x", "allowed_mentions": nobody}, scope: chat.RoomScope}, nil)
			})
			if err == nil {
				t.Error("a webhook that is gone was called, and did not mind")
			}
		}
		if len(called) != 4 {
			t.Errorf("%d webhooks were called", len(called))
		}
		time.Sleep(2 * time.Second) // from then on the double minds
		does(t, p, posting(at(r), "Ada", "One."))
	})
}

// An edit whose answer was lost before its webhook was deleted may have been made.
func TestWebhookDeletedBehindAnEdit(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		for _, made := range []bool{true, false} {
			edit := editing(does(t, p, posting(at(r), "Ada", "One.")).Ref, "Ada", "Two. ")
			w.Fault(discordtest.Fault{Op: "update_webhook_message", Kind: discordtest.CutOff, After: made, Count: 1})
			if _, err := p.Do(t.Context(), edit); err == nil {
				t.Fatal("the answer was not lost")
			}
			w.DeleteWebhooks(r.ID)
			if _, err := p.Do(t.Context(), again(edit)); errors.Is(err, chat.ErrRefused) == made {
				t.Errorf("asked again where it was made: %v: %v", made, err)
			}
		}
		w.reads(t, at(r), "Ada: Two.", "Ada: One.")
	})
}

// Whether an edit was made is not known while it cannot be looked up.
func TestAnEditThatCannotBeLookedUpIsNotRefused(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		edit := editing(does(t, p, posting(at(r), "Ada", "One.")).Ref, "Ada", "Two.")
		w.Fault(discordtest.Fault{Op: "update_webhook_message", Kind: discordtest.CutOff, After: true, Count: 1})
		if _, err := p.Do(t.Context(), edit); err == nil {
			t.Fatal("the answer was not lost")
		}
		w.DeleteWebhooks(r.ID)
		w.Fault(discordtest.Fault{Op: "get_message", Kind: discordtest.Fail, Status: http.StatusServiceUnavailable, Count: 1})
		if _, err := p.Do(t.Context(), again(edit)); errors.Is(err, chat.ErrRefused) {
			t.Errorf("an edit that was made is refused for good, since it could not be looked up once: %v", err)
		}
	})
}

// Answers by personas name what they answer with a line of their own, which is
// no part of the words when they are looked for.
func TestPersonaAnswers(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		root := does(t, p, posting(at(r), "", "A passage.")).Ref
		thread := opened(t, p, root)
		why := w.User(t, "bob").Say(t, thread, "Why?", chat.Ref{})
		a := posting(thread, "Ada", "Because.")
		a.Message.ReplyTo = why
		w.Lose(1)
		if _, err := p.Do(t.Context(), a); err == nil {
			t.Fatal("the answer was not lost")
		}
		p = w.open(t)
		done := does(t, p, again(a))
		link := "https://discord.com/channels/" + w.Guild() + "/" + thread.Thread + "/" + why.ID
		last := w.Messages(thread.Thread)
		if got := last[len(last)-1].Text; !done.Found || got != "-# ↪ "+link+"\nBecause." {
			t.Errorf("found %v, it stands as %q", done, got)
		}
		edit := editing(done.Ref, "Ada", "For this reason.")
		edit.Message.ReplyTo = why
		does(t, p, edit)
		last = w.Messages(thread.Thread)
		if got := last[len(last)-1].Text; got != "-# ↪ "+link+"\nFor this reason." {
			t.Errorf("edited it stands as %q", got)
		}
	})
}

// What is answered is gone: that is told, and nothing is said.
func TestAnswersWhatIsGone(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		ada := w.User(t, "ada")
		said := ada.Say(t, at(r), "I take this back.", chat.Ref{})
		ada.Delete(t, said)
		a := posting(at(r), "", "What?")
		a.Message.ReplyTo = said
		if _, err := p.Do(t.Context(), a); !errors.Is(err, chat.ErrGone) {
			t.Errorf("answering what is gone: %v", err)
		}
		w.reads(t, at(r))
	})
}

// Of several equal posts of one person the right one is found.
func TestDoubtedPersona(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		first := does(t, p, posting(at(r), "Ada", "Yes.")).Ref
		other := does(t, p, posting(at(r), "Bob", "Yes.")).Ref
		own := does(t, p, posting(at(r), "", "Yes.")).Ref
		a := posting(at(r), "Ada", "Yes.")
		w.Lose(1)
		if _, err := p.Do(t.Context(), a); err == nil {
			t.Fatal("the answer was not lost")
		}
		p = w.open(t)
		second := does(t, p, again(a, first, other, own))
		if !second.Found {
			t.Errorf("the second was said again: %+v", second)
		}
		b := posting(at(r), "Ada", "Yes.")
		w.Drop(1)
		if _, err := p.Do(t.Context(), b); err == nil {
			t.Fatal("the request was not lost")
		}
		third := does(t, p, again(b, first, other, own, second.Ref))
		if third.Found {
			t.Errorf("the third, which was not said, is found as %+v", third.Ref)
		}
		w.reads(t, at(r), "Ada: Yes.", "Bob: Yes.", "Yes.", "Ada: Yes.", "Ada: Yes.")
	})
}

// The answer is a 502 of a proxy, and the post stands.
func TestBadGateway(t *testing.T) {
	for _, from := range []string{"", "Ada"} {
		t.Run("from "+from, func(t *testing.T) {
			story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
				a := posting(at(r), from, "Once.")
				w.Fault(discordtest.Fault{Kind: discordtest.Fail, After: true, Count: 1})
				_, err := p.Do(t.Context(), a)
				if err == nil || !open(err) {
					t.Fatalf("502: %v", err)
				}
				time.Sleep(10 * time.Minute) // no nonce is known any more
				if done := does(t, w.open(t), again(a)); !done.Found {
					t.Errorf("asked again: %+v", done)
				}
				if got := w.Read(t, at(r)); len(got) != 1 {
					t.Errorf("there stand %+v", got)
				}
			})
		})
	}
}

// open reports whether err leaves open what was done.
func open(err error) bool {
	for _, kind := range []error{chat.ErrRefused, chat.ErrGone, chat.ErrForbidden, chat.ErrAuth, chat.ErrUnreached} {
		if errors.Is(err, kind) {
			return false
		}
	}
	return !errors.As(err, new(chat.RetryAfter))
}

// In an archived thread everything goes on as in any other; what is to be done
// in a locked one waits, and the rest of its room does not.
func TestArchivedThread(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		mod := w.Server.User("Mod", discordtest.ManageThreads, discordtest.ManageMessages)
		root := does(t, p, posting(at(r), "", "A passage.")).Ref
		thread := opened(t, p, root)
		own := does(t, p, posting(thread, "", "Owm.")).Ref
		ada := does(t, p, posting(thread, "Ada", "Hers.")).Ref
		archive := func() { must(t, mod.Archive(thread.Thread, true)) }
		archive()
		does(t, p, editing(own, "", "Own."))
		archive()
		does(t, p, editing(ada, "Ada", "Here."))
		archive()
		does(t, p, chat.Action{Verb: chat.React, Key: "r", On: ada, Emoji: "👍"})
		archive()
		does(t, p, chat.Action{Verb: chat.Unreact, Key: "u", On: ada, Emoji: "👍"})
		archive()
		does(t, p, posting(thread, "Bob", "Mine."))
		archive()
		does(t, p, chat.Action{Verb: chat.Delete, Key: "d", On: ada})
		w.reads(t, thread, "Own.", "Bob: Mine.")
		w.Revoke(discordtest.ManageThreads)
		must(t, mod.Lock(thread.Thread, true))
		archive()
		for _, a := range []chat.Action{posting(thread, "", "More."), posting(thread, "Bob", "More."), editing(own, "", "More.")} {
			_, err := p.Do(t.Context(), a)
			var later chat.RetryAfter
			if !errors.As(err, &later) || later.Scope != chat.MessageScope || errors.Is(err, chat.ErrForbidden) {
				t.Errorf("%s from %q in a locked thread: %v", a.Verb, a.Message.From.Name, err)
			}
		}
		does(t, p, posting(at(r), "", "The next passage."))
	})
}

// A thread is there already: that is as good as opened.
func TestThreadThere(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		root := does(t, p, posting(at(r), "", "A passage.")).Ref
		_, err := w.Server.User("Bob").Thread(r.ID, root.ID, "Bob's")
		must(t, err)
		thread := opened(t, p, root)
		does(t, p, posting(thread, "", "About it."))
		w.reads(t, thread, "About it.")
		long := does(t, p, posting(at(r), "", "Another.")).Ref
		made := does(t, p, chat.Action{Verb: chat.OpenThread, Key: "o", On: long, Name: strings.Repeat("Größe ", 40)})
		if th, ok := w.ThreadOf(made.Ref.Place.Thread); !ok || len([]rune(th.Name)) > 100 {
			t.Errorf("the thread is %+v", th)
		}
	})
}

// Each refusal is told as what it is.
func TestRefusals(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		root := does(t, p, posting(at(r), "", "A passage.")).Ref
		long := format.Text(strings.Repeat("x", 2001))
		tooLong := posting(at(r), "", "")
		tooLong.Message.Body = long
		elsewhere := posting(at(room("123456789012345678")), "", "Anyone?")
		in := opened(t, p, root)
		inner := does(t, p, posting(in, "", "Inside.")).Ref
		for _, c := range []struct {
			a    chat.Action
			want error
		}{
			{tooLong, chat.ErrRefused},
			{posting(at(r), "", " "), chat.ErrRefused},
			{posting(at(r), "Ada", ""), chat.ErrRefused},
			{elsewhere, chat.ErrForbidden},
			{chat.Action{Verb: chat.React, Key: "r", On: root, Emoji: "no emoji"}, chat.ErrRefused},
			{chat.Action{Verb: chat.OpenThread, Key: "o", On: inner, Name: "Deeper"}, chat.ErrRefused},
			{chat.Action{Verb: "dance", On: root}, chat.ErrRefused},
		} {
			if _, err := p.Do(t.Context(), c.a); !errors.Is(err, c.want) {
				t.Errorf("%s %.20q: %v, should be: %v", c.a.Verb, c.a.Message.Body.Text, err, c.want)
			}
		}
		w.ForgetBad() // a careful bot does not send 2,001 characters: Fits says so
		w.Deny(r.ID, discordtest.SendMessages)
		if _, err := p.Do(t.Context(), posting(at(r), "", "More.")); !errors.Is(err, chat.ErrForbidden) {
			t.Errorf("without the permission to send: %v", err)
		}
		w.Allow(r.ID, discordtest.SendMessages)
		w.Deny(r.ID, discordtest.ManageWebhooks)
		if _, err := p.Do(t.Context(), posting(at(r), "Ada", "More.")); !errors.Is(err, chat.ErrForbidden) || !strings.Contains(err.Error(), "Manage Webhooks") {
			t.Errorf("without the permission for webhooks: %v", err)
		}
		w.RevokeToken()
		if _, err := p.Do(t.Context(), posting(at(r), "", "More.")); !errors.Is(err, chat.ErrAuth) {
			t.Errorf("without a token: %v", err)
		}
		w.ForgetBad()
	})
}

// A network that is not there was not asked.
func TestUnreached(t *testing.T) {
	story(t, discordtest.Options{}, func(t *testing.T, w *world, p *Platform, r chat.Room) {
		p.limits = newLimits()
		does(t, p, posting(at(r), "", "One."))
		must(t, p.Close())
		must(t, w.Server.Close())
		if _, err := p.Do(t.Context(), posting(at(r), "", "Two.")); !errors.Is(err, chat.ErrUnreached) {
			t.Errorf("a server that is not there: %v", err)
		}
	})
}
