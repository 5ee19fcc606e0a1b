// Package web is Marginalia in a browser: the reader page, live; the local
// rooms beside it; exports; and what a supervisor asks.
//
// It draws what the store holds and writes nothing to it: what a visitor types
// goes to the local platform, as a message on any other network would.
package web

import (
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/local"
	"marginalia/internal/discussion"
	"marginalia/internal/page"
	"marginalia/internal/store"
)

// Config is what a web server is made of. Where Here or Base says under which
// names the page is reached, requests that name another host than this
// machine, an IP address or Base's are refused: another site's name can be made
// to point here. Where neither does, every name is answered to.
type Config struct {
	DB    *store.DB
	Local *local.Platform // nil: there are no local rooms
	Rooms []chat.Room     // the local rooms that are shown, in this order
	Open  bool            // whether visitors may speak in them
	Here  bool            // served to this machine alone; it may be told what is none of others' business

	Default discussion.CreatorState // how people are named who chose nothing yet
	Lexicon discussion.Lexicon      // what emoji mean
	Ready   func() error            // what is not ready yet; nil: always ready
	Base    string                  // the address under which the page is reached, "" if not known
	Done    <-chan struct{}         // closed when live pages shall let go; nil: when their requests end
	Log     *slog.Logger
}

type server struct {
	Config
	base   string // the host of Base
	emojis []page.Emoji
	lines  atomic.Int64
	pages  *template.Template
	assets map[string]asset
	cache  cache
	now    func() time.Time
}

// New makes the handler of all pages.
func New(c Config) http.Handler {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Local == nil {
		c.Rooms = nil
	}
	c.Base = strings.TrimRight(c.Base, "/")
	s := &server{Config: c, emojis: offered(c.Lexicon), assets: assets(), now: time.Now}
	if u, err := url.Parse(c.Base); err == nil {
		s.base = u.Hostname()
	}
	s.pages = s.templates()
	return s.guarded(s.routes())
}

func (s *server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /live", s.live)
	mux.HandleFunc("GET /ready", s.ready)
	mux.HandleFunc("GET /static/{name}", s.static)
	mux.HandleFunc("GET /{$}", s.index)
	mux.HandleFunc("GET /d/{id}", s.reader)
	mux.HandleFunc("GET /d/{id}/events", s.events)
	mux.HandleFunc("GET /d/{id}/{file}", s.export)
	mux.HandleFunc("POST /name", s.rename)
	mux.HandleFunc("POST /d/{id}/rooms/{room}/say", s.say)
	mux.HandleFunc("POST /d/{id}/rooms/{room}/edit", s.edit)
	mux.HandleFunc("POST /d/{id}/rooms/{room}/delete", s.delete)
	mux.HandleFunc("POST /d/{id}/rooms/{room}/react", s.react)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, sorry{http.StatusNotFound, "There is no such page."})
	})
	return mux
}

const policy = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// most is how many bytes a request may have.
const most = 128 << 10

// guarded lets in what comes from our own pages, and tells the browser what
// our pages may do.
func (s *server) guarded(next http.Handler) http.Handler {
	origins := http.NewCrossOriginProtection()
	if u, err := url.Parse(s.Base); err == nil && u.Host != "" {
		if err := origins.AddTrustedOrigin(u.Scheme + "://" + u.Host); err != nil {
			s.Log.Warn("the web address is not trusted", "base", s.Base, "error", err)
		}
	}
	origins.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, sorry{http.StatusForbidden, "This request came from another site and was not followed."})
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		r.Body = http.MaxBytesReader(w, r.Body, most)
		w, finish := zipped(w, r)
		defer finish()
		if (s.Here || s.base != "") && !s.named(r.Host) {
			s.fail(w, r, sorry{http.StatusMisdirectedRequest, "This page does not answer to that name: open it as localhost, or under the bot's reader address."})
			return
		}
		origins.Handler(next).ServeHTTP(w, r)
	})
}

// named reports whether a Host header names this machine or the page's own
// address. Another site's name that was made to point here is neither.
func (s *server) named(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	return host == "localhost" || net.ParseIP(host) != nil || s.base != "" && strings.EqualFold(host, s.base)
}

func (s *server) live(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Write([]byte("alive\n"))
}

func (s *server) ready(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	err := s.DB.View(r.Context(), func(*store.Tx) error { return nil })
	if err == nil && s.Ready != nil {
		err = s.Ready()
	}
	if err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		why := "the bot's log says why"
		if s.Here { // to others it is none of their business
			why = strings.ReplaceAll(err.Error(), "\n", "; ")
		}
		w.Write([]byte("not ready: " + why + "\n"))
		return
	}
	w.Write([]byte("ready\n"))
}
