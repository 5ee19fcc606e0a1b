package relay

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/format"
	"marginalia/internal/lang"
	"marginalia/internal/store"
)

// audit is one look at a room.
type audit struct {
	relay   *Relay
	room    chat.Room
	profile chat.Profile
	before  books
	now     books // read after the room was

	looked bool                    // the network was asked
	shown  map[string]chat.Event   // what stands there, by the messages' ids
	held   map[string][]chat.Event // emoji of the bot's own, likewise
	sure   map[string]bool         // that overlooked messages stand
	gone   map[string]bool         // threads

	found  []Fault
	coming int
}

// read reads what stands in the room, and looks again for each copy that is
// not among it.
func (a *audit) read(ctx context.Context, network chat.Auditor, from time.Time) error {
	a.looked, a.sure, a.gone = true, map[string]bool{}, map[string]bool{}
	a.shown, a.held = map[string]chat.Event{}, map[string][]chat.Event{}
	for e, err := range network.Audit(ctx, a.room, a.threads(), from) {
		switch {
		case err != nil:
			return err
		case e.Kind == chat.Deleted:
			a.gone[e.Message.Ref.Place.Thread] = true
		case e.Kind == chat.Reacted:
			a.held[e.Message.Ref.ID] = append(a.held[e.Message.Ref.ID], e)
		default:
			a.shown[e.Message.Ref.ID] = e
		}
	}
	for thing, all := range a.before.copies {
		for _, c := range all {
			if _, there := a.shown[c.Ref.ID]; there || !a.ours(thing, c) {
				continue
			}
			stands, err := network.Stands(ctx, c.Ref)
			if err != nil {
				return err
			}
			a.sure[c.Ref.ID] = stands
		}
	}
	return nil
}

// threads are those in which something is known to stand.
func (a *audit) threads() []string {
	all := map[string]bool{}
	for _, copies := range a.before.copies {
		for _, c := range copies {
			if !c.Ref.IsZero() && (c.Mark == "" || c.Mark == store.ThreadMark) {
				all[c.Ref.Place.Thread] = true
			}
		}
	}
	delete(all, "")
	return slices.Sorted(maps.Keys(all))
}

// ours reports whether a copy is a message of the bot's that is at rest.
func (a *audit) ours(thing store.Thing, c store.Copy) bool {
	_, waits := a.before.waits[thing]
	return !waits && c.Mark == "" && c.Ref.As != "" && !c.Ref.IsZero() && !c.InFlight()
}

// judge finds what differs.
func (a *audit) judge(tx *store.Tx, now time.Time) error {
	for _, thing := range slices.Sorted(maps.Keys(a.now.copies)) {
		if a.now.comes(thing) || a.before.comes(thing) {
			continue
		}
		if _, given := a.now.waits[thing]; given {
			continue
		}
		if err := a.thing(tx, thing); err != nil {
			return err
		}
	}
	for _, d := range a.now.waits {
		if d.Dead.IsZero() {
			a.coming++
		}
	}
	for _, look := range []func(*store.Tx) error{a.neverPosted, a.neverMirrored, a.strays} {
		if err := look(tx); err != nil {
			return err
		}
	}
	return a.unheard(tx, now)
}

// thing looks at what stands of one thing.
func (a *audit) thing(tx *store.Tx, t store.Thing) error {
	have := slices.Clone(a.now.copies[t])
	w, v, err := a.relay.load(tx, store.Delivery{Thing: t, Room: a.room, Class: store.ClassEdit}, have)
	if errors.Is(err, errParked) || errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if w.Note.Kind == Late { // it told of what came then
		return nil
	}
	n := need{thing: t, room: a.room, threads: v.Profile.Threads, want: Render(w, v), have: have}
	sound := len(a.found)
	for _, c := range have {
		if err := a.copy(tx, n, c); err != nil {
			return err
		}
	}
	if len(a.found) == sound {
		if err := a.emoji(tx, n); err != nil {
			return err
		}
	}
	if len(a.found) > sound {
		return nil
	}
	for i, c := range have {
		if w, wanted := n.wanted(c.Part, c.Mark); wanted && t.Passage() != "" && !c.Ref.IsZero() {
			have[i].Hash = Hash(w.Message) // what was posted of a text stays as it was
		}
	}
	s, left := Next(t, a.room, v.Profile.Threads, n.want, have)
	if !left || s.Late {
		return nil
	}
	return a.undone(tx, t, s)
}

