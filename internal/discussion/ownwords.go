package discussion

import "strings"

// ownWords tell where, in a dump, the post's own words begin: how a writer
// introduces what is posted.
var ownWords = []struct {
	weight  float64
	with    string // stands wherever the pattern does, and is faster to look for
	pattern *expression
}{
	{1, "post", express(`\b(hence|this is a|as a) (this )?(link|cross)-?\s?post\b|\bthis linkpost\b|^(link|cross)-?\s?post(ed)?\b`)},
	{1, "posted", express(`\bcross-?\s?posted (from|to|at|on|here)\b`)},
	{1, "words", express(`^(~|about |approximately |roughly )?\s?\d[\d.,]*k? words\b`)},
	{1, "originally", express(`\boriginally (written|published|posted|given|appeared|printed)\b`)},
	{1, "epistemic", express(`^\(?epistemic (status|effort)(:| of (this|the) (post|essay|piece))`)},
	{1, "this ", express(`^this (essay|post|article|piece|text|story) (was|is|has been) (first|originally|based|adapted|part|the (first|second|third|last)|an? (longer|shorter|edited|revised|transcript|summary|draft))\b`)},
	{0.6, "", express(`^(this is|here is) an? (longer|shorter|edited|revised|expanded|lightly)\b`)},
	{0.6, "wrote this", express(`^(i|we) wrote this (for|in|as|on|while|over|because)\b`)},
	{0.6, "post", express(`\b(whether|if) i (could|would|might) post\b|\bi('m| am) (re)?posting (it|this)\b`)},
	{0.6, "putting it", express(`\bputting it here\b`)},
	{0.4, "audience", express(`\bwritten (with|for) (a|an) .{0,30}audience\b`)},
	{0.4, "if you only", express(`\bif you only read one\b`)},
	{0.4, "", express(`^\(?(audio|pdf) version\b|^(abstract|summary|contents|tl;?dr)\b`)},
}

// enoughOwnWords is how much evidence a post's beginning needs, on three
// lines that follow each other.
const enoughOwnWords = 1

// postStart returns the line where the post's own words begin and how sure
// that is; len(d.lines) if there are none. A dump that is nothing but a post
// is not expected: line 0 never begins it.
func (d *dump) postStart(chance []float64) (int, float64) {
	begun := begunAfter(chance)
	for i := 1; i < len(d.lines); i++ {
		here := d.evidence(i)
		if here == 0 {
			continue
		}
		sum := here
		for j := i + 1; j < min(len(d.lines), i+3); j++ {
			sum += d.evidence(j)
		}
		behind := len(d.lines) - 1 - i
		if sum < enoughOwnWords || begun[i] > 2 && 3*begun[i] > behind {
			continue // the latter is a talk of many, not one writer's words
		}
		start := i
		if chance[i] < 0.1 && i > 1 && chance[i-1] >= 0.5 {
			start = i - 1
		}
		return start, min(0.97, 0.55+0.2*sum)
	}
	return len(d.lines), 0
}

// begunAfter counts, for each line, those behind it that surely begin a comment.
func begunAfter(chance []float64) []int {
	begun := make([]int, len(chance)+1)
	for i := len(chance) - 1; i >= 0; i-- {
		begun[i] = begun[i+1]
		if chance[i] >= 0.8 {
			begun[i]++
		}
	}
	return begun[1:]
}

func (d *dump) evidence(i int) float64 {
	sum := 0.0
	text := plainly(d.lines[i].text)
	for _, w := range ownWords {
		if strings.Contains(text, w.with) && w.pattern.MatchString(text) {
			sum += w.weight
		}
	}
	if sum > 0 && praise.MatchString(d.lines[i].first) {
		return 0
	}
	return sum
}
