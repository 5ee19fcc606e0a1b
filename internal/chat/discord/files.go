package discord

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"path"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"marginalia/internal/chat"
)

const (
	largestFile = 10 << 20 // bytes that a bot may attach
	longestAlt  = 1024     // code points
	longestFile = 100      // of a name that is given to an attachment
	spoilerMark = "SPOILER_"
	isSpoiler   = 1 << 3 // a flag of attachments
)

// filesOf are what a message brings, and what it passes on brought. Where
// something is attached has an address for a day; the message can be asked for
// it at any time.
func filesOf(m message) []chat.File {
	attached, stickers := m.Attachments, m.Stickers
	for _, s := range m.Snapshots {
		attached = append(attached, s.Message.Attachments...)
		stickers = append(stickers, s.Message.Stickers...)
	}
	var all []chat.File
	for _, a := range attached {
		name, hidden := strings.CutPrefix(a.Name, spoilerMark)
		f := chat.File{Name: name, Type: a.Type, Alt: a.Alt, Size: a.Size, Spoiler: hidden || a.Flags&isSpoiler != 0}
		if isID(a.ID) && isID(m.ID) && isID(m.Channel) {
			f.Origin = path.Join("file", m.Channel, m.ID, a.ID)
		}
		all = append(all, f)
	}
	for _, s := range stickers {
		f := chat.File{Name: s.Name, Sticker: true}
		if kind, picture := stickerKinds[s.Format]; picture && isID(s.ID) {
			f.Type, f.Name, f.Origin = kind.media, s.Name+kind.ext, "sticker/"+s.ID+kind.ext
		}
		all = append(all, f)
	}
	return all
}

// stickerKinds are those that are pictures, by Discord's number. The second
// moves, and is read as the first by who does not know that.
var stickerKinds = map[int]struct{ media, ext string }{
	1: {"image/png", ".png"}, 2: {"image/png", ".png"}, 4: {"image/gif", ".gif"},
}

// cdn is where Discord has files: nothing else is asked for any. Who it is that
// asks it is not told.
type cdn struct {
	api    *url.URL
	client *http.Client
}

// isReal reports whether the API is Discord's own, and not a double.
func (c cdn) isReal() bool { return c.api.Host == "discord.com" }

// has reports whether an address leads there.
func (c cdn) has(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.User != nil {
		return false
	}
	if u.Scheme == "https" && (u.Host == "cdn.discordapp.com" || u.Host == "media.discordapp.net") {
		return true
	}
	return !c.isReal() && u.Scheme == c.api.Scheme && u.Host == c.api.Host
}

// sticker is the address of a sticker.
func (c cdn) sticker(name string) string {
	base := "https://cdn.discordapp.com"
	switch {
	case !c.isReal():
		base = c.api.Scheme + "://" + c.api.Host
	case strings.HasSuffix(name, ".gif"):
		base = "https://media.discordapp.net"
	}
	return base + "/stickers/" + name
}

// Fetch implements chat.Fetcher.
func (p *Platform) Fetch(ctx context.Context, f chat.File, most int64) ([]byte, error) {
	address, err := p.addressOf(ctx, f.Origin)
	if err != nil {
		return nil, err
	}
	if !p.cdn.has(address) {
		return nil, fmt.Errorf("it is not where Discord has its files: %w", chat.ErrRefused)
	}
	ctx, cancel := context.WithTimeout(ctx, p.c.Timeout+carrying(most))
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("its address is none: %w", chat.ErrRefused)
	}
	r.Header.Set("User-Agent", userAgent)
	answer, err := p.cdn.client.Do(r)
	if err != nil {
		return nil, withoutAddress(err)
	}
	defer answer.Body.Close()
	switch s := answer.StatusCode; {
	case s == http.StatusNotFound, s == http.StatusForbidden, s == http.StatusGone:
		return nil, chat.ErrGone
	case s != http.StatusOK:
		return nil, fmt.Errorf("it is answered with %d", s)
	}
	data, err := io.ReadAll(io.LimitReader(answer.Body, most+1))
	if err != nil {
		return nil, withoutAddress(err)
	}
	if int64(len(data)) > most {
		return nil, fmt.Errorf("it is larger than %d bytes: %w", most, chat.ErrRefused)
	}
	return data, nil
}

