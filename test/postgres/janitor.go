//go:build unix

package postgres

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// janitor removes a folder when nobody needs it any more. It is a shell that
// waits for the end of a pipe, whose other end we and the cluster's processes
// hold, so it does its work too when we are killed, and not before the cluster
// has ended.
type janitor struct {
	cmd  *exec.Cmd
	hold *os.File
}

// hire starts a janitor for dir.
func hire(dir string) (*janitor, error) {
	wait, hold, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make the janitor's pipe: %w", err)
	}
	defer wait.Close()
	cmd := exec.Command("sh", "-c", `read -r _; rm -rf -- "$1"`, "janitor", dir)
	cmd.Dir = "/"
	cmd.Stdin = wait
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start the janitor: %w", err), hold.Close())
	}
	return &janitor{cmd: cmd, hold: hold}, nil
}

// dismiss lets go of the folder and returns when it is removed, which is not
// before the cluster has ended.
func (j *janitor) dismiss() error {
	if err := errors.Join(j.hold.Close(), j.cmd.Wait()); err != nil {
		return fmt.Errorf("remove the cluster's folder: %w", err)
	}
	return nil
}
