package source

import (
	"context"
	"fmt"
	"strings"
)

func isAddress(ref string) bool {
	ref = strings.ToLower(ref)
	return strings.HasPrefix(ref, "http://") || strings.HasPrefix(ref, "https://")
}

func fetchAddress(_ context.Context, ref string, _ Options) (Fetched, error) {
	return Fetched{}, fmt.Errorf("%s is an address, and fetching pages follows in a later version: save the page as a .html file and import that", ref)
}
