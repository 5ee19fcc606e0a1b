//go:build unix

package faultproxy

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"marginalia/test/wait"
)

const soon = 20 * time.Second

// send is the path of a message, with a slash of the room's own.
const send = "/_matrix/client/v3/rooms/%21a%2Fb/send/m.room.message/txn1"

// server is what stands behind the proxy: it writes down what it gets.
type server struct {
	mu  sync.Mutex
	got []string
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	s.mu.Lock()
	s.got = append(s.got, fmt.Sprintf("%s %s %s", r.Method, r.URL.RequestURI(), body))
	s.mu.Unlock()
	io.WriteString(w, "done")
}

func (s *server) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.got...)
}

// start puts a proxy before a handler; both end with the test.
func start(t *testing.T, behind http.Handler) *Proxy {
	t.Helper()
	upstream := httptest.NewServer(behind)
	t.Cleanup(upstream.Close)
	return startBefore(t, upstream.URL)
}

func startBefore(t *testing.T, target string) *Proxy {
	t.Helper()
	p := New(target, 1)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// answer is what a client got.
type answer struct {
	status int
	header http.Header
	body   string
	err    error
}

// do makes one request on a connection of its own.
func do(ctx context.Context, p *Proxy, method, path, body string) answer {
	req, err := http.NewRequestWithContext(ctx, method, p.URL()+path, strings.NewReader(body))
	if err != nil {
		return answer{err: err}
	}
	req.Close = true
	req.Header.Set("Authorization", "Bearer secret")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{err: err}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return answer{status: resp.StatusCode, header: resp.Header, body: string(text), err: err}
}

func wantCount(t *testing.T, p *Proxy, what string, want int) {
	t.Helper()
	if got := p.Counts()[what]; got != want {
		t.Errorf("%d times %q, want %d; all counts: %v", got, what, want, p.Counts())
	}
}

// entry returns the only entry of a path.
func entry(t *testing.T, p *Proxy, path string) Entry {
	t.Helper()
	entries := p.Log()[path]
	if len(entries) != 1 {
		t.Fatalf("%d entries of %s, want 1: %v", len(entries), path, p.Log())
	}
	return entries[0]
}

func TestWithoutRulesTheAnswerIsTheServers(t *testing.T) {
	s := new(server)
	p := start(t, s)
	a := do(t.Context(), p, "PUT", send+"?a=b", "hello")
	if a.status != 200 || a.body != "done" {
		t.Fatalf("got %+v", a)
	}
	wait.Until(t, soon, "the request is over", func() bool { return p.InFlight() == 0 })
	if e := entry(t, p, send); e.Method != "PUT" || e.Query != "a=b" || !e.Ended || e.Gone {
		t.Errorf("logged %+v", e)
	}
	if got := s.all(); len(got) != 1 || got[0] != "PUT "+send+"?a=b hello" {
		t.Errorf("the server got %q", got)
	}
	wantCount(t, p, Requests, 1)
	wantCount(t, p, Passed, 1)
	e := entry(t, p, send)
	if e.Status != 200 || e.Gone || e.Fault != "" || e.Forwarded.Before(e.Arrived) || e.Answered.Before(e.Forwarded) {
		t.Errorf("logged %+v", e)
	}
}

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		rule   Rule
		status int // 0: the connection is cut
		body   string
		header string // Retry-After
		got    int    // by the server
	}{
		{Rule{Kind: Status429}, 429, `"M_LIMIT_EXCEEDED"`, "", 0},
		{Rule{Kind: Status429, RetryAfter: 1500 * time.Millisecond, RetryAfterMS: 1500}, 429, `"retry_after_ms":1500`, "2", 0},
		{Rule{Kind: Status500}, 500, `"M_UNKNOWN"`, "", 0},
		{Rule{Kind: Status502}, 502, `<html>`, "", 0},
		{Rule{Kind: DropBefore}, 0, "", "", 0},
		{Rule{Kind: DropAfter}, 0, "", "", 1},
		{Rule{Kind: Answer, Answer: func(w http.ResponseWriter, r *http.Request) { http.Error(w, "tea", http.StatusTeapot) }}, http.StatusTeapot, "tea", "", 0},
		{Rule{Kind: Rewrite, Rewrite: Body(func(b []byte) []byte { return append(b, " well"...) })}, 200, "done well", "", 1},
	} {
		t.Run(string(c.rule.Kind), func(t *testing.T) {
			s := new(server)
			p := start(t, s)
			c.rule.Match, c.rule.Count = Sends, 1
			p.Set(c.rule)
			a := do(t.Context(), p, "PUT", send, "hello")
			if a.status != c.status || !strings.Contains(a.body, c.body) || a.header.Get("Retry-After") != c.header {
				t.Errorf("the client got %+v", a)
			}
			if (a.err == nil) != (c.status != 0) {
				t.Errorf("the client got the error %v", a.err)
			}
			if got := s.all(); len(got) != c.got {
				t.Errorf("the server got %q", got)
			}
			if e := entry(t, p, send); e.Fault != string(c.rule.Kind) || e.Forwarded.IsZero() != (c.got == 0) {
				t.Errorf("logged %+v", e)
			}
			wantCount(t, p, string(c.rule.Kind), 1)
			if a := do(t.Context(), p, "PUT", send, "again"); a.status != 200 || a.body != "done" {
				t.Errorf("after its one time the rule still applies: %+v", a)
			}
		})
	}
}

