//go:build unix

package faultproxy

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"time"
)

// verdict is what shall happen to a request.
type verdict struct {
	delay time.Duration
	law   *law          // that decides; nil to pass the request on
	wait  time.Duration // that an empty bucket asks for
}

// judge applies the laws to a request and counts.
func (p *Proxy) judge(r *http.Request) verdict {
	laws := p.matching(r)
	p.mu.Lock()
	defer p.mu.Unlock()
	var v verdict
	for _, l := range laws {
		wait, ok := l.applies(r, time.Now(), p.random.Float64)
		if !ok {
			continue
		}
		p.counts[l.name()]++
		if l.Kind == Delay {
			v.delay += l.Delay
			continue
		}
		v.law, v.wait = l, wait
		break
	}
	return v
}

// ServeHTTP makes the proxy a handler.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	up, ok := p.enter()
	if !ok {
		cut(w)
		return
	}
	defer p.leave()
	e := p.open(r)
	gone := func() bool { return r.Context().Err() != nil }
	t := &tap{ResponseWriter: w, began: func(status int) { p.answered(e, status, true) }, gone: gone}
	defer func() { p.conclude(e, t.missed || !t.whole && gone()) }()
	v := p.judge(r)
	if v.law != nil {
		p.note(func() { e.Fault = v.law.name() })
	}
	r.Body = http.MaxBytesReader(t, r.Body, p.maxBody)
	if outlives(r, v) {
		p.detached(t, r, v, e)
	} else {
		p.attached(t, r, v, e, up)
	}
	t.whole = t.done
}

// enter lets a request in, unless the network is down.
func (p *Proxy) enter() (up context.Context, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.down || p.closed {
		p.counts[Down]++
		return nil, false
	}
	p.counts[Requests]++
	p.inFlight++
	p.flights.Add(1)
	return p.up, true
}

func (p *Proxy) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inFlight--
	p.flights.Done()
}

// conclude notes the end, and whether the client had gone.
func (p *Proxy) conclude(e *Entry, gone bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e.Ended = true
	if gone {
		e.Gone = true
		p.counts[Gone]++
	}
}

// outlives reports whether a request goes on without its client: one that may
// change something, and is held back or loses its answer. All others end with
// their clients, long polls above all.
func outlives(r *http.Request, v verdict) bool {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return false
	}
	return v.delay > 0 || v.law != nil && v.law.Kind == DropAfter
}

// attached handles a request that ends with its client or the network.
func (p *Proxy) attached(w http.ResponseWriter, r *http.Request, v verdict, e *Entry, up context.Context) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(up, cancel)()
	if pause(ctx, v.delay) != nil {
		cut(w)
		return
	}
	p.act(w, r.WithContext(ctx), v, e)
}

// detached handles a request that ends only with the proxy.
func (p *Proxy) detached(w http.ResponseWriter, r *http.Request, v verdict, e *Entry) {
	body, err := io.ReadAll(r.Body)
	if err != nil { // the client has gone too early for the server to understand it
		p.unanswered(w, r, err)
		return
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	defer cancel()
	defer context.AfterFunc(p.life, cancel)()
	if pause(ctx, v.delay) != nil {
		cut(w)
		return
	}
	whole := r.WithContext(ctx)
	whole.Body = io.NopCloser(bytes.NewReader(body))
	whole.ContentLength, whole.TransferEncoding = int64(len(body)), nil
	p.act(w, whole, v, e)
}

// pause waits, unless ctx ends first.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// act does what the verdict says.
func (p *Proxy) act(w http.ResponseWriter, r *http.Request, v verdict, e *Entry) {
	if v.law == nil {
		p.forward(w, r, e)
		return
	}
	switch v.law.Kind {
	case Status429:
		limited(w, v.law.RetryAfter, v.law.RetryAfterMS)
	case Bucket:
		limited(w, v.wait, int(v.wait.Milliseconds())+1)
	case Status500:
		answerJSON(w, http.StatusInternalServerError, map[string]any{"errcode": "M_UNKNOWN", "error": "Internal server error"})
	case Status502:
		badGateway(w)
	case DropBefore:
		cut(w)
	case DropAfter:
		p.forwardInVain(w, r, e)
	case Answer:
		v.law.Answer(w, r)
	case Rewrite:
		p.forward(w, rewritten(r, v.law.Rewrite), e)
	default:
		panic("faultproxy: no such kind of rule: " + v.law.Kind)
	}
}

// forward passes a request on and its answer back.
func (p *Proxy) forward(w http.ResponseWriter, r *http.Request, e *Entry) {
	p.note(func() { e.Forwarded = time.Now() })
	p.reverse.ServeHTTP(w, r)
}

// forwardInVain passes a request on, waits for the whole answer and cuts the
// connection to the client.
func (p *Proxy) forwardInVain(w http.ResponseWriter, r *http.Request, e *Entry) {
	p.note(func() { e.Forwarded = time.Now() })
	sink := &tap{ResponseWriter: nowhere{}, began: func(status int) { p.answered(e, status, false) }}
	defer cut(w)
	p.reverse.ServeHTTP(sink, r)
}

// unanswered ends a request to which the server gave no answer.
func (p *Proxy) unanswered(w http.ResponseWriter, r *http.Request, err error) {
	if tooLarge(err) {
		answerJSON(w, http.StatusRequestEntityTooLarge, map[string]any{"errcode": "M_TOO_LARGE", "error": "Request body is too large"})
		return
	}
	if r.Context().Err() == nil {
		p.count(Unreached)
	}
	cut(w)
}
