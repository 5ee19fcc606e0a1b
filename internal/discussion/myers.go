package discussion

// symbol is one character of a folded text, numbered as the text first shows
// it. 0 is every character that the text does not have.
type symbol = uint16

const wordSize = 64

// pattern is a quote made ready to be compared with stretches of a text by
// edit distance: how many characters must be changed, added or left out.
//
// It computes 64 rows of the matrix of distances at once in two words of bits
// (G. Myers, "A fast bit-vector algorithm for approximate string matching
// based on dynamic programming", J. ACM 46, 1999), with the horizontal
// difference handed from block to block as in H. Hyyrö, "A bit-vector
// algorithm for computing Levenshtein and Damerau edit distances" (2003), and
// leaves out blocks in which every distance is above the limit.
type pattern struct {
	length int
	equal  [][]uint64 // by block and symbol: the rows where the symbol stands
	blocks []block    // scratch: a pattern serves one goroutine
}

// block is up to 64 rows of a column: the bits say where the distance grows
// and falls by one from a row to the next, score is the distance in the last.
type block struct {
	grows, falls uint64
	last         uint64 // the bit of the last row
	height       int
	score        int
}

// newPattern prepares q, which is not empty, for texts of so many symbols.
func newPattern(q []symbol, symbols int) *pattern {
	n := (len(q) + wordSize - 1) / wordSize
	p := &pattern{length: len(q), equal: make([][]uint64, n), blocks: make([]block, n)}
	rows := make([]uint64, n*symbols)
	for b := range n {
		p.equal[b] = rows[b*symbols : (b+1)*symbols]
		part := q[b*wordSize : min(len(q), (b+1)*wordSize)]
		for i, s := range part {
			if s != 0 {
				p.equal[b][s] |= 1 << i
			}
		}
		p.blocks[b].height = len(part)
		p.blocks[b].last = 1 << (len(part) - 1)
	}
	return p
}

// run compares the pattern with the stretches of text that end at each of its
// characters, and calls found where one has at most limit errors: with the end
// of the stretch and the fewest errors of any that ends there. found returns
// the limit from there on; one below 0 ends the run. An anchored run compares only stretches that begin
// where text begins.
func (p *pattern) run(text []symbol, anchored bool, limit int, found func(end, errors int) int) {
	last := len(p.blocks) - 1
	top := 0 // the last block in which distances may be within the limit
	p.start(top, 0)
	for top < last && p.blocks[top].score <= limit {
		top++
		p.start(top, p.blocks[top-1].score)
	}
	first := 0
	if anchored {
		first = 1
	}
	for i, s := range text {
		carry := first
		for b := 0; b <= top; b++ {
			carry = p.blocks[b].advance(p.equal[b][s], carry)
		}
		above := p.blocks[top].score - carry
		if top < last && above <= limit && (p.equal[top+1][s]&1 != 0 || carry < 0) {
			top++
			p.start(top, above)
			p.blocks[top].advance(p.equal[top][s], carry)
		} else {
			for top > 0 && p.blocks[top].score >= limit+p.blocks[top].height {
				top--
			}
		}
		if top == last && p.blocks[top].score <= limit {
			if limit = found(i+1, p.blocks[top].score); limit < 0 {
				return
			}
		}
	}
}

// start makes block b a column in which each row has one error more than the
// row above it, beginning under a row that has above errors.
func (p *pattern) start(b, above int) {
	k := &p.blocks[b]
	k.grows, k.falls, k.score = ^uint64(0), 0, above+k.height
}

// advance moves the block on by one column. equal has the rows whose symbol is
// the column's; carry is the horizontal difference above the block: -1, 0 or 1.
// It returns the difference in the block's last row.
func (k *block) advance(equal uint64, carry int) int {
	grows, falls := k.grows, k.falls
	vertical := equal | falls
	if carry < 0 {
		equal |= 1
	}
	diagonal := (((equal & grows) + grows) ^ grows) | equal
	right, left := falls|^(diagonal|grows), grows&diagonal
	out := 0
	if right&k.last != 0 {
		out = 1
	} else if left&k.last != 0 {
		out = -1
	}
	right, left = right<<1, left<<1
	if carry > 0 {
		right |= 1
	} else if carry < 0 {
		left |= 1
	}
	k.grows, k.falls = left|^(vertical|right), right&vertical
	k.score += out
	return out
}

// least returns the fewest errors with which q stands at the beginning of
// text, at most most.
func least(q, text []symbol, symbols, most int) int {
	newPattern(q, symbols).run(text, true, most-1, func(_, errors int) int {
		most = errors
		return errors - 1
	})
	return most
}
