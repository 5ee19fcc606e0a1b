package main

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/chat/local"
)

// opened are the platforms that the configuration has rooms on.
type opened struct {
	all   []chat.Platform
	local *local.Platform // nil if there are no local rooms
}

// link is the web address of a message, or "".
func (o opened) link(ref chat.Ref) string {
	if link := o.profile(ref.Place.Room.Platform).Link; link != nil {
		return link(ref)
	}
	return ""
}

// profile is what a network can do, nothing of one that is not open.
func (o opened) profile(name string) chat.Profile {
	for _, p := range o.all {
		if profile := p.Profile(); profile.Name == name {
			return profile
		}
	}
	return chat.Profile{}
}

// registrations tell the platforms that want to know which commands there are.
// That may take a request, and so may have to be tried again; the rest of the
// bot does not wait for it.
func (o opened) registrations(all []chat.Command, log *slog.Logger) []func(context.Context) {
	var todo []func(context.Context)
	for _, p := range o.all {
		if r, ok := p.(chat.Commander); ok {
			todo = append(todo, func(ctx context.Context) { register(ctx, p.Profile().Name, r, all, log) })
		}
	}
	return todo
}

const (
	firstPause = 2 * time.Second // after a registration that did not work, and twice as long each time
	lastPause  = 10 * time.Minute
)

func register(ctx context.Context, network string, r chat.Commander, all []chat.Command, log *slog.Logger) {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		err := r.Register(ctx, all)
		if err == nil || ctx.Err() != nil {
			return
		}
		log.Warn("the commands are not registered yet", "network", network, "error", err, "pause", pause)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// openPlatforms opens them. None of this waits for a network: a network that
// cannot be reached, or that refuses the account, is the relay's to tell, and
// the others go on.
func openPlatforms(ctx context.Context, c Config, log *slog.Logger) (opened, error) {
	var o opened
	for _, p := range platforms {
		rooms := c.roomsOn(p.name)
		if len(rooms) == 0 {
			continue
		}
		network, err := p.open(ctx, c, rooms, log)
		if err != nil {
			return o, err
		}
		if l, ok := network.(*local.Platform); ok {
			o.local = l
		}
		o.all = append(o.all, network)
	}
	return o, nil
}

// missing is what keeps the bot from working in rooms, as far as their networks
// can tell.
func (o opened) missing(ctx context.Context, rooms []chat.Room) []chat.Finding {
	var all []chat.Finding
	for _, p := range o.all {
		checker, ok := p.(chat.Checker)
		if !ok || !slices.ContainsFunc(rooms, func(r chat.Room) bool { return r.Platform == p.Profile().Name }) {
			continue
		}
		for _, f := range checker.Check(ctx) {
			if !f.OK && (f.Room == (chat.Room{}) || slices.Contains(rooms, f.Room)) {
				all = append(all, f)
			}
		}
	}
	return all
}

// tellWhatIsMissing is bot check for a bot that runs: what is missing goes to
// the log, and nothing waits for it.
func (o opened) tellWhatIsMissing(ctx context.Context, c Config, log *slog.Logger) {
	for _, p := range o.all {
		checker, ok := p.(chat.Checker)
		if !ok {
			continue
		}
		for _, f := range c.findings(ctx, p.Profile().Name, checker) {
			if !f.OK && ctx.Err() == nil {
				log.Warn("something is missing", "network", p.Profile().Name, "what", f.What, "why", f.Why, "do", f.Do)
			}
		}
	}
}
