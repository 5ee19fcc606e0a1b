package schedule

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Times is when something repeats.
type Times struct {
	Cron string // cron lines, parted by "; "
	Zone string // the time zone that was named; "" if none was
}

// Parse reads what a person typed: plain words or a cron line, in small or
// capital letters, and a time zone behind it if they like.
//
// The words are days and their times, as often as somebody likes:
//
//	daily at 18:30
//	weekdays 8:30 and 18:00 Europe/Berlin
//	mon, wed and fri 9:00, weekends noon
//	mon-thu every 2 hours
//	on the 1st and 15th at 9 am
//
// Days are daily, weekdays, weekends, names of days of the week in full or
// of three letters, days of the month, and spans of either; without any it is
// every day. Times are 9:00, 9am, noon, midnight, or every so many hours or
// minutes, which are counted from midnight and the full hour. The error is one
// sentence that says what is not understood and shows an example.
func Parse(said string) (Times, error) {
	tokens := strings.Fields(said)
	zone := ""
	if n := len(tokens); n > 0 && namesZone(tokens[n-1]) {
		var known bool
		if zone, known = findZone(strings.Trim(tokens[n-1], "()")); !known {
			return Times{}, fmt.Errorf("the time zone %q is not known: write one such as Europe/Berlin", strings.Trim(tokens[n-1], "()"))
		}
		tokens = tokens[:n-1]
	}
	if IsCron(strings.Join(tokens, " ")) {
		t := Times{strings.Join(tokens, " "), zone}
		if _, err := (Plan{Cron: t.Cron}).rule(); err != nil {
			return Times{}, fmt.Errorf("it %w", err)
		}
		return t, nil
	}
	r := reader{said: said}
	if err := r.read(tokens); err != nil {
		return Times{}, err
	}
	return Times{strings.Join(r.lines, lineBreak), zone}, nil
}

const example = `write it like "weekdays at 8:30 and 18:00", "mon, wed and fri 9:00" or "every 2 hours"`

// IsCron knows a cron line from plain words, whether it can be read or not.
func IsCron(said string) bool {
	tokens := strings.Fields(said)
	if slices.ContainsFunc(tokens, func(s string) bool { return s == "*" || strings.HasPrefix(s, "@") }) {
		return true
	}
	if len(tokens) > 5 && strings.HasSuffix(tokens[4], ";") {
		tokens = tokens[:5]
	}
	return len(tokens) == 5 && strings.Trim(tokens[0]+tokens[1], "0123456789,-*/") == ""
}

func namesZone(token string) bool {
	token = strings.ToUpper(strings.Trim(token, "()"))
	if token == "UTC" || token == "GMT" {
		return true
	}
	return strings.Contains(token, "/") && strings.Trim(token, "0123456789,-*/") != ""
}

// findZone finds a time zone by its name in whatever letters.
func findZone(token string) (string, bool) {
	titled := []byte(strings.ToLower(token))
	for i, c := range titled {
		if (i == 0 || strings.IndexByte("/_-", titled[i-1]) >= 0) && c >= 'a' && c <= 'z' {
			titled[i] = c - 'a' + 'A'
		}
	}
	for _, name := range []string{string(titled), token, strings.ToUpper(token)} {
		if _, err := time.LoadLocation(name); err == nil {
			return name, true
		}
	}
	return "", false
}

// A reader makes cron lines of words.
type reader struct {
	said  string
	group group
	lines []string
}

// group is days, and when on them.
type group struct {
	week, month uint64 // days, as bits; neither: every day
	days        string // as they were said; "": they were not
	times       []int  // minutes of the day
	step        string // minute and hour of "every 2 hours"
}

var (
	span      = regexp.MustCompile(`\s*(?:[-–]|\bto\b|\bthrough\b)\s*`)
	halves    = regexp.MustCompile(`(\d)\s+(am|pm)\b`)
	clockTime = regexp.MustCompile(`^(\d{1,2})(?::(\d{2}))?(am|pm)?$`)
	ordinal   = regexp.MustCompile(`^(\d{1,2})(?:st|nd|rd|th)$`)
	digits    = regexp.MustCompile(`^\d+$`)
)

