package chat

import "testing"

func TestMediaType(t *testing.T) {
	for told, want := range map[string]string{
		"image/png": "image/png", "IMAGE/PNG": "image/png", "text/plain; charset=utf-8": "text/plain", "image/svg+xml": "image/svg+xml",
		"": "application/octet-stream", "image": "application/octet-stream", "a/b\r\nX: y": "application/octet-stream", "../x": "application/octet-stream",
	} {
		if got := (File{Type: told}).MediaType(); got != want {
			t.Errorf("%q is %q, should be %q", told, got, want)
		}
	}
}
