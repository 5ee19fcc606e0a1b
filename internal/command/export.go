package command

import (
	"context"
	"strings"
	"time"

	"marginalia/internal/chat"
	"marginalia/internal/export"
	"marginalia/internal/format"
	"marginalia/internal/relay"
	"marginalia/internal/store"
)

var exported = Command{
	Command: chat.Command{
		Name: "export", Help: "the text with all that is published of what was said about it, as a file",
		Options: []chat.Option{{Name: "format", Help: strings.Join(formatNames(), ", ") + "; all of them if you say none", Choices: formatChoices()}},
	},
	Run: func(ctx context.Context, env Env, call chat.Call, _ time.Time) (d format.Doc, err error) {
		err = env.DB.View(ctx, func(tx *store.Tx) (err error) {
			d, err = env.files(tx, call)
			return err
		})
		return d, err
	},
}

// files leads to the files of the texts that are read in a call's room. Without a
// reader page nobody but whoever runs the bot can have them.
func (e Env) files(tx *store.Tx, call chat.Call) (format.Doc, error) {
	wanted := export.Formats
	if name := strings.ToLower(argument(call, "format", 1)); name != "" {
		f, known := export.Named(name)
		if !known {
			return format.Text(e.in.Sprintf("There is no format %q: say one of %s.", name, strings.Join(formatNames(), ", "))), nil
		}
		wanted = []export.Format{f}
	}
	texts, err := textsHere(tx, call)
	if err != nil || len(texts) == 0 {
		return format.Text(e.in.Sprintf("Nothing is read in this room yet.")), err
	}
	var d format.Doc
	for _, text := range texts {
		if e.Reader == "" {
			d = item(d, e.in.Sprintf("%s: whoever runs this bot writes it into a file, with: bot export %s --format %s", relay.Title(text.Title), text.ID, wanted[0].Name))
			continue
		}
		l := line{text: relay.Title(text.Title)}
		for _, f := range wanted {
			l = l.link(f.Name, relay.ReaderLink(e.Reader, text.ID, "")+"/export."+f.Ext)
		}
		d = l.item(d)
	}
	return d, nil
}

func formatNames() (names []string) {
	for _, f := range export.Formats {
		names = append(names, f.Name)
	}
	return names
}

func formatChoices() (all []chat.Choice) {
	for _, name := range formatNames() {
		all = append(all, chat.Choice{Label: name, Value: name})
	}
	return all
}
