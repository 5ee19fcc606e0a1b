package discussion

import (
	"math/bits"
	"slices"
)

// gramLength is how many characters are looked up at once: three are enough
// to be rare, and few enough that one in five may be wrong.
const gramLength = 3

// grams says where each three characters stand in a text.
type grams struct {
	first []int32 // by hash: the first of its places in at; one more at the end
	at    []int32
	says  []uint8 // by hash: how much it says that these stand somewhere
	dense []uint8 // by hash: how many of its places two bands hold at most
	shift int
}

func indexGrams(text []symbol) grams {
	if len(text) < gramLength {
		return grams{first: make([]int32, 3), says: make([]uint8, 2), dense: make([]uint8, 2), shift: 31}
	}
	size := min(max(bits.Len(uint(len(text))), 6), 16)
	g := grams{shift: 32 - size}
	hashes := make([]uint32, len(text)-gramLength+1)
	for i := range hashes {
		hashes[i] = g.hash(text[i:])
	}
	g.first, g.at = byHash(hashes, 1<<size)
	g.says, g.dense = make([]uint8, 1<<size), make([]uint8, 1<<size)
	for h := range g.dense {
		places := g.at[g.first[h]:g.first[h+1]]
		g.says[h], g.dense[h] = weight(len(places), len(text)), densest(places)
	}
	return g
}

// byHash returns the places with each of n hashes, in order, and where in at
// they begin.
func byHash(hashes []uint32, n int) (first, at []int32) {
	first, at = make([]int32, n+2), make([]int32, len(hashes))
	for _, h := range hashes { // counted one place further on, so that filling moves each start into place
		first[h+2]++
	}
	for h := 2; h < len(first); h++ {
		first[h] += first[h-1]
	}
	for i, h := range hashes {
		at[first[h+1]] = int32(i)
		first[h+1]++
	}
	return first, at
}

// weight is how much it says that a three with so many places stands in two
// given bands of a text of n characters: how many times less likely it is by
// chance, in bits.
func weight(places, n int) uint8 {
	return uint8(bits.Len(uint(n / (max(1, places) * 4 << bandBits))))
}

// densest is how many of places, which rise, stand in two bands at most,
// wherever bands begin.
func densest(places []int32) (most uint8) {
	from := 0
	for i, at := range places {
		for at-places[from] >= 2<<bandBits {
			from++
		}
		most = max(most, uint8(i-from+1))
	}
	return most
}

func (g grams) hash(s []symbol) uint32 {
	return ((uint32(s[0])*31+uint32(s[1]))*131 + uint32(s[2])) * 2654435769 >> g.shift
}

// places are where the first characters of s may stand, in order.
func (g grams) places(s []symbol) []int32 {
	h := g.hash(s)
	return g.at[g.first[h]:g.first[h+1]]
}

// atMost reports whether the first three of s stand in text at most n times.
func (g grams) atMost(n int, s, text []symbol) bool {
	for _, at := range g.places(s) {
		if text[at] == s[0] && text[at+1] == s[1] && text[at+2] == s[2] {
			if n--; n < 0 {
				return false
			}
		}
	}
	return true
}

// rarest returns the three characters of q that have the fewest places, by
// where they stand in q. q has three at least.
func (g grams) rarest(q []symbol) (offset int, places []int32) {
	for i := range len(q) - gramLength + 1 {
		if at := g.places(q[i:]); i == 0 || len(at) < len(places) {
			offset, places = i, at
		}
	}
	return offset, places
}

const (
	bandBits    = 5  // places are counted in bands of 32, two at once
	mostWindows = 32 // so many bands are looked at closely
	fewVotes    = 3  // bands with less than one in so many of the best's votes are not
)

// windows returns the stretches of a text of n characters in which q is most
// likely to begin, judged by which of its threes stand there in about the
// right order. A three votes with its weight: what is to be expected in any two
// bands has no vote. Where the best has less than share hundredths of all votes,
// there is none.
//
// Threes that say little stand in many places, and take most of the time. They
// vote only where the others leave it open whether there is such a stretch.
func (g grams) windows(q []symbol, n, share int) [][2]int {
	votes := make([]int32, (n+len(q))>>bandBits+2)
	all, light, reserve := g.ballot(q, share)
	least := max(1, all*share/100)
	g.vote(votes, q, light+1, heaviest)
	if light > 0 && most(votes)+reserve < least {
		return nil
	}
	g.vote(votes, q, 1, light)
	return bands(votes, len(q), least)
}

// heaviest is more than a three can weigh.
const heaviest = 32

// ballot sums up all votes of q. Those of the light threes, the ones up to some
// weight, are at most reserve for any two bands: half of what is needed.
func (g grams) ballot(q []symbol, share int) (all int, light uint8, reserve int) {
	var most [heaviest + 1]int // by weight: for any two bands
	for i := range len(q) - gramLength + 1 {
		h := g.hash(q[i:])
		w := int(g.says[h])
		all += w
		most[w] += w * int(g.dense[h])
	}
	for light < heaviest && 2*(reserve+most[light+1]) <= all*share/100 {
		light++
		reserve += most[light]
	}
	return all, light, reserve
}

// vote counts the votes of the threes of q that weigh from..to.
func (g grams) vote(votes []int32, q []symbol, from, to uint8) {
	for i := range len(q) - gramLength + 1 {
		h := g.hash(q[i:])
		w := g.says[h]
		if w < from || w > to {
			continue
		}
		behind := uint32(len(q) - i)
		for _, at := range g.at[g.first[h]:g.first[h+1]] {
			votes[(uint32(at)+behind)>>bandBits] += int32(w)
		}
	}
}

// most is how many votes two neighbouring bands have at most.
func most(votes []int32) (most int) {
	for b := range len(votes) - 1 {
		most = max(most, int(votes[b]+votes[b+1]))
	}
	return most
}

// bands returns the pairs of neighbouring bands with the most votes, as
// stretches, in the text's order, if the best has so many at least.
func bands(votes []int32, before, least int) [][2]int {
	type pair struct{ band, votes int }
	var all []pair
	most := least
	for b := range len(votes) - 1 {
		if v := int(votes[b] + votes[b+1]); v*fewVotes >= most {
			all, most = append(all, pair{b, v}), max(most, v)
		}
	}
	if !slices.ContainsFunc(all, func(p pair) bool { return p.votes == most }) {
		return nil
	}
	all = slices.DeleteFunc(all, func(p pair) bool { return p.votes*fewVotes < most })
	slices.SortStableFunc(all, func(a, b pair) int { return b.votes - a.votes })
	all = all[:min(len(all), mostWindows)]
	slices.SortFunc(all, func(a, b pair) int { return a.band - b.band })
	var out [][2]int
	for _, p := range all {
		start := p.band<<bandBits - before
		if n := len(out); n > 0 && start <= out[n-1][1] {
			out[n-1][1] = start + 2<<bandBits
			continue
		}
		out = append(out, [2]int{start, start + 2<<bandBits})
	}
	return out
}
