package lang

import "strings"

// german are the German words, by the English ones. Whoever is spoken to is du.
// An annotation and a remark are both an Anmerkung; thread Thread, room Raum,
// reader Leseseite, digest Überblick, post Beitrag.
var german = []map[string]string{germanPosts, germanAnswers, germanHelp}

// germanNames makes German of the names in a time as package time writes it.
var germanNames = strings.NewReplacer(
	"January", "Januar", "February", "Februar", "March", "März", "June", "Juni", "July", "Juli", "October", "Oktober", "December", "Dezember",
	"April", "April", "August", "August", "September", "September", "November", "November",
	"Jan", "Jan.", "Feb", "Feb.", "Mar", "März", "Apr", "Apr.", "May", "Mai", "Jun", "Juni", "Jul", "Juli", "Aug", "Aug.", "Sep", "Sept.", "Oct", "Okt.", "Nov", "Nov.", "Dec", "Dez.",
	"Mon", "Mo.", "Tue", "Di.", "Wed", "Mi.", "Thu", "Do.", "Fri", "Fr.", "Sat", "Sa.", "Sun", "So.",
)

// germanPosts are those of posts and notes, of times and of plans.
var germanPosts = map[string]string{
	"2 January 2006, 15:04 UTC": "2. January 2006, 15:04 UTC",
	"Mon 2 Jan 15:04":           "Mon, 2. Jan, 15:04",
	"Mon 2 Jan 15:04:05":        "Mon, 2. Jan, 15:04:05",

	"What you reply here is repeated in the other rooms under your name, and not published beside the text unless you say how you want to be named: %s": "Was du hier antwortest, wird in den anderen Räumen unter deinem Namen wiederholt, aber nicht neben dem Text veröffentlicht, solange du nicht sagst, wie du genannt werden willst: %s",
	"What you reply here is not published beside the text unless you say how you want to be named: %s":                                                  "Was du hier antwortest, wird nicht neben dem Text veröffentlicht, solange du nicht sagst, wie du genannt werden willst: %s",
	"What you reply here is repeated in the other rooms under your name, and published beside the text under your name. To choose otherwise: %s":        "Was du hier antwortest, wird in den anderen Räumen unter deinem Namen wiederholt und neben dem Text unter deinem Namen veröffentlicht. Um etwas anderes zu wählen: %s",
	"What you reply here is published beside the text under your name. To choose otherwise: %s":                                                         "Was du hier antwortest, wird neben dem Text unter deinem Namen veröffentlicht. Um etwas anderes zu wählen: %s",
	"What you reply here is repeated in the other rooms under your name, and published beside the text under a pseudonym. To choose otherwise: %s":      "Was du hier antwortest, wird in den anderen Räumen unter deinem Namen wiederholt und neben dem Text unter einem Pseudonym veröffentlicht. Um etwas anderes zu wählen: %s",
	"What you reply here is published beside the text under a pseudonym. To choose otherwise: %s":                                                       "Was du hier antwortest, wird neben dem Text unter einem Pseudonym veröffentlicht. Um etwas anderes zu wählen: %s",
	"The words that you quote stand at %d places. Which one do you mean?":                                                                               "Die Worte, die du zitierst, stehen an %d Stellen. Welche meinst du?",
	"the passage as a whole": "die ganze Passage",
	"Answer with the number. Until then it is the passage as a whole.": "Antworte mit der Nummer. Bis dahin gilt die ganze Passage.",
	"◀ Previous":     "◀ Zurück",
	"Next ▶":         "Weiter ▶",
	"Open in reader": "Auf der Leseseite",
	"Annotate":       "Anmerken",
	"This bot is not set up for this channel.":         "Dieser Bot ist für diesen Kanal nicht eingerichtet.",
	"This bot does not know any more what that means.": "Dieser Bot weiß nicht mehr, was das bedeutet.",
	"Done.":                       "Erledigt.",
	"This bot takes no commands.": "Dieser Bot nimmt keine Befehle an.",
	"The command %s cannot be carried out: it broke, and the log says how.": "Der Befehl %s lässt sich nicht ausführen: Er ist abgebrochen; das Protokoll sagt, wie.",
	"What people said elsewhere from %s on comes late.":                     "Was anderswo seit dem %s gesagt wurde, kommt verspätet.",
	"A moderator closed the talk about this passage: what is said about it from now on stays talk in this room, and comes neither to the page nor to the other rooms. Remarks from before it may still be edited.": "Die Moderation hat das Gespräch über diese Passage geschlossen: Was ab jetzt darüber gesagt wird, bleibt Gespräch in diesem Raum und kommt weder auf die Leseseite noch in die anderen Räume. Frühere Anmerkungen lassen sich weiter bearbeiten.",
	"A moderator closed this thread: what is said in it from now on stays talk in this room, and comes neither to the page nor to the other rooms. Remarks from before it may still be edited.":                    "Die Moderation hat diesen Thread geschlossen: Was ab jetzt darin gesagt wird, bleibt Gespräch in diesem Raum und kommt weder auf die Leseseite noch in die anderen Räume. Frühere Anmerkungen lassen sich weiter bearbeiten.",
	"read":                      "lesen",
	"[no words]":                "[keine Worte]",
	"… (more in the reader)":    "… (mehr auf der Leseseite)",
	"Someone":                   "Jemand",
	"A comment":                 "Ein Kommentar",
	"%s comments":               "%s schreibt",
	"From a comment":            "Aus einem Kommentar",
	"From a comment by %s":      "Aus einem Kommentar von %s",
	"%s on “%s”":                "%s zu „%s“",
	"passage %d of %s":          "Passage %d aus %s",
	"the remark “%s”":           "die Anmerkung „%s“",
	"a remark that was deleted": "eine gelöschte Anmerkung",
	"the bot's %s “%s”":         "eine Nachricht des Bots (%s), „%s“",
	", part %d":                 ", Teil %d",

	"on the %s":        "am %s",
	"daily":            "täglich",
	"weekdays":         "werktags",
	"weekends":         "am Wochenende",
	"Sun":              "So.",
	"Mon":              "Mo.",
	"Tue":              "Di.",
	"Wed":              "Mi.",
	"Thu":              "Do.",
	"Fri":              "Fr.",
	"Sat":              "Sa.",
	"%dst":             "%d.",
	"%dnd":             "%d.",
	"%drd":             "%d.",
	"%dth":             "%d.",
	"%s and %s":        "%s und %s",
	"%s at %s":         "%s um %s",
	"every minute":     "jede Minute",
	"every %d minutes": "alle %d Minuten",
	"every hour":       "jede Stunde",
	"every %d hours":   "alle %d Stunden",
	"%s comes twice, and counts the first time":     "%s kommt zweimal und zählt beim ersten Mal",
	"%s is skipped by the clocks: %s counts for it": "%s wird von den Uhren übersprungen: dafür zählt %s",
}
