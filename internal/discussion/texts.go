package discussion

import (
	"slices"
	"sync"
)

// Texts keeps the texts in which quotes were looked for last, prepared: whoever
// answers an essay's passages all day prepares it once. The zero value is
// ready, and several goroutines may use it at once.
type Texts struct {
	mu   sync.Mutex
	kept []*Text // the last one first
}

// So much is kept, but always the last text. A prepared text takes some 30
// times its own bytes.
const (
	mostTexts     = 8
	mostTextBytes = 1 << 20
)

// Prepare is as the package's Prepare, for a text that may come again.
func (k *Texts) Prepare(text string) *Text {
	k.mu.Lock()
	defer k.mu.Unlock()
	i := slices.IndexFunc(k.kept, func(t *Text) bool { return t.text == text })
	if i >= 0 {
		t := k.kept[i]
		k.kept = slices.Insert(slices.Delete(k.kept, i, i+1), 0, t)
		return t
	}
	t := Prepare(text)
	k.kept = slices.Insert(k.kept, 0, t)
	bytes := 0
	for i, t := range k.kept {
		if bytes += len(t.text); i > 0 && (i == mostTexts || bytes > mostTextBytes) {
			clear(k.kept[i:])
			k.kept = k.kept[:i]
			break
		}
	}
	return t
}
