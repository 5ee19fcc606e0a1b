package matrix

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"html"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"net/http"
	"path"
	"regexp"
	"strings"
	"time"

	"maunium.net/go/mautrix"

	"marginalia/internal/chat"
)

const (
	largestFile  = 100 << 20                                  // bytes; what a homeserver takes it tells when it refuses more
	spoilerField = "page.codeberg.everypizza.msc4193.spoiler" // MSC4193
)

// attached is the file that a content brings. One that is encrypted cannot be
// had, and is told of all the same.
func attached(content object) (chat.File, bool) {
	address := content.text("url")
	if address == "" && content.object("file").text("url") == "" {
		return chat.File{}, false
	}
	info := content.object("info")
	size, _ := info.number("size")
	f := chat.File{Name: content.text("filename"), Type: info.text("mimetype"), Size: size}
	f.Name = cmp.Or(f.Name, content.text("body"))
	f.Spoiler, _ = content[spoilerField].(bool)
	if f.Sticker = content.text("msgtype") == ""; f.Sticker && path.Ext(f.Name) == "" {
		f.Name += pictures[f.Type].ext
	}
	if media.MatchString(address) {
		f.Origin = address
	}
	return f, true
}

// media is the form of addresses of what homeservers keep: nothing in it leads
// elsewhere.
var media = regexp.MustCompile(`^mxc://((?:` + hostName + `|` + ip6 + `)(?::[0-9]+)?)/([A-Za-z0-9_-]+)$`)

const (
	hostName = `[A-Za-z0-9]+(?:(?:\.|-+)[A-Za-z0-9]+)*` // or an IPv4 address
	ip6      = `\[[0-9A-Fa-f:]+(?:\.[0-9]+)*\]`
)

// pictures are those that are looked into, and how their names end.
var pictures = map[string]struct {
	ext  string
	look func(io.Reader) (image.Config, error)
}{
	"image/png": {".png", png.DecodeConfig}, "image/jpeg": {".jpg", jpeg.DecodeConfig}, "image/gif": {".gif", gif.DecodeConfig},
	"image/webp": {ext: ".webp"},
}

// Fetch implements chat.Fetcher. The account's own homeserver has the files of
// all others; one that does not know how to ask who wants them is asked the old
// way.
func (p *Platform) Fetch(ctx context.Context, f chat.File, most int64) ([]byte, error) {
	m := media.FindStringSubmatch(f.Origin)
	if m == nil {
		return nil, fmt.Errorf("%q is no file: %w", f.Origin, chat.ErrRefused)
	}
	ctx, cancel := context.WithTimeout(ctx, p.c.Timeout+carrying(most))
	defer cancel()
	data, err := p.download(ctx, p.client.BuildClientURL("v1", "media", "download", m[1], m[2]), most)
	if errors.Is(err, chat.ErrGone) {
		data, err = p.download(ctx, p.client.BuildURL(mautrix.MediaURLPath{"v3", "download", m[1], m[2]}), most)
	}
	return data, err
}

// download gets a file. Where the homeserver sends elsewhere is not followed.
func (p *Platform) download(ctx context.Context, address string, most int64) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("its address is none: %w", chat.ErrRefused)
	}
	r.Header.Set("Authorization", "Bearer "+p.c.Token)
	r.Header.Set("User-Agent", p.client.UserAgent)
	client := *p.c.HTTP
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	answer, err := client.Do(r)
	if err != nil {
		return nil, errors.New(reason(err))
	}
	defer answer.Body.Close()
	switch s := answer.StatusCode; {
	case s == http.StatusOK:
	case s >= http.StatusInternalServerError, s == http.StatusTooManyRequests, s == http.StatusUnauthorized:
		return nil, fmt.Errorf("the homeserver answers %d", s)
	case s == http.StatusNotFound:
		return nil, chat.ErrGone
	default:
		return nil, fmt.Errorf("the homeserver answers %d: %w", s, chat.ErrRefused)
	}
	data, err := io.ReadAll(io.LimitReader(answer.Body, most+1))
	if err != nil {
		return nil, errors.New(reason(err))
	}
	if int64(len(data)) > most {
		return nil, fmt.Errorf("it is larger than %d bytes: %w", most, chat.ErrRefused)
	}
	return data, nil
}