// copy looks at one message, or thread.
func (a *audit) copy(tx *store.Tx, n need, c store.Copy) error {
	was := a.before.copy(n.thing, c.Part, c.Mark)
	if !a.looked || c.Ref.IsZero() || c.InFlight() || was.Ref != c.Ref || was.Seq != c.Seq {
		return nil
	}
	w, wanted := n.wanted(c.Part, c.Mark)
	if !wanted || c.Mark != "" || c.Ref.As == "" {
		return nil
	}
	e, there := a.shown[c.Ref.ID]
	thread := c.Part == 0 && a.gone[n.copy(0, store.ThreadMark).Ref.Place.Thread]
	switch {
	case thread: // Discord lets nobody open a second one under the same message
		return a.say(tx, Fault{Kind: Lost, Why: "its thread is gone", thing: n.thing, was: c, change: anewAt(n.thing, a.room, c.Ref), thread: true})
	case !there && !a.sure[c.Ref.ID]:
		return a.say(tx, Fault{Kind: Lost, Why: "the message is not there", thing: n.thing, was: c, change: anewAt(n.thing, a.room, c.Ref)})
	case there && e.Message.Ref.Place != c.Ref.Place:
		return a.say(tx, Fault{Kind: Strayed, Why: "it stands in another thread", thing: n.thing, was: c, change: anewAt(n.thing, a.room, e.Message.Ref)})
	case there && c.Hash == Hash(w.Message) && len(w.Message.Files) == 0 && a.reads(w.Message.Body) != folded(e.Message.Body):
		return a.say(tx, Fault{Kind: Stale, Why: "it has other words", thing: n.thing, was: c, change: reworded, class: store.ClassEdit})
	}
	return nil
}

// undone tells of a thing that is not as it should be by the store's own word,
// although nothing is on its way.
func (a *audit) undone(tx *store.Tx, t store.Thing, s Step) error {
	f := Fault{Kind: Lost, Why: "it was never said", thing: t, was: a.now.copy(t, s.Copy.Part, s.Copy.Mark), class: store.ClassEdit}
	switch emoji := emojiOf(s.Copy.Mark); {
	case s.Action.Verb == chat.Edit:
		f.Kind, f.Why = Stale, "it was edited since"
	case s.Action.Verb == chat.Delete:
		f.Kind, f.Why = Strayed, "it should be gone"
	case s.Action.Verb == chat.Unreact:
		f.Kind, f.Why = Strayed, emoji+" under it should be gone"
	case emoji != "":
		f.Why = emoji + " under it is missing"
	case s.Copy.Mark == store.ThreadMark:
		f.Why = "it has no thread"
	}
	return a.say(tx, f)
}

// say adds a fault of a thing, and says how it is enqueued to be mended.
func (a *audit) say(tx *store.Tx, f Fault) (err error) {
	f.Room, f.Ref = a.room, f.was.Ref
	if f.What, err = Describe(tx, lang.English, f.thing, f.was.Part); err != nil {
		return ignoreMissing(err)
	}
	class := store.ClassPost
	switch {
	case f.thing.Annotation() != "":
		class = store.ClassReply
		an, err := tx.Annotation(f.thing.Annotation())
		if err != nil {
			return err
		}
		f.under = an.Under
	case f.thing.Passage() != "":
		p, _, _, err := tx.Passage(f.thing.Passage())
		if err != nil {
			return err
		}
		f.seq = p.Seq
		if thread := threadAround(a.now.copy(f.thing, 0, "").Ref); thread != "" {
			around, err := threadOf(tx, chat.Place{Room: a.room, Thread: thread})
			if err != nil {
				return err
			}
			f.under = around.Passage()
		}
	default:
		class = store.ClassAnswer
	}
	f.class = cmp.Or(f.class, class)
	a.found = append(a.found, f)
	return nil
}

// reads is how words are read where they stand.
func (a *audit) reads(d format.Doc) string {
	if dialect := a.profile.Dialect; dialect != nil {
		d = dialect.Parse(dialect.Print(d))
	}
	return folded(d)
}

func folded(d format.Doc) string { return strings.Join(strings.Fields(d.Text), " ") }
