//go:build unix

package acceptance

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/test/dendrite"
	"marginalia/test/matrixuser"
)

// homeserver is where Matrix rooms are, with the bot's account.
type homeserver struct {
	t      *testing.T
	ctx    context.Context
	server *dendrite.Server
	bot    *matrixuser.User
	guests int
}

func newHomeserver(w *world) *homeserver {
	w.t.Helper()
	h := &homeserver{t: w.t, server: dendrite.Start(w.t)}
	h.ctx = w.ends() // before the homeserver does
	h.bot = h.account("marginalia")
	w.must(os.WriteFile(filepath.Join(w.dir, "matrix.token"), []byte(h.bot.Token+"\n"), 0o600))
	return h
}

func (h *homeserver) account(name string) *matrixuser.User {
	a := h.server.Register(h.t, name)
	return matrixuser.New(h.server.URL(), a.UserID, a.AccessToken)
}

// matrixSide is a room on a homeserver. What is said there is known from the
// live sync of the first of its people, from the room's beginning.
type matrixSide struct {
	*homeserver
	called string
	id     string
	names  []string
	users  []*matrixuser.User
	log    *matrixuser.Log

	mu        sync.Mutex
	edits     map[string][]string // by what they edit
	reactions map[string]string   // who, what and on what → the reaction's id
}

// open makes a room. Who makes it is a moderator there, the bot is not.
func (h *homeserver) open(name string, people ...string) *matrixSide {
	h.t.Helper()
	s := &matrixSide{homeserver: h, called: name, names: people, edits: map[string][]string{}, reactions: map[string]string{}}
	var ids []string
	for _, p := range people {
		u := h.account(fmt.Sprintf("person%d", h.guests))
		h.guests++
		h.must(u.Call(h.ctx, "PUT", "/_matrix/client/v3/profile/"+u.ID+"/displayname", nil, map[string]any{"displayname": p}, nil))
		s.users, ids = append(s.users, u), append(ids, u.ID)
	}
	var err error
	s.id, err = s.users[0].CreateRoom(h.ctx, name, append(ids[1:], h.bot.ID)...)
	h.must(err)
	for _, u := range append(s.users[1:], h.bot) {
		h.must(u.Join(h.ctx, s.id))
	}
	log, ready := s.users[0].Watch(h.ctx)
	s.log = log
	<-ready
	return s
}

func (h *homeserver) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (s *matrixSide) name() string     { return s.called }
func (s *matrixSide) room() chat.Room  { return chat.Room{Platform: "matrix", ID: s.id} }
func (s *matrixSide) people() []string { return s.names }

func (s *matrixSide) config() (network, room string) {
	return fmt.Sprintf("[matrix]\nhomeserver = %q\nuser = %q\ntoken_file = \"matrix.token\"\n", s.bot.Base, s.bot.ID),
		fmt.Sprintf("[[rooms]]\nname = %q\nplatform = \"matrix\"\nid = %q\n", s.called, s.id)
}

func (s *matrixSide) opened(string, string) error { return nil }

func (s *matrixSide) passages() ([]int, error) {
	_, seqs := s.roots()
	return seqs, nil
}

// roots are the events that show the passages, by their numbers.
func (s *matrixSide) roots() (events []string, seqs []int) {
	for _, e := range s.log.Room(s.id) {
		if seq := passageIn(e, s.bot.ID); seq > 0 {
			events, seqs = append(events, e.ID), append(seqs, seq)
		}
	}
	return events, seqs
}

// passageIn returns the number of the passage that an event shows, or 0.
func passageIn(e matrixuser.Event, bot string) int {
	rel, _ := e.Relation()
	m := footer.FindStringSubmatch(e.Body())
	if e.Sender != bot || e.Type != "m.room.message" || rel != "" || m == nil {
		return 0
	}
	seq, _ := strconv.Atoi(m[1])
	return seq
}

