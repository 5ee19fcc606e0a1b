package source

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// What can go wrong on the way to an address, beside what net says itself.
type (
	status struct { // an answer that is not 200
		code  int
		after time.Duration // that the site asks to wait; 0 if it does not say
	}
	tooLarge struct {
		bytes int64
		all   bool // of all answers of the import, not of one
	}
	cutOff struct{ err error } // an answer that broke off
)

func (s *status) Error() string   { return strconv.Itoa(s.code) }
func (t *tooLarge) Error() string { return fmt.Sprintf("more than %d bytes", t.bytes) }
func (c *cutOff) Error() string   { return c.err.Error() }
func (c *cutOff) Unwrap() error   { return c.err }

var (
	errUnchanged = errors.New("nothing changed there")
	errSlow      = errors.New("took too long")
)

// again reports whether a request that ended in err is made again, and when.
func (f *fetcher) again(err error, try int) (time.Duration, bool) {
	if err == nil || try >= f.tries {
		return 0, false
	}
	wait := time.Second << (try - 1)
	var s *status
	if errors.As(err, &s) {
		switch s.code {
		case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return max(wait, s.after), s.after <= f.wait
		}
		return 0, false
	}
	return wait, passing(err)
}

// passing reports whether a connection may come about the next time.
func passing(err error) bool {
	var broken *cutOff
	var name *net.DNSError
	var op *net.OpError
	var refused *refusal
	var cert *tls.CertificateVerificationError
	switch {
	case errors.As(err, &refused), errors.As(err, &cert), errors.Is(err, errHops), errors.Is(err, errScheme), errors.Is(err, errHost), errors.Is(err, errPassword):
		return false
	case errors.As(err, &name):
		return name.Temporary() && !name.IsNotFound
	}
	return errors.As(err, &broken) || errors.As(err, &op) || errors.Is(err, io.EOF)
}

// retryAfter reads the header of that name: seconds or a date.
func retryAfter(s string, now time.Time) time.Duration {
	if n, err := strconv.ParseInt(s, 10, 32); err == nil {
		return max(0, time.Duration(n)*time.Second)
	}
	if t, err := http.ParseTime(s); err == nil {
		return max(0, t.Sub(now))
	}
	return 0
}

// shown is address as errors and warnings name it: a query may hold keys, and
// the part before @ a password.
func shown(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "the address"
	}
	out := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	if u.RawQuery != "" {
		return out.String() + "?…"
	}
	return out.String()
}

// sentence says what is wrong with address, and what to do. The error that it
// tells stays what errors.Is and As find.
func sentence(address string, err error) error {
	if err == nil {
		return nil
	}
	var u *url.Error
	if errors.As(err, &u) { // names the address whole
		err = u.Err
	}
	return &told{shown(address) + " " + saying(err), err}
}

type told struct {
	text  string
	cause error
}

func (t *told) Error() string { return t.text }
func (t *told) Unwrap() error { return t.cause }

func saying(err error) string {
	var s *status
	var large *tooLarge
	var broken *cutOff
	var name *net.DNSError
	var refused *refusal
	var cert *tls.CertificateVerificationError
	var slow net.Error
	switch {
	case errors.As(err, &s):
		return s.saying()
	case errors.As(err, &large) && large.all:
		return fmt.Sprintf("is not in it, because the import is at its limit of %s", size(large.bytes))
	case errors.As(err, &large):
		return fmt.Sprintf("answers with more than the %s that are taken", size(large.bytes))
	case errors.As(err, &refused):
		return fmt.Sprintf("is at %s, and only public addresses are fetched: save the page as a file and import that", refused.ip)
	case errors.As(err, &cert):
		return fmt.Sprintf("has a certificate that is not valid for it (%v): check the address", cert.Err)
	case errors.As(err, &name) && name.IsNotFound:
		return fmt.Sprintf("is not there, because the name %s is not known: check how it is written", name.Name)
	case errors.As(err, &name):
		return fmt.Sprintf("cannot be found now, because looking up %s gives no answer: import again later", name.Name)
	case errors.Is(err, errSlow):
		return "takes too long to answer: import again later"
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return "was not read to its end, because the import was stopped"
	case errors.As(err, &slow) && slow.Timeout():
		return "takes too long to answer: import again later"
	case errors.As(err, &broken), errors.Is(err, io.EOF):
		return "broke off in its answer: import again later"
	case errors.Is(err, errHops), errors.Is(err, errScheme), errors.Is(err, errHost), errors.Is(err, errPassword), errors.Is(err, errUnchanged), errors.Is(err, errGivenUp):
		return err.Error()
	}
	return fmt.Sprintf("cannot be reached (%v): check the address and the network", err)
}

func (s *status) saying() string {
	switch {
	case s.code == http.StatusUnauthorized || s.code == http.StatusForbidden:
		return fmt.Sprintf("is not shown to us (%d): save the page as a file and import that", s.code)
	case s.code == http.StatusNotFound || s.code == http.StatusGone:
		return fmt.Sprintf("is not there (%d): check the address", s.code)
	case s.code == http.StatusTooManyRequests && s.after > 0:
		return fmt.Sprintf("asks to be left alone for %s (429): import again then", s.after.Round(time.Second))
	case s.code == http.StatusTooManyRequests:
		return "asks for fewer requests (429): import again later"
	case s.code >= 500:
		return fmt.Sprintf("is out of order (%d): import again later", s.code)
	}
	return fmt.Sprintf("answers with status %d, which is no page", s.code)
}

// forNow reports whether a later import may get what err kept away.
func forNow(err error) bool {
	var g *graphError
	if errors.As(err, &g) {
		return !g.missing() && !g.hidden()
	}
	c := code(err)
	return c == http.StatusTooManyRequests || c >= http.StatusInternalServerError || errors.Is(err, errSlow) || errors.Is(err, errGivenUp) || passing(err)
}

// code is the status that err tells, or 0.
func code(err error) int {
	var s *status
	if errors.As(err, &s) {
		return s.code
	}
	return 0
}
