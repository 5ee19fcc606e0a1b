package chattest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"marginalia/internal/chat"
)

// audited are the stories of a platform whose rooms can be held against what is
// known of them.
var audited = []story{
	{"tells what stands in a room", nil, tellsWhatStands},
	{"tells which emoji are the bot's", []string{Reacting}, tellsOwnEmoji},
}

// anAuditor is another process that can look at rooms, nil if the network has none.
func anAuditor(s *stage) chat.Auditor {
	auditor, ok := s.w.Open(s).(chat.Auditor)
	if !ok {
		s.Log("NOT ASKED of this network: it is no chat.Auditor")
	}
	return auditor
}

func tellsWhatStands(s *stage) {
	if anAuditor(s) == nil {
		return
	}
	from := time.Now().Add(-time.Hour)
	r := s.w.Room(s)
	ada := s.w.User(s, "ada")
	b := s.listening(r)
	root := b.post(at(r), "A passage.")
	under := b.thread(root)
	edited, gone := b.post(under, "First words."), b.post(under, "Never mind.")
	mirror := posting(under, "What Ben said.")
	mirror.Message.From = chat.Person{ID: "ben", Name: "Ben with a very long name that no webhook of any network could bear, for it goes on and on and on"}
	mirrored := b.made(mirror)
	said := ada.Say(s, under, "Ada's words.", chat.Ref{})
	b.said(ada, said, "Ada's words.")
	b.do(editing(edited, "Newer words."))
	b.do(deleting(gone))
	b.stop()

	auditor := anAuditor(s)
	want := []string{
		fmt.Sprint(root.ID, at(r), "bot", "A passage."), fmt.Sprint(edited.ID, under, "bot", "Newer words."),
		fmt.Sprint(mirrored.ID, under, "bot", "What Ben said."), fmt.Sprint(said.ID, under, "", "Ada's words."),
	}
	var got []string
	for e, err := range auditor.Audit(context.Background(), r, []string{under.Thread}, from) {
		if err != nil {
			s.Fatalf("audit: %v", err)
		}
		as := e.Message.Ref.As
		if as != "" {
			as = "bot"
		}
		got = append(got, fmt.Sprint(e.Message.Ref.ID, e.Message.Ref.Place, as, e.Message.Body.Text))
		if e.Kind != chat.Said || e.At.IsZero() {
			s.Errorf("%s is told as %s of %s", e.Message.Ref.ID, e.Kind, e.At)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		s.Errorf("told:\n%q\nthere stands:\n%q", got, want)
	}
	for ref, stands := range map[chat.Ref]bool{root: true, edited: true, mirrored: true, said: true, gone: false} {
		if there, err := auditor.Stands(context.Background(), ref); there != stands || err != nil {
			s.Errorf("%s stands: %v, %v; should be %v", ref.ID, there, err, stands)
		}
	}
	for _, err := range auditor.Audit(context.Background(), s.w.Nowhere(s), nil, from) {
		if err == nil {
			s.Error("a room that is not there is told of")
		}
		return
	}
	s.Error("a room that is not there is taken for an empty one")
}

func tellsOwnEmoji(s *stage) {
	auditor := anAuditor(s)
	if auditor == nil {
		return
	}
	from := time.Now().Add(-time.Hour)
	r := s.w.Room(s)
	ada := s.w.User(s, "ada")
	b := s.listening(r)
	root := b.post(at(r), "A passage.")
	under := b.thread(root)
	mirrored, said := b.post(under, "A remark."), ada.Say(s, under, "Ada's words.", chat.Ref{})
	held := []chat.Ref{b.do(reacting(mirrored, "👍")).Ref, b.do(reacting(said, "❤")).Ref}
	off := b.do(reacting(root, "🎉")).Ref
	ada.React(s, mirrored, "👍")
	ada.React(s, root, "👍")
	b.do(chat.Action{Verb: chat.Unreact, Key: key(), Began: time.Now(), On: root, Emoji: "🎉", Old: own(off, "🎉")})
	b.stop()

	plain := strings.NewReplacer("\ufe0f", "")
	want := []string{fmt.Sprint(mirrored.ID, "👍", own(held[0], "👍")), fmt.Sprint(said.ID, "❤", own(held[1], "❤"))}
	var got []string
	last := ""
	for e, err := range auditor.Audit(context.Background(), r, []string{under.Thread}, from) {
		switch {
		case err != nil:
			s.Fatalf("audit: %v", err)
		case e.Kind == chat.Said:
			last = e.Message.Ref.ID
		case e.Message.Ref.ID != last:
			s.Errorf("%s on %s is told behind %s", e.Emoji, e.Message.Ref.ID, last)
		default:
			emoji := plain.Replace(e.Emoji)
			got = append(got, fmt.Sprint(e.Message.Ref.ID, emoji, own(chat.Ref{ID: cmp.Or(e.Own, emoji)}, emoji)))
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		s.Errorf("told:\n%q\nthe bot's are:\n%q", got, want)
	}
}

// own is a reaction by its own id, if it has one.
func own(r chat.Ref, emoji string) []chat.Ref {
	if r.ID == "" || strings.TrimSuffix(r.ID, "\ufe0f") == emoji {
		return nil
	}
	return []chat.Ref{{ID: r.ID}}
}
