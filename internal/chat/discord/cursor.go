package discord

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"

	"marginalia/internal/chat"
)

// account is what the account's cursor holds: the session to take up again, and
// up to when everything was read.
type account struct {
	session
	Heard  string            `json:"heard"`            // an id of that time
	Back   string            `json:"back,omitempty"`   // see listener.mark
	Missed map[string]string `json:"hidden,omitempty"` // see sight.missing
}

func (a account) cursor() chat.Cursor {
	b, err := json.Marshal(a)
	if err != nil {
		return ""
	}
	return chat.Cursor(b)
}

// readAccount reads an account's cursor. One that is not understood says
// nothing: everything is read again from the places' cursors.
func readAccount(c chat.Cursor) account {
	var a account
	if json.Unmarshal([]byte(c), &a) != nil {
		return account{}
	}
	return a
}

// tailSize is how many messages of a place are looked at again.
const tailSize = 50

// trail is what a place's cursor holds: the newest message that was read, and
// the last ones before it, so that one sees what became of them.
type trail struct {
	newest uint64
	tail   []mark // oldest first
}

// mark is a message that was read.
type mark struct {
	id    uint64
	own   bool   // the bot's
	state uint32 // of revision; 0: it must be looked at again
}

// cursor writes t as newest, and the others as differences: "id;diff,diff!,…".
func (t trail) cursor() chat.Cursor {
	var b strings.Builder
	b.WriteString(strconv.FormatUint(t.newest, 10))
	before := uint64(0)
	for i, m := range t.tail {
		b.WriteByte(";,"[min(i, 1)])
		b.WriteString(strconv.FormatUint(m.id-before, 36))
		if m.own {
			b.WriteByte('!')
		}
		if m.state != plainState {
			b.WriteString("." + strconv.FormatUint(uint64(m.state), 36))
		}
		before = m.id
	}
	return chat.Cursor(b.String())
}

func readTrail(c chat.Cursor) (trail, error) {
	newest, rest, _ := strings.Cut(string(c), ";")
	n, err := strconv.ParseUint(newest, 10, 64)
	if err != nil {
		return trail{}, fmt.Errorf("%q is no cursor of Discord's", c)
	}
	t := trail{newest: n}
	if rest == "" {
		return t, nil
	}
	before := uint64(0)
	for part := range strings.SplitSeq(rest, ",") {
		m := mark{state: plainState}
		id, state, changed := strings.Cut(part, ".")
		id, m.own = strings.CutSuffix(id, "!")
		diff, err := strconv.ParseUint(id, 36, 64)
		if err != nil {
			return trail{newest: n}, nil // the rest is a help, no more
		}
		if changed {
			s, err := strconv.ParseUint(state, 36, 32)
			if err != nil {
				s = 0
			}
			m.state = uint32(s)
		}
		before += diff
		m.id = before
		t.tail = append(t.tail, m)
	}
	return t, nil
}

// begin is the id behind which a place is read again.
func (t *trail) begin() uint64 {
	if len(t.tail) == 0 {
		return t.newest
	}
	return t.tail[0].id - 1
}

// read notes that a message was read.
func (t *trail) read(id uint64, own bool, state uint32) {
	t.newest = max(t.newest, id)
	at, known := t.find(id)
	if known {
		t.tail[at].state = state
		return
	}
	t.tail = slices.Insert(t.tail, at, mark{id, own, state})
	if len(t.tail) > tailSize {
		t.tail = slices.Delete(t.tail, 0, len(t.tail)-tailSize)
	}
}

// changed notes that a message may not be any more as it was read.
func (t *trail) changed(id uint64) {
	if at, known := t.find(id); known {
		t.tail[at].state = 0
	}
}

// gone notes that a message is gone.
func (t *trail) gone(id uint64) {
	if at, known := t.find(id); known {
		t.tail = slices.Delete(t.tail, at, at+1)
	}
}

func (t *trail) find(id uint64) (int, bool) {
	return slices.BinarySearchFunc(t.tail, id, func(m mark, id uint64) int {
		switch {
		case m.id < id:
			return -1
		case m.id > id:
			return 1
		}
		return 0
	})
}

// plainState is the state of a message that nobody edited or reacted to.
var plainState = stateOf(message{})

// stateOf tells, as far as 32 bits can, messages apart that were edited or
// reacted to since, but not who holds an emoji: see tallied. It is never 0.
func stateOf(m message) uint32 {
	h := fnv.New32a()
	if !m.Edited.IsZero() {
		fmt.Fprint(h, m.Edited.UnixMilli())
	}
	for _, r := range m.Reactions {
		count := r.Count
		if r.Me {
			count--
		}
		if count > 0 {
			fmt.Fprint(h, " ", r.Emoji.text(), count)
		}
	}
	return max(h.Sum32(), 1)
}

// idInToken is the application's id, which a token begins with.
func idInToken(token string) string {
	first, _, _ := strings.Cut(token, ".")
	id, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(first, "="))
	if err != nil || !isID(string(id)) {
		return "@me"
	}
	return string(id)
}
