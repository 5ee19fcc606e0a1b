package matrix

import "context"

// gap reads what happened in a room since the account's cursor, of which live
// is the end: a sync that left some out. Oldest first; what happened after the
// sync may be among it and comes again with the next one.
//
// It is for servers that give few events in one answer (Synapse: 100), and for
// very long absences. The pages follow the order of the room's graph, in which
// events that several people sent at once may stand otherwise than in live,
// and they may overlap: so all are read, each is taken once, and theirs is the
// order in which everything is told. They are read forward from the cursor:
// backward from the gap's other end Dendrite leaves out 3 in 100 of such
// events, forward only those that arrive with the cursor itself.
func (l *listener) gap(ctx context.Context, room string, live []wire) ([]wire, error) {
	p, err := l.after(ctx, room, l.token)
	p.add(live)
	return p.all, err
}

// after reads what happened in a room after a cursor, oldest first.
func (p *Platform) after(ctx context.Context, room, from string) (pile, error) {
	var found pile
	for {
		page, err := p.messages(ctx, room, from, "f")
		if err != nil {
			return found, err
		}
		found.add(read(page.Chunk))
		if page.End == "" || page.End == from {
			return found, nil
		}
		from = page.End
	}
}

// pile is events, each of them once.
type pile struct {
	all   []wire
	taken map[string]bool
}

func (p *pile) add(events []wire) {
	if p.taken == nil {
		p.taken = map[string]bool{}
	}
	for _, e := range events {
		if !p.taken[e.ID] {
			p.taken[e.ID] = true
			p.all = append(p.all, e)
		}
	}
}
