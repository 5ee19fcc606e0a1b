package relay_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/chattest"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

// slowFiles is a network whose files take long, and come to nothing if lost.
type slowFiles struct {
	*chattest.Platform
	takes time.Duration
	lost  bool
	posts func(a chat.Action) // told before a file is posted
	busy  *atomic.Int64       // fetches at work
	most  *atomic.Int64       // of them at once
}

// slowly has a network's files take long.
func slowly(takes time.Duration, lost bool) func(*town, *chattest.Platform) chat.Platform {
	return func(_ *town, p *chattest.Platform) chat.Platform {
		return &slowFiles{Platform: p, takes: takes, lost: lost}
	}
}

func (s *slowFiles) Fetch(ctx context.Context, f chat.File, most int64) ([]byte, error) {
	if s.busy != nil {
		now := s.busy.Add(1)
		defer s.busy.Add(-1)
		s.most.Store(max(now, s.most.Load()))
	}
	select {
	case <-time.After(s.takes):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if s.lost {
		return nil, errors.New("it hangs")
	}
	return s.Platform.Fetch(ctx, f, most)
}

func (s *slowFiles) Do(ctx context.Context, a chat.Action) (chat.Done, error) {
	if s.posts != nil && len(a.Message.Files) > 0 {
		s.posts(a)
	}
	return s.Platform.Do(ctx, a)
}

// fetching tells a story in a town of which the first network has some rooms
// more, and the bot sees its networks through something. It begins once the
// first passage stands.
func fetching(t *testing.T, two chattest.Options, more int, through func(*town, *chattest.Platform) chat.Platform, tell func(t *testing.T, n *town)) {
	t.Helper()
	dsn := filepath.Join(t.TempDir(), "story.db")
	synctest.Test(t, func(t *testing.T) {
		n := newTown(t, dsn, 6, netOne, two)
		for i := range more {
			n.rooms = append(n.rooms, n.nets["one"].Room(fmt.Sprintf("more-%d", i)))
		}
		n.through = func(p *chattest.Platform) chat.Platform { return through(n, p) }
		n.plan("0 * * * *")
		n.start()
		defer func() {
			n.stop()
			if err := n.db.Close(); err != nil {
				t.Error(err)
			}
		}()
		n.pass(time.Hour + time.Minute)
		tell(t, n)
	})
}

// hang has the first person of a network say nothing but a file, and waits for
// no answer.
func (n *town) hang(room chat.Room, f chattest.Attached) {
	n.nets[room.Platform].User(room.Platform+"-0").Attach(n.threads(room)[1], "", f)
	n.pass(time.Second)
}

// spreads fails unless words stand in all rooms within a time.
func (n *town) spreads(words string, within time.Duration) {
	n.t.Helper()
	began := time.Now()
	for {
		missing := ""
		for _, r := range n.rooms {
			if !strings.Contains(strings.Join(n.net(r).Everything(r), "\n"), words) {
				missing = r.String()
			}
		}
		if missing == "" {
			return
		}
		if time.Since(began) > within {
			n.t.Errorf("%q is not in %s after %v", words, missing, within)
			return
		}
		n.pass(time.Second)
	}
}

// copies counts the files that hang in the first thread of a room.
func (n *town) copies(room chat.Room) (all int) {
	for _, m := range n.nets[room.Platform].Read(n.threads(room)[1]) {
		all += len(n.nets[room.Platform].Attached(m.Ref))
	}
	return all
}

// A file that hangs where it was said holds up nothing that others say: not in
// its thread, not in any room, and not where rooms ask in turn.
func TestAFileThatHangsHoldsUpNoWords(t *testing.T) {
	hangs := slowly(110*time.Second, true)
	t.Run("in its thread", func(t *testing.T) {
		fetching(t, netTwo, 0, hangs, func(_ *testing.T, n *town) {
			n.hang(n.rooms[0], picture("sea.png", 1000))
			n.people["one"][1].Say(n.threads(n.rooms[0])[1], "quick words", chat.Ref{})
			n.spreads("quick words", 10*time.Second)
		})
	})
	t.Run("in many rooms", func(t *testing.T) {
		fetching(t, netTwo, 12, hangs, func(_ *testing.T, n *town) {
			n.hang(n.rooms[2], picture("sea.png", 1000))
			n.people["two"][1].Say(n.threads(n.rooms[2])[1], "quick words", chat.Ref{})
			n.spreads("quick words", 10*time.Second)
		})
	})
	t.Run("where rooms ask in turn", func(t *testing.T) {
		fetching(t, netTwo, 2, hangs, func(_ *testing.T, n *town) {
			club := n.rooms[2]
			n.nets["one"].FailNext(1, chat.RetryAfter{Wait: time.Second, Scope: chat.AccountScope})
			n.people["two"][2].Say(n.threads(club)[1], "before", chat.Ref{})
			n.hang(club, picture("sea.png", 1000))
			n.pass(5 * time.Second)
			n.people["two"][1].Say(n.threads(club)[1], "quick words", chat.Ref{})
			n.spreads("quick words", 20*time.Second)
		})
	})
}

// Nor does it hold up the next passage.
func TestAFileThatHangsHoldsUpNoPassage(t *testing.T) {
	fetching(t, netTwo, 0, slowly(110*time.Second, true), func(t *testing.T, n *town) {
		hall, club := n.rooms[0], n.rooms[2]
		n.pass(time.Hour - 70*time.Second)
		for range 3 {
			n.hang(hall, picture("sea.png", 1000))
		}
		n.pass(20 * time.Second)
		if got := len(n.threads(club)); got != 2 {
			t.Errorf("%s shows %d passages", club, got)
		}
	})
}

// Nor the files of another network.
func TestAFileThatHangsHoldsUpNoOtherNetworksFiles(t *testing.T) {
	fetching(t, netTwo, 30, func(_ *town, p *chattest.Platform) chat.Platform {
		if p.Profile().Name == "two" {
			return &slowFiles{Platform: p, takes: 110 * time.Second, lost: true}
		}
		return p
	}, func(_ *testing.T, n *town) {
		hall, club := n.rooms[0], n.rooms[2]
		n.hang(club, picture("bad.png", 1000))
		n.hang(hall, picture("sea.png", 1000))
		n.people["one"][1].Say(n.threads(hall)[1], "quick words", chat.Ref{})
		n.spreads("quick words", 10*time.Second)
		n.hangs(club, picture("bad.png", 1000), picture("sea.png", 1000))
	})
}

// A request is recorded once its file is at hand: it is made long before its
// delivery is due again.
func TestAPostWithAFileIsMadeBeforeItIsDueAgain(t *testing.T) {
	posts := 0
	fetching(t, netTwo, 0, func(n *town, p *chattest.Platform) chat.Platform {
		return &slowFiles{Platform: p, takes: 100 * time.Second, posts: func(a chat.Action) {
			err := n.db.View(context.Background(), func(tx *store.Tx) error {
				all, err := tx.Deliveries(a.Message.Ref.Place.Room)
				for _, d := range all {
					if posts++; time.Until(d.Due) < 29*time.Second {
						n.t.Errorf("in %s it is due in %v", d.Room, time.Until(d.Due))
					}
				}
				return err
			})
			if err != nil {
				n.t.Error(err)
			}
		}}
	}, func(t *testing.T, n *town) {
		n.hang(n.rooms[0], picture("sea.png", 1000))
		n.pass(10 * time.Minute)
		if posts != 2 {
			t.Errorf("%d were posted", posts)
		}
	})
}

// A bot that is killed while it posts a file that took long to fetch doubles it
// nowhere.
func TestAFileIsNotDoubledByAKill(t *testing.T) {
	two := netTwo
	two.Names, two.Keyless = true, true
	for _, takes := range []time.Duration{0, 100 * time.Second} {
		var killed atomic.Bool
		fetching(t, two, 0, func(n *town, p *chattest.Platform) chat.Platform {
			return &killing{slowFiles: slowFiles{Platform: p, takes: takes}, n: n, killed: &killed}
		}, func(t *testing.T, n *town) {
			n.hang(n.rooms[0], picture("sea.png", 1000))
			n.pass(20 * time.Minute)
			if got := n.copies(n.rooms[2]); got != 1 || !killed.Load() {
				t.Errorf("after a fetch of %v the file stands %d times", takes, got)
			}
		})
	}
}

// killing is a network on which the first post of a file to the third room comes
// late, while the process that made it is gone, and the next one is there.
type killing struct {
	slowFiles
	n      *town
	killed *atomic.Bool
}

func (k *killing) Do(ctx context.Context, a chat.Action) (chat.Done, error) {
	room := a.Message.Ref.Place.Room
	if len(a.Message.Files) == 0 || room != k.n.rooms[2] || k.killed.Swap(true) {
		return k.Platform.Do(ctx, a)
	}
	k.n.nets["two"].Late(1, 20*time.Second)
	done, err := k.Platform.Do(ctx, a)
	<-time.After(time.Second)
	if _, err := k.n.beside().Deliver(context.Background(), room, time.Now()); err != nil {
		k.n.t.Error(err)
	}
	return done, err
}

// However many files there are, a few are fetched at a time; all come.
func TestFewFilesAreFetchedAtOnce(t *testing.T) {
	var busy, most atomic.Int64
	fetching(t, netTwo, 0, func(_ *town, p *chattest.Platform) chat.Platform {
		return &slowFiles{Platform: p, takes: 10 * time.Second, busy: &busy, most: &most}
	}, func(t *testing.T, n *town) {
		for range 20 {
			n.hang(n.rooms[0], picture("sea.png", 1000))
		}
		n.pass(10 * time.Minute)
		if got := n.copies(n.rooms[2]); got != 20 || most.Load() > 4 {
			t.Errorf("%d files came, and %d were fetched at once", got, most.Load())
		}
	})
}

// A bot that is told to stop does not wait for a file; the next one fetches it.
func TestAStopEndsFetches(t *testing.T) {
	fetching(t, netTwo, 0, slowly(time.Minute, false), func(t *testing.T, n *town) {
		n.hang(n.rooms[0], picture("sea.png", 1000))
		n.pass(10 * time.Second)
		began := time.Now()
		n.stop()
		if took := time.Since(began); took > time.Second {
			t.Errorf("it took %v", took)
		}
		n.start()
		n.pass(5 * time.Minute)
		n.hangs(n.rooms[2], picture("sea.png", 1000))
		n.verified()
	})
}

// A file outlasts trouble of some minutes, where it was said and where it goes.
func TestAFileOutlastsTrouble(t *testing.T) {
	for name, trouble := range map[string]func(n *town){
		"it is not handed out": func(n *town) { n.nets["one"].LoseFiles(6) },
		"it is not taken":      func(n *town) { n.nets["two"].FailNext(5, errors.New("500")) },
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(_ *testing.T, n *town) {
				trouble(n)
				n.attach(n.rooms[0], "", picture("sea.png", 1000))
				n.pass(30 * time.Minute)
				n.hangs(n.rooms[2], picture("sea.png", 1000))
				n.verified()
			})
		})
	}
}

