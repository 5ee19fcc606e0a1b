package matrixuser

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Upload gives the homeserver a file and returns its mxc address.
func (u *User) Upload(ctx context.Context, kind string, data []byte) (string, error) {
	b, err := u.bytes(ctx, http.MethodPost, "/_matrix/media/v3/upload", kind, data)
	if err != nil {
		return "", err
	}
	var out struct {
		Address string `json:"content_uri"`
	}
	err = json.Unmarshal(b, &out)
	return out.Address, err
}

// Download gets a file that is in a content: its "url".
func (u *User) Download(ctx context.Context, content map[string]any) ([]byte, error) {
	address, _ := content["url"].(string)
	rest, ok := strings.CutPrefix(address, "mxc://")
	if !ok {
		return nil, fmt.Errorf("%q is no file", address)
	}
	return u.bytes(ctx, http.MethodGet, "/_matrix/client/v1/media/download/"+rest, "", nil)
}

func (u *User) bytes(ctx context.Context, method, path, kind string, data []byte) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, u.Base+path, bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+u.Token)
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	answer, err := u.HTTP.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = &Error{Status: answer.StatusCode}
	}
	return b, err
}
