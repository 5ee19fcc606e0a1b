package matrix

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"maunium.net/go/mautrix"

	"marginalia/internal/chat"
)

// address is the address of a part of the client-server API.
func (p *Platform) address(path ...any) string {
	return p.client.BuildClientURL(path...)
}

// addressWith is address with a query.
func (p *Platform) addressWith(query map[string]string, path ...any) string {
	return p.client.BuildURLWithQuery(mautrix.ClientURLPath(path), query)
}

func (p *Platform) get(ctx context.Context, address string, out any) error {
	return p.call(ctx, p.c.Timeout, http.MethodGet, address, nil, out)
}

func (p *Platform) put(ctx context.Context, address string, in, out any) error {
	return p.call(ctx, p.c.Timeout, http.MethodPut, address, in, out)
}

// lookUp gets what the listener likes to know but can do without. It returns
// no error where the server says that there is nothing, nor where it has said
// again and again that it is in trouble: one strange event must not hold up
// all that come after it.
func (p *Platform) lookUp(ctx context.Context, address string, out any) error {
	err := p.get(ctx, address, out)
	if err == nil || errors.Is(err, chat.ErrForbidden) || errors.Is(err, chat.ErrGone) || errors.Is(err, chat.ErrRefused) {
		return nil
	}
	var trouble mautrix.HTTPError
	if !errors.As(err, &trouble) || trouble.Response == nil || trouble.Response.StatusCode > http.StatusInternalServerError ||
		trouble.IsStatus(http.StatusTooManyRequests) {
		return err // it is passing
	}
	tries, _ := recall(&p.memory, &p.memory.tries, address)
	note(&p.memory, &p.memory.tries, address, tries+1)
	if tries+1 < mostTries {
		return err
	}
	p.c.Log.Warn("the homeserver does not tell what it was asked", "address", address, "error", err)
	return nil
}

// mostTries is how often the server may be in trouble with one look-up.
const mostTries = 5

// call makes one request, once: whoever asks decides whether to ask again.
func (p *Platform) call(ctx context.Context, limit time.Duration, method, address string, in, out any) error {
	return p.request(ctx, limit, mautrix.FullRequest{Method: method, URL: address, RequestJSON: in, ResponseJSON: out})
}

func (p *Platform) request(ctx context.Context, limit time.Duration, r mautrix.FullRequest) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var left atomic.Bool // a request leaves once there is a connection
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { left.Store(true) },
	})
	r.MaxAttempts = 1
	_, err := p.client.MakeFullRequest(ctx, r)
	return p.translate(err, left.Load())
}

// page is a part of a room's history.
type page struct {
	Chunk []json.RawMessage `json:"chunk"`
	End   string            `json:"end"`        // of /messages
	Next  string            `json:"next_batch"` // of /relations
}

// messages reads a page of a room's history: forward ("f") or backward ("b")
// from a token; "" is where the history begins or ends.
func (p *Platform) messages(ctx context.Context, room, from, dir string) (page, error) {
	query := map[string]string{"dir": dir, "limit": "500", "filter": `{"lazy_load_members":true}`}
	if from != "" {
		query["from"] = from
	}
	var out page
	err := p.get(ctx, p.addressWith(query, "v3", "rooms", room, "messages"), &out)
	return out, inRoom(err)
}

// relations reads a page of what relates to an event, newest first; kind ""
// is any relation. Of what the server does not know there is none.
func (p *Platform) relations(ctx context.Context, room, event, kind, from string) (page, error) {
	query := map[string]string{"dir": "b", "limit": "100"}
	if from != "" {
		query["from"] = from
	}
	path := []any{"v1", "rooms", room, "relations", event}
	if kind != "" {
		path = append(path, kind)
	}
	var out page
	err := p.get(ctx, p.addressWith(query, path...), &out)
	return out, err
}
