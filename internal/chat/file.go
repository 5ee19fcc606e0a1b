package chat

import (
	"context"
	"regexp"
	"strings"
)

// File is something attached to a message. What is told of it is told by
// whoever attached it.
type File struct {
	Name    string // "" if it has none
	Type    string // its media type, "" unknown
	Alt     string // what it shows, in words
	Size    int64  // bytes, 0 unknown
	Spoiler bool   // it is shown to who asks for it
	Sticker bool
	Origin  string // what its platform finds it by, see Fetcher; "": it cannot be had
}

// MediaType is the file's media type for those to whom it is handed on: without
// parameters, and of no special kind if what is told of it is no type.
func (f File) MediaType() string {
	kind, _, _ := strings.Cut(strings.ToLower(f.Type), ";")
	if kind = strings.TrimSpace(kind); mediaType.MatchString(kind) {
		return kind
	}
	return "application/octet-stream"
}

var mediaType = regexp.MustCompile(`^[a-z]+/[a-z0-9][a-z0-9.+-]{0,100}$`)

// Fetcher is a Platform whose messages bring files. Fetch returns the bytes of a
// file that was told of; of one that is larger than most it reads no more than
// that. ErrGone, ErrRefused and ErrForbidden mean that it cannot be had, any
// other error that it may be later. Nothing of it can be seen.
type Fetcher interface {
	Fetch(ctx context.Context, f File, most int64) ([]byte, error)
}
