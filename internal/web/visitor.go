package web

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
)

// A visitor is someone at a browser. The cookie holds a secret that nobody
// else knows, and the name; the id that others may see is derived from the
// secret and does not give it away.
type visitor struct {
	secret string
	Name   string
	fresh  bool // the browser does not know its secret yet
}

const (
	cookieName   = "marginalia"
	longestName  = 40 // code points
	secretLength = 22
)

// visitorOf returns who sent a request; someone new if the browser does not say.
func visitorOf(r *http.Request) visitor {
	if c, err := r.Cookie(cookieName); err == nil {
		secret, name, _ := strings.Cut(c.Value, ".")
		raw, err := base64.RawURLEncoding.DecodeString(name)
		if err == nil && len(secret) == secretLength {
			return visitor{secret: secret, Name: tidyName(string(raw))}.named()
		}
	}
	var b [16]byte
	rand.Read(b[:])
	return visitor{secret: base64.RawURLEncoding.EncodeToString(b[:]), fresh: true}.named()
}

func (v visitor) named() visitor {
	if v.Name == "" {
		code := strings.NewReplacer("-", "x", "_", "y").Replace(discussion.Derive("guest", v.secret))
		v.Name = "Guest-" + strings.ToLower(code[:3])
	}
	return v
}

// ID is the visitor's id on the local platform.
func (v visitor) ID() string { return "guest-" + discussion.Derive("visitor", v.secret) }

func (v visitor) person() chat.Person { return chat.Person{ID: v.ID(), Name: v.Name} }

// remember gives the browser the visitor's secret and name.
func (s *server) remember(w http.ResponseWriter, r *http.Request, v visitor) {
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: v.secret + "." + base64.RawURLEncoding.EncodeToString([]byte(v.Name)),
		Path: "/", MaxAge: 400 * 24 * 60 * 60, HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: r.TLS != nil || strings.HasPrefix(s.Base, "https://"),
	})
}

// tidyName is a name on one line, without what would disturb its neighbours.
func tidyName(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if !unicode.IsGraphic(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	return strings.TrimSpace(s[:format.Byte(s, longestName)])
}
