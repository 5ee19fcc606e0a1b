package discord

import (
	"bytes"
	"errors"
	"net/url"
	"strings"
	"testing"

	"marginalia/internal/chat"
	"marginalia/internal/chat/discord/discordtest"
	"marginalia/internal/format"
)

// What is attached can be had when the addresses that were told of it have
// ended, by a process that was told of nothing.
func TestFilesAreHadLater(t *testing.T) {
	hearing(t, func(t *testing.T, w *world, e *ear, r chat.Room) {
		ada := w.Server.User("ada")
		id, err := ada.Say(r.ID, "", "", discordtest.File{Name: "SPOILER_cat.png", Type: "image/png", Alt: "a cat", Data: []byte("cat")})
		must(t, err)
		f := e.said(id).Message.Files[0]
		if f.Name != "cat.png" || f.Alt != "a cat" || !f.Spoiler {
			t.Errorf("heard %+v", f)
		}
		w.ExpireFiles()
		if data, err := w.open(t).Fetch(t.Context(), f, 3); string(data) != "cat" || err != nil {
			t.Errorf("fetched %q: %v", data, err)
		}
		must(t, ada.Delete(id))
		if data, err := w.open(t).Fetch(t.Context(), f, 3); !errors.Is(err, chat.ErrGone) {
			t.Errorf("what is gone is fetched as %q: %v", data, err)
		}
	})
}

// Stickers are pictures, but for those that are drawn by a program.
func TestStickers(t *testing.T) {
	hearing(t, func(t *testing.T, w *world, e *ear, r chat.Room) {
		ada := w.Server.User("ada")
		for format, want := range map[int]chat.File{
			1: {Name: "Wave.png", Type: "image/png"}, 2: {Name: "Wave.png", Type: "image/png"}, 4: {Name: "Wave.gif", Type: "image/gif"}, 3: {Name: "Wave"},
		} {
			id, err := ada.Sticker(r.ID, "Wave", format, []byte("wave"))
			must(t, err)
			files := e.said(id).Message.Files
			if len(files) != 1 || files[0].Name != want.Name || files[0].Type != want.Type || !files[0].Sticker {
				t.Fatalf("format %d is heard as %+v", format, files)
			}
			data, err := w.open(t).Fetch(t.Context(), files[0], 100)
			if picture := want.Type != ""; picture != (string(data) == "wave" && err == nil) || picture == (files[0].Origin == "") {
				t.Errorf("format %d is fetched as %q: %v", format, data, err)
			}
		}
	})
}

// What is passed on is quoted, and brings what was attached to it.
func TestForwards(t *testing.T) {
	hearing(t, func(t *testing.T, w *world, e *ear, r chat.Room) {
		ada, other := w.Server.User("ada"), w.Channel("elsewhere")
		from, err := ada.Say(other, "Two\nlines.", "", discordtest.File{Name: "cat.png", Data: []byte("cat")})
		must(t, err)
		id, err := ada.Forward(r.ID, from)
		must(t, err)
		m := e.said(id).Message
		if want := "Forwarded:\n\nTwo\nlines."; m.Body.Text != want || m.Body.Blocks[len(m.Body.Blocks)-1].Quote != 1 {
			t.Errorf("heard %q as %+v", m.Body.Text, m.Body.Blocks)
		}
		data, err := w.open(t).Fetch(t.Context(), m.Files[0], 100)
		if string(data) != "cat" || err != nil {
			t.Errorf("fetched %q: %v", data, err)
		}
	})
}

// filing is the action that posts a file as somebody's.
func filing(r chat.Room, f chat.File, data []byte) chat.Action {
	return chat.Action{Verb: chat.Post, Key: "k" + f.Name, Data: data, Message: chat.Message{
		Ref: chat.Ref{Place: chat.Place{Room: r}}, From: chat.Person{ID: "x", Name: "Ada"}, Files: []chat.File{f},
	}}
}

