//go:build unix

package dendrite

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// callTime is how long Register and Login may take.
const callTime = 30 * time.Second

// Account is a user with one open session.
type Account struct {
	UserID      string `json:"user_id"`
	AccessToken string `json:"access_token"`
	DeviceID    string `json:"device_id"`
	Password    string `json:"-"`
}

// Register makes an account and ends the test when that cannot be done.
func (s *Server) Register(tb testing.TB, localpart string) Account {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), callTime)
	defer cancel()
	a, err := s.NewAccount(ctx, localpart)
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

// Login opens another session of an account: a new access token and device.
func (s *Server) Login(tb testing.TB, a Account) Account {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), callTime)
	defer cancel()
	b, err := s.NewSession(ctx, a)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// NewAccount is Register for programs that are not tests. It goes by the
// shared secret, in the way that Synapse and Dendrite have in common. The account
// wants no notifications: whoever sends no receipts has Dendrite count all that
// were never read with each event, for each member of a room.
func (s *Server) NewAccount(ctx context.Context, localpart string) (Account, error) {
	const path = "/_synapse/admin/v1/register"
	var ticket struct{ Nonce string }
	if err := s.call(ctx, "", http.MethodGet, path, nil, &ticket); err != nil {
		return Account{}, fmt.Errorf("register %s: %w", localpart, err)
	}
	a := Account{Password: rand.Text()}
	err := s.call(ctx, "", http.MethodPost, path, map[string]any{
		"nonce": ticket.Nonce, "username": localpart, "password": a.Password, "admin": false,
		"mac": s.mac(ticket.Nonce, localpart, a.Password, "notadmin"),
	}, &a)
	if err == nil {
		err = s.call(ctx, a.AccessToken, http.MethodPut, "/_matrix/client/v3/pushrules/global/override/.m.rule.master/enabled", map[string]bool{"enabled": true}, nil)
	}
	if err != nil {
		return Account{}, fmt.Errorf("register %s: %w", localpart, err)
	}
	return a, nil
}

// mac proves that we know the shared secret.
func (s *Server) mac(parts ...string) string {
	mac := hmac.New(sha1.New, []byte(s.secret))
	io.WriteString(mac, strings.Join(parts, "\x00")) // never fails
	return hex.EncodeToString(mac.Sum(nil))
}

// NewSession is Login for programs that are not tests.
func (s *Server) NewSession(ctx context.Context, a Account) (Account, error) {
	b := Account{Password: a.Password}
	err := s.call(ctx, "", http.MethodPost, "/_matrix/client/v3/login", map[string]any{
		"type":       "m.login.password",
		"identifier": map[string]string{"type": "m.id.user", "user": a.UserID},
		"password":   a.Password,
	}, &b)
	if err != nil {
		return Account{}, fmt.Errorf("log in %s: %w", a.UserID, err)
	}
	return b, nil
}

// call makes one request; token may be "", in and out nil.
func (s *Server) call(ctx context.Context, token, method, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, s.URL()+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, answer)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer, out)
}
