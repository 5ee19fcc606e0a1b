//go:build unix

package faultproxy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"strconv"
	"time"
)

// limited answers 429 as a homeserver does.
func limited(w http.ResponseWriter, header time.Duration, ms int) {
	if header > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(header.Seconds()))))
	}
	body := map[string]any{"errcode": "M_LIMIT_EXCEEDED", "error": "Too Many Requests"}
	if ms > 0 {
		body["retry_after_ms"] = ms
	}
	answerJSON(w, http.StatusTooManyRequests, body)
}

func answerJSON(w http.ResponseWriter, status int, body map[string]any) {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // strings and numbers can be marshalled
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(text) // the client may have gone
}

// badGateway answers 502 as nginx does, not in JSON.
func badGateway(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(http.StatusBadGateway)
	_, _ = w.Write([]byte("<html><head><title>502 Bad Gateway</title></head></html>\n"))
}

// tooLarge reports whether err is about a body over the limit.
func tooLarge(err error) bool {
	_, is := errors.AsType[*http.MaxBytesError](err)
	return is
}

// cut ends the connection of a request, as a broken network does: with a reset
// and without a word.
func cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // the answer has begun, or this is no connection
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// Body makes a Rule.Rewrite out of a function that changes the answer's body.
func Body(change func([]byte) []byte) func(*http.Response) error {
	return func(resp *http.Response) error {
		old, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
		if err = errors.Join(err, resp.Body.Close()); err != nil {
			return err
		}
		body := change(old)
		resp.Body = io.NopCloser(bytes.NewReader(body))
		resp.ContentLength = int64(len(body))
		resp.Header.Set("Content-Length", strconv.Itoa(len(body)))
		return nil
	}
}

// rewriteKey is where a request carries what shall become of its answer.
type rewriteKey struct{}

// rewritten returns the request with that, and without leave to compress.
func rewritten(r *http.Request, change func(*http.Response) error) *http.Request {
	r = r.Clone(context.WithValue(r.Context(), rewriteKey{}, change))
	r.Header.Del("Accept-Encoding")
	return r
}

// rewrite changes an answer if its request says so.
func rewrite(resp *http.Response) error {
	if change, ok := resp.Request.Context().Value(rewriteKey{}).(func(*http.Response) error); ok {
		return change(resp)
	}
	return nil
}
