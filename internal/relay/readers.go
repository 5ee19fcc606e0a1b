package relay

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
)

// Held reports whether a firing is due that a plan does not make because it waits
// for readers. Nothing is written down of that: as soon as somebody answers it is
// late, and made; of several the newest is.
func Held(tx *store.Tx, p schedule.Plan, now time.Time) (bool, error) {
	if p.Wait == 0 {
		return false, nil
	}
	if due, _ := p.Due(now); len(due) == 0 {
		return false, nil
	}
	if over, err := isOver(tx, p); over || err != nil {
		return false, err
	}
	return goneUnread(tx, p)
}

// askedFor is a plan of which somebody asks for more: they have read what there is,
// and what was held is what they are given.
func askedFor(tx *store.Tx, p schedule.Plan, now time.Time) (schedule.Plan, error) {
	if p.Wait == 0 {
		return p, nil
	}
	held, err := Held(tx, p, now)
	if err != nil {
		return p, err
	}
	if held {
		due, last := p.Due(now)
		p = p.Done(due, last, now)
	}
	return p, putUnread(tx, p, nil)
}

// goneUnread reports whether a plan waits for readers: as many passages as it has them be
// were posted since the last one that somebody read.
func goneUnread(tx *store.Tx, p schedule.Plan) (bool, error) {
	if p.Wait == 0 || p.Does != schedule.Drip {
		return false, nil
	}
	posts, err := unread(tx, p)
	return len(posts) >= p.Wait, err
}

// toBeRead notes that a plan posted a passage, after all others. One that does not
// wait forgets what it waited for when it did.
func toBeRead(tx *store.Tx, p schedule.Plan, id discussion.PassageID) error {
	if p.Wait == 0 {
		was, err := tx.Setting(unreadSetting(p.Name))
		if err != nil || was == "" {
			return err
		}
		return tx.PutSetting(unreadSetting(p.Name), "")
	}
	posts, err := unread(tx, p)
	if err != nil {
		return err
	}
	posts = append(posts, id)
	return putUnread(tx, p, posts[max(0, len(posts)-p.Wait):])
}

// ReadOn notes that somebody in a room answered a passage, reacted under it or went on
// from it to the next: the plans that wait there for that go on at once, if they are
// held. That it was read stays true, whatever becomes of the answer.
func ReadOn(tx *store.Tx, p discussion.PassageID, room chat.Room) error {
	plans, later, err := unreadIn(tx, p, room)
	for i, plan := range plans {
		err = errors.Join(err, putUnread(tx, plan, later[i]), tx.PutPlan(plan)) // as it is: the clock looks at it again
	}
	return err
}

// readOn is ReadOn of a passage or of what stands under one, where people talk: it
// asks nothing of the database for a room in which no plan waits.
func (r *Relay) readOn(tx *store.Tx, t store.Thing, room chat.Room) error {
	if rooms := r.readers.Load(); rooms != nil && !(*rooms)[room] {
		return nil
	}
	if p := t.Passage(); p != "" {
		return ReadOn(tx, p, room)
	}
	under, err := underOf(tx, t)
	if err != nil || under == "" {
		return err
	}
	return ReadOn(tx, under, room)
}

// lookAgain has the clock look again at the plans that wait for readers of a post
// in a room, which is gone, or given up.
func lookAgain(tx *store.Tx, t store.Thing, room chat.Room) error {
	plans, _, err := unreadIn(tx, t.Passage(), room)
	for _, p := range plans {
		err = errors.Join(err, tx.PutPlan(p)) // as it is
	}
	return err
}

// roomsThatWait are those in which one of the plans waits for readers.
func roomsThatWait(plans []schedule.Plan) *map[chat.Room]bool {
	rooms := map[chat.Room]bool{}
	for _, p := range plans {
		for _, room := range p.Rooms {
			rooms[room] = rooms[room] || p.Wait > 0
		}
	}
	return &rooms
}