func TestRulesApplyOnlyWhereTheyMatch(t *testing.T) {
	p := start(t, new(server))
	remove := p.Add(Rule{Kind: Status500, Name: "no sends", Match: Sends})
	if a := do(t.Context(), p, "GET", "/_matrix/client/v3/sync", ""); a.status != 200 {
		t.Errorf("a sync got %+v", a)
	}
	if a := do(t.Context(), p, "PUT", send, ""); a.status != 500 {
		t.Errorf("a send got %+v", a)
	}
	remove()
	if a := do(t.Context(), p, "PUT", send, ""); a.status != 200 {
		t.Errorf("without the rule a send got %+v", a)
	}
	wantCount(t, p, "no sends", 1)
	p.Forget()
	if len(p.Counts()) != 0 || len(p.Log()) != 0 {
		t.Errorf("not forgotten: %v %v", p.Counts(), p.Log())
	}
}

// A client that is killed while its message is on the way: the message arrives.
func TestADelayedWriteOutlivesItsClient(t *testing.T) {
	s := new(server)
	p := start(t, s)
	p.Set(Rule{Kind: Delay, Delay: 200 * time.Millisecond})
	ctx, kill := context.WithCancel(t.Context())
	asked := make(chan answer)
	go func() { asked <- do(ctx, p, "PUT", send, "last words") }()
	wait.Until(t, soon, "the proxy holds it", func() bool { return p.InFlight() == 1 && len(p.Log()[send]) == 1 })
	if entry(t, p, send).Ended {
		t.Error("logged as over while it is held back")
	}
	kill()
	if a := <-asked; !errors.Is(a.err, context.Canceled) {
		t.Fatalf("the client got %+v", a)
	}
	wait.Until(t, soon, "the proxy lets it go", func() bool { return p.InFlight() == 0 })
	if got := s.all(); len(got) != 1 || !strings.HasSuffix(got[0], "last words") {
		t.Errorf("the server got %q", got)
	}
	e := entry(t, p, send)
	if !e.Gone || e.Status != 200 || e.Forwarded.Sub(e.Arrived) < 200*time.Millisecond {
		t.Errorf("logged %+v", e)
	}
	wantCount(t, p, Gone, 1)
}

func TestADelayedReadEndsWithItsClient(t *testing.T) {
	s := new(server)
	p := start(t, s)
	p.Set(Rule{Kind: Delay, Delay: time.Hour})
	ctx, kill := context.WithCancel(t.Context())
	asked := make(chan answer)
	go func() { asked <- do(ctx, p, "GET", "/", "") }()
	wait.Until(t, soon, "the proxy holds it", func() bool { return p.InFlight() == 1 })
	kill()
	<-asked
	wait.Until(t, soon, "the proxy lets it go", func() bool { return p.InFlight() == 0 })
	if got := s.all(); len(got) != 0 {
		t.Errorf("the server got %q", got)
	}
}

