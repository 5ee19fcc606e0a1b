//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/discord/discordtest"
	"marginalia/internal/store"
	"marginalia/test/faultproxy"
	"marginalia/test/require"
)

// discordNet is the double, and a proxy before its REST side that takes note
// of requests and holds a few of them back. The faults are the double's own.
type discordNet struct {
	server *discordtest.Server
	proxy  *faultproxy.Proxy
	sides  []*discordSide
	keeper *discordtest.User // who may archive threads
	tardy  tardy
	dice   *rand.Rand
	jolts  map[string]int
}

// newDiscord makes a guild with channels in which so many people each talk.
func newDiscord(seed uint64, channels, people int, o discordtest.Options) (*discordNet, error) {
	o.Seed = seed
	server, err := startDouble(o)
	if err != nil {
		return nil, err
	}
	n := &discordNet{server: server, dice: rand.New(rand.NewPCG(seed, 7)), jolts: map[string]int{}}
	n.server.Grant(discordtest.ManageMessages) // or nobody could delete what a deleted webhook has said
	n.keeper = n.server.User("keeper", discordtest.ManageThreads)
	for i := range channels {
		d := &discordSide{server: n.server, keeper: n.keeper, id: n.server.Channel(fmt.Sprintf("channel-%d", i)), stands: map[string]string{}, dead: map[string]bool{}}
		for j := range people {
			d.who = append(d.who, n.server.User(fmt.Sprintf("Dora %d%d", i, j)))
		}
		n.sides = append(n.sides, d)
	}
	n.proxy = faultproxy.New(n.server.API(), seed)
	n.proxy.Logged = changes
	if err := n.proxy.Start(); err != nil {
		return nil, errors.Join(err, n.server.Close())
	}
	return n, nil
}

// startDouble starts a double that knows Discord's schemas where they lie beside
// the project, and only the documented rules elsewhere.
func startDouble(o discordtest.Options) (*discordtest.Server, error) {
	root, err := require.FindRoot()
	if err != nil {
		return nil, err
	}
	folder := filepath.Join(root, "..", "shared", "data", "discord")
	if _, err := os.Stat(folder); err == nil {
		o.Schemas = folder
	}
	return discordtest.Start(o)
}

// changes matches the requests for something that people can see.
func changes(r *http.Request) bool {
	if r.Method == http.MethodGet || strings.Contains(r.URL.Path, "/commands") {
		return false
	}
	// opening an archived thread again and making a webhook change nothing that people see
	return !(strings.HasSuffix(r.URL.Path, "/webhooks") || r.Method == http.MethodPatch && strings.Count(r.URL.Path, "/") == 4)
}

func (n *discordNet) name() string { return "discord" }

func (n *discordNet) config() string {
	return fmt.Sprintf("[discord]\ntoken = %q\napi = %q\nedge_wait = %q\n", n.server.Token(), n.proxy.URL(), 2*shortly)
}

// shortly is how long the double asks to wait. A process that was started after
// another was killed does not know of it, so it is shorter than a start.
const shortly = 100 * time.Millisecond

// misbehave sets all faults of the double.
func (n *discordNet) misbehave() {
	n.proxy.Set(faultproxy.Rule{Kind: faultproxy.Delay, Name: "beyond the settle time", Match: n.tardy.chosen, Delay: beyond})
	for _, f := range []discordtest.Fault{
		{Kind: discordtest.Delay, Chance: 0.08, Wait: 700 * time.Millisecond},
		{Kind: discordtest.Delay, After: true, Chance: 0.03, Wait: 700 * time.Millisecond},
		{Kind: discordtest.CutOff, Chance: 0.02},
		{Kind: discordtest.CutOff, After: true, Chance: 0.04},
		{Kind: discordtest.Fail, Chance: 0.02},
		{Kind: discordtest.Fail, After: true, Chance: 0.03},
		{Kind: discordtest.Fail, Status: 500, Chance: 0.02},
		{Kind: discordtest.Fail, Status: 503, Chance: 0.02},
		{Kind: discordtest.RateLimited, Chance: 0.02, Wait: shortly},
		{Kind: discordtest.Shared, Chance: 0.02, Wait: shortly},
		{Kind: discordtest.Global, Chance: 0.005, Wait: shortly},
		{Kind: discordtest.Banned, Chance: 0.005, Wait: shortly},
		{Op: "list_messages", Kind: discordtest.Fail, Chance: 0.03},
		{Op: "list_messages", Kind: discordtest.CutOff, Chance: 0.02},
		{Op: "create_webhook", Kind: discordtest.CutOff, After: true, Chance: 0.2},
		{Op: "update_channel", Kind: discordtest.Fail, Chance: 0.05},
	} {
		n.server.Fault(f)
	}
}

func (n *discordNet) behave() {
	n.proxy.Set()
	n.server.Heal()
}

