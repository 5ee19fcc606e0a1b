package schedule

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ReadCalendar returns the dates of the events of whole days in a calendar
// (iCalendar, RFC 5545), written as a plan's Skip is. Events with a time of day
// are left out, as nobody has a holiday from ten to eleven, and so are those that
// were cancelled. An event may come again each year; of one that comes again in
// another way the error says so, for some of its dates would be missed.
func ReadCalendar(src string) ([]string, error) {
	lines := unfolded(src)
	if len(lines) == 0 || !strings.EqualFold(strings.TrimSpace(lines[0].text), "BEGIN:VCALENDAR") {
		return nil, errors.New("it is no calendar: the first line of one is BEGIN:VCALENDAR")
	}
	var all []string
	var inside []string // the components that are open, outermost first
	var e event
	for _, l := range lines {
		name, params, value := property(l.text)
		switch {
		case name == "BEGIN":
			if inside = append(inside, strings.ToUpper(value)); len(inside) == 2 {
				e = event{line: l.number}
			}
		case name == "END" && len(inside) > 0:
			if len(inside) == 2 && inside[1] == "VEVENT" {
				some, err := e.dates()
				if err != nil {
					return nil, fmt.Errorf("line %d: the event %q %w", e.line, e.summary, err)
				}
				all = append(all, some...)
			}
			inside = inside[:len(inside)-1]
		case len(inside) == 2: // an alarm in an event has a DURATION of its own
			e.set(name, params, value)
		}
	}
	if len(inside) > 0 {
		return nil, fmt.Errorf("it ends inside %s: a part of the file is missing", inside[len(inside)-1])
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

type contentLine struct {
	number int
	text   string
}

// unfolded are the lines of a calendar, those that were folded made whole again
// (RFC 5545, section 3.1).
func unfolded(src string) []contentLine {
	var all []contentLine
	number := 0
	for line := range strings.Lines(strings.TrimPrefix(src, "\ufeff")) {
		number++
		line = strings.TrimRight(line, "\r\n")
		if line != "" && (line[0] == ' ' || line[0] == '\t') && len(all) > 0 {
			all[len(all)-1].text += line[1:]
			continue
		}
		if line != "" {
			all = append(all, contentLine{number, line})
		}
	}
	return all
}

// property parts a line into its name, its parameters and its value. A colon in
// quotes belongs to a parameter (RFC 5545, section 3.2).
func property(line string) (name string, params []string, value string) {
	quoted := false
	end := strings.IndexFunc(line, func(c rune) bool {
		quoted = quoted != (c == '"')
		return c == ':' && !quoted
	})
	if end < 0 {
		return "", nil, ""
	}
	parts := strings.Split(line[:end], ";")
	return strings.ToUpper(parts[0]), parts[1:], strings.TrimSpace(line[end+1:])
}

// event is what is read of a VEVENT (RFC 5545, section 3.6.1).
type event struct {
	line                               int
	summary                            string
	start, end, duration, rule, status string
	timed, more                        bool // it has a time of day; more dates than start and rule say
}

// unescaped undoes what section 3.3.11 does to text.
var unescaped = strings.NewReplacer(`\\`, `\`, `\;`, `;`, `\,`, `,`, `\n`, " ", `\N`, " ")

func (e *event) set(name string, params []string, value string) {
	switch name {
	case "SUMMARY":
		e.summary = unescaped.Replace(value)
	case "DTSTART":
		e.start, e.timed = value, len(value) != len("20261224")
	case "DTEND":
		e.end = value
	case "DURATION":
		e.duration = value
	case "RRULE":
		e.rule = strings.ToUpper(value)
	case "RDATE", "EXDATE":
		e.more = true
	case "STATUS":
		e.status = strings.ToUpper(value)
	}
}

const basic = "20060102" // a DATE (RFC 5545, section 3.3.4)

// dates are the days of the event. Its end is not one of them.
func (e *event) dates() ([]string, error) {
	if e.timed || e.status == "CANCELLED" {
		return nil, nil
	}
	from, err := time.Parse(basic, e.start)
	if err != nil {
		return nil, fmt.Errorf("begins on %q, which is no date", e.start)
	}
	days, err := e.days(from)
	if err != nil {
		return nil, err
	}
	if e.rule == "" && !e.more {
		return []string{stretchOf(from, days, time.DateOnly)}, nil
	}
	years, ever, ok := e.yearly(from)
	if !ok || e.more {
		return nil, errors.New("comes again in a way that is not understood: write its dates in skip, or let each be an event of its own")
	}
	if ever {
		return []string{stretchOf(from, days, "01-02")}, nil
	}
	var all []string
	for i := range years {
		if again := from.AddDate(i, 0, 0); again.Day() == from.Day() {
			all = append(all, stretchOf(again, days, time.DateOnly))
		}
	}
	return all, nil
}

func stretchOf(from time.Time, days int, layout string) string {
	if days == 1 {
		return from.Format(layout)
	}
	return from.Format(layout) + ".." + from.AddDate(0, 0, days-1).Format(layout)
}

// days is how many days the event lasts: one, unless it says otherwise.
func (e *event) days(from time.Time) (int, error) {
	if e.end != "" {
		end, err := time.Parse(basic, e.end)
		if err != nil || end.Before(from) {
			return 0, fmt.Errorf("ends on %q, which is no date behind its beginning", e.end)
		}
		return max(1, int(end.Sub(from)/(24*time.Hour))), nil
	}
	if e.duration == "" {
		return 1, nil
	}
	size := map[byte]int{'D': 1, 'W': 7}[e.duration[len(e.duration)-1]] // section 3.3.6
	n, err := strconv.Atoi(strings.TrimRight(strings.TrimLeft(e.duration, "+P"), "DW"))
	if size == 0 || err != nil || n < 1 || n > 10_000 {
		return 0, fmt.Errorf("lasts %q, which is no number of days or weeks", e.duration)
	}
	return n * size, nil
}

// yearly reads a rule by which the event comes again on its date each year
// (RFC 5545, section 3.3.10): so many years, or for ever.
func (e *event) yearly(from time.Time) (years int, ever, ok bool) {
	freq := false
	ever = true
	for part := range strings.SplitSeq(e.rule, ";") {
		name, value, _ := strings.Cut(part, "=")
		n, err := strconv.Atoi(value)
		switch name {
		case "FREQ":
			freq = value == "YEARLY"
		case "INTERVAL":
			ok = err == nil && n == 1
		case "BYMONTH":
			ok = err == nil && n == int(from.Month())
		case "BYMONTHDAY":
			ok = err == nil && n == from.Day()
		case "COUNT":
			years, ever, ok = n, false, err == nil && n > 0 && n <= 1000
		case "UNTIL":
			until, wrong := time.Parse(basic, value[:min(len(value), len(basic))])
			for wrong == nil && years < 1000 && !from.AddDate(years, 0, 0).After(until) {
				years++
			}
			ever, ok = false, wrong == nil
		default:
			ok = name == "WKST"
		}
		if name != "FREQ" && !ok {
			return 0, false, false
		}
	}
	return years, ever, freq
}
