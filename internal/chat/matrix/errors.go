package matrix

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"go.mau.fi/util/retryafter"
	"maunium.net/go/mautrix"

	"marginalia/internal/chat"
)

// errCursor is the answer to a sync from a place that the server cannot find.
var errCursor = errors.New("the homeserver does not know the place up to which it was read")

// hurry is how long to wait where the server asks to wait and says no time.
const hurry = 5 * time.Second

// failure is a request that did not succeed. Its text never holds the token.
type failure struct {
	text  string
	kind  error // of package chat, or nil: whether the change was made is open
	cause error
}

func (f *failure) Error() string { return f.text }

func (f *failure) Unwrap() []error {
	if f.kind == nil {
		return []error{f.cause}
	}
	return []error{f.kind, f.cause}
}

// translate puts what mautrix says into the words of package chat. left tells
// whether the request may have left this machine.
func (p *Platform) translate(err error, left bool) error {
	if err == nil {
		return nil
	}
	f := &failure{cause: err, text: reason(err)}
	var answer mautrix.HTTPError
	switch {
	case !left:
		f.kind = chat.ErrUnreached
	case errors.As(err, &answer) && answer.Response != nil && answer.WrappedError == nil:
		f.kind = kind(answer)
	}
	if f.kind != nil {
		f.text = f.kind.Error() + ": " + f.text
	}
	f.text = strings.ReplaceAll(f.text, p.c.Token, "[token]")
	return f
}

// reason is what went wrong, without what the caller knows: the address that
// was asked.
func reason(err error) string {
	var asked *url.Error
	if errors.As(err, &asked) {
		return asked.Err.Error()
	}
	return err.Error()
}

// kind tells what a refusal by the server means; nil leaves open whether the
// change was made.
func kind(answer mautrix.HTTPError) error {
	code, status := "", answer.Response.StatusCode
	if answer.RespError != nil {
		code = answer.RespError.ErrCode
	}
	switch {
	case status >= 500:
		return nil
	case status == http.StatusTooManyRequests || code == "M_LIMIT_EXCEEDED":
		return chat.RetryAfter{Wait: waitOf(answer), Scope: chat.AccountScope}
	case status == http.StatusRequestEntityTooLarge || code == "M_TOO_LARGE":
		return chat.ErrRefused
	case status == http.StatusUnauthorized, accountCodes[code]:
		return chat.ErrAuth
	case status == http.StatusForbidden, roomCodes[code]:
		return chat.ErrForbidden
	case code == "", code == "M_UNRECOGNIZED":
		return nil // it does not come from where Matrix is spoken
	case status == http.StatusNotFound, code == "M_NOT_FOUND": // Dendrite says it with 400
		return chat.ErrGone
	case status >= 400:
		return chat.ErrRefused
	}
	return nil
}

// accountCodes mean that the account is not accepted any more.
var accountCodes = map[string]bool{
	"M_UNKNOWN_TOKEN": true, "M_MISSING_TOKEN": true,
	"M_USER_DEACTIVATED": true, "M_USER_LOCKED": true, "M_USER_SUSPENDED": true,
}

// roomCodes mean that the room does not let the account in; the second is what
// Dendrite says of rooms that it does not know.
var roomCodes = map[string]bool{"M_FORBIDDEN": true, "M_UNSUPPORTED_ROOM_VERSION": true}

// waitOf is how long the server asks to wait: by a header, or in the answer as
// servers did before.
func waitOf(answer mautrix.HTTPError) time.Duration {
	wait := hurry
	if answer.RespError != nil {
		if ms, ok := answer.RespError.ExtraData["retry_after_ms"].(float64); ok && ms >= 0 {
			wait = time.Duration(ms) * time.Millisecond
		}
	}
	return retryafter.Parse(answer.Response.Header.Get("Retry-After"), wait)
}

// inRoom is err of a request that concerns a room as a whole: that a thing is
// not found means that the room is not.
func inRoom(err error) error {
	var f *failure
	if errors.As(err, &f) && errors.Is(f.kind, chat.ErrGone) {
		return &failure{text: f.text, kind: chat.ErrForbidden, cause: f.cause}
	}
	return err
}

// looking is err of a look-up that precedes a change. That the look-up was
// refused says nothing about the change.
func looking(err error) error {
	if errors.Is(err, chat.ErrRefused) || errors.Is(err, chat.ErrGone) {
		return fmt.Errorf("look whether it was done: %s", err)
	}
	return err
}