// Words that come to a file, or go from it, leave it where it stands.
func TestAFileStaysWhereWordsComeAndGo(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		hall, club := n.rooms[0], n.rooms[2]
		sea, sky := picture("sea.png", 1000), picture("sky.png", 2000)
		alone := n.attach(hall, "", sea)
		worded := n.attach(hall, "look", sky)
		before := n.nets["two"].Read(n.threads(club)[1])
		n.nets["one"].LoseFiles(1000)
		n.people["one"][0].Edit(alone, "words come")
		n.people["one"][0].Edit(worded, "")
		n.pass(time.Hour)
		n.hangs(club, sea, sky)
		after := n.nets["two"].Read(n.threads(club)[1])
		if len(after) != 4 || after[0].Ref != before[0].Ref || after[2].Ref != before[2].Ref {
			t.Errorf("before: %v, after: %v", before, after)
		}
		n.verified()
		n.people["one"][0].Delete(alone)
		n.people["one"][0].Delete(worded)
		n.pass(time.Minute)
		n.hangs(club)
		n.nowhere("words come")
	})
}

// A lower limit for files takes none away that stands.
func TestALowerLimitTakesNoFileAway(t *testing.T) {
	story(t, func(t *testing.T, n *town) {
		n.attach(n.rooms[0], "look", picture("sea.png", 1000))
		n.attach(n.rooms[0], "", picture("sky.png", 1000))
		var platforms []chat.Platform
		for _, net := range n.all {
			platforms = append(platforms, net.open(n.t))
		}
		r := relay.New(relay.Config{DB: n.db, Platforms: platforms, Rooms: n.rooms, Largest: 500})
		v, err := r.Verify(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range v.Faults {
			t.Errorf("%s: %s: %s", f.Kind, f.What, f.Why)
		}
	})
}
