package source

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"marginalia/test/require"
)

func TestOnlyPublicAddressesAreDialed(t *testing.T) {
	for _, c := range []struct {
		want bool
		ips  string
	}{
		{true, "1.1.1.1 93.184.215.14 172.15.0.1 172.32.0.1 100.63.0.1 100.128.0.1 192.0.1.1 198.17.0.1 223.255.255.255 2606:4700::1111 2a00:1450:4001::200e ::ffff:1.1.1.1 64:ff9b::101:101"},
		{false, "0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.127.255.255 127.0.0.1 127.9.9.9 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.8 192.0.2.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.9 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255"},
		{false, ":: ::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::7f00:1 64:ff9b::a00:1 64:ff9b::7f00:1 64:ff9b:1::1 100::1 2001::1 2001:db8::1 2002:a00:1::1 3fff::1 5f00::1 fc00::1 fd12:3456::1 fe80::1 fec0::1 ff02::1 4000::1"},
	} {
		for _, s := range strings.Fields(c.ips) {
			if got := public(netip.MustParseAddr(s)); got != c.want {
				t.Errorf("public(%s) = %v", s, got)
			}
		}
	}
	if public(netip.MustParseAddr("2606:4700::1111%eth0")) || public(netip.Addr{}) {
		t.Error("an address with a zone, or none at all, is public")
	}
}

// reach is an import with the guard in place: only what allow takes is dialed.
func reach(t *testing.T, ref string, allow func(netip.Addr) bool) error {
	t.Helper()
	_, err := Fetch(t.Context(), ref, Options{Web: Web{Allow: allow, pause: func(context.Context, time.Duration) error { return nil }}})
	return err
}

func TestThisMachineIsNotFetchedFrom(t *testing.T) {
	asked := 0
	inside := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { asked++; fmt.Fprint(rw, "secret") }))
	defer inside.Close()
	_, port, _ := net.SplitHostPort(inside.Listener.Addr().String())
	for _, host := range []string{"127.0.0.1", "localhost", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "127.1"} {
		err := reach(t, "http://"+host+":"+port+"/", nil)
		if err == nil || asked > 0 {
			t.Fatalf("%s was asked (%v)", host, err)
		}
		if strings.HasPrefix(host, "127.0") && !strings.Contains(err.Error(), "is at 127.0.0.1, and only public addresses are fetched") {
			t.Errorf("%v", err)
		}
	}
}

// TestARedirectDoesNotLeadInside has a site on 127.0.0.1, which is taken for a
// public one, lead to 127.0.0.2, which is not.
func TestARedirectDoesNotLeadInside(t *testing.T) {
	asked := 0
	listener, err := net.Listen("tcp", "127.0.0.2:0")
	require.Part(t, "loopback", err)
	inside := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { asked++ }))
	inside.Listener.Close()
	inside.Listener = listener
	inside.Start()
	defer inside.Close()
	site := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		http.Redirect(rw, r, inside.URL+"/key?token=s3cret", http.StatusFound)
	}))
	defer site.Close()
	err = reach(t, site.URL, func(ip netip.Addr) bool { return ip == netip.MustParseAddr("127.0.0.1") })
	var refused *refusal
	if !errors.As(err, &refused) || asked > 0 || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("asked %d times, %v", asked, err)
	}
}

