package discussion

import "regexp"

// ownWords tell where, in a dump, the post's own words begin: how a writer
// introduces what is posted.
var ownWords = []struct {
	weight  float64
	pattern *regexp.Regexp
}{
	{1, regexp.MustCompile(`\b(hence|this is a|as a) (this )?(link|cross)-?\s?post\b|\bthis linkpost\b|^(link|cross)-?\s?post(ed)?\b`)},
	{1, regexp.MustCompile(`\bcross-?\s?posted (from|to|at|on|here)\b`)},
	{1, regexp.MustCompile(`^(~|about |approximately |roughly )?\s?\d[\d.,]*k? words\b`)},
	{1, regexp.MustCompile(`\boriginally (written|published|posted|given|appeared|printed)\b`)},
	{1, regexp.MustCompile(`^\(?epistemic (status|effort)(:| of (this|the) (post|essay|piece))`)},
	{1, regexp.MustCompile(`^this (essay|post|article|piece|text|story) (was|is|has been) (first|originally|based|adapted|part|the (first|second|third|last)|an? (longer|shorter|edited|revised|transcript|summary|draft))\b`)},
	{0.6, regexp.MustCompile(`^(this is|here is) an? (longer|shorter|edited|revised|expanded|lightly)\b`)},
	{0.6, regexp.MustCompile(`^(i|we) wrote this (for|in|as|on|while|over|because)\b`)},
	{0.6, regexp.MustCompile(`\b(whether|if) i (could|would|might) post\b|\bi('m| am) (re)?posting (it|this)\b|\bputting it here\b`)},
	{0.4, regexp.MustCompile(`\bwritten (with|for) (a|an) .{0,30}audience\b|\bif you only read one\b|^\(?(audio|pdf) version\b|^(abstract|summary|contents|tl;?dr)\b`)},
}

// enoughOwnWords is how much evidence a post's beginning needs, on three
// lines that follow each other.
const enoughOwnWords = 1

// postStart returns the line where the post's own words begin and how sure
// that is; len(d.lines) if there are none. A dump that is nothing but a post
// is not expected: line 0 never begins it.
func (d *dump) postStart(chance []float64) (int, float64) {
	for i := 1; i < len(d.lines); i++ {
		here := d.evidence(i)
		if here == 0 {
			continue
		}
		sum := here
		for j := i + 1; j < min(len(d.lines), i+3); j++ {
			sum += d.evidence(j)
		}
		if sum < enoughOwnWords || talkedAfter(chance[i+1:]) {
			continue
		}
		start := i
		if chance[i] < 0.1 && i > 1 && chance[i-1] >= 0.5 {
			start = i - 1
		}
		return start, min(0.97, 0.55+0.2*sum)
	}
	return len(d.lines), 0
}

// talkedAfter reports whether what comes behind a line is a talk of many, not
// one writer's words.
func talkedAfter(chance []float64) bool {
	begun := 0
	for _, c := range chance {
		if c >= 0.8 {
			begun++
		}
	}
	return begun > 2 && 3*begun > len(chance)
}

func (d *dump) evidence(i int) float64 {
	sum := 0.0
	if praise.MatchString(d.lines[i].first) {
		return 0
	}
	for _, w := range ownWords {
		if w.pattern.MatchString(plainly(d.lines[i].text)) {
			sum += w.weight
		}
	}
	return sum
}
