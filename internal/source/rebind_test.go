package source

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"marginalia/test/require"
)

// fickle is a name server whose every name is at the next address each time it
// is asked, and in the end at the last.
type fickle struct {
	t  *testing.T
	at [][4]byte
}

func (f *fickle) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go f.serve(theirs)
		return ours, nil
	}}
}

// serve answers one question, as over TCP.
func (f *fickle) serve(c net.Conn) {
	defer c.Close()
	var size [2]byte
	if _, err := io.ReadFull(c, size[:]); err != nil {
		return
	}
	raw := make([]byte, int(size[0])<<8|int(size[1]))
	if _, err := io.ReadFull(c, raw); err != nil {
		return
	}
	var m dnsmessage.Message
	if err := m.Unpack(raw); err != nil {
		f.t.Error(err)
		return
	}
	m.Header = dnsmessage.Header{ID: m.ID, Response: true, RecursionAvailable: true}
	m.Additionals = nil
	if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
		m.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
			Body:   &dnsmessage.AResource{A: f.at[0]},
		}}
		if len(f.at) > 1 {
			f.at = f.at[1:]
		}
	}
	out, err := m.Pack()
	if err != nil {
		f.t.Error(err)
		return
	}
	_, _ = c.Write(append([]byte{byte(len(out) >> 8), byte(len(out))}, out...))
}

// TestANameDoesNotMoveInside has a site at 127.0.0.1, which is taken for a
// public address, whose name is at 127.0.0.2 the next time, which is not.
func TestANameDoesNotMoveInside(t *testing.T) {
	outside := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Connection", "close")
		fmt.Fprint(rw, strings.Replace(gapPage, "<head>", `<head><link rel="alternate" type="application/rss+xml" href="/the-gap/feed/">`, 1))
	}))
	defer outside.Close()
	_, port, _ := net.SplitHostPort(outside.Listener.Addr().String())
	listener, err := net.Listen("tcp", "127.0.0.2:"+port)
	require.Part(t, "loopback", err)
	asked := 0
	inside := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	inside.Listener.Close()
	inside.Listener = listener
	inside.Start()
	defer inside.Close()

	names := &fickle{t, [][4]byte{{127, 0, 0, 1}, {127, 0, 0, 2}}}
	f, err := Fetch(t.Context(), "http://moving.example:"+port+"/the-gap/", Options{Web: Web{
		names: names.resolver(), pause: func(context.Context, time.Duration) error { return nil },
		Allow: func(ip netip.Addr) bool { return ip == netip.MustParseAddr("127.0.0.1") },
	}})
	want := "the comments are not in it: http://moving.example:" + port + "/the-gap/feed/ is at 127.0.0.2, and only public addresses are fetched: save the page as a file and import that"
	if err != nil || len(f.Documents) != 1 || asked > 0 || fmt.Sprint(f.Missing) != "["+want+"]" {
		t.Errorf("asked inside %d times, %v, %q", asked, err, f.Missing)
	}
}
