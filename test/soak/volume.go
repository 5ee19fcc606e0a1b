//go:build unix

package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	_ "modernc.org/sqlite"

	"marginalia/internal/chat"
	"marginalia/internal/discussion"
	"marginalia/internal/format"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

// volumes is the soak "volume": n messages of 272 bytes by 30 people in 100
// threads go through the engine, from one network to another. The networks keep
// nothing but counters, so what grows is the bot's. Ids are as long as Matrix's.
type volumes struct {
	n    int
	dir  string
	seed uint64 // of the real networks
	text string
}

const (
	threads     = 100
	talkers     = 30
	wordsEach   = 272
	mostBetween = 500 // messages on their way
)

// measured is what a volume costs.
type measured struct {
	overhead float64 // bytes of database a message, without its words
	heap     float64 // bytes that the heap grows with a message
	rss      float64 // likewise the process
	rate     float64 // messages a second
	later    float64 // the rate of the second half, as a multiple of the first one's
	floor    float64 // likewise, from network to network without a bot
}

func (v volumes) run(ctx context.Context) error {
	m, err := v.measure(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("%d messages, none lost, doubled or out of order\n", v.n)
	fmt.Printf("database: %.0f bytes a message beside its words (goal 450)\n", m.overhead)
	fmt.Printf("memory grows by %.1f bytes of heap and %.1f of the process a message\n", m.heap, m.rss)
	fmt.Printf("%.0f messages a second, in the second half %.2f times as fast as in the first; %.0f from network to network without a bot\n", m.rate, m.later, m.floor)
	return nil
}

func (v volumes) measure(ctx context.Context) (m measured, err error) {
	bare := newStream(v.n)
	began := time.Now()
	if err := bare.pour(ctx, func(ctx context.Context, b chat.Batch) error { return bare.echo(ctx, b) }); err != nil {
		return m, err
	}
	m.floor = float64(v.n) / time.Since(began).Seconds()

	path := filepath.Join(v.dir, "volume.db")
	db, err := store.Open(ctx, path, store.Options{NoListen: true})
	if err != nil {
		return m, err
	}
	s, text := newStream(v.n), volumeText()
	if err := db.Update(ctx, func(tx *store.Tx) error { return stage(tx, text, s.rooms()) }); err != nil {
		return m, errors.Join(err, db.Close())
	}
	r := relay.New(relay.Config{DB: db, Platforms: []chat.Platform{s.talk, s.mirror}, Rooms: s.rooms(), Settle: settle})
	own, stop := context.WithCancel(ctx)
	var engine sync.WaitGroup
	var ended error
	engine.Go(func() { ended = r.Run(own) })
	err = v.through(ctx, s, path, &m)
	stop()
	engine.Wait()
	return m, errors.Join(err, ended, db.Close())
}

// through measures what all messages cost on their way through an engine.
func (v volumes) through(ctx context.Context, s *stream, path string, m *measured) error {
	if err := s.wait(ctx, func() bool { return s.talk.posted == threads && s.mirror.posted == threads }); err != nil {
		return err
	}
	before, err := sizeOf(ctx, path)
	if err != nil {
		return err
	}
	began := time.Now()
	samples, err := v.watch(ctx, s)
	if err != nil {
		return err
	}
	m.rate = float64(v.n) / time.Since(began).Seconds()
	half, all := samples[len(samples)/2-1].seconds, samples[len(samples)-1].seconds
	m.later = half / (all - half)
	m.heap, m.rss = slope(samples, func(x sample) float64 { return x.heap }), slope(samples, func(x sample) float64 { return x.rss })
	after, err := sizeOf(ctx, path)
	m.overhead = float64(after-before)/float64(v.n) - wordsEach
	return errors.Join(err, s.fault())
}

// volumeText is an essay of as many passages as there are threads.
func volumeText() discussion.Discussion {
	var body format.Doc
	for i := range threads {
		body = body.Add(format.Block{Kind: format.Paragraph}, strings.Repeat(fmt.Sprintf("Paragraph %d goes on and on. ", i), 30))
	}
	return discussion.Assemble("Volume", "", []discussion.Document{{Kind: discussion.Essay, Body: body, Confidence: 1}}, discussion.CutOptions{})
}

func stage(tx *store.Tx, text discussion.Discussion, rooms []chat.Room) error {
	if len(text.Passages) < threads {
		return fmt.Errorf("the text has only %d passages", len(text.Passages))
	}
	if _, err := tx.PutDiscussion(text, time.Now()); err != nil {
		return err
	}
	for _, p := range text.Passages[:threads] {
		for _, room := range rooms {
			if err := tx.Stale(store.PassageThing(p.ID), room, "", store.ClassPost, time.Now()); err != nil {
				return err
			}
		}
	}
	return nil
}

// sample is the memory after so many messages, and the time that they took.
type sample struct{ at, heap, rss, seconds float64 }

// watch samples memory twenty times until all has arrived.
func (v volumes) watch(ctx context.Context, s *stream) (all []sample, err error) {
	began := time.Now()
	for i := range 20 {
		want := v.n * (i + 1) / 20
		if err := s.wait(ctx, func() bool { return s.arrived >= want }); err != nil {
			return nil, err
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		all = append(all, sample{float64(want), float64(m.HeapAlloc), float64(resident()), time.Since(began).Seconds()})
	}
	return all, nil
}

// slope is that of the line through what a sample tells, the first fifth left out.
func slope(all []sample, of func(sample) float64) float64 {
	all = all[len(all)/5:]
	var x, y, xx, xy float64
	for _, s := range all {
		x, y, xx, xy = x+s.at, y+of(s), xx+s.at*s.at, xy+s.at*of(s)
	}
	n := float64(len(all))
	return (n*xy - x*y) / (n*xx - x*x)
}

// resident is the process's memory in bytes, 0 where /proc does not tell.
func resident() int {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(b))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.Atoi(fields[1])
	return pages * os.Getpagesize()
}

// sizeOf is how many bytes of an SQLite database hold something.
func sizeOf(ctx context.Context, path string) (bytes int64, err error) {
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	err = db.QueryRowContext(ctx, "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size").Scan(&bytes)
	return bytes, err
}

// longID is an id as Matrix makes them: 44 characters that look like chance.
func longID(of string, n int) string {
	sum := sha256.Sum256(fmt.Append(nil, of, n))
	return "$" + base64.RawURLEncoding.EncodeToString(sum[:])
}