func TestCloseGivesUpWhatIsHeldBack(t *testing.T) {
	s := new(server)
	p := start(t, s)
	p.Set(Rule{Kind: Delay, Delay: time.Hour})
	asked := make(chan answer)
	go func() { asked <- do(t.Context(), p, "PUT", send, "") }()
	wait.Until(t, soon, "the proxy holds it", func() bool { return p.InFlight() == 1 })
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if a := <-asked; a.err == nil {
		t.Errorf("the client got %+v", a)
	}
	if got := s.all(); len(got) != 0 {
		t.Errorf("the server got %q", got)
	}
}

func TestDelayAndDropTogether(t *testing.T) {
	s := new(server)
	p := start(t, s)
	p.Set(Rule{Kind: Delay, Delay: 50 * time.Millisecond}, Rule{Kind: DropAfter})
	began := time.Now()
	if a := do(t.Context(), p, "PUT", send, ""); a.err == nil || time.Since(began) < 50*time.Millisecond {
		t.Errorf("after %v the client got %+v", time.Since(began), a)
	}
	if e := entry(t, p, send); e.Status != 200 || len(s.all()) != 1 {
		t.Errorf("logged %+v, the server got %q", e, s.all())
	}
	wantCount(t, p, Passed, 0)
}

// poll is a server that answers one word at once and the rest when it is told.
type poll struct{ rest chan struct{} }

func (l poll) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	io.WriteString(w, "first\n")
	_ = http.NewResponseController(w).Flush()
	select {
	case <-l.rest:
		io.WriteString(w, "second\n")
	case <-r.Context().Done():
	}
}

func TestAnswersAreStreamed(t *testing.T) {
	rest := make(chan struct{})
	p := start(t, poll{rest})
	resp, err := http.Get(p.URL() + "/sync")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	if !lines.Scan() || lines.Text() != "first" {
		t.Fatalf("got %q %v", lines.Text(), lines.Err())
	}
	close(rest)
	if !lines.Scan() || lines.Text() != "second" {
		t.Fatalf("got %q %v", lines.Text(), lines.Err())
	}
}

func TestDown(t *testing.T) {
	p := start(t, poll{make(chan struct{})})
	url := p.URL()
	resp, err := http.Get(url + "/sync")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	setDown(t, p, true)
	if text, err := io.ReadAll(resp.Body); err == nil {
		t.Errorf("a long poll went on to its end: %q", text)
	}
	if a := do(t.Context(), p, "GET", "/", ""); !errors.Is(a.err, syscall.ECONNREFUSED) {
		t.Errorf("while down a client got %+v", a)
	}
	setDown(t, p, true)
	setDown(t, p, false)
	if p.URL() != url {
		t.Errorf("the proxy moved from %s to %s", url, p.URL())
	}
	resp, err = http.Get(url)
	if err != nil {
		t.Fatalf("after it was down: %v", err)
	}
	resp.Body.Close()
	wait.Until(t, soon, "no request is held", func() bool { return p.InFlight() == 0 })
}

func setDown(t *testing.T, p *Proxy, down bool) {
	t.Helper()
	if err := p.SetDown(down); err != nil {
		t.Fatal(err)
	}
}

