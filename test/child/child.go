// Package child runs the servers that tests need, as child processes that
// cannot outlive the program that started them: on Linux the kernel ends them
// when it dies, in whatever way it dies.
package child

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// Process is a running child, or one that has ended.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error
}

// Start starts cmd and waits for it in the background. When this program dies
// the child gets the signal death. The child has a process group of its own,
// so that an interrupt typed at the terminal reaches this program only. Give
// cmd files for its output: a pipe would need a reader that dies with us.
func Start(cmd *exec.Cmd, death syscall.Signal) (*Process, error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = new(syscall.SysProcAttr)
	}
	bind(cmd.SysProcAttr, death)
	p := &Process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go p.run(started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return p, nil
}

// run holds one thread for as long as the child lives: the kernel sends the
// signal of Pdeathsig when the thread ends which started the child.
func (p *Process) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(p.done)
	err := p.cmd.Start()
	started <- err
	if err == nil {
		p.err = p.cmd.Wait()
	}
}

// Pid is the child's process id, for measurements; End ends it.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Done is closed when the child has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Ended says how the child ended, and returns nil while it runs.
func (p *Process) Ended() error {
	select {
	case <-p.done:
		return fmt.Errorf("%s has ended: %v", p.cmd.Path, p.cmd.ProcessState)
	default:
		return nil
	}
}

// End sends sig to the child and returns when it has ended. Patience is how
// long it may take; then it is killed, and that is an error.
func (p *Process) End(sig os.Signal, patience time.Duration) error {
	if p.Ended() != nil {
		return nil
	}
	if err := p.cmd.Process.Signal(sig); err != nil && p.Ended() == nil {
		return fmt.Errorf("send %v to %s: %w", sig, p.cmd.Path, err)
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-p.done:
		return nil
	case <-late.C:
	}
	err := p.cmd.Process.Kill()
	<-p.done
	if err != nil {
		return nil // it had ended by itself after all
	}
	return fmt.Errorf("end %s: it was killed because %v did not end it within %v", p.cmd.Path, sig, patience)
}
