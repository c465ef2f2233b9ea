//go:build e2e

package e2e

import (
	"os/exec"
	"syscall"
)

func dieWithUs(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
