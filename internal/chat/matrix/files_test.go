package matrix

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"marginalia/internal/chat"
)

// A file is shown under its speaker's name, and with what it shows in words. A
// spoiler is no picture.
func TestFileContent(t *testing.T) {
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 3, 2))); err != nil {
		t.Fatal(err)
	}
	ada := chat.Person{ID: "discord:1", Name: "Ada"}
	for _, c := range []struct {
		file          chat.File
		kind, body    string
		words         string
		width, hidden any
	}{
		{chat.File{Name: "sea.png", Type: "image/png"}, "m.image", "Ada: sea.png", "sea.png", 3, nil},
		{chat.File{Name: "sea.png", Type: "image/png", Alt: "<grey>  waves"}, "m.image", "Ada: <grey> waves", "&lt;grey&gt; waves", 3, nil},
		{chat.File{Name: "end.png", Type: "image/png", Alt: "he dies", Spoiler: true}, "m.file", "Ada: end.png", "end.png: <span data-mx-spoiler>he dies</span>", 3, true},
		{chat.File{Type: "text/html"}, "m.file", "Ada: file", "file", nil, nil},
		{chat.File{Name: "a.ogg", Type: "audio/ogg"}, "m.audio", "Ada: a.ogg", "a.ogg", nil, nil},
	} {
		got := fileContent(chat.Message{From: ada, Files: []chat.File{c.file}}, "mxc://a/b", picture.Bytes())
		info := got["info"].(map[string]any)
		if got["msgtype"] != c.kind || got["body"] != c.body || !strings.HasSuffix(got["formatted_body"].(string), "</strong>"+c.words) ||
			info["w"] != c.width || info["size"] != picture.Len() || got[spoilerField] != c.hidden || got["url"] != "mxc://a/b" {
			t.Errorf("%+v is said as %+v", c.file, got)
		}
	}
}

// Files come from the account's own homeserver: the new way, or the old one, and
// from nowhere that it sends to.
func TestFetch(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was asked elsewhere") }))
	defer elsewhere.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/_matrix/client/v1/media/download/far.example:8448/new", "/_matrix/media/v3/download/a.example/old":
			if r.Header.Get("Authorization") != "Bearer secret" {
				t.Errorf("%s is asked without the token", r.URL.Path)
			}
			w.Write([]byte("bytes"))
		case "/_matrix/client/v1/media/download/a.example/sent":
			http.Redirect(w, r, elsewhere.URL, http.StatusFound)
		case "/_matrix/client/v1/media/download/a.example/busy":
			w.WriteHeader(http.StatusBadGateway)
		default:
			http.Error(w, `{"errcode":"M_UNRECOGNIZED"}`, http.StatusNotFound)
		}
	}))
	defer server.Close()
	p, err := Open(t.Context(), Config{Homeserver: server.URL, UserID: "@bot:a.example", Token: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	for origin, want := range map[string]error{
		"mxc://far.example:8448/new": nil, "mxc://a.example/old": nil, "mxc://a.example/none": chat.ErrGone, "mxc://a.example/sent": chat.ErrRefused,
		"mxc://a.example/../x": chat.ErrRefused, "https://a.example/x": chat.ErrRefused, "mxc://a.example/new?x=y": chat.ErrRefused,
	} {
		data, err := p.Fetch(t.Context(), chat.File{Origin: origin}, 5)
		if want == nil && (string(data) != "bytes" || err != nil) || want != nil && !errors.Is(err, want) {
			t.Errorf("%s is fetched as %q: %v, should be: %v", origin, data, err, want)
		}
	}
	if data, err := p.Fetch(t.Context(), chat.File{Origin: "mxc://a.example/old"}, 4); len(data) > 0 || !errors.Is(err, chat.ErrRefused) {
		t.Errorf("of 5 bytes 4 may be read: %q: %v", data, err)
	}
	_, err = p.Fetch(t.Context(), chat.File{Origin: "mxc://a.example/busy"}, 5)
	if err == nil || errors.Is(err, chat.ErrRefused) || errors.Is(err, chat.ErrGone) {
		t.Errorf("what may be had later: %v", err)
	}
}

// The address of a file leads to no other part of the homeserver.
func TestWhatAFilesAddressIs(t *testing.T) {
	for address, want := range map[string]bool{
		"mxc://a.example/b": true, "mxc://xn--bcher-kva.example:8448/b_-1": true, "mxc://1.2.3.4/b": true, "mxc://localhost:80/b": true,
		"mxc://[2001:db8::1]:8448/b": true, "mxc://[::ffff:1.2.3.4]/b": true,
		"mxc://../config": false, "mxc://./config": false, "mxc://.../b": false, "mxc://a..b/c": false, "mxc://a./b": false, "mxc://.a/b": false,
		"mxc://-/b": false, "mxc://[..]/b": false, "mxc://:80/b": false, "mxc://a:/b": false, "mxc://a%2e/b": false, "mxc://a/..": false, "mxc:///b": false,
	} {
		f, told := attached(object{"msgtype": "m.image", "body": "x", "url": address})
		if got := f.Origin != ""; !told || got != want {
			t.Errorf("%s leads to a file: %v", address, got)
		}
	}
}

// A file that is encrypted is told of by its name, as one that cannot be had.
func TestAFileThatIsEncryptedIsNamed(t *testing.T) {
	m := (&Platform{}).words(object{
		"msgtype": "m.image", "body": "IMG_1.jpg", "info": map[string]any{"mimetype": "image/jpeg", "size": 12_345.0},
		"file": map[string]any{"url": "mxc://a.example/b", "v": "v2"},
	}, chat.Person{})
	want := chat.File{Name: "IMG_1.jpg", Type: "image/jpeg", Size: 12_345}
	if !m.Body.Empty() || len(m.Files) != 1 || m.Files[0] != want {
		t.Errorf("heard %q with %+v", m.Body.Text, m.Files)
	}
}

// What becomes of an upload is told without the name that somebody gave a file.
func TestAFilesNameIsNotTold(t *testing.T) {
	for _, status := range []int{http.StatusOK, http.StatusBadGateway, http.StatusForbidden, http.StatusNotFound, 0} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if status == 0 {
				panic(http.ErrAbortHandler)
			}
			w.WriteHeader(status)
			w.Write([]byte("{}"))
		}))
		p, err := Open(t.Context(), Config{Homeserver: server.URL, UserID: "@bot:a.example", Token: "secret"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.filed(t.Context(), chat.Action{Message: chat.Message{Files: []chat.File{{Name: "Vesper.pdf"}}}, Data: []byte("x")})
		if err == nil || strings.Contains(err.Error(), "Vesper") {
			t.Errorf("status %d is told as %v", status, err)
		}
		server.Close()
	}
}
