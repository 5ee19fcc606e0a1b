package schedule

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Words says when p fires as a person would, as in "weekdays at 08:30 and
// 18:00"; of cron lines that it has no words for, the lines. The zone is not
// said. Parse reads what it says.
func (p Plan) Words() string {
	lines := strings.Split(p.Cron, ";")
	at := map[string][]int{} // times by days
	var order, whole []string
	for _, line := range lines {
		line = strings.TrimSpace(line)
		days, times, said := wordsOf(line)
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
		all = append(all, days+" at "+list(times))
	}
	if all = append(all, whole...); len(all) == 1 && len(whole) == 1 {
		return strings.TrimPrefix(whole[0], "daily ")
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
func wordsOf(line string) (days string, times []int, said string) {
	if full, ok := namedLines[line]; ok {
		line = full
	}
	f := strings.Fields(line)
	if len(f) != 5 || f[3] != "*" {
		return "", nil, ""
	}
	if days = dayWords(f[2], f[4]); days == "" {
		return "", nil, ""
	}
	if step := stepWords(f[0], f[1]); step != "" {
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

func stepWords(minute, hour string) string {
	unit, step := "minute", minute
	if minute == "0" {
		unit, step = "hour", hour
	} else if hour != "*" {
		return ""
	}
	if step == "*" {
		return "every " + unit
	}
	n, err := strconv.Atoi(strings.TrimPrefix(step, "*/"))
	whole := map[string]int{"minute": 60, "hour": 24}[unit]
	if !strings.HasPrefix(step, "*/") || err != nil || n < 2 || n >= whole || whole%n != 0 {
		return ""
	}
	return fmt.Sprintf("every %d %ss", n, unit)
}

func dayWords(month, week string) string {
	if month != "*" {
		days, ok := numbers(month, 31)
		if !ok || week != "*" {
			return ""
		}
		var all []string
		for _, d := range days {
			all = append(all, ordinalOf(d))
		}
		return "on the " + list(all)
	}
	if week == "*" {
		return "daily"
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
		return "daily"
	case workdays:
		return "weekdays"
	case weekend:
		return "weekends"
	}
	var all []string
	for i := range 7 {
		if d := time.Weekday((i + 1) % 7); bits>>d&1 > 0 {
			all = append(all, d.String()[:3])
		}
	}
	return list(all)
}

func ordinalOf(n int) string {
	end := "th"
	if n/10 != 1 {
		end = cmp.Or(map[int]string{1: "st", 2: "nd", 3: "rd"}[n%10], end)
	}
	return strconv.Itoa(n) + end
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
func list(words []string) string {
	if n := len(words); n > 1 {
		return strings.Join(words[:n-1], ", ") + " and " + words[n-1]
	}
	return strings.Join(words, "")
}
