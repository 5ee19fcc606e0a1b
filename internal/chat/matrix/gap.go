package matrix

import "context"

// gap reads what happened in a room between the account's cursor and the
// events of a sync that left some out, oldest first.
//
// It reads forward from the cursor, which is a place in the server's own order
// of arrival. Backward from the gap's other end the order is that of the
// room's graph, in which a server may lose events that several people sent at
// once: Dendrite lost 3 of 100.
func (l *listener) gap(ctx context.Context, room string, live []wire) ([]wire, error) {
	known := map[string]bool{}
	for _, e := range live {
		known[e.ID] = true
	}
	var missed []wire
	for from := l.token; ; {
		page, err := l.messages(ctx, room, from, "f", pageLimit)
		if err != nil {
			return nil, err
		}
		for _, e := range read(page.Chunk) {
			if known[e.ID] {
				return missed, nil
			}
			missed = append(missed, e)
		}
		if page.End == "" || page.End == from {
			return missed, nil
		}
		from = page.End
	}
}
