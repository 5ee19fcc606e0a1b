package relay

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/store"
)

const (
	filesAtOnce    = 4                // of one network, that are fetched or held in memory
	fetchTime      = 2 * time.Minute  // for one try
	fetchPatience  = 10 * time.Minute // with failing tries, before the line goes in a file's place
	fetchPause     = 2 * time.Second  // after the first of them, and twice as long after each other
	mostFetchPause = time.Minute
	fileKept       = 3 * time.Minute // in memory, for the rooms that asked for it
	fileGrace      = 5 * time.Second // for which a file keeps its place before what others say
)

// fetches are the files that lanes asked for. No lane waits for one: it goes on
// with something else, and is rung once the file is at hand, or cannot be had.
// As with holds, nothing that matters is lost with it: a delivery whose file was
// asked for is as it was, and asks again.
type fetches struct {
	bell chan struct{} // rung when a file was asked for

	mu    sync.Mutex
	all   map[wanted]*fetch
	asked []*fetch // that nobody has begun yet
}

// wanted is a file as it is asked for: by all rooms of a thing as one.
type wanted struct {
	thing  store.Thing
	source string // the platform that has it
	file   chat.File
}

// fetch is one file on its way.
type fetch struct {
	wanted
	since time.Time
	rooms map[chat.Room]bool // that wait for it
	got   *fetched           // nil until it came to an end
	used  chan struct{}      // closed once none waits any more
}

// fetched is what came of a fetch.
type fetched struct {
	data []byte
	err  error
}

func newFetches() *fetches {
	return &fetches{bell: make(chan struct{}, 1), all: map[wanted]*fetch{}}
}

// ask is what came of a fetch for a room, nil if that is not known yet: then the
// room's lane will be rung. since is when the file was first asked for.
func (f *fetches) ask(w wanted, room chat.Room, now time.Time) (got *fetched, since time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	one := f.all[w]
	if one == nil {
		one = &fetch{wanted: w, since: now, rooms: map[chat.Room]bool{}, used: make(chan struct{})}
		f.all[w] = one
		f.asked = append(f.asked, one)
		ring(f.bell)
	}
	one.rooms[room] = true
	return one.got, one.since
}

// begin returns what was asked for since it was last called.
func (f *fetches) begin() []*fetch {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := f.asked
	f.asked = nil
	return all
}

// waiting are the rooms that wait for a file.
func (f *fetches) waiting(one *fetch) (rooms []chat.Room) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for room := range one.rooms {
		rooms = append(rooms, room)
	}
	return rooms
}

func (f *fetches) end(one *fetch, got fetched) {
	f.mu.Lock()
	defer f.mu.Unlock()
	one.got = &got
}

// use takes note that a room has what it asked for.
func (f *fetches) use(w wanted, room chat.Room) {
	f.mu.Lock()
	defer f.mu.Unlock()
	one := f.all[w]
	if one == nil || one.got == nil {
		return
	}
	if delete(one.rooms, room); len(one.rooms) == 0 {
		close(one.used)
		delete(f.all, w)
	}
}

func (f *fetches) drop(one *fetch) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.all[one.wanted] == one {
		delete(f.all, one.wanted)
	}
}

// fetchFiles fetches what lanes ask for until ctx is done, and returns once
// nothing of it is left.
func (r *Relay) fetchFiles(ctx context.Context) {
	var workers sync.WaitGroup
	defer workers.Wait()
	slots := map[string]chan struct{}{}
	for {
		for _, one := range r.fetches.begin() {
			free := slots[one.source]
			if free == nil {
				free = make(chan struct{}, filesAtOnce)
				slots[one.source] = free
			}
			workers.Go(func() { r.fetch(ctx, one, free) })
		}
		if !sleep(ctx, time.Time{}, r.fetches.bell) {
			return
		}
	}
}

// fetch fetches a file, and holds it in memory until it was used, or for a
// while. From its first byte to its last it takes a slot.
func (r *Relay) fetch(ctx context.Context, one *fetch, slots chan struct{}) {
	late := time.AfterFunc(fileGrace, func() { r.ringFor(one) }) // what others say goes first
	defer late.Stop()
	defer r.fetches.drop(one)
	var until time.Time
	for tries := 1; ; tries++ {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		data, err := r.tryFetch(ctx, one)
		if err == nil {
			r.hold(ctx, one, fetched{data: data})
			<-slots
			return
		}
		<-slots
		if until.IsZero() {
			until = time.Now().Add(fetchPatience)
		}
		again, may := fetchAgain(err, tries, time.Now())
		if ctx.Err() != nil {
			return
		}
		if !may || again.After(until) {
			r.hold(ctx, one, fetched{err: fmt.Errorf("fetch from %s: %w", one.source, err)})
			return
		}
		if !sleep(ctx, again) {
			return
		}
	}
}

func (r *Relay) tryFetch(ctx context.Context, one *fetch) ([]byte, error) {
	from, ok := r.platforms[one.source].(chat.Fetcher)
	if !ok {
		return nil, fmt.Errorf("nobody fetches files there: %w", chat.ErrGone)
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	return from.Fetch(ctx, one.file, r.c.Largest)
}

// fetchAgain is when a file is to be tried again, if it may be had at all.
func fetchAgain(err error, tries int, now time.Time) (again time.Time, may bool) {
	if errors.Is(err, chat.ErrGone) || errors.Is(err, chat.ErrRefused) || errors.Is(err, chat.ErrForbidden) {
		return time.Time{}, false
	}
	var asked chat.RetryAfter
	if errors.As(err, &asked) {
		return now.Add(max(asked.Wait, leastWait)), true
	}
	return now.Add(min(fetchPause<<min(tries-1, 10), mostFetchPause)), true
}

// hold lets the rooms that wait have what came of a fetch.
func (r *Relay) hold(ctx context.Context, one *fetch, got fetched) {
	r.fetches.end(one, got)
	r.ringFor(one)
	sleep(ctx, time.Now().Add(fileKept), one.used)
}

func (r *Relay) ringFor(one *fetch) {
	for _, room := range r.fetches.waiting(one) {
		ring(r.bellOf(room))
	}
}

// awaits asks for the file that a step posts, if it posts one, and reports
// whether that is still to come. A delivery whose file takes long lets what
// others say go first.
func (r *Relay) awaits(tx *store.Tx, d store.Delivery, s Step, now time.Time) (got *fetched, waits, moved bool, err error) {
	if len(s.Action.Message.Files) == 0 {
		return nil, false, false, nil
	}
	got, since := r.fetches.ask(fileOf(d, s), d.Room, now)
	if got != nil || d.Class == store.ClassFile || now.Sub(since) < fileGrace {
		return got, got == nil, false, nil
	}
	d.Class = store.ClassFile
	return nil, true, true, tx.PutDelivery(d)
}

func fileOf(d store.Delivery, s Step) wanted {
	return wanted{thing: d.Thing, source: s.Source, file: s.Action.Message.Files[0]}
}
