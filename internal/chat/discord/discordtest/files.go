package discordtest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The limits of attachments.
const (
	maxFile  = 10 << 20 // bytes
	maxFiles = 10       // of a message
	signedBy = 24 * time.Hour
)

// attach keeps uploaded files. Each is named by the attachment of its number;
// whoever says something, by a webhook too, must be let attach files.
func (s *Server) attach(r *request, m *message, named *[]object) *apiError {
	words, kept := map[string]object{}, map[string]bool{}
	for _, a := range m.attachments {
		kept[fmt.Sprint(a["id"])] = true
	}
	if named != nil {
		for _, a := range *named {
			words[fmt.Sprint(a["id"])] = a
		}
	}
	for _, f := range r.files {
		n := strings.TrimSuffix(strings.TrimPrefix(f.field, "files["), "]")
		w, known := words[n]
		if named != nil && !known {
			return s.broken(r, form("attachments", "ATTACHMENT", "files["+n+"] is not among the attachments"))
		}
		delete(words, n)
		if e := s.mayAttach(m, f); e != nil {
			return e
		}
		one := File{Name: safeName(f.name), Type: f.kind, Data: f.data}
		one.Alt, _ = w["description"].(string)
		one.Title, _ = w["title"].(string)
		m.attachments = append(m.attachments, s.keep(m.in, one))
	}
	for id := range words {
		if !kept[id] {
			return s.broken(r, form("attachments", "ATTACHMENT", id+" is neither a file that comes along nor one that is there"))
		}
	}
	if len(m.attachments) > maxFiles {
		return s.broken(r, form("attachments", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length."))
	}
	return nil
}

func (s *Server) mayAttach(m *message, f upload) *apiError {
	who := m.author
	if m.webhook != nil {
		who = m.webhook.owner
	}
	switch {
	case len(f.data) > maxFile:
		return errTooLarge
	case who != nil:
		return s.may(who, m.in, AttachFiles)
	}
	return nil
}

// safeName is what becomes of a name.
func safeName(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-", r) {
			return r
		}
		return '_'
	}, name)
}

// keep stores a file.
func (s *Server) keep(c *channel, f File) object {
	id := s.snowflake()
	where := path.Join("/attachments", c.id, id, safeName(f.Name))
	s.files[where] = f.Data
	a := object{"id": id, "filename": safeName(f.Name), "size": len(f.Data), "url": s.api + where, "proxy_url": s.api + where}
	for key, value := range map[string]string{"content_type": f.Type, "description": f.Alt, "title": f.Title} {
		if value != "" {
			a[key] = value
		}
	}
	if strings.HasPrefix(f.Name, "SPOILER_") {
		a["flags"] = 1 << 3
	}
	return a
}

func pathOf(a object) string {
	u, err := url.Parse(a["url"].(string))
	if err != nil {
		return ""
	}
	return u.Path
}

// signed is an attachment as it is told now: its address holds for a day.
func (s *Server) signed(a object) object {
	a = maps.Clone(a)
	ends := strconv.FormatInt(s.Now().Add(signedBy).Unix(), 16)
	for _, key := range []string{"url", "proxy_url"} {
		a[key] = fmt.Sprintf("%s?ex=%s&is=%x&hm=%s", a[key], ends, s.Now().Unix(), s.signature(pathOf(a), ends))
	}
	return a
}

func (s *Server) signature(where, ends string) string {
	sum := sha256.Sum256(fmt.Append(nil, s.token, s.signings, where, ends))
	return hex.EncodeToString(sum[:16])
}

// ExpireFiles makes void all addresses of files that were told so far, as a day
// does.
func (s *Server) ExpireFiles() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.signings++
}

// serveFile is the place of attachments and stickers. It knows no accounts.
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	data, ok := s.files[r.URL.Path]
	if r.Header.Get("Authorization") != "" {
		s.violation("the bot's token is told to who has the files")
	}
	if strings.HasPrefix(r.URL.Path, "/attachments/") {
		ends := r.URL.Query().Get("ex")
		until, err := strconv.ParseInt(ends, 16, 64)
		ok = ok && err == nil && s.Now().Unix() < until && r.URL.Query().Get("hm") == s.signature(r.URL.Path, ends)
	}
	s.mu.Unlock()
	if !ok {
		http.Error(w, "This content is no longer available.", http.StatusNotFound)
		return
	}
	w.Write(data)
}

// Files returns what is attached to a message.
func (s *Server) Files(id string) []File {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.messages[id]
	if m == nil || m.deleted {
		return nil
	}
	var all []File
	for _, a := range m.attachments {
		f := File{Name: a["filename"].(string), Data: slices.Clone(s.files[pathOf(a)])}
		f.Type, _ = a["content_type"].(string)
		f.Alt, _ = a["description"].(string)
		f.Title, _ = a["title"].(string)
		all = append(all, f)
	}
	return all
}

// Sticker says a sticker, of one of Discord's formats: 1 PNG, 2 APNG, 3 Lottie,
// 4 GIF.
func (u *User) Sticker(channel, name string, format int, data []byte) (string, error) {
	s := u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channels[channel]
	s.settleThread(c)
	if e := s.maySay(u.account, c, "a sticker", 0); e != nil {
		return "", fmt.Errorf("say in %s: %w", channel, refused(e))
	}
	id := s.snowflake()
	s.files["/stickers/"+id+map[int]string{1: ".png", 2: ".png", 3: ".json", 4: ".gif"}[format]] = data
	m := &message{in: c, author: u.account, stickers: list{object{"id": id, "name": name, "format_type": format}}}
	return u.says(m)
}

// Forward passes a message on.
func (u *User) Forward(channel, id string) (string, error) {
	s := u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	c, from := s.channels[channel], s.messages[id]
	s.settleThread(c)
	if from == nil || from.deleted {
		return "", fmt.Errorf("pass on %s: %w", id, refused(errUnknownMessage))
	}
	if e := s.maySay(u.account, c, "passed on", 0); e != nil {
		return "", fmt.Errorf("pass on to %s: %w", channel, refused(e))
	}
	was := *from
	m := &message{in: c, author: u.account, passedOn: &was, refers: &reference{channel: from.in.id, message: from.id, kind: 1}}
	return u.says(m)
}

// says makes m public. The caller holds mu.
func (u *User) says(m *message) (string, error) {
	s := u.s
	if e := s.open(m.in, u.account); e != nil {
		return "", fmt.Errorf("say in %s: %w", m.in.id, refused(e))
	}
	s.place(m, nil)
	s.emit(event{name: "MESSAGE_CREATE", intent: intentMessages, channel: m.in, message: m})
	return m.id, nil
}

// snapshot is a message as it was when it was passed on.
func (s *Server) snapshot(m *message) object {
	o := object{
		"type": m.kind, "content": m.content, "mentions": list{}, "mention_roles": list{}, "attachments": list{}, "embeds": list{},
		"timestamp": stamp(m.at), "edited_timestamp": nil, "flags": m.flags, "components": list{},
	}
	for _, a := range m.attachments {
		o["attachments"] = append(o["attachments"].(list), s.signed(a))
	}
	if len(m.stickers) > 0 {
		o["sticker_items"] = m.stickers
	}
	return o
}
