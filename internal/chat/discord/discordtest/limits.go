package discordtest

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Limit is N requests within Per. A hidden one is not told by headers: the
// answer says that requests remain, and then that there are too many.
type Limit struct {
	N      int
	Per    time.Duration
	Hidden bool
}

// Seen are the limits that were seen on the real network, by operation. They
// differ from day to day: who hard-codes them is wrong.
func Seen() map[string]Limit {
	return map[string]Limit{
		"create_message":             {N: 5, Per: 5 * time.Second},
		"update_message":             {N: 5, Per: 5 * time.Second},
		"execute_webhook":            {N: 5, Per: 2 * time.Second},
		"add_my_message_reaction":    {N: 1, Per: 250 * time.Millisecond},
		"delete_my_message_reaction": {N: 1, Per: 250 * time.Millisecond},
		"rename":                     {N: 2, Per: 10 * time.Minute, Hidden: true},
		"webhook channel":            {N: 30, Per: time.Minute, Hidden: true},
		"late edits":                 {N: 3, Per: 6 * time.Second, Hidden: true},
		"new commands":               {N: 200, Per: 24 * time.Hour, Hidden: true},
	}
}

// wide is the limit where none is set.
var wide = Limit{N: 1000, Per: time.Second}

// invalidWindow is within which invalid requests are counted.
const invalidWindow = 10 * time.Minute

// limits is what is counted.
type limits struct {
	buckets  map[string]*bucket
	global   bucket
	invalid  []time.Time
	banned   time.Time // until then Cloudflare answers
	banTold  time.Time // when the bot was told so; zero: it does not know
	stopped  time.Time // until then everything is refused
	stopTold time.Time // when the bot was told so; zero: it does not know
}

// bucket is a window of requests.
type bucket struct {
	id      string
	limit   Limit
	used    int
	reset   time.Time
	told    time.Time // when the bot learnt that nothing remains; zero: it does not know
	blocked time.Time // a 429 was sent that asks to wait until then
	barred  time.Time // when it was sent; zero: the bot does not know
}

// ignores reports whether a request comes later after the bot was told than it
// can have been on its way.
func (s *Server) ignores(r *request, told time.Time) bool {
	return !told.IsZero() && r.now.Sub(told) > s.o.Grace
}

// take counts a request and reports whether it is one too many.
func (b *bucket) take(now time.Time) bool {
	if !now.Before(b.reset) {
		b.used, b.reset, b.told = 0, now.Add(b.limit.Per), time.Time{}
	}
	b.used++
	return b.used > b.limit.N
}

// refusal is an answer to a request that was not tried.
type refusal struct {
	status int
	header http.Header
	body   any
	html   bool
}

// cloudflare is what a banned client reads.
const cloudflare = "<!doctype html><html><head><title>Access denied | discord.com used Cloudflare to restrict access</title></head><body>error code: 1015</body></html>"

// banned is what Cloudflare answers. It asks for whole seconds.
func (s *Server) banned(r *request) *refusal {
	left := max(1, int(math.Ceil(s.limits.banned.Sub(r.now).Seconds())))
	return &refusal{html: true, header: http.Header{"Retry-After": {strconv.Itoa(left)}}}
}

// admit reports why a request is not even tried. The caller holds mu.
func (s *Server) admit(r *request) *refusal {
	if r.now.Before(s.limits.banned) {
		if s.ignores(r, s.limits.banTold) {
			s.violation("%s: sent while Cloudflare refuses everything", r.op.name)
		}
		return s.banned(r)
	}
	if agent := r.Header.Get("User-Agent"); !strings.HasPrefix(agent, "DiscordBot (") {
		s.violation("%s: the user agent %q is not DiscordBot (address, version)", r.op.name, agent)
	}
	if e := s.authorize(r); e != nil {
		s.count(r.op.name, e.status)
		s.invalid(r, e)
		return &refusal{status: e.status, header: http.Header{}, body: e.object()}
	}
	if e := s.overGlobal(r); e != nil {
		return e
	}
	return s.overBucket(r)
}

// authorize looks at the token.
func (s *Server) authorize(r *request) *apiError {
	auth := r.Header.Get("Authorization")
	if auth == "Bot "+s.token && !s.revoked {
		r.actor = s.bot
		return nil
	}
	if r.op.open && auth == "" {
		return nil
	}
	if !s.revoked {
		s.violation("%s: the authorization is not \"Bot <token>\"", r.op.name)
	}
	return errUnauthorized
}

// overGlobal is the limit over all routes. What comes without a token to an
// interaction does not count.
func (s *Server) overGlobal(r *request) *refusal {
	l := &s.limits
	if r.op.name == "create_interaction_response" && r.actor == nil {
		return nil
	}
	if r.now.Before(l.stopped) {
		if s.ignores(r, l.stopTold) {
			s.violation("%s: sent %s before the global Retry-After", r.op.name, l.stopped.Sub(r.now))
		}
		return s.global429(r, l.stopped.Sub(r.now))
	}
	if s.o.Global == 0 {
		return nil
	}
	l.global.limit = Limit{N: s.o.Global, Per: time.Second}
	if l.global.take(r.now) {
		return s.global429(r, l.global.reset.Sub(r.now))
	}
	return nil
}

// global429 has what is documented, and no more: no reset, no bucket.
func (s *Server) global429(r *request, wait time.Duration) *refusal {
	if !r.now.Before(s.limits.stopped) {
		s.limits.stopTold = r.now
	}
	s.limits.stopped = r.now.Add(wait)
	s.count(r.op.name, http.StatusTooManyRequests)
	s.invalid(r, &apiError{status: http.StatusTooManyRequests})
	h := http.Header{}
	set(h, "Retry-After", whole(wait))
	set(h, "X-RateLimit-Global", "true")
	set(h, "X-RateLimit-Scope", "global")
	return &refusal{status: http.StatusTooManyRequests, header: h, body: limited(wait, true)}
}

