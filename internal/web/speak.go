package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"marginalia/internal/chat"
	"marginalia/internal/chat/local"
	"marginalia/internal/discussion"
	"marginalia/internal/page"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

// rename gives a visitor another name for what they say from now on.
func (s *server) rename(w http.ResponseWriter, r *http.Request) {
	v := visitorOf(r)
	v.Name = tidyName(r.PostFormValue("name"))
	v = v.named()
	s.remember(w, r, v)
	if wantsJSON(r) {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	back := "/"
	if at := r.PostFormValue("at"); at != "" {
		back = "/d/" + at
	}
	http.Redirect(w, r, sameSite(back), http.StatusSeeOther)
}

// sameSite is a path on this site, whatever was asked for.
func sameSite(path string) string {
	if !strings.HasPrefix(path, "/d/") || strings.ContainsAny(path, "\\\r\n") || strings.Contains(path, "//") {
		return "/"
	}
	return path
}

// longest is how many code points a message may have.
const longest = 4000

// say posts what a visitor typed into a passage's thread.
func (s *server) say(w http.ResponseWriter, r *http.Request) {
	s.speak(w, r, func(ctx context.Context, room chat.Room, v visitor) (string, error) {
		text, err := words(r)
		if err != nil {
			return "", err
		}
		passage := discussion.PassageID(r.PostFormValue("passage"))
		place, answers, err := s.aim(ctx, room, passage, r.PostFormValue("answers"))
		if err == nil && !s.Local.Calls(text) {
			err = s.open(ctx, chat.Ref{Place: place, ID: answers.ID})
		}
		if err != nil {
			return "", err
		}
		_, err = s.Local.Say(ctx, place, v.person(), text, answers)
		return string(passage), err
	})
}

// open tells a visitor if a thread is closed: what they say in it, in answer to a
// message, would be kept nowhere.
func (s *server) open(ctx context.Context, at chat.Ref) error {
	return s.DB.View(ctx, func(tx *store.Tx) error {
		locked, err := relay.Locked(tx, at, s.now())
		if err == nil && locked {
			err = sorry{http.StatusConflict, "A moderator closed this thread."}
		}
		return err
	})
}

// aim finds the thread of a passage in a room, and the message that is answered:
// an annotation's by its id, that of an excerpt in the thread by p: and its id; where
// there are no threads, the passage's if no other is named.
func (s *server) aim(ctx context.Context, room chat.Room, p discussion.PassageID, to string) (chat.Place, chat.Ref, error) {
	var place chat.Place
	var answers chat.Ref
	err := s.DB.View(ctx, func(tx *store.Tx) error {
		copies, err := tx.Copies(store.PassageThing(p), room)
		if err != nil {
			return err
		}
		var ok bool
		if place, ok = threadOf(copies); !ok {
			return sorry{http.StatusConflict, "This passage was not posted in this room yet."}
		}
		if to == "" && place.Thread == "" {
			to = "p:" + string(p)
		}
		if to == "" {
			return nil
		}
		thing := store.AnnotationThing(discussion.AnnotationID(to))
		if excerpt, ok := strings.CutPrefix(to, "p:"); ok {
			thing = store.PassageThing(discussion.PassageID(excerpt))
		}
		if copies, err = tx.Copies(thing, room); err != nil {
			return err
		}
		answers, _ = standing(copies)
		return nil
	})
	return place, answers, err
}

// edit gives a message of the visitor's own new words.
func (s *server) edit(w http.ResponseWriter, r *http.Request) {
	s.speak(w, r, func(ctx context.Context, room chat.Room, v visitor) (string, error) {
		text, err := words(r)
		if err != nil {
			return "", err
		}
		ref, under, err := s.own(ctx, room, v, discussion.AnnotationID(r.PostFormValue("annotation")))
		if err != nil {
			return "", err
		}
		return under, s.Local.Edit(ctx, ref, v.person(), text)
	})
}

// delete withdraws a message of the visitor's own.
func (s *server) delete(w http.ResponseWriter, r *http.Request) {
	s.speak(w, r, func(ctx context.Context, room chat.Room, v visitor) (string, error) {
		ref, under, err := s.own(ctx, room, v, discussion.AnnotationID(r.PostFormValue("annotation")))
		if err != nil {
			return "", err
		}
		return under, s.Local.Delete(ctx, ref, v.person())
	})
}

// own finds a message that the visitor said in the room.
func (s *server) own(ctx context.Context, room chat.Room, v visitor, id discussion.AnnotationID) (ref chat.Ref, under string, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		a, err := tx.Annotation(id)
		if errors.Is(err, store.ErrNotFound) || err == nil && !a.Deleted.IsZero() {
			return sorry{http.StatusNotFound, "This message is gone."}
		}
		if err != nil {
			return err
		}
		mine, err := relay.Wrote(tx, v.person(), room.Platform, a)
		if err != nil {
			return err
		}
		copies, err := tx.Copies(store.AnnotationThing(id), room)
		if err != nil {
			return err
		}
		var ok bool
		if ref, ok = standing(copies); !ok || ref.As != "" || !mine {
			return sorry{http.StatusForbidden, "Only who said it may change it, and where it was said."}
		}
		under = string(a.Under)
		return nil
	})
	return ref, under, err
}

