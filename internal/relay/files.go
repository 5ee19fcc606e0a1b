package relay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/store"
)

// A file that somebody attached is part of their remark's row, without its
// bytes. A copy of it is a message of its own behind the words, so that nothing
// that befalls it touches them; its bytes are fetched where it was said before
// that message is posted. What cannot be had, or is not taken, is a line
// with a link instead, which then stands for it like any other message.

// filesOf are a message's files as they are kept. Those that were known keep
// their numbers.
func filesOf(known []discussion.File, m chat.Message) []discussion.File {
	next := 0
	for _, f := range known {
		next = max(next, f.N+1)
	}
	var all []discussion.File
	for _, f := range m.Files {
		kept := discussion.File{
			N: next, Name: f.Name, Type: f.Type, Alt: f.Alt, Size: f.Size, Spoiler: f.Spoiler, Sticker: f.Sticker, Origin: f.Origin,
		}
		at := slices.IndexFunc(known, func(k discussion.File) bool { return k.Origin == f.Origin && k.Name == f.Name })
		if at >= 0 {
			kept.N = known[at].N
			known = slices.Delete(slices.Clone(known), at, at+1)
		} else {
			next++
		}
		all = append(all, kept)
	}
	return all
}

// withFiles is an annotation's words, ended by a line for each file that is not
// copied to the room, and a message for each that is. A remark that began without
// words has its files first, also once words come; they have no part 0.
func withFiles(head format.Doc, w Words, m chat.Message, v View) []Want {
	body, link := w.Annotation.Body, ""
	if v.Profile.Files > 0 { // else the words are all there is
		link = cmp.Or(w.Annotation.Via, w.readerLink(v))
	}
	var copied []discussion.File
	for _, f := range w.Annotation.Files {
		if f.Origin != "" && (f.Size <= v.Largest && v.Largest > 0 || slices.Contains(v.Files, f.N)) {
			copied = append(copied, f)
			continue
		}
		body = f.Line(body, link)
	}
	if !v.FileFirst && (len(copied) == 0 || v.Worded || !body.Empty()) {
		want := parts(head, body, m, v, w.readerLink(v))
		m.ReplyTo = chat.Ref{}
		return append(want, messages(format.Doc{}, copied, link, w, m, v)...)
	}
	want := messages(head, copied, link, w, m, v)
	if body.Empty() {
		return want
	}
	if len(want) > 0 {
		m.ReplyTo = chat.Ref{}
	}
	for _, one := range parts(head, body, m, v, w.readerLink(v)) {
		one.Part++
		want = append(want, one)
	}
	return want
}

// messages are those of files, the first of them under head.
func messages(head format.Doc, files []discussion.File, link string, w Words, m chat.Message, v View) (want []Want) {
	for _, f := range files {
		one := Want{Part: store.FirstFile + f.N, Message: m, Instead: m, Source: w.Creator.Platform}
		one.Message.Ref.Place, one.Instead.Ref.Place = v.Place, v.Place
		one.Message.Body = head
		one.Instead.Body = f.FitLine(head, link, func(d format.Doc) bool {
			m.Body = d
			return v.Profile.Fits == nil || v.Profile.Fits(m)
		})
		one.Message.Files = []chat.File{{
			Name: f.Name, Type: f.Type, Alt: f.Alt, Size: f.Size, Spoiler: f.Spoiler, Sticker: f.Sticker, Origin: f.Origin,
		}}
		want = append(want, one)
		head, m.ReplyTo, m.Body = format.Doc{}, chat.Ref{}, format.Doc{}
	}
	return want
}

// carry makes a request. Where its file cannot be had or is not taken, the line
// goes in its place.
func (r *Relay) carry(ctx context.Context, p chat.Platform, a chat.Action, j *job) (chat.Done, error) {
	if len(a.Message.Files) == 0 {
		return p.Do(ctx, a)
	}
	err := j.file.err
	if size := int64(len(j.file.data)); err == nil && size > p.Profile().Files {
		err = fmt.Errorf("it has %d bytes: %w", size, chat.ErrRefused)
	}
	if err == nil {
		var done chat.Done
		a.Data = j.file.data
		done, err = p.Do(ctx, a)
		if !errors.Is(err, chat.ErrRefused) && !errors.Is(err, chat.ErrForbidden) {
			return done, err
		}
	}
	r.c.Log.Warn("a file is named instead of copied", "room", a.Message.Ref.Place.Room.String(), "thing", j.delivery.Thing, "part", j.step.Copy.Part, "error", err)
	a.Message, a.Data = j.step.Instead, nil
	return p.Do(ctx, a)
}
