//go:build unix

package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"marginalia/internal/store"
	"marginalia/test/faultproxy"
)

// stages are the moments at which a bot can die; of several requests in flight
// the one nearest to its network counts.
var stages = []string{written, answered, doubtful, recorded, idle}

const (
	written  = "written, not yet answered"
	answered = "answered, not yet settled"
	doubtful = "in doubt since a broken answer"
	recorded = "recorded, not yet written"
	idle     = "nothing in flight"
)

// stageOf is how far a request had come that was last tried so. One that was
// over without an answer before the bot had gone was cut.
func stageOf(last faultproxy.Entry) string {
	switch {
	case last.Answered.IsZero() && (!last.Ended || last.Gone):
		return written
	case last.Fault == "" && last.Status/100 == 2:
		return answered
	}
	return doubtful
}

// nearer is the one of two stages that stands first among them.
func nearer(a, b string) string {
	return stages[min(slices.Index(stages, a), slices.Index(stages, b))]
}

// spots says for each network in the midst of what the bot was when it died,
// by what its store holds in flight and what became of it on the network.
func (w *world) spots(ctx context.Context) (map[string]string, error) {
	db, err := store.Open(ctx, w.database, store.Options{NoListen: true})
	if err != nil {
		return nil, err
	}
	defer db.Close()
	spots := map[string]string{}
	err = db.View(ctx, func(tx *store.Tx) error {
		for _, n := range w.networks {
			spots[n.name()] = idle
			for _, s := range w.sides {
				if s.room().Platform != n.name() {
					continue
				}
				here, err := w.spot(tx, n, s)
				if err != nil {
					return err
				}
				spots[n.name()] = nearer(here, spots[n.name()])
			}
		}
		return nil
	})
	return spots, err
}

func (w *world) spot(tx *store.Tx, n network, s side) (string, error) {
	spot := idle
	flying, err := tx.InFlight(s.room())
	for _, d := range flying {
		copies, err := tx.Copies(d.Thing, s.room())
		if err != nil {
			return "", err
		}
		for _, c := range copies {
			if c.InFlight() {
				spot = nearer(n.stage(s.room(), c), spot)
			}
		}
	}
	return spot, err
}

// allNetworks is where the nearest of all is counted.
const allNetworks = "all networks"

// histogram counts where kills fell, by network and stage.
type histogram map[string]map[string]int

func (h histogram) add(spots map[string]string) {
	all := idle
	for n, s := range spots {
		h.count(n, s)
		all = nearer(all, s)
	}
	h.count(allNetworks, all)
}

func (h histogram) count(network, stage string) {
	if h[network] == nil {
		h[network] = map[string]int{}
	}
	h[network][stage]++
}

// print shows the histogram and wants three kills in ten on each network to
// have fallen between a request and its settlement.
func (h histogram) print(kills int) error {
	var fault error
	for _, network := range sortedKeys(h) {
		if network == allNetworks && len(h) == 2 {
			continue
		}
		where := h[network]
		fmt.Printf("where the kills fell, %s:\n", network)
		for _, s := range stages {
			fmt.Printf("  %-31s %3d %s\n", s, where[s], strings.Repeat("#", where[s]))
		}
		if in := where[written] + where[answered] + where[doubtful]; in*10 < 3*kills {
			fault = fmt.Errorf("only %d of %d kills fell between a request written and its settlement (%s)", in, kills, network)
		}
	}
	return fault
}
