package command

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"marginalia/internal/chat"
	"marginalia/internal/lang"
	"marginalia/internal/schedule"
)

// Commands answer in the language of the room in which they are called; what is
// typed is the same in all.
func TestAnswersInGerman(t *testing.T) {
	h := newHouse(t, "daily")
	h.run = Dispatcher(Env{DB: h.db, Language: func(room chat.Room) lang.Language {
		if room == lobby {
			return lang.German
		}
		return lang.English
	}})
	for i, c := range []struct {
		room  chat.Room
		right chat.Right
		say   string
		want  []string
	}{
		{lobby, chat.Anyone, "help", []string{"Antworte im Thread einer Passage, ", "status: was hier gelesen wird, wie weit, und wann es weitergeht", "host: next, skip, back, pause, resume, start, schedule, list, rooms, import (mehr mit help host)"}},
		{lobby, chat.Anyone, "help next", []string{"next [count] [plan]: postet die nächste Passage jetzt, ohne auf die Uhr zu warten (für die Moderation)", "count: wie viele Passagen, 1 bis 5"}},
		{lobby, chat.Anyone, "help hide", []string{"; oder „Anmerkung verbergen“ im Menü einer Nachricht, wo es eines gibt (für die Moderation)"}},
		{lobby, chat.Anyone, "dance", []string{`Einen Befehl "dance" gibt es nicht. Der Bot kennt:`}},
		{attic, chat.Anyone, "dance", []string{`There is no command "dance". The bot knows:`}},
		{lobby, chat.Anyone, "status", []string{"An Essay: 0 von 3 Passagen gepostet, 0 Anmerkungen; täglich um 18:30, als Nächstes Mo., 2. März, 18:30 (Europe/Berlin)."}},
		{attic, chat.Anyone, "status", []string{"Nothing is read in this room yet."}},
		{lobby, chat.Anyone, "where", []string{"An Essay: davon steht hier noch nichts", "Als Nächstes kommt Passage 1, Mo., 2. März, 18:30 (Europe/Berlin). Der letzte von 3 Beiträgen kommt Mi., 4. März, 18:30 (Europe/Berlin), wenn es so weitergeht."}},
		{lobby, chat.Anyone, "next", []string{`"next" ist in diesem Raum der Moderation vorbehalten.`}},
		{lobby, chat.Moderator, "next", []string{"Passage 1 von 3 ist unterwegs."}},
		{lobby, chat.Moderator, "next 9", []string{"next nimmt eine Zahl von 1 bis 5."}},
		{lobby, chat.Moderator, "skip 2", []string{"Passagen 2 bis 3 von 3 werden übersprungen: Nichts davon wird gepostet. Der Text ist zu Ende: Es gibt keine weitere Passage. Um sie doch zu bekommen: back 2"}},
		{lobby, chat.Moderator, "back 3", []string{"Passage 3 wird nicht mehr übersprungen. Als Nächstes kommt Passage 3, Mo., 2. März, 18:30 (Europe/Berlin). Um sie jetzt zu posten: next"}},
		{lobby, chat.Moderator, "schedule mon and wed 9:00", []string{`"daily": Mo. und Mi. um 09:00 (Europe/Berlin); als Nächstes Mi., 4. März, 09:00 (Europe/Berlin).`}},
		{lobby, chat.Moderator, "schedule gestern", []string{"Das ist nicht zu verstehen (", "Zeiten werden auf Englisch geschrieben"}},
		{lobby, chat.Moderator, "pause", []string{"An Essay: 1 von 3 Passagen gepostet, 1 übersprungen, 0 Anmerkungen; angehalten."}},
		{lobby, chat.Moderator, "list", []string{"An Essay, 3 Passagen (", `hier gelesen von "daily"`}},
		{lobby, chat.Moderator, "rooms", []string{`"daily" postet in 1 Raum:`, "local lobby (dieser): 1 Nachricht wartet auf diesen Raum."}},
		{lobby, chat.Moderator, "retry", []string{"Hier wurde nichts aufgegeben."}},
		{lobby, chat.Anyone, "find goes on", []string{"Diese Worte stehen in 3 Passagen:"}},
		{lobby, chat.Anyone, "find nowhere", []string{"Keine Passage enthält diese Worte."}},
		{lobby, chat.Anyone, "passage 2", []string{"Das ist Passage 2 von 3 aus An Essay · hier noch nicht gepostet"}},
		{lobby, chat.Anyone, "heat", []string{"Zu dem, was hier gelesen wird, wurde noch nichts gesagt."}},
		{lobby, chat.Anyone, "digest 1", []string{"Seit 1 Tag wurde nichts gesagt."}},
		{lobby, chat.Anyone, "me", []string{"Was du auf Passagen antwortest, wird ", "me name: Was du sagst, wird unter deinem Namen veröffentlicht"}},
		{lobby, chat.Anyone, "me forget", []string{"Vergessen zu werden lässt sich nicht rückgängig machen.", "schreib: me forget yes"}},
		{lobby, chat.Anyone, "annotate", []string{"Hier fehlt die Anmerkung. Schreib zum Beispiel: annotate > "}},
		{lobby, chat.Anyone, "export pdf", []string{`Ein Format "pdf" gibt es nicht: Nimm eines von jsonld, `}},
		{lobby, chat.Operator, "import x", []string{"Nenne eine Webadresse, zum Beispiel: import https://example.org/essay"}},
	} {
		got := h.say(string(rune('a'+i)), c.room, c.right, c.say)
		for _, want := range c.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s in %s:\n%s\ndoes not say\n%s", c.say, c.room, got, want)
			}
		}
	}
}

// When a plan posts is said in German, too, and so is what the clocks do to it.
func TestTimesInGerman(t *testing.T) {
	for cron, want := range map[string]string{
		"30 8 * * 1-5; 0 18 * * 1-5": "werktags um 08:30 und 18:00",
		"0 12 * * 0,6":               "am Wochenende um 12:00",
		"0 9 1,15,22,23 * *":         "am 1., 15., 22. und 23. um 09:00",
		"0 */2 * * *":                "alle 2 Stunden",
		"*/10 * * * 1":               "Mo. alle 10 Minuten",
		"0 * * * *":                  "jede Stunde",
		"5 4 3 2 1; @every 3s":       "5 4 3 2 1; @every 3s",
	} {
		if got := (schedule.Plan{Cron: cron}).WordsIn(lang.German); got != want {
			t.Errorf("%s is %q, want %q", cron, got, want)
		}
	}
	p := schedule.Plan{Name: "night", Cron: "30 2 * * *", Zone: "Europe/Berlin", Start: begin}
	spring := time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC)
	if got := Times(lang.German, p, spring); got != "täglich um 02:30, als Nächstes So., 29. März, 03:00 (Europe/Berlin); So., 29. März, 02:30 wird von den Uhren übersprungen: dafür zählt 03:00" {
		t.Errorf("in spring it says %q", got)
	}
}

// What stands in the table of commands fits in German where it does in English.
func TestGermanFitsTheTable(t *testing.T) {
	for _, c := range All {
		for _, key := range Keys(c) {
			most := 100
			if string(key) == c.Menu {
				most = 32
			}
			if said := lang.German.Words(key); utf8.RuneCountInString(said) > most {
				t.Errorf("%s: %q is longer than %d", c.Name, said, most)
			}
		}
	}
}
