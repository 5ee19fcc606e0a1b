package relay

import (
	"testing"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/format"
	"marginalia/internal/store"
)

var (
	hall  = chat.Room{Platform: "net", ID: "hall"}
	thing = store.Thing("a:one")
)

func words(s string) chat.Message {
	return chat.Message{Body: format.Text(s), Ref: chat.Ref{Place: chat.Place{Room: hall}}}
}

func want(part int, s string) Want { return Want{Part: part, Message: words(s)} }

func stands(part int, s string) store.Copy {
	return store.Copy{Part: part, Seq: 1, Key: "k", Hash: Hash(words(s)),
		Ref: chat.Ref{Place: chat.Place{Room: hall}, ID: "m" + string(rune('0'+part)), As: "bot"}}
}

func marked(c store.Copy, mark string) store.Copy { c.Mark = mark; return c }

func removed(c store.Copy) store.Copy { c.Ref, c.Hash = chat.Ref{}, ""; return c }

func flying(c store.Copy, v chat.Verb) store.Copy {
	c.Verb, c.Began, c.Sent = v, time.Unix(1, 0), "sent"
	if v == chat.Post {
		c.Ref = chat.Ref{}
	}
	return c
}

func strike(c store.Copy) store.Copy { c.Ref, c.Hash = chat.Ref{}, struck; return c }

func refuse(c store.Copy) store.Copy { c.Hash = refusedOnce; return c }

func spoken(by string, w Want) Want { w.Message.From.Name = by; return w }

func own(c store.Copy) store.Copy { c.Ref.As = ""; return c }

