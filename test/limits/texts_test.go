package limits

import (
	"math/rand/v2"
	"strings"

	"marginalia/internal/chat"
	"marginalia/internal/lang"
	"marginalia/test/hostile"
)

// A script is a way of writing: words, and what joins them.
type script struct {
	name  string // for whoever reads this
	words []string
	space string
}

// scripts are ten of them. Some need several code points, or UTF-16 units, for
// what a reader takes for one sign.
var scripts = []script{
	{"Latin", []string{"naïve", "Donaudampfschiffahrt", "Z̷̢̛̯a̴̟l̶g̷o̸", "ﬁ", "ﷺ", "Ångström", "İstanbul"}, " "},
	{"Cyrillic", []string{"Русский", "Превысокомногорассмотрительствующий", "ё", "Ѩ", "и҆"}, " "},
	{"Greek", []string{"ἀνερρίφθω", "κύβος", "ᾧ", "Ὀδυσσεύς"}, " "},
	{"Arabic", []string{"ٱلسَّلَامُ", "عَلَيْكُمْ", "فارسی", "ـــــــ", "\u202eلعبة\u202c"}, " "},
	{"Hebrew", []string{"בְּרֵאשִׁ֖ית", "בָּרָ֣א", "אֱלֹהִ֑ים", "\u2067שלום\u2069"}, " "},
	{"Devanagari", []string{"क्षत्रिय", "राष्ट्रीय", "हिन्दी", "ॐ"}, " "},
	{"Thai", []string{"กรุงเทพมหานคร", "น้ำ", "ที่นี่", "เฮฮาปาร์ตี้"}, ""},
	{"Han", []string{"漢字", "𠮷野家", "「引用」", "龘", "𪚥", "々"}, ""},
	{"Hangul", []string{"한국어", "각", "뷁", "ᄀᄀᄀ각ᆨᆨ"}, " "},
	{"emoji", []string{"👩‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇩🇪", "1️⃣", "🧑🏿‍🤝‍🧑🏻"}, ""},
}

// marks are what the networks might take for something else, between words.
var marks = []string{
	"@everyone", "<@1>", "||", "**", "`", "```\n", "\n\n", "\n> ", "\n# ", "\n-# ", "\n- ", "\n1. ", "[x](https://a.example/)", "https://a.example/" + strings.Repeat("long/", 40),
	"\\", "<b>", "&lt;", "\u200b", "\u202e", "\u00ad", "\t", "discord", "clyde", "\"", "”", "=", "--plan", "\x00", "\ufffd", "\r\n",
}

// writer writes hostile texts, the same for the same round. The scripts take
// turns.
type writer struct {
	dice *rand.Rand
	seed uint64
	n    uint64
}

func newWriter(round int) *writer {
	return &writer{dice: rand.New(rand.NewPCG(uint64(round), 3)), seed: uint64(round)}
}

// text is at least n code points in one script, now and then broken by marks, or
// by a text of package hostile.
func (w *writer) text(n int) string {
	w.n++
	in := scripts[w.n%uint64(len(scripts))]
	var b strings.Builder
	runes := 0
	add := func(s string) {
		b.WriteString(s)
		runes += len([]rune(s))
	}
	for runes < n {
		switch w.dice.IntN(24) {
		case 0, 1:
			add(marks[w.dice.IntN(len(marks))])
		case 2:
			_, s := hostile.Writer{Seed: w.seed}.Text(uint64(w.dice.IntN(1000)))
			add(s)
		case 3:
			add(strings.Repeat(in.words[w.dice.IntN(len(in.words))], 1+w.dice.IntN(60)))
		default:
			add(in.words[w.dice.IntN(len(in.words))] + in.space)
		}
	}
	return strings.ToValidUTF8(b.String(), "?")
}

// exactly is a text of n code points, as a client lets one type them.
func (w *writer) exactly(n int) string {
	r := []rune(strings.Trim(strings.ReplaceAll(w.text(n+100), "\x00", ""), " \n\r\t\u200b\u00ad"))
	return strings.TrimSpace(string(r[:min(n, len(r))]))
}

// line is a short text, or a long one on one line.
func (w *writer) line() string {
	n := []int{1, 10, 40, 100, 300, 2000}[w.dice.IntN(6)]
	return strings.Join(strings.Fields(w.text(n)), " ")
}

// inEither has the bot speak one of its languages, the same in all rooms.
func inEither(w *writer) func(chat.Room) lang.Language {
	l := oneOf(w, append(lang.Others(), lang.English)...)
	return func(chat.Room) lang.Language { return l }
}

// oneOf is one of several.
func oneOf[T any](w *writer, of ...T) T { return of[w.dice.IntN(len(of))] }