func TestEachFailureIsOneSentence(t *testing.T) {
	for _, c := range []struct {
		name, want string
		serve      http.HandlerFunc
	}{
		{"gone", "https://site.example/a?… is not there (404): check the address", http.NotFound},
		{"login", "https://site.example/a?… is not shown to us (403): save the page as a file and import that", responds(403)},
		{"broken", "https://site.example/a?… is out of order (503): import again later", responds(503)},
		{"busy", "https://site.example/a?… asks for fewer requests (429): import again later", responds(429)},
		{"odd", "https://site.example/a?… answers with status 418, which is no page", responds(418)},
		{"a day", "https://site.example/a?… asks to be left alone for 24h0m0s (429): import again then", func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Retry-After", "86400")
			rw.WriteHeader(429)
		}},
		{"round", "https://site.example/a?… leads on and on, more than ten times: name the page where it ends", func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, "/a?again", http.StatusFound)
		}},
		{"ftp", "https://site.example/a?… leads to an address that is neither http nor https", func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, "ftp://site.example/", http.StatusFound)
		}},
		{"password", "https://site.example/a?… holds a user name or password: leave them out, only public pages are imported", func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, "https://me:pw@site.example/", http.StatusFound)
		}},
		{"picture", "https://site.example/a?… is no page but image/png: import a page, a feed or a text", func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Type", "image/png")
			fmt.Fprint(rw, "\x89PNG")
		}},
		{"large", "https://site.example/a?… answers with more than the 16 MiB that are taken", func(rw http.ResponseWriter, _ *http.Request) {
			_, _ = rw.Write(bytes.Repeat([]byte("x"), 16<<20+1))
		}},
		{"bomb", "https://site.example/a?… answers with more than the 16 MiB that are taken", func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(rw)
			_, _ = z.Write(make([]byte, 64<<20))
			z.Close()
		}},
		{"cut", "https://site.example/a?… broke off in its answer: import again later", func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Length", "1000")
			fmt.Fprint(rw, "half")
		}},
		{"silent", "https://site.example/a?… broke off in its answer: import again later", func(rw http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }},
		{"wordless", "https://site.example/a?… holds no words: there is nothing to import", func(rw http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(rw, "<html><head><title>t</title></head><body><script>app()</script></body></html>")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newTown(t)
			w.host("site.example", c.serve)
			if got := w.refused("https://site.example/a?key=s3cret"); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
	w := newTown(t)
	if got := w.refused("https://me:s3cret@site.example/"); strings.Contains(got, "s3cret") || !strings.Contains(got, "holds a user name or password") {
		t.Error(got)
	}
	if err := reach(t, "http://nowhere.invalid/", nil); err == nil || !strings.Contains(err.Error(), "http://nowhere.invalid/ ") || strings.Contains(err.Error(), "lookup") {
		t.Error(err)
	}
}

func responds(code int) http.HandlerFunc {
	return func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(code) }
}

