//go:build unix

package redisstore

import (
	"cmp"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"github.com/waybill-relay/waybill/orders"
)

// process is a redis-server that runs, or ran: our child, or one that a daemon
// before us started and left behind.
type process struct {
	stop  func() error // asks it to save and to end
	kill  func() error // ends it, or where it is not our child, leaves it alone
	ended chan struct{}

	// These are set when ended is closed.
	how     string // "exit status 1", "signal: killed"
	crashed bool   // by a signal that says so
}

// startChild starts the program and returns when the system has made the
// process. Its standard output, which it uses while it reads its configuration
// only, goes to the log too.
func startChild(program, conf string, log *os.File) (*process, error) {
	cmd := exec.Command(program, conf)
	cmd.Env = childEnv()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = childAttr()
	p := &process{ended: make(chan struct{})}
	started := make(chan error)
	go func() {
		// Where the system ends the child with its parent, that is the thread that
		// made it, not the process (go.dev/issue/27505): this goroutine keeps the
		// thread for as long as the child lives.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		// What Wait returns is in the state too.
		_ = cmd.Wait()
		p.how, p.crashed = cmd.ProcessState.String(), crashed(cmd.ProcessState)
		close(p.ended)
	}()
	if err := <-started; err != nil {
		return nil, orders.Errorf(orders.EUNAVAILABLE, "%s does not start: %w", program, err)
	}
	p.stop = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	p.kill = cmd.Process.Kill
	return p, nil
}

// crashed tells a fault of the program from an end that it chose (it says why in
// its log) or that came from outside, as from the system when memory is short.
func crashed(state *os.ProcessState) bool {
	status, ok := state.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() {
		return false
	}
	switch status.Signal() {
	case syscall.SIGSEGV, syscall.SIGABRT, syscall.SIGBUS, syscall.SIGILL, syscall.SIGFPE:
		return true
	}
	return false
}

// childEnv is the little that a program may want of our environment, which holds
// secrets of ours (WAYBILL_…) and sockets that are meant for us alone.
func childEnv() []string {
	env := []string{"PATH=" + cmp.Or(os.Getenv("PATH"), "/usr/bin:/bin")}
	for _, name := range []string{"HOME", "TMPDIR", "TZ", "LD_LIBRARY_PATH"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}
