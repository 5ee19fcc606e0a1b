package source

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

// Web says how addresses are fetched. The zero value stands for the defaults.
type Web struct {
	Agent    string                // the User-Agent header; default "Marginalia"
	Kept     Answers               // what was fetched before; default: nothing is kept
	Progress func(Progress)        // told as things come in
	Allow    func(netip.Addr) bool // addresses beside the public ones that may be dialed: for tests

	names     *net.Resolver                              // what looks names up: for tests
	transport http.RoundTripper                          // in place of the guarded one: for tests
	pause     func(context.Context, time.Duration) error // in place of waiting: for tests
	limits    func(limits) limits                        // in place of the defaults: for tests
}

// Progress says how far an import is.
type Progress struct {
	What  string // "comments", "pages"
	Done  int
	Total int // 0 if not known
}

// Answers keeps what addresses answered, so that a later import asks whether
// it changed in place of taking it again.
type Answers interface {
	Answer(address string) (Answer, bool)
	Keep(address string, a Answer)
}

// Answer is what an address answered, with what names that state of it.
type Answer struct {
	ETag, Modified string // of the headers ETag and Last-Modified
	Type           string // of the header Content-Type
	URL            string // where redirects ended
	Pages, Total   string // of the headers X-WP-TotalPages and X-WP-Total
	Link           string // of the header Link
	Body           []byte
}

// nothingKept keeps no answer.
type nothingKept struct{}

func (nothingKept) Answer(string) (Answer, bool) { return Answer{}, false }
func (nothingKept) Keep(string, Answer)          {}

// limits of one import.
type limits struct {
	tries    int           // of one request
	requests int           // of an import, later tries included
	body     int64         // bytes of one answer
	total    int64         // bytes of all answers
	hops     int           // redirects of one request
	request  time.Duration // for one request and its answer
	wait     time.Duration // that a site may ask for at once
}

func defaultLimits() limits {
	return limits{tries: 4, requests: 30_000, body: 64 << 20, total: 512 << 20, hops: 10, request: time.Minute, wait: 2 * time.Minute}
}

// A fetcher asks one site or several for one import. It is not for several
// goroutines.
type fetcher struct {
	limits
	client *http.Client
	web    Web
	asked  int
	took   int64
	failed map[string]int // hosts: how many requests in a row came to nothing
}

// newFetcher makes the fetcher of one import.
func newFetcher(o Options) *fetcher {
	f := &fetcher{limits: defaultLimits(), web: o.Web, failed: map[string]int{}}
	if f.web.limits != nil {
		f.limits = f.web.limits(f.limits)
	}
	if f.web.Agent == "" {
		f.web.Agent = "Marginalia"
	}
	if f.web.Kept == nil {
		f.web.Kept = nothingKept{}
	}
	if f.web.Progress == nil {
		f.web.Progress = func(Progress) {}
	}
	if f.web.pause == nil {
		f.web.pause = pause
	}
	transport := f.web.transport
	if transport == nil {
		transport = guarded(f.web.Allow, f.web.names)
	}
	f.client = &http.Client{Transport: transport, CheckRedirect: f.follow}
	return f
}

// guarded never asks a proxy: the guard sees only whom it dials itself.
func guarded(allow func(netip.Addr) bool, names *net.Resolver) http.RoundTripper {
	dialer := &net.Dialer{Timeout: 15 * time.Second, Control: guard(allow), Resolver: names}
	return &http.Transport{
		DialContext: dialer.DialContext, ForceAttemptHTTP2: true, TLSHandshakeTimeout: 15 * time.Second,
		ResponseHeaderTimeout: 45 * time.Second, MaxResponseHeaderBytes: 1 << 20, IdleConnTimeout: 30 * time.Second,
	}
}

func (f *fetcher) close() { f.client.CloseIdleConnections() }

func (f *fetcher) follow(next *http.Request, via []*http.Request) error {
	if len(via) > f.hops {
		return errHops
	}
	return allowed(next.URL)
}

var (
	errHops     = errors.New("leads on and on, more than ten times: name the page where it ends")
	errScheme   = errors.New("leads to an address that is neither http nor https")
	errHost     = errors.New("names no host: check how the address is written")
	errPassword = errors.New("holds a user name or password: leave them out, only public pages are imported")
)

func allowed(u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return errScheme
	case u.Hostname() == "":
		return errHost
	case u.User != nil:
		return errPassword
	}
	return nil
}

// get asks address. What was kept of it is asked for only if it changed.
func (f *fetcher) get(ctx context.Context, address string) (Answer, error) {
	kept, known := f.web.Kept.Answer(address)
	a, err := f.ask(ctx, address, func(ctx context.Context) (*http.Request, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err == nil && known {
			setNonEmpty(r.Header, "If-None-Match", kept.ETag)
			setNonEmpty(r.Header, "If-Modified-Since", kept.Modified)
		}
		return r, err
	})
	if errors.Is(err, errUnchanged) && known { // its words; what the headers tell beside them may be new
		kept.Pages, kept.Total, kept.Link = cmp.Or(a.Pages, kept.Pages), cmp.Or(a.Total, kept.Total), cmp.Or(a.Link, kept.Link)
		return kept, nil
	}
	if err == nil && (a.ETag != "" || a.Modified != "") {
		f.web.Kept.Keep(address, a)
	}
	return a, err
}