// joined writes "Mon to Fri 9 am" as "mon-fri 9am".
func joined(said string) string {
	return halves.ReplaceAllString(span.ReplaceAllString(strings.ToLower(said), "-"), "$1$2")
}

func (r *reader) read(tokens []string) error {
	words := strings.FieldsFunc(joined(strings.Join(tokens, " ")), func(c rune) bool { return strings.ContainsRune(" ,;&", c) })
	for len(words) > 0 {
		n, err := r.take(words)
		if err != nil {
			return err
		}
		words = words[n:]
	}
	return r.end()
}

// take reads what words begin with, and returns how many that are.
func (r *reader) take(words []string) (int, error) {
	word := words[0]
	switch word {
	case "at", "on", "and", "the", "of", "each":
		return 1, nil
	case "hourly":
		return 1, r.every(word, 1, "hour")
	case "every":
		n, unit, used := 1, "", 1
		if len(words) > 1 && digits.MatchString(words[1]) {
			n, _ = strconv.Atoi(words[1])
			used = 2
		}
		if len(words) > used {
			unit = strings.TrimSuffix(words[used], "s")
		}
		if unit == "hour" || unit == "minute" {
			return used + 1, r.every(strings.Join(words[:used+1], " "), n, unit)
		}
		if used == 2 {
			return 0, r.amiss(strings.Join(words[:min(3, len(words))], " "))
		}
		return 1, nil
	}
	if week, month, ok := daysOf(word); ok {
		return 1, r.day(word, week, month)
	}
	minute, ok := timeOfDay(word)
	if !ok || r.group.step != "" {
		return 0, r.amiss(word)
	}
	r.group.times = append(r.group.times, minute)
	return 1, nil
}

func (r *reader) amiss(what string) error {
	if digits.MatchString(what) {
		return fmt.Errorf("%q in %q is not a time of day: write it like 9:00 or 9am", what, r.said)
	}
	return fmt.Errorf("%q in %q is not understood: %s", what, r.said, example)
}

// every reads "every 2 hours".
func (r *reader) every(said string, n int, unit string) error {
	if len(r.group.times) > 0 || r.group.step != "" {
		return r.amiss(said)
	}
	whole := 24
	if unit == "minute" {
		whole = 60
	}
	switch {
	case n < 1 || n >= whole || whole%n != 0:
		return fmt.Errorf("%q in %q is not understood: a day is divided into steps of 1, 2, 3, 4, 6, 8 or 12 hours, an hour into those of 1 to 30 minutes that divide it", said, r.said)
	case unit == "hour" && n == 1:
		r.group.step = "0 *"
	case unit == "hour":
		r.group.step = fmt.Sprintf("0 */%d", n)
	case n == 1:
		r.group.step = "* *"
	default:
		r.group.step = fmt.Sprintf("*/%d *", n)
	}
	return nil
}

// day adds days to those of the group, or begins another. Times before which no
// days were said are not taken for those of every day: they may be meant for the
// days behind them.
func (r *reader) day(said string, week, month uint64) error {
	if len(r.group.times) > 0 || r.group.step != "" {
		if r.group.days == "" {
			return fmt.Errorf("%q names no time of day for %q, or no days for the times before it: write times behind the days, as in \"%s 9:00\"", r.said, said, said)
		}
		if err := r.end(); err != nil {
			return err
		}
	}
	g := &r.group
	g.week, g.month = g.week|week, g.month|month
	if g.week != 0 && g.month != 0 {
		return fmt.Errorf("%q mixes days of the week and of the month: give each of them times of their own, as in \"mon 9:00, 1st 12:00\"", r.said)
	}
	g.days = strings.TrimPrefix(g.days+" "+said, " ")
	return nil
}

