//go:build unix

package dendrite

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"marginalia/test/claim"
	"marginalia/test/require"
)

// product is the module whose version test/homeserver/go.mod holds, command
// the program in it.
const (
	product = "github.com/element-hq/dendrite"
	command = product + "/cmd/dendrite"
)

// Binary returns the path of the homeserver's program. The first caller on a
// machine builds it (about a minute on two cores, once per version); others
// wait meanwhile. It stays in the user's cache folder.
func Binary(ctx context.Context) (string, error) {
	source, err := source()
	if err != nil {
		return "", err
	}
	path, err := cached(source)
	if err != nil {
		return "", err
	}
	lock, err := claim.File(ctx, path+".lock")
	if err != nil {
		return "", err
	}
	_, err = os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		err = build(ctx, source, path)
	}
	if err = errors.Join(err, lock.Release()); err != nil {
		return "", err
	}
	return path, nil
}

// source returns the folder of the nested module.
func source() (string, error) {
	root, err := require.FindRoot()
	if err != nil {
		return "", err
	}
	return filepath.Join(root, "test", "homeserver"), nil
}

// cached names the program after its version and the hash of all versions
// that go into it.
func cached(source string) (string, error) {
	mod, err := os.ReadFile(filepath.Join(source, "go.mod"))
	if err != nil {
		return "", fmt.Errorf("read the homeserver's version: %w", err)
	}
	sum, err := os.ReadFile(filepath.Join(source, "go.sum"))
	if err != nil {
		return "", fmt.Errorf("read the homeserver's sums: %w", err)
	}
	dir, err := claim.Cache()
	if err != nil {
		return "", err
	}
	hash := sha256.Sum256(append(mod, sum...))
	name := "dendrite-" + version(string(mod)) + "-" + hex.EncodeToString(hash[:6])
	return filepath.Join(dir, name), nil
}

// version finds the version of the product in the text of a go.mod.
func version(mod string) string {
	for line := range strings.Lines(mod) {
		words := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(words) >= 2 && words[0] == product {
			return words[1]
		}
	}
	return "unknown"
}

// build compiles into a file beside path first, so that a build which is
// interrupted leaves nothing at path.
func build(ctx context.Context, source, path string) error {
	draft := path + ".draft"
	cmd := exec.CommandContext(ctx, "go", "build", "-ldflags=-s -w", "-o", draft, command)
	cmd.Dir = source
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", command, err, out)
	}
	if err := os.Rename(draft, path); err != nil {
		return fmt.Errorf("keep the homeserver's program: %w", err)
	}
	return nil
}