func setNonEmpty(h http.Header, name, value string) {
	if value != "" {
		h.Set(name, value)
	}
}

// post sends JSON to address.
func (f *fetcher) post(ctx context.Context, address string, body []byte) (Answer, error) {
	return f.ask(ctx, address, func(ctx context.Context) (*http.Request, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
		if err == nil {
			r.Header.Set("Content-Type", "application/json")
		}
		return r, err
	})
}

// ask makes a request, and again with waits between where that may help. An
// answer that is an error comes with the answer's words, for those who know them.
func (f *fetcher) ask(ctx context.Context, address string, request func(context.Context) (*http.Request, error)) (Answer, error) {
	u, err := url.Parse(address)
	if err != nil {
		return Answer{}, fmt.Errorf("%s is no address: check how it is written", shown(address))
	}
	if err := allowed(u); err != nil {
		return Answer{}, fmt.Errorf("%s %w", shown(address), err)
	}
	if f.failed[u.Host] >= patience {
		return Answer{}, sentence(address, errGivenUp)
	}
	a, err := f.tried(ctx, address, request)
	if err != nil && forNow(err) {
		f.failed[u.Host]++
	} else {
		f.failed[u.Host] = 0
	}
	return a, err
}

// patience is how many requests in a row may come to nothing before a host is
// not asked again in the same import.
const patience = 5

var errGivenUp = fmt.Errorf("was not asked, because its site was out of order %d times in a row: import again later", patience)

func (f *fetcher) tried(ctx context.Context, address string, request func(context.Context) (*http.Request, error)) (Answer, error) {
	for try := 1; ; try++ {
		if f.asked++; f.asked > f.requests {
			return Answer{}, fmt.Errorf("%s was not asked: one import asks at most %d times", shown(address), f.requests)
		}
		a, err := f.once(ctx, address, request)
		wait, again := f.again(err, try)
		if !again || ctx.Err() != nil {
			return a, sentence(address, err)
		}
		if err := f.web.pause(ctx, wait); err != nil {
			return a, sentence(address, err)
		}
	}
}

func (f *fetcher) once(ctx context.Context, address string, request func(context.Context) (*http.Request, error)) (Answer, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, f.request, errSlow)
	defer cancel()
	r, err := request(ctx)
	if err != nil {
		return Answer{}, err
	}
	r.Header.Set("User-Agent", f.web.Agent)
	r.Header.Set("Accept", "application/json, text/html, application/xhtml+xml, application/atom+xml, application/rss+xml, text/plain;q=0.8, */*;q=0.1")
	resp, err := f.client.Do(r)
	if err != nil {
		return Answer{}, causeOf(ctx, err)
	}
	defer resp.Body.Close()
	room := min(f.body, max(0, f.total-f.took))
	body, err := io.ReadAll(io.LimitReader(resp.Body, room+1))
	f.took += int64(len(body))
	switch {
	case err != nil:
		return Answer{}, causeOf(ctx, &cutOff{err})
	case int64(len(body)) > room && room < f.body:
		return Answer{}, &tooLarge{f.total, true}
	case int64(len(body)) > room:
		return Answer{}, &tooLarge{room, false}
	}
	return received(resp, body)
}

// received is what an answer told, and what is wrong with it.
func received(resp *http.Response, body []byte) (Answer, error) {
	h := resp.Header
	a := Answer{ETag: h.Get("ETag"), Modified: h.Get("Last-Modified"), Type: h.Get("Content-Type"), URL: resp.Request.URL.String(),
		Pages: h.Get("X-WP-TotalPages"), Total: h.Get("X-WP-Total"), Link: h.Get("Link"), Body: bytes.TrimPrefix(body, []byte("\uFEFF"))}
	switch {
	case resp.StatusCode == http.StatusNotModified:
		return a, errUnchanged
	case resp.StatusCode != http.StatusOK:
		return a, &status{resp.StatusCode, retryAfter(h.Get("Retry-After"), time.Now())}
	case torn(a):
		return a, &cutOff{io.ErrUnexpectedEOF}
	}
	return a, nil
}

// torn reports whether a is JSON that ends before it is whole: what stood
// between may have cut it off, and told nobody.
func torn(a Answer) bool {
	var whole json.RawMessage
	return mediaType(a.Type) == "application/json" && errors.Is(json.NewDecoder(bytes.NewReader(a.Body)).Decode(&whole), io.ErrUnexpectedEOF)
}

func causeOf(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// pause waits for d, or less if ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