// Each row is a rule of Next.
func TestNext(t *testing.T) {
	threadWanted := Want{Mark: store.ThreadMark, Name: "name"}
	thumbs := Want{Mark: "react:👍", Emoji: "👍"}
	rows := []struct {
		rule    string
		threads chat.Threads
		want    []Want
		have    []store.Copy
		verb    chat.Verb // "" nothing to do
		part    int
		mark    string
		again   bool
		free    bool
		seq     int
		on      string
		late    bool
	}{
		{rule: "nothing wanted, nothing there"},
		{rule: "what is not there is posted", want: []Want{want(0, "a")}, verb: chat.Post, seq: 1},
		{rule: "what stands as it should is left alone", want: []Want{want(0, "a")}, have: []store.Copy{stands(0, "a")}},
		{rule: "what stands differently is edited", want: []Want{want(0, "b")}, have: []store.Copy{stands(0, "a")}, verb: chat.Edit, seq: 2, on: "m0"},
		{rule: "what is not wanted is deleted", have: []store.Copy{stands(0, "a")}, verb: chat.Delete, seq: 2, on: "m0"},
		{rule: "what was removed stays removed", have: []store.Copy{removed(stands(0, "a"))}},
		{rule: "what was removed can come back, and Seq rises", want: []Want{want(0, "a")}, have: []store.Copy{removed(stands(0, "a"))}, verb: chat.Post, seq: 2},
		{rule: "part 0 before its thread", threads: chat.OpenedThreads, want: []Want{want(0, "a"), threadWanted}, verb: chat.Post, seq: 1},
		{rule: "the thread before part 1", threads: chat.OpenedThreads, want: []Want{want(0, "a"), want(1, "b"), threadWanted}, have: []store.Copy{stands(0, "a")}, verb: chat.OpenThread, mark: store.ThreadMark, seq: 1, on: "m0"},
		{rule: "a free thread settles by itself", want: []Want{want(0, "a"), threadWanted}, have: []store.Copy{stands(0, "a")}, mark: store.ThreadMark, free: true},
		{rule: "then part 1", want: []Want{want(0, "a"), want(1, "b"), threadWanted}, have: []store.Copy{stands(0, "a"), marked(stands(0, ""), store.ThreadMark)}, verb: chat.Post, part: 1, seq: 1},
		{rule: "part 0 is edited before surplus parts go", want: []Want{want(0, "b")}, have: []store.Copy{stands(0, "a"), stands(1, "x")}, verb: chat.Edit, seq: 2, on: "m0"},
		{rule: "surplus parts go last to first", want: []Want{want(0, "a")}, have: []store.Copy{stands(0, "a"), stands(1, "x"), stands(2, "y")}, verb: chat.Delete, part: 2, seq: 2, on: "m2"},
		{rule: "part 0 stays while its thread is wanted", want: []Want{threadWanted}, have: []store.Copy{stands(0, "a"), marked(stands(0, ""), store.ThreadMark)}},
		{rule: "a reaction is put on", want: []Want{want(0, "a"), thumbs}, have: []store.Copy{stands(0, "a")}, verb: chat.React, mark: thumbs.Mark, seq: 1, on: "m0"},
		{rule: "a reaction waits for its message", want: []Want{want(0, "a"), thumbs}, verb: chat.Post, seq: 1},
		{rule: "a reaction is taken off", want: []Want{want(0, "a")}, have: []store.Copy{stands(0, "a"), marked(stands(0, ""), thumbs.Mark)}, verb: chat.Unreact, mark: thumbs.Mark, seq: 2, on: "m0"},
		{rule: "the third toggle has a key of its own", want: []Want{want(0, "a"), thumbs}, have: []store.Copy{stands(0, "a"), marked(removed(store.Copy{Seq: 2}), thumbs.Mark)}, verb: chat.React, mark: thumbs.Mark, seq: 3, on: "m0"},
		{rule: "a reaction on a person's own message", want: []Want{thumbs}, have: []store.Copy{own(stands(0, "a"))}, verb: chat.React, mark: thumbs.Mark, seq: 1, on: "m0"},
		{rule: "a person's own message is never edited", want: []Want{want(0, "b")}, have: []store.Copy{own(stands(0, "a"))}},
		{rule: "a person's own message is never deleted", have: []store.Copy{own(stands(0, "a"))}},
		{rule: "what is in flight comes first, under its key", want: []Want{want(0, "a")}, have: []store.Copy{flying(stands(0, "a"), chat.Post)}, verb: chat.Post, again: true, seq: 1},
		{rule: "a post in flight that is not wanted any more is found and deleted", have: []store.Copy{flying(stands(0, "a"), chat.Post)}, verb: chat.Delete, again: true, seq: 1},
		{rule: "a post in flight whose words have changed is found and deleted, not said anew", want: []Want{want(0, "b")}, have: []store.Copy{flying(stands(0, "a"), chat.Post)}, verb: chat.Delete, again: true, seq: 1},
		{rule: "a post in flight whose speaker has changed is found and deleted, not said anew", want: []Want{spoken("ann", want(0, "a"))}, have: []store.Copy{flying(stands(0, "a"), chat.Post)}, verb: chat.Delete, again: true, seq: 1},
		{rule: "an edit in flight is asked for again", want: []Want{want(0, "a")}, have: []store.Copy{flying(stands(0, "a"), chat.Edit)}, verb: chat.Edit, again: true, seq: 1, on: "m0"},
		{rule: "an edit in flight of what is not wanted any more gives way to the deletion", have: []store.Copy{flying(stands(0, "a"), chat.Edit)}, verb: chat.Delete, again: true, seq: 1, on: "m0"},
		{rule: "a deletion in flight is finished even if wanted again", want: []Want{want(0, "a")}, have: []store.Copy{flying(stands(0, "a"), chat.Delete)}, verb: chat.Delete, again: true, seq: 1, on: "m0"},
		{rule: "a thread in flight", threads: chat.OpenedThreads, want: []Want{want(0, "a"), threadWanted}, have: []store.Copy{stands(0, "a"), {Mark: store.ThreadMark, Seq: 1, Key: "k", Verb: chat.OpenThread}}, verb: chat.OpenThread, mark: store.ThreadMark, again: true, seq: 1, on: "m0"},
		{rule: "a reaction in flight that is not wanted any more is taken off", want: []Want{want(0, "a")}, have: []store.Copy{stands(0, "a"), {Mark: thumbs.Mark, Seq: 1, Key: "k", Verb: chat.React}}, verb: chat.Unreact, mark: thumbs.Mark, again: true, seq: 1, on: "m0"},
		{rule: "a thread in flight under what is gone is forgotten", threads: chat.OpenedThreads, want: []Want{want(0, "a"), threadWanted}, have: []store.Copy{strike(stands(0, "a")), {Mark: store.ThreadMark, Seq: 1, Key: "k", Verb: chat.OpenThread}}, mark: store.ThreadMark, free: true},
		{rule: "what someone removed stays removed, and so does all under it", want: []Want{want(0, "a"), want(1, "b"), threadWanted}, have: []store.Copy{strike(stands(0, "a"))}},
		{rule: "an emoji that is refused is left alone", want: []Want{want(0, "a"), thumbs}, have: []store.Copy{stands(0, "a"), marked(strike(store.Copy{Seq: 1}), thumbs.Mark)}},
		{rule: "an emoji goes with its message", have: []store.Copy{removed(stands(0, "a")), marked(stands(0, ""), thumbs.Mark)}, mark: thumbs.Mark, free: true},
		{rule: "and is put on anew with it", want: []Want{want(0, "a"), thumbs}, have: []store.Copy{removed(stands(0, "a")), marked(stands(0, ""), thumbs.Mark)}, mark: thumbs.Mark, free: true},
		{rule: "a refused edit holds up no reaction", want: []Want{want(0, "b"), thumbs}, have: []store.Copy{refuse(stands(0, "a"))}, verb: chat.React, mark: thumbs.Mark, seq: 1, on: "m0"},
		{rule: "nor one that is taken off", want: []Want{want(0, "b")}, have: []store.Copy{refuse(stands(0, "a")), marked(stands(0, ""), thumbs.Mark)}, verb: chat.Unreact, mark: thumbs.Mark, seq: 2, on: "m0"},
		{rule: "nor another part", want: []Want{want(0, "b"), want(1, "c")}, have: []store.Copy{refuse(stands(0, "a")), stands(1, "b")}, verb: chat.Edit, part: 1, seq: 2, on: "m1"},
		{rule: "nor a surplus part", want: []Want{want(0, "b")}, have: []store.Copy{refuse(stands(0, "a")), stands(1, "b")}, verb: chat.Delete, part: 1, seq: 2, on: "m1"},
		{rule: "a refused deletion holds up no reaction", want: []Want{want(0, "a"), thumbs}, have: []store.Copy{stands(0, "a"), refuse(stands(1, "b"))}, verb: chat.React, mark: thumbs.Mark, seq: 1, on: "m0"},
		{rule: "nor another deletion", want: []Want{want(0, "a")}, have: []store.Copy{stands(0, "a"), stands(1, "b"), refuse(stands(2, "c"))}, verb: chat.Delete, part: 1, seq: 2, on: "m1"},
		{rule: "at last a refused edit is asked for once more", want: []Want{want(0, "a")}, have: []store.Copy{refuse(stands(0, "a"))}, verb: chat.Edit, late: true, seq: 2, on: "m0"},
		{rule: "at last a refused deletion is asked for once more", want: []Want{want(0, "a")}, have: []store.Copy{stands(0, "a"), refuse(stands(1, "b"))}, verb: chat.Delete, late: true, part: 1, seq: 2, on: "m1"},
		{rule: "a reaction in flight", want: []Want{want(0, "a"), thumbs}, have: []store.Copy{stands(0, "a"), {Mark: thumbs.Mark, Seq: 1, Key: "k", Verb: chat.React}}, verb: chat.React, mark: thumbs.Mark, again: true, seq: 1, on: "m0"},
	}
	for _, row := range rows {
		t.Run(row.rule, func(t *testing.T) {
			s, ok := Next(thing, hall, row.threads, row.want, row.have)
			if ok != (row.verb != "" || row.free) {
				t.Fatalf("Next says %v: %+v", ok, s)
			}
			if !ok {
				return
			}
			if s.Action.Verb != row.verb || s.Free != row.free || s.Copy.Part != row.part || s.Copy.Mark != row.mark || s.Action.Again != row.again || s.Action.On.ID != row.on || s.Late != row.late {
				t.Errorf("got %s part %d mark %q again %v free %v on %q, want %s part %d mark %q again %v free %v on %q",
					s.Action.Verb, s.Copy.Part, s.Copy.Mark, s.Action.Again, s.Free, s.Action.On.ID, row.verb, row.part, row.mark, row.again, row.free, row.on)
			}
			if !row.free && s.Copy.Seq != row.seq {
				t.Errorf("Seq is %d, want %d", s.Copy.Seq, row.seq)
			}
			if !row.free && (s.Action.Key == "" || s.Action.Key != s.Copy.Key || s.Action.Again != (s.Action.Key == "k")) {
				t.Errorf("key %q, recorded %q", s.Action.Key, s.Copy.Key)
			}
		})
	}
}

