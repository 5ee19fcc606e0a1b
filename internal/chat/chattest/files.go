package chattest

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"marginalia/internal/chat"
	"marginalia/internal/format"
)

// Attach says something with a file.
func (u *Member) Attach(p chat.Place, text string, f Attached) chat.Ref {
	n := u.net
	n.mu.Lock()
	defer n.mu.Unlock()
	m := &message{place: p, account: u.person.ID, from: u.person}
	n.hang(m, []chat.File{{Name: f.Name, Type: f.Type, Size: int64(len(f.Data))}}, f.Data)
	var d format.Doc
	if text != "" {
		d = n.o.Dialect.Parse(text)
	}
	n.add(m, d)
	if u.calls(m, d) {
		n.log[len(n.log)-1].event.Kind = chat.Called
	}
	return m.ref()
}

// Attached returns what is attached to a message now.
func (n *Network) Attached(ref chat.Ref) []Attached {
	n.mu.Lock()
	defer n.mu.Unlock()
	var all []Attached
	if m := n.messages[ref.ID]; m != nil {
		for _, f := range m.rest.Files {
			all = append(all, Attached{f.Name, f.Type, slices.Clone(n.files[f.Origin])})
		}
	}
	return all
}

// LoseFiles makes the next k fetches of files come to nothing.
func (n *Network) LoseFiles(k int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.faults.files = k
}

// Fetch implements chat.Fetcher.
func (p *Platform) Fetch(ctx context.Context, f chat.File, most int64) ([]byte, error) {
	n := p.net
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.away(); err != nil {
		return nil, fmt.Errorf("fetch %s: %w", f.Origin, err)
	}
	if n.faults.files > 0 {
		n.faults.files--
		return nil, errors.New("chattest: the file is not handed out now")
	}
	data, there := n.files[f.Origin]
	switch {
	case !there:
		return nil, chat.ErrGone
	case int64(len(data)) > most:
		return nil, fmt.Errorf("it has %d bytes: %w", len(data), chat.ErrRefused)
	}
	return slices.Clone(data), ctx.Err()
}

// hang makes files those that a message has. With n.mu held.
func (n *Network) hang(m *message, files []chat.File, data []byte) {
	for _, f := range m.rest.Files {
		delete(n.files, f.Origin)
	}
	m.rest.Files = nil
	for _, f := range files {
		f.Origin = n.id("f")
		n.files[f.Origin] = slices.Clone(data)
		m.rest.Files = append(m.rest.Files, f)
	}
}

var _ chat.Fetcher = (*Platform)(nil)
