package command

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"marginalia/internal/chat"
	"marginalia/internal/format"
)

// BenchmarkOffered is what is offered to who types words of an essay of 17,000,
// and who names a passage.
func BenchmarkOffered(b *testing.B) {
	h := newHouse(b)
	h.read("Long", longEssay())
	for _, c := range []struct{ command, option, typed string }{
		{"find", "words", "fi"}, {"find", "words", "gorhul"}, {"passage", "which", "40"}, {"annotations", "passage", ""},
	} {
		i := slices.IndexFunc(h.words, func(w chat.Command) bool { return w.Name == c.command })
		o := slices.IndexFunc(h.words[i].Options, func(o chat.Option) bool { return o.Name == c.option })
		call := chat.Call{Ref: chat.Ref{Place: chat.Place{Room: lobby}, ID: "typing"}, Name: c.command, Args: map[string]string{c.option: c.typed}}
		b.Run(c.command+" "+c.typed, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if len(h.words[i].Options[o].Complete(b.Context(), call)) == 0 {
					b.Fatal("nothing is offered")
				}
			}
		})
	}
}

// longEssay is of words that stand in many passages, and of words that stand in few.
func longEssay() format.Doc {
	dice := rand.New(rand.NewPCG(1, 2))
	syllables := strings.Fields("ba den fi gor hul ka lem mi nor pu ra sel ti vo wen zu")
	var all strings.Builder
	for n := range 17_000 {
		switch {
		case n > 0 && n%120 == 0:
			all.WriteString(".\n\n")
		case n > 0 && n%12 == 0:
			all.WriteString(". ")
		case n > 0:
			all.WriteString(" ")
		}
		for range 1 + dice.IntN(3) {
			all.WriteString(syllables[dice.IntN(len(syllables))])
		}
	}
	return format.Markdown{}.Parse(all.String() + ".")
}