// slowest is how many bytes a second a file may take.
const slowest = 100_000

// carrying is how long so many bytes may be on their way.
func carrying(bytes int64) time.Duration { return time.Duration(bytes/slowest) * time.Second }

// filed is what a message says, with its file, if it has one, at the homeserver.
// Nobody sees what lies there and stands in no room.
func (p *Platform) filed(ctx context.Context, a chat.Action) (map[string]any, error) {
	if len(a.Message.Files) == 0 {
		return p.content(a.Message), nil
	}
	f := a.Message.Files[0]
	address, err := p.upload(ctx, f, a.Data)
	if err != nil {
		return nil, fmt.Errorf("upload a file: %w", err)
	}
	return fileContent(a.Message, address, a.Data), nil
}

// upload gives the homeserver a file. What became of that says nothing about the
// message, which was not sent.
func (p *Platform) upload(ctx context.Context, f chat.File, data []byte) (string, error) {
	query := map[string]string{}
	if f.Name != "" && !f.Spoiler {
		query["filename"] = f.Name
	}
	var answer struct {
		Address string `json:"content_uri"`
	}
	err := p.request(ctx, p.c.Timeout+carrying(int64(len(data))), mautrix.FullRequest{
		Method: http.MethodPost, URL: p.client.BuildURLWithQuery(mautrix.MediaURLPath{"v3", "upload"}, query),
		RequestBytes: data, Headers: http.Header{"Content-Type": {f.MediaType()}}, ResponseJSON: &answer,
	})
	var told *failure
	switch {
	case errors.As(err, &told) && told.kind == nil:
		err = fmt.Errorf("%v: %w", err, chat.RetryAfter{Wait: hurry, Scope: chat.MessageScope})
	case errors.Is(err, chat.ErrGone):
		err = fmt.Errorf("%v: %w", err, chat.ErrRefused)
	case err == nil && !media.MatchString(answer.Address):
		err = fmt.Errorf("the server's answer does not name the file: %w", chat.ErrRefused)
	}
	return answer.Address, err
}

// fileContent is the content of a message that is a file, which its speaker's
// name and what it shows stand under. A spoiler is no picture, but something to
// open: most clients would show it.
func fileContent(m chat.Message, address string, data []byte) map[string]any {
	f := m.Files[0]
	name := cmp.Or(strings.Join(strings.Fields(f.Name), " "), "file")
	kind, _, _ := strings.Cut(f.MediaType(), "/")
	info := map[string]any{"mimetype": f.MediaType(), "size": len(data)}
	msgtype, known := map[string]string{"image": "m.image", "audio": "m.audio", "video": "m.video"}[kind]
	if !known || f.Spoiler {
		msgtype = "m.file"
	}
	if look := pictures[f.MediaType()].look; look != nil {
		if c, err := look(bytes.NewReader(data)); err == nil {
			info["w"], info["h"] = c.Width, c.Height
		}
	}
	caption, alt := name, strings.Join(strings.Fields(f.Alt), " ")
	words := html.EscapeString(cmp.Or(alt, name))
	switch {
	case f.Spoiler && alt != "":
		words = html.EscapeString(name) + ": <span data-mx-spoiler>" + words + "</span>"
	case alt != "":
		caption = alt
	}
	c := map[string]any{"msgtype": msgtype, "filename": name, "url": address, "info": info, "body": caption, "m.mentions": map[string]any{}}
	if f.Spoiler {
		c[spoilerField] = true
	}
	if m.From != (chat.Person{}) {
		c["format"], c["formatted_body"] = htmlFormat, words
		speak(c, m.From)
	}
	return c
}