// addressOf is where a file can be had now.
func (p *Platform) addressOf(ctx context.Context, origin string) (string, error) {
	parts := strings.Split(origin, "/")
	if len(parts) == 2 && parts[0] == "sticker" {
		return p.cdn.sticker(path.Base(parts[1])), nil
	}
	if len(parts) != 4 || parts[0] != "file" {
		return "", fmt.Errorf("%q is no file: %w", origin, chat.ErrRefused)
	}
	var raw json.RawMessage
	err := p.get(ctx, "channels/"+parts[1]+"/messages/"+parts[2], nil, &raw)
	if errors.Is(err, chat.ErrForbidden) && !is(err, unknownChannel) { // it may be that the bot has lost its role for a while
		return "", fmt.Errorf("%v", err)
	}
	if err != nil {
		return "", err
	}
	m, _ := read(raw)
	attached := m.Attachments
	for _, s := range m.Snapshots {
		attached = append(attached, s.Message.Attachments...)
	}
	for _, a := range attached {
		if a.ID == parts[3] {
			return a.URL, nil
		}
	}
	return "", chat.ErrGone
}

// slowest is how many bytes a second a file may take.
const slowest = 100_000

// carrying is how long so many bytes may be on their way.
func carrying(bytes int64) time.Duration {
	return time.Duration(bytes/slowest) * time.Second
}

// enclosed is a file on its way out. nil is none.
type enclosed struct {
	chat.File
	data []byte
}

func enclose(a chat.Action) *enclosed {
	if len(a.Message.Files) == 0 {
		return nil
	}
	return &enclosed{File: a.Message.Files[0], data: a.Data}
}

// attaching names a file that comes with a request.
type attaching struct {
	ID    string `json:"id"`
	Name  string `json:"filename"`
	Title string `json:"title,omitempty"`
	Alt   string `json:"description,omitempty"`
}

// named are all that a message is to have attached.
func (e *enclosed) named() *[]attaching {
	if e == nil {
		return &[]attaching{}
	}
	a := attaching{ID: "0", Name: uploadName(e.Name), Alt: cutTo(e.Alt, longestAlt)}
	if a.Name != e.Name && utf8.RuneCountInString(e.Name) <= longestAlt {
		a.Title = e.Name
	}
	if e.Spoiler {
		a.Name = spoilerMark + a.Name
	}
	return &[]attaching{a}
}

// uploadName is a file's name as Discord is given it: of characters that it
// leaves as they are, so that the message can be found by it, and without the
// mark of spoilers, which a name alone makes none.
func uploadName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '.' || r == '-') {
			return r
		}
		return '_'
	}, name)
	for marked := ""; marked != name; {
		marked = name
		name = strings.TrimPrefix(strings.TrimLeft(name, "._"), spoilerMark)
	}
	if len(name) > longestFile {
		ext := path.Ext(name)
		if len(ext) > 10 {
			ext = ""
		}
		name = name[:longestFile-len(ext)] + ext
	}
	if name == "" {
		return "file"
	}
	return name
}

// body is what a request says, and of what type that is.
func (a ask) body() (kind string, body []byte, err error) {
	kind = "application/json"
	if a.in != nil {
		body, err = json.Marshal(a.in)
	}
	if a.file == nil || err != nil {
		return kind, body, err
	}
	var all bytes.Buffer
	w := multipart.NewWriter(&all)
	for _, part := range []struct {
		header textproto.MIMEHeader
		data   []byte
	}{
		{textproto.MIMEHeader{"Content-Disposition": {`form-data; name="payload_json"`}, "Content-Type": {kind}}, body},
		{textproto.MIMEHeader{
			"Content-Disposition": {`form-data; name="files[0]"; filename="` + (*a.file.named())[0].Name + `"`},
			"Content-Type":        {a.file.MediaType()},
		}, a.file.data},
	} {
		to, err := w.CreatePart(part.header)
		if err != nil {
			return "", nil, err
		}
		if _, err := to.Write(part.data); err != nil {
			return "", nil, err
		}
	}
	if err := w.Close(); err != nil {
		return "", nil, err
	}
	return w.FormDataContentType(), all.Bytes(), nil
}
