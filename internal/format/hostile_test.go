package format

import (
	"encoding/json"
	"flag"
	"fmt"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
	"golang.org/x/net/html"

	"marginalia/test/hostile"
)

var (
	hostileTexts = flag.Int("hostile", 20_000, "how many hostile texts TestHostile reads")
	hostileSeed  = flag.Uint64("hostile.seed", 1, "what they are made from")
	hostileFrom  = flag.Uint64("hostile.from", 0, "the number of the first")
)

// TestHostile reads texts of every hostile grammar, writes each for Discord and
// Matrix and in one more dialect, and holds what is written to the contract, to
// the networks' own schemas and limits, and to ping nobody. Grammars and
// dialects take turns, so that each meets each:
//
//	go test ./internal/format -run Hostile -timeout 0 -args -hostile 10000000
func TestHostile(t *testing.T) {
	w := hostile.Writer{Seed: *hostileSeed, Seeds: known(t)}
	c := court{requests: requestSchema(t), events: eventSchema(t)}
	n := *hostileTexts
	if testing.Short() {
		n = min(n, 2_000)
	}
	var next, wrong atomic.Uint64
	var all sync.WaitGroup
	start := time.Now()
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for wrong.Load() < 12 {
				k := next.Add(1) - 1
				if k >= uint64(n) {
					return
				}
				grammar, src := w.Text(*hostileFrom + k)
				if err := c.judge(*hostileFrom+k, src); err != nil {
					wrong.Add(1)
					t.Errorf("-hostile.from %d (%s) %.600q: %v", *hostileFrom+k, grammar, src, err)
				}
			}
		})
	}
	all.Wait()
	took := time.Since(start)
	t.Logf("%d texts of %d grammars in %v (%v each): %d parts on Discord, %d on Matrix, %d splits, %d wrong", n, len(hostile.Grammars), took.Round(time.Millisecond),
		(took / time.Duration(max(n, 1))).Round(time.Microsecond), c.discord.Load(), c.matrix.Load(), c.splits.Load(), wrong.Load())
}

// known are texts that mutants descend from: what the fuzzers begin with, and
// the vectors of others.
func known(t *testing.T) []string {
	seeds := append(append(append([]string(nil), htmlSeeds...), discordSeeds...), markdownSeeds...)
	for _, v := range readVectors(t, "discord", "markdown-vectors.jsonl") {
		var src string
		if json.Unmarshal(v.Input, &src) == nil && src != "" {
			seeds = append(seeds, src)
		}
	}
	return seeds
}

// court judges what becomes of texts.
type court struct {
	requests, events        schema
	discord, matrix, splits atomic.Int64
}

// judge reads and writes text number i.
func (c *court) judge(i uint64, src string) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	readers := uint64(len(dialects)) + 1
	round := i / uint64(len(hostile.Grammars))
	turn := round / readers % uint64(len(dialects))
	from, doc := read(round%readers, src, i%3 == 0)
	if err := doc.Check(); err != nil {
		return fmt.Errorf("read as %s: %w\n%s", from, err, show(doc))
	}
	if i%16 == 0 {
		if err := changed(doc); err != nil {
			return fmt.Errorf("read as %s: %w", from, err)
		}
	}
	for k, to := range dialects {
		always := to.name == "discord" || to.name == "matrix"
		if !always && uint64(k) != turn {
			continue // its turn comes
		}
		want, printed, err := shows(to.Dialect, doc)
		if err == nil {
			err = c.written(to.Dialect, i, want, printed)
		}
		if err != nil {
			return fmt.Errorf("from %s to %s: %w", from, to.name, err)
		}
	}
	return nil
}

// read has reader k read a text, and names it: one of the dialects, Discord's
// with the text in its cards, too, or after them what reads typed lines.
func read(k uint64, src string, cards bool) (name string, doc Doc) {
	if k == uint64(len(dialects)) {
		return "lines as typed", Typed(src)
	}
	d := dialects[k]
	if discord, ok := d.Dialect.(Discord); ok && cards {
		return d.name + ", with cards", discord.ParseCards(src, []Card{{Author: src, Title: src, URL: src, Text: src, Fields: []CardField{{src, src}}, Image: "https://x.y/" + src, Footer: src}})
	}
	return d.name, d.Parse(src)
}

// changed holds what else is made of a Doc to Doc's rules.
func changed(doc Doc) error {
	if e := Excerpt(doc, 20); utf8.RuneCountInString(e) > 20 || strings.Contains(e, "\n") {
		return fmt.Errorf("an excerpt is %q", e)
	}
	half := Byte(doc.Text, CodePoint(doc.Text, len(doc.Text)/2))
	_, answer := doc.Quoted()
	for what, made := range map[string]Doc{
		"answering": answer, "unnamed": doc.Unnamed(doc.Mentioned()...), "emphasised": doc.Emphasised(), "renamed": doc.Renamed(func(id string) string { return "so and " + id }),
		"halved": doc.Slice(0, half).Append(doc.Slice(half, len(doc.Text))), "added to": doc.Add(Block{Kind: Rule}, "* * *"),
	} {
		if err := made.Check(); err != nil {
			return fmt.Errorf("%s: %w\n%s", what, err, show(made))
		}
		if who := made.Mentioned(); what == "unnamed" && who != nil {
			return fmt.Errorf("unnamed, it mentions %q\n%s", who, show(made))
		}
	}
	return nil
}

