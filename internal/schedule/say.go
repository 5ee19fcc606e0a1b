package schedule

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"marginalia/internal/lang"
)

// Words says when p fires as a person would, as in "weekdays at 08:30 and
// 18:00"; of cron lines that it has no words for, the lines. The zone is not
// said. Parse reads what it says.
func (p Plan) Words() string { return p.WordsIn(lang.English) }

// WordsIn is Words in a language.
func (p Plan) WordsIn(in lang.Language) string {
	lines := strings.Split(p.Cron, ";")
	at := map[string][]int{} // times by days
	var order, whole []string
	for _, line := range lines {
		line = strings.TrimSpace(line)
		days, times, said := wordsOf(in, line)
		switch {
		case said == "" && times == nil:
			return p.Cron
		case said != "":
			whole = append(whole, said)
			continue
		case at[days] == nil:
			order = append(order, days)
		}
		at[days] = append(at[days], times...)
	}
	var all []string
	for _, days := range order {
		slices.Sort(at[days])
		var times []string
		for _, t := range slices.Compact(at[days]) {
			times = append(times, fmt.Sprintf("%02d:%02d", t/60, t%60))
		}
		all = append(all, in.Sprintf("%s at %s", days, list(in, times)))
	}
	if all = append(all, whole...); len(all) == 1 && len(whole) == 1 {
		return strings.TrimPrefix(whole[0], in.Sprintf("daily")+" ")
	}
	return strings.Join(all, ", ")
}

// namedLines are those that robfig/cron knows by a name.
var namedLines = map[string]string{
	"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *",
	"@weekly": "0 0 * * 0", "@monthly": "0 0 1 * *",
}

// wordsOf are the days and times of day of a cron line, or what it says in
// words. It returns neither for a line that it has no words for.
func wordsOf(in lang.Language, line string) (days string, times []int, said string) {
	if full, ok := namedLines[line]; ok {
		line = full
	}
	f := strings.Fields(line)
	if len(f) != 5 || f[3] != "*" {
		return "", nil, ""
	}
	if days = dayWords(in, f[2], f[4]); days == "" {
		return "", nil, ""
	}
	if step := stepWords(in, f[0], f[1]); step != "" {
		return days, nil, days + " " + step
	}
	minutes, ok1 := numbers(f[0], 59)
	hours, ok2 := numbers(f[1], 23)
	if !ok1 || !ok2 {
		return "", nil, ""
	}
	for _, h := range hours {
		for _, m := range minutes {
			times = append(times, h*60+m)
		}
	}
	return days, times, ""
}

func stepWords(in lang.Language, minute, hour string) string {
	step, whole, one, many := minute, 60, lang.Key("every minute"), lang.Key("every %d minutes")
	if minute == "0" {
		step, whole, one, many = hour, 24, lang.Key("every hour"), lang.Key("every %d hours")
	} else if hour != "*" {
		return ""
	}
	if step == "*" {
		return in.Words(one)
	}
	n, err := strconv.Atoi(strings.TrimPrefix(step, "*/"))
	if !strings.HasPrefix(step, "*/") || err != nil || n < 2 || n >= whole || whole%n != 0 {
		return ""
	}
	return in.Fill(many, n)
}

func dayWords(in lang.Language, month, week string) string {
	if month != "*" {
		days, ok := numbers(month, 31)
		if !ok || week != "*" {
			return ""
		}
		var all []string
		for _, d := range days {
			all = append(all, ordinalOf(in, d))
		}
		return in.Sprintf("on the %s", list(in, all))
	}
	if week == "*" {
		return in.Sprintf("daily")
	}
	days, ok := numbers(week, 7)
	if !ok {
		return ""
	}
	var bits uint64
	for _, d := range days {
		bits |= 1 << (d % 7)
	}
	switch bits {
	case allWeek:
		return in.Sprintf("daily")
	case workdays:
		return in.Sprintf("weekdays")
	case weekend:
		return in.Sprintf("weekends")
	}
	var all []string
	for i := range 7 {
		if d := time.Weekday((i + 1) % 7); bits>>d&1 > 0 {
			all = append(all, in.Words(weekDays[d]))
		}
	}
	return list(in, all)
}

// weekDays are as they are said in plans.
var weekDays = [7]lang.Key{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}

func ordinalOf(in lang.Language, n int) string {
	switch {
	case n/10 == 1:
	case n%10 == 1:
		return in.Sprintf("%dst", n)
	case n%10 == 2:
		return in.Sprintf("%dnd", n)
	case n%10 == 3:
		return in.Sprintf("%drd", n)
	}
	return in.Sprintf("%dth", n)
}

// numbers reads a field of a cron line: "1,3" or "1-5", in order, each once.
func numbers(field string, most int) ([]int, bool) {
	all := map[int]bool{}
	for part := range strings.SplitSeq(field, ",") {
		first, last, isSpan := strings.Cut(part, "-")
		if !isSpan {
			last = first
		}
		from, err1 := strconv.Atoi(first)
		to, err2 := strconv.Atoi(last)
		if err1 != nil || err2 != nil || from < 0 || to > most || from > to {
			return nil, false
		}
		for n := from; n <= to; n++ {
			all[n] = true
		}
	}
	return slices.Sorted(maps.Keys(all)), true
}

// list writes "a, b and c".
func list(in lang.Language, words []string) string {
	if n := len(words); n > 1 {
		return in.Sprintf("%s and %s", strings.Join(words[:n-1], ", "), words[n-1])
	}
	return strings.Join(words, "")
}
