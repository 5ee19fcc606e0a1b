package lang

// germanCounts are those that differ with a number: what is said of one, and of any
// other.
var germanCounts = map[string][2]string{
	"In the last %d days:":                  {"Seit %d Tag:", "In den letzten %d Tagen:"},
	"Nothing was said in the last %d days.": {"Seit %d Tag wurde nichts gesagt.", "In den letzten %d Tagen wurde nichts gesagt."},
	"%d annotations":                        {"%d Anmerkung", "%d Anmerkungen"},
	"%d comments that came with it":         {"%d mitgelieferter Kommentar", "%d mitgelieferte Kommentare"},
	"%d messages for this room waiting":     {"%d Nachricht wartet auf diesen Raum", "%d Nachrichten warten auf diesen Raum"},
	"%d passages":                           {"%d Passage", "%d Passagen"},
	"%d remarks":                            {"%d Anmerkung", "%d Anmerkungen"},
	"%d people":                             {"%d Person", "%d Personen"},
	"%d rooms":                              {"%d Raum", "%d Räume"},
	"%d parts of it waiting for a review":   {"%d Teil davon wartet auf eine Durchsicht", "%d Teile davon warten auf eine Durchsicht"},
	"And %d texts more.":                    {"Und %d weiterer Text.", "Und %d weitere Texte."},
	"And %d passages more: say more of the words to have fewer.": {
		"Und %d weitere Passage: Nenne mehr von den Worten, dann sind es weniger.",
		"Und %d weitere Passagen: Nenne mehr von den Worten, dann sind es weniger.",
	},
	"And at %d more: say more of the words to have fewer.": {
		"Und an %d weiterer: Nenne mehr von den Worten, dann sind es weniger.",
		"Und an %d weiteren: Nenne mehr von den Worten, dann sind es weniger.",
	},
	"Tried again: %d messages.":        {"Noch einmal versucht: %d Nachricht.", "Noch einmal versucht: %d Nachrichten."},
	"%[2]s of %[3]d are on their way.": {"%[2]s von %[3]d ist unterwegs.", "%[2]s von %[3]d sind unterwegs."},
	"%[2]s of %[3]d are skipped: nothing of it is posted. %[4]s To have it after all: back %[5]d": {
		"%[2]s von %[3]d wird übersprungen: Nichts davon wird gepostet. %[4]s Um sie doch zu bekommen: back %[5]d",
		"%[2]s von %[3]d werden übersprungen: Nichts davon wird gepostet. %[4]s Um sie doch zu bekommen: back %[5]d",
	},
	"%[2]s are no longer skipped. %[3]s To post it now: next": {
		"%[2]s wird nicht mehr übersprungen. %[3]s Um sie jetzt zu posten: next",
		"%[2]s werden nicht mehr übersprungen. %[3]s Um jetzt zu posten: next",
	},
	"%[2]s are skipped. To go back there: back %[3]d": {
		"%[2]s wird übersprungen. Um dorthin zurückzugehen: back %[3]d",
		"%[2]s werden übersprungen. Um dorthin zurückzugehen: back %[3]d",
	},
	"%d people agree":               {"%d Person stimmt zu", "%d Personen stimmen zu"},
	"%d people disagree":            {"%d Person widerspricht", "%d Personen widersprechen"},
	"%d people found an insight":    {"%d Person ist etwas klar geworden", "%d Personen ist etwas klar geworden"},
	"%d people changed their minds": {"%d Person hat die Meinung geändert", "%d Personen haben die Meinung geändert"},
	"%d people have a question":     {"%d Person hat eine Frage", "%d Personen haben eine Frage"},
	"%d people approve":             {"%d Person findet das gut", "%d Personen finden das gut"},
	"%d people disapprove":          {"%d Person findet das nicht gut", "%d Personen finden das nicht gut"},
	"%d people gave %s":             {"%d Person gab %s", "%d Personen gaben %s"},
}
