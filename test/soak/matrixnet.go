//go:build unix

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/store"
	"marginalia/test/dendrite"
	"marginalia/test/faultproxy"
	"marginalia/test/matrixuser"
)

// matrixNet is a homeserver, and a proxy before it that the bot alone goes
// through.
type matrixNet struct {
	server *dendrite.Server
	proxy  *faultproxy.Proxy
	bot    *matrixuser.User
	sides  []*matrixSide
	tardy  tardy
}

// newMatrix makes a homeserver with rooms in which so many people each talk.
func newMatrix(ctx context.Context, dir string, seed uint64, rooms, people int) (*matrixNet, error) {
	data := filepath.Join(dir, "homeserver")
	if err := os.Mkdir(data, 0o700); err != nil {
		return nil, err
	}
	n := &matrixNet{}
	var err error
	if n.server, err = dendrite.New(ctx, data, dendrite.Options{JetStreamOnDisk: true}); err != nil {
		return nil, err
	}
	n.proxy = faultproxy.New(n.server.URL(), seed)
	if err = n.proxy.Start(); err == nil {
		err = n.populate(ctx, rooms, people)
	}
	if err != nil {
		return nil, errors.Join(err, n.close())
	}
	return n, nil
}

func (n *matrixNet) populate(ctx context.Context, rooms, crowd int) error {
	var err error
	if n.bot, err = n.account(ctx, "bot"); err != nil {
		return err
	}
	for i := range rooms {
		var people []*matrixuser.User
		for j := range crowd {
			u, err := n.account(ctx, fmt.Sprintf("person%d%d", i, j))
			if err != nil {
				return err
			}
			people = append(people, u)
		}
		room, err := n.open(ctx, fmt.Sprintf("room %d", i), people)
		if err != nil {
			return err
		}
		log, ready := people[0].Watch(ctx)
		<-ready
		n.sides = append(n.sides, newMatrixSide(room, n.bot.ID, people, log))
	}
	return nil
}

func (n *matrixNet) account(ctx context.Context, name string) (*matrixuser.User, error) {
	a, err := n.server.NewAccount(ctx, name)
	if err != nil {
		return nil, err
	}
	return matrixuser.New(n.server.URL(), a.UserID, a.AccessToken), nil
}

// open makes a room in which people and the bot are.
func (n *matrixNet) open(ctx context.Context, name string, people []*matrixuser.User) (string, error) {
	all := append(people[1:len(people):len(people)], n.bot)
	var invite []string
	for _, u := range all {
		invite = append(invite, u.ID)
	}
	room, err := people[0].CreateRoom(ctx, name, invite...)
	if err != nil {
		return "", err
	}
	for _, u := range all {
		if err := u.Join(ctx, room); err != nil {
			return "", err
		}
	}
	return room, people[0].SetPower(ctx, room, n.bot.ID, 50)
}

func (n *matrixNet) name() string { return "matrix" }

func (n *matrixNet) config() string {
	return fmt.Sprintf("[matrix]\nhomeserver = %q\nuser = %q\ntoken = %q\n", n.proxy.URL(), n.bot.ID, n.bot.Token)
}

// misbehave sets the network's faults: refusals, broken answers, answers lost
// after the server has committed, and requests that commit late, most of them
// within the settle time.
func (n *matrixNet) misbehave() {
	n.proxy.Set(
		faultproxy.Rule{Kind: faultproxy.Delay, Name: "beyond the settle time", Match: n.tardy.chosen, Delay: beyond},
		faultproxy.Rule{Kind: faultproxy.Delay, Match: faultproxy.Sends, Probability: 0.1, Delay: 700 * time.Millisecond},
		faultproxy.Rule{Kind: faultproxy.Status429, Match: faultproxy.Sends, Probability: 0.03, RetryAfterMS: 50},
		faultproxy.Rule{Kind: faultproxy.Status500, Match: faultproxy.Sends, Probability: 0.03},
		faultproxy.Rule{Kind: faultproxy.Status502, Match: faultproxy.Sends, Probability: 0.02},
		faultproxy.Rule{Kind: faultproxy.DropBefore, Match: faultproxy.Sends, Probability: 0.02},
		faultproxy.Rule{Kind: faultproxy.DropAfter, Match: faultproxy.Sends, Probability: 0.04},
	)
}

// cutOff puts the homeserver out of the bot's reach, or brings it back.
func (n *matrixNet) cutOff(on bool) {
	n.proxy.Set()
	if on {
		n.proxy.Set(faultproxy.Rule{Kind: faultproxy.DropBefore, Name: "cut off"})
	}
}

func (n *matrixNet) behave()        { n.proxy.Set() }
func (n *matrixNet) played() string { return fmt.Sprint(n.proxy.Counts()) }
func (n *matrixNet) sends() int     { return arrived(n.proxy) }

// late adds what the homeserver itself committed late: one that is killed takes
// up half a minute later what it had not finished, and gives it the time at
// which it was asked.
func (n *matrixNet) late() map[string]string {
	all := n.tardy.names()
	for _, s := range n.sides {
		newest := int64(0)
		for _, e := range s.log.Room(s.id) {
			name, _ := tokenIn(cmp.Or(e.NewBody(), e.Body()))
			if late := time.Duration(newest-e.At) * time.Millisecond; e.Sender == n.bot.ID && name != "" && late > settle {
				all[name] = fmt.Sprintf("committed by a homeserver that was killed, %s late", late.Round(time.Second))
			}
			newest = max(newest, e.At)
		}
	}
	return all
}

// arrived counts the requests in a proxy's log.
func arrived(p *faultproxy.Proxy) int {
	n := 0
	for _, tries := range p.Log() {
		n += len(tries)
	}
	return n
}

// stage finds the request by its key, which is the last part of its path.
func (n *matrixNet) stage(_ chat.Room, c store.Copy) string {
	for path, tries := range n.proxy.Log() {
		if strings.Contains(path, c.Key) {
			return stageOf(tries[len(tries)-1])
		}
	}
	return recorded
}

// jolt restarts the homeserver every tenth time; of these it is killed every
// other time.
func (n *matrixNet) jolt(ctx context.Context, kill int) error {
	if kill%10 != 9 {
		return nil
	}
	end := n.server.Stop
	if kill%20 == 9 {
		end = n.server.Kill
	}
	if err := end(); err != nil {
		return err
	}
	return n.server.Restart(ctx)
}

func (n *matrixNet) close() error { return errors.Join(n.proxy.Close(), n.server.Close()) }

// beyond is how long a request is held back that is to miss the settle time.
const beyond = settle + 1500*time.Millisecond

// tardy chooses a few requests to be held back beyond the settle time, and
// remembers whose words they carried.
type tardy struct {
	every int // of requests that carry words; 0: none
	most  int

	mu   sync.Mutex
	seen int
	hit  []string
}

// chosen is a rule's Match. It decides by itself, so that it knows what it hit.
func (t *tardy) chosen(r *http.Request) bool {
	if t.every == 0 || r.Method != http.MethodPut && r.Method != http.MethodPost {
		return false
	}
	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	name := ""
	if i := strings.Index(string(body), "tk-"); err == nil && i >= 0 {
		name, _ = tokenIn(string(body)[i:])
	}
	if name == "" {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.seen++
	if t.seen%t.every != 0 || len(t.hit) >= t.most {
		return false
	}
	t.hit = append(t.hit, name)
	return true
}

func (t *tardy) names() map[string]string {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := map[string]string{}
	for _, n := range t.hit {
		all[n] = fmt.Sprintf("held back for %s", beyond)
	}
	return all
}