// Waits reports whether a passage stands in a room and a plan waits for somebody
// there to go on from it.
func Waits(tx *store.Tx, p discussion.PassageID, room chat.Room) (bool, error) {
	plans, _, err := unreadIn(tx, p, room)
	if err != nil || len(plans) == 0 {
		return false, err
	}
	ref, err := standing(tx, store.PassageThing(p), room)
	return !ref.IsZero(), err
}

// unreadIn are the plans that wait for readers in a room and posted a passage that
// nobody read yet, nor a later one, and what each posted later. An excerpt in the
// thread of a passage is that passage.
func unreadIn(tx *store.Tx, id discussion.PassageID, room chat.Room) (plans []schedule.Plan, later [][]discussion.PassageID, err error) {
	all, err := tx.Plans()
	if err != nil {
		return nil, nil, err
	}
	for _, p := range all {
		if !slices.Contains(p.Rooms, room) {
			continue
		}
		posts, err := unreadOf(tx, p)
		if errors.Is(err, ErrUnread) {
			continue // the clock tells of it
		}
		if err != nil {
			return nil, nil, err
		}
		read := slices.Index(posts, id)
		if len(posts) > 0 && read < 0 {
			quoted, err := quotedBy(tx, id)
			if err != nil {
				return nil, nil, err
			}
			read = slices.Index(posts, quoted)
		}
		if read >= 0 {
			plans, later = append(plans, p), append(later, posts[read+1:])
		}
	}
	return plans, later, nil
}

// quotedBy is the passage that an excerpt quotes, "" if it is none.
func quotedBy(tx *store.Tx, id discussion.PassageID) (discussion.PassageID, error) {
	p, _, _, err := tx.Passage(id)
	if err != nil {
		return "", ignoreMissing(err)
	}
	quoted, err := tx.Quoted(p)
	return quoted.ID, ignoreMissing(err)
}

// unread are the passages that a plan posted since the last one that somebody read,
// in the order in which it did. What stands in none of its rooms, nor may come to, is
// not waited for.
func unread(tx *store.Tx, p schedule.Plan) ([]discussion.PassageID, error) {
	posts, err := unreadOf(tx, p)
	if err != nil {
		return nil, err
	}
	var shown []discussion.PassageID
	for _, id := range posts {
		for _, room := range p.Rooms {
			shows, err := showsOrWill(tx, store.PassageThing(id), room)
			if err != nil {
				return nil, err
			}
			if shows {
				shown = append(shown, id)
				break
			}
		}
	}
	return shown, nil
}

func showsOrWill(tx *store.Tx, t store.Thing, room chat.Room) (bool, error) {
	ref, err := standing(tx, t, room)
	if err != nil || !ref.IsZero() {
		return err == nil, err
	}
	d, err := tx.Delivery(t, room)
	return err == nil && d.Dead.IsZero(), ignoreMissing(err)
}

// ErrUnread says that a plan waits for readers and what they have yet to read is
// recorded so that it cannot be read.
var ErrUnread = errors.New("what nobody read is not known")

// posts are passages of a text in the order in which a plan posted them.
type posts struct {
	Text  discussion.ID          `json:"text"`
	Posts []discussion.PassageID `json:"posts"`
}

func unreadOf(tx *store.Tx, p schedule.Plan) ([]discussion.PassageID, error) {
	if p.Wait == 0 {
		return nil, nil
	}
	value, err := tx.Setting(unreadSetting(p.Name))
	if err != nil || value == "" {
		return nil, err
	}
	var is posts
	if err := json.Unmarshal([]byte(value), &is); err != nil {
		return nil, fmt.Errorf("%w of plan %s: %w", ErrUnread, p.Name, err)
	}
	if is.Text != p.Discussion {
		return nil, nil
	}
	return is.Posts, nil
}

func putUnread(tx *store.Tx, p schedule.Plan, all []discussion.PassageID) error {
	value, err := json.Marshal(posts{p.Discussion, all})
	if err != nil {
		return fmt.Errorf("record what nobody read of plan %s: %w", p.Name, err)
	}
	return tx.PutSetting(unreadSetting(p.Name), string(value))
}

func unreadSetting(plan string) string { return "plan unread: " + plan }
