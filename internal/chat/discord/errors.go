package discord

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"marginalia/internal/chat"
)

// failure is a request that did not succeed. Its text holds no secret.
type failure struct {
	text   string
	kind   error  // of package chat, or nil: whether the change was made is open
	status int    // of the answer, 0 if there was none
	code   int    // Discord's own, 0 if it gave none
	field  string // what it says about the fields of a form
	cause  error  // of a request that was not answered
}

func (f *failure) Error() string { return f.text }

func (f *failure) Unwrap() []error {
	var all []error
	for _, err := range []error{f.kind, f.cause} {
		if err != nil {
			all = append(all, err)
		}
	}
	return all
}

// The codes of refusals that are looked at one by one.
const (
	unknownChannel  = 10003
	unknownMessage  = 10008
	unknownEmoji    = 10014
	unknownWebhook  = 10015
	unknownAsking   = 10062
	tagRequired     = 40067
	manyWebhooks    = 30007
	manyCommands    = 30034
	answeredAlready = 40060
	wrongHookToken  = 50027
	badForm         = 50035
	noAccess        = 50001
	threadArchived  = 50083
	threadThere     = 160004
	threadLocked    = 160005
)

// kinds are what refusals mean for whoever asked. What is not in it goes by its
// status.
var kinds = map[int]error{
	10002:           chat.ErrAuth,      // unknown application
	unknownChannel:  chat.ErrForbidden, // deleted, or never there
	10004:           chat.ErrForbidden, // unknown server
	unknownMessage:  chat.ErrGone,
	unknownEmoji:    chat.ErrRefused,
	unknownWebhook:  chat.ErrForbidden,
	unknownAsking:   chat.ErrGone,
	manyWebhooks:    chat.ErrForbidden,
	30010:           chat.ErrRefused,   // 20 emoji stand under the message
	30032:           chat.ErrRefused,   // until a command is taken off
	30033:           chat.ErrRefused,   // until somebody leaves
	30058:           chat.ErrForbidden, // as manyWebhooks, of the whole server
	40001:           chat.ErrAuth,
	40002:           chat.ErrAuth, // the account must be verified
	40005:           chat.ErrRefused,
	tagRequired:     chat.ErrRefused,
	noAccess:        chat.ErrForbidden,
	50005:           chat.ErrForbidden, // another's message
	50006:           chat.ErrRefused,   // an empty message
	50008:           chat.ErrForbidden, // no channel for text
	50013:           chat.ErrForbidden,
	50021:           chat.ErrRefused, // a message of Discord's own
	50024:           chat.ErrForbidden,
	wrongHookToken:  chat.ErrForbidden,
	badForm:         chat.ErrRefused,
	90001:           chat.ErrRefused, // who is reacted to has blocked the bot
	answeredAlready: chat.ErrGone,
	200000:          chat.ErrRefused, // the server's filter of words
	200001:          chat.ErrRefused,
	220001:          chat.ErrRefused,
	240000:          chat.ErrRefused, // an address that Discord blocks
}

// sentences say what some refusals mean, better than Discord does.
var sentences = map[int]string{
	30032:        "there are as many commands as Discord lets an application have on a server",
	30033:        "there are as many people in the thread as Discord lets in, 1,000",
	manyCommands: "the application has made as many commands on this server today as Discord lets it, 200",
	90001:        "who wrote the message has blocked the bot, so that it may not react to it",
}

// passing are codes that mean: later, and how much later if Discord does not
// say. 30040 and 30042, which do, too, answer what the bot never asks for.
var passing = map[int]time.Duration{
	manyCommands:   time.Hour,   // when the day ends is not told
	30046:          time.Minute, // edits of old messages
	threadArchived: lockedWait,
	threadLocked:   lockedWait,
	160006:         5 * time.Minute, // 1,000 threads are open on the server
	130000:         time.Minute,     // overloaded
}

// lockedWait is how long to wait before a thread is tried again that only a
// moderator can open.
const lockedWait = 5 * time.Minute

