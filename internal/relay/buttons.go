package relay

import "marginalia/internal/chat"

// What the buttons under a passage's post call: they show the passages around it
// to whoever presses them, and take down what they think.
const (
	CallPrevious = "passage step=previous"
	CallNext     = "passage step=next"
	CallAnnotate = "annotate"
)

// buttons are those under a passage's post, where the network has such. They
// move no plan: who presses one is answered alone.
func buttons(w Words, v View) []chat.Button {
	if !v.Profile.Buttons {
		return nil
	}
	var all []chat.Button
	if w.Passage.Seq > 1 {
		all = append(all, chat.Button{Text: v.Language.Sprintf("◀ Previous"), Call: CallPrevious})
	}
	if w.Passage.Seq < w.Total {
		all = append(all, chat.Button{Text: v.Language.Sprintf("Next ▶"), Call: CallNext})
	}
	if link := w.readerLink(v); link != "" {
		all = append(all, chat.Button{Text: v.Language.Sprintf("Open in reader"), URL: link})
	}
	return append(all, chat.Button{Text: v.Language.Sprintf("Annotate"), Call: CallAnnotate})
}
