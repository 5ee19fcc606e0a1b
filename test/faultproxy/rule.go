//go:build unix

package faultproxy

import (
	"net/http"
	"strings"
	"time"
)

// Kind is what a rule does to a request.
type Kind string

const (
	Status429  Kind = "429"         // answers "too many requests"; see Rule.RetryAfter
	Status500  Kind = "500"         // answers as a homeserver with a bug
	Status502  Kind = "502"         // answers as a proxy whose homeserver is away, in HTML
	DropBefore Kind = "drop before" // cuts the connection; the server never hears of the request
	DropAfter  Kind = "drop after"  // the server does it and answers; the answer is cut
	Delay      Kind = "delay"       // holds the request back, see Rule.Delay; later rules still apply
	Bucket     Kind = "bucket"      // answers 429 to an access token that has used up its tokens
	Answer     Kind = "answer"      // lets Rule.Answer answer; the server never hears of the request
	Rewrite    Kind = "rewrite"     // passes the server's answer through Rule.Rewrite
)

// Rule says what happens to some requests. Rules are looked at in order. A
// Delay and a Bucket that is not empty let the request go on to the next rule;
// each other kind that applies decides, and the rest is not looked at.
type Rule struct {
	Kind  Kind
	Name  string                   // under which it is counted; the kind if empty
	Match func(*http.Request) bool // nil matches all; called by many goroutines

	Probability float64 // of applying to a request that matches; 0 is always
	Count       int     // how many times it applies; 0 is without end

	// What Status429 says: RetryAfter in the header, in whole seconds rounded up,
	// RetryAfterMS in the body as retry_after_ms. A zero is left out. Synapse says
	// both, Dendrite only the body.
	RetryAfter   time.Duration
	RetryAfterMS int

	// Delay is for how long the kind Delay holds a request back. A request that
	// may change something is then read to its end first and forwarded even if
	// the client has gone away meanwhile, as a request in a slow network is.
	Delay time.Duration

	PerSecond float64 // of the kind Bucket: how fast an access token's bucket fills
	Burst     int     // and how much goes in

	Answer  http.HandlerFunc           // of the kind Answer
	Rewrite func(*http.Response) error // of the kind Rewrite; see Body
}

// SynapseLimit is the rule by which Synapse, unless configured otherwise,
// limits what one access token may send: 10 at once, then one in 5 seconds.
func SynapseLimit() Rule {
	return Rule{Kind: Bucket, Name: "synapse limit", Match: Writes, PerSecond: 0.2, Burst: 10}
}

// Sends matches the requests that put a message or a redaction into a room.
func Sends(r *http.Request) bool {
	return roomPut(r, "/send/") || roomPut(r, "/redact/")
}

// Writes matches what Sends does, and state events.
func Writes(r *http.Request) bool {
	return Sends(r) || roomPut(r, "/state/")
}

// Syncs matches the long polls of Matrix clients.
func Syncs(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/sync")
}

func roomPut(r *http.Request, verb string) bool {
	path := r.URL.EscapedPath()
	return r.Method == http.MethodPut && strings.HasPrefix(path, "/_matrix/client/") &&
		strings.Contains(path, "/rooms/") && strings.Contains(path, verb)
}

// law is a rule in force.
type law struct {
	Rule
	applied int
	buckets map[string]*bucket // by access token
}

func (l *law) name() string {
	if l.Name != "" {
		return l.Name
	}
	return string(l.Kind)
}

// applies decides for one request that matches. When the law is a bucket, wait
// is how long the client should.
func (l *law) applies(r *http.Request, now time.Time, draw func() float64) (wait time.Duration, ok bool) {
	if l.Count > 0 && l.applied >= l.Count {
		return 0, false
	}
	if l.Probability > 0 && draw() >= l.Probability {
		return 0, false
	}
	if l.Kind == Bucket {
		if wait = l.bucket(r).take(now); wait == 0 {
			return 0, false
		}
	}
	l.applied++
	return wait, true
}

// bucket returns the bucket of the access token of a request.
func (l *law) bucket(r *http.Request) *bucket {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if token == "" {
		token = r.URL.Query().Get("access_token")
	}
	b := l.buckets[token]
	if b == nil {
		b = &bucket{perSecond: l.PerSecond, burst: float64(l.Burst), tokens: float64(l.Burst)}
		l.buckets[token] = b
	}
	return b
}

// bucket is a token bucket.
type bucket struct {
	perSecond, burst, tokens float64
	seen                     time.Time
}

// take takes a token, or says after how long there will be one.
func (b *bucket) take(now time.Time) time.Duration {
	if !b.seen.IsZero() {
		b.tokens = min(b.burst, b.tokens+now.Sub(b.seen).Seconds()*b.perSecond)
	}
	b.seen = now
	if b.tokens > 0.999999 { // what is missing then is an error of rounding
		b.tokens = max(0, b.tokens-1)
		return 0
	}
	seconds := min((1-b.tokens)/b.perSecond, time.Hour.Seconds())
	return time.Duration(seconds * float64(time.Second))
}
