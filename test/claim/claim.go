//go:build unix

// Package claim hands out things of this machine that only one test process
// may hold at a time: the right to write a cached file, and a loopback port
// that stays one's own while its server is down. A claim is a lock on a file,
// so it ends with its process however that ends.
package claim

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"marginalia/test/wait"
)

// The ports lie below the range from which the kernel takes the local ends of
// outgoing connections, so that none of those sits on a port while its server
// restarts.
const (
	firstPort = 21000
	ports     = 1000
)

// Lock is a locked file. The file stays behind, empty, when it is released.
type Lock struct{ file *os.File }

// Cache returns a folder below the user's cache folder, and makes it.
func Cache(elem ...string) (string, error) {
	base, err := os.UserCacheDir()
	if err != nil { // no home: a cache for this boot
		base = filepath.Join(os.TempDir(), "uid-"+strconv.Itoa(os.Getuid()))
	}
	dir := filepath.Join(append([]string{base, "marginalia-test"}, elem...)...)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make the cache folder: %w", err)
	}
	return dir, nil
}

// File locks the file at path, which it makes, and waits for another holder
// until ctx is done.
func File(ctx context.Context, path string) (*Lock, error) {
	var lock *Lock
	var fault error
	err := wait.For(ctx, func(context.Context) error {
		lock, fault = try(path)
		if errors.Is(fault, syscall.EWOULDBLOCK) {
			return fault
		}
		return nil
	})
	if err = cmp.Or(err, fault); err != nil {
		return nil, fmt.Errorf("claim %s: %w", path, err)
	}
	return lock, nil
}

// Release gives the file back.
func (l *Lock) Release() error {
	return l.file.Close() // closing ends the lock
}

func try(path string) (*Lock, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &Lock{file: file}, nil
}

// Port is a TCP port of 127.0.0.1 that no other claim has.
type Port struct {
	Number int
	lock   *Lock
}

// NewPort claims a port on which nobody listens.
func NewPort() (*Port, error) {
	dir, err := Cache("ports")
	if err != nil {
		return nil, err
	}
	for _, i := range rand.Perm(ports) {
		if p, ok := tryPort(dir, firstPort+i); ok {
			return p, nil
		}
	}
	return nil, fmt.Errorf("claim a port: none is free from %d to %d", firstPort, firstPort+ports-1)
}

// tryPort claims one port and looks whether a stranger listens on it.
func tryPort(dir string, number int) (*Port, bool) {
	lock, err := try(filepath.Join(dir, strconv.Itoa(number)))
	if err != nil {
		return nil, false
	}
	p := &Port{Number: number, lock: lock}
	probe, err := net.Listen("tcp4", p.Addr())
	if err == nil {
		err = probe.Close()
	}
	if err != nil {
		_ = p.Release()
		return nil, false
	}
	return p, true
}

// Addr returns the port with its host, as net.Listen wants it.
func (p *Port) Addr() string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(p.Number))
}

// Release gives the port back. Its server must have ended.
func (p *Port) Release() error { return p.lock.Release() }