// The same for a proxy in a server that is not its own.
func TestDownAsAHandler(t *testing.T) {
	upstream := httptest.NewServer(poll{make(chan struct{})})
	defer upstream.Close()
	p := New(upstream.URL, 1)
	defer p.Close()
	front := httptest.NewServer(p)
	defer front.Close()
	resp, err := http.Get(front.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	setDown(t, p, true)
	if text, err := io.ReadAll(resp.Body); err == nil {
		t.Errorf("a long poll went on to its end: %q", text)
	}
	if _, err := http.Post(front.URL, "", nil); err == nil {
		t.Error("while down a client got an answer")
	}
	wantCount(t, p, Down, 1)
}

func TestAServerThatCannotBeReached(t *testing.T) {
	gone := httptest.NewServer(new(server))
	gone.Close()
	p := startBefore(t, gone.URL)
	if a := do(t.Context(), p, "PUT", send, ""); a.err == nil {
		t.Errorf("the client got %+v", a)
	}
	wantCount(t, p, Unreached, 1)
	wantCount(t, p, Passed, 0)
}

func TestALongRequestIsRefused(t *testing.T) {
	for _, rules := range [][]Rule{nil, {{Kind: Delay, Delay: time.Millisecond}}} {
		s := new(server)
		p := start(t, s)
		p.maxBody = 4
		p.Set(rules...)
		if a := do(t.Context(), p, "PUT", send, "hello"); a.status != 413 {
			t.Errorf("the client got %+v", a)
		}
		if got := s.all(); len(got) != 0 {
			t.Errorf("the server got %q", got)
		}
	}
}

func TestTheSeedDecides(t *testing.T) {
	pattern := func(seed uint64) string {
		p := New("http://nobody.test", seed)
		defer p.Close()
		p.Set(Rule{Kind: Status500, Probability: 0.5}, Rule{Kind: Status502})
		var b strings.Builder
		for range 400 {
			w := httptest.NewRecorder()
			p.ServeHTTP(w, httptest.NewRequest("PUT", send, nil))
			fmt.Fprint(&b, w.Code, " ")
		}
		if n := p.Counts()["500"]; n < 150 || n > 250 {
			t.Errorf("%d of 400 with a probability of 0.5", n)
		}
		return b.String()
	}
	if first, again := pattern(1), pattern(1); first != again {
		t.Error("one seed, two patterns")
	}
	if pattern(1) == pattern(2) {
		t.Error("two seeds, one pattern")
	}
}

func TestSynapseLimit(t *testing.T) {
	p := start(t, new(server))
	limit := SynapseLimit()
	limit.PerSecond /= 100 // a slow machine must not fill the bucket meanwhile
	p.Set(limit)
	for i := range 10 {
		if a := do(t.Context(), p, "PUT", fmt.Sprintf("%s-%d", send, i), ""); a.status != 200 {
			t.Fatalf("send %d got %+v", i, a)
		}
	}
	a := do(t.Context(), p, "PUT", send, "")
	if a.status != 429 || a.header.Get("Retry-After") == "" || !strings.Contains(a.body, `"retry_after_ms":`) {
		t.Errorf("send 11 got %+v", a)
	}
	if a := do(t.Context(), p, "GET", "/_matrix/client/v3/sync", ""); a.status != 200 {
		t.Errorf("a sync got %+v", a)
	}
	if a := do(t.Context(), p, "PUT", send+"?access_token=other", ""); a.status != 429 {
		t.Errorf("the header's token counts, but got %+v", a)
	}
	wantCount(t, p, "synapse limit", 2)
}

func TestBucket(t *testing.T) {
	l := newLaw(SynapseLimit())
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	request := func(token string) *http.Request {
		return httptest.NewRequest("PUT", send+"?access_token="+token, nil)
	}
	take := func(token string) time.Duration { return l.bucket(request(token)).take(now) }
	for range 10 {
		if w := take("a"); w != 0 {
			t.Fatalf("within the burst: wait %v", w)
		}
	}
	if w := take("a"); w != 5*time.Second {
		t.Errorf("after the burst: wait %v, want 5s", w)
	}
	if w := take("b"); w != 0 {
		t.Errorf("another token: wait %v", w)
	}
	now = now.Add(3 * time.Second)
	if w := take("a"); w.Round(time.Millisecond) != 2*time.Second {
		t.Errorf("3 s later: wait %v, want 2s", w)
	}
	now = now.Add(2 * time.Second)
	if w := take("a"); w != 0 {
		t.Errorf("5 s later: wait %v", w)
	}
	now = now.Add(time.Hour)
	for range 10 {
		if w := take("a"); w != 0 {
			t.Fatalf("an hour later: wait %v", w)
		}
	}
	if w := take("a"); w != 5*time.Second {
		t.Errorf("the bucket has grown: wait %v", w)
	}
}
