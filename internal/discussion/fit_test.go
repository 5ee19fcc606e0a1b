package discussion

import (
	"flag"
	"math"
	"testing"

	"marginalia/test/require"
)

// example is one border and whether a comment begins there.
type example struct {
	on     []int // the signals that hold
	starts bool
}

func examples(ths []thread) []example {
	var all []example
	for _, th := range ths {
		d := newDump(th.lines)
		for i := 1; i < len(d.lines); i++ {
			if th.post > 0 && d.number[i] >= th.post {
				break
			}
			e := example{starts: th.starts[d.number[i]]}
			b := d.border(i)
			for k, s := range signals {
				if s.holds(b) {
					e.on = append(e.on, k)
				}
			}
			all = append(all, e)
		}
	}
	return all
}

func (e example) chance(w []float64) float64 {
	sum := w[len(signals)]
	for _, k := range e.on {
		sum += w[k]
	}
	return 1 / (1 + math.Exp(-sum))
}

// fit is logistic regression by gradient descent, pulled softly toward the
// weights that were set by judgement.
func fit(all []example, prior []float64) []float64 {
	w := append([]float64{}, prior...)
	const pull = 0.006
	steps := 200
	switch {
	case *tune:
		steps = 1200
	case testing.Short():
		steps = 20
	}
	for range steps {
		g := make([]float64, len(w))
		for _, e := range all {
			miss := e.chance(w)
			if e.starts {
				miss--
			}
			for _, k := range e.on {
				g[k] += miss
			}
			g[len(signals)] += miss
		}
		for k := range w {
			w[k] -= 0.5 * (g[k]/float64(len(all)) + pull*(w[k]-prior[k]))
		}
	}
	return w
}

func shipped() []float64 {
	var w []float64
	for _, s := range signals {
		w = append(w, s.weight)
	}
	return append(w, bias)
}

var tune = flag.Bool("segment.tune", false, "fit the weights of a dump's signals for long, and show what is missed")

// TestFitSignals fits the weights to all threads but one, tries them on that
// one, and so on: what a text that was not seen can expect.
func TestFitSignals(t *testing.T) {
	require.Long(t)
	ths := threads(t)
	seeds := 1
	if *tune {
		seeds = 4
	}
	for _, th := range dumpsOf(t, "tuned", seeds) {
		if !newDump(th.lines).framed { // there nothing is to be weighed
			ths = append(ths, th)
		}
	}
	var unseen tally
	var bins [5]struct {
		n, right int
		said     float64
	}
	for i := range ths {
		var rest []thread
		for _, th := range ths {
			if th.name != ths[i].name {
				rest = append(rest, th)
			}
		}
		w := fit(examples(rest), shipped())
		for _, e := range examples(ths[i : i+1]) {
			p := e.chance(w)
			one := tally{}
			if p >= 0.5 {
				one.said = 1
			}
			if e.starts {
				one.there = 1
			}
			one.right = one.said * one.there
			unseen = unseen.add(one)
			sure := max(p, 1-p)
			bin := &bins[min(4, int((sure-0.5)*10))]
			bin.n++
			bin.said += sure
			if (p >= 0.5) == e.starts {
				bin.right++
			}
		}
	}
	t.Logf("threads left out of the fit: %s", unseen)
	if top := bins[4]; top.right*10 < top.n*9 {
		t.Errorf("of %d borders said with 0.9 and more only %d are right", top.n, top.right)
	}
	for i, b := range bins {
		n := float64(max(1, b.n))
		t.Logf("said with 0.%d and more: %3d borders, %.2f on average, %.2f right", 5+i, b.n, b.said/n, float64(b.right)/n)
	}
	w := fit(examples(ths), shipped())
	for i, s := range signals {
		on, yes := 0, 0
		for _, e := range examples(ths) {
			for _, k := range e.on {
				if k == i {
					on++
					if e.starts {
						yes++
					}
				}
			}
		}
		t.Logf("%-28s shipped %5.1f fitted %5.1f  holds %3d, a start %3d", s.name, s.weight, w[i], on, yes)
	}
	t.Logf("%-28s shipped %5.1f fitted %5.1f", "bias", bias, w[len(signals)])
}