func (s *matrixSide) shown(token string) (string, error) {
	for _, e := range s.log.Room(s.id) {
		if rel, _ := e.Relation(); e.Sender == s.bot.ID && rel != "m.replace" && strings.Contains(e.Body(), token) {
			return e.ID, nil
		}
	}
	return "", nil
}

func (s *matrixSide) say(by int, u utterance, dice *rand.Rand) (string, error) {
	events, seqs := s.roots()
	root := events[slices.Index(seqs, u.passage)]
	content, to := matrixuser.Text(u.words, root), root
	if u.answers != "" {
		to = u.answers
		content["m.relates_to"] = map[string]any{"rel_type": "m.thread", "event_id": root, "is_falling_back": false, "m.in_reply_to": map[string]any{"event_id": to}}
	}
	if dice.IntN(3) == 0 { // a client that knows no threads
		content["m.relates_to"] = map[string]any{"m.in_reply_to": map[string]any{"event_id": to}}
	}
	return s.send(by, "m.room.message", content)
}

func (s *matrixSide) send(by int, kind string, content map[string]any) (string, error) {
	return s.users[by].Send(s.ctx, s.id, kind, content)
}

func (s *matrixSide) edit(by int, id, words string) error {
	edit, err := s.send(by, "m.room.message", matrixuser.EditOf(id, words))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.edits[id] = append(s.edits[id], edit)
	return err
}

// remove deletes a message. A person's own client takes the words of its own
// edits away as well (MSC3912); those in the other rooms are the bot's.
func (s *matrixSide) remove(by int, id string) error {
	s.mu.Lock()
	all := append([]string{id}, s.edits[id]...)
	s.mu.Unlock()
	for _, event := range all {
		if err := s.users[by].Redact(s.ctx, s.id, event); err != nil {
			return err
		}
	}
	return nil
}

func (s *matrixSide) react(by int, id, emoji string, on bool) error {
	key := fmt.Sprint(by, emoji, id)
	s.mu.Lock()
	own := s.reactions[key]
	s.mu.Unlock()
	if !on {
		return s.users[by].Redact(s.ctx, s.id, own)
	}
	own, err := s.send(by, "m.reaction", map[string]any{"m.relates_to": map[string]any{"rel_type": "m.annotation", "event_id": id, "key": emoji}})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reactions[key] = own
	return err
}

func (s *matrixSide) ask(by int, command, words string) error {
	asked, err := s.send(by, "m.room.message", matrixuser.Text(command, ""))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(s.ctx, time.Minute)
	defer cancel()
	err = s.log.Wait(ctx, s.id, func(all []matrixuser.Event) bool {
		return slices.ContainsFunc(all, func(e matrixuser.Event) bool {
			return e.Sender == s.bot.ID && e.Content["msgtype"] == "m.notice" && strings.Contains(e.Body(), words) &&
				object(object(e.Content, "m.relates_to"), "m.in_reply_to")["event_id"] == asked
		})
	})
	if err != nil {
		return fmt.Errorf("%s in the %s is not answered with %q: %w", command, s.called, words, err)
	}
	return nil
}

// atOnce is how many events are asked for at the same time.
const atOnce = 8

// read is the live sync, each event with what the homeserver tells of it now.
func (s *matrixSide) read() (record, error) {
	if gaps := s.log.Gaps(); gaps > 0 {
		return nil, fmt.Errorf("the live sync of the %s has %d gaps", s.called, gaps)
	}
	r := &matrixRecord{account: s.bot.ID, events: s.log.Room(s.id), now: map[string]matrixuser.Event{}}
	failed := make(chan error, len(r.events))
	turns := make(chan struct{}, atOnce)
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, e := range r.events {
		turns <- struct{}{}
		all.Go(func() {
			defer func() { <-turns }()
			now, err := s.users[1].Event(s.ctx, s.id, e.ID)
			if err != nil {
				failed <- fmt.Errorf("read %s in the %s: %w", e.ID, s.called, err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			r.now[e.ID] = now
		})
	}
	all.Wait()
	close(failed)
	return r, <-failed
}
