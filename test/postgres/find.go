//go:build unix

package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
)

// tools are the programs that a folder of PostgreSQL must hold.
var tools = []string{"initdb", "postgres", "psql"}

// find returns the folder of PostgreSQL's programs: where PATH leads, or the
// newest of those that Debian hides from PATH.
func find() (string, error) {
	var dirs []string
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			dirs = append(dirs, filepath.Dir(path))
		}
	}
	dirs = append(dirs, installed()...)
	for _, dir := range dirs {
		if complete(dir) {
			return dir, nil
		}
	}
	return "", errors.New("look for PostgreSQL: no initdb, postgres and psql in PATH or /usr/lib/postgresql")
}

// installed lists Debian's folders, the newest version first.
func installed() []string {
	var dirs []string
	for version := 30; version >= 13; version-- { // 13 learned DROP DATABASE … FORCE
		dirs = append(dirs, fmt.Sprintf("/usr/lib/postgresql/%d/bin", version))
	}
	return dirs
}

func complete(dir string) bool {
	for _, tool := range tools {
		if _, err := exec.LookPath(filepath.Join(dir, tool)); err != nil {
			return false
		}
	}
	return true
}

// owner returns the user to run as: ourselves, or, as PostgreSQL refuses to
// run as root, its own user or nobody.
func owner() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("read the ids of user %s: %w", name, err)
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("look for a user who may run PostgreSQL: we are root, and there is neither postgres nor nobody")
}

// folder makes a folder for the owner. Its path is short, since that of a
// socket may have 107 bytes at most, and open to the owner all the way down.
func folder(owner *syscall.Credential) (string, error) {
	base := os.TempDir()
	if len(base) > 60 || owner != nil && !open(base) {
		base = "/tmp"
	}
	dir, err := os.MkdirTemp(base, "marginalia-pg-")
	if err != nil {
		return "", fmt.Errorf("make a folder for PostgreSQL: %w", err)
	}
	if owner == nil {
		return dir, nil
	}
	if err := os.Chown(dir, int(owner.Uid), int(owner.Gid)); err != nil {
		return "", errors.Join(fmt.Errorf("hand over a folder: %w", err), os.Remove(dir))
	}
	return dir, nil
}

// open reports whether everybody may walk through dir and all above it.
func open(dir string) bool {
	for {
		info, err := os.Stat(dir)
		if err != nil || info.Mode().Perm()&0o001 == 0 {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
		dir = filepath.Dir(dir)
	}
}

var majorVersion = regexp.MustCompile(`\d+`)

// collation is what makes initdb set up texts to be sorted as people sort
// them, which is what servers out there do: SQL that needs byte order and does
// not say so shall fail here. Before version 15 it could not be asked for.
func collation(ctx context.Context, bin string) ([]string, error) {
	out, err := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "--version").Output()
	if err != nil {
		return nil, fmt.Errorf("ask PostgreSQL for its version: %w", err)
	}
	args := []string{"--encoding=UTF8", "--locale=C"}
	major, err := strconv.Atoi(majorVersion.FindString(string(out)))
	if err != nil || major < 15 {
		return args, nil
	}
	return append(args, "--locale-provider=icu", "--icu-locale=en"), nil
}
