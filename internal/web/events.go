package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"marginalia/internal/discussion"
)

// How a live page is kept up to date.
const (
	gather    = 12 * time.Millisecond // commits that come together are shown together
	heartbeat = 25 * time.Second      // so that proxies do not take the line for dead
	taking    = 30 * time.Second      // whoever takes nothing for so long is gone
	mostLines = 1000                  // live pages at a time; others see what stands, and ask again
)

// events tells a page what changes in it, as it changes.
func (s *server) events(w http.ResponseWriter, r *http.Request) {
	id := discussion.ID(r.PathValue("id"))
	defer s.lines.Add(-1)
	if s.lines.Add(1) > mostLines {
		w.Header().Set("Retry-After", "60")
		s.fail(w, r, sorry{http.StatusServiceUnavailable, "Too many people watch this page live: load it again now and then."})
		return
	}
	out := http.NewResponseController(w)
	out.SetReadDeadline(time.Time{}) // an event stream has no end
	shows := r.Header.Get("Last-Event-ID")
	if shows == "" {
		shows = r.URL.Query().Get("state")
	}
	f := feed{s: s, id: id, v: visitorOf(r)}
	p, changed, err := f.next(r.Context(), shows)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no")
	fmt.Fprint(w, "retry: 1000\n\n")
	for {
		if err := f.send(w, out, p); err != nil {
			return
		}
		if !f.wait(r.Context(), w, out, changed) {
			return
		}
		if p, changed, err = f.next(r.Context(), ""); err != nil {
			s.Log.Debug("a live page ends", "discussion", string(id), "error", err)
			return
		}
	}
}

// feed is what one page is told.
type feed struct {
	s     *server
	id    discussion.ID
	v     visitor
	state string
	shown shown
	took  time.Duration
}

// next returns what the page lacks. A page that says which state it shows, and
// shows the newest, lacks nothing; of any other state we know nothing.
func (f *feed) next(ctx context.Context, shows string) (patch, <-chan struct{}, error) {
	began := f.s.now()
	st, changed, err := f.s.state(ctx, f.id)
	if err != nil {
		return patch{}, nil, err
	}
	parts, err := f.s.parts(st, f.v)
	if err != nil {
		return patch{}, nil, err
	}
	now := printsOf(parts)
	f.state = name(parts)
	if f.shown == nil && shows == f.state {
		f.shown = now
	}
	p := difference(f.shown, parts, now)
	f.shown, f.took = now, f.s.now().Sub(began)
	return p, changed, nil
}

func (f *feed) send(w http.ResponseWriter, out *http.ResponseController, p patch) error {
	out.SetWriteDeadline(time.Now().Add(taking))
	if !p.empty() {
		data, err := json.Marshal(p)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "event: patch\nid: %s\ndata: %s\n\n", f.state, data)
	}
	return out.Flush()
}

// wait returns when something was committed, and a moment after it; false
// if the page is to be let go.
func (f *feed) wait(ctx context.Context, w http.ResponseWriter, out *http.ResponseController, changed <-chan struct{}) bool {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-f.s.Done:
			return false
		case <-changed:
			return f.pause(ctx, max(gather, 2*f.took))
		case <-beat.C:
			out.SetWriteDeadline(time.Now().Add(taking))
			fmt.Fprint(w, ": still here\n\n")
			if out.Flush() != nil {
				return false
			}
		}
	}
}

func (f *feed) pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
	case <-f.s.Done:
	}
	return false
}