// cutOff makes all of Discord out of the bot's reach, or brings it back.
func (n *discordNet) cutOff(on bool) {
	n.proxy.Set()
	if on {
		n.proxy.Set(faultproxy.Rule{Kind: faultproxy.DropBefore, Name: "cut off"})
	}
	n.server.Unreachable(on)
}

func (n *discordNet) played() string {
	var faults []string
	ops := n.server.Ops()
	for _, name := range sortedKeys(ops) {
		if strings.HasPrefix(name, "fault on ") {
			faults = append(faults, fmt.Sprintf("%s %d", strings.TrimPrefix(name, "fault on "), ops[name].N))
		}
	}
	return fmt.Sprintf("%s; held back beyond the settle time %d; %v", strings.Join(faults, ", "), len(n.tardy.names()), n.jolts)
}

func (n *discordNet) late() map[string]string { return n.tardy.names() }
func (n *discordNet) sends() int              { return arrived(n.proxy) }

// stage finds the newest request of the copy's kind in its room since it was
// begun: a room's requests are made one after the other.
func (n *discordNet) stage(room chat.Room, c store.Copy) string {
	stage, newest := recorded, time.Time{}
	for path, tries := range n.proxy.Log() {
		for _, e := range tries {
			if e.Arrived.Before(c.Began) || e.Arrived.Before(newest) || methods[c.Verb] != e.Method || n.channel(path, e.Query) != room.ID {
				continue
			}
			stage, newest = stageOf(e), e.Arrived
		}
	}
	return stage
}

var methods = map[chat.Verb]string{
	chat.Post: http.MethodPost, chat.OpenThread: http.MethodPost, chat.Edit: http.MethodPatch,
	chat.Delete: http.MethodDelete, chat.Unreact: http.MethodDelete, chat.React: http.MethodPut,
}

// channel is the channel that a request is about, by its path.
func (n *discordNet) channel(path, query string) string {
	parts := strings.Split(strings.TrimPrefix(path, "/api/v10/"), "/")
	id := ""
	if parts[0] == "channels" && len(parts) > 1 {
		id = parts[1]
	}
	for pair := range strings.SplitSeq(query, "&") {
		if thread, ok := strings.CutPrefix(pair, "thread_id="); ok {
			id = thread
		}
	}
	if t, ok := n.server.ThreadOf(id); ok {
		return t.Parent
	}
	return id
}

// trouble is what happens to the connection, the channels and the sessions
// while the bot runs, or has just been killed.
func (n *discordNet) trouble() []trouble {
	d := n.sides[n.dice.IntN(len(n.sides))]
	return []trouble{
		{"cut", n.server.Cut},
		{"zombie", n.server.Zombie},
		{"op 7", n.server.Reconnect},
		{"op 9, resumable", func() { n.server.Invalidate(true) }},
		{"op 9", func() { n.server.Invalidate(false) }},
		{"close 4000", func() { n.server.CloseWith(4000) }},
		{"op 7 first", func() { n.server.ReconnectFirst(1) }},
		{"op 9 first", func() { n.server.InvalidFirst(1) }},
		{"resume refused", func() { n.server.RefuseResume(1) }},
		{"restart", n.server.Restart},
		{"webhooks deleted", d.loseWebhooks},
		{"threads archived", func() { n.archive(d) }},
		{"threads archived", func() { n.archive(d) }},
	}
}

type trouble struct {
	name string
	make func()
}

// archive archives half of a channel's threads.
func (n *discordNet) archive(d *discordSide) {
	for _, thread := range d.threads() {
		if n.dice.IntN(2) == 0 {
			_ = n.keeper.Archive(thread, true)
		}
	}
}

// disturb makes one trouble.
func (n *discordNet) disturb() {
	all := n.trouble()
	t := all[n.dice.IntN(len(all))]
	n.jolts[t.name]++
	t.make()
}

// jolt makes trouble while the bot is down, and waits until nothing holds that
// the bot was told and has forgotten.
func (n *discordNet) jolt(ctx context.Context, kill int) error {
	if kill%2 == 1 {
		n.disturb()
	}
	<-within(ctx, 2*shortly).Done()
	return ctx.Err()
}

// grow fills the guild.
func (n *discordNet) grow(channels, members int) {
	for i := range channels {
		n.server.Channel(fmt.Sprintf("more-%d", i))
	}
	for i := range members {
		n.server.User(fmt.Sprintf("Member %d", i))
	}
}

// verdict wants that the bot asked for nothing that a careful bot would not.
func (n *discordNet) verdict() error {
	bad := n.server.Bad()
	for _, b := range bad {
		fmt.Println("  bad:", b)
	}
	if len(bad) > 0 {
		return fmt.Errorf("the double saw %d requests that a careful bot would not make", len(bad))
	}
	fmt.Println("the double saw nothing that a careful bot would not do")
	return nil
}

func (n *discordNet) close() error { return errors.Join(n.proxy.Close(), n.server.Close()) }
