//go:build unix

package faultproxy

import (
	"maps"
	"net/http"
	"slices"
	"time"
)

// What Counts counts besides the rules' names.
const (
	Requests  = "requests"  // all that arrived
	Passed    = "passed"    // the server's answer was handed on
	Down      = "down"      // cut because of SetDown; a server of Start refuses them uncounted
	Gone      = "gone"      // the client had gone away before it had the answer
	Unreached = "unreached" // the server could not be reached
)

// Entry is what happened to one request. A time is zero if it did not come to
// that, or has not yet.
type Entry struct {
	Method    string
	Query     string    // as it was written
	Arrived   time.Time // its head was read
	Forwarded time.Time // it was sent on to the server
	Answered  time.Time // the server, or a rule in its place, began to answer
	Status    int       // of that answer, even if the client never saw it
	Fault     string    // the name of the rule that decided, if one did
	Ended     bool      // it is over
	Gone      bool      // the client had gone away before it had the answer
}

// Counts returns how often each thing happened: the constants of this package,
// and the names of rules that applied.
func (p *Proxy) Counts() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.counts)
}

// Log returns what happened to each request that Logged matches (the sends, if
// it is nil), by path as it was escaped, in order of arrival.
func (p *Proxy) Log() map[string][]Entry {
	p.mu.Lock()
	defer p.mu.Unlock()
	log := make(map[string][]Entry, len(p.log))
	for path, entries := range p.log {
		for _, e := range entries {
			log[path] = append(log[path], *e)
		}
	}
	return log
}

// Forget empties the counts and the log; a test that runs for hours needs it.
func (p *Proxy) Forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.counts)
	clear(p.log)
}

// InFlight returns how many requests the proxy holds at the moment, those whose
// clients have gone away included.
func (p *Proxy) InFlight() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.inFlight
}

func (p *Proxy) count(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts[what]++
}

// open begins the entry of a request; it is kept only if it shall be logged.
func (p *Proxy) open(r *http.Request) *Entry {
	e := &Entry{Method: r.Method, Query: r.URL.RawQuery, Arrived: time.Now()}
	logged := p.Logged
	if logged == nil {
		logged = Sends
	}
	if logged(r) {
		p.mu.Lock()
		defer p.mu.Unlock()
		path := r.URL.EscapedPath()
		p.log[path] = append(p.log[path], e)
	}
	return e
}

// note changes an entry.
func (p *Proxy) note(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

// answered notes that an answer began. It counts one of the server's that is
// handed on.
func (p *Proxy) answered(e *Entry, status int, handedOn bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e.Answered, e.Status = time.Now(), status
	if handedOn && !e.Forwarded.IsZero() {
		p.counts[Passed]++
	}
}

// matching returns the laws that match a request. Their Match is called
// without a lock, so that it may ask the proxy.
func (p *Proxy) matching(r *http.Request) []*law {
	p.mu.Lock()
	laws := slices.Clone(p.laws)
	p.mu.Unlock()
	return slices.DeleteFunc(laws, func(l *law) bool { return l.Match != nil && !l.Match(r) })
}

// tap is a writer that notes when the answer begins, and with which status.
type tap struct {
	http.ResponseWriter
	began  func(status int)
	gone   func() bool // whether the client has gone; nil if there is none
	done   bool        // the answer began
	missed bool        // the client had gone before the last that was written
	whole  bool        // the answer ended. A client that has it may go before its handler does
}

func (t *tap) WriteHeader(status int) {
	if !t.done && status >= 200 {
		t.done = true
		t.began(status)
	}
	t.look()
	t.ResponseWriter.WriteHeader(status)
}

func (t *tap) Write(b []byte) (int, error) {
	if !t.done {
		t.WriteHeader(http.StatusOK)
	}
	t.look()
	return t.ResponseWriter.Write(b)
}

// look notes whether there is still a client to write to.
func (t *tap) look() { t.missed = t.gone != nil && t.gone() }

// Unwrap lets http.ResponseController flush and hijack.
func (t *tap) Unwrap() http.ResponseWriter { return t.ResponseWriter }

// nowhere is a writer that throws the answer away.
type nowhere struct{}

func (nowhere) Header() http.Header         { return http.Header{} }
func (nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (nowhere) WriteHeader(int)             {}
