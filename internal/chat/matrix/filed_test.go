//go:build unix

package matrix

import (
	"maps"
	"testing"

	"marginalia/internal/chat"
	"marginalia/internal/chat/chattest"
	"marginalia/test/matrixuser"
)

// Attach says words as the caption of a picture, or a picture alone.
func (w *world) Attach(t testing.TB, u chattest.User, p chat.Place, text string, f chattest.Attached) chat.Ref {
	t.Helper()
	ada := u.(*user)
	address, err := ada.Upload(t.Context(), f.Type, f.Data)
	if err != nil {
		t.Fatal(err)
	}
	content := matrixuser.Text(text, p.Thread)
	maps.Copy(content, map[string]any{
		"msgtype": "m.image", "filename": f.Name, "url": address, "info": map[string]any{"mimetype": f.Type, "size": len(f.Data)},
	})
	if text == "" {
		content["body"] = f.Name
	}
	return chat.Ref{Place: p, ID: ada.send(t, p.Room.ID, "m.room.message", content)}
}

// Attached gets what an event's newest words have attached.
func (w *world) Attached(t testing.TB, ref chat.Ref) []chattest.Attached {
	t.Helper()
	var content map[string]any
	for _, e := range w.events(t, ref.Place.Room.ID) {
		if e.ID == ref.ID {
			content = e.Content
		}
		if kind, on := e.Relation(); kind == "m.replace" && on == ref.ID {
			content, _ = e.Content["m.new_content"].(map[string]any)
		}
	}
	if content["url"] == nil {
		return nil
	}
	data, err := w.owner.Download(t.Context(), content)
	if err != nil {
		t.Fatal(err)
	}
	f := chattest.Attached{Data: data}
	f.Name, _ = content["filename"].(string)
	info, _ := content["info"].(map[string]any)
	f.Type, _ = info["mimetype"].(string)
	return []chattest.Attached{f}
}
