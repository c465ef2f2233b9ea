package redisstore

import "syscall"

// childAttr puts the child into a process group of its own, as Ctrl-C in a
// terminal ends a whole group and the child must not go before us; and has the
// system end it with us, however we end. SIGTERM, so that it saves.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
