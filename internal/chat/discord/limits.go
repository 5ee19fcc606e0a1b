package discord

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"marginalia/internal/chat"
)

const (
	perSecond = 45          // requests, of the 50 that Discord allows a bot in all
	shortWait = time.Second // waits up to this are waited out, longer ones are told
	mostKept  = 4096        // routes that are remembered
)

// limits know how often Discord wants to be asked: over all, and by bucket, as
// its answers say. Nobody waits with the lock held.
type limits struct {
	rate    float64 // requests a second
	mu      sync.Mutex
	second  float64   // requests that may go now
	filled  time.Time // when second was reckoned
	until   time.Time // nothing may go before, but what has no limit
	edge    time.Time // nothing at all: Discord's edge lets nobody through
	why     string
	buckets map[string]string // routes → Discord's names of their buckets
	states  map[string]state  // buckets
}

// state is what is left of a bucket until it is filled again.
type state struct {
	left  int
	reset time.Time
}

func newLimits() *limits {
	return &limits{rate: perSecond, second: perSecond, buckets: map[string]string{}, states: map[string]state{}}
}

// enter waits until a request may go. What would take long is not waited for:
// then it returns how long, and why.
func (l *limits) enter(ctx context.Context, r route) (*chat.RetryAfter, string, error) {
	for {
		wait, scope, why := l.take(r, time.Now())
		if wait <= 0 {
			return nil, "", nil
		}
		if wait > shortWait {
			return &chat.RetryAfter{Wait: wait, Scope: scope}, why, nil
		}
		if err := sleep(ctx, wait); err != nil {
			return nil, "", err
		}
	}
}

// take takes a request off what is left, or tells how long there is nothing.
func (l *limits) take(r route, now time.Time) (time.Duration, chat.Scope, string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if wait := l.edge.Sub(now); wait > 0 {
		return wait, chat.AccountScope, l.why
	}
	if r.free {
		return 0, 0, ""
	}
	if wait := l.until.Sub(now); wait > 0 {
		return wait, chat.AccountScope, l.why
	}
	key := l.bucket(r)
	s, known := l.states[key]
	if known && s.left <= 0 && s.reset.After(now) {
		return s.reset.Sub(now), r.scope, "Discord wants fewer requests of this kind for a while"
	}
	l.second = min(l.rate, l.second+l.rate*now.Sub(l.filled).Seconds())
	l.filled = now
	if l.second < 1 {
		return time.Duration((1-l.second)/l.rate*float64(time.Second)) + time.Millisecond, chat.AccountScope, ""
	}
	l.second--
	if known {
		s.left--
		l.states[key] = s
	}
	return 0, 0, ""
}

// bucket names what r shares its limit with. With l.mu held.
func (l *limits) bucket(r route) string {
	if name := l.buckets[r.name+" "+r.major]; name != "" {
		return name + " " + r.major
	}
	return r.name + " " + r.major
}

// heard takes note of what an answer says about its bucket.
func (l *limits) heard(r route, h http.Header, now time.Time) {
	left, err := strconv.Atoi(h.Get("X-RateLimit-Remaining"))
	if err != nil {
		return
	}
	after := seconds(h.Get("X-RateLimit-Reset-After"))
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forget(now)
	if name := h.Get("X-RateLimit-Bucket"); name != "" {
		l.buckets[r.name+" "+r.major] = name
	}
	key := l.bucket(r)
	s := state{left, now.Add(after)}
	if old, known := l.states[key]; known && old.reset.After(now) && old.left < left && s.reset.Sub(old.reset).Abs() < 100*time.Millisecond {
		s.left = old.left // answers come in any order
	}
	l.states[key] = s
}

// forget drops buckets that are full again, once there are many. With l.mu
// held.
func (l *limits) forget(now time.Time) {
	if len(l.buckets) > mostKept {
		clear(l.buckets) // the next answers tell them again
	}
	if len(l.states) < mostKept {
		return
	}
	for key, s := range l.states {
		if s.reset.Before(now) {
			delete(l.states, key)
		}
	}
}

// pause lets nothing go for a while, but what has no limit; all: nor that.
func (l *limits) pause(wait time.Duration, why string, all bool, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	until := now.Add(wait)
	if until.After(l.until) {
		l.until, l.why = until, why
	}
	if all && until.After(l.edge) {
		l.edge = until
	}
}

// empty notes that nothing is left of a bucket.
func (l *limits) empty(r route, wait time.Duration, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.states[l.bucket(r)] = state{0, now.Add(wait)}
}

func seconds(s string) time.Duration {
	f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || f < 0 || f > 1e6 {
		return 0
	}
	return time.Duration(f * float64(time.Second))
}

// sleep waits, or returns why ctx ended.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
