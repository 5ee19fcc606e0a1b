//go:build unix

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"marginalia/internal/chat/discord/discordtest"
	"marginalia/test/postgres"
)

// tortures is the soak "torture": rounds of kills among 24 people who talk in 8
// threads and more on both networks, with all faults of both, each round in a
// world and with a seed of its own, until the bot of this commit has been killed
// so often on this kind of database. Afterwards both networks, the store and the
// export agree. Each round is a line of the tally: a run that was stopped goes on
// where it was, and loses no more than the round that it was in.
type tortures struct {
	kills    int
	database string // "sqlite" or "postgres"
	seed     uint64
	text     string
	dir      string
	tally    string
}

const (
	roundKills = 25
	crowd      = 8 // people in a room
	manyTopics = 8 // threads before people begin
)

// round is a line of the tally.
type round struct {
	Began    time.Time `json:"began"`
	Seconds  int       `json:"seconds"`
	Commit   string    `json:"commit"`
	Database string    `json:"database"`
	Seed     uint64    `json:"seed"`
	Kills    int       `json:"kills"`
	People   int       `json:"people"`
	Threads  int       `json:"threads"`
	Said     int64     `json:"said"`
	Edited   int64     `json:"edited"`
	Deleted  int64     `json:"deleted"`
	Reacted  int64     `json:"reacted"`

	Found map[string]int `json:"found"` // by kind
	Fault string         `json:"fault,omitempty"`
}

func (t tortures) run(ctx context.Context) error {
	if t.database != "sqlite" && t.database != "postgres" {
		return fmt.Errorf("-db is sqlite or postgres, not %q", t.database)
	}
	commit, err := commitOf(ctx)
	if err != nil {
		return err
	}
	done, err := t.done(commit)
	if err != nil {
		return err
	}
	fmt.Printf("commit %s, %s: %d kills of %d are in %s\n", commit, t.database, done, t.kills, t.tally)
	for i := uint64(0); done < t.kills; i++ {
		r := round{Began: time.Now().UTC().Truncate(time.Second), Commit: commit, Database: t.database, Seed: t.seed + i, Kills: min(roundKills, t.kills-done)}
		fmt.Println("seed", r.Seed)
		fault := t.round(ctx, &r)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		r.Seconds = int(time.Since(r.Began).Seconds())
		if fault != nil {
			r.Fault = fault.Error()
		}
		if err := errors.Join(fault, t.note(r)); err != nil {
			return fmt.Errorf("round of seed %d: %w", r.Seed, err)
		}
		done += r.Kills
		fmt.Printf("%d of %d kills on %s\n", done, t.kills, t.database)
	}
	return nil
}

// round is one world from its beginning to its verdict.
func (t tortures) round(ctx context.Context, r *round) error {
	dir := filepath.Join(t.dir, fmt.Sprint(r.Seed))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	w, d, err := bothNetworks(ctx, dir, r.Seed, crowd)
	if err != nil {
		return err
	}
	defer w.close()
	if t.database == "postgres" {
		cluster, err := postgres.New(ctx, postgres.Options{})
		if err != nil {
			return err
		}
		defer cluster.Close()
		database, err := cluster.Create(ctx)
		if err != nil {
			return err
		}
		w.database = database.URL()
	}
	k := newKills(r.Kills, r.Seed, t.text, dir)
	k.topics, k.every, k.pace, k.few, k.exports = manyTopics, "1s", 1400*time.Millisecond, true, true
	people, err := k.run(ctx, w)
	r.Found = w.found
	if people != nil {
		r.People, r.Threads = len(people.speakers), len(people.everywhere())
		r.Said, r.Edited, r.Deleted, r.Reacted = people.done.said.Load(), people.done.edited.Load(), people.done.deleted.Load(), people.done.reacted.Load()
	}
	if err = errors.Join(err, d.verdict()); err == nil {
		err = os.RemoveAll(dir)
	}
	return err
}

// bothNetworks is a world of a Matrix room, two Discord channels and a room on
// the bot's page.
func bothNetworks(ctx context.Context, dir string, seed uint64, people int) (*world, *discordNet, error) {
	d, err := newDiscord(seed, 2, people, discordtest.Options{Heartbeat: time.Second}) // so that a silent connection is soon noticed
	if err != nil {
		return nil, nil, err
	}
	m, err := newMatrix(ctx, dir, seed, 1, people)
	if err != nil {
		return nil, nil, errors.Join(err, d.close())
	}
	m.tardy, d.tardy = tardy{every: 400, most: 2}, tardy{every: 500, most: 3}
	w, err := newWorld(ctx, dir, m, d)
	if err != nil {
		return nil, nil, err
	}
	w.sides = []side{m.sides[0], d.sides[0], d.sides[1], &localSide{id: "lobby", page: w.page}}
	return w, d, nil
}

// done counts the kills of the tally that a bot of this commit survived on this
// kind of database.
func (t tortures) done(commit string) (int, error) {
	f, err := os.Open(t.tally)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	kills, lines := 0, bufio.NewScanner(f)
	for lines.Scan() {
		var r round
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return 0, fmt.Errorf("read %s: %w", t.tally, err)
		}
		if r.Commit == commit && r.Database == t.database && r.Fault == "" {
			kills += r.Kills
		}
	}
	return kills, lines.Err()
}

// note adds a line to the tally.
func (t tortures) note(r round) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	fmt.Println(string(line))
	f, err := os.OpenFile(t.tally, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Close())
}

// commitOf is the commit that is checked out, with a + if it was changed.
func commitOf(ctx context.Context) (string, error) {
	head, err := exec.CommandContext(ctx, "git", "rev-parse", "--short=12", "HEAD").Output()
	if err != nil {
		return "", fmt.Errorf("ask git for the commit: %w", err)
	}
	changed, err := exec.CommandContext(ctx, "git", "status", "--porcelain", "--untracked-files=no").Output()
	if err != nil {
		return "", fmt.Errorf("ask git what was changed: %w", err)
	}
	commit := strings.TrimSpace(string(head))
	if len(changed) > 0 {
		commit += "+"
	}
	return commit, nil
}

// tallyFile is where the tally is kept unless another place is named.
func tallyFile() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "marginalia-test")
	return filepath.Join(dir, "torture.jsonl"), os.MkdirAll(dir, 0o755)
}
