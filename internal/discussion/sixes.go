package discussion

import "math/bits"

// To ask all threes of a quote where they stand takes as long as the text is
// long. Where only what is likely is wanted of a long text, sixes are asked:
// they are rare enough that a fixed number of places tells.
const (
	longText    = 1 << 20 // symbols; 17,000 words have a tenth
	sixLength   = 6
	mostSixes   = 1 << 17 // places are looked at for a quote
	commonSix   = 1000    // a six that is one in so many of the text says nothing
	fewestSixes = 64      // of fewer, threes tell more and do not take long
	sixesAsked  = 24      // fewer, of the longest texts, may all be wrong
	sixesForOne = 12      // of so many sixes that say something one stands there at least
)

// sixes says where each six characters stand in a text.
type sixes struct {
	first []int32 // by hash: the first of its places in at; one more at the end
	at    []int32
	shift int
}

func indexSixes(text []symbol) sixes {
	size := min(max(bits.Len(uint(len(text))), 6), 21)
	s := sixes{shift: 64 - size}
	hashes := make([]uint32, max(0, len(text)-sixLength+1))
	for i := range hashes {
		hashes[i] = uint32(s.hash(text[i:]))
	}
	s.first, s.at = byHash(hashes, 1<<size)
	return s
}

func (s sixes) hash(q []symbol) uint64 {
	var h uint64
	for _, c := range q[:sixLength] {
		h = h*1_000_003 + uint64(c)
	}
	return h * 0x9E3779B97F4A7C15 >> s.shift
}

func (s sixes) places(q []symbol) []int32 {
	h := s.hash(q)
	return s.at[s.first[h]:s.first[h+1]]
}

// windows returns what [grams.windows] does of a text of n characters, judged
// by sixes: where one in sixesForOne of q's stands, as many do of words with an
// error in five characters. Of a long quote every so manieth six is asked. It
// does not know where q's are too few, or too common, to tell.
func (s sixes) windows(q []symbol, n int) (windows [][2]int, known bool) {
	var ask []int
	places := 0
	for i := 0; i+sixLength <= len(q); i++ {
		if n := len(s.places(q[i:])); n <= len(s.at)/commonSix {
			ask, places = append(ask, i), places+n
		}
	}
	step := places/mostSixes + 1
	asked := len(ask) / step
	if len(ask) < fewestSixes || asked < sixesAsked {
		return nil, false
	}
	votes := make([]int32, (n+len(q))>>bandBits+2)
	for i := range asked {
		behind := uint32(len(q) - ask[i*step])
		for _, at := range s.places(q[ask[i*step]:]) {
			votes[(uint32(at)+behind)>>bandBits]++
		}
	}
	return bands(votes, len(q), max(2, asked/sixesForOne)), true
}