// translate puts what came of a request into the words of package chat. x is
// what the transport saw of it; scope is what a wish to wait holds up.
func (p *Platform) translate(x *exchange, err error, scope chat.Scope) error {
	if x.status == 0 && err == nil {
		return nil
	}
	f := &failure{status: x.status}
	switch {
	case x.wait != nil:
		f.text, f.kind = x.why, *x.wait
		if plain := sentences[x.refusal().Code]; plain != "" {
			f.text = plain
		}
		return f.finished(p)
	case x.status == 0:
		f.cause = withoutAddress(err)
		f.text = f.cause.Error()
		if !x.left.Load() && !errors.Is(err, context.Canceled) {
			f.kind = chat.ErrUnreached
		}
		return f.finished(p)
	}
	said := x.refusal()
	f.code, f.field = said.Code, string(said.Errors)
	f.text = strings.TrimSpace(fmt.Sprintf("Discord says: %s (%d)", said.text(x.status), max(said.Code, x.status)))
	if plain := sentences[f.code]; plain != "" {
		f.text = fmt.Sprintf("%s (%d)", plain, f.code)
	}
	f.kind = kindOf(f, scope)
	return f.finished(p)
}

// kindOf tells what a refusal means; nil leaves open whether the change was
// made.
func kindOf(f *failure, scope chat.Scope) error {
	if wait, ok := passing[f.code]; ok {
		return chat.RetryAfter{Wait: wait, Scope: scope}
	}
	if kind := kinds[f.code]; kind != nil {
		if f.code == badForm && strings.Contains(f.field, "UNKNOWN_MESSAGE") {
			return chat.ErrGone
		}
		return kind
	}
	switch {
	case f.status >= 500:
		return nil
	case f.status == http.StatusUnauthorized:
		return chat.ErrAuth
	case f.status == http.StatusForbidden, f.status == http.StatusNotFound:
		return chat.ErrForbidden
	case f.status >= 400:
		return chat.ErrRefused
	}
	return nil
}

func (f *failure) finished(p *Platform) *failure {
	f.text = p.redact(f.text)
	var wait chat.RetryAfter
	if f.kind != nil && !errors.As(f.kind, &wait) {
		f.text = f.kind.Error() + ": " + f.text
	}
	return f
}

// withoutAddress is the error of a request without the address, which may hold
// a webhook's secret. What is kept of it still tells a broken connection from a
// deadline.
func withoutAddress(err error) error {
	var asked *url.Error
	for errors.As(err, &asked) {
		err = asked.Err
	}
	var broken net.Error
	if errors.As(err, &broken) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return err
	}
	return errors.New(err.Error())
}

// secrets are the parts of addresses that let anyone speak as the bot.
var secrets = regexp.MustCompile(`((?:webhooks|interactions)/[0-9]+/)[^/?\s"'\\]+`)

// redact takes the token, and the secrets of webhooks, out of a text.
func (p *Platform) redact(text string) string {
	text = secrets.ReplaceAllString(text, "${1}[secret]")
	return strings.ReplaceAll(text, p.c.Token, "[token]")
}

// is reports whether err is the refusal with one of these codes.
func is(err error, codes ...int) bool {
	var f *failure
	return errors.As(err, &f) && slices.Contains(codes, f.code)
}

// fieldOf is what Discord says of the fields that it refuses, "" if nothing.
func fieldOf(err error) string {
	var f *failure
	if !errors.As(err, &f) {
		return ""
	}
	return f.field
}

// isOpen reports whether a request that ended with err may have been done.
func isOpen(err error) bool {
	var f *failure
	return errors.As(err, &f) && f.kind == nil
}

// inThread is err, which came of a change in a thread, as what it means there:
// that a thread is gone, or locked, says nothing about its room.
func inThread(err error) error {
	if is(err, unknownChannel) {
		return fmt.Errorf("the thread was deleted: %w", chat.ErrGone)
	}
	if is(err, threadArchived, threadLocked) {
		return fmt.Errorf("the thread is locked, and the bot has not the permission “Manage Threads”: %w",
			chat.RetryAfter{Wait: lockedWait, Scope: chat.MessageScope})
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

// waitOf is how long err wishes to be left alone.
func waitOf(err error) (time.Duration, bool) {
	var wait chat.RetryAfter
	ok := errors.As(err, &wait)
	return max(wait.Wait, 50*time.Millisecond), ok
}

// passes reports whether asking again may help.
func passes(err error) bool {
	for _, kind := range []error{chat.ErrRefused, chat.ErrGone, chat.ErrForbidden, chat.ErrAuth, chat.ErrUnreached, context.Canceled} {
		if errors.Is(err, kind) {
			return false
		}
	}
	return true
}

// isRefusal reports whether err means that the bot may not look at something, or
// that it is no more.
func isRefusal(err error) bool {
	return errors.Is(err, chat.ErrForbidden) || errors.Is(err, chat.ErrGone)
}

// mayPass reports whether asking again later may help with what the bot should be
// let look at by all that is known.
func mayPass(err error) bool { return passes(err) || is(err, noAccess) }
