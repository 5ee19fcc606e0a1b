// Package lang holds the words of the bot in the languages that it speaks.
//
// English is where all begins: its words stand in the code where they are said,
// and are the keys by which those of other languages are found. Another language is
// files of tables, as german.go, and a line in tongues. What people wrote is never translated, nor what is typed
// to the bot, nor what its operator reads: logs, configuration, command line.
package lang

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/message/catalog"
)

// Language is one that the bot speaks. The zero one is English.
type Language struct{ tag string }

// English and German are the languages there are.
var (
	English = Language{}
	German  = Language{"de"}
)

// tongue is what there is of a language: its words by the English ones; of those
// that differ with a number what is said of one, and of any other; and the names in
// a time as package time writes it.
type tongue struct {
	Language
	words  []map[string]string
	counts map[string][2]string
	names  *strings.Replacer
}

// tongues are the languages beside English.
var tongues = []tongue{
	{German, german, germanCounts, germanNames},
}

// Tag is what a language is called in the configuration, as in "de".
func (l Language) Tag() string {
	if l.tag == "" {
		return "en"
	}
	return l.tag
}

// Tags are those of all languages there are.
func Tags() (tags []string) {
	for _, l := range append([]Language{English}, Others()...) {
		tags = append(tags, l.Tag())
	}
	return tags
}

// Parse finds a language by its tag. What is not said is English.
func Parse(tag string) (Language, error) {
	l := Language{strings.ToLower(tag)}
	switch {
	case slices.Contains(Others(), l):
		return l, nil
	case tag == "" || l.tag == English.Tag():
		return English, nil
	}
	return English, fmt.Errorf("there are no words in %q: write %s", tag, strings.Join(Tags(), " or "))
}

// Others are the languages there are beside English.
func Others() (all []Language) {
	for _, t := range tongues {
		all = append(all, t.Language)
	}
	return all
}

// A Key is English that is said elsewhere than where it stands, as in a table. Of
// the words of Sprintf everyone sees that they are keys.
type Key string

// Words is what a key says in the language. Nothing is filled in.
func (l Language) Words(key Key) string {
	said, ok := l.find(string(key), nil)
	if !ok {
		return string(key)
	}
	return said
}

// Fill is Sprintf of a format that stands elsewhere.
func (l Language) Fill(format Key, args ...any) string { return l.Sprintf(string(format), args...) }

// Has reports whether there are words for a key.
func (l Language) Has(key Key) bool {
	_, ok := l.find(string(key), nil)
	return ok || l == English
}

// Sprintf is fmt.Sprintf of what the English format says in the language. Where
// the words differ with a number, that is args[0]. It is fmt that fills in, not
// x/text: numbers are written as they are counted, without marks for thousands.
func (l Language) Sprintf(format string, args ...any) string {
	said, ok := l.find(format, args)
	if !ok {
		return fmt.Sprintf(format, args...)
	}
	return fmt.Sprintf(said, args...)
}

// find looks words up, those that go with a number by the first of args.
func (l Language) find(key string, args []any) (string, bool) {
	c := chosen{args: args}
	err := words().Context(language.Make(l.Tag()), &c).Execute(key)
	return c.words, err == nil
}

// chosen is what a catalogue writes to: the words, without what is filled in.
type chosen struct {
	words string
	args  []any
}

// Render is called with the words.
func (c *chosen) Render(words string) { c.words += words }

// Arg is called for the number, counted from 1.
func (c *chosen) Arg(i int) any {
	if i < 1 || i > len(c.args) {
		return nil
	}
	return c.args[i-1]
}

// words is the catalogue of all languages.
var words = sync.OnceValue(func() catalog.Catalog {
	b := catalog.NewBuilder(catalog.Fallback(language.English))
	for key, one := range english {
		put(b, English, key, counted(one, key))
	}
	for _, t := range tongues {
		for _, table := range t.words {
			for key, said := range table {
				put(b, t.Language, key, catalog.String(said))
			}
		}
		for key, said := range t.counts {
			put(b, t.Language, key, counted(said[0], said[1]))
		}
	}
	return b
})

// counted are words for one and for any other number.
func counted(one, other string) catalog.Message {
	return plural.Selectf(1, "%d", plural.One, one, plural.Other, other)
}

// put puts words into a catalogue. A table that cannot be read is a mistake in
// the code, which the first test that says a word finds.
func put(b *catalog.Builder, l Language, key string, said catalog.Message) {
	if err := b.Set(language.Make(l.Tag()), key, said); err != nil {
		panic(fmt.Sprintf("the words for %q in %s: %v", key, l.Tag(), err))
	}
}

// Date writes a time to the minute, in UTC.
func (l Language) Date(t time.Time) string {
	return l.time(t.UTC(), "2 January 2006, 15:04 UTC")
}

// Moment writes a time of these weeks in its own zone: the year is not said, and
// seconds are where there are any.
func (l Language) Moment(t time.Time) string {
	if t.Second() != 0 {
		return l.time(t, "Mon 2 Jan 15:04:05")
	}
	return l.time(t, "Mon 2 Jan 15:04")
}

// time writes a time by a layout, which is a key like any words.
func (l Language) time(t time.Time, layout Key) string {
	said := t.Format(l.Words(layout))
	if i := slices.IndexFunc(tongues, func(t tongue) bool { return t.Language == l }); i >= 0 {
		return tongues[i].names.Replace(said)
	}
	return said
}
