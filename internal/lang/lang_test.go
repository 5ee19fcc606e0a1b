package lang_test

import (
	"strings"
	"testing"
	"time"

	"marginalia/internal/lang"
)

func TestLanguagesAreFoundByTheirTags(t *testing.T) {
	for tag, want := range map[string]lang.Language{"": lang.English, "en": lang.English, "de": lang.German, "DE": lang.German} {
		if got, err := lang.Parse(tag); got != want || err != nil {
			t.Errorf("%q: %v, %v", tag, got, err)
		}
	}
	if _, err := lang.Parse("tlh"); err == nil || err.Error() != `there are no words in "tlh": write en or de` {
		t.Errorf("tlh: %v", err)
	}
	if got := strings.Join(lang.Tags(), " "); got != "en de" {
		t.Errorf("tags are %q", got)
	}
}

func TestTimesAreWrittenAsPeopleDo(t *testing.T) {
	for at, want := range map[string][4]string{
		"2026-03-02T15:04:00Z": {"2 March 2026, 15:04 UTC", "2. März 2026, 15:04 UTC", "Mon 2 Mar 15:04", "Mo., 2. März, 15:04"},
		"2026-05-31T06:07:08Z": {"31 May 2026, 06:07 UTC", "31. Mai 2026, 06:07 UTC", "Sun 31 May 06:07:08", "So., 31. Mai, 06:07:08"},
		"2026-12-01T00:00:00Z": {"1 December 2026, 00:00 UTC", "1. Dezember 2026, 00:00 UTC", "Tue 1 Dec 00:00", "Di., 1. Dez., 00:00"},
	} {
		at, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := [4]string{lang.English.Date(at), lang.German.Date(at), lang.English.Moment(at), lang.German.Moment(at)}; got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
}

// What is not known is said in English, and percent signs are only that.
func TestWordsThatAreNotKnown(t *testing.T) {
	if got := lang.German.Words("100% new"); got != "100% new" {
		t.Errorf("got %q", got)
	}
	if lang.German.Has("100% new") || !lang.English.Has("100% new") {
		t.Error("German has words for what it does not know, or English has none")
	}
}

// What is counted is worded by the number, which is written as it is counted.
func TestNumbersChooseTheWords(t *testing.T) {
	for n, want := range map[int][2]string{
		0: {"0 passages", "0 Passagen"}, 1: {"1 passage", "1 Passage"}, 2: {"2 passages", "2 Passagen"},
		21: {"21 passages", "21 Passagen"}, 1000: {"1000 passages", "1000 Passagen"}, 1234567: {"1234567 passages", "1234567 Passagen"},
	} {
		if got := [2]string{lang.English.Sprintf("%d passages", n), lang.German.Sprintf("%d passages", n)}; got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
	for n, want := range map[int]string{1: "Passage 3 von 9 ist unterwegs.", 2: "Passagen 3, 5 von 9 sind unterwegs."} {
		which := map[int]string{1: "Passage 3", 2: "Passagen 3, 5"}[n]
		if got := lang.German.Sprintf("%[2]s of %[3]d are on their way.", n, which, 9); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
	if got := lang.English.Sprintf("%[2]s of %[3]d are on their way.", 1, "Passage 3", 9); got != "Passage 3 of 9 is on its way." {
		t.Errorf("got %q", got)
	}
}
