package chat

import (
	"errors"
	"fmt"
	"time"
)

// The kinds of failure that platforms translate their networks' answers into.
// With each of them it is certain that the change was not made; every other
// error leaves that open.
var (
	ErrRefused   = errors.New("the network refuses this message") // never to be taken: dead letter, the thread goes on
	ErrGone      = errors.New("the message is gone")              // what was to be edited, deleted, answered or reacted to
	ErrForbidden = errors.New("the room does not allow it")       // no right, not a member, room deleted
	ErrAuth      = errors.New("the account is not accepted")      // token revoked, account closed
	ErrUnreached = errors.New("the network cannot be reached")    // the request never left; nothing is charged
)

// Scope says what a [RetryAfter] holds up.
type Scope uint8

// The scopes.
const (
	MessageScope Scope = iota
	RoomScope
	AccountScope // every lane of the platform waits
)

// RetryAfter is the network's wish to be left alone. The change was not made.
type RetryAfter struct {
	Wait  time.Duration
	Scope Scope
}

func (e RetryAfter) Error() string { return fmt.Sprintf("the network asks to wait %s", e.Wait) }
