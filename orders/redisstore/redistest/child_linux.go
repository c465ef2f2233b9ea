package redistest

import (
	"os/exec"
	"runtime"
	"syscall"
)

// dieWithUs has the system end the child when the test binary ends without
// cleaning up, as it does on a timeout.
func dieWithUs(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

// lockThread keeps the calling goroutine on its thread until the function it
// returns is called: the signal comes when the thread that made the child ends,
// not the process (go.dev/issue/27505).
func lockThread() (unlock func()) {
	runtime.LockOSThread()
	return runtime.UnlockOSThread
}
