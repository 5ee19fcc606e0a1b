package relay

import (
	"errors"
	"maps"
	"slices"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/lang"
	"marginalia/internal/schedule"
	"marginalia/internal/store"
)

// neverPosted finds passages that a plan has passed, of which nothing is known
// in the room though there is of an earlier one: a room that came late has
// fewer. One that was skipped is not missing, nor, if it was posted after all,
// does it say which ones should be there.
func (a *audit) neverPosted(tx *store.Tx) error {
	plans, err := tx.Plans()
	if err != nil {
		return err
	}
	for _, p := range plans {
		if p.Does != schedule.Drip || !slices.Contains(p.Rooms, a.room) {
			continue
		}
		skipped, err := tx.Skips(p)
		if err != nil {
			return err
		}
		begun := false
		for seq := 1; seq < p.Next; seq++ {
			passage, err := tx.PassageAt(p.Discussion, seq)
			if errors.Is(err, store.ErrNotFound) {
				break
			}
			if err != nil {
				return err
			}
			if slices.ContainsFunc(skipped, func(k store.Skip) bool { return k.Passage.ID == passage.ID }) {
				continue
			}
			thing := store.PassageThing(passage.ID)
			if a.now.has(thing) {
				begun = true
			} else if begun {
				err = a.say(tx, Fault{Kind: Lost, Why: "it was never posted", thing: thing, put: a.post(passage)})
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *audit) post(p discussion.Passage) func(*store.Tx, time.Time) (bool, error) {
	return func(tx *store.Tx, now time.Time) (bool, error) {
		if have, err := tx.Copies(store.PassageThing(p.ID), a.room); len(have) > 0 || err != nil {
			return false, err // it is known by now
		}
		under, err := threads(tx, p, []chat.Room{a.room})
		if err != nil {
			return false, err
		}
		return true, enqueue(tx, p, a.room, under[0], now)
	}
}

// neverMirrored finds remarks of which nothing is known in the room, though it
// shows their passage. Of what was said before the passage came there only the
// newest were filled in: what is older than the oldest of which anything is
// known there was never meant for it.
func (a *audit) neverMirrored(tx *store.Tx) error {
	texts, err := tx.Discussions()
	if err != nil {
		return err
	}
	for _, text := range texts {
		said, err := tx.Annotations(text.ID)
		if err != nil {
			return err
		}
		under := map[discussion.PassageID][]discussion.Annotation{}
		for _, one := range said {
			under[one.Under] = append(under[one.Under], one)
		}
		for _, p := range slices.Sorted(maps.Keys(under)) {
			if err := a.mirrored(tx, p, a.meant(under[p])); err != nil {
				return err
			}
		}
	}
	return nil
}

// meant are those of the remarks under a passage that should stand in the room
// if the passage does. Where nothing is known of any, as many of the newest are as a
// room that comes late is given.
func (a *audit) meant(said []discussion.Annotation) []discussion.Annotation {
	first := slices.IndexFunc(said, func(one discussion.Annotation) bool { return a.now.has(store.AnnotationThing(one.ID)) })
	stand := slices.DeleteFunc(slices.Clone(said[max(0, first):]), discussion.Annotation.Gone)
	if first < 0 {
		stand = stand[max(0, len(stand)-filled):]
	}
	return stand
}

func (a *audit) mirrored(tx *store.Tx, p discussion.PassageID, meant []discussion.Annotation) error {
	lost := slices.DeleteFunc(meant, func(one discussion.Annotation) bool { return a.now.has(store.AnnotationThing(one.ID)) })
	if len(lost) == 0 {
		return nil
	}
	shows, err := showing(tx, store.PassageThing(p))
	if err != nil || !slices.Contains(shows, a.room) {
		return err
	}
	for _, one := range lost {
		if err := a.say(tx, Fault{Kind: Lost, Why: "it was never said here", thing: store.AnnotationThing(one.ID)}); err != nil {
			return err
		}
	}
	return nil
}

// strays finds messages of the bot's that are no copy of anything.
func (a *audit) strays(tx *store.Tx) error {
	for _, id := range slices.Sorted(maps.Keys(a.shown)) {
		e := a.shown[id]
		if e.Message.Ref.As == "" || a.before.ids[id] || a.now.ids[id] || a.flies(e) {
			continue
		}
		f := Fault{Kind: Strayed, Room: a.room, Ref: e.Message.Ref, Why: "it shows nothing that is known",
			What: "a message of the bot's, “" + format.Excerpt(e.Message.Body, 40) + "”"}
		if of, part, doubled := a.shows(e); doubled {
			what, err := Describe(tx, lang.English, of, part)
			if err != nil {
				return err
			}
			f.Kind, f.What, f.Why = Doubled, what, "another message shows it too"
		}
		f.thing, f.put = takeAway(e.Message.Ref)
		a.found = append(a.found, f)
	}
	return nil
}

// flies reports whether a message may be what a request made whose outcome is
// not known.
func (a *audit) flies(e chat.Event) bool {
	words := folded(e.Message.Body)
	return slices.ContainsFunc(slices.Concat(a.before.flying, a.now.flying), func(c store.Copy) bool {
		if e.Key != "" {
			return e.Key == c.Key
		}
		sent := sentAs(c)
		return a.profile.Dialect != nil && c.Verb == chat.Post && (sent.File != "" && len(e.Message.Files) > 0 ||
			folded(a.profile.Dialect.Parse(sent.Words)) == words)
	})
}

// shows finds the part of a thing that a message bears the key of, or reads as.
func (a *audit) shows(e chat.Event) (of store.Thing, part int, found bool) {
	words := seen(e.Message)
	for _, thing := range slices.Sorted(maps.Keys(a.now.copies)) {
		for _, c := range a.now.copies[thing] {
			if c.Mark != "" || c.Ref.As == "" || c.Ref.IsZero() {
				continue
			}
			twin, there := a.shown[c.Ref.ID]
			if there && twin.Message.Ref.Place == e.Message.Ref.Place && seen(twin.Message) == words {
				return thing, c.Part, true
			}
			for seq := 1; e.Key != "" && seq <= c.Seq; seq++ {
				if keyOf(thing, a.room, c.Part, c.Mark, seq) == e.Key {
					return thing, c.Part, true
				}
			}
		}
	}
	return "", 0, false
}

// seen is what a message shows, for comparison.
func seen(m chat.Message) string {
	words := folded(m.Body)
	for _, f := range m.Files {
		words += "\n" + f.Name
	}
	return words
}

// heardBy is how soon what people say is recorded.
const heardBy = time.Minute

// unheard finds what people said under something of ours that is not recorded.
func (a *audit) unheard(tx *store.Tx, now time.Time) error {
	for _, id := range slices.Sorted(maps.Keys(a.shown)) {
		e := a.shown[id]
		if e.Message.Ref.As != "" || a.now.ids[id] || now.Sub(e.At) < heardBy {
			continue
		}
		if known, err := settledOtherwise(tx, a.room, id); known || err != nil {
			if err != nil {
				return err
			}
			continue
		}
		_, err := whatAbout(tx, e.Message)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		a.found = append(a.found, Fault{
			Kind: Unheard, Room: a.room, Ref: e.Message.Ref, Why: "it is not recorded", put: a.hear(e),
			What: "what " + e.By.Name + " said, “" + format.Excerpt(e.Message.Body, 40) + "”",
		})
	}
	return nil
}

// hear records what a person said.
func (a *audit) hear(e chat.Event) func(*store.Tx, time.Time) (bool, error) {
	return func(tx *store.Tx, now time.Time) (bool, error) {
		if known, err := a.known(tx, e.Message.Ref.ID); known || err != nil {
			return false, err
		}
		if err := a.relay.event(tx, e, now); err != nil {
			return false, err
		}
		return a.known(tx, e.Message.Ref.ID)
	}
}

// known reports whether anything is known of a message by now.
func (a *audit) known(tx *store.Tx, id string) (bool, error) {
	if _, _, err := tx.CopyAt(a.room, id); !errors.Is(err, store.ErrNotFound) {
		return err == nil, err
	}
	return settledOtherwise(tx, a.room, id)
}

// settledOtherwise reports whether a message is known although it is no copy:
// it is to be forgotten, or waits.
func settledOtherwise(tx *store.Tx, room chat.Room, id string) (bool, error) {
	if dead, err := tx.Tombstoned(room, id); dead || err != nil {
		return dead, err
	}
	held, err := tx.HeldOf(room, id)
	return len(held) > 0, err
}
