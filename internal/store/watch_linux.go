package store

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"
)

// notifiedLog is a log of whose writes the kernel tells, so that an idle bot
// does nothing: to look once a second takes 40 ms of CPU in five minutes.
type notifiedLog struct {
	f      *os.File
	events [4096]byte
}

func openLog(path string) writeLog {
	fd, err := syscall.InotifyInit1(syscall.IN_CLOEXEC | syscall.IN_NONBLOCK)
	if err != nil { // there may be too many of them on the machine
		return pollLog(path)
	}
	l := &notifiedLog{f: os.NewFile(uintptr(fd), "inotify")}
	if _, err := syscall.InotifyAddWatch(fd, path, syscall.IN_MODIFY); err != nil {
		l.close()
		return pollLog(path)
	}
	return l
}

func (l *notifiedLog) wait(ctx context.Context, limit time.Duration) bool {
	l.f.SetReadDeadline(time.Time{})
	interrupt := func() { l.f.SetReadDeadline(time.Unix(1, 0)) }
	defer context.AfterFunc(ctx, interrupt)()
	if limit > 0 {
		defer time.AfterFunc(limit, interrupt).Stop()
	}
	_, err := l.f.Read(l.events[:])
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		pausing(ctx, pollEvery) // it never happens; if it does, no loop runs hot
	}
	return err == nil
}

func (l *notifiedLog) close() { l.f.Close() }
