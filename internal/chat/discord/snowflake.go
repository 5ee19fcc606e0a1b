package discord

import (
	"strconv"
	"time"
)

// born is when Discord began to count: ids hold the milliseconds since.
var born = time.Date(2015, time.January, 1, 0, 0, 0, 0, time.UTC)

// isID reports whether s is an id of Discord's: a number.
func isID(s string) bool {
	n, err := strconv.ParseUint(s, 10, 64)
	return err == nil && n > 0 && s[0] != '0' && s[0] != '+'
}

// number is an id as a number, 0 if it is none. Ids of one channel grow.
func number(id string) uint64 {
	n, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func idOf(n uint64) string { return strconv.FormatUint(n, 10) }

// newer reports whether the id a was given out after b.
func newer(a, b string) bool { return number(a) > number(b) }

// timeOf is when an id was given out.
func timeOf(id string) time.Time {
	return born.Add(time.Duration(number(id)>>22) * time.Millisecond)
}

// idAt is an id that is older than all that were given out from t on.
func idAt(t time.Time) string {
	ms := t.Sub(born).Milliseconds()
	if ms <= 0 {
		return "0"
	}
	return idOf(uint64(ms)<<22 - 1)
}
