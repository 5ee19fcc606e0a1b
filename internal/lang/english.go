package lang

// english are the words that differ with a number: what is said of one, by what is
// said of any other.
var english = map[string]string{
	"In the last %d days:":                  "In the last %d day:",
	"Nothing was said in the last %d days.": "Nothing was said in the last %d day.",
	"%d annotations":                        "%d annotation",
	"%d comments that came with it":         "%d comment that came with it",
	"%d messages for this room waiting":     "%d message for this room waiting",
	"%d passages":                           "%d passage",
	"%d remarks":                            "%d remark",
	"%d people":                             "%d person",
	"%d rooms":                              "%d room",
	"%d parts of it waiting for a review":   "%d part of it waiting for a review",
	"And %d texts more.":                    "And %d text more.",
	"And %d passages more: say more of the words to have fewer.":                                  "And %d passage more: say more of the words to have fewer.",
	"Tried again: %d messages.":                                                                   "Tried again: %d message.",
	"%[2]s of %[3]d are on their way.":                                                            "%[2]s of %[3]d is on its way.",
	"%[2]s of %[3]d are skipped: nothing of it is posted. %[4]s To have it after all: back %[5]d": "%[2]s of %[3]d is skipped: nothing of it is posted. %[4]s To have it after all: back %[5]d",
	"%[2]s are no longer skipped. %[3]s To post it now: next":                                     "%[2]s is no longer skipped. %[3]s To post it now: next",
	"%[2]s are skipped. To go back there: back %[3]d":                                             "%[2]s is skipped. To go back there: back %[3]d",
	"%d people agree":               "%d person agrees",
	"%d people disagree":            "%d person disagrees",
	"%d people found an insight":    "%d person found an insight",
	"%d people changed their minds": "%d person changed their mind",
	"%d people have a question":     "%d person has a question",
	"%d people approve":             "%d person approves",
	"%d people disapprove":          "%d person disapproves",
	"%d people gave %s":             "%d person gave %s",
}