// react puts the visitor's emoji on something, or takes it off again.
func (s *server) react(w http.ResponseWriter, r *http.Request) {
	s.speak(w, r, func(ctx context.Context, room chat.Room, v visitor) (string, error) {
		thing, emoji := store.PassageThing(discussion.PassageID(r.PostFormValue("passage"))), r.PostFormValue("emoji")
		if id := r.PostFormValue("annotation"); id != "" {
			thing = store.AnnotationThing(discussion.AnnotationID(id))
		}
		ref, given, err := s.reacted(ctx, room, v, thing, emoji)
		if err != nil {
			return "", err
		}
		return r.PostFormValue("passage"), s.Local.React(ctx, ref, v.person(), emoji, !given)
	})
}

// reacted finds the message that shows a thing, and whether the visitor's
// emoji is on it.
func (s *server) reacted(ctx context.Context, room chat.Room, v visitor, thing store.Thing, emoji string) (ref chat.Ref, given bool, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		copies, err := tx.Copies(thing, room)
		if err != nil {
			return err
		}
		var ok bool
		if ref, ok = standing(copies); !ok {
			return sorry{http.StatusNotFound, "This message is gone."}
		}
		reactions, err := tx.Reactions(thing)
		if err != nil {
			return err
		}
		id, err := tx.PersonIDs()
		if err != nil {
			return err
		}
		known := slices.ContainsFunc(s.emojis, func(e page.Emoji) bool { return e.Emoji == emoji })
		for _, r := range reactions {
			known = known || r.Emoji == emoji
			if r.Emoji != emoji || r.Room != room {
				continue
			}
			given = given || r.Person == id(room.Platform, v.ID())
		}
		if !known {
			return sorry{http.StatusBadRequest, "This emoji is not on offer."}
		}
		return nil
	})
	return ref, given, err
}

// words is what a visitor typed.
func words(r *http.Request) (string, error) {
	if err := r.ParseForm(); err != nil {
		return "", sorry{http.StatusRequestEntityTooLarge, "That is too long to be sent."}
	}
	text := strings.TrimSpace(strings.ReplaceAll(r.PostForm.Get("text"), "\r\n", "\n"))
	switch {
	case text == "":
		return "", sorry{http.StatusBadRequest, "There are no words in it."}
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return "", sorry{http.StatusBadRequest, "That is not text."}
	case utf8.RuneCountInString(text) > longest:
		return "", sorry{http.StatusRequestEntityTooLarge, "That is longer than " + strconv.Itoa(longest) + " characters; please say it in two messages."}
	}
	return text, nil
}

// speak runs what a visitor does in a room, and leads back to the passage that
// it was about.
func (s *server) speak(w http.ResponseWriter, r *http.Request, do func(context.Context, chat.Room, visitor) (string, error)) {
	n, err := strconv.Atoi(r.PathValue("room"))
	if err != nil || n < 1 || n > len(s.Rooms) {
		s.fail(w, r, sorry{http.StatusNotFound, "There is no such room."})
		return
	}
	if !s.Open {
		s.fail(w, r, sorry{http.StatusForbidden, "These rooms can be read only."})
		return
	}
	v := visitorOf(r)
	if v.fresh {
		s.remember(w, r, v)
	}
	passage, err := do(r.Context(), s.Rooms[n-1], v)
	if err != nil {
		s.fail(w, r, excuse(err))
		return
	}
	if wantsJSON(r) {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	back := "/d/" + r.PathValue("id")
	if passage != "" {
		back += "#post-" + strconv.Itoa(n) + "-" + passage
	}
	http.Redirect(w, r, sameSite(back), http.StatusSeeOther)
}

// excuse says in a visitor's words what the local platform says.
func excuse(err error) error {
	switch {
	case errors.Is(err, local.ErrAway):
		return sorry{http.StatusServiceUnavailable, "The bot is not listening right now; please try again in a moment."}
	case errors.Is(err, chat.ErrRefused):
		return sorry{http.StatusBadRequest, "That cannot be said here."}
	case errors.Is(err, chat.ErrForbidden):
		return sorry{http.StatusForbidden, "This room does not allow it."}
	case errors.Is(err, chat.ErrGone):
		return sorry{http.StatusNotFound, "This message is gone."}
	}
	return err
}