func TestSlowSitesAreNotWaitedFor(t *testing.T) {
	w := newTown(t)
	done := make(chan struct{})
	w.host("slow.example", func(rw http.ResponseWriter, r *http.Request) {
		rw.(http.Flusher).Flush()
		select {
		case <-r.Context().Done():
		case <-done:
		}
	})
	defer close(done)
	o := w.options()
	o.Web.limits = func(l limits) limits { l.request = 50 * time.Millisecond; return l }
	if _, err := Fetch(t.Context(), "https://slow.example/", o); err == nil || err.Error() != "https://slow.example/ takes too long to answer: import again later" {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Fetch(ctx, "https://slow.example/", w.options()); err == nil || !strings.Contains(err.Error(), "the import was stopped") {
		t.Error(err)
	}
}

func TestASiteInTroubleIsAskedAgain(t *testing.T) {
	w := newTown(t)
	n := 0
	w.host("site.example", func(rw http.ResponseWriter, _ *http.Request) {
		switch n++; n {
		case 1:
			rw.Header().Set("Retry-After", "7")
			rw.WriteHeader(http.StatusTooManyRequests)
		case 2:
			rw.WriteHeader(http.StatusBadGateway)
		case 3:
			rw.Header().Set("Retry-After", time.Now().Add(30*time.Second).UTC().Format(http.TimeFormat))
			rw.WriteHeader(http.StatusServiceUnavailable)
		default:
			fmt.Fprint(rw, gapPage)
		}
	})
	f := w.fetch("https://site.example/")
	if f.Title != "the gap" || len(w.waited) != 3 || fmt.Sprint(w.waited[:2]) != "[7s 2s]" || w.waited[2] < 20*time.Second || w.waited[2] > 30*time.Second {
		t.Errorf("%q after waits of %v", f.Title, w.waited)
	}
	if d := retryAfter("Wed, 11 Jun 2025 09:00:30 GMT", time.Date(2025, 6, 11, 9, 0, 0, 0, time.UTC)); d != 30*time.Second {
		t.Errorf("a date is %s away", d)
	}
	if retryAfter("-5", time.Now()) != 0 || retryAfter("soon", time.Now()) != 0 {
		t.Error("no wait is a wait")
	}
}

// memory keeps answers.
type memory map[string]Answer

func (m memory) Answer(address string) (Answer, bool) { a, ok := m[address]; return a, ok }
func (m memory) Keep(address string, a Answer)        { m[address] = a }

func TestWhatDidNotChangeIsNotTakenAgain(t *testing.T) {
	w := newTown(t)
	served := 0
	w.host("site.example", func(rw http.ResponseWriter, r *http.Request) {
		if agent := r.Header.Get("User-Agent"); agent != "Marginalia/1.0 (+https://read.example)" {
			t.Errorf("who asks is %q", agent)
		}
		rw.Header().Set("ETag", `"v1"`)
		rw.Header().Set("Last-Modified", "Wed, 11 Jun 2025 09:00:00 GMT")
		if r.Header.Get("If-None-Match") == `"v1"` && r.Header.Get("If-Modified-Since") != "" {
			rw.WriteHeader(http.StatusNotModified)
			return
		}
		served++
		fmt.Fprint(rw, gapPage)
	})
	o := w.options()
	o.Web.Kept, o.Web.Agent = memory{}, "Marginalia/1.0 (+https://read.example)"
	var first string
	for range 3 {
		f, err := Fetch(t.Context(), "https://site.example/", o)
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = tell(f)
		}
		if tell(f) != first {
			t.Errorf("it became %s", tell(f))
		}
	}
	if served != 1 || len(w.asked) != 3 {
		t.Errorf("served %d of %d times", served, len(w.asked))
	}
}

func TestOneImportAsksOnlySoOften(t *testing.T) {
	w := newTown(t)
	w.host("site.example", responds(503))
	o := w.options()
	o.Web.limits = func(l limits) limits { l.requests = 2; return l }
	if _, err := Fetch(t.Context(), "https://site.example/", o); err == nil || err.Error() != "https://site.example/ was not asked: one import asks at most 2 times" {
		t.Error(err)
	}
}

// A page does not lift the limits that an import has.
func TestTheLimitOfAnAnswerOutlivesThePage(t *testing.T) {
	w := newTown(t)
	b := &blog{noRest: true, feed: commentsFeed(10)}
	w.host("blog.example", b.serve)
	o := w.options()
	o.Web.limits = func(l limits) limits { l.body = 2 << 10; return l }
	f, err := Fetch(t.Context(), "https://blog.example/2025/the-gap/", o)
	if err != nil || len(f.Documents) != 1 || !strings.Contains(fmt.Sprint(f.Missing), "feed/ answers with more than the 2048 bytes that are taken") {
		t.Errorf("%v, %s", err, tell(f))
	}
	o.Web.limits = func(l limits) limits { l.total = 10; return l }
	const want = "https://blog.example/2025/the-gap/ is not in it, because the import is at its limit of 10 bytes"
	if _, err := Fetch(t.Context(), "https://blog.example/2025/the-gap/", o); err == nil || err.Error() != want {
		t.Error(err)
	}
	o.Web.limits = func(l limits) limits { l.total = 2 << 10; return l }
	f, err = Fetch(t.Context(), "https://blog.example/2025/the-gap/", o)
	if err != nil || !strings.Contains(fmt.Sprint(f.Missing), "the import is at its limit of 2048 bytes") || strings.Contains(fmt.Sprint(f.Missing), "-1") {
		t.Errorf("%v, %s", err, tell(f))
	}
}