// bucketOf names what a request is counted with: the operation and the
// channel, guild or webhook in its path.
func (r *request) bucketOf() string {
	for _, major := range []string{"channel_id", "webhook_id", "guild_id", "interaction_id"} {
		if v := r.PathValue(major); v != "" {
			return r.op.name + " " + v
		}
	}
	return r.op.name
}

func (s *Server) bucket(name string, l Limit) *bucket {
	if s.limits.buckets == nil {
		s.limits.buckets = map[string]*bucket{}
	}
	b := s.limits.buckets[name]
	if b == nil {
		b = &bucket{id: fmt.Sprintf("%016x", len(s.limits.buckets)+1), limit: l}
		s.limits.buckets[name] = b
	}
	return b
}

func (s *Server) limitOf(op string) Limit {
	if l, ok := s.o.Limits[op]; ok {
		return l
	}
	return wide
}

// overBucket counts a request in its bucket. Who sends although it was told to
// wait is written down.
func (s *Server) overBucket(r *request) *refusal {
	b := s.bucket(r.bucketOf(), s.limitOf(r.op.name))
	early := r.now.Before(b.blocked)
	known := r.now.Before(b.reset) && s.ignores(r, b.told)
	if !b.take(r.now) && !early {
		return nil
	}
	switch {
	case early && s.ignores(r, b.barred):
		s.violation("%s: sent %s before Retry-After", r.bucketOf(), b.blocked.Sub(r.now))
	case known:
		s.violation("%s: sent although X-RateLimit-Remaining was 0", r.bucketOf())
	}
	wait := max(b.reset.Sub(r.now), b.blocked.Sub(r.now))
	return s.slow(r, b, wait, "user")
}

// slow is the 429 of one bucket. The caller holds mu.
func (s *Server) slow(r *request, b *bucket, wait time.Duration, scope string) *refusal {
	if !r.now.Before(b.blocked) {
		b.barred = r.now
	}
	b.blocked = r.now.Add(wait)
	s.count(r.op.name, http.StatusTooManyRequests)
	if scope != "shared" {
		s.invalid(r, &apiError{status: http.StatusTooManyRequests})
	}
	h := b.headers(r.now)
	if b.limit.Hidden {
		set(h, "X-RateLimit-Limit", "5")
		set(h, "X-RateLimit-Remaining", "4")
	}
	set(h, "Retry-After", whole(wait))
	set(h, "X-RateLimit-Scope", scope)
	return &refusal{status: http.StatusTooManyRequests, header: h, body: limited(wait, false)}
}

// hidden counts in a bucket that no header tells of and returns the 429 of one
// too many. code is the error's own code, or 0.
func (s *Server) hidden(r *request, name, key string, code int) *apiError {
	l, ok := s.o.Limits[name]
	if !ok {
		return nil
	}
	b := s.bucket(name+" "+key, l)
	early := r.now.Before(b.blocked)
	if !b.take(r.now) && !early {
		return nil
	}
	if early && s.ignores(r, b.barred) {
		s.violation("%s: sent %s before Retry-After", name+" "+key, b.blocked.Sub(r.now))
	}
	e := s.slow(r, b, b.reset.Sub(r.now), "user")
	e.body.(object)["code"] = code
	return &apiError{status: e.status, code: code, limited: e}
}

// headers tell how a bucket stands.
func (b *bucket) headers(now time.Time) http.Header {
	h := http.Header{}
	set(h, "X-RateLimit-Limit", strconv.Itoa(b.limit.N))
	set(h, "X-RateLimit-Remaining", strconv.Itoa(max(0, b.limit.N-b.used)))
	set(h, "X-RateLimit-Reset", fmt.Sprintf("%.3f", float64(b.reset.UnixMilli())/1000))
	set(h, "X-RateLimit-Reset-After", fmt.Sprintf("%.3f", math.Max(0, b.reset.Sub(now).Seconds())))
	set(h, "X-RateLimit-Bucket", b.id)
	return h
}

// set writes a header as it is spelt.
func set(h http.Header, name, value string) { h[http.CanonicalHeaderKey(name)] = []string{value} }

func whole(d time.Duration) string { return strconv.Itoa(int(math.Ceil(d.Seconds()))) }

func limited(wait time.Duration, global bool) object {
	return object{"message": "You are being rate limited.", "retry_after": math.Ceil(wait.Seconds()*1000) / 1000, "global": global, "code": 0}
}

// headers of an answer: how its bucket stands.
func (s *Server) headers(r *request) http.Header {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.bucket(r.bucketOf(), s.limitOf(r.op.name))
	if b.used >= b.limit.N && b.told.IsZero() {
		b.told = r.now
	}
	return b.headers(r.now)
}

// invalid counts requests that Cloudflare counts. The caller holds mu.
func (s *Server) invalid(r *request, e *apiError) {
	switch e.status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests:
	default:
		return
	}
	l := &s.limits
	l.invalid = append(l.invalid, r.now)
	for len(l.invalid) > 0 && r.now.Sub(l.invalid[0]) > invalidWindow {
		l.invalid = l.invalid[1:]
	}
	if len(l.invalid) >= s.o.Ban {
		l.banned, l.banTold = r.now.Add(24*time.Hour), r.now
		s.violation("%d invalid requests within %s: banned", len(l.invalid), invalidWindow)
	}
}