// written judges what a dialect wrote.
func (c *court) written(d Dialect, i uint64, want Doc, printed string) error {
	switch d.(type) {
	case HTML:
		return harm(printed)
	case Matrix:
		return c.onMatrix(d, i, want, printed)
	case Discord:
		return c.onDiscord(d, i, want, printed)
	}
	return nil
}

func (c *court) onDiscord(d Dialect, i uint64, want Doc, printed string) (err error) {
	if err := loud(want, printed); err != nil {
		return err
	}
	if want.Empty() {
		return nil
	}
	if trimmed := strings.TrimSpace(printed); trimmed != printed { // as Discord's server does
		if got := d.Parse(trimmed); got.Text != want.Text {
			return fmt.Errorf("trimmed, %q is read as %q", printed, got.Text)
		}
	}
	contents := []string{printed}
	if len(printed) > 2000 || i%128 == 0 {
		limit := 2000
		if i%128 == 0 {
			limit = 40 + int(i/128%400)
		}
		if contents, err = c.parted(d, want, onDiscord(limit)); err != nil {
			return fmt.Errorf("at most %d: %w", limit, err)
		}
	}
	for _, content := range contents {
		c.discord.Add(1)
		if err := c.requests.check(map[string]any{
			"content": content, "flags": 0, "nonce": "0123456789abcdefghijklmno", "enforce_nonce": true,
			"allowed_mentions": map[string]any{"parse": []any{}},
		}); err != nil || strings.TrimSpace(content) == "" || !utf8.ValidString(content) {
			return fmt.Errorf("an invalid request: %v %q", err, content)
		}
	}
	return nil
}

func (c *court) onMatrix(d Dialect, i uint64, want Doc, printed string) (err error) {
	if err := harm(printed); err != nil {
		return err
	}
	mentioned := 0
	for _, s := range want.Spans {
		if s.Kind == Mention {
			mentioned++
		}
	}
	if strings.Contains(printed, "matrix.to") {
		if n := linkedTo(printed); n > mentioned {
			return fmt.Errorf("%d people are linked to in %q, %d are mentioned", n, printed, mentioned)
		}
	}
	if want.Empty() {
		return nil
	}
	pages := []string{printed}
	if len(printed) > 8_000 || i%128 == 1 {
		limit := 24_000
		if i%128 == 1 {
			limit = 100 + int(i/128%1000)
		}
		fits := func(part Doc) bool { return len(d.Print(part))+len(Plain{}.Print(part)) <= limit }
		if pages, err = c.parted(d, want, fits); err != nil {
			return fmt.Errorf("at most %d: %w", limit, err)
		}
	}
	for _, page := range pages {
		c.matrix.Add(1)
		if err := c.events.check(map[string]any{
			"type": "m.room.message", "event_id": "$e", "sender": "@bot:hs.org", "room_id": "!r:hs.org", "origin_server_ts": 1,
			"content": map[string]any{
				"msgtype": "m.notice", "body": Plain{}.Print(want), "format": "org.matrix.custom.html", "formatted_body": page, "m.mentions": map[string]any{},
			},
		}); err != nil || !utf8.ValidString(page) {
			return fmt.Errorf("an invalid event: %v %q", err, page)
		}
	}
	return nil
}

var toPerson = regexp.MustCompile(`^https://matrix\.to/#/(@|%40)([^/?%:@\[]|%[89A-F][0-9A-F])+(:|%3A)[A-Za-z0-9.-]+(:\d+)?(\?.*)?$`)

// linkedTo counts the links that clients show as a person.
func linkedTo(page string) int {
	n := 0
	z := html.NewTokenizer(strings.NewReader(page))
	for z.Next() != html.ErrorToken {
		if to, _ := attr(z.Token(), "href"); toPerson.MatchString(to) {
			n++
		}
	}
	return n
}

// parted splits a Doc, holds the parts to what Split promises and returns them
// as they are written: each fits, no word is lost or moved, no character is
// cut, and each is read by itself as what it is.
func (c *court) parted(d Dialect, whole Doc, fits func(Doc) bool) ([]string, error) {
	c.splits.Add(1)
	var out []string
	ends := characterEnds(whole.Text)
	words := strings.Builder{}
	for _, part := range Split(whole, fits) {
		if err := part.Check(); err != nil {
			return nil, fmt.Errorf("a part: %w\n%s", err, show(part))
		}
		if !fits(part) && strings.TrimSpace(characterAfter(part.Text)) != "" {
			return nil, fmt.Errorf("a part does not fit: %s", show(part))
		}
		printed := d.Print(part)
		if err := readAs(d, printed, d.Normal(part)); err != nil {
			return nil, fmt.Errorf("a part: %w", err)
		}
		out = append(out, printed)
		words.WriteString(squeezed(part.Text))
		if !ends[words.Len()] {
			return nil, fmt.Errorf("a character is cut at the end of %q", part.Text)
		}
	}
	if squeezed(whole.Text) != words.String() {
		return nil, fmt.Errorf("the words are\n%q\nnot\n%q", words.String(), squeezed(whole.Text))
	}
	return out, nil
}

// characterEnds are the places where characters that people see end, white
// space left out.
func characterEnds(s string) map[int]bool {
	ends, at := map[int]bool{}, 0
	for it := graphemes.FromString(s); it.Next(); {
		at += len(squeezed(it.Value()))
		ends[at] = true
	}
	return ends
}
