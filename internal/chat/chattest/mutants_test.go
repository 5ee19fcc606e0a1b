package chattest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/format"
	"marginalia/test/require"
)

// mutant is a platform with one planted fault.
type mutant struct {
	name   string
	on     []string // kinds of network; none: like Matrix and like Discord
	caught string   // one of the stories that must catch it
	plant  func(p *faulty)
}

// faulty is a platform with hooks to plant faults in.
type faulty struct {
	*Platform
	run    func(runner) runner
	do     func(doer) doer
	listen func(context.Context, chat.Batch, func(context.Context, chat.Batch) error) error
	read   func(*chat.Event)
	audit  func(*chat.Event) (untold bool)
	stands func(bool) bool
	fetch  func(context.Context, chat.File, int64) ([]byte, error) // nil: as it is
}

func (f *faulty) History(ctx context.Context, p chat.Place, after chat.Cursor) iter.Seq2[chat.Event, error] {
	return func(yield func(chat.Event, error) bool) {
		for e, err := range f.Platform.History(ctx, p, after) {
			if f.read != nil {
				f.read(&e)
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

type doer func(context.Context, chat.Action) (chat.Done, error)

func (f *faulty) Run(ctx context.Context, since map[chat.Place]chat.Cursor, handle func(context.Context, chat.Batch) error) error {
	run := runner(f.Platform.Run)
	if f.run != nil {
		run = f.run(run)
	}
	if f.listen == nil {
		return run(ctx, since, handle)
	}
	return run(ctx, since, func(ctx context.Context, b chat.Batch) error { return f.listen(ctx, b, handle) })
}

func (f *faulty) Do(ctx context.Context, a chat.Action) (chat.Done, error) {
	if f.do == nil {
		return f.Platform.Do(ctx, a)
	}
	return f.do(f.Platform.Do)(ctx, a)
}

// events plants a fault in what is reported; change gets one event and
// returns what is reported in its place.
func events(change func(chat.Event) []chat.Event) func(*faulty) {
	return func(p *faulty) {
		p.listen = func(ctx context.Context, b chat.Batch, handle func(context.Context, chat.Batch) error) error {
			var all []chat.Event
			for _, e := range b.Events {
				all = append(all, change(e)...)
			}
			b.Events = all
			return handle(ctx, b)
		}
	}
}

// ofKind is events for one kind.
func ofKind(k chat.Kind, change func(*chat.Event)) func(*faulty) {
	return events(func(e chat.Event) []chat.Event {
		if e.Kind == k {
			change(&e)
		}
		return []chat.Event{e}
	})
}

// requests plants a fault in what is done.
func requests(f func(ctx context.Context, a chat.Action, do doer) (chat.Done, error)) func(*faulty) {
	return func(p *faulty) {
		p.do = func(do doer) doer {
			return func(ctx context.Context, a chat.Action) (chat.Done, error) { return f(ctx, a, do) }
		}
	}
}

// asked plants a fault in requests of one verb.
func asked(v chat.Verb, change func(*chat.Action)) func(*faulty) {
	return requests(func(ctx context.Context, a chat.Action, do doer) (chat.Done, error) {
		if a.Verb == v {
			change(&a)
		}
		return do(ctx, a)
	})
}

// answered plants a fault in answers.
func answered(change func(chat.Action, *chat.Done, *error)) func(*faulty) {
	return requests(func(ctx context.Context, a chat.Action, do doer) (chat.Done, error) {
		done, err := do(ctx, a)
		change(a, &done, &err)
		return done, err
	})
}

// since plants a fault in the cursors that Run gets.
func cursors(change func(map[chat.Place]chat.Cursor)) func(*faulty) {
	return func(p *faulty) {
		p.run = func(run runner) runner {
			return func(ctx context.Context, since map[chat.Place]chat.Cursor, handle func(context.Context, chat.Batch) error) error {
				since = maps.Clone(since)
				change(since)
				return run(ctx, since, handle)
			}
		}
	}
}

// shift moves the account's cursor.
func shift(by int) func(map[chat.Place]chat.Cursor) {
	return func(since map[chat.Place]chat.Cursor) {
		if i, err := strconv.Atoi(string(since[chat.Place{}])); err == nil {
			since[chat.Place{}] = cursor(i + by)
		}
	}
}

func words(s string) format.Doc { return format.Text(s) }

var mutants = []mutant{
	// what is heard
	{"loses the fifth message", nil, "keeps 200 messages in order", func(p *faulty) {
		n := 0
		events(func(e chat.Event) []chat.Event {
			if e.Kind == chat.Said {
				if n++; n == 5 {
					return nil
				}
			}
			return []chat.Event{e}
		})(p)
	}},
	{"loses the last event of a full batch", nil, "catches up on what was said while it was away", func(p *faulty) {
		p.listen = func(ctx context.Context, b chat.Batch, handle func(context.Context, chat.Batch) error) error {
			b.Events = b.Events[:min(len(b.Events), batchSize-1)]
			return handle(ctx, b)
		}
	}},
	{"tells the fifth message twice, as another", nil, "keeps 200 messages in order", func(p *faulty) {
		n := 0
		events(func(e chat.Event) []chat.Event {
			if n++; e.Kind == chat.Said && n == 5 {
				twin := e
				twin.Message.Ref.ID += "x"
				return []chat.Event{e, twin}
			}
			return []chat.Event{e}
		})(p)
	}},
	{"swaps two messages told at once", nil, "catches up on what was said while it was away", func(p *faulty) {
		p.listen = func(ctx context.Context, b chat.Batch, handle func(context.Context, chat.Batch) error) error {
			if k := len(b.Events); k > 3 {
				b.Events[k-2], b.Events[k-3] = b.Events[k-3], b.Events[k-2]
			}
			return handle(ctx, b)
		}
	}},
	{"lets a live event pass a gap that is being filled", nil, "catches up in order while the talk goes on", func(p *faulty) {
		p.listen = func(ctx context.Context, b chat.Batch, handle func(context.Context, chat.Batch) error) error {
			if k := len(b.Events); k > 20 {
				b.Events = append(b.Events[k-5:k:k], b.Events[:k-5]...)
			}
			return handle(ctx, b)
		}
	}},
	{"resumes one too far", nil, "says at once how far it has read", cursors(shift(1))},
	{"resumes far too early", nil, "says at once how far it has read", func(p *faulty) {
		cursors(func(since map[chat.Place]chat.Cursor) {
			for place := range since {
				since[place] = "0"
			}
		})(p)
	}},
	{"starts from now, always", nil, "catches up on what was said while it was away", cursors(func(since map[chat.Place]chat.Cursor) {
		for place := range since {
			since[place] = ""
		}
	})},
	{"does not tell where it begins", nil, "says at once how far it has read", func(p *faulty) {
		p.listen = func(ctx context.Context, b chat.Batch, handle func(context.Context, chat.Batch) error) error {
			if len(b.Events) == 0 {
				b.Since = nil
			}
			return handle(ctx, b)
		}
	}},
	{"is silent until something is said", nil, "hears what is said in a room", func(p *faulty) {
		p.listen = func(ctx context.Context, b chat.Batch, handle func(context.Context, chat.Batch) error) error {
			if len(b.Events) == 0 {
				return nil
			}
			return handle(ctx, b)
		}
	}},
	{"moves a cursor before its events are kept", nil, "tells again what was not kept", func(p *faulty) {
		at := chat.Cursor("")
		p.listen = func(ctx context.Context, b chat.Batch, handle func(context.Context, chat.Batch) error) error {
			at = b.Since[chat.Place{}]
			return handle(ctx, b)
		}
		cursors(func(since map[chat.Place]chat.Cursor) {
			if at != "" {
				since[chat.Place{}] = at
			}
		})(p)
	}},
	{"goes on after handle failed", nil, "tells again what was not kept", func(p *faulty) {
		p.listen = func(ctx context.Context, b chat.Batch, handle func(context.Context, chat.Batch) error) error {
			_ = handle(ctx, b)
			return nil
		}
	}},
	{"tries handle again by itself", nil, "tells again what was not kept", func(p *faulty) {
		p.listen = func(ctx context.Context, b chat.Batch, handle func(context.Context, chat.Batch) error) error {
			if err := handle(ctx, b); err == nil {
				return nil
			}
			return handle(ctx, b)
		}
	}},
	{"returns an error of its own when handle failed", nil, "tells again what was not kept", func(p *faulty) {
		p.run = func(run runner) runner {
			return func(ctx context.Context, since map[chat.Place]chat.Cursor, handle func(context.Context, chat.Batch) error) error {
				err := run(ctx, since, handle)
				if ctx.Err() != nil {
					return err
				}
				return errors.New("something went wrong")
			}
		}
	}},
	{"calls handle twice at once", nil, "hears what is said in a room", func(p *faulty) {
		p.listen = func(ctx context.Context, b chat.Batch, handle func(context.Context, chat.Batch) error) error {
			var both sync.WaitGroup
			for range 2 {
				both.Go(func() {
					_ = handle(ctx, b)
				})
			}
			both.Wait()
			return nil
		}
	}},
	{"reports its own words as said", nil, "never takes its own words for someone's", ofKind(chat.Echoed, func(e *chat.Event) { e.Kind = chat.Said })},
	{"echoes without a key", nil, "never takes its own words for someone's", ofKind(chat.Echoed, func(e *chat.Event) { e.Key = "" })},
	{"hears rooms that it was not told to", nil, "keeps rooms apart and hears only those it is told to", func(p *faulty) {
		cursors(func(since map[chat.Place]chat.Cursor) {
			for i := range 9 {
				if r := (chat.Room{Platform: "net", ID: fmt.Sprintf("room%d", i)}); since[at(r)] == "" {
					since[at(r)] = "0"
				}
			}
		})(p)
	}},
	{"tells threads as the main timeline", nil, "hears what is said in a thread", ofKind(chat.Said, func(e *chat.Event) { e.Message.Ref.Place.Thread = "" })},
	{"forgets what is answered", nil, "hears who answers whom", ofKind(chat.Said, func(e *chat.Event) { e.Message.ReplyTo = chat.Ref{} })},
	{"takes the thread for what is answered", nil, "hears who answers whom", ofKind(chat.Said, func(e *chat.Event) { e.Message.ReplyTo.ID = e.Message.Ref.Place.Thread })},
	{"tells ids for names", nil, "hears what is said in a room", ofKind(chat.Said, func(e *chat.Event) { e.Message.From.Name = e.Message.From.ID })},
	{"does not tell when", nil, "hears what is said in a room", ofKind(chat.Said, func(e *chat.Event) { e.At = time.Time{} })},
	{"cuts what is heard at 1,000 bytes", nil, "hears all kinds of words", ofKind(chat.Said, func(e *chat.Event) {
		e.Message.Body = words(e.Message.Body.Text[:min(len(e.Message.Body.Text), 1000)])
	})},
	{"hears two paragraphs as one", nil, "hears all kinds of words", ofKind(chat.Said, func(e *chat.Event) {
		e.Message.Body.Blocks = []format.Block{{Kind: format.Paragraph, End: len(e.Message.Body.Text)}}
	})},
	{"loses what is not ASCII", nil, "hears all kinds of words", ofKind(chat.Said, func(e *chat.Event) {
		e.Message.Body = words(strings.ToValidUTF8(strings.Map(func(r rune) rune { return min(r, 0x7f) }, e.Message.Body.Text), ""))
	})},
	{"marks edits as Matrix does", nil, "hears edits as whole new words", ofKind(chat.Edited, func(e *chat.Event) { e.Message.Body = words("* " + e.Message.Body.Text) })},
	{"tells edits as new messages", nil, "hears edits as whole new words", ofKind(chat.Edited, func(e *chat.Event) { e.Kind = chat.Said; e.Message.Ref.ID += "e" })},
	{"does not say that an edit is one", nil, "hears edits as whole new words", ofKind(chat.Edited, func(e *chat.Event) { e.Revised = time.Time{} })},
	{"hears only the first edit", nil, "hears edits as whole new words", func(p *faulty) {
		seen := map[string]bool{}
		events(func(e chat.Event) []chat.Event {
			if e.Kind == chat.Edited && seen[e.Message.Ref.ID] {
				return nil
			}
			seen[e.Message.Ref.ID] = e.Kind == chat.Edited
			return []chat.Event{e}
		})(p)
	}},
	{"does not hear deletions", nil, "hears deletions", events(func(e chat.Event) []chat.Event {
		if e.Kind == chat.Deleted {
			return nil
		}
		return []chat.Event{e}
	})},
	{"does not hear moderators", nil, "hears a moderator remove its message", events(func(e chat.Event) []chat.Event {
		if e.Kind == chat.Deleted && e.Message.Ref.As != "" {
			return nil
		}
		return []chat.Event{e}
	})},
	{"does not hear reactions go", nil, "hears reactions come and go", events(func(e chat.Event) []chat.Event {
		if e.Kind == chat.Unreacted {
			return nil
		}
		return []chat.Event{e}
	})},
	{"takes reactions that go for deletions", []string{"like Matrix"}, "hears reactions come and go", ofKind(chat.Unreacted, func(e *chat.Event) { e.Kind = chat.Deleted })},
	{"tells a reaction without its id", []string{"like Matrix"}, "hears reactions come and go", ofKind(chat.Reacted, func(e *chat.Event) { e.Own = "" })},
	{"mixes up who reacts", nil, "hears reactions come and go", ofKind(chat.Reacted, func(e *chat.Event) { e.By.ID = "u-ada" })},
	{"tells commands as words", nil, "hears commands", ofKind(chat.Called, func(e *chat.Event) { e.Kind = chat.Said })},
	{"loses what a command is told", nil, "hears commands", ofKind(chat.Called, func(e *chat.Event) {
		c := *e.Call
		c.Args = nil
		e.Call = &c
	})},
	{"misses what was edited while it was away", nil, "catches up on edits made while it was away", func(p *faulty) {
		started := time.Now()
		events(func(e chat.Event) []chat.Event {
			if e.Kind == chat.Edited && !e.At.After(started) {
				return nil
			}
			return []chat.Event{e}
		})(p)
	}},
	{"misses what was deleted while it was away", nil, "catches up on deletions made while it was away", func(p *faulty) {
		started := time.Now()
		events(func(e chat.Event) []chat.Event {
			if e.Kind == chat.Deleted && !e.At.After(started) {
				return nil
			}
			return []chat.Event{e}
		})(p)
	}},
	{"hears no thread that is new to it", []string{"like Discord"}, "catches up in a thread in which nobody had spoken before", func(p *faulty) {
		known := map[string]bool{}
		cursors(func(since map[chat.Place]chat.Cursor) {
			for place, c := range since {
				known[place.Thread] = known[place.Thread] || c == ""
			}
		})(p)
		started := time.Now()
		events(func(e chat.Event) []chat.Event {
			if t := e.Message.Ref.Place.Thread; t != "" && known[t] && !e.At.After(started) {
				return nil
			}
			return []chat.Event{e}
		})(p)
	}},
	{"goes on after its context is done", nil, "ends with its context and leaves nothing running", func(p *faulty) {
		p.run = func(run runner) runner {
			return func(ctx context.Context, since map[chat.Place]chat.Cursor, handle func(context.Context, chat.Batch) error) error {
				err := run(ctx, since, handle)
				time.Sleep(time.Minute)
				return err
			}
		}
	}},
	{"returns nil when its context is done", nil, "hears what is said in a room", func(p *faulty) {
		p.run = func(run runner) runner {
			return func(ctx context.Context, since map[chat.Place]chat.Cursor, handle func(context.Context, chat.Batch) error) error {
				if err := run(ctx, since, handle); ctx.Err() == nil {
					return err
				}
				return nil
			}
		}
	}},
	{"leaves something running", nil, "ends with its context and leaves nothing running", func(p *faulty) {
		p.run = func(run runner) runner {
			return func(ctx context.Context, since map[chat.Place]chat.Cursor, handle func(context.Context, chat.Batch) error) error {
				leaveRunning()
				return run(ctx, since, handle)
			}
		}
	}},
	{"does not hear the fourth one's last words", nil, "keeps everyone's order when several talk", events(func(e chat.Event) []chat.Event {
		if e.By.ID == "u-crowd3" && strings.HasPrefix(e.Message.Body.Text, "Word 24") {
			return nil
		}
		return []chat.Event{e}
	})},
	{"swaps what several say", nil, "keeps everyone's order when several talk", func(p *faulty) {
		var kept []chat.Event
		events(func(e chat.Event) []chat.Event {
			if e.By.ID != "u-crowd2" || strings.HasPrefix(e.Message.Body.Text, "so far") {
				return []chat.Event{e}
			}
			if kept = append(kept, e); len(kept)%2 == 1 {
				return nil
			}
			return []chat.Event{e, kept[len(kept)-2]}
		})(p)
	}},
	{"is deaf after it was cut off", nil, "goes on after the server's restart", func(p *faulty) {
		runs := 0
		p.run = func(run runner) runner {
			return func(ctx context.Context, since map[chat.Place]chat.Cursor, handle func(context.Context, chat.Batch) error) error {
				if runs++; runs > 1 {
					<-ctx.Done()
					return ctx.Err()
				}
				return run(ctx, since, handle)
			}
		}
	}},
	{"reads back its own words as someone's", nil, "reads back what stands in a place", func(p *faulty) {
		p.read = func(e *chat.Event) { e.Message.Ref.As = "" }
	}},
	{"reads back edited words as never edited", nil, "reads back what stands in a place", func(p *faulty) {
		p.read = func(e *chat.Event) { e.Revised = time.Time{} }
	}},

	// what is done
	{"answers without a ref", nil, "posts words that anyone can read", answered(func(a chat.Action, d *chat.Done, _ *error) {
		if a.Verb == chat.Post {
			d.Ref.ID = ""
		}
	})},
	{"answers with a ref that is nobody's", nil, "posts words that anyone can read", answered(func(_ chat.Action, d *chat.Done, _ *error) { d.Ref.As = "" })},
	{"answers with another's ref", nil, "posts words that anyone can read", answered(func(a chat.Action, d *chat.Done, _ *error) {
		if a.Verb == chat.Post {
			d.Ref.ID = "m1"
		}
	})},
	{"posts nothing", nil, "posts words that anyone can read", requests(func(ctx context.Context, a chat.Action, do doer) (chat.Done, error) {
		if a.Verb == chat.Post {
			return chat.Done{Ref: chat.Ref{Place: a.Message.Ref.Place, ID: "m999", As: "bot"}}, nil
		}
		return do(ctx, a)
	})},
	{"posts twice", nil, "posts words that anyone can read", requests(func(ctx context.Context, a chat.Action, do doer) (chat.Done, error) {
		if a.Verb == chat.Post {
			_, _ = do(ctx, a)
		}
		return do(ctx, a)
	})},
	{"posts beside the thread", nil, "opens a thread and posts in it", asked(chat.Post, func(a *chat.Action) { a.Message.Ref.Place.Thread = "" })},
	{"posts nothing unless it listens", nil, "posts while it does not listen", func(p *faulty) {
		listens := false
		p.listen = func(ctx context.Context, b chat.Batch, handle func(context.Context, chat.Batch) error) error {
			listens = true
			return handle(ctx, b)
		}
		p.do = func(do doer) doer {
			return func(ctx context.Context, a chat.Action) (chat.Done, error) {
				if !listens {
					return chat.Done{}, errors.New("not connected")
				}
				return do(ctx, a)
			}
		}
	}},
	{"answers nobody", nil, "answers a message", asked(chat.Post, func(a *chat.Action) { a.Message.ReplyTo = chat.Ref{} })},
	{"posts its edits", nil, "edits its messages", asked(chat.Edit, func(a *chat.Action) { a.Verb = chat.Post; a.Message.Ref.ID = "" })},
	{"edits only once", nil, "edits its messages", func(p *faulty) {
		edited := map[string]bool{}
		requests(func(ctx context.Context, a chat.Action, do doer) (chat.Done, error) {
			if a.Verb == chat.Edit && edited[a.On.ID] {
				return chat.Done{}, nil
			}
			edited[a.On.ID] = a.Verb == chat.Edit
			return do(ctx, a)
		})(p)
	}},
	{"does not delete", nil, "deletes its message and leaves no word of it", requests(func(ctx context.Context, a chat.Action, do doer) (chat.Done, error) {
		if a.Verb == chat.Delete {
			return chat.Done{}, nil
		}
		return do(ctx, a)
	})},
	{"leaves an edit's words after the deletion", []string{"like Matrix"}, "deletes its message and leaves no word of it", asked(chat.Delete, func(a *chat.Action) { a.Old = nil })},
	{"leaves the first edit's words after the deletion", []string{"like Matrix"}, "deletes its message and leaves no word of it", asked(chat.Delete, func(a *chat.Action) {
		if len(a.Old) > 1 {
			a.Old = a.Old[1:]
		}
	})},
	{"edits to nothing in place of deleting", nil, "deletes its message and leaves no word of it", asked(chat.Delete, func(a *chat.Action) {
		a.Verb, a.Message.Body = chat.Edit, words("(deleted)")
	})},
	{"does not take reactions back", nil, "reacts and takes it back", requests(func(ctx context.Context, a chat.Action, do doer) (chat.Done, error) {
		if a.Verb == chat.Unreact {
			return chat.Done{}, nil
		}
		return do(ctx, a)
	})},
	{"reacts with one thing only", nil, "reacts and takes it back", asked(chat.React, func(a *chat.Action) { a.Emoji = "👍" })},
	{"edits what is gone", nil, "knows what is gone", answered(func(a chat.Action, d *chat.Done, err *error) {
		if a.Verb == chat.Edit && errors.Is(*err, chat.ErrGone) {
			*err = nil
		}
	})},
	{"fails to delete what is gone", nil, "knows what is gone", answered(func(a chat.Action, d *chat.Done, err *error) {
		if a.Verb == chat.Delete && errors.Is(*err, chat.ErrGone) {
			*err = errors.New("404")
		}
	})},
	{"does not translate errors", nil, "does not enter a room that is not there", answered(func(_ chat.Action, _ *chat.Done, err *error) {
		if *err != nil {
			*err = errors.New((*err).Error())
		}
	})},
	{"cuts what is posted at 1,000 bytes", nil, "writes all kinds of words", asked(chat.Post, func(a *chat.Action) {
		a.Message.Body = words(strings.ToValidUTF8(a.Message.Body.Text[:min(len(a.Message.Body.Text), 1000)], ""))
	})},
	{"takes words for markup", nil, "writes all kinds of words", asked(chat.Post, func(a *chat.Action) {
		a.Message.Body = words(strings.NewReplacer("**", "", "# ", "").Replace(a.Message.Body.Text))
	})},
	{"joins lines", nil, "writes all kinds of words", asked(chat.Post, func(a *chat.Action) {
		a.Message.Body = words(strings.Join(strings.Fields(a.Message.Body.Text), " "))
	})},
	{"loses emphasis", []string{"like Discord"}, "keeps the structure that its dialect can show", asked(chat.Post, func(a *chat.Action) {
		a.Message.Body.Spans = slices.DeleteFunc(slices.Clone(a.Message.Body.Spans), func(s format.Span) bool { return s.Kind == format.Emph })
	})},
	{"posts a quotation as its own words", []string{"like Discord"}, "keeps the structure that its dialect can show", asked(chat.Post, func(a *chat.Action) {
		blocks := slices.Clone(a.Message.Body.Blocks)
		for i := range blocks {
			if blocks[i].Kind == format.Quote {
				blocks[i].Kind, blocks[i].Quote = format.Paragraph, 0
			}
		}
		a.Message.Body.Blocks = blocks
	})},
	{"speaks as itself only", []string{"like Matrix"}, "shows who speaks", asked(chat.Post, func(a *chat.Action) { a.Message.From = chat.Person{} })},

	// what is in doubt
	{"ignores Again", nil, "an answer is lost: asked again, it finds its post", requests(func(ctx context.Context, a chat.Action, do doer) (chat.Done, error) {
		a.Again = false
		return do(ctx, a)
	})},
	{"ignores Again of posts", nil, "asked again although all went well, it posts nothing", asked(chat.Post, func(a *chat.Action) { a.Again = false })},
	{"ignores Again of edits", []string{"like Matrix"}, "an edit in doubt is made once", asked(chat.Edit, func(a *chat.Action) { a.Again = false })},
	{"ignores Again of deletions", nil, "a deletion in doubt is made", requests(func(ctx context.Context, a chat.Action, do doer) (chat.Done, error) {
		if a.Verb == chat.Delete && !a.On.IsZero() {
			a.Again = false
			done, err := do(ctx, a)
			if errors.Is(err, chat.ErrGone) {
				err = errors.New("404")
			}
			return done, err
		}
		return do(ctx, a)
	})},
	{"does nothing with Again of reactions", nil, "a reaction in doubt is made once", requests(func(ctx context.Context, a chat.Action, do doer) (chat.Done, error) {
		if a.Verb == chat.React && a.Again {
			return chat.Done{Found: true}, nil
		}
		return do(ctx, a)
	})},
	{"takes the message for its thread", []string{"like Discord"}, "opens a thread by a request", answered(func(a chat.Action, d *chat.Done, _ *error) {
		if a.Verb == chat.OpenThread {
			d.Ref.Place.Thread = a.On.ID
		}
	})},
	{"opens a thread without a name", []string{"like Discord"}, "opens no thread without a name", asked(chat.OpenThread, func(a *chat.Action) { a.Name = cmp.Or(a.Name, "?") })},
	{"ignores Again of threads", []string{"like Discord"}, "a thread in doubt is opened once", asked(chat.OpenThread, func(a *chat.Action) { a.Again = false })},
	{"with Again never posts", nil, "a request is lost: asked again, it posts once", requests(func(ctx context.Context, a chat.Action, do doer) (chat.Done, error) {
		if a.Verb == chat.Post && a.Again {
			return chat.Done{Ref: chat.Ref{Place: a.Message.Ref.Place, ID: "m0", As: "bot"}, Found: true}, nil
		}
		return do(ctx, a)
	})},
	{"does not tell that it found its post", nil, "an answer is lost: asked again, it finds its post", answered(func(_ chat.Action, d *chat.Done, _ *error) { d.Found = false })},
	{"finds without looking what is taken", []string{"like Discord's webhooks"}, "finds the right one of several equal posts", asked(chat.Post, func(a *chat.Action) { a.Taken, a.After = nil, chat.Ref{} })},
	{"remembers keys only while it runs", nil, "a new process finds the post of the one before", func(p *faulty) {
		mine := map[string]bool{}
		requests(func(ctx context.Context, a chat.Action, do doer) (chat.Done, error) {
			a.Again = a.Again && mine[a.Key]
			mine[a.Key] = true
			return do(ctx, a)
		})(p)
	}},
	{"is certain that a lost request was not done", nil, "an answer is lost: asked again, it finds its post", answered(func(_ chat.Action, _ *chat.Done, err *error) {
		if errors.Is(*err, errLost) || errors.Is(*err, errDrop) {
			*err = chat.ErrUnreached
		}
	})},
	{"does not take back a post in doubt", nil, "takes back a post in doubt", requests(func(ctx context.Context, a chat.Action, do doer) (chat.Done, error) {
		if a.Verb == chat.Delete && a.On.IsZero() {
			return chat.Done{}, nil
		}
		return do(ctx, a)
	})},
	{"makes a post in doubt in order to take it back", nil, "takes back a post in doubt", requests(func(ctx context.Context, a chat.Action, do doer) (chat.Done, error) {
		if a.Verb == chat.Delete && a.On.IsZero() {
			a.Verb = chat.Post
		}
		return do(ctx, a)
	})},
	{"takes back a post in doubt as soon as it finds it", nil, "takes back a post in doubt", requests(func(ctx context.Context, a chat.Action, do doer) (chat.Done, error) {
		done, err := do(ctx, a)
		if a.Verb == chat.Delete && a.On.IsZero() && !done.Ref.IsZero() {
			a.On = done.Ref
			_, err = do(ctx, a)
		}
		return done, err
	})},
	{"does not take back a reaction in doubt", nil, "a reaction in doubt is taken back", requests(func(ctx context.Context, a chat.Action, do doer) (chat.Done, error) {
		if a.Verb == chat.Unreact && a.Again && len(a.Old) == 0 {
			return chat.Done{}, nil
		}
		return do(ctx, a)
	})},
	{"forgets an edit in doubt when it deletes", []string{"like Matrix"}, "a message goes with the edit that is in doubt", requests(func(ctx context.Context, a chat.Action, do doer) (chat.Done, error) {
		if a.Verb == chat.Delete && !a.On.IsZero() {
			a.Key = "x" + a.Key[1:]
		}
		return do(ctx, a)
	})},
}

// leaveRunning starts what ends long after its time, from where no test's own
// goroutines come.
func leaveRunning() { time.AfterFunc(0, func() { time.Sleep(time.Hour) }) }

// TestMutants: every planted fault is caught by the story that is there for
// it.
func TestMutants(t *testing.T) {
	require.Long(t)
	for _, m := range slices.Concat(mutants, fileMutants, auditMutants) {
		on := m.on
		if on == nil {
			on = []string{"like Matrix", "like Discord"}
		}
		for _, kind := range on {
			t.Run(m.name+"/"+kind, func(t *testing.T) {
				i := slices.IndexFunc(stories, func(s story) bool { return s.name == m.caught })
				if i < 0 {
					t.Fatalf("there is no story %q", m.caught)
				}
				said := failure(t, stories[i], kinds[kind], m.plant)
				if said == "" {
					t.Errorf("%q does not catch it", m.caught)
				}
				t.Logf("%s: %s", m.caught, said)
			})
		}
	}
}

// TestHealthyIsNotCaught: what finds the mutants finds nothing where nothing
// is planted.
func TestHealthyIsNotCaught(t *testing.T) {
	for name, o := range kinds {
		for _, s := range stories {
			if said := failure(t, s, o, func(*faulty) {}); said != "" {
				t.Errorf("%s: %q fails: %s", name, s.name, said)
			}
		}
	}
}

// TestEveryStoryCatches: no story is there for nothing.
func TestEveryStoryCatches(t *testing.T) {
	used := map[string]bool{}
	for _, m := range slices.Concat(mutants, fileMutants, auditMutants) {
		used[m.caught] = true
	}
	for _, s := range stories {
		if !used[s.name] && !slices.Contains([]string{
			"is what its profile says", // a table of its own
			"pings nobody",             // needs a network with phones
		}, s.name) {
			t.Errorf("no mutant is planted for %q", s.name)
		}
	}
}

// failure tells a story of a planted fault and returns how it failed, "" if it
// did not. It is told in a bubble: 30 s of waiting in vain take no time.
func failure(t *testing.T, s story, o Options, plant func(*faulty)) (said string) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{TB: t}
		w := &world{net: New(o), wrap: func(p *Platform) chat.Platform {
			f := &faulty{Platform: p}
			plant(f)
			return f
		}}
		over := make(chan struct{})
		go func() {
			defer close(over)
			s.play(r, w)
		}()
		<-over
		said = r.end()
		time.Sleep(2 * time.Hour) // what mutants leave behind ends by itself
	})
	return said
}

// recorder is a testing.TB that keeps failures to itself.
type recorder struct {
	testing.TB
	mu       sync.Mutex
	failures []string
	cleanups []func()
}

func (r *recorder) Helper()                      {}
func (r *recorder) Log(...any)                   {}
func (r *recorder) Logf(string, ...any)          {}
func (r *recorder) Error(args ...any)            { r.fail(fmt.Sprint(args...)) }
func (r *recorder) Errorf(f string, args ...any) { r.fail(fmt.Sprintf(f, args...)) }
func (r *recorder) Fatal(args ...any)            { r.fail(fmt.Sprint(args...)); runtime.Goexit() }
func (r *recorder) Fatalf(f string, args ...any) { r.fail(fmt.Sprintf(f, args...)); runtime.Goexit() }
func (r *recorder) Cleanup(f func())             { r.cleanups = append(r.cleanups, f) }

func (r *recorder) fail(s string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, s)
}

func (r *recorder) end() string {
	for _, f := range slices.Backward(r.cleanups) {
		f()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.failures) == 0 {
		return ""
	}
	return r.failures[0]
}
