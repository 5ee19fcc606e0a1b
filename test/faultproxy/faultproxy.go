//go:build unix

// Package faultproxy is a reverse proxy that stands before a homeserver, or
// any HTTP server, and does to requests what networks and overloaded servers
// do. A test sets rules while it runs; see Rule.
//
// The proxy says nothing of its own: where no rule applies, the answer is the
// server's, streamed as it comes, and when the server cannot be reached the
// client's connection is cut. It buffers a request only to hold it back or to
// drop its answer, and at most 100 MB of it; longer ones are answered with 413.
//
// Go's HTTP client sends a GET again by itself when a used connection is cut,
// so a dropped GET may be counted twice. It does not do so for PUT and POST.
package faultproxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"

	"marginalia/test/claim"
)

// maxBody is how long a request may be.
const maxBody = 100 << 20

// Proxy is a fault proxy. All methods may be called at any time by any
// goroutine, once it was set up.
type Proxy struct {
	// Logged says which requests Log shows; nil is Sends. Set it before the first
	// request.
	Logged func(*http.Request) bool

	reverse *httputil.ReverseProxy
	maxBody int64
	life    context.Context // ends with Close
	end     context.CancelFunc

	line   sync.Mutex // for switching the network: port and server
	port   *claim.Port
	server *http.Server

	mu       sync.Mutex // for all below
	laws     []*law
	random   *rand.Rand
	counts   map[string]int
	log      map[string][]*Entry
	inFlight int
	down     bool
	closed   bool
	up       context.Context // ends with SetDown(true)
	cutUp    context.CancelFunc
	flights  sync.WaitGroup
}

// New returns a proxy that passes everything on to target, a base URL. It can
// be used as a handler at once; Start gives it a server of its own. The same
// seed gives the same decisions to the same requests in the same order.
func New(target string, seed uint64) *Proxy {
	goal, err := url.Parse(target)
	if err != nil {
		panic(fmt.Sprintf("faultproxy: target %q: %v", target, err)) // a slip in a test's code
	}
	p := &Proxy{
		maxBody: maxBody,
		random:  rand.New(rand.NewPCG(seed, 0)),
		counts:  map[string]int{},
		log:     map[string][]*Entry{},
	}
	p.life, p.end = context.WithCancel(context.Background())
	p.up, p.cutUp = context.WithCancel(p.life)
	p.reverse = &httputil.ReverseProxy{
		Rewrite:        func(r *httputil.ProxyRequest) { r.SetURL(goal) },
		Transport:      &http.Transport{MaxIdleConnsPerHost: 100, DisableCompression: true},
		FlushInterval:  -1,
		ErrorLog:       log.New(io.Discard, "", 0),
		ErrorHandler:   p.unanswered,
		ModifyResponse: rewrite,
	}
	return p
}

// Start gives the proxy a server on a loopback port of its own.
func (p *Proxy) Start() error {
	p.line.Lock()
	defer p.line.Unlock()
	port, err := claim.NewPort()
	if err != nil {
		return err
	}
	p.port = port
	return p.listen()
}

// URL returns the base URL of the proxy's server, without a slash at its end.
func (p *Proxy) URL() string {
	p.line.Lock()
	defer p.line.Unlock()
	return "http://" + p.port.Addr()
}

// SetDown(true) is the end of the network between the clients and the proxy:
// connections are cut, long polls too, and new ones refused. What had arrived
// and is held back still reaches the server. SetDown(false) mends it, at the
// same URL.
func (p *Proxy) SetDown(down bool) error {
	p.line.Lock()
	defer p.line.Unlock()
	if !p.flip(down) || p.port == nil {
		return nil
	}
	if down {
		return p.server.Close()
	}
	return p.listen()
}

// flip notes that the network went down or up, and reports whether that is news.
func (p *Proxy) flip(down bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.down == down || p.closed {
		return false
	}
	p.down = down
	if down {
		p.cutUp()
		return true
	}
	p.up, p.cutUp = context.WithCancel(p.life)
	return true
}

// listen opens the port.
func (p *Proxy) listen() error {
	l, err := net.Listen("tcp4", p.port.Addr())
	if err != nil {
		return fmt.Errorf("open the fault proxy: %w", err)
	}
	server := &http.Server{Handler: p, ErrorLog: log.New(io.Discard, "", 0)}
	p.server = server
	p.flights.Go(func() { _ = server.Serve(l) }) // until it is closed
	return nil
}

// Close ends the proxy and gives up what it holds back.
func (p *Proxy) Close() error {
	p.line.Lock()
	defer p.line.Unlock()
	if !p.shut() {
		return nil
	}
	p.end()
	var errs []error
	if p.server != nil {
		errs = append(errs, p.server.Close())
	}
	p.flights.Wait()
	p.reverse.Transport.(*http.Transport).CloseIdleConnections()
	if p.port != nil {
		errs = append(errs, p.port.Release())
	}
	return errors.Join(errs...)
}

// shut lets no more requests in, and reports whether that is news.
func (p *Proxy) shut() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	news := !p.closed
	p.closed = true
	return news
}

// Set puts rules in the place of all that there were.
func (p *Proxy) Set(rules ...Rule) {
	laws := make([]*law, len(rules))
	for i, r := range rules {
		laws[i] = newLaw(r)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.laws = laws
}

// Add puts a rule behind those that there are; remove takes it away again.
func (p *Proxy) Add(rule Rule) (remove func()) {
	added := newLaw(rule)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.laws = append(p.laws, added)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.laws = slices.DeleteFunc(p.laws, func(l *law) bool { return l == added })
	}
}

func newLaw(r Rule) *law { return &law{Rule: r, buckets: map[string]*bucket{}} }