// What is told of a file stays with it: its name, as far as Discord leaves it,
// its alt text, and that it is a spoiler.
func TestWhatIsToldOfAFile(t *testing.T) {
	w := newWorld(t, discordtest.Options{})
	r := w.Room(t)
	p := w.open(t)
	f := chat.File{Name: "Große „See“.png", Type: "image/png", Alt: strings.Repeat("ü", 2000), Spoiler: true}
	done, err := p.Do(t.Context(), filing(r, f, []byte("sea")))
	must(t, err)
	got := w.Files(done.Ref.ID)
	if len(got) != 1 || got[0].Name != "SPOILER_Gro_e__See_.png" || got[0].Title != f.Name || got[0].Type != "image/png" || len([]rune(got[0].Alt)) != 1024 {
		t.Errorf("there hangs %+v", got)
	}
}

// A file whose name bears the mark of spoilers is none by that, and what was
// posted of it is found again.
func TestANameMakesNoSpoiler(t *testing.T) {
	words := ""
	for _, name := range []string{"cat.png", "SPOILER_cat.png", "SPOILER_SPOILER_cat.png", "_SPOILER_.SPOILER_cat.png", "SPOILER_"} {
		for _, spoiler := range []bool{false, true} {
			named := (*(&enclosed{File: chat.File{Name: name, Spoiler: spoiler}}).named())[0]
			if strings.HasPrefix(named.Name, spoilerMark) != spoiler {
				t.Errorf("%q, a spoiler: %v, is posted as %q", name, spoiler, named.Name)
			}
			if !isFiled(message{Content: &words, Attachments: []attachment{{Name: named.Name}}}, name) {
				t.Errorf("what was posted as %q for %q is not found again", named.Name, name)
			}
		}
	}
	if isFiled(message{Content: &words, Attachments: []attachment{{Name: "dog.png"}}}, "SPOILER_cat.png") {
		t.Error("another file is found")
	}
}

// A file that the channel does not let the bot attach, or that is too large, is
// refused, and words are not.
func TestFilesThatAreRefused(t *testing.T) {
	w := newWorld(t, discordtest.Options{})
	r := w.Room(t)
	p := w.open(t)
	f := chat.File{Name: "sea.bin"}
	if _, err := p.Do(t.Context(), filing(r, f, bytes.Repeat([]byte("x"), largestFile+1))); !errors.Is(err, chat.ErrRefused) {
		t.Errorf("what is too large is answered with %v", err)
	}
	w.Deny(r.ID, discordtest.AttachFiles)
	a := filing(r, f, []byte("sea"))
	if _, err := p.Do(t.Context(), a); !errors.Is(err, chat.ErrForbidden) {
		t.Errorf("without the permission it is answered with %v", err)
	}
	a.Message.Files, a.Message.Body = nil, format.Text("[sea.bin]")
	if _, err := p.Do(t.Context(), a); err != nil {
		t.Errorf("the words in its place: %v", err)
	}
}

// Files are asked for where Discord has them, and nowhere else.
func TestWhereFilesAre(t *testing.T) {
	for api, all := range map[string]map[string]bool{
		"https://discord.com": {
			"https://cdn.discordapp.com/attachments/1/2/a.png?ex=1": true, "https://media.discordapp.net/stickers/1.gif": true,
			"http://cdn.discordapp.com/a": false, "https://discord.com/api/v10/users/@me": false, "https://cdn.discordapp.com.evil.example/a": false,
			"https://cdn.discordapp.com@evil.example/a": false, "https://cdn.discordapp.com:8443/a": false, "file:///etc/passwd": false, "": false,
		},
		"http://127.0.0.1:1234": {"http://127.0.0.1:1234/attachments/1": true, "http://127.0.0.1:1235/a": false, "https://127.0.0.1:1234/a": false},
	} {
		u, err := url.Parse(api)
		must(t, err)
		for address, want := range all {
			if got := (cdn{api: u}).has(address); got != want {
				t.Errorf("beside %s, %q: %v", api, address, got)
			}
		}
	}
	for name, want := range map[string]string{
		"": "file", "../../x.png": "x.png", "a b.png": "a_b.png", "...": "file", "\"\r\n": "file", strings.Repeat("a", 200) + ".jpeg": strings.Repeat("a", 95) + ".jpeg",
	} {
		if got := uploadName(name); got != want {
			t.Errorf("%q is uploaded as %q, should be %q", name, got, want)
		}
	}
}