// end makes lines of the group.
func (r *reader) end() error {
	g := r.group
	r.group = group{}
	if len(g.times) == 0 && g.step == "" {
		if g.days == "" {
			return fmt.Errorf("%q names no time: %s", r.said, example)
		}
		return fmt.Errorf("%q names no time of day for %q: write times behind the days, as in \"%s 9:00\"", r.said, g.days, g.days)
	}
	days := g.cronDays()
	if g.step != "" {
		r.lines = append(r.lines, g.step+" "+days)
		return nil
	}
	slices.Sort(g.times)
	hours := map[int][]string{}
	var minutes []int
	for _, t := range slices.Compact(g.times) {
		if m := t % 60; !slices.Contains(minutes, m) {
			minutes = append(minutes, m)
		}
		hours[t%60] = append(hours[t%60], strconv.Itoa(t/60))
	}
	for _, m := range minutes {
		r.lines = append(r.lines, fmt.Sprintf("%d %s %s", m, strings.Join(hours[m], ","), days))
	}
	return nil
}

const (
	allWeek  = 1<<7 - 1
	workdays = 1<<6 - 1<<1
	weekend  = 1 | 1<<6
)

// cronDays are the last three fields of a cron line.
func (g group) cronDays() string {
	switch {
	case g.month != 0:
		return bitList(g.month) + " * *"
	case g.week == 0 || g.week == allWeek:
		return "* * *"
	case g.week == workdays:
		return "* * 1-5"
	}
	return "* * " + bitList(g.week)
}

func bitList(bits uint64) string {
	var all []string
	for i := range 64 {
		if bits>>i&1 > 0 {
			all = append(all, strconv.Itoa(i))
		}
	}
	return strings.Join(all, ",")
}

var weekNames = []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

// daysOf reads "weekdays", "mon", "mon-fri", "1st" or "1st-5th".
func daysOf(word string) (week, month uint64, ok bool) {
	switch word {
	case "daily", "day", "days":
		return allWeek, 0, true
	case "weekday", "weekdays":
		return workdays, 0, true
	case "weekend", "weekends":
		return weekend, 0, true
	}
	first, last, isSpan := strings.Cut(word, "-")
	if !isSpan {
		last = first
	}
	if from, to := weekday(first), weekday(last); from >= 0 && to >= 0 {
		for d := from; ; d = (d + 1) % 7 {
			week |= 1 << d
			if d == to {
				return week, 0, true
			}
		}
	}
	from, to := dayOfMonth(first), dayOfMonth(last)
	for d := from; d <= to && from > 0; d++ {
		month |= 1 << d
	}
	return 0, month, month != 0
}

func weekday(word string) int {
	for i, name := range weekNames {
		if word == name || word == name+"s" || word == name[:3] || len(word) == 4 && strings.HasPrefix(name, word) {
			return i
		}
	}
	return -1
}

func dayOfMonth(word string) int {
	m := ordinal.FindStringSubmatch(word)
	if m == nil {
		return 0
	}
	n, err := strconv.Atoi(m[1])
	if err != nil || n > 31 {
		return 0
	}
	return n
}

// timeOfDay reads "9:00", "9am", "noon" or "midnight", in minutes from midnight.
func timeOfDay(word string) (int, bool) {
	switch word {
	case "noon":
		return 12 * 60, true
	case "midnight":
		return 0, true
	}
	m := clockTime.FindStringSubmatch(word)
	if m == nil || m[2] == "" && m[3] == "" {
		return 0, false
	}
	hour, _ := strconv.Atoi(m[1])
	minute, _ := strconv.Atoi("0" + m[2])
	switch {
	case minute > 59 || hour > 23 || m[3] != "" && (hour < 1 || hour > 12):
		return 0, false
	case m[3] == "am":
		hour %= 12
	case m[3] == "pm":
		hour = hour%12 + 12
	}
	return hour*60 + minute, true
}
