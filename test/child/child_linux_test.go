package child_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"marginalia/test/child"
	"marginalia/test/wait"
)

// parent in the environment makes this test binary a parent that is killed.
const parent = "MARGINALIA_TEST_PARENT"

func TestMain(m *testing.M) {
	if os.Getenv(parent) != "" {
		beParent()
		return
	}
	os.Exit(m.Run())
}

// beParent starts a child, prints its process id and waits to be killed.
func beParent() {
	p, err := child.Start(exec.Command("sleep", "600"), syscall.SIGTERM)
	if err != nil {
		panic(err)
	}
	fmt.Println(p.Pid())
	<-p.Done()
}

func TestTheChildDiesWithItsParent(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), parent+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid := strings.TrimSpace(line)
	if !runs(pid) {
		t.Fatalf("the child %s does not run", pid)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // "signal: killed"
	wait.Until(t, 10*time.Second, "the child has ended", func() bool { return !runs(pid) })
}

// runs reports whether a process exists and is more than a zombie.
func runs(pid string) bool {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

func TestEnd(t *testing.T) {
	for _, c := range []struct {
		name, script string
		patience     time.Duration
		killed       bool
	}{
		{"obeys", "echo; exec sleep 600", time.Minute, false},
		{"does not listen", "trap '' TERM; echo; exec sleep 600", 50 * time.Millisecond, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := startScript(t, c.script)
			if err := p.Ended(); err != nil {
				t.Fatal(err)
			}
			err := p.End(syscall.SIGTERM, c.patience)
			if (err != nil) != c.killed {
				t.Errorf("end: %v; want killed = %v", err, c.killed)
			}
			if p.Ended() == nil {
				t.Error("it still runs")
			}
			if err := p.End(syscall.SIGTERM, c.patience); err != nil {
				t.Errorf("end again: %v", err)
			}
		})
	}
}

// startScript returns when the script has said its first line.
func startScript(t *testing.T, script string) *child.Process {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cmd := exec.Command("sh", "-c", script)
	cmd.Stdout = w
	p, err := child.Start(cmd, syscall.SIGKILL)
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestStartSaysWhatItCouldNotStart(t *testing.T) {
	_, err := child.Start(exec.Command("/no/such/program"), syscall.SIGKILL)
	if err == nil || !strings.Contains(err.Error(), "/no/such/program") {
		t.Fatalf("got %v", err)
	}
}