// Whatever stands, doing what Next says brings the room to what is wanted, in
// a number of steps that is bounded, and every request has a key of its own.
func TestNextComesToAnEnd(t *testing.T) {
	states := [][]Want{
		nil,
		{want(0, "a")},
		{want(0, "b"), want(1, "c"), want(2, "d"), {Mark: store.ThreadMark, Name: "n"}, {Mark: "react:👍", Emoji: "👍"}},
		{want(0, "b"), want(1, "d"), {Mark: store.ThreadMark, Name: "n"}, {Mark: "react:🙂", Emoji: "🙂"}},
		{want(0, "z"), {Mark: "react:👍", Emoji: "👍"}},
	}
	for _, threads := range []chat.Threads{chat.FreeThreads, chat.OpenedThreads} {
		keys := map[string]bool{}
		room := map[string]store.Copy{}
		for i := range 3 * len(states) * len(states) {
			wanted := states[(i*7+i/len(states))%len(states)]
			for steps := 0; ; steps++ {
				var have []store.Copy
				for _, c := range room {
					have = append(have, c)
				}
				s, ok := Next(thing, hall, threads, wanted, have)
				if !ok {
					break
				}
				if steps > 12 {
					t.Fatalf("still at it after %d steps: %+v", steps, s)
				}
				if !s.Free && keys[s.Action.Key] {
					t.Fatalf("key used twice: %+v", s)
				}
				keys[s.Action.Key] = true
				c := s.Copy
				if !s.Free {
					c = settled(c, s.Action, chat.Done{Ref: chat.Ref{Place: chat.Place{Room: hall}, ID: s.Action.Key}})
				}
				room[c.Mark+string(rune('0'+c.Part))] = c
			}
		}
	}
}
