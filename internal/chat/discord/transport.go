package discord

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"marginalia/internal/chat"
)

// userAgent is who Discord is asked by; it wants this form.
const userAgent = "DiscordBot (https://github.com/bwmarrin/discordgo, marginalia)"

// exchange is what the transport sees of one request.
type exchange struct {
	route  route
	left   atomic.Bool      // it had a connection, so it may have arrived
	status int              // of an answer that refuses; 0: there was none, or all went well
	body   []byte           // of such an answer
	wait   *chat.RetryAfter // the wish to be left alone
	why    string
}

// route is what a request's limit depends on.
type route struct {
	name  string     // method and path, with its ids left out
	major string     // the id whose limit it is
	scope chat.Scope // what waits for it
	free  bool       // it has no limit
}

type exchangeKey struct{}

// transport is a RoundTripper that sends requests where Discord is, no more
// often than it wishes, and notes in the request's exchange what came of them.
type transport struct {
	base   http.RoundTripper
	api    *url.URL
	limits *limits
	edge   time.Duration
}

func (p *Platform) transport(api *url.URL) *transport {
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.DialContext = p.c.Dial
	base.MaxIdleConnsPerHost = 16
	base.IdleConnTimeout = 30 * time.Second
	return &transport{base: base, api: api, limits: p.limits, edge: p.c.Edge}
}

// noRedirects: Discord's API sends nobody elsewhere, and the token must not go
// there.
func noRedirects(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	x, ok := r.Context().Value(exchangeKey{}).(*exchange)
	if !ok {
		return nil, fmt.Errorf("%s %s: it is asked behind the platform's back", r.Method, r.URL.Path)
	}
	wait, why, err := t.limits.enter(r.Context(), x.route)
	if err != nil {
		return nil, err
	}
	if wait != nil {
		x.wait, x.why = wait, why
		return nil, *wait
	}
	answer, err := t.base.RoundTrip(t.readdressed(r, x))
	if err != nil {
		return nil, err
	}
	return t.heard(x, answer)
}

// CloseIdleConnections is what http.Client asks for.
func (t *transport) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// readdressed is the request to the API in use, of the version in use.
func (t *transport) readdressed(r *http.Request, x *exchange) *http.Request {
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { x.left.Store(true) }}
	r = r.Clone(httptrace.WithClientTrace(r.Context(), trace))
	r.URL.Scheme, r.URL.Host, r.Host = t.api.Scheme, t.api.Host, t.api.Host
	_, path, _ := strings.Cut(r.URL.EscapedPath(), "/api/v9/")
	raw := t.api.EscapedPath() + "/api/v10/" + path
	r.URL.Path, r.URL.RawPath = raw, raw
	if plain, err := url.PathUnescape(raw); err == nil {
		r.URL.Path = plain
	}
	r.Header.Set("User-Agent", userAgent)
	if x.route.free {
		r.Header.Del("Authorization") // with it, it would count to the limit over all
	}
	return r
}

// heard notes what an answer says. The headers that discordgo would wait by,
// with a lock held, do not reach it.
func (t *transport) heard(x *exchange, answer *http.Response) (*http.Response, error) {
	now := time.Now()
	if !x.route.free {
		t.limits.heard(x.route, answer.Header, now)
	}
	if answer.StatusCode >= 400 {
		body, err := io.ReadAll(io.LimitReader(answer.Body, 1<<16))
		answer.Body.Close()
		if err != nil {
			return nil, err
		}
		x.status, x.body = answer.StatusCode, body
		answer.Body = io.NopCloser(bytes.NewReader(body))
		if answer.StatusCode == http.StatusTooManyRequests {
			t.tooMany(x, answer.Header, now)
		}
	} else if answer.StatusCode >= 300 {
		x.status = answer.StatusCode
	}
	for name := range answer.Header {
		if strings.HasPrefix(name, "X-Ratelimit-") {
			answer.Header.Del(name)
		}
	}
	return answer, nil
}

// tooMany reads a 429: of one route, of the bot, or of Discord's edge, which
// does not speak JSON and shuts out who goes on.
func (t *transport) tooMany(x *exchange, h http.Header, now time.Time) {
	var said struct {
		Message    string  `json:"message"`
		RetryAfter float64 `json:"retry_after"`
		Global     bool    `json:"global"`
		Code       int     `json:"code"`
	}
	wait := seconds(h.Get("Retry-After"))
	err := json.Unmarshal(x.body, &said)
	usual, known := passing[said.Code]
	if err != nil || said.RetryAfter <= 0 && wait == 0 && !known {
		wait = max(wait, t.edge)
		x.why = "Discord's edge shuts this machine out for too many requests"
		x.wait = &chat.RetryAfter{Wait: wait, Scope: chat.AccountScope}
		t.limits.pause(wait, x.why, true, now)
		return
	}
	if said.RetryAfter > 0 {
		wait = time.Duration(said.RetryAfter * float64(time.Second))
	}
	if known && said.RetryAfter <= 0 {
		wait = usual
	}
	x.wait, x.why = &chat.RetryAfter{Wait: wait, Scope: x.route.scope}, "Discord wants fewer requests of this kind for a while"
	if said.Global || h.Get("X-RateLimit-Global") != "" || h.Get("X-RateLimit-Scope") == "global" {
		x.wait.Scope, x.why = chat.AccountScope, "Discord wants fewer requests for a while"
		t.limits.pause(wait, x.why, false, now)
		return
	}
	t.limits.empty(x.route, wait, now)
}

// refusal is the body of an answer that refuses.
type refusal struct {
	Code    int             `json:"code"`
	Message string          `json:"message"`
	Errors  json.RawMessage `json:"errors"`
}

func (x *exchange) refusal() refusal {
	var r refusal
	if json.Unmarshal(x.body, &r) != nil {
		return refusal{}
	}
	return r
}

func (r refusal) text(status int) string {
	if r.Message == "" {
		return http.StatusText(status)
	}
	return strings.TrimSpace(r.Message + " " + cutTo(string(r.Errors), 300))
}

// withExchange has the transport note into x what it sees.
func withExchange(ctx context.Context, x *exchange) context.Context {
	return context.WithValue(ctx, exchangeKey{}, x)
}

var _ http.RoundTripper = (*transport)(nil)
