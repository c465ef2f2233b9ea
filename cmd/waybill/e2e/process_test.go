//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"
)

// A process is a program that a test has started. It is ended with the test, by
// its pid, whatever becomes of the test.
type process struct {
	cmd    *exec.Cmd
	exited chan struct{} // closed when it has ended and its output was read
}

// start starts cmd. On Linux it dies also when this test binary ends without
// cleaning up, as it does on a timeout.
func start(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{cmd: cmd, exited: make(chan struct{})}
	dieWithUs(cmd)
	started := make(chan error, 1)
	go func() {
		// The system ties the child's life to the thread that made it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
			close(p.exited)
		}
	}()
	if err := <-started; err != nil {
		t.Fatalf("starting %s: %v", cmd.Path, err)
	}
	t.Cleanup(p.kill)
	return p
}

// kill ends the process at once (SIGKILL) and waits for it.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.exited
}

// end sends a signal and returns the exit code; an error where the process takes
// longer than limit.
func (p *process) end(s os.Signal, limit time.Duration) (code int, err error) {
	if err := p.cmd.Process.Signal(s); err != nil {
		return 0, err
	}
	select {
	case <-p.exited:
		return p.cmd.ProcessState.ExitCode(), nil
	case <-time.After(limit):
		return 0, fmt.Errorf("the process still runs %v after %v", limit, s)
	}
}
